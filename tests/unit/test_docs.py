"""What the documentation says runs: files pass the checks, links resolve, code runs."""

from __future__ import annotations

import re
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML
from support.command import cosim
from support.run_folder import make_run_folder
from support.sonata import write_circuit

from cosim.blocks import Samples
from cosim.interfaces import Context
from cosim.launch.ready import make_ready
from cosim.models.microcircuit.network.file import read_network
from cosim.registry import component, translator
from cosim.timegrid import Clock, windows
from cosim.transport.loopback import SoloRanks

ROOT = Path(__file__).parents[2]
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")])
FILES = sorted([*(ROOT / "docs").rglob("*.yaml"), *(ROOT / "launch" / "experiments").glob("*.yaml")])
RELAY = ROOT / "docs" / "howto" / "relay"
TUTORIAL = ROOT / "docs" / "tutorials" / "first_run.md"


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """Return what a heading can be linked by: lower case, without punctuation, blanks as hyphens."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


@pytest.fixture
def relay_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the plug-in of the how-to be found as an installed one: by its metadata, on the path."""
    text = (RELAY / "pyproject.toml").read_text()
    points = [f"[{group}]\n{entry}" for group, entry in re.findall(r'^\[project\.entry-points\."(.*)"\]\n(.*)$', text, re.MULTILINE)]
    info = tmp_path / "relay-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: relay\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("\n".join(points).replace('"', ""))
    for path in (tmp_path, RELAY):
        monkeypatch.syspath_prepend(str(path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)


@pytest.mark.parametrize("path", FILES, ids=name)
def test_every_experiment_and_network_passes_the_checks(path: Path, relay_installed: None) -> None:
    if "cosim" in YAML(typ="safe").load(path):
        make_ready(path)
    else:
        assert read_network(path).neurons > 0


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    missing = []
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            missing.append(target)
    assert not missing


def test_the_experiment_of_the_readme_passes_the_checks(tmp_path: Path) -> None:
    experiment, = blocks(ROOT / "README.md", "yaml")
    (tmp_path / "mine.yaml").write_text(experiment)
    ready = make_ready(tmp_path / "mine.yaml")
    assert len(ready.plan.edges) == 2


@pytest.mark.parametrize(("page", "language", "source"), [
    ("write_a_component.md", "toml", "relay/pyproject.toml"), ("write_a_component.md", "python", "relay/relay/component.py"),
    ("write_a_translator.md", "python", "relay/relay/translator.py"), ("own_network.md", "yaml", "two_populations.yaml"),
    ("own_network.md", "yaml", "two_populations_alone.yaml"), ("own_network.md", "yaml", "driven_network.yaml")])
def test_pages_show_the_files_that_run(page: str, language: str, source: str) -> None:
    howto = ROOT / "docs" / "howto"
    assert (howto / source).read_text() in blocks(howto / page, language)


def test_the_code_of_the_first_run_runs_on_what_the_run_leaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                              capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "one.yaml").write_text("cosim_layout: 1\ntransport: loopback\n")
    done = cosim("run", ROOT / "launch/experiments/column_in_brain.yaml", "--layout", "one.yaml", "--set", "duration=1.3 s", "--no-report",
                 "--out", "runs/column_in_brain-001", cwd=tmp_path)
    assert done.status == 0, done.said
    monkeypatch.chdir(tmp_path)
    space: dict[str, object] = {}
    for code in [*blocks(TUTORIAL, "python"), *blocks(ROOT / "docs" / "reference" / "results.md", "python")]:
        exec(compile(code, str(TUTORIAL), "exec"), space)
    said = capsys.readouterr().out
    assert len(re.findall(r"Hz before the pulse", said)) == 8
    assert "rTCS:" in said


def test_the_code_of_own_network_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    for code in blocks(ROOT / "docs" / "howto" / "own_network.md", "python"):
        exec(compile(code, "own_network.md", "exec"), {})
    rates = dict(re.findall(r"^([EI]): ([\d.]+) Hz$", capsys.readouterr().out, re.MULTILINE))
    assert all(1 < float(rates[population]) < 100 for population in "EI")
    assert read_network(tmp_path / "sketch.yaml").neurons == 500


def test_the_code_of_files_of_others_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    make_run_folder(tmp_path / "runs/column_in_brain-001", duration_ms=300, scale=0.1, n_regions=4)
    write_circuit(tmp_path / "circuit")
    for thread in (0, 1):
        (tmp_path / f"spikes-7-{thread}.dat").write_text(f"# NEST version: 3.10.0\nsender\ttime_ms\n{thread + 1}\t2.5\n")
    page = ROOT / "docs" / "howto" / "files_of_others.md"
    experiment, = blocks(page, "yaml")
    (tmp_path / "sonata.yaml").write_text(experiment)
    for line in re.findall(r"^cosim ((?:run|export-spikes run) .*)$", page.read_text(), re.MULTILINE):
        assert cosim(*line.split(), cwd=tmp_path).status == 0
    assert (tmp_path / "circuit.h5").is_file()
    line, = re.findall(r"^cosim (export-spikes runs.* --to column\.h5)$", page.read_text(), re.MULTILINE)
    assert cosim(*line.split(), cwd=tmp_path).status == 0
    monkeypatch.chdir(tmp_path)
    space: dict[str, object] = {}
    for code in blocks(page, "python"):
        exec(compile(code, str(page), "exec"), space)
    said = capsys.readouterr().out.splitlines()
    assert "internal.100 8 iaf_psc_exp" in said
    assert "external 5 virtual" in said
    assert len(space["both"]) == 2  # type: ignore[arg-type]
    assert len(space["mine"]) == len(space["same"]) > 10  # type: ignore[arg-type]


@pytest.mark.parametrize("length", [1, 7, 40])
def test_the_relay_does_not_depend_on_its_windows(relay_installed: None, tmp_path: Path, length: int) -> None:
    plugin, clock = component("relay"), Clock(Fraction(1, 10), 5)

    def course(steps: int) -> np.ndarray:
        relay = plugin(plugin.parameters(noise=0.5), clock)
        relay.prepare(Context("thalamus", 1, 200, SoloRanks(), tmp_path))
        given = np.linspace(0, 30, 41)
        parts = [relay.advance(w, {"in": Samples(w.start, 5, given[w.start // 5:w.stop // 5 + 1, None])}) for w in windows(200, 5 * steps)]
        return np.concatenate([p["rate"].values for p in parts])

    whole = course(40)
    assert whole.shape == (40, 1)
    assert np.ptp(whole) > 1
    assert np.array_equal(course(length), whole)


def test_the_current_settles_at_the_mean_of_its_synapses(relay_installed: None) -> None:
    plugin = translator("rate_to_current")
    made = plugin(plugin.parameters(synapses=100.0, weight=80.0, tau=2.0), Clock(Fraction(1, 10), 1))
    brain = component("relay")(component("relay").parameters(), Clock(Fraction(1, 10), 1)).describe().outputs[0]
    made.prepare(brain, brain, 0)
    made.translate(Samples(0, 1, np.full((1, 1), 3.0)), -1, 0)
    settled = made.translate(Samples(1, 1, np.full((1000, 1), 10.0)), 0, 1000).values
    assert settled[-1, 0] == pytest.approx(2.0e-3 * 100 * 80.0 * 10.0, rel=1e-9)
    assert settled[0, 0] == pytest.approx(48 + 0.05 * (160 - 48))
