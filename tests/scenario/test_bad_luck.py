"""What can go wrong around a run: signals, a full disk, a lost terminal, a stopped process; each is told, and nothing is left."""

from __future__ import annotations

import os
import re
import resource
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import h5py
import pytest
from support.command import Done, cosim, left_behind, start
from support.pair import PAIR

from cosim.experiment.layout import Layout, Placement, Transport
from cosim.launch.board import Board
from cosim.launch.processes import MEMORY_FOLDER, mpiexec, mpiexec_line

PACED = """\
cosim: 1
duration: 1500 ms
step: 0.1 ms
run: {window: 1 ms}
groups:
  good: {component: clockwork, params: {size: 1}}
  bad: {component: mishap, params: {pace: 0.001}}
couplings:
  - {name: there, from: good.x, to: bad.in, delay: 2 ms}
record: [good.x, bad.count]
"""
LOOPBACK = "cosim_layout: 1\ntransport: loopback\n"
MPI = "cosim_layout: 1\ntransport: mpi\ngroups: {a: {}, b: {}}\n"
COMMAND = shlex.join([sys.executable, "-c", "from cosim.launch.command import main; main()"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {"e.yaml": PAIR, "paced.yaml": PACED, "loopback.yaml": LOOPBACK, "mpi.yaml": MPI}.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def shell(line: str, folder: Path) -> Done:
    """Run a line in which COSIM stands for the command; the last line printed is its status."""
    line = line.replace("COSIM", COMMAND)
    done = subprocess.run(["bash", "-c", line], cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    return Done(done.returncode, done.stdout, done.stderr, left_behind(folder, -1))


def under_limit(folder: Path, size: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command with a limit on the size of files, which fails as a full disk does."""
    return subprocess.run([*shlex.split(COMMAND), *arguments], cwd=folder, capture_output=True, text=True, timeout=60, check=False,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)))


def everything(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.suffix != ".yaml"}


def until(condition: Callable[[], bool], limit_s: float = 30.0) -> None:
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < limit_s, "it did not come to that"
        time.sleep(0.005)


def test_a_disk_that_is_full_before_the_run_is_told_and_nothing_left(folder: Path) -> None:
    done = under_limit(folder, 1000, "run", "e.yaml", "--layout", "loopback.yaml", "--out", "out")
    assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr
    assert "cannot write out/results.h5: File too large" in done.stderr
    assert not everything(folder)


def test_a_disk_that_fills_during_the_run_is_told_and_the_results_stay_readable(folder: Path) -> None:
    done = under_limit(folder, 60_000, "run", "e.yaml", "--layout", "loopback.yaml", "--out", "out", "--set", "duration=500 ms")
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    assert "File too large" in done.stderr
    with h5py.File(folder / "out" / "results.h5") as file:
        valid = int(file.attrs["valid_until_tick"])
        assert [len(file[f"groups/{port}/ticks"]) for port in ("a/x", "b/x")] == [valid, valid]
    assert not (folder / "out" / ".live").exists()


@pytest.mark.parametrize("how", ["2> >(head -c0)", "2> /dev/full", "2>&-"])
def test_a_run_goes_on_when_nobody_listens_any_more(folder: Path, how: str) -> None:
    done = shell(f"COSIM run e.yaml --layout loopback.yaml --no-report --out out {how}; echo $?", folder)
    assert done.out.split() == ["out/results.h5", "0"]
    assert not done.left


@pytest.mark.parametrize(("line", "words"), [
    ("COSIM check e.yaml | head -c0; echo ${PIPESTATUS[0]}", []),
    ("COSIM schema > /dev/full; echo $?", ["No space left on device"]),
])
def test_output_that_cannot_be_written_is_no_traceback(folder: Path, line: str, words: list[str]) -> None:
    done = shell(line, folder)
    assert done.out.split() == ["1"]
    assert "Traceback" not in done.err
    assert [w for w in words if w not in done.err] == []


def test_of_two_runs_into_one_folder_one_is_refused(folder: Path) -> None:
    runs = [start("run", "e.yaml", "--layout", "loopback.yaml", "--no-report", "--out", "out", cwd=folder) for _ in range(2)]
    said = [run.communicate(timeout=60)[1] for run in runs]
    assert sorted(run.returncode for run in runs) == [0, 2], said
    assert "already holds a run" in "".join(said)
    assert cosim("digest", "out", cwd=folder).status == 0


def test_runs_that_begin_at_once_take_folders_of_their_own(folder: Path) -> None:
    runs = [start("run", "e.yaml", "--layout", "loopback.yaml", "--no-report", cwd=folder) for _ in range(2)]
    outs = {run.communicate(timeout=60)[0].strip() for run in runs}
    assert outs == {"runs/e-001/results.h5", "runs/e-002/results.h5"}


@pytest.mark.mpi
def test_an_mpi_that_cannot_be_loaded_is_told_by_its_own_words(folder: Path) -> None:
    broken = folder / "lib" / "mpi4py"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("")
    (broken / "MPI.py").write_text("raise ImportError('libmpi.so.40: cannot open shared object file')")
    done = cosim("run", "e.yaml", "--layout", "mpi.yaml", "--no-report", "--out", "out", cwd=folder, PYTHONPATH=str(folder / "lib"))
    assert done.status == 1
    assert "needs the optional extra 'mpi'" in done.err
    assert "pip install 'cosim[mpi]'" in done.err
    assert not done.left


def test_an_mpiexec_that_fails_is_told_with_what_it_said(folder: Path) -> None:
    (folder / "mpiexec").write_text("#!/bin/sh\n[ \"$1\" = --version ] || echo the nodes are gone; exit 5\n")
    (folder / "mpiexec").chmod(0o755)
    code = ("import cosim.launch.processes as p; p.mpiexec = lambda: './mpiexec'; import sys; "
            "sys.argv = 'cosim run e.yaml --layout mpi.yaml --no-report --out out'.split(); from cosim.launch.command import main; main()")
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "ended with status 5" in done.stderr
    assert "the nodes are gone" in done.stderr


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_request_to_end_while_components_are_built_ends_the_run_cleanly(folder: Path, how: signal.Signals) -> None:
    (folder / "big.yaml").write_text("cosim: 1\nduration: 10 ms\nstep: 0.1 ms\ngroups:\n  column: {component: microcircuit, "
                                     "params: {network: potjans_diesmann_2014, scale: 0.3}}\n")
    process = start("run", "big.yaml", "--layout", "loopback.yaml", "--no-report", "--out", "out", cwd=folder)
    until((folder / "out" / "log" / "all.0.log").exists)
    os.killpg(process.pid, how)
    _, said = process.communicate(timeout=10)
    assert (process.returncode, "interrupted by the user" in said, "Traceback" in said) == (1, True, False), said
    assert not left_behind(folder, process.pid)
    assert not (folder / "out" / ".live").exists()


def test_an_interrupted_report_is_told_and_the_results_stay(folder: Path) -> None:
    process = start("run", "e.yaml", "--layout", "loopback.yaml", "--out", "out", cwd=folder)
    until(lambda: (folder / "out" / "timing.json").exists() and not (folder / "out" / ".live").exists())
    time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=10)
    assert (process.returncode, "Traceback" in said) == (1, False)
    assert "interrupted while the report was written" in said
    assert not (folder / "out" / "report.html").exists()
    assert cosim("digest", "out", cwd=folder).status == 0


@pytest.mark.mpi
@pytest.mark.parametrize("place", [0, 2], ids=["only rank", "second rank"])
def test_a_stopped_process_is_named_and_the_run_goes_on_when_it_does(folder: Path, place: int) -> None:
    (folder / "l.yaml").write_text("cosim_layout: 1\ngroups: {good: {ranks: 1}, bad: {ranks: 2}}\n")
    code = ("from pathlib import Path; from rich.console import Console; from cosim.launch import progress; "
            "from cosim.launch.run import run; progress.PLAIN_S = 0.2; "
            "run(Path('paced.yaml'), Console(stderr=True, width=400), (), Path('l.yaml'), Path('out'), report=False, still_s=0.5)")
    process = subprocess.Popen([sys.executable, "-c", code], cwd=folder, stderr=subprocess.PIPE, text=True)
    board = folder / "out" / ".live" / "board"
    until(board.exists)
    until(lambda: Board(board, 3).read()[place].window > 20)
    pid = Board(board, 3).read()[place].pid
    os.kill(pid, signal.SIGSTOP)
    time.sleep(1.5)
    os.kill(pid, signal.SIGCONT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    name = re.escape(("good (rank 0)", "bad (rank 0)", "bad (rank 1)")[place])
    assert re.search(name + r" has been [\w ]+ in window \d+ for \d s \(the process has been stopped from outside\)", said), said
    if place == 0:
        assert re.search(r"bad \(rank 0\) has been waiting for good \(coupling 'there'\) in window \d+ for \d s", said), said
    assert cosim("run", "paced.yaml", "--layout", "loopback.yaml", "--no-report", "--out", "again", cwd=folder).status == 0
    assert cosim("digest", "out", cwd=folder).out == cosim("digest", "again", cwd=folder).out


@pytest.mark.mpi
def test_processes_that_would_run_different_experiments_say_where_they_differ(folder: Path) -> None:
    lines = []
    for name, seed in (("one", "4"), ("two", "5")):
        arguments = ("--layout", "loopback.yaml", "--no-report", "--set", f"seed={seed}", "--out", name)
        assert cosim("run", "e.yaml", *arguments, cwd=folder).status == 0
        (folder / name / "layout.resolved.yaml").write_text(MPI)
        lines.append([sys.executable, "-m", "cosim.launch.worker", str(folder / name)])
    line = mpiexec_line(Layout(Transport.MPI, {"a": Placement("a", 2)}), Path(), mpiexec())
    line = [*line[:line.index("-n")], "-n", "1", *lines[0], ":", "-n", "1", *lines[1]]
    env = os.environ | {MEMORY_FOLDER: str(folder / "memory")}
    done = subprocess.run(line, cwd=folder, capture_output=True, text=True, timeout=60, check=False, env=env)
    assert done.returncode != 0
    notes = [note.read_text() for note in folder.glob("*/log/*.failure.json")]
    assert notes
    assert all("do not agree" in note and "seed: 4 | 5" in note and "duration" not in note for note in notes)
