"""What is wrong with a connectome or with parameters is told in one sentence each, all at once."""

import bz2
import zipfile
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from support.wholebrain import write_zip

from cosim.errors import InputError
from cosim.models.wholebrain.component import WholeBrain
from cosim.models.wholebrain.connectome import read_tvb_zip
from cosim.models.wholebrain.parameters import Stimulus, WholeBrainParameters
from cosim.models.wholebrain.synthetic import SyntheticConnectome
from cosim.timegrid import Clock

CLOCK = Clock(Fraction("0.1"), 1)
ONES = np.ones((3, 3))


def told(error: pytest.ExceptionInfo[InputError]) -> str:
    return str(error.value)


def refused(**parameters) -> str:
    with pytest.raises(InputError) as error:
        WholeBrain(WholeBrainParameters(**({"connectome": "synthetic"} | parameters)), CLOCK)
    return told(error)


def test_a_zip_is_read_with_folders_compressed_members_and_american_spelling(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        archive.writestr("inner/weights.txt.bz2", bz2.compress(b"0 1.5\n2 0\n"))
        archive.writestr("inner/centers.txt", "a 0 0 0\nb 3 4 0\n")
        archive.writestr("inner/cortical.txt", "1\n1\n")
    c = read_tvb_zip(tmp_path / "c.zip")
    assert c.labels == ("a", "b")
    assert c.weights.tolist() == [[0, 1.5], [2, 0]]
    assert c.tract_lengths.tolist() == [[0, 5], [5, 0]]  # missing tracts are the distances of the centres


@pytest.mark.parametrize(
    ("file", "regions", "largest", "longest", "edges"),
    [
        ("connectivity_76.zip", 76, 3.0, 153.48574, 1560),
        ("connectivity_68.zip", 68, 0.12053822, 252.90276, None),
        ("connectivity_192.zip", 192, None, 142.1458, None),
    ],
)
def test_connectomes_of_the_virtual_brain_are_read_as_it_reads_them(file, regions, largest, longest, edges) -> None:
    pytest.importorskip("tvb_data", reason="needs the extra 'data'")
    c = WholeBrain(WholeBrainParameters(connectome=f"tvb_data:{file}", model="linear"), CLOCK)._setting.connectome
    assert len(c) == regions
    assert largest is None or c.weights.max() == pytest.approx(largest, rel=1e-7)
    assert c.tract_lengths.max() == pytest.approx(longest, rel=1e-6)
    assert edges is None or int((c.weights > 0).sum()) == edges


def test_everything_wrong_with_a_connectome_is_told_at_once(tmp_path: Path) -> None:
    weights, lengths = ONES.copy(), ONES.copy()
    weights[0, 1], weights[2, 0], lengths[1, 2] = np.nan, -2.0, -7.5
    path = write_zip(tmp_path / "bad.zip", weights, lengths, ("a", "b", "a"))
    with pytest.raises(InputError) as error:
        read_tvb_zip(path)
    text = told(error)
    for words in (
        "1 of the weights are not a finite number, the first in row 1, column 2",
        "negative, the first in row 3, column 1: -2",
        "tract lengths are negative, the first in row 2, column 3: -7.5 mm",
        "'a'",
    ):
        assert words in text
    assert len(error.value.problems) == 4


@pytest.mark.parametrize(
    ("weights", "lengths", "labels", "words"),
    [
        (np.ones((2, 3)), np.ones((2, 2)), ("a", "b"), "the weights are a table of 2 x 3"),
        (ONES, np.ones((2, 2)), ("a", "b", "c"), "the tract lengths are a table of 2 x 2, but there are 3 regions"),
        (ONES, ONES, ("a", "b"), "but there are 2 regions"),
        (np.ones((1, 1)), np.ones((1, 1)), ("a",), "there are 1 regions"),
    ],
)
def test_sizes_that_do_not_fit_are_told(tmp_path: Path, weights, lengths, labels, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_tvb_zip(write_zip(tmp_path / "c.zip", weights, lengths, labels))


def test_missing_members_and_unreadable_files_are_told(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        archive.writestr("notes.txt", "nothing")
    with pytest.raises(InputError) as error:
        read_tvb_zip(tmp_path / "c.zip")
    assert "'weights.txt' is missing" in told(error) and "'centres.txt' is missing" in told(error)
    (tmp_path / "no.zip").write_text("not a zip")
    with pytest.raises(InputError, match="cannot be read as a zip file"):
        read_tvb_zip(tmp_path / "no.zip")
    with pytest.raises(InputError, match="there is no file"):
        WholeBrain(WholeBrainParameters(connectome="nowhere.zip", folder=tmp_path), CLOCK)
    words = write_zip(tmp_path / "words.zip", ONES, centres="a 0 0 zero\nb 1 1 1\nc 2 2 2\n")
    with pytest.raises(InputError, match="'zero'"):
        read_tvb_zip(words)


def test_unknown_names_are_answered_with_the_nearest() -> None:
    pulse = Stimulus(("lV3",), 1.0, onset=0.0, duration=1.0)
    text = refused(replaced={"rV11": "rate"}, driven=("lA11",), stimuli=(pulse,), noise={"SE": 0.1}, model_parameters={"tau_e": 5.0})
    for words in ("'rV11'", "'rV1'", "'lA11'", "'lA1'", "'lV3'", "'SE'", "'S_E'", "no parameter 'tau_e'", "'tau_E'"):
        assert words in text
    assert "did you mean 'reduced_wong_wang'" in refused(model="reduced_wongwang")
    assert "did you mean 'heun'" in refused(scheme="huen")
    assert "did you mean 'plain'" in refused(model="wilson_cowan", model_parameters={"convention": "plane"})


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"speed": 0.0}, "the speed is 0.0 mm/ms"),
        ({"speed": float("nan")}, "the speed is nan mm/ms"),
        ({"coupling": float("inf")}, "the coupling is inf"),
        ({"noise": -0.1}, "the noise of 'S_E' is -0.1"),
        ({"replaced": {"rV1": "spikes"}}, "'rate' or 'coupling'"),
        ({"model": "linear", "replaced": {"rV1": "rate"}}, "has no rate in Hz"),
        ({"simulate": ("rV1",), "replaced": {"rV2": "rate"}}, "both given"),
        ({"simulate": ()}, "no region is left to simulate"),
        ({"simulate": ("rV1",), "driven": ("rV2",)}, "'rV2' is driven, but not simulated here"),
        ({"initial": {"S_E": 1.5}}, "values from 0 to 1"),
        ({"initial": {"S_E": (0.1, 0.2)}}, "one for each of the 76 regions"),
        ({"model_parameters": {"J_i": "analytical"}}, "did you mean 'analytic'"),
        ({"model_parameters": {"J_i": (1.0, 2.0)}}, "one for each of the 76 regions"),
        ({"model_parameters": {"tau_E": "long"}}, "expected: a number"),
        ({"stimuli": (Stimulus((), 1.0, onset=0.0, duration=1.0),)}, "names no region"),
        ({"stimuli": (Stimulus(("rV1",), 1.0, onset=-1.0, duration=1.0),)}, "the onset is -1.0"),
        ({"stimuli": (Stimulus(("rV1",), 1.0, onset=0.0, duration=1.0, variable="S_X"),)}, "'S_X'"),
        ({"synthetic": SyntheticConnectome(regions=7)}, "an even number"),
        ({"synthetic": SyntheticConnectome(density=float("nan"))}, "the density of a synthetic connectome is nan"),
        ({"synthetic": SyntheticConnectome(density=-0.1)}, "a number from 0 to 1"),
        ({"synthetic": SyntheticConnectome(decay=-1.0)}, "a distance above 0 mm"),
        ({"synthetic": SyntheticConnectome(decay=0.0)}, "a distance above 0 mm"),
        ({"synthetic": SyntheticConnectome(spread=1e9)}, "a number from 0 to 10"),
        ({"speed": 1e-300}, "takes more than 2^31 steps of 0.1 ms"),
        ({"speed": 6e-7}, "takes more than 2^31 steps of 0.1 ms"),
        ({"model_parameters": {"tau_E": 0.0}}, "'tau_E' is 0"),
        ({"model_parameters": {"tau_I": (10.0,) * 75 + (-10.0,)}}, "'tau_I' is -10"),
        ({"model_parameters": {"d_E": 0.0}}, "'d_E' is 0"),
        ({"model_parameters": {"gamma_I": 0.0, "J_i": "balanced"}}, "a number above 0"),
        ({"model": "wilson_cowan", "model_parameters": {"tau_e": 0.0}}, "'tau_e' is 0"),
        ({"replaced": {"rV1": "rate"}, "stimuli": (Stimulus(("rV1",), 1.0, 0.0, 1.0),)}, "the stimulus has no effect: rV1 is replaced"),
        (
            {"replaced": {"rV1": "rate", "rV2": "rate"}, "stimuli": (Stimulus(("rV1", "rV2"), 1.0, 0.0, 1.0),)},
            "stimuli[0].regions: the stimulus has no effect: rV1, rV2 are replaced",
        ),
    ],
)
def test_wrong_values_are_told_with_what_was_expected(parameters: dict, words: str) -> None:
    assert words in refused(**parameters)


def test_a_stimulus_that_is_lost_in_part_is_told_among_the_facts() -> None:
    def facts(**more) -> dict[str, str]:
        stimuli = (Stimulus(("lV1",), 1.0, 0.0, 1.0), Stimulus(("rV1", "rV2"), 1.0, 0.0, 1.0))
        made = WholeBrain(WholeBrainParameters(connectome="synthetic", stimuli=stimuli, **more), CLOCK)
        return {name: fact for name, fact in made.describe().facts.items() if name.startswith("stimuli")}

    assert facts(replaced={"rV1": "rate"}) == {"stimuli[1]": "has no effect in rV1, which is replaced"}
    assert facts(simulate=("rV1",)) == {} == facts()


def test_the_whole_connectome_may_not_be_replaced(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "c.zip", ONES, ONES)
    assert "no region is left" in refused(connectome=str(path), replaced={f"r{i}": "rate" for i in range(3)})
