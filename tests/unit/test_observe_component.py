"""The component `observe`: what it gives while a run goes on, and what it refuses."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from support.together import Together, run_together

from cosim.blocks import Kind, Samples
from cosim.errors import InputError
from cosim.experiment.resolve import resolved_text
from cosim.interfaces import Description, Port
from cosim.launch.features.recorded import read_signals
from cosim.launch.ready import make_ready, recorded
from cosim.models.observe.channels import Channels, channels_of
from cosim.models.observe.features.spectrum import spectrum
from cosim.models.observe.gains import gain_of, order_told
from cosim.models.observe.parameters import Gain, ObserveParameters
from cosim.models.wholebrain.parameters import WholeBrainParameters
from cosim.models.wholebrain.setting import read_connectome
from cosim.models.wholebrain.synthetic import SyntheticConnectome
from cosim.record.journal import Completed, Data
from cosim.record.reading import read_results
from cosim.record.results import GroupHeader, Header, ResultsWriter

BRAIN = """
cosim: 1
title: A scanner
seed: 3
duration: 400 ms
step: 1 ms
groups:
  brain:
    component: wholebrain
    params: {{connectome: synthetic, normalise: max_row_sum, noise: 0.01}}
  scanner:
    component: observe
    params:
      channels: 76
      {more}
      operators: {operators}
couplings:
  - {{from: brain.S_E, to: scanner.{to}}}
"""
OPERATORS = ("{mean: {temporal_average: {period: 7 ms}}, bold: {volterra: {period: 50 ms, length: 200 ms}, noise: {deviation: 0.1}}, "
             "vessels: {balloon: {period: 50 ms}}}")


def text(operators: str = OPERATORS, more: str = "labels: []", to: str = "in") -> str:
    return BRAIN.format(operators=operators, more=more, to=to)


def mean_of(run: Together) -> None:
    given, seen = run.samples("brain.S_E"), run.samples("scanner.mean", 0)
    rows = np.array([given[t] for t in range(1, 401)])
    assert not seen[6].any()
    for tick in (7, 14, 350):
        np.testing.assert_allclose(seen[tick], rows[tick - 7:tick].mean(axis=0), rtol=1e-14)
        assert np.array_equal(seen[tick + 6], seen[tick])


def test_an_output_holds_what_came_out_last(tmp_path: Path) -> None:
    mean_of(run_together(text(), tmp_path))


def test_windows_do_not_change_a_bit(tmp_path: Path) -> None:
    whole = run_together(text(), tmp_path).bits()
    assert run_together(text(), tmp_path, window=1).bits() == whole
    assert run_together(text(), tmp_path, window=13).bits() == whole


@pytest.mark.parametrize(("operators", "words"), [
    ("{bold: {voltera: {period: 2 s}}}", "did you mean 'volterra'"),
    ("{bold: {volterra: {period: 2}}}", "2 has no unit"),
    ("{bold: {volterra: {period: 0.5 ms}}}", "operators.bold: period: the period 0.5 ms is finer than the step 1 ms"),
    ("{bold: {}}", "it says nothing of what is to be observed"),
    ("{a.b: {subsample: {period: 2 ms}}}", "'a.b' cannot be the name of a port"),
    ("{}", "nothing is observed"),
    ("{eeg: {gain: {file: none.npy}}}", "there is no file"),
    ("{eeg: {gain: {sensors: none.txt}}}", "there is no gain"),
])
def test_what_cannot_be_observed_is_told_before_the_run(operators: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "experiment.yaml").write_text(text(operators))
    with pytest.raises(InputError, match=words):
        make_ready(tmp_path / "experiment.yaml")


@pytest.mark.parametrize(("more", "to", "words"), [
    ("kind: spikes", "in", "which gives spikes"),
    ("labels: [one]", "in", "there are 1 labels for 76 channels"),
    ("inputs: [x1, x2]", "x3", "has no input port 'x3'(?s:.)*'x1', 'x2'"),
    ("unit: mV", "in", "of: membrane_potential"),
    ("kind: rate", "in", "is of kind 'state'"),
])
def test_inputs_that_do_not_fit_are_told_before_the_run(more: str, to: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "experiment.yaml").write_text(text(more=more, to=to))
    with pytest.raises(InputError, match=words):
        make_ready(tmp_path / "experiment.yaml")


def test_the_experiment_of_the_documentation_passes_the_checks(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "observe.md").read_text()
    shown = page.split("```yaml\n", 1)[1].split("```", 1)[0].removeprefix("groups:\n")
    np.save(tmp_path / "eeg.npy", np.ones((4, 76)))
    (tmp_path / "experiment.yaml").write_text(BRAIN.split("  scanner:", maxsplit=1)[0].replace("{{", "{").replace("}}", "}") + shown)
    facts = make_ready(tmp_path / "experiment.yaml", ["duration=20 s"]).plan.descriptions["scanner"].facts
    assert facts["bold"] == "76 channels, new every 2000 ms"
    assert facts["eeg"].startswith("4 channels, new every 4 ms; columns of the gain are taken in the order of the chan")


def test_a_run_shorter_than_a_response_or_a_period_is_refused_before_it_starts(tmp_path: Path) -> None:
    for operator, needed in (("volterra: {period: 100 ms}", 20000), ("balloon: {period: 2 s}", 2000)):
        (tmp_path / "experiment.yaml").write_text(text(f"{{bold: {{{operator}}}}}"))
        words = rf"experiment.yaml:16: groups.scanner.params.operators.bold: 'bold' needs a run of {needed} ms, but there are only 400 ms"
        with pytest.raises(InputError, match=words):
            make_ready(tmp_path / "experiment.yaml")
        assert make_ready(tmp_path / "experiment.yaml", [f"duration={needed} ms"]).experiment.duration == needed


def test_a_changed_gain_changes_the_digest_of_files(tmp_path: Path) -> None:
    (tmp_path / "experiment.yaml").write_text(text("{eeg: {gain: {file: g.npy}}}"))
    digests = []
    for value in (1.0, 2.0):
        np.save(tmp_path / "g.npy", np.full((3, 76), value))
        digests.append(make_ready(tmp_path / "experiment.yaml").plan.descriptions["scanner"].files)
    assert digests[0] != digests[1]


NAMED = """
cosim: 1
duration: 20 ms
step: 1 ms
groups:
  scanner:
    component: observe
    params: {{{more} operators: {{mean: {{temporal_average: {{period: 2 ms}}}}, eeg: {{gain: {{sensors: s.txt, sources: r.txt}}}}}}}}
  brain:
    component: wholebrain
    params: {{connectome: synthetic, synthetic: {{regions: 4}}, start: model, {brain}}}
  second:
    component: observe
    params: {{operators: {{again: {{subsample: {{period: 2 ms}}}}}}}}
