"""`cosim bench wholebrain` works on something tiny and says what it promises; how fast anything is, no test asks."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from cosim.errors import InputError, RunError
from cosim.launch.bench.command import bench
from cosim.launch.bench.wholebrain.case import Case, parameters, written
from cosim.launch.bench.wholebrain.figures import Figures, summarised, times
from cosim.launch.bench.wholebrain.mark import Mark
from cosim.launch.bench.wholebrain.ours import reached
from cosim.launch.bench.wholebrain.peer import TheVirtualBrain, relative
from cosim.launch.bench.wholebrain.theirs import MATCHES, our_parameters, their_coupling, their_parameters
from cosim.models.wholebrain.dynamics import model

TINY = ("--regions", "16", "--density", "0.4", "--seconds", "0.005", "--warmup", "0.002")
KEYS = {"model", "scheme", "noise", "seconds", "warmup", "seed", "connectome", "regions", "connections", "density", "ns_per_node_step",
        "cpu_ns_per_node_step", "ns_per_connection_step", "range", "rounds", "peers", "marks", "share_of_limit", "relative_difference",
        "machine", "notes"}
needs_cc = pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")


def run(*options: object) -> Result:
    return CliRunner().invoke(bench, ["wholebrain", *map(str, options)])


def refusal(*options: object) -> str:
    """Return what a person reads of a refusal."""
    done = run(*options)
    assert isinstance(done.exception, InputError), done.exception
    return str(done.exception)


def pretended(folder: Path, state: float) -> Path:
    """Return a program that stands for another simulator's Python: it can import anything, and reaches what it is told to."""
    path = folder / "python"
    path.write_text(f"#!{sys.executable}\n" + f'''
import json, sys
if sys.argv[1] == "-c":
    sys.exit(0)
json.load(open(sys.argv[2]))
if "numba" in sys.argv:
    sys.exit("no numba here")
json.dump({{"simulator": "Other", "version": "1.0", "ns_per_node_step": 50.0, "cpu_ns_per_node_step": 40.0,
           "state": [[{state}] * 16] * 2}}, open(sys.argv[3], "w"))
''')
    path.chmod(0o755)
    return path


@needs_cc
def test_the_json_has_its_keys_on_a_line_for_each_size(tmp_path: Path) -> None:
    done = run(*TINY, "--regions", 20, "--noise", 0.01, "--rounds", 2, "--json")
    assert done.exit_code == 0, done.exception
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert [told["regions"] for told in lines] == [16, 20]
    for told in lines:
        assert set(told) >= KEYS
        assert len(told["rounds"]) == len(told["marks"][0]["rounds"]) == 2
        assert told["ns_per_connection_step"] == pytest.approx(told["cpu_ns_per_node_step"] * told["regions"] / told["connections"])


@needs_cc
def test_the_page_gets_one_section_for_each_case(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    for _ in range(2):
        assert run(*TINY, "--out", page).exit_code == 0
    assert page.read_text().count("## generic_2d_oscillator, heun, no noise, 16 regions of density 0.4") == 1


@pytest.mark.parametrize(("options", "said"), [
    (("--model", "jansen_ritt"), "jansen_rit"), (("--regions", 7), "even number"), (("--regions", 6), "8 or more"),
    (("--density", 0.99), "from 0.067 to 0.766"), (("--density", "nan"), "from 0.067"), (("--noise", -1), "at least 0"),
    (("--seconds", 0), "at least two steps"), (("--warmup", -1), "at least 0 s"), (("--rounds", 0), "at least 1"),
    (("--scheme", "rk4", "--against", "tvb"), "no counterpart of the scheme 'rk4'"),
    (("--against", "tvb", "--tvb-python", "/nowhere/python"), "no program '/nowhere/python'"), (("--probe", "/nowhere.c"), "no file"),
    (("--connectome", "/nowhere.zip"), "no file")])
def test_what_cannot_be_measured_is_refused_with_a_sentence(options: tuple[object, ...], said: str) -> None:
    assert said in refusal(*options)


def test_a_probe_that_this_processor_cannot_run_is_left_out_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "odd.c").write_text("#error needs another processor\n")
    done = run(*TINY, "--probe", tmp_path / "odd.c", "--json")
    assert done.exit_code == 0, done.exception
    told = json.loads(done.stdout.splitlines()[-1])
    assert any("odd.c was left out" in note for note in told["notes"])
    assert "odd.c" not in [m["who"] for m in told["marks"]]


