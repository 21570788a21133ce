"""Hold spikes that came from a file, or go into one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cosim.errors import InputError, Problem
from cosim.registry import did_you_mean


@dataclass(frozen=True, slots=True, eq=False)
class SpikeTrains:
    """Hold the spikes of many neurons, sorted by time, then by id.

    Parameters
    ----------
    times_ms : (n,) float64
        When each spike was, ms.
    ids : (n,) int64
        Which neuron it was of.
    populations : tuple of (str, int)
        Name and first id of each population in ascending order of ids, or empty. A population reaches up to the next one.
    """

    times_ms: NDArray[np.float64]
    ids: NDArray[np.int64]
    populations: tuple[tuple[str, int], ...] = ()

    def __len__(self) -> int:
        return len(self.ids)

    def of(self, population: str) -> SpikeTrains:
        """Return the spikes of one population, its neurons numbered from 0; raise `InputError` when there is none of that name."""
        names = [name for name, _ in self.populations]
        if population not in names:
            raise InputError(Problem(f"there is no population '{population}' among the spikes", remedy=did_you_mean(population, names)))
        at = names.index(population)
        first = self.populations[at][1]
        here = self.ids >= first
        if at + 1 < len(names):
            here &= self.ids < self.populations[at + 1][1]
        return SpikeTrains(self.times_ms[here], self.ids[here] - first, ((population, 0),))


def spike_trains(times_ms: NDArray[np.float64], ids: NDArray[np.int64], populations: tuple[tuple[str, int], ...] = (),
                 where: str = "") -> SpikeTrains:
    """Return spikes in order, from arrays in any order.

    Parameters
    ----------
    times_ms : (n,) float64
        When each spike was, ms.
    ids : (n,) int64
        Which neuron it was of.
    populations : tuple of (str, int)
        Name and first id of each population.
    where : str
        Where the spikes come from, for errors.

    Raises
    ------
    InputError
        When there are not as many times as ids, a time is not finite, or an id is negative.
    """
    times_ms, ids = np.asarray(times_ms, np.float64), np.asarray(ids, np.int64)
    if times_ms.shape != ids.shape or ids.ndim != 1:
        raise InputError(Problem(f"there are {times_ms.size:,} times and {ids.size:,} ids of spikes", where=where,
                                 expected="one time and one id for each spike"))
    if not np.isfinite(times_ms).all():
        at = int(np.argmax(~np.isfinite(times_ms)))
        raise InputError(Problem(f"the time of spike {at}, of neuron {ids[at]}, is {times_ms[at]:g} ms", where=where,
                                 expected="a finite time"))
    if len(ids) and ids.min() < 0:
        raise InputError(Problem(f"spike {int(np.argmin(ids))} is of neuron {ids.min()}", where=where, expected="ids of at least 0"))
    if not _in_order(times_ms, ids):
        order = np.lexsort((ids, times_ms))
        times_ms, ids = times_ms[order], ids[order]
    return SpikeTrains(times_ms, ids, tuple(sorted(populations, key=lambda population: population[1])))


def joined(*parts: SpikeTrains) -> SpikeTrains:
    """Return the spikes of several files as one, such as those that each thread of a simulator wrote; ids and populations stay."""
    populations = dict.fromkeys(population for part in parts for population in part.populations)
    return spike_trains(np.concatenate([np.empty(0), *(p.times_ms for p in parts)]),
                        np.concatenate([np.empty(0, np.int64), *(p.ids for p in parts)]), tuple(populations))


def _in_order(times_ms: NDArray[np.float64], ids: NDArray[np.int64]) -> bool:
    later, same = times_ms[1:] > times_ms[:-1], times_ms[1:] == times_ms[:-1]
    return bool((later | (same & (ids[1:] >= ids[:-1]))).all())
