"""Show how far an analysis is: a live line on a terminal, plain lines elsewhere."""

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
    """Show what is done, how far along the parameter that is, and the time left of it.

    Parameters
    ----------
    console : Console
        Where to.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        # It is drawn when something is told, by no thread of its own; it goes when all is done, and the tables come.
        self._live = Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None
        self._what, self._lowest, self._highest = "", 1.0, 0.0
        self._began = self._printed = time.monotonic()

    def __enter__(self) -> Progress:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._live:
            self._live.stop()

    def show(self, what: str, done: float) -> None:
        """Show what is done, and to which part of the interval, from 0 to 1, it has come; a branch goes in both directions and may turn."""
        now = time.monotonic()
        if what != self._what:
            self._what, self._began, self._lowest, self._highest = what, now, done, done
        self._lowest, self._highest = min(self._lowest, done), max(self._highest, done)
        if self._live:
            table = Table.grid(padding=(0, 1))
            table.add_row(ProgressBar(1.0, self.covered, width=30), Text(self.text(now)))
            self._live.update(table, refresh=True)
        elif now - self._printed >= PLAIN_S:
            self._printed = now
            self._console.print(self.text(now), soft_wrap=True)

    @property
    def covered(self) -> float:
        """The part of the interval that was gone over."""
        return min(max(self._highest, 0.0), 1.0) - min(max(self._lowest, 0.0), 1.0)

    def text(self, now: float) -> str:
        """Return the line."""
        covered = self.covered
        if covered <= 0:
            return self._what
        left = (now - self._began) * (1 - covered) / covered
        return f"{self._what}, {100 * covered:.0f} %" + (f", about {left:.0f} s left" if covered < 1 else "")
