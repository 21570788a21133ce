"""Give the weights of synapses that change on output ports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from cosim.blocks import Kind
from cosim.errors import Problem
from cosim.interfaces import Port, Ranks
from cosim.models.microcircuit.kernel.plastic import Plastic
from cosim.models.microcircuit.network.data import Network
from cosim.models.microcircuit.network.plasticity import Stdp

Number = TypeVar("Number", bound=np.generic)
_PARTS = 2.0**32  # weights are added as whole numbers of w_max / 2^32, so that the order does not matter


class WeightPorts:
    """The ports ``mean_weight`` and ``weights``: of each projection with `Stdp` the mean, and the weights of its first synapses.

    Parameters
    ----------
    network : Network
        The network as it is run.
    every : int
        Steps from one reading to the next; what was read last is held between. 0 for no ports.
    sample : int
        How many synapses of each projection, in the order of source, target and delay.
    """

    def __init__(self, network: Network, every: int, sample: int) -> None:
        self._network, self.every = network, every
        learning = [i for i, p in enumerate(network.projections) if isinstance(p.plasticity, Stdp) and network.count(p)]
        self._numbers = learning if every else []
        self._sizes = [min(sample, network.count(network.projections[i])) for i in self._numbers]
        self._held: dict[str, NDArray[np.float64]] = {}
        self._rows: dict[str, list[NDArray[np.float64]]] = {}
        self._mine: list[NDArray[np.int64]] = []
        self._order: list[NDArray[np.int64]] = []

    def problems(self) -> list[Problem]:
        """Return why there cannot be such ports."""
        if not self.every:
            return []
        if not self._numbers:
            return [Problem("no weights of this network change by spike timing", where="weights_every",
                            remedy="leave it out, or give a synapse 'plasticity: {stdp: ...}'")]
        units = {self._unit(i) for i in self._numbers}
        return [Problem(f"the weights that change have several units: {', '.join(sorted(units))}", where="weights_every",
                        expected="one unit, as they share a port", remedy="leave it out")] if len(units) > 1 else []

    def ports(self) -> list[Port]:
        """Return the ports."""
        if not self._numbers:
            return []
        names = [self._network.projections[i].name for i in self._numbers]
        names = [f"{name} ({names[:i].count(name) + 1})" if names.count(name) > 1 else name for i, name in enumerate(names)]
        labels = tuple(f"{name}: {j}" for name, size in zip(names, self._sizes, strict=True) for j in range(size))
        unit = self._unit(self._numbers[0])
        found = [Port("mean_weight", Kind.STATE, unit, len(names), labels=tuple(names), about="Mean weight of each projection with STDP.")]
        if labels:
            found.append(Port("weights", Kind.STATE, unit, len(labels), labels=labels,
                              about="Weights of the first synapses of each projection with STDP."))
        return found

    def prepare(self, plastic: Plastic | None, ranks: Ranks) -> None:
        """Choose the synapses, find out which are this rank's own, and read the initial weights."""
        if plastic is None or not self._numbers:
            return
        for number, size in zip(self._numbers, self._sizes, strict=True):
            own = plastic.synapses(number, size)
            first = np.lexsort((own[:, 2], own[:, 1], own[:, 0]))[:size]
            keys = _gathered(ranks, np.column_stack([own[first], np.full(len(first), ranks.rank), np.arange(len(first))]))
            chosen = np.lexsort((keys[:, 2], keys[:, 1], keys[:, 0]))[:size]
            self._mine.append(first[keys[chosen[keys[chosen, 3] == ranks.rank], 4]])
            self._order.append(np.argsort(np.argsort(keys[chosen, 3], kind="stable"), kind="stable"))
        self._read(plastic, ranks, 0)

    def initial(self) -> Mapping[str, NDArray[np.float64]]:
        """Return what was read last, by port, (size,) float64."""
        return self._held

    def cuts(self, first: int, steps: int) -> list[int]:
        """Return where a window is to be interrupted for a reading: steps after its start."""
        if not self._numbers:
            return []
        return list(range((first // self.every + 1) * self.every - first, steps + 1, self.every))

    def keep(self, steps: int) -> None:
        """Let what was read last stand for so many steps."""
        for port, held in self._held.items():
            self._rows.setdefault(port, []).extend([held] * steps)

    def take(self) -> dict[str, NDArray[np.float64]]:
        """Return what was kept since the last time, by port, (steps, size) float64."""
        rows, self._rows = self._rows, {}
        return {port: np.array(values) for port, values in rows.items()}

    def read(self, plastic: Plastic | None, ranks: Ranks, now: int) -> None:
        """Read the weights at a step that the engine has reached; of each synapse, what it has met until one delay before."""
        if plastic is not None:
            self._read(plastic, ranks, now)

    def _read(self, plastic: Plastic, ranks: Ranks, now: int) -> None:
        means, samples = [], []
        for number, size, mine, order in zip(self._numbers, self._sizes, self._mine, self._order, strict=True):
            rule = self._network.projections[number].plasticity
            assert isinstance(rule, Stdp)
            weights = plastic.relative_weights(number, now)
            sums = _gathered(ranks, np.array([[int(np.rint(weights * _PARTS).astype(np.int64).sum()), len(weights)]], np.int64)).sum(axis=0)
            means.append(rule.w_max * (sums[0] / _PARTS / max(sums[1], 1)))
            sample = np.zeros(size)
            sample[:len(order)] = rule.w_max * _gathered(ranks, weights[mine])[order]
            samples.append(sample)
        self._held = {"mean_weight": np.array(means)}
        if sum(self._sizes):
            self._held["weights"] = np.concatenate(samples)

    def _unit(self, number: int) -> str:
        p = self._network.projections[number]
        return self._network.populations[p.target].model.receptor(p.receptor).unit


def _gathered(ranks: Ranks, part: NDArray[Number]) -> NDArray[Number]:
    return ranks.gather(np.ascontiguousarray(part)) if ranks.size > 1 else part
