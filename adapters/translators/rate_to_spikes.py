"""Turn rates into spikes: superposed Poisson, independent between neurons and steps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cosim.adapters.translators._poisson import events
from cosim.adapters.translators.invalid import Limit, Policy
from cosim.blocks import Block, Kind, Samples, Spikes
from cosim.errors import InputError, Problem, ProtocolError
from cosim.interfaces import Port, Translator
from cosim.timegrid import Clock

_LARGEST_MEAN = 50.0
_CELLS_AT_ONCE = 1 << 22


@dataclass(frozen=True, slots=True)
class RateToSpikesParameters:
    """Say how a rate becomes spikes.

    Parameters
    ----------
    synapses : float
        How many independent sources of this rate each neuron has.
    invalid : {'error', 'clip'}
        What to do with a rate below 0 or NaN: end the run, or take 0 and count.
    """

    synapses: float = 1.0
    invalid: Policy = "error"


class RateToSpikes(Translator):
    """Give every neuron of the target its own Poisson spikes.

    In each step of the source, each neuron gets a Poisson number of spikes with the mean ``synapses * rate * step``, stamped with the
    instant of the rate sample. The numbers depend on nothing but the stream of the coupling, the neuron and the number of the step; so they
    are the same for any window length and any tick. A rate port of one channel feeds all neurons; one of as many channels as the target has
    populations feeds each population, by name where the names agree, else in order; one of as many channels as neurons feeds each neuron.
    """

    parameters = RateToSpikesParameters

    def __init__(self, parameters: RateToSpikesParameters, clock: Clock) -> None:
        self._parameters = parameters
        self._clock = clock
        if not (parameters.synapses >= 0 and isfinite(parameters.synapses)):
            raise InputError(Problem(f"{parameters.synapses:g} is no number of synapses", "synapses", "a number from 0 up"))
        self._mean_per_hz = parameters.synapses * (clock.step_ms / 1000)
        self._key = 0
        self._order: NDArray[np.int64] = np.empty(0, np.int64)
        self._first: NDArray[np.int64] = np.zeros(1, np.int64)
        self._limit: Limit | None = None

    def describe(self, source: Port, target: Port) -> Port:
        """Return spikes for each neuron of the target."""
        self._feeds(source, target)
        return replace(source, kind=Kind.SPIKES, unit="1", size=target.size, labels=target.labels, populations=target.populations,
                       at_rest=None)

    @property
    def runs_at_target(self) -> bool:
        """True: spikes are larger than their rate."""
        return True

    @property
    def clipped(self) -> int:
        """Rates that were below 0 or NaN and have been taken for 0."""
        return self._limit.clipped if self._limit else 0

    def prepare(self, source: Port, target: Port, key: int) -> None:
        """Find out which channel feeds which neurons."""
        self._order, self._first = self._feeds(source, target)
        self._key = key
        self._limit = Limit(self._parameters.invalid, "the rate", source, self._clock)

    def translate(self, block: Block, start: int, stop: int) -> Spikes:
        """Turn rates stamped in ``(start, stop]``, Hz, into spikes at the same instants."""
        if not isinstance(block, Samples) or self._limit is None:
            raise ProtocolError("rate_to_spikes was given spikes instead of samples, or has not been prepared")
        rates = self._limit.check(block)
        means = rates * self._mean_per_hz
        if means.size and means.max() > _LARGEST_MEAN:
            row, channel = (int(i) for i in np.argwhere(means > _LARGEST_MEAN)[0])
            raise self._limit.refusal(block, row, channel, f"with {self._parameters.synapses:g} synapses a neuron would get "
                                      f"{means[row, channel]:.6g} spikes in one step of {self._clock.step_ms:g} ms, but at most "
                                      f"{_LARGEST_MEAN:g} are drawn: check the unit of the rate and 'synapses'")
        means = np.ascontiguousarray(means[:, self._order])
        numbers, after = np.divmod(block.ticks, self._clock.step)  # random numbers are counted in steps, so that the tick changes none
        rows = max(1, _CELLS_AT_ONCE // max(1, int(self._first[-1])))
        parts = [events(self._key, numbers[row:row + rows], means[row:row + rows], self._first) for row in range(0, len(numbers), rows)]
        if not parts:
            return Spikes.none()
        return Spikes(np.concatenate([when for when, _ in parts]) * self._clock.step + after[0], np.concatenate([who for _, who in parts]))

    def remarks(self) -> tuple[str, ...]:
        """Return how many values were clipped."""
        return self._limit.remarks() if self._limit else ()

    def save(self, group: Any) -> None:
        """Write how much was clipped."""
        if self._limit is not None:
            self._limit.save(group)

    def restore(self, group: Any) -> None:
        """Take how much was clipped."""
        if self._limit is not None:
            self._limit.restore(group)

    def _feeds(self, source: Port, target: Port) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the channels in the order of the neurons they feed, and the first neuron of each and the number of neurons."""
        if source.kind is not Kind.RATE or source.unit != "Hz":
            raise InputError(Problem(f"rate_to_spikes cannot translate '{source.name}', which gives {source.kind} in {source.unit}",
                                     expected="a rate in Hz"))
        if target.kind is not Kind.SPIKES:
            raise InputError(Problem(f"rate_to_spikes gives spikes, but '{target.name}' takes {target.kind}"))
        size, names = source.size, [name for name, _ in target.populations]
        if size == 1:
            return np.zeros(1, np.int64), np.array([0, target.size], np.int64)
        if size == len(names) and target.populations[0][1] == 0:
            by_name = sorted(source.labels) == sorted(names)
            order = [source.labels.index(name) for name in names] if by_name else list(range(size))
            return np.array(order, np.int64), np.array([first for _, first in target.populations] + [target.size], np.int64)
        if size == target.size:
            return np.arange(size), np.arange(size + 1)
        populations = f", {len(names)} (one for each population)" if names else ""
        raise InputError(Problem(f"'{source.name}' gives {size} rates, and '{target.name}' has {target.size} neurons",
                                 expected=f"1 rate{populations} or {target.size} (one for each neuron)"))
