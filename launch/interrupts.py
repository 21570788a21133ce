"""Take every polite request to end as Ctrl-C, and finish what must be finished before giving way to it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_POLITE = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if name in signal.Signals.__members__]


@contextmanager
def interruptible() -> Iterator[None]:
    """Take the end of a batch job's time and the loss of the terminal as Ctrl-C is taken.

    What the caller of this process has chosen to ignore (``nohup``) stays ignored.
    """
    with _handled(lambda handler: signal.default_int_handler if handler is signal.SIG_DFL else handler):
        yield


@contextmanager
def postponed() -> Iterator[Callable[[], None]]:
    """Only note requests to end, and raise KeyboardInterrupt where the caller asks: between its steps, never within one.

    Yields
    ------
    callable
        Raises KeyboardInterrupt when somebody has asked for an end.
    """
    asked: list[int] = []

    def raise_if_asked() -> None:
        if asked:
            raise KeyboardInterrupt

    with _handled(lambda handler: handler if handler is signal.SIG_IGN else lambda number, _: asked.append(number)):
        yield raise_if_asked


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let nobody interrupt what cleans up; it must take seconds only."""
    with _handled(lambda _: signal.SIG_IGN):
        yield


@contextmanager
def _handled(change: Callable[[object], object]) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():  # only the main thread is ever interrupted
        yield
        return
    before = {number: signal.getsignal(number) for number in _POLITE}
    for number, handler in before.items():
        signal.signal(number, change(handler))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
