"""The component `observe`: what it gives while a run goes on, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.together import Together, run_together

from cosim.errors import InputError
from cosim.launch.ready import make_ready

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
    facts = make_ready(tmp_path / "experiment.yaml").plan.descriptions["scanner"].facts
    assert facts["bold"] == "76 channels, new every 2000 ms: record it so often"
    assert facts["eeg"] == "4 channels, new every 4 ms: record it so often"


def test_a_run_shorter_than_a_response_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'bold' needs 20000 ms, but there are only 400 ms"):
        run_together(text("{bold: {volterra: {period: 100 ms}}}"), tmp_path)


def test_a_changed_gain_changes_the_digest_of_files(tmp_path: Path) -> None:
    (tmp_path / "experiment.yaml").write_text(text("{eeg: {gain: {file: g.npy}}}"))
    digests = []
    for value in (1.0, 2.0):
        np.save(tmp_path / "g.npy", np.full((3, 76), value))
        digests.append(make_ready(tmp_path / "experiment.yaml").plan.descriptions["scanner"].files)
    assert digests[0] != digests[1]
