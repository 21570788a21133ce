"""Whatever is wrong with what a user gives: one clear message, status 2, no traceback, and nothing left behind."""

from __future__ import annotations

import io
import os
import stat
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import pytest
from support.pair import PAIR

from cosim.launch import machine, processes
from cosim.launch.command import main

BRAIN = """\
cosim: 1
duration: 20 ms
step: 0.1 ms
groups:
  brain: {component: wholebrain, params: {connectome: c.zip}}
  column: {component: microcircuit, params: {network: potjans_diesmann_2014, scale: 0.001}}
couplings: []
"""
LOOPBACK = "cosim_layout: 1\ntransport: loopback\ngroups: {a: {}, b: {}}\n"
MPI = "cosim_layout: 1\ntransport: mpi\ngroups: {a: {ranks: 1}, b: {ranks: 1}}\n"


@dataclass(frozen=True)
class Said:
    status: int
    out: str
    err: str


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in {"e.yaml": PAIR, "brain.yaml": BRAIN, "loopback.yaml": LOOPBACK, "mpi.yaml": MPI}.items():
        (tmp_path / name).write_text(text)
    write_connectome(tmp_path / "c.zip")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


@pytest.fixture
def cosim(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Return the command, called in this process: most of what is refused needs no other."""

    def run(*arguments: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["cosim", *arguments])
        status = 0
        try:
            main()
        except SystemExit as end:
            status = int(end.code or 0)
        out, err = capsys.readouterr()
        assert not temporary(), "a temporary folder was left behind"
        return Said(status, out, err)

    return run


def temporary() -> list[Path]:
    return list(Path("/dev/shm").glob(f"cosim-run-{os.getpid()}-*")) if Path("/dev/shm").is_dir() else []


def write_connectome(path: Path, weights: np.ndarray | None = None, lengths: np.ndarray | None = None, centres: str = "") -> None:
    n = 4
    tables = {"weights.txt": np.ones((n, n)) if weights is None else weights,
              "tract_lengths.txt": np.full((n, n), 10.0) if lengths is None else lengths}
    with zipfile.ZipFile(path, "w") as archive:
        for name, table in tables.items():
            text = io.StringIO()
            np.savetxt(text, table)
            archive.writestr(name, text.getvalue())
        archive.writestr("centres.txt", centres or "".join(f"r{i} {i} 0 0\n" for i in range(n)))


def everything(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*")}


def refused(cosim, folder: Path, *arguments: str) -> str:
    """Return what the user is told; check everything that holds for every refusal."""
    before = everything(folder)
    said = cosim(*arguments)
    assert said.status == 2, said
    assert "Traceback" not in said.err
    assert everything(folder) == before, "files were left behind"
    problems = [line for line in said.err.splitlines() if line and not line.startswith(" ")]
    assert len(problems) == len(set(problems)), "a problem is told twice"
    return said.err


@pytest.mark.parametrize("command", ["run", "check", "plan"])
@pytest.mark.parametrize(("arguments", "words"), [
    # the files
    (["nope.yaml"], ["nope.yaml: there is no such file", "did you mean"]),
    (["."], ["this is a folder"]),
    (["/dev/zero"], ["/dev/zero: this is a device"]),
    (["loopback.yaml"], ["loopback.yaml:1: this is no experiment file", "'cosim_layout'", "--layout"]),
    (["e.yaml", "--layout", "e.yaml"], ["e.yaml:1: this is no layout file"]),
    (["e.yaml", "--layout", "nope.yaml", "--set", "seed=-1"], ["the seed -1 is negative", "nope.yaml: there is no such file"]),
    # keys, names, units
    (["e.yaml", "--set", "groups.a.component=clokwork"], ["no component named 'clokwork'", "did you mean 'clockwork'?"]),
    (["e.yaml", "--set", "groups.a.params.siez=3"], ["no key 'siez'", "did you mean 'size'?"]),
    (["e.yaml", "--set", "groups.c.step=1 ms"], ["there is no group 'c'"]),
    (["e.yaml", "--set", "duration"], ["--set duration", "no override", "key=value"]),
    (["e.yaml", "--set", "=3"], ["no override"]),
    (["e.yaml", "--set", "duration=20 mV"], ["'20 mV'", "unit mV", "does not convert to ms"]),
    (["e.yaml", "--set", "couplings.there.delay=0.15 ms"], ["0.15 ms is not a multiple of the step 0.1 ms", "write 0.1 ms or 0.2 ms"]),
    (["e.yaml", "--set", "couplings.there.from=a.y"], ["group 'a' has no output port 'y'", "choose one of"]),
    (["e.yaml", "--set", "record=[b.xx]"], ["no output port 'xx'"]),
    (["e.yaml", "--set", "couplings.there.from=a.spikes"], ["kind 'spikes'", "takes 'state'", "translator"]),
    # numbers that nothing can hold
    (["e.yaml", "--set", "seed=-4"], ["the seed -4 is negative", "from 0"]),
    (["e.yaml", "--set", f"seed={10**40}"], ["the seed is too large", "41 digits"]),
    (["e.yaml", "--set", "duration=1e300 s"], ["the duration is more than", "ticks of 0.1 ms"]),
    (["e.yaml", "--set", "step=1e-300 ms"], ["the duration is more than"]),
    (["e.yaml", "--set", "groups.a.params.size=0"], ["e.yaml:6", "at least one channel"]),
    # windows and loops
    (["e.yaml", "--set", "couplings.there.delay=0 ms", "--set", "couplings.back.delay=0 ms"],
     ["the loop a -> b -> a has no delay", "a.x -> b.in", "b.x -> a.in", "at least 0.1 ms"]),
    (["e.yaml", "--set", "run.window=1.3 ms"], ["the window 1.3 ms is longer", "'there' (a.x -> b.in)", "1.2 ms", "at most 1.2 ms"]),
    # the brain and the column
    (["brain.yaml", "--set", "groups.brain.params.replaced={r9: rate}"], ["no region 'r9'", "groups.brain.params.replaced"]),
    (["brain.yaml", "--set", "groups.brain.params.speed=0 mm/ms"], ["groups.brain.params.speed", "0.0 mm/ms", "above 0"]),
    (["brain.yaml", "--set", "groups.brain.params.connectome=no.zip"], ["no.zip", "brain.yaml:5 group 'brain'"]),
    (["brain.yaml", "--set", "groups.column.params.scale=1e6"], ["32 bits"]),
    (["brain.yaml", "--set", "groups.column.params.scale=-1", "--set", "groups.brain.params.model=wilson"],
     ["groups.column.params.scale", "scale is -1", "no mean-field model 'wilson'"]),
])
def test_a_mistake_is_told_by_every_command_that_reads(cosim, folder: Path, command: str, arguments: list[str], words: list[str]) -> None:
    said = refused(cosim, folder, command, *arguments)
    assert [w for w in words if w not in said] == [], said


@pytest.mark.parametrize(("text", "words"), [
    (b"", ["is empty"]),
    (b"\xff\xfe\x00 binary", ["not text in UTF-8"]),
    (b"cosim: 1\n  duration: [3\n", ["not YAML", "x.yaml:2"]),
    (b"cosim: 1\ngroups: " + b"[" * 3000 + b"]" * 3000, ["nested too deeply"]),
    (b"a0: &a0 [1, 1]\n" + b"".join(b"a%d: &a%d [%s]\n" % (i, i, b", ".join([b"*a%d" % (i - 1)] * 9)) for i in range(1, 12)),
     ["more than 200000 values", "anchors"]),
    (b"# padding\n" * (2 << 20), ["larger than 16 MiB"]),
    (b'cosim: 1\ntitle: "a\\0b"\n', ["character NUL"]),
], ids=["empty", "binary", "syntax", "deep", "many", "large", "nul"])
def test_a_file_that_is_no_experiment_is_refused(cosim, folder: Path, text: bytes, words: list[str]) -> None:
    (folder / "x.yaml").write_bytes(text)
    said = refused(cosim, folder, "run", "x.yaml")
    assert [w for w in words if w not in said] == [], said


@pytest.mark.parametrize(("layout", "words"), [
    (MPI.replace("b: {", "x: {}, b: {"), ["l.yaml:3", "no group 'x'", "choose one of 'a', 'b'"]),
    (MPI.replace("ranks: 1", "ranks: 7", 1), ["group 'a' cannot be shared by 7 ranks", "at most 6", "ranks: 6"]),
    (MPI.replace("ranks: 1", "ranks: 1000000000000", 1), ["cannot be shared by 1000000000000 ranks"]),
    (MPI.replace("ranks: 1", "ranks: 0", 1), ["0 ranks for the group 'a'"]),
    (MPI.replace("ranks: 1", "cores: [998, 999]", 1), ["cores 998, 999", "this machine does not have"]),
    (LOOPBACK.replace("a: {}", "a: {ranks: 2}"), ["'loopback' runs all groups in one process"]),
    (MPI.replace("mpi", "carrier pigeon"), ["'carrier pigeon'", "'loopback' or 'mpi'"]),
])
def test_a_layout_that_cannot_be_is_refused(cosim, folder: Path, layout: str, words: list[str]) -> None:
    (folder / "l.yaml").write_text(layout)
    said = refused(cosim, folder, "run", "e.yaml", "--layout", "l.yaml")
    assert [w for w in words if w not in said] == [], said


def test_more_ranks_than_neurons_are_refused(cosim, folder: Path) -> None:
    (folder / "l.yaml").write_text("cosim_layout: 1\ngroups: {brain: {}, column: {ranks: 5000}}\n")
    assert "'column' cannot be shared by 5000 ranks" in refused(cosim, folder, "run", "brain.yaml", "--layout", "l.yaml")


@pytest.mark.parametrize(("changed", "words"), [
    ({"weights": np.where(np.eye(4) > 0, np.nan, 1.0)}, ["4 of the weights are not a finite number", "row 1, column 1"]),
    ({"weights": 1 - 2 * np.eye(4)}, ["4 of the weights are negative", "-1"]),
    ({"weights": np.ones((4, 3))}, ["a table of 4 x 3", "square"]),
    ({"weights": np.ones((5, 5))}, ["a table of 5 x 5", "4 regions"]),
    ({"lengths": np.full((4, 4), np.inf)}, ["tract lengths are not a finite number", "inf mm"]),
    ({"centres": "r0 1 2\n"}, ["a line of 'centres.txt' is too short", "label x y z"]),
])
def test_a_connectome_that_cannot_be_is_refused(cosim, folder: Path, changed: dict[str, object], words: list[str]) -> None:
    write_connectome(folder / "c.zip", **changed)  # type: ignore[arg-type]
    said = refused(cosim, folder, "run", "brain.yaml")
    assert [w for w in words if w not in said] == [], said


@pytest.mark.parametrize("out", ["file", "file/in/it", "/proc/cosim", "/dev/null", "x" * 300, "link"])
def test_an_output_folder_that_cannot_be_written_is_refused(cosim, folder: Path, out: str) -> None:
    (folder / "file").write_text("mine")
    (folder / "link").symlink_to("nowhere")
    said = refused(cosim, folder, "run", "e.yaml", "--layout", "loopback.yaml", "--out", out)
    assert "cannot be written" in said
    assert "--out" in said


def test_runs_that_cannot_be_made_here_are_refused(cosim, folder: Path) -> None:
    (folder / "runs").write_text("mine")
    assert "runs cannot be written" in refused(cosim, folder, "run", "e.yaml", "--layout", "loopback.yaml")


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_refused(cosim, folder: Path) -> None:
    (folder / "closed").mkdir(mode=stat.S_IRUSR | stat.S_IXUSR)
    assert "Permission denied" in refused(cosim, folder, "run", "e.yaml", "--layout", "loopback.yaml", "--out", "closed/out")


@pytest.mark.parametrize("name", ["results.h5", "report.html", "timing.json", "experiment.resolved.yaml", "layout.resolved.yaml",
                                  "versions.json", "log", ".live"])
def test_a_folder_that_holds_any_part_of_a_run_is_refused(cosim, folder: Path, name: str) -> None:
    (folder / "out" / name).mkdir(parents=True)
    said = refused(cosim, folder, "run", "e.yaml", "--layout", "loopback.yaml", "--out", "out")
    assert "already holds a run" in said
    assert ("another run is going on" if name == ".live" else repr(name)) in said


def test_an_experiment_that_needs_more_memory_than_there_is_is_refused(cosim, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cosim.launch.ready.memory", lambda: machine.Memory(1000, 500))
    said = refused(cosim, folder, "run", "brain.yaml")
    assert all(w in said for w in ("of memory", "for group", "which is what this machine has", "brain.yaml:")), said
    monkeypatch.setattr("cosim.launch.explain.memory", lambda: machine.Memory(1000, 500))
    checked = cosim("check", "brain.yaml")
    assert checked.status == 0
    assert "this is more than the machine has" in checked.out


def test_a_layout_that_needs_mpi_is_refused_where_mpi4py_is_missing(cosim, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    said = refused(cosim, folder, "run", "e.yaml", "--layout", "mpi.yaml")
    assert all(w in said for w in ("mpi.yaml: the layout needs MPI", "mpi4py is not installed", "pip install 'cosim[mpi]'", "loopback"))
    assert "transport loopback" in cosim("plan", "e.yaml").out


def test_a_layout_that_needs_mpi_is_refused_where_mpiexec_is_missing(cosim, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes.sys, "executable", str(folder / "python"))
    monkeypatch.setenv("PATH", str(folder))
    said = refused(cosim, folder, "run", "e.yaml", "--layout", "mpi.yaml")
    assert "no mpiexec beside Python or on the path" in said
    assert "transport loopback" in cosim("plan", "e.yaml").out


def test_an_unknown_instruction_set_is_refused(cosim, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSIM_ISA", "quantum")
    assert "COSIM_ISA asks for 'quantum'" in refused(cosim, folder, "run", "brain.yaml")
    doctor = cosim("doctor")
    assert doctor.status == 1
    assert "COSIM_ISA asks for 'quantum'" in doctor.out


@pytest.mark.parametrize(("arguments", "words"), [
    (["rnu", "e.yaml"], ["No such command 'rnu'", "'run'"]),
    (["run"], ["Missing argument 'EXPERIMENT'"]),
    (["run", "e.yaml", "e.yaml"], ["unexpected extra argument"]),
    (["run", "e.yaml", "--layuot", "l.yaml"], ["No such option", "--layout"]),
    (["components", "wholebrian"], ["no component named 'wholebrian'", "did you mean 'wholebrain'?"]),
    (["check", "[/bold].yaml"], ["[/bold].yaml: there is no such file"]),
])
def test_a_mistyped_command_is_told(cosim, folder: Path, arguments: list[str], words: list[str]) -> None:
    said = refused(cosim, folder, *arguments)
    assert [w for w in words if w not in said] == [], said


@pytest.mark.parametrize("command", ["report", "digest"])
@pytest.mark.parametrize("what", ["nothing", "empty folder", "text", "empty", "random", "alien", "half alien", "folder"])
def test_what_is_no_run_has_no_report_and_no_digest(cosim, folder: Path, command: str, what: str) -> None:
    results = folder / "out" / "results.h5"
    if what != "nothing":
        results.parent.mkdir()
    if what in {"alien", "half alien"}:
        with h5py.File(results, "w") as file:
            file["x"] = np.arange(3)
            if what == "half alien":
                file.create_group("groups")
                for name in ("tick_ms", "duration_ticks", "valid_until_tick", "seed", "cosim_version", "title", "experiment"):
                    file.attrs[name] = "abc"
                file.create_group("groups/g/x").attrs["kind"] = "smell"
    elif what == "folder":
        results.mkdir()
    elif what in {"text", "empty", "random"}:
        results.write_bytes({"text": b"hello", "empty": b"", "random": np.random.default_rng(1).bytes(5000)}[what])
    if (command, what) != ("digest", "half alien"):  # a digest is over the bits, whatever they mean
        assert "out" in refused(cosim, folder, command, "out")


def test_titles_that_look_like_markup_are_shown_as_they_are(cosim, folder: Path) -> None:
    title = "a [/red] [bold] title"
    said = cosim("check", "e.yaml", "--set", f"title='{title}'")
    assert said.status == 0
    assert title in said.out
