"""Share points out to processes of this machine, whichever is free, and take what they give in any order."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from typing import Any

from cosim.launch.leash import hold

AHEAD = 2
"""Points that a process holds: while it tells what one gave it has begun the next."""

Answer = Any
Request = tuple[str, int]
"""What is to be done, and with which point."""
Make = Callable[[], Callable[[Request], Answer]]


class Died(Exception):
    """Tell that the process died that held a point, and of what."""


class _Worker:
    """Hold one process, our end of the pipe to it, and the points that it was given."""

    def __init__(self, context: BaseContext, make: Make, others: Iterable[Connection]) -> None:
        self.here, there = context.Pipe()
        self.held: deque[Request] = deque()
        self.process: BaseProcess = context.Process(  # type: ignore[attr-defined]
            target=_serve, args=(there, os.getpid(), make, [self.here, *others]), daemon=False)
        self.process.start()
        there.close()

    def give(self, request: Request) -> None:
        self.held.append(request)
        with suppress(OSError):  # one that has died is noticed when it is asked
            self.here.send(request)

    def end(self) -> None:
        self.here.close()
        self.process.kill()
        self.process.join()


class Pool:
    """Have processes that all do the same with one point after the other.

    Parameters
    ----------
    count : int
        How many processes.
    make : callable
        Called once in each process; returns what is done with a point.
    """

    def __init__(self, count: int, make: Make) -> None:
        self._context = multiprocessing.get_context("fork" if sys.platform.startswith("linux") else "spawn")
        self._make = make
        self._workers: list[_Worker] = []
        for _ in range(count):
            self._workers.append(self._worker())

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.end()

    def answers(self, what: str, points: Iterable[int]) -> Iterator[tuple[int, Answer]]:
        """Yield what comes of doing something with each point as soon as it is there; `Died` where the process died that was at it."""
        left = deque((what, point) for point in points)
        for worker in [w for _ in range(AHEAD) for w in self._workers]:
            if left:
                worker.give(left.popleft())
        while any(w.held for w in self._workers):
            by_pipe = {w.here: w for w in self._workers if w.held}
            for pipe in wait(list(by_pipe)):
                worker = by_pipe[pipe]  # type: ignore[index]
                try:
                    answer = worker.here.recv()
                    _, point = worker.held.popleft()
                except (EOFError, OSError):
                    (_, point), answer = worker.held.popleft(), self._death(worker)
                    left.extendleft(reversed(worker.held))
                    worker = self._replace(worker)
                yield point, answer
                while left and len(worker.held) < AHEAD:
                    worker.give(left.popleft())

    def _worker(self) -> _Worker:
        return _Worker(self._context, self._make, [w.here for w in self._workers])

    def _replace(self, dead: _Worker) -> _Worker:
        dead.end()
        self._workers.remove(dead)
        fresh = self._worker()
        self._workers.append(fresh)
        return fresh

    def _death(self, worker: _Worker) -> Died:
        worker.process.join()
        code = worker.process.exitcode or 0
        if code >= 0:
            return Died(f"the process that ran it ended with status {code}")
        name = signal.Signals(-code).name if -code in list(signal.Signals) else "unknown"
        return Died(f"the process that ran it was killed by signal {-code} ({name})"
                    + (", by someone or by the system for lack of memory" if -code == signal.SIGKILL else ""))


def _serve(pipe: Connection, parent: int, make: Make, not_mine: Iterable[Connection]) -> None:
    """Do what is to be done with each point that comes, until the pipe is closed; who began the sweep is asked politely in our place."""
    hold(parent, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for other in not_mine:
        other.close()
    do = make()
    with suppress(EOFError, OSError):
        while True:
            pipe.send(do(pipe.recv()))
