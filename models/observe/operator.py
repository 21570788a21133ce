"""What turns states of regions into what an instrument sees, block by block."""

from __future__ import annotations

from abc import ABC, abstractmethod
from fractions import Fraction
from typing import final

import numpy as np
from numpy.typing import NDArray

from cosim.blocks import Samples
from cosim.errors import InputError, Problem, RunError
from cosim.interfaces import Port
from cosim.timegrid import Clock, in_ms

Array = NDArray[np.float64]


class Operator(ABC):
    """Take consecutive blocks of samples and give what comes out of each, with its state carried from block to block.

    The first sample taken is stamped one step after instant 0; what comes out is stamped `every`, ``2 every``, ... What comes out
    does not depend, not even in the last bit, on where one block ends and the next begins.

    Parameters
    ----------
    port : Port
        What comes out: kind, unit, size, labels.
    size : int
        Number of channels taken.
    step, every : int
        Ticks between two samples taken, and between two samples given; `every` is a multiple of `step`.
    """

    def __init__(self, port: Port, size: int, step: int, every: int) -> None:
        self.port, self.size, self.step, self.every = port, size, step, every
        self._at = 0

    @final
    def take(self, block: Samples) -> Samples:
        """Return what comes out of the next block.

        Parameters
        ----------
        block : Samples
            (n, size) values in the unit of what is taken; n may be 0.

        Returns
        -------
        Samples
            (m, port.size) values in the unit of the port, m the number of multiples of `every` that the block reaches.

        Raises
        ------
        RunError
            When the block does not follow the one before, or has another step or number of channels.
        """
        values = block.values
        if values.shape[1] != self.size or block.step != self.step or (len(values) and block.first != self._at + self.step):
            raise RunError(f"'{self.port.name}' was given {values.shape[1]} channels from tick {block.first} on, every {block.step} ticks; "
                           f"it takes {self.size} channels from tick {self._at + self.step} on, every {self.step} ticks")
        first = self.every * (self._at // self.every + 1)
        out = self._apply(np.ascontiguousarray(values, np.float64), self._at)
        self._at += self.step * len(values)
        return Samples(first, self.every, out)

    @abstractmethod
    def _apply(self, values: Array, at: int) -> Array:
        """Return the rows that come out of (n, size) rows stamped ``at + step, ...``."""


class Chain(Operator):
    """Let one operator take what another gives.

    Parameters
    ----------
    *links : Operator
        Operators, each with the size and step of what the one before gives.
    port : Port
        What the last one gives.
    """

    def __init__(self, port: Port, *links: Operator) -> None:
        super().__init__(port, links[0].size, links[0].step, links[-1].every)
        self._links = links

    def _apply(self, values: Array, at: int) -> Array:
        block = Samples(at + self.step, self.step, values)
        for link in self._links:
            block = link.take(block)
        return block.values


def whole(time_ms: Fraction, clock: Clock, what: str, key: str) -> int:
    """Return a time as ticks, a whole multiple of the step of what is taken.

    Parameters
    ----------
    time_ms : Fraction
        The time, ms.
    clock : Clock
        Tick and step of what is taken.
    what, key : str
        How to call the time, and the key it was written under.

    Raises
    ------
    InputError
        When it is shorter than a step, or no multiple of it.
    """
    step_ms = clock.tick_ms * clock.step
    steps, rest = divmod(time_ms, step_ms)
    if steps < 1:
        raise InputError(Problem(f"the {what} {in_ms(time_ms)} is finer than the step {in_ms(step_ms)} of what is taken", key,
                                 "one step or more", f"write {in_ms(step_ms)} or more, or take samples more often"))
    if rest:
        legal = " or ".join(in_ms(n * step_ms) for n in (steps, steps + 1))
        raise InputError(Problem(f"the {what} {in_ms(time_ms)} is not a multiple of the step {in_ms(step_ms)} of what is taken", key,
                                 "a whole number of steps", f"write {legal}"))
    return int(steps) * clock.step
