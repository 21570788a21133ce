"""Compare two simulations by the distributions of what is measured on their spikes, population by population."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from cosim.launch.validate.spikes import Sizes, SpikeSet, bounds
from cosim.models.observe.spike_statistics import count_correlations, distance, interval_cvs, mean_rates, sampling_distance, subsample


class Quantity(StrEnum):
    """Name what is measured."""

    RATE = "rate"
    CV = "ISI CV"
    CORRELATION = "correlation"


class Verdict(StrEnum):
    """Say how our distance stands to that between seeds of the reference."""

    HOLDS = "no larger than between seeds"
    SAMPLING = "no larger than chance makes it"
    LARGER = "larger than between seeds"
    UNKNOWN = "nothing to compare"


@dataclass(frozen=True, slots=True)
class Measured:
    """Hold what was measured on one simulation.

    Parameters
    ----------
    values : dict of (str, Quantity) to (n,) float64
        By population and quantity, in Hz or 1.
    halves : dict of str to float
        For each population, the distance of the correlations in the first half of the time from those in the second.
    """

    values: dict[tuple[str, Quantity], NDArray[np.float64]]
    halves: dict[str, float]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Hold what was found for one quantity of one population.

    Parameters
    ----------
    population : str
        The population.
    quantity : Quantity
        What was measured.
    means : tuple of float
        Mean of ours, and of each reference, in the unit of the quantity.
    ours : tuple of float
        Kolmogorov-Smirnov distances from ours to each reference.
    between : tuple of float
        The same between all pairs of references; empty where there is but one.
    sampling : float
        What two independent samples of one distribution exceed in one case of twenty. Correlations are not independent, as pairs share
        neurons and all share the ups and downs of the population: for them, the largest distance between the halves of one reference.
    """

    population: str
    quantity: Quantity
    means: tuple[float, ...]
    ours: tuple[float, ...]
    between: tuple[float, ...]
    sampling: float

    @property
    def distance(self) -> float:
        """Mean of our distances."""
        return float(np.mean(self.ours))

    @property
    def largest_between(self) -> float:
        """The largest distance between two seeds of the reference; NaN where there is but one."""
        return max(self.between, default=float("nan"))

    @property
    def verdict(self) -> Verdict:
        """Whether ours is as near to the references as they are to each other."""
        if np.isnan(self.distance):
            return Verdict.UNKNOWN
        if self.distance <= self.largest_between:
            return Verdict.HOLDS
        if self.distance <= self.sampling:
            return Verdict.SAMPLING
        return Verdict.LARGER if self.between else Verdict.UNKNOWN


def measure(spikes: SpikeSet, sizes: Sizes, start_ms: float, stop_ms: float) -> Measured:
    """Return what is measured on every population within ``(start_ms, stop_ms]``."""
    inside = (spikes.times_ms > start_ms) & (spikes.times_ms <= stop_ms)
    times, ids = spikes.times_ms[inside], spikes.ids[inside]
    found: dict[tuple[str, Quantity], NDArray[np.float64]] = {}
    halves, middle = {}, (start_ms + stop_ms) / 2
    for name, (first, stop) in bounds(sizes).items():
        own = (ids >= first) & (ids < stop)
        found[name, Quantity.RATE] = mean_rates(ids[own], first, stop, (stop_ms - start_ms) / 1000)
        found[name, Quantity.CV] = interval_cvs(times[own], ids[own], first, stop)
        whole, early, late = (count_correlations(times[own], ids[own], subsample(first, stop), *stretch)
                              for stretch in ((start_ms, stop_ms), (start_ms, middle), (middle, stop_ms)))
        found[name, Quantity.CORRELATION], halves[name] = whole, distance(early, late)
    return Measured(found, halves)


def compare(ours: Measured, references: Sequence[Measured]) -> list[Comparison]:
    """Return the comparison of every quantity of every population, in the order of the populations."""
    found = []
    for key, mine in ours.values.items():
        theirs = [r.values[key] for r in references]
        if key[1] is Quantity.CORRELATION:
            sampling = max(r.halves[key[0]] for r in references)
        else:
            sampling = min(sampling_distance(len(mine), len(t)) for t in theirs)
        means = tuple(float(v.mean()) if len(v) else float("nan") for v in (mine, *theirs))
        found.append(Comparison(*key, means, tuple(distance(mine, t) for t in theirs),
                                tuple(distance(a, b) for a, b in combinations(theirs, 2)), sampling))
    return found