couplings:
  - {{from: {source}, to: scanner.in}}
  - {{from: scanner.mean, to: second.in, translate: []}}
"""


def named(folder: Path, sources: str, more: str = "", source: str = "brain.S_E",
          brain: str = "speed: 3 mm/ms") -> Mapping[str, Description]:
    (folder / "s.txt").write_text("A 0 0 500\n")
    (folder / "r.txt").write_text(sources)
    (folder / "experiment.yaml").write_text(NAMED.format(more=more, source=source, brain=brain))
    return make_ready(folder / "experiment.yaml").plan.descriptions


def test_channels_come_with_the_coupling_through_one_observation_after_another(tmp_path: Path) -> None:
    labels = read_connectome(WholeBrainParameters(connectome="synthetic", synthetic=SyntheticConnectome(regions=4))).labels
    sources = "".join(f"{name} {i} 0 0\n" for i, name in enumerate(labels[::-1]))
    for more in ("", "channels: 4,"):
        said = named(tmp_path, sources, more)
        for group, port in (("scanner", "mean"), ("second", "again")):
            assert next(p for p in said[group].outputs if p.name == port).labels == labels
        assert said["scanner"].inputs[0].size == 4 and said["scanner"].facts["observed channels"] == f"4: {', '.join(labels[:3])}, ..."
    with pytest.raises(InputError, match=f"operators.eeg: sources: the sources have no region '{labels[1]}'"):
        named(tmp_path, "".join(f"{name} {i} 0 0\n" for i, name in enumerate(labels) if i != 1))
    with pytest.raises(InputError, match=f"channel 1 is called '{labels[3]}' here, and what is coupled calls it '{labels[0]}'"):
        named(tmp_path, sources, f"labels: [{', '.join(labels[::-1])}],")


def test_a_gain_maps_sources_by_name_in_whatever_order_they_stand(tmp_path: Path) -> None:
    labels = read_connectome(WholeBrainParameters(connectome="synthetic", synthetic=SyntheticConnectome(regions=4))).labels
    lines = [f"{name} {10 * i} 0 0\n" for i, name in enumerate(labels)]
    gains = []
    for order in (lines, lines[::-1]):
        named(tmp_path, "".join(order))
        spec = Gain(sensors=Path("s.txt"), sources=Path("r.txt"), folder=tmp_path)
        gains.append(gain_of(spec, Port("in", Kind.STATE, "1", 4, labels=labels))[0].tolist())
    assert gains[0] == gains[1] and len(set(gains[0][0])) == 4
    assert "in the order of their file" in order_told(spec, Port("in", Kind.STATE, "1", 4))
    assert order_told(spec, Port("in", Kind.STATE, "1", 4, labels=labels)) == ""


@pytest.mark.parametrize(("changed", "words"), [
    ({"source": "brain.S_X"}, "group 'brain' has no output port 'S_X'"),
    ({"brain": "model: linear, model_parameters: {gamma: -10}"}, "a step of 1 ms is too long"),
])
def test_what_an_observation_misses_is_told_by_its_cause(changed: dict, words: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=words) as error:
        named(tmp_path, "rV1 0 0 0\n", **changed)
    assert "how many channels" not in str(error.value)


def test_an_input_that_nothing_is_coupled_to_is_asked_for_by_name(tmp_path: Path) -> None:
    (tmp_path / "experiment.yaml").write_text(text(to="inn").replace("      channels: 76\n", ""))
    with pytest.raises(InputError, match=r"no coupling brings anything to the input 'in'(?s:.)*did you mean 'in'"):
        make_ready(tmp_path / "experiment.yaml")


def test_inputs_that_bring_other_channels_are_refused() -> None:
    def on(*labels: str) -> tuple[Port, ...]:
        return (Port("x", Kind.STATE, "1", len(labels), labels=labels),)

    two = ObserveParameters({}, inputs=("x1", "x2"))
    assert channels_of(two, {"x1": on("a", "b"), "x2": on("a", "b")}) == Channels(2, ("a", "b"))
    assert channels_of(two, {"x1": on("a", "b"), "x2": (Port("x", Kind.STATE, "1", 2),)}).labels == ("a", "b")
    with pytest.raises(InputError, match="channel 2 of what is coupled is 'b' on 'x1' and 'c' on 'x2'"):
        channels_of(two, {"x1": on("a", "b"), "x2": on("a", "c")})
    with pytest.raises(InputError, match="'x1' brings 2 channels, 'x2' brings 1"):
        channels_of(two, {"x1": on("a", "b"), "x2": on("a")})
    renamed = ObserveParameters({}, inputs=("x1", "x2"), labels=("p", "q"))
    assert channels_of(renamed, {"x1": on("a", "b"), "x2": on("a", "c")}).labels == ("p", "q")


RECORDED = """
record:
  - {record}
