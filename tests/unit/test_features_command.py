"""`cosim features` writes what the library finds in what a run recorded, and tells in a sentence what it cannot."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import pytest
from click.testing import CliRunner, Result
from support.recorded import write_signals, write_spikes

from cosim.errors import InputError
from cosim.launch.command import cosim

NAMES = ["rA1", "rV1", "rM1", "lA1"]
TEN_MS = np.arange(1, 3001) / 100  # s


def known(seed: int = 1, mixed: float = 0.8) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=(len(TEN_MS), 4))
    noise[:, 1] = mixed * noise[:, 0] + np.sqrt(1 - mixed**2) * noise[:, 1]
    return noise + 2 * np.sin(2 * np.pi * 10 * TEN_MS)[:, None] + 7


def features(*arguments: object) -> Result:
    return CliRunner().invoke(cosim, ["features", *map(str, arguments)])


def test_the_file_holds_the_features_of_the_record(tmp_path: Path) -> None:
    x = known()
    run = write_signals(tmp_path / "run", x, NAMES)
    done = features(run, "--port", "brain.rate", "--window", "5 s", "--every", "1 s", "--discard", "2 s", "--json")
    assert done.exit_code == 0, done.output
    with h5py.File(run / "features" / "brain.rate.h5") as file:
        one = file["run"]
        assert np.abs(one["fc"][...] - np.corrcoef(x[200:].T)).max() < 1e-12
        assert one["channels"].asstr()[...].tolist() == NAMES
        pairs = np.triu_indices(4, 1)
        patterns = [np.corrcoef(x[200 + b:700 + b].T)[pairs] for b in range(0, 2301, 100)]
        assert np.abs(one["fcd/matrix"][...] - np.corrcoef(patterns)).max() < 1e-12
        spacing = one["psd/frequencies_hz"][1]
        assert abs(one["psd"].attrs["peak_hz"] - 10) < spacing / 4
        assert one["psd/power/alpha"][...] == pytest.approx(2 + 2 * 5 / 100, rel=0.1)  # half the squared amplitude, and noise of 1/50 a Hz
    page = (run / "features" / "brain.rate.html").read_text()
    assert page.count("<svg") == 4
    assert "http" not in page.replace("http://www.w3.org", "")
    assert all(name in page for name in NAMES)


def test_a_run_agrees_with_itself_and_less_with_another(tmp_path: Path) -> None:
    runs = [write_signals(tmp_path / f"run{i}", known(i, mixed), NAMES) for i, mixed in enumerate((0.8, 0.1))]
    told = []
    for other in runs:
        done = features(runs[0], "--port", "brain.rate", "--features", "fc,fcd", "--window", "5 s", "--every", "1 s", "--compare", other,
                        "--out", tmp_path / "out", "--json")
        assert done.exit_code == 0, done.output
        told.append(json.loads(done.stdout)["comparison"])
    assert told[0]["fc_agreement"] == pytest.approx(1, abs=1e-12)
    assert told[0]["fcd_distance"] == 0
    assert told[0]["divergence_nats"] == pytest.approx(0, abs=1e-12)
    assert told[1]["fc_agreement"] < 0.9
    corrected = told[1]["divergence_nats"] - told[1]["divergence_bias_nats"]
    assert corrected > 5 * told[1]["divergence_error_nats"]


def test_spikes_are_counted_population_by_population(tmp_path: Path) -> None:
    # Two excitatory neurons of four spike once in every other bin of 10 ms at its end, which belongs to it; the inhibitory one never.
    ticks = np.repeat(np.arange(200, 10_001, 200), 2)
    run = write_spikes(tmp_path / "run", ticks, np.tile([0, 1], 50), ["E", "I"], [0, 4, 5], 10_000)
    done = features(run, "--port", "column.spikes", "--bin", "10 ms", "--features", "psd")
    assert done.exit_code == 0, done.output
    from cosim.launch.features.recorded import read_signals

    s = read_signals(run, "column.spikes", 10)
    assert s.names == ("E", "I")
    assert (s.values == np.tile([[0, 0], [50, 0]], (50, 1))).all()
    with pytest.raises(InputError, match="add --bin '1 ms'"):
        read_signals(run, "column.spikes")


def test_the_record_of_a_silent_network_has_no_spectrum(tmp_path: Path) -> None:
    run = write_spikes(tmp_path / "run", np.zeros(0, int), np.zeros(0, int), ["E", "I"], [0, 4, 5], 10_000)
    done = features(run, "--port", "column.spikes", "--bin", "10 ms", "--features", "psd")
    assert isinstance(done.exception, InputError)
    assert "every channel is constant" in str(done.exception)


@pytest.mark.parametrize(("arguments", "words"), [
    (("--features", "fcd"), "the window of 60000 ms (6000 samples) is longer than the record of 30000 ms (3000 samples)"),
    (("--features", "fdc"), "did you mean"), (("--band", "8 Hz", "60 Hz"), "at most 50 Hz"), (("--band", "8", "9 Hz"), "has no unit"),
    (("--segment", "40 s"), "a segment of 40000 ms (4000 samples) is longer"), (("--window", "15 ms"), "write 10 ms or 20 ms"),
    (("--without", "rA2"), "did you mean"), (("--bin", "1 ms"), "has no spikes to count"), (("--discard", "30 s"), "left out of 30000 ms"),
    (("--features", "plv"), "add --band"), (("--port", "brain.rat"), "did you mean 'brain.rate'?"), (("--discard=-1 s",), "is negative"),
])
def test_what_cannot_be_done_is_told_in_a_sentence(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    run = write_signals(tmp_path / "run", known(), NAMES)
    done = features(run, "--port", "brain.rate", *arguments)
    assert isinstance(done.exception, InputError)
    assert words in str(done.exception)
    assert not (run / "features").exists()


def test_a_channel_that_is_constant_or_not_finite_is_named_and_can_be_left_out(tmp_path: Path) -> None:
    for name, value, words in (("constant", 3.0, "channel 'rM1' is constant throughout the record"),
                               ("nan", np.nan, "channel 'rM1' is not finite: rM1 is nan at sample 0")):
        x = known()
        x[:, 2] = value
        run = write_signals(tmp_path / name, x, NAMES)
        done = features(run, "--port", "brain.rate", "--features", "fc")
        assert isinstance(done.exception, InputError)
        assert words in str(done.exception)
    assert features(tmp_path / "constant", "--port", "brain.rate", "--features", "fc", "--without", "rM1").exit_code == 0


def with_connectome(run: Path, weights: np.ndarray, labels: list[str], group: str = "brain") -> Path:
    with h5py.File(run / "results.h5", "a") as file:
        static = file.require_group(f"groups/{group}/static")
        static["weights"], static["labels"] = weights, [label.encode() for label in labels]
    return run


@pytest.mark.parametrize("group", ["brain", "elsewhere"])
def test_connectivity_is_held_against_the_connectome_by_name_and_in_both_directions(tmp_path: Path, group: str) -> None:
    x = known()
    one_way = np.tril(np.random.default_rng(3).random((5, 5)))
    labels = ["other", *NAMES[::-1]]
    run = with_connectome(write_signals(tmp_path / "run", x, NAMES), one_way, labels, group)
    done = features(run, "--port", "brain.rate", "--features", "fc", "--json")
    assert done.exit_code == 0, done.output
    here = [labels.index(name) for name in NAMES]
    both = (one_way + one_way.T)[np.ix_(here, here)] / 2
    pairs = np.triu_indices(4, 1)
    expected = np.corrcoef(np.corrcoef(x.T)[pairs], both[pairs])[0, 1]
    assert json.loads(done.stdout)["runs"][0]["fc_agreement_with_connectome"] == pytest.approx(expected, rel=1e-12)
    with h5py.File(run / "features" / "brain.rate.h5") as file:
        assert np.array_equal(file["run/connectome"][...], both)
        assert file["run/connectome"].attrs["agreement_with_fc"] == pytest.approx(expected, rel=1e-12)
    assert "Functional and structural connectivity" in (run / "features" / "brain.rate.html").read_text()


def test_a_run_without_a_connectome_of_these_channels_is_held_against_none(tmp_path: Path) -> None:
    run = with_connectome(write_signals(tmp_path / "run", known(), NAMES), np.eye(3), NAMES[:3])
    done = features(run, "--port", "brain.rate", "--features", "fc", "--json")
    assert "fc_agreement_with_connectome" not in json.loads(done.stdout)["runs"][0]
    run = with_connectome(write_signals(tmp_path / "other", known(), NAMES), np.ones((4, 4)), NAMES)
    done = features(run, "--port", "brain.rate", "--features", "fc")
    assert "unknown: a connectivity is the same in every pair of channels" in done.stdout and done.exit_code == 0
