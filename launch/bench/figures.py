"""Hold what one measurement gave, and put several together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from cosim.launch.bench.case import Census
from cosim.models.observe.spike_statistics import mean_rates


@dataclass(frozen=True, slots=True)
class Figures:
    """Hold what one simulator reached in one round.

    Parameters
    ----------
    who : str
        Which simulator, and on how many threads or ranks.
    rtf : float
        Real-time factor after the warm-up: wall time over simulated time.
    build_s : float
        Wall time until the network stood, ready to run, s.
    peak_rss_bytes : int
        Largest resident memory of its processes.
    rates_hz : tuple of float
        Mean rate of each population after the warm-up, Hz.
    events_per_s : float
        Synapses that spikes went through after the warm-up, for each s of wall time; those of the background not counted.
    compile_s : float
        Wall time of compiling, where it makes its program for each network, s; no part of `build_s`.
    """

    who: str
    rtf: float
    build_s: float
    peak_rss_bytes: int
    rates_hz: tuple[float, ...]
    events_per_s: float
    compile_s: float = 0.0


def from_spikes(who: str, rtf: float, build_s: float, peak_rss_bytes: int, ids: NDArray[np.int64], seconds: float, network: Census,
                compile_s: float = 0.0) -> Figures:
    """Return the figures of a round, of which the ids of all spikes in the measured seconds are known."""
    rates, first = [], 0
    for _, size in network.sizes:
        rates.append(float(mean_rates(ids, first, first + size, seconds).mean()))
        first += size
    events = sum(rate * size * out for rate, (_, size), out in zip(rates, network.sizes, network.outdegrees, strict=True))
    return Figures(who, rtf, build_s, peak_rss_bytes, tuple(rates), events / rtf, compile_s)


@dataclass(frozen=True, slots=True)
class Spread:
    """Hold the median and the range of one figure over all rounds."""

    median: float
    least: float
    most: float

    def __str__(self) -> str:
        if self.least == self.most:
            return f"{self.median:.3g}"
        return f"{self.median:.3g} ({self.least:.3g} to {self.most:.3g})"


def spread(values: Sequence[float]) -> Spread:
    """Return median and range."""
    return Spread(median(values), min(values), max(values))


@dataclass(frozen=True, slots=True)
class Summary:
    """Hold what one simulator reached in all rounds."""

    who: str
    rounds: tuple[Figures, ...]

    @property
    def rtf(self) -> Spread:
        """Real-time factor."""
        return spread([f.rtf for f in self.rounds])

    @property
    def build_s(self) -> Spread:
        """Wall time of building, s."""
        return spread([f.build_s for f in self.rounds])

    @property
    def peak_rss_bytes(self) -> Spread:
        """Largest resident memory."""
        return spread([f.peak_rss_bytes for f in self.rounds])

    @property
    def events_per_s(self) -> Spread:
        """Synaptic events for each s of wall time."""
        return spread([f.events_per_s for f in self.rounds])

    @property
    def compile_s(self) -> Spread:
        """Wall time of compiling, s."""
        return spread([f.compile_s for f in self.rounds])

    @property
    def rates_hz(self) -> tuple[float, ...]:
        """Mean rate of each population over all rounds, Hz."""
        return tuple(float(r) for r in np.mean([f.rates_hz for f in self.rounds], axis=0))


def summarised(figures: Sequence[Figures]) -> tuple[Summary, ...]:
    """Return one summary for each simulator, in the order of first appearance."""
    names = dict.fromkeys(f.who for f in figures)
    return tuple(Summary(name, tuple(f for f in figures if f.who == name)) for name in names)
