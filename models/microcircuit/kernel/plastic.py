"""Set up the plastic synapses of one rank."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cosim.models.microcircuit.kernel._engine import Engine
from cosim.models.microcircuit.kernel._plastic import HISTORY_BYTES, SEGMENT_BYTES, STDP, SYNAPSE_BYTES, TSODYKS_MARKRAM, Plasticity
from cosim.models.microcircuit.kernel._projection import Projection as Drawn
from cosim.models.microcircuit.kernel.partition import Part
from cosim.models.microcircuit.network.data import Network, Projection
from cosim.models.microcircuit.network.plasticity import Stdp, TsodyksMarkram

_TRACKED = "a projection without plasticity has no place in this store"


@dataclass(frozen=True, slots=True)
class Changing:
    """Hold one plastic projection, ready to be drawn.

    Parameters
    ----------
    number : int
        Its number among the projections of the network.
    drawn : Drawn
        How its synapses are drawn.
    longest : int
        The most synapses that one source has onto this rank.
    """

    number: int
    drawn: Drawn
    longest: int


class Plastic:
    """The plastic synapses of one rank, by their projections.

    Parameters
    ----------
    engine : Engine
        The rank's engine, with room made; it uses the store from now on.
    network : Network
        The network.
    units : tuple of float
        For each target population: weight of one unit.
    step_ms : float
        Time step, ms.
    own : Part
        What is this rank's own.
    changing : list of Changing
        The plastic projections.
    """

    def __init__(self, engine: Engine, network: Network, units: tuple[float, ...], step_ms: float, own: Part,
                 changing: list[Changing]) -> None:
        self._network, self._part, self._engine = network, own, engine
        self._place = {c.number: i for i, c in enumerate(changing)}
        kept = dict.fromkeys(_kept(network.projections[c.number]) for c in changing)
        kept.pop(None, None)
        histories = {history: i for i, history in enumerate(kept)}
        runs = {int(population): (int(first), 64 * int(chunks)) for population, first, chunks, _ in own.runs}
        self._store = Plasticity(engine, len(changing), [
            (h[0], runs.get(h[0], (0, 0)), step_ms / h[1], h[2]) for h in kept if h is not None])
        for c in changing:
            p = network.projections[c.number]
            rule, history = p.plasticity, histories.get(_kept(p), 0)
            if isinstance(rule, Stdp):
                largest, part = rule.w_max / units[p.target], units[p.target] / rule.w_max
                self._store.add(c.drawn, STDP, history, largest, part, (step_ms / float(rule.tau_plus), 0.0),
                                (rule.rate, rule.alpha * rule.rate, rule.mu_plus, rule.mu_minus, 0.0), c.longest)
            elif isinstance(rule, TsodyksMarkram):
                rates = step_ms / float(rule.tau_rec), step_ms / float(rule.tau_fac) if rule.tau_fac else 0.0
                self._store.add(c.drawn, TSODYKS_MARKRAM, 0, 1.0, 1.0, rates, (0.0, 0.0, 0.0, 0.0, rule.use), c.longest)
            else:
                raise TypeError(_TRACKED)
        engine.attach(self._store)

    @property
    def sweeps(self) -> int:
        """How often synapses were looked at to make room for postsynaptic spikes."""
        return self._store.sweeps

    def synapses(self, number: int, least: int | None = None) -> NDArray[np.int64]:
        """Return id of source, id of target and delay in steps of this rank's synapses in one projection, (n, 3) int64.

        They are in the order of their sources; with `least` only those of the first sources, at least so many where there are.
        """
        found = self._store.synapses(self._place[number], 2**63 if least is None else least)
        runs = self._part.runs[np.searchsorted(self._part.runs[:, 1], found[:, 1], side="right") - 1]
        found[:, 0] += self._network.first_ids[self._network.projections[number].source]
        found[:, 1] += runs[:, 3]
        return found

    def relative_weights(self, number: int, now: int) -> NDArray[np.float64]:
        """Return the weights of one projection with `Stdp` as parts of w_max, in the order of `synapses`, (n,) float64.

        Parameters
        ----------
        number : int
            Number of the projection.
        now : int
            Step that the engine has reached. A weight holds what its synapse met until one delay before.
        """
        return self._store.weights(self._place[number], now)


def memory(network: Network, ages: int) -> int:
    """Return the memory that the plastic synapses of a network take, bytes."""
    total = 0
    kept = set()
    for p in network.projections:
        if p.plasticity is None:
            continue
        sources = network.populations[p.source].size
        total += network.count(p) * SYNAPSE_BYTES + min(network.count(p), sources * ages) * SEGMENT_BYTES + 8 * sources
        kept.add(_kept(p))
    return total + sum(HISTORY_BYTES * network.populations[history[0]].size for history in kept if history is not None)


def _kept(p: Projection) -> tuple[int, float, bool] | None:
    """Return which postsynaptic spikes a projection looks back on: population, tau_minus in ms, whether the last alone."""
    rule = p.plasticity
    return (p.target, float(rule.tau_minus), rule.pairing == "nearest") if isinstance(rule, Stdp) else None
