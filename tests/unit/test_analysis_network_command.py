"""What ``cosim analyse EXPERIMENT`` prints, writes and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from support.wholebrain import write_zip

from cosim.errors import InputError
from cosim.launch.analyse.command import analyse_command
from cosim.launch.analyse.network_found import _part

WEIGHTS = np.array([[0.0, 2.0, 1.0], [1.0, 0.0, 0.5], [0.3, 1.0, 0.0]])


def experiment(folder: Path, *groups: str, component: str = "wholebrain") -> Path:
    write_zip(folder / "three.zip", WEIGHTS, np.full((3, 3), 12.0))
    params = "{connectome: three.zip, coupling: 0.2, model: linear}" if component == "wholebrain" else "{network: potjans_diesmann_2014}"
    lines = [f"  {name}: {{component: {component}, params: {params}}}" for name in groups]
    path = folder / "brain.yaml"
    path.write_text("\n".join(["cosim: 1", "title: Three regions", "duration: 10 ms", "step: 0.1 ms", "groups:", *lines]) + "\n")
    return path


def refused(*arguments: str) -> str:
    with pytest.raises(InputError) as error:
        CliRunner().invoke(analyse_command, arguments, catch_exceptions=False)
    assert error.value.exit_status == 2
    return str(error.value)


def test_the_page_holds_the_pictures_and_the_data_the_critical_coupling(tmp_path: Path) -> None:
    path = experiment(tmp_path, "brain")
    options = ["--along", "coupling", "--from", "0", "--to", "1", "--points", "8", "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(analyse_command, [str(path), *options], catch_exceptions=False)
    assert done.exit_code == 0
    page, data = (tmp_path / "out" / "analysis.html").read_text(), json.loads((tmp_path / "out" / "analysis.json").read_text())
    assert page.count("<svg") == 4
    assert "src=" not in page
    (edge,) = [b for b in data["bifurcations"] if b["edge_of_stability"]]
    assert edge["parameter"] == pytest.approx(1 / np.linalg.eigvals(WEIGHTS).real.max(), abs=1e-8)
    assert data["rest"]["stable"]
    assert sum(data["modes"][0]["shares"]) == pytest.approx(1.0)


def test_what_is_wrong_is_told_with_what_was_meant(tmp_path: Path) -> None:
    one = str(experiment(tmp_path, "brain"))
    ends = ["--from", "0", "--to", "1"]
    assert "did you mean 'coupling'" in refused(one, "--along", "couplin", *ends)
    assert "did you mean 'gamma'" in refused(one, "--along", "model_parameters.gama", *ends)
    assert "does not change where the network rests" in refused(one, "--along", "speed", *ends)
    assert "an interval whose end lies above its start" in refused(one, "--along", "coupling", "--from", "1", "--to", "1")
    assert "--from and --to" in refused(one, "--along", "coupling")
    assert "did you mean 'brain'" in refused(one, "--group", "brian")
    assert "--preset" in refused(one, "--preset", "vbi")
    assert "--group is for the whole brain" in refused("linear", "--group", "brain")


def test_an_experiment_with_no_or_several_whole_brains_is_refused(tmp_path: Path) -> None:
    assert "2 whole brains: left, right" in refused(str(experiment(tmp_path, "left", "right")))
    assert "no group of the experiment is a whole brain" in refused(str(experiment(tmp_path, "column", component="microcircuit")))


def test_the_full_key_of_an_experiment_is_understood(tmp_path: Path) -> None:
    options = ["--along", "groups.brain.params.coupling", "--from", "0", "--to", "0.3", "--points", "5", "--json"]
    done = CliRunner().invoke(analyse_command, [str(experiment(tmp_path, "brain")), *options], catch_exceptions=False)
    assert json.loads(done.stdout)["along"] == {"key": "coupling", "from": 0.0, "to": 0.3, "value": 0.2}


def test_a_rest_outside_what_the_models_were_made_for_is_marked(tmp_path: Path) -> None:
    path, key = experiment(tmp_path, "brain"), "groups.brain.params"
    strong = ["--set", f"{key}.model=wong_wang_2013", "--set", f"{key}.coupling=50"]
    done = CliRunner().invoke(analyse_command, [str(path), *strong, "--out", str(tmp_path / "out")], catch_exceptions=False)
    page, data = (tmp_path / "out" / "analysis.html").read_text(), json.loads((tmp_path / "out" / "analysis.json").read_text())
    assert data["rest"]["outside"] == {"wong_wang_2013": ["r0", "r1", "r2"]}
    assert min(data["rest"]["rates_hz"]) > 500
    for text in (done.output, page):
        assert "Rest, in 3 of 3 regions outside what the model was made for" in text
    assert any("inside: S below" in note for note in data["notes"])
    calm = CliRunner().invoke(analyse_command, [str(path), *strong[:2], "--json"], catch_exceptions=False)
    assert json.loads(calm.stdout)["rest"]["outside"] == {}


def test_regions_that_hardly_take_part_are_left_out() -> None:
    labels = ("a", "b", "c", "d")
    assert _part(np.array([0.5, 0.498, 0.0011, 0.0009]), labels) == "a 50 %, b 49.8 %, c 0.11 %"
    assert _part(np.array([0.0, 0.0, 0.0005, 0.0]), labels) == "c 0.05 %"
