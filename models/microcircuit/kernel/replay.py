"""Deliver spikes that are known beforehand, such as those of virtual nodes, over synapses that are listed one by one."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from cosim.errors import InputError, Problem
from cosim.models.microcircuit.network.data import Replay
from cosim.models.microcircuit.network.wiring import delays_of, listed

_NEVER = 2.0**60  # steps, longer than any run
_GRAIN = 1e-6  # steps; times that are written in decimals lie this close to the grid that they are meant to be on


@dataclass(frozen=True, slots=True)
class Arriving:
    """Hold what arrives in some steps, in the order of the steps.

    Parameters
    ----------
    instants : (n,) int64
        When each arrives, steps.
    ids : (n,) int64
        The neuron.
    inputs : (n,) int64
        Which input of its kernel it feeds.
    weights : (n,) float64
        Its weight.
    offsets : (n,) float64 or None
        How much before the instant, steps, which only neurons with precise spike times look at; None where they arrive at the instant.
    """

    instants: NDArray[np.int64]
    ids: NDArray[np.int64]
    inputs: NDArray[np.int64]
    weights: NDArray[np.float64]
    offsets: NDArray[np.float64] | None = None


class Replayed:
    """Find what of one replay arrives in which step.

    Arrivals of one instant come in the order in which their spikes were sent, then in that of the synapses, so that sums of weights do
    not depend on where a window begins.

    Parameters
    ----------
    replay : Replay
        Spikes and synapses.
    step_ms : Fraction
        Time step, ms.
    first_id : int
        Id of the population's first neuron.
    fed : int
        Which input of its kernel the receptor feeds.
    """

    def __init__(self, replay: Replay, step_ms: Fraction, first_id: int, fed: int) -> None:
        sent = np.minimum(np.ceil(replay.times_ms / float(step_ms) - _GRAIN), _NEVER).astype(np.int64)
        if len(sent) and sent[0] < 1:
            raise InputError(Problem(f"a spike of {replay.name} is sent at {replay.times_ms[0]:g} ms", where=replay.where,
                                     expected="times above 0", remedy="shift the spikes, or leave out those that are too early"))
        self._sent, self._senders, self._fed = sent, replay.senders, fed
        self._offsets = np.maximum(sent - replay.times_ms / float(step_ms), 0.0)
        self._ids, self._weights = replay.edges.targets + first_id, listed(replay.edges.weights)
        self._delays = delays_of(replay.edges, replay.name, replay.where, step_ms)
        self._longest = int(self._delays.max(initial=1))
        senders = int(max(replay.senders.max(initial=-1), replay.edges.sources.max(initial=-1))) + 1
        self._begin = np.searchsorted(replay.edges.sources, np.arange(senders + 1))

    def arriving(self, first: int, last: int) -> Arriving:
        """Return what arrives after instant `first`, up to instant `last`, steps."""
        spikes = slice(*np.searchsorted(self._sent, (first - self._longest, last), side="right"))
        senders, sent, offsets = self._senders[spikes], self._sent[spikes], self._offsets[spikes]
        counts = self._begin[senders + 1] - self._begin[senders]
        edge = np.arange(counts.sum()) + np.repeat(self._begin[senders] - (np.cumsum(counts) - counts), counts)
        instants = np.repeat(sent, counts) + self._delays[edge]
        here = np.flatnonzero((instants > first) & (instants <= last))
        here = here[np.argsort(instants[here], kind="stable")]
        return Arriving(instants[here], self._ids[edge[here]], np.full(len(here), self._fed), self._weights[edge[here]],
                        np.repeat(offsets, counts)[here])


def merged(parts: list[Arriving]) -> Arriving:
    """Return the arrivals of several sources as one; at one instant, in the order of the sources."""
    instants = np.concatenate([p.instants for p in parts])
    order = np.argsort(instants, kind="stable")
    offsets = np.concatenate([np.zeros(len(p.ids)) if p.offsets is None else p.offsets for p in parts])
    return Arriving(instants[order], np.concatenate([p.ids for p in parts])[order], np.concatenate([p.inputs for p in parts])[order],
                    np.concatenate([p.weights for p in parts])[order], offsets[order])
