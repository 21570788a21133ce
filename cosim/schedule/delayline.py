"""Keep what has arrived on an edge until the window that needs it."""

from __future__ import annotations

import numpy as np

from cosim.blocks import Block, Kind, Samples, Spikes
from cosim.interfaces import Port
from cosim.timegrid import Window


class DelayLine:
    """Delay what one edge delivers, and cut out what a window of the target needs.

    Parameters
    ----------
    target : Port
        The port that takes the data.
    delay : int
        Delay of the coupling, ticks.
    step : int
        Step of the target group, ticks; where the source has another step, its last sample is held.
    weight : float
        Factor on samples.
    """

    def __init__(self, target: Port, delay: int, step: int, weight: float = 1.0) -> None:
        self._delay, self._lag, self._step, self._weight, self._size = delay, target.lag, step, weight, target.size
        self._spikes: Spikes | None = Spikes.none() if target.kind is Kind.SPIKES else None
        self._samples: Samples | None = None
        self._known: int | None = None  # not even what was before the first window

    def hold(self, value: float, until: int, step: int) -> None:
        """Take one value, already in the unit of the target port, as all that was before and at a source tick; samples follow each step."""
        self._samples = Samples(until, step, np.full((1, self._size), value))
        self._known = until

    def put(self, block: Block, known: int) -> None:
        """Add the next block; after it everything stamped up to the source tick `known` is there.

        Raises
        ------
        ValueError
            When it is of the other sort, or samples do not follow those that are there.
        """
        if isinstance(block, Spikes) is (self._spikes is None):
            raise ValueError("spikes and samples cannot stand in one delay line")
        self._known = known
        if isinstance(block, Spikes):
            self._spikes = Spikes.join(self._spikes or Spikes.none(), block)
        elif self._samples is None:
            self._samples = block.with_values(block.values * self._weight)
        elif len(block.values):
            before = self._samples
            if block.first != before.last + block.step or (len(before.values) > 1 and block.step != before.step):
                raise ValueError(f"samples from tick {block.first} on do not follow those up to tick {before.last}")
            rows = np.concatenate((before.values, block.values * self._weight))
            self._samples = Samples(block.first - len(before.values) * block.step, block.step, rows)

    def covers(self, window: Window, known: int | None = None) -> bool:
        """Return whether everything that a window needs is there, or would be if it were there up to the source tick `known`."""
        known = self._known if known is None else known
        return known is not None and known + self._delay + self._lag >= window.stop

    def take(self, window: Window) -> Block:
        """Return what a window needs, and forget what no later window can need."""
        shift = self._delay + self._lag
        if self._spikes is not None:
            until = int(np.searchsorted(self._spikes.ticks, window.stop - shift, side="right"))
            since = int(np.searchsorted(self._spikes.ticks, window.start - shift, side="right"))
            due = self._spikes.part(since, until).shifted(self._delay)
            self._spikes = self._spikes.part(until)
            return due
        instants = np.arange(window.start, window.stop + 1, self._step, dtype=np.int64) - shift
        if self._samples is None:
            return Samples(window.start - self._lag, self._step, np.zeros((len(instants), self._size)))
        have = self._samples
        rows = np.clip((instants - have.first) // have.step, 0, len(have.values) - 1)
        values = have.values[rows]
        keep = int(rows[-1])
        self._samples = Samples(have.first + keep * have.step, have.step, have.values[keep:])
        return Samples(window.start - self._lag, self._step, values)
