"""Carry what a port gives or takes in one window: spikes, or samples of a rate, a current or a state."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class Kind(StrEnum):
    """Name what flows through a port."""

    SPIKES = "spikes"
    RATE = "rate"
    CURRENT = "current"
    STATE = "state"


@dataclass(frozen=True, slots=True)
class Spikes:
    """Hold the spikes of one window, sorted by tick, then by id.

    Parameters
    ----------
    ticks : (n_spikes,) int64
        Instant of each spike: the tick reached by the step in which it happened.
    ids : (n_spikes,) int64
        Channel of each spike, from 0 to the size of the port minus 1. The same pair may occur more than once.
    """

    ticks: NDArray[np.int64]
    ids: NDArray[np.int64]

    @staticmethod
    def none() -> Spikes:
        """Return a block without any spike."""
        return Spikes(np.empty(0, np.int64), np.empty(0, np.int64))

    @staticmethod
    def sort(ticks: NDArray[np.int64], ids: NDArray[np.int64]) -> Spikes:
        """Return a block from spikes in any order."""
        order = np.lexsort((ids, ticks))
        return Spikes(np.ascontiguousarray(ticks[order], np.int64), np.ascontiguousarray(ids[order], np.int64))

    def shifted(self, ticks: int) -> Spikes:
        """Return the same spikes so many ticks later."""
        return Spikes(self.ticks + ticks, self.ids)


@dataclass(frozen=True, slots=True)
class Samples:
    """Hold samples at instants ``first, first + step, ...``, one row an instant, one column a channel.

    Parameters
    ----------
    first : int
        Tick of the first sample.
    step : int
        Ticks from one sample to the next.
    values : (n_samples, size) float64
        The samples, in the unit of the port.
    """

    first: int
    step: int
    values: NDArray[np.float64]

    @property
    def ticks(self) -> NDArray[np.int64]:
        """Instants of the samples, (n_samples,) int64."""
        return self.first + self.step * np.arange(len(self.values), dtype=np.int64)

    @property
    def last(self) -> int:
        """Tick of the last sample; one step before `first` when there is none."""
        return self.first + self.step * (len(self.values) - 1)

    def shifted(self, ticks: int) -> Samples:
        """Return the same samples so many ticks later."""
        return Samples(self.first + ticks, self.step, self.values)

    def with_values(self, values: NDArray[np.float64]) -> Samples:
        """Return other values at the same instants."""
        return Samples(self.first, self.step, values)


Block = Spikes | Samples
