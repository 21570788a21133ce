"""Progress tells simulated time, pace, what is left and who waits, on a terminal and elsewhere."""

from __future__ import annotations

import io
import time

import pytest
from rich.console import Console

from cosim.launch import progress as module
from cosim.launch.follow import Course
from cosim.launch.progress import Progress
from cosim.record.journal import Completed


def course(began: float, windows: int, wait: float = 1.0, compute: float = 3.0) -> Course:
    made = Course(began=began)
    for i in range(windows):
        made.add(Completed(i, 10 * i, 10 * (i + 1), began + 4 * i, wait, 0.0, compute, 0.0, 0.0))
    return made


def shown(reached: int, courses: dict[str, Course], note: str = "", terminal: bool = False) -> str:
    text = io.StringIO()
    console = Console(file=text, force_terminal=terminal, width=200, markup=False, highlight=False)
    with Progress(console, 100.0, 0.1) as progress:
        progress.show(reached, courses, note)
    return text.getvalue()


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PLAIN_S", 0.0)


def test_before_the_first_window_it_says_that_things_are_built() -> None:
    assert shown(0, {"a": Course()}).startswith("building for 0.0 s")


def test_simulated_time_pace_rest_and_waiting_shares_are_told() -> None:
    courses = {"a": course(time.monotonic() - 10, 25), "b": course(time.monotonic() - 10, 25, wait=3.0, compute=1.0)}
    said = shown(250, courses)  # 25 ms in 10 s: 400 times slower than real time, 30 s left
    assert said.startswith("25 of 100 ms, real-time factor 400.")
    assert "30.0 s left" in said
    assert "a waits 25 %, b waits 75 %" in said


def test_a_single_group_waits_for_nobody() -> None:
    assert "waits" not in shown(250, {"a": course(time.monotonic() - 10, 25)})


@pytest.mark.parametrize("terminal", [False, True])
def test_a_note_is_shown_as_it_is(terminal: bool) -> None:
    assert "a [/red] (rank 0) waits" in shown(250, {"a": course(time.monotonic() - 1, 25)}, "a [/red] (rank 0) waits", terminal)


def test_plain_lines_come_now_and_then_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PLAIN_S", 3600.0)
    assert shown(250, {"a": course(time.monotonic() - 1, 25)}) == ""
