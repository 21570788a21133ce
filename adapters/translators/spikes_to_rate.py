"""Turn spikes into a rate: how many there were in the last `width`, per neuron."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from math import isfinite
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from cosim.blocks import Block, Kind, Samples, Spikes
from cosim.errors import InputError, Problem, ProtocolError, raise_all
from cosim.interfaces import Port, Translator, Unit
from cosim.registry import did_you_mean
from cosim.timegrid import Clock, in_ms


@dataclass(frozen=True, slots=True)
class SpikesToRateParameters:
    """Say how spikes become a rate.

    Parameters
    ----------
    width : float
        For how long a spike counts, ms; a multiple of the step of the source.
    populations : tuple of str
        Populations whose spikes count; all, when empty.
    pooled : bool
        Whether all chosen neurons share one channel, or each population has its own.
    before : float
        Rate before the run, Hz: what fills the boxcar where it reaches back beyond instant 0.
    """

    width: Annotated[float, Unit("ms")] = 20.0
    populations: tuple[str, ...] = ()
    pooled: bool = True
    before: Annotated[float, Unit("Hz")] = 0.0


class SpikesToRate(Translator):
    """Count spikes in a moving window (boxcar).

    A spike stamped T of one of N neurons adds ``1 / (N width)`` to the samples from the one stamped T on, for exactly `width`. So the
    integral of the rate times N is the number of spikes, exactly. Counts are kept as integers and divided once, so the result does not
    depend on how time is cut into windows. A constant rate `before` stands for what was up to instant 0 (for a source with a lead: up to
    that); spikes that the source tells from then count besides.
    Source: Kusch et al. 2024, Front. Neuroinform. 18:1156683 (the moving mean; there over 20 ms).
    """

    parameters = SpikesToRateParameters

    def __init__(self, parameters: SpikesToRateParameters, clock: Clock) -> None:
        self._parameters = parameters
        self._step = clock.step
        self._before, self._begin = parameters.before, 0
        if not (isfinite(parameters.before) and parameters.before >= 0):
            raise InputError(Problem(f"the rate before the run is {parameters.before:g} Hz", "before", "a finite number, 0 Hz or more"))
        width_ms, step_ms = Fraction(f"{parameters.width:.12g}") if isfinite(parameters.width) else Fraction(0), clock.tick_ms * clock.step
        if width_ms <= 0:
            raise InputError(Problem(f"the width {parameters.width:g} ms of a boxcar must be above 0", "width"))
        self._bins, rest = divmod(width_ms, step_ms)
        if rest:
            legal = [in_ms(bins * step_ms) for bins in (self._bins, self._bins + 1) if bins]
            raise InputError(Problem(f"the width {in_ms(width_ms)} of the boxcar is not a multiple of the source's step {in_ms(step_ms)}",
                                     "width", remedy=f"write {' or '.join(legal)}"))
        self._width_s = width_ms / 1000
        self._channel_of: NDArray[np.int64] = np.empty(0, np.int64)
        self._recent: NDArray[np.int64] = np.empty((self._bins, 0), np.int64)
        self._over: NDArray[np.float64] = np.empty(0)
        self._under: NDArray[np.float64] = np.empty(0)

    def describe(self, source: Port, target: Port) -> Port:
        """Return a rate in Hz: one channel, or one for each chosen population."""
        chosen = self._chosen(source)
        names = tuple(name for name, _, _ in chosen)
        labels = names if not self._parameters.pooled else ("+".join(names),) if self._parameters.populations else ()
        return replace(source, kind=Kind.RATE, unit="Hz", size=1 if self._parameters.pooled else len(chosen), labels=labels,
                       populations=(), at_rest=None)

    @property
    def runs_at_target(self) -> bool:
        """False: a rate is smaller than its spikes."""
        return False

    def prepare(self, source: Port, target: Port, key: int) -> None:
        """Begin with no spikes behind."""
        self._begin = source.lead
        size = self.describe(source, target).size
        neurons = [0] * size
        self._channel_of = np.full(source.size, size, np.int64)
        for number, (_, first, stop) in enumerate(self._chosen(source)):
            channel = 0 if self._parameters.pooled else number
            self._channel_of[first:stop] = channel
            neurons[channel] += stop - first
        # As a quotient of whole numbers, so that there is one rounding.
        neuron_seconds = [n * self._width_s for n in neurons]
        self._over = np.array([float(n.denominator) for n in neuron_seconds])
        self._under = np.array([float(n.numerator) for n in neuron_seconds])
        self._recent = np.zeros((self._bins, size), np.int64)

    def translate(self, block: Block, start: int, stop: int) -> Samples:
        """Turn spikes stamped in ``(start, stop]`` into the rate at ``..., stop - step, stop``, Hz."""
        if not isinstance(block, Spikes):
            raise ProtocolError("spikes_to_rate was given samples instead of spikes")
        steps, size = -((start - stop) // self._step), len(self._under)
        bins = steps - 1 - (stop - block.ticks) // self._step  # a spike in (t - step, t] counts in the sample at t
        if len(bins) and (bins.min() < 0 or block.ticks.max() > stop):
            raise ProtocolError(f"spikes_to_rate was given a spike outside of its window ({start}, {stop}]")
        cell = bins * (size + 1) + self._channel_of[block.ids]  # the last channel takes those that are not chosen
        new = np.bincount(cell, minlength=steps * (size + 1)).reshape(steps, size + 1)[:, :size]
        both = np.concatenate((self._recent, new))
        counts = self._recent.sum(axis=0) + np.cumsum(new - both[:steps], axis=0)
        self._recent = both[steps:]
        first = stop - (steps - 1) * self._step
        # Of the bins that each sample sums over, those that end at or before the beginning of the run.
        past = np.clip(self._bins + (self._begin - first) // self._step - np.arange(steps), 0, self._bins)
        return Samples(first, self._step, counts * self._over / self._under + self._before * (past / self._bins)[:, None])

    def save(self, group: Any) -> None:
        """Write the spike counts of the last `width`."""
        group.create_dataset("recent", data=self._recent)

    def restore(self, group: Any) -> None:
        """Take the spike counts of the last `width`."""
        self._recent = group["recent"][...].astype(np.int64)

    def _chosen(self, source: Port) -> list[tuple[str, int, int]]:
        """Return name, first neuron and the neuron after the last of each population that counts."""
        if source.kind is not Kind.SPIKES:
            raise InputError(Problem(f"spikes_to_rate cannot translate '{source.name}', which gives a {source.kind}", expected="spikes"))
        stops = [first for _, first in source.populations[1:]] + [source.size]
        known = {name: (name, first, stop) for (name, first), stop in zip(source.populations, stops, strict=False)}
        wanted = self._parameters.populations
        if not known and (wanted or not self._parameters.pooled):
            raise InputError(Problem(f"'{source.name}' does not tell its populations apart", where="populations",
                                     remedy="leave out 'populations' and 'pooled: false'"))
        problems = [Problem(f"'{source.name}' has no population '{name}'", "populations", remedy=did_you_mean(name, list(known)))
                    for name in wanted if name not in known]
        problems += [Problem(f"the population '{name}' is named twice", "populations", remedy="name it once")
                     for name in dict.fromkeys(wanted) if wanted.count(name) > 1]
        raise_all(problems)
        everyone = list(known.values()) or [("", 0, source.size)]
        chosen = [known[name] for name in wanted] or everyone
        empty = [name for name, first, stop in chosen if stop <= first]
        if len(empty) == len(chosen) or (empty and not self._parameters.pooled):
            names = ", ".join(f"'{name}'" for name in empty if name)
            raise InputError(Problem(f"'{source.name}' has no neuron to take the rate of" + (f" in {names}" if names else "")))
        return chosen
