"""Show how far a sweep is: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from cosim.launch.progress import PLAIN_S


class Progress:
    """Show how many points are done, how many of them failed, and the time left.

    Parameters
    ----------
    console : Console
        Where to.
    doing : str
        What is done with the points, such as 'checked'.
    total, before : int
        Points there are, and those that were done before this began.
    """

    def __init__(self, console: Console, doing: str, total: int, before: int = 0) -> None:
        self._console, self._doing, self._total, self._before = console, doing, total, before
        # Drawn when a point is done, by no thread of its own: processes are begun while it is shown.
        self._live = Live(console=console, auto_refresh=False) if console.is_terminal else None
        self._began = self._printed = time.monotonic()
        self._shown = 0.0

    def __enter__(self) -> Progress:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._live:
            self._live.stop()

    def show(self, done: int, failed: int = 0) -> None:
        """Show that so many points are done, those from before counted, and how many of them failed."""
        now = time.monotonic()
        if self._live and (now - self._shown > 0.1 or done == self._total):
            self._shown = now
            table = Table.grid(padding=(0, 1))
            table.add_row(ProgressBar(self._total, done, width=30), Text(self.text(done, failed, now)))
            self._live.update(table, refresh=True)
        elif not self._live and now - self._printed >= PLAIN_S:
            self._printed = now
            self._console.print(self.text(done, failed, now), soft_wrap=True)

    def text(self, done: int, failed: int, now: float) -> str:
        """Return the line."""
        fresh = done - self._before
        left = (now - self._began) / fresh * (self._total - done) if fresh else 0.0
        failing = f", {failed} failed" if failed else ""
        rest = "" if done == self._total else f", {_duration(left)} left" if fresh else ""
        return f"{done:,} of {self._total:,} points {self._doing}{failing}{rest}"


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