@needs_cc
def test_the_limit_checks_its_sums_against_a_plain_program(tmp_path: Path) -> None:
    case = Case(regions=20, density=0.5, seconds=0.05)
    assert Mark().measure(case, written(case, tmp_path)).ns > 0  # it would end with an error, and print no JSON that is taken


def test_ratios_are_of_rounds_that_were_run_in_turn() -> None:
    ours, other = summarised([Figures("a", 1.0, 1.0), Figures("b", 10.0, 0.0), Figures("a", 2.0, 2.0), Figures("b", 60.0, 0.0)])
    wall = times(ours, other, lambda f: f.ns)
    assert wall is not None
    assert (wall.least, wall.most, wall.median) == (10.0, 30.0, 20.0)
    assert times(ours, other, lambda f: f.cpu_ns) is None


def test_nothing_is_compared_where_both_do_not_compute_the_same(tmp_path: Path) -> None:
    done = run(*TINY, "--against", "tvb", "--tvb-python", pretended(tmp_path, 0.5))
    assert isinstance(done.exception, RunError)
    assert "both do not compute the same" in str(done.exception)


def test_a_peer_that_agrees_is_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cosim.launch.bench.wholebrain.peer.reached", lambda case, brain, steps: np.full((2, 16), 0.5))
    done = run(*TINY, "--model", "montbrio_pazo_roxin", "--against", "tvb", "--tvb-python", pretended(tmp_path, 0.5), "--json")
    assert done.exit_code == 0, done.exception
    told = json.loads(done.stdout.splitlines()[-1])
    assert [(p["who"], p["ns_per_node_step"]) for p in told["peers"]] == [("Other 1.0", 50.0)]
    assert told["peers"][0]["times"] == pytest.approx(50.0 / told["ns_per_node_step"])
    assert told["relative_difference"] == 0.0
    assert any("numba backend" in note for note in told["notes"])


def test_a_difference_is_a_part_of_the_size_of_its_variable() -> None:
    ours, theirs = np.array([[1e-6, 2e-6], [0.0, 0.0]]), np.array([[1e-6, 1e-6], [0.0, 0.0]])
    assert relative(ours, theirs) == 0.5
    assert np.isnan(relative(ours, np.full((2, 2), np.nan)))


@pytest.mark.parametrize("density", [0.2, 0.5])
def test_a_synthetic_network_has_the_density_asked_for(tmp_path: Path, density: float) -> None:
    brain = written(Case(regions=200, density=density), tmp_path)
    assert brain.density == pytest.approx(density, abs=0.01)
    assert np.load(brain.weights).sum(axis=1).max() == pytest.approx(1.0)


@pytest.mark.parametrize("name", list(MATCHES))
def test_every_model_runs_and_all_its_parameters_go_over(tmp_path: Path, name: str) -> None:
    case = Case(name, regions=8)
    brain = written(case, tmp_path)
    assert np.isfinite(reached(case, brain, 5)).all()
    assert set(our_parameters(name)) == set(model(name).parameter_names)
    theirs = their_parameters(name)
    count = sum(len(v) if isinstance(v, list) else 1 for v in theirs.values())
    assert count == len(our_parameters(name)) - len(MATCHES[name].ours_only) + len(MATCHES[name].added)
    assert their_coupling(name)[1]["a"] == parameters(case, brain, "heun", 0.0).coupling


def test_the_python_of_a_peer_is_asked_for_the_simulator(tmp_path: Path) -> None:
    (tmp_path / "python").write_text("#!/bin/sh\necho 'ModuleNotFoundError: tvb' >&2\nexit 1\n")
    (tmp_path / "python").chmod(0o755)
    with pytest.raises(InputError, match="cannot be imported"):
        TheVirtualBrain(tmp_path / "python").check(Case())