"""


def kept(folder: Path, record: str) -> Path:
    """Run for 400 ms with a mean over 10 ms, and return the folder of what was recorded."""
    (folder / "experiment.yaml").write_text(text("{ta: {temporal_average: {period: 10 ms}}}") + RECORDED.format(record=record))
    (folder / "layout.yaml").write_text("cosim_layout: 1\ntransport: loopback\n")
    plan = make_ready(folder / "experiment.yaml", (), folder / "layout.yaml").plan
    run, samples = run_together((folder / "experiment.yaml").read_text(), folder), recorded(plan, "scanner")[0]
    rows = run.samples("scanner.ta", 0)
    block = samples.keep(Samples(0, 1, np.array([rows[t] for t in range(401)])))
    header = Header(plan.experiment.tick_ms, 400, 3, "test", (GroupHeader("scanner", (samples,)),))
    with ResultsWriter(folder / "results.h5", header) as writer:
        writer.take("scanner", [Data(0, block), Completed(0, 0, 400)])
    return folder


@pytest.mark.parametrize(("record", "every"), [("scanner.ta", 10), ("{port: scanner.ta, every: 20 ms}", 20)])
def test_a_record_holds_real_samples_only_and_features_stay_below_their_nyquist_frequency(record: str, every: int, tmp_path: Path) -> None:
    folder = kept(tmp_path, record)
    assert read_results(folder).port("scanner.ta").ticks().tolist() == list(range(every, 401, every))
    found = read_signals(folder, "scanner.ta")
    assert found.values.all()
    assert spectrum(found, 10).frequencies_hz.max() == 500 / every


@pytest.mark.parametrize("every", ["1 ms", "15 ms"])
def test_values_that_are_held_are_not_recorded_for_real_ones(every: str, tmp_path: Path) -> None:
    (tmp_path / "experiment.yaml").write_text(text("{ta: {temporal_average: {period: 10 ms}}}")
                                              + RECORDED.format(record=f"{{port: scanner.ta, every: {every}}}"))
    words = f"'scanner.ta' cannot be recorded every {every}: it gives a value every 10 ms(?s:.)*'every: 10 ms'"
    with pytest.raises(InputError, match=words):
        make_ready(tmp_path / "experiment.yaml")


def test_what_a_run_keeps_says_how_often_a_port_was_recorded(tmp_path: Path) -> None:
    (tmp_path / "experiment.yaml").write_text(text("{ta: {temporal_average: {period: 10 ms}}}") + RECORDED.format(record="scanner.ta"))
    plan = make_ready(tmp_path / "experiment.yaml").plan
    (tmp_path / "resolved.yaml").write_text(resolved_text(plan.experiment))
    again = make_ready(tmp_path / "resolved.yaml").plan
    assert again.experiment == plan.experiment and [r.every for r in again.experiment.records] == [10]


@pytest.mark.parametrize(("source", "words"), [
    ("y0", "'state' .mV., but port 'in' takes 'state' .1.(?s:.)*write 'unit: mV' here"),
    ("rate", "'rate' .Hz., but port 'in' takes 'state' .1.(?s:.)*write 'kind: rate' and 'unit: Hz' here"),
])
def test_kind_and_unit_to_write_are_told_where_what_is_coupled_has_others(source: str, words: str, tmp_path: Path) -> None:
    brain = "model: jansen_rit, speed: 3 mm/ms"
    regions = "".join(f"{name} {i} 0 0\n" for i, name in enumerate(
        read_connectome(WholeBrainParameters(connectome="synthetic", synthetic=SyntheticConnectome(regions=4))).labels))
    with pytest.raises(InputError, match=words) as told:
        named(tmp_path, regions, source=f"brain.{source}", brain=brain)
    assert "groups.scanner.params." in str(told.value)
    as_told = "unit: mV," if source == "y0" else "kind: rate, unit: Hz,"
    with pytest.raises(InputError, match=r"groups\.second\.params") as told:
        named(tmp_path, regions, as_told, source=f"brain.{source}", brain=brain)
    assert "scanner.params" not in str(told.value)


def test_the_potential_of_jansen_rit_reaches_the_sensors_as_documented(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "observe.md").read_text()
    shown = page.split("Jansen-Rit model", 1)[1].split("```yaml\n", 1)[1].split("```", 1)[0]
    np.save(tmp_path / "eeg.npy", np.eye(2, 76))
    shown = shown.replace("jansen_rit,", "jansen_rit, connectome: synthetic,")
    run = run_together("cosim: 1\nseed: 1\nduration: 20 ms\nstep: 1 ms\n" + shown, tmp_path)
    y1, y2, lfp, eeg = (run.samples(name) for name in ("brain.y1", "brain.y2", "columns.lfp", "scanner.eeg"))
    mean = np.mean([y1[t] - y2[t] for t in range(17, 21)], axis=0)
    assert mean.any()
    np.testing.assert_allclose(lfp[20], mean, rtol=1e-13)
    np.testing.assert_allclose(eeg[20], mean[:2] - mean[:2].mean(), rtol=1e-12)
