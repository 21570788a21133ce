"""A component that goes wrong in the way and the window that a test asks for."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from cosim.blocks import Block, Kind, Samples
from cosim.errors import RunError
from cosim.interfaces import Component, Context, Description, Port
from cosim.timegrid import Clock, Window


@dataclass(frozen=True, slots=True)
class Parameters:
    """Choose the mishap.

    Parameters
    ----------
    what : str
        What goes wrong; 'nothing' for nothing.
    window : int
        In which window.
    rank : int
        On which rank of the group.
    pace : float
        Seconds that every window takes.
    """

    what: Literal["nothing", "raise", "tell", "kill", "exit", "stop", "wrong shape", "nan", "single", "missing port", "build",
                  "segfault"] = "nothing"
    window: int = 5
    rank: int = 0
    pace: float = 0.0


class Mishap(Component):
    """Count windows, until something goes wrong."""

    parameters = Parameters

    def __init__(self, parameters: Parameters, clock: Clock) -> None:
        self._p, self._step = parameters, clock.step

    def describe(self) -> Description:
        return Description(outputs=(Port("count", Kind.STATE, "1", 1),), inputs=(Port("in", Kind.STATE, "1", 1),), max_ranks=8)

    def prepare(self, context: Context) -> None:
        self._ranks = context.ranks
        if self._p.what == "build":
            raise RunError("the spring is broken")

    def initial(self) -> Mapping[str, Block]:
        return {"count": Samples(0, self._step, np.zeros((1, 1)))}

    def advance(self, window: Window, inputs: Mapping[str, Block]) -> Mapping[str, Block]:
        if self._p.pace:
            time.sleep(self._p.pace)
        rows, size = window.length // self._step, 1
        if window.index == self._p.window and self._ranks.rank == self._p.rank:
            if self._p.what == "missing port":
                return {}
            size = 2 if self._p.what == "wrong shape" else 1
            self._go_wrong()
        self._ranks.barrier()
        value = np.nan if self._p.what == "nan" and window.index == self._p.window else float(window.index)
        values = np.full((rows, size), value)
        return {"count": Samples(window.start + self._step, self._step, values.astype(np.float32) if self._p.what == "single" else values)}

    def close(self, reason: str | None = None) -> None:
        sys.stderr.write(f"mishap closed: {reason}\n")

    def _go_wrong(self) -> None:
        match self._p.what:
            case "raise":
                raise ZeroDivisionError("the wheels came off")
            case "tell":
                raise RunError("neuron 7 diverged at tick 50")
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "stop":
                os.kill(os.getpid(), signal.SIGSTOP)
            case "segfault":
                os.kill(os.getpid(), signal.SIGSEGV)
            case "exit":
                os._exit(3)
