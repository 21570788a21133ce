"""Numbers of single regions by name mean the same as lists with one number for each region."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from support.wholebrain import brain, run

from cosim.errors import InputError
from cosim.experiment.parameters import read_dataclass
from cosim.experiment.read import read_experiment
from cosim.experiment.schema import dataclass_schema
from cosim.experiment.written import parameters_written
from cosim.models.wholebrain.component import WholeBrain
from cosim.models.wholebrain.dynamics import model
from cosim.models.wholebrain.parameters import Exchange, OtherModel, WholeBrainParameters
from cosim.models.wholebrain.setting import initial_state, read_setting
from cosim.models.wholebrain.synthetic import SyntheticConnectome
from cosim.timegrid import Clock

CLOCK = Clock(Fraction("0.1"), 1)
SMALL = SyntheticConnectome(regions=8)
EPILEPTOR = {"connectome": "synthetic", "synthetic": SMALL, "model": "epileptor", "start": "model"}
LABELS = read_setting(WholeBrainParameters(**EPILEPTOR), CLOCK).connectome.labels


def x0(value: object, **more: object) -> np.ndarray:
    parameters = EPILEPTOR | more | {"model_parameters": {"x0": value}}
    return read_setting(WholeBrainParameters(**parameters), CLOCK).patches.all[0].values["x0"]


def refused(**parameters: object) -> str:
    with pytest.raises(InputError) as error:
        WholeBrain(WholeBrainParameters(**(EPILEPTOR | parameters)), CLOCK)
    return str(error.value)


def test_a_mapping_gives_the_bits_of_the_list_that_it_stands_for() -> None:
    row = tuple(-1.6 if label == LABELS[3] else -2.3 for label in LABELS)
    listed = brain(**EPILEPTOR, model_parameters={"x0": row}, initial={"z": tuple(3.0 + (k == 1) for k in range(8))})
    named = brain(**EPILEPTOR, model_parameters={"x0": {"default": -2.3, LABELS[3]: -1.6}}, initial={"z": {"default": 3.0, LABELS[1]: 4.0}})
    ours, theirs = run(listed, 300, 100), run(named, 300, 100)
    assert all(np.array_equal(ours[name], theirs[name]) for name in ours) and len(set(ours["z"][-1])) > 2


def test_a_name_goes_before_a_pattern_and_a_pattern_before_the_default_in_whatever_order_they_stand() -> None:
    entries = [("default", -2.3), ("r*", -2.1), (LABELS[0], -1.6)]
    assert LABELS[0].startswith("r") and any(label.startswith("l") for label in LABELS)
    expected = [-1.6 if label == LABELS[0] else -2.1 if label.startswith("r") else -2.3 for label in LABELS]
    for order in (entries, entries[::-1], [entries[1], entries[2], entries[0]]):
        assert x0(dict(order)).tolist() == expected


def test_what_is_not_said_is_the_default_of_the_model_or_of_its_preset() -> None:
    usual = x0(-1.6).copy()
    usual[:] = read_setting(WholeBrainParameters(**EPILEPTOR), CLOCK).patches.all[0].values["x0"]
    assert x0({}).tolist() == usual.tolist()
    for preset in ("tvb", "plain"):
        made = EPILEPTOR | {"model": "wilson_cowan", "model_parameters": {"convention": preset, "c_ee": {LABELS[2]: 1.0}}}
        whole = EPILEPTOR | {"model": "wilson_cowan", "model_parameters": {"convention": preset}}
        ours, theirs = (read_setting(WholeBrainParameters(**m), CLOCK).patches.all[0].values["c_ee"] for m in (made, whole))
        assert ours[2] == 1.0 and np.delete(ours, 2).tolist() == np.delete(theirs, 2).tolist()


def test_preset_names_a_set_of_parameters_of_every_model_whatever_its_own_word_is() -> None:
    for name, own, chosen in (("wilson_cowan", "convention", "vbi"), ("epileptor_2d", "convention", "vep"),
                              ("jansen_rit", "preset", "grimbert_faugeras_2006")):
        mine, plain = (read_setting(WholeBrainParameters(connectome="synthetic", model=name, model_parameters={word: chosen}), CLOCK)
                       for word in (own, "preset"))
        for key, values in mine.patches.all[0].values.items():
            assert values.tolist() == plain.patches.all[0].values[key].tolist()
        assert all((mine.patches.all[0].values[key] == value).all() for key, value in model(name).presets[chosen].items())


@pytest.mark.parametrize(("name", "told", "words"), [
    ("wilson_cowan", {"convention": "tvb", "preset": "tvb"}, ("named twice: convention: tvb and preset: tvb", "mean the same")),
    ("wilson_cowan", {"preset": "plane"}, ("has no set of parameters 'plane'", "did you mean 'plain'")),
    ("wilson_cowan", {"presett": "tvb"}, ("no parameter 'presett'", "did you mean 'preset'", "by 'convention' or 'preset'")),
    ("jansen_rit", {"convention": "tvb"}, ("no parameter 'convention'", "a set of parameters is chosen by 'preset'")),
    ("linear", {"preset": "tvb"}, ("no parameter 'preset'", "one set of parameters only")),
])
def test_how_a_set_of_parameters_is_named_is_told_where_it_is_named_wrongly(name: str, told: dict, words: tuple[str, ...]) -> None:
    with pytest.raises(InputError) as error:
        read_setting(WholeBrainParameters(connectome="synthetic", model=name, model_parameters=told), CLOCK)
    for word in words:
        assert word in str(error.value)


def test_an_initial_value_of_one_region_leaves_the_others_where_they_start() -> None:
    given = WholeBrainParameters(**EPILEPTOR, initial={"z": {LABELS[2]: 3.5}})
    s = read_setting(given, CLOCK)
    rest = (np.arange(48.0).reshape(6, 8),)
    v = s.patches.all[0].model.variables.index("z")
    assert initial_state(given, s, rest)[0][v].tolist() == [*rest[0][v][:2], 3.5, *rest[0][v][3:]]


def test_two_patterns_that_give_one_region_different_numbers_are_refused_unless_it_is_named() -> None:
    both = {"r*": -2.0, "*": -2.1}
    assert "'r*' and '*' both fit region" in refused(model_parameters={"x0": both})
    right = {label: -1.9 for label in LABELS if label.startswith("r")}
    assert set(x0(both | right)) == {-1.9, -2.1}
    assert set(x0({"r*": -2.0, "*": -2.0})) == {-2.0}


def test_wrong_labels_and_patterns_are_answered_with_the_nearest() -> None:
    text = refused(model_parameters={"x0": {LABELS[0] + "x": -1.6, "q*": 1.0, "defualt": 0.0}}, initial={"z": {LABELS[1] + "x": 3.0}})
    for words in (f"model_parameters.x0.{LABELS[0]}x: there is no region '{LABELS[0]}x'",
                  f"did you mean '{LABELS[0]}'", "no region fits 'q*'",
                  "did you mean 'default'", f"initial.z.{LABELS[1]}x: there is no region"):
        assert words in text
    assert "values from" in refused(model="reduced_wong_wang", initial={"S_E": {LABELS[0]: 1.5}})
    assert "is nan in place 1 of 8" in refused(model_parameters={"x0": {LABELS[0]: float("nan")}})


def test_numbers_of_regions_that_are_taken_out_are_not_missed() -> None:
    one, other = LABELS[0], LABELS[1]
    left = x0({"default": -2.3, one: -1.6, other: -2.0}, regions=(f"not {one}",))
    assert left.tolist() == [-2.0, *[-2.3] * 6]
    assert f"there is no region '{other}x'" in refused(regions=(f"not {one}",), model_parameters={"x0": {other + "x": -1.6}})


def test_names_mean_the_regions_that_have_the_model() -> None:
    others = (OtherModel((LABELS[1], LABELS[2]), "linear", {"gamma": {LABELS[2]: -0.5}}),)
    made = {"connectome": "synthetic", "synthetic": SMALL, "model": "generic_2d_oscillator", "other_models": others, "coupling": 0.0,
            "exchange": ()}
    assert f"region '{LABELS[1]}' has another model" in refused(**made, model_parameters={"a": {LABELS[1]: 1.0}})


def test_a_model_that_is_named_twice_is_answered_with_what_to_write() -> None:
    text = refused(other_models=(OtherModel((LABELS[1], LABELS[2]), "epileptor", {"x0": -1.6}),))
    assert "other_models[0].model: the same model is named twice: 'model' is 'epileptor' too" in text
    assert f"write 'x0: {{{LABELS[1]}: -1.6, {LABELS[2]}: -1.6}}' into 'model_parameters'" in text
    third = refused(other_models=(OtherModel((LABELS[1],), "linear"), OtherModel((LABELS[2],), "linear")))
    assert "add its regions to 'other_models[0].regions'" in third and "into 'other_models[0].model_parameters'" in third


def test_a_list_of_wrong_length_is_told_by_its_length() -> None:
    text = refused(model_parameters={"x0": (-2.3,) * 7})
    assert "'x0' is a list of 7 numbers" in text and "-2.3, -2.3" not in text and "one for each of the 8 regions" in text


def test_mappings_come_back_from_what_is_written_and_are_in_the_schema() -> None:
    given = WholeBrainParameters(**EPILEPTOR, model_parameters={"x0": {"default": -2.3, "r*": -1.6}, "Ks": -0.1, "tt": (0.1,) * 8},
                                 initial={"z": {LABELS[0]: 3.0}})
    written = parameters_written(given)
    assert read_dataclass(WholeBrainParameters, written, Path()) == given
    for key in ("model_parameters", "initial"):
        choices = dataclass_schema(WholeBrainParameters)["properties"][key]["additionalProperties"]["anyOf"]
        assert [c["additionalProperties"]["anyOf"][0] for c in choices if c.get("type") == "object"] == [{"type": "number"}]


EXPERIMENT = """\
cosim: 1
duration: 1 s
step: 0.1 ms
groups:
  brain:
    component: wholebrain
    params:
      connectome: synthetic
      model: epileptor
      model_parameters: {x0: {default: -2.3, rHC: -1.6}, Ks: -0.2}
