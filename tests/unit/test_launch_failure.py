"""The one cause that came first is told, in words; and who waits for whom."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest
from support.together import run_together

from cosim.experiment.layout import Layout, Placement, Transport
from cosim.launch.board import Entry
from cosim.launch.failure import Stillness, who_waits, why
from cosim.launch.folder import RunFolder
from cosim.schedule.loop import Phase
from cosim.schedule.plan import Plan

TEXT = """
cosim: 1
duration: 1 ms
step: 0.1 ms
groups:
  a: {component: clockwork}
  b: {component: clockwork}
couplings:
  - {name: there, from: a.x, to: b.in, delay: 1 ms}
"""
LAYOUT = Layout(Transport.MPI, {"a": Placement("a"), "b": Placement("b", 2)})
PLACES = {"a (rank 0)": 0, "b (rank 0)": 1, "b (rank 1)": 2}


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return run_together(TEXT, tmp_path).plan


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    folder = RunFolder(tmp_path)
    folder.log.mkdir()
    return folder


def entry(phase: Phase = Phase.COMPUTING, window: int = 5, edge: int = -1, ago: float = 3.0, pid: int = 1) -> Entry:
    return Entry(pid, phase, window, edge, time.monotonic() - ago, 0.0, 0.0)


def note(folder: RunFolder, name: str, when: float, cause: str) -> None:
    folder.failure(name).write_text(json.dumps({"who": name, "time": when, "cause": cause}))


def test_the_rank_that_failed_first_is_the_cause(folder: RunFolder, plan: Plan) -> None:
    note(folder, "b (rank 1)", 20.0, "gave up because of a")
    note(folder, "a (rank 0)", 10.0, "the wheels came off")
    assert why(folder, LAYOUT, plan, [entry()] * 3, 1) == "a (rank 0): the wheels came off"


def test_a_note_that_was_cut_off_is_passed_over(folder: RunFolder, plan: Plan) -> None:
    folder.failure("x").write_text('{"who": "b')
    note(folder, "a (rank 0)", 10.0, "the wheels came off")
    assert "the wheels came off" in why(folder, LAYOUT, plan, [entry()] * 3, 1)


@pytest.mark.parametrize(("name", "rank"), PLACES.items())
@pytest.mark.parametrize(("number", "words"), [(signal.SIGKILL, "lack of memory"), (signal.SIGSEGV, "SIGSEGV"), (signal.SIGBUS, "full")])
def test_a_rank_that_was_killed_is_named_from_what_mpi_said(folder: RunFolder, plan: Plan, name: str, rank: int, number: signal.Signals,
                                                            words: str) -> None:
    (folder.log / "start.log").write_text(f"prterun noticed that process rank {rank} with PID 0 on node x\nexited on signal {int(number)}.")
    said = why(folder, LAYOUT, plan, [entry()] * 3, 137)
    assert f"{name} was killed by signal {int(number)} ({number.name})" in said
    assert words in said
    assert "it was computing in window 5" in said


@pytest.mark.parametrize("status", [-9, 128 + 9])
def test_a_single_process_that_was_killed_was_doing_what_it_did_last(folder: RunFolder, plan: Plan, status: int) -> None:
    loopback = Layout(Transport.LOOPBACK, LAYOUT.placements)
    said = why(folder, loopback, plan, [entry(ago=9.0), entry(Phase.RECORDING, 7, ago=1.0)], status)
    assert "killed by signal 9 (SIGKILL)" in said
    assert "while b was recording in window 7" in said


@pytest.mark.parametrize("status", [3, 127, 255])
def test_an_unexplained_end_tells_the_last_words(folder: RunFolder, plan: Plan, status: int) -> None:
    (folder.log / "start.log").write_text("-----\n" + "\n".join(f"line {i}" for i in range(20)) + "\n-----\n")
    said = why(folder, LAYOUT, plan, [entry()] * 3, status)
    assert said.startswith(f"the processes ended with status {status} without saying why")
    assert "line 19" in said
    assert "line 3\n" not in said
    assert "---" not in said
    assert "signal" not in said


@pytest.mark.parametrize(("state", "words"), [
    ({"phase": Phase.STARTING, "pid": 0}, "a (rank 0) has not started"),
    ({"phase": Phase.BUILDING}, "a (rank 0) has been building for 3 s"),
    ({"window": 8}, "a (rank 0) has been computing in window 8 for 3 s"),
    ({"phase": Phase.WAITING, "window": 8}, "a (rank 0) has been waiting for the first rank of its group in window 8 for 3 s"),
    ({"phase": Phase.WAITING, "window": 8, "edge": 0}, "a (rank 0) has been waiting for a (coupling 'there') in window 8 for 3 s"),
])
def test_what_a_rank_does_is_told_in_words(plan: Plan, state: dict[str, int], words: str) -> None:
    said = who_waits(LAYOUT, plan, [entry(**state), entry(Phase.FINISHED), entry(Phase.FINISHED)])
    assert said == words


def test_a_process_that_was_stopped_from_outside_is_said_to_be(plan: Plan) -> None:
    child = os.fork()
    if child == 0:
        signal.pause()
        os._exit(0)
    try:
        os.kill(child, signal.SIGSTOP)
        os.waitpid(child, os.WUNTRACED)
        said = who_waits(LAYOUT, plan, [entry(pid=child), entry(pid=os.getpid()), entry(Phase.FINISHED)])
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    first, second = said.split("; ")
    assert "has been stopped from outside" in first
    assert "stopped" not in second


def test_one_rank_that_stands_still_is_told_while_others_move(plan: Plan) -> None:
    stillness = Stillness(LAYOUT, plan, limit_s=10.0)
    still, notes = entry(Phase.COMPUTING, 3), []
    for second in range(14):
        moving = entry(Phase.COMPUTING, second)
        notes.append(stillness.note([still, moving, moving], float(second)))
    assert notes[:11] == [""] * 11
    assert all("a (rank 0)" in n and "b (rank 0)" in n for n in notes[11:])
    assert "for 13 s" in notes[13]
    assert stillness.note([entry(Phase.COMPUTING, 4), moving, moving], 14.0) == ""


def test_who_has_finished_may_stand_still(plan: Plan) -> None:
    stillness, done = Stillness(LAYOUT, plan, limit_s=1.0), entry(Phase.FINISHED)
    assert [stillness.note([done] * 3, t) for t in (0.0, 100.0)] == ["", ""]
