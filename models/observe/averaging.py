"""Mean over a period, or every so-manieth sample."""

from __future__ import annotations

import numpy as np

from cosim.interfaces import Port
from cosim.models.observe.operator import Array, Operator


class TemporalAverage(Operator):
    """Give the mean of all samples stamped in ``(t - every, t]``, at t.

    Samples are added one after the other, oldest first, and divided once, so that the bits do not depend on blocks.
    """

    def __init__(self, port: Port, size: int, step: int, every: int) -> None:
        super().__init__(port, size, step, every)
        self._length, self._count = every // step, 0
        self._sum: Array = np.zeros(size)

    def _apply(self, values: Array, at: int) -> Array:
        out = []
        if self._count:
            head, values = values[: self._length - self._count], values[self._length - self._count :]
            self._sum = np.add.accumulate(np.concatenate((self._sum[None], head)))[-1]
            self._count += len(head)
            if self._count == self._length:
                out.append(self._sum[None])
                self._count = 0
        whole = len(values) // self._length
        if whole:
            bins = values[: whole * self._length].reshape(whole, self._length, self.size)
            out.append(np.add.accumulate(bins, axis=1)[:, -1])
        tail = values[whole * self._length :]
        if len(tail):
            self._sum, self._count = np.add.accumulate(tail)[-1], len(tail)
        return np.concatenate(out) / self._length if out else np.empty((0, self.size))


class Subsample(Operator):
    """Give the samples stamped with multiples of `every`, unchanged."""

    def _apply(self, values: Array, at: int) -> Array:
        ratio = self.every // self.step
        return values[ratio - 1 - (at // self.step) % ratio :: ratio]


class History:
    """Keep the last rows of a growing record, so that the newest of them lie together in memory.

    Parameters
    ----------
    length, size : int
        How many rows are kept, and channels of each; before the first row all were `before`.
    before : float
        What was before.
    """

    def __init__(self, length: int, size: int, before: float = 0.0) -> None:
        self._length = length
        self._rows = np.full((max(2 * length, length + 64), size), before)
        self._end = length

    def append(self, rows: Array) -> None:
        """Add at most `length` rows."""
        if self._end + len(rows) > len(self._rows):
            self._rows[: self._length] = self._rows[self._end - self._length : self._end].copy()
            self._end = self._length
        self._rows[self._end : self._end + len(rows)] = rows
        self._end += len(rows)

    def last(self) -> Array:
        """Return the last `length` rows, oldest first; a view."""
        return self._rows[self._end - self._length : self._end]
