"""Show how far a run is: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from cosim.launch.follow import Course

PLAIN_S = 5.0
"""How often a plain line is printed where there is no terminal, seconds."""


class Progress:
    """Show simulated time, speed as real-time factor, time left and the share of time that each group waits.

    Parameters
    ----------
    console : Console
        Where to.
    duration_ms : float
        Simulated time of the whole run, ms.
    tick_ms : float
        Length of a tick, ms.
    """

    def __init__(self, console: Console, duration_ms: float, tick_ms: float) -> None:
        self._console, self._duration_ms, self._tick_ms = console, duration_ms, tick_ms
        self._live = Live(console=console, refresh_per_second=8, transient=False) if console.is_terminal else None
        self._started, self._printed = time.monotonic(), time.monotonic()
        self._first: float | None = None

    def __enter__(self) -> Progress:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._live:
            self._live.stop()

    def show(self, reached: int, courses: dict[str, Course], note: str = "") -> None:
        """Show the state of the run; `note` is what is worth telling beside it."""
        now = time.monotonic()
        if reached and self._first is None:
            self._first = max(c.began for c in courses.values())
        text = self._text(reached, courses, now)
        if self._live:
            table = Table.grid(padding=(0, 1))
            bar = ProgressBar(self._duration_ms, reached * self._tick_ms, width=30)
            table.add_row(bar, text)
            if note:
                table.add_row("", Text(note, "yellow"))
            self._live.update(table)
        elif now - self._printed >= PLAIN_S:
            self._printed = now
            self._console.print(text + (f"\n{note}" if note else ""), soft_wrap=True)

    def _text(self, reached: int, courses: dict[str, Course], now: float) -> str:
        simulated = reached * self._tick_ms
        if self._first is None or not simulated:
            return f"building for {now - self._started:.1f} s"
        done = simulated >= self._duration_ms  # what comes then is tidying up
        wall = max((max(c.ended for c in courses.values()) if done else now) - self._first, 1e-9)
        factor = 1000 * wall / simulated
        left = (self._duration_ms - simulated) / 1000 * factor
        waits = ", ".join(f"{g} waits {100 * c.waiting_share():.0f} %" for g, c in courses.items()) if len(courses) > 1 else ""
        rest = "done" if done else f"{left:.1f} s left"
        return f"{simulated:.0f} of {self._duration_ms:.0f} ms, real-time factor {factor:.2f}, {rest}" + (f"; {waits}" if waits else "")
