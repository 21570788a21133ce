"""The experiments and layouts that come with cosim can be read, and survive being written out."""

from __future__ import annotations

from pathlib import Path

import pytest

from cosim.experiment.read import read_experiment
from cosim.experiment.read_layout import read_layout
from cosim.experiment.resolve import resolved_text
from cosim.experiment.schema import json_schema

LAUNCH = Path(__file__).parents[2] / "launch"
EXPERIMENTS = sorted((LAUNCH / "experiments").glob("*.yaml"))
LAYOUTS = sorted((LAUNCH / "layouts").glob("*.yaml"))


def test_there_are_experiments_and_layouts() -> None:
    assert EXPERIMENTS
    assert LAYOUTS


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda p: p.stem)
def test_an_experiment_reads_the_same_when_written_out(path: Path, tmp_path: Path) -> None:
    experiment = read_experiment(path)
    (tmp_path / "resolved.yaml").write_text(resolved_text(experiment), encoding="utf-8")
    assert read_experiment(tmp_path / "resolved.yaml") == experiment


@pytest.mark.parametrize("path", LAYOUTS, ids=lambda p: p.stem)
def test_a_layout_fits_the_column_in_the_brain(path: Path) -> None:
    assert read_layout(path, read_experiment(LAUNCH / "experiments" / "column_in_brain.yaml")).processes >= 1


def test_the_schema_holds_the_parameters_of_our_components() -> None:
    definitions = json_schema()["$defs"]
    for name in ("component.wholebrain", "component.microcircuit", "translator.spikes_to_rate", "translator.rate_to_spikes"):
        assert definitions[name]["properties"], name