"""


def test_an_override_sets_the_number_of_one_region(tmp_path: Path) -> None:
    path = tmp_path / "e.yaml"
    path.write_text(EXPERIMENT)
    key = "groups.brain.params.model_parameters"
    read = read_experiment(path, (f"{key}.x0.rHC=-1.7", f"{key}.x0.l*=-2", f"{key}.Iext.rV1=3.0")).groups["brain"].parameters
    assert read.model_parameters == {"x0": {"default": -2.3, "rHC": -1.7, "l*": -2.0}, "Ks": -0.2, "Iext": {"rV1": 3.0}}
    with pytest.raises(InputError, match=r"Ks' is -0.2.*\n.*'groups.brain.params.model_parameters.Ks=\{rV1: -0.1\}'"):
        read_experiment(path, (f"{key}.Ks.rV1=-0.1",))


def test_connections_that_nobody_hears_are_told_with_what_is_0() -> None:
    def connections(**more: object) -> str:
        return brain(**EPILEPTOR | more).describe().facts["connections"]

    assert connections().endswith(", which nobody hears: Kvf, Ks and Kf are 0")
    assert connections(model="epileptor_codim3").endswith(", which nobody hears: Ks is 0")
    for one in ("Kvf", "Ks", "Kf"):
        assert "hears" not in connections(model_parameters={one: {LABELS[3]: -0.5}})
    others = (OtherModel((LABELS[1],), "linear"),)
    there = (*(Exchange("linear", "epileptor", name, "x") for name in ("x1", "x2")), Exchange("epileptor", "linear", "x", "x1"))
    assert connections(other_models=others, exchange=there).endswith(", which 'epileptor' does not hear: Kvf, Ks and Kf are 0")
