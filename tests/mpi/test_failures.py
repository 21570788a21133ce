"""Whatever happens to a rank, the run ends soon, says why, and keeps what it had."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
from support.command import cosim, left_behind, start

from cosim.launch.board import Board
from cosim.record.journal import Completed, JournalReader

pytestmark = pytest.mark.mpi

EXPERIMENT = """
cosim: 1
duration: DURATION
step: 0.1 ms
run: {window: 1 ms}
groups:
  good: {component: clockwork, params: {size: 1}}
  bad: {component: mishap, params: {what: WHAT, window: 50, rank: RANK, pace: PACE}}
couplings:
  - {name: there, from: good.x, to: bad.in, delay: 2 ms}
  - {name: back, from: bad.count, to: good.in, delay: 2 ms}
record: [good.x, bad.count]
"""
LOOPBACK = "transport: loopback\ngroups: {good: {}, bad: {}}"
MPI = "transport: mpi\ngroups: {good: {ranks: 1}, bad: {ranks: 2}}"


def write(folder: Path, layout: str, what: str = "nothing", rank: int = 0, pace: float = 0.0, duration: str = "100 ms") -> None:
    text = EXPERIMENT.replace("WHAT", f"'{what}'").replace("RANK", str(rank)).replace("PACE", str(pace)).replace("DURATION", duration)
    (folder / "e.yaml").write_text(text)
    (folder / "l.yaml").write_text("cosim_layout: 1\n" + layout)


def fail(folder: Path) -> tuple[str, float]:
    began = time.monotonic()
    done = cosim("run", "e.yaml", "--layout", "l.yaml", "--out", "out", "--no-report", cwd=folder)
    took = time.monotonic() - began
    assert done.status == 1, done.said
    assert "Traceback" not in done.said
    assert not done.left
    return done.err, took


def valid_ms(folder: Path) -> float:
    with h5py.File(folder / "out" / "results.h5") as file:
        valid = int(file.attrs["valid_until_tick"])
        for port in ("good/x", "bad/count"):
            group = file[f"groups/{port}"]
            assert group.attrs["valid_until_tick"] == valid
            ticks = group["ticks"][...]
            assert np.array_equal(ticks, np.arange(1, valid + 1))
        assert (np.abs(file["groups/good/x/values"][...]) > 0).all()
        return valid * float(file.attrs["tick_ms"])


@pytest.mark.parametrize("layout", [LOOPBACK, MPI], ids=["loopback", "mpi"])
@pytest.mark.parametrize(("what", "words"), [
    ("raise", ["bad (rank 0)", "ZeroDivisionError: the wheels came off"]),
    ("tell", ["bad (rank 0)", "neuron 7 diverged at tick 50"]),
    ("kill", ["bad", "signal 9 (SIGKILL)"]),
    ("segfault", ["bad", "signal 11 (SIGSEGV)"]),
    ("exit", ["status 3"]),
    ("wrong shape", ["gave a wrong block for port 'count' in window 50 [500, 510)", "shape (10, 2) of float64, expected (samples, 1)"]),
    ("nan", ["gave a wrong block for port 'count' in window 50 [500, 510)", "channel 0 is nan at tick 501"]),
    ("missing port", ["gave nothing for its port 'count'"]),
])
def test_a_mishap_is_told_and_every_complete_window_kept(tmp_path: Path, layout: str, what: str, words: list[str]) -> None:
    write(tmp_path, layout, what)
    said, took = fail(tmp_path)
    assert all(w in said for w in words), said
    assert took < 60  # it does not wait for a limit of 120 s
    assert valid_ms(tmp_path) == 50
    timing = json.loads((tmp_path / "out" / "timing.json").read_text())
    assert timing["status"] == "failed"
    assert words[-1] in timing["cause"]


@pytest.mark.parametrize("what", ["raise", "kill"])
def test_a_mishap_on_a_rank_that_talks_to_nobody_is_told_as_well(tmp_path: Path, what: str) -> None:
    write(tmp_path, MPI, what, rank=1)
    said, _ = fail(tmp_path)
    assert "bad (rank 1)" in said
    assert 49 <= valid_ms(tmp_path) <= 50


def test_a_mishap_while_building_is_told(tmp_path: Path) -> None:
    write(tmp_path, MPI, "build")
    said, _ = fail(tmp_path)
    assert "the spring is broken" in said
    assert valid_ms(tmp_path) == 0


@pytest.mark.parametrize("layout", [LOOPBACK, MPI], ids=["loopback", "mpi"])
def test_a_component_is_closed_with_the_reason_when_its_group_fails(tmp_path: Path, layout: str) -> None:
    write(tmp_path, layout, "tell")
    fail(tmp_path)
    assert "mishap closed: neuron 7 diverged at tick 50" in "".join(p.read_text() for p in (tmp_path / "out" / "log").glob("*.log"))


def test_single_precision_is_refused_rather_than_rounded_on_some_ways(tmp_path: Path) -> None:
    write(tmp_path, LOOPBACK, "single")
    said, _ = fail(tmp_path)
    assert "float32, expected (samples, 1) of float64" in said


def started(folder: Path) -> subprocess.Popen[str]:
    process = start("run", "e.yaml", "--layout", "l.yaml", "--out", "out", "--no-report", cwd=folder)
    limit = time.monotonic() + 30
    while time.monotonic() < limit:
        journal = folder / "out" / ".live" / "bad.journal"
        if journal.exists() and journal.stat().st_size > 2000:
            return process
        time.sleep(0.05)
    process.kill()
    pytest.fail("the run did not start within 30 s")


@pytest.mark.parametrize(("layout", "how"), [(LOOPBACK, signal.SIGINT), (MPI, signal.SIGINT), (MPI, signal.SIGTERM)],
                         ids=["loopback Ctrl-C", "mpi Ctrl-C", "mpi SIGTERM"])
def test_an_interrupted_run_ends_cleanly_and_keeps_what_it_had(tmp_path: Path, layout: str, how: signal.Signals) -> None:
    write(tmp_path, layout, pace=0.02, duration="60 s")
    process = started(tmp_path)
    os.killpg(process.pid, how)
    _, said = process.communicate(timeout=10)
    assert process.returncode == 1
    assert "interrupted" in said
    assert "Traceback" not in said
    assert not left_behind(tmp_path, process.pid)
    assert valid_ms(tmp_path) > 0


def test_a_rank_that_is_killed_from_outside_is_named(tmp_path: Path) -> None:
    write(tmp_path, MPI, pace=0.02, duration="60 s")
    process = started(tmp_path)
    victim = Board(tmp_path / "out" / ".live" / "board", 3).read()[2].pid
    os.kill(victim, signal.SIGKILL)
    _, said = process.communicate(timeout=10)
    assert process.returncode == 1
    assert "bad (rank 1) was killed by signal 9 (SIGKILL)" in said
    assert not left_behind(tmp_path, process.pid)
    assert valid_ms(tmp_path) > 0


@pytest.mark.parametrize("layout", [LOOPBACK, MPI], ids=["loopback", "mpi"])
def test_no_process_outlives_a_launcher_that_is_killed(tmp_path: Path, layout: str) -> None:
    write(tmp_path, layout, pace=0.02, duration="60 s")
    process = started(tmp_path)
    process.kill()
    process.communicate(timeout=10)
    limit = time.monotonic() + 10
    while time.monotonic() < limit and any(n.startswith("process") for n in left_behind(tmp_path, process.pid)):
        time.sleep(0.1)
    assert not [n for n in left_behind(tmp_path, process.pid) if n.startswith("process")]
    write(tmp_path, LOOPBACK)
    assert cosim("run", "e.yaml", "--layout", "l.yaml", "--out", "again", "--no-report", cwd=tmp_path).status == 0
    assert not left_behind(tmp_path, process.pid)  # the next launcher cleans up


def test_what_the_ranks_had_completed_is_recovered_when_the_launcher_was_killed(tmp_path: Path) -> None:
    write(tmp_path, MPI, pace=0.02, duration="60 s")
    process = started(tmp_path)
    journals = {g: JournalReader(tmp_path / "out" / ".live" / f"{g}.journal") for g in ("good", "bad")}
    going_on = cosim("recover", "out", cwd=tmp_path)
    assert going_on.status == 2
    assert "still goes on" in going_on.err
    process.kill()
    process.communicate(timeout=10)
    limit = time.monotonic() + 10
    while time.monotonic() < limit and any(n.startswith("process") for n in left_behind(tmp_path, process.pid)):
        time.sleep(0.1)
    completed = [max(r.stop for r in j.poll() if isinstance(r, Completed)) for j in journals.values()]
    done = cosim("recover", "out", cwd=tmp_path)
    assert done.status == 0, done.said
    assert valid_ms(tmp_path) == min(completed) / 10
    assert json.loads((tmp_path / "out" / "timing.json").read_text())["status"] == "failed"
    assert not (tmp_path / "out" / ".live").exists()
    again = cosim("recover", "out", cwd=tmp_path)
    assert again.status == 2
    assert "nothing to recover" in again.err
