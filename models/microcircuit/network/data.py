"""Hold a network of populations and projections as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from cosim.models.microcircuit.language.model import Model
from cosim.models.microcircuit.network.devices import Device
from cosim.models.microcircuit.network.distribution import Distribution
from cosim.models.microcircuit.network.plasticity import Plasticity

RULES = ("fixed_total_number", "fixed_indegree", "fixed_outdegree", "pairwise_bernoulli", "all_to_all", "one_to_one", "arrays")
DRAWN = RULES[:3]  # those whose partners are drawn, and may be drawn twice
MOST_NEURONS = 2**32 - 2**20  # a neuron's number has 32 bits, populations filled up to whole chunks included


@dataclass(frozen=True, slots=True)
class Background:
    """Hold the external input of each neuron of a population.

    Parameters
    ----------
    synapses : int
        Number of external neurons that each neuron hears.
    rate_hz : float
        Mean rate of one external neuron, Hz.
    weight : float
        Weight of one spike, in the unit of the receptor.
    receptor : str
        What the spikes act on.
    """

    synapses: int = 0
    rate_hz: float = 0.0
    weight: float = 0.0
    receptor: str = ""


@dataclass(frozen=True, slots=True)
class Population:
    """Hold one population.

    Parameters
    ----------
    name : str
        Its name.
    size : int
        Number of neurons.
    model : Model
        The neuron model.
    parameters : mapping of str to Fraction
        All parameters of the model, in their units.
    initial : mapping of str to Distribution
        State variables at instant 0, counted as the kernel counts them; where there is none, the model says.
    i_e : float
        Direct current, pA.
    mean_rate : float or None
        Mean rate at full scale, Hz; down-scaling needs it.
    background : Background
        External input.
    """

    name: str
    size: int
    model: Model
    parameters: Mapping[str, Fraction]
    initial: Mapping[str, Distribution]
    i_e: float
    mean_rate: float | None
    background: Background

    def above(self, variable: str) -> float:
        """Return what the kernel counts a state variable from."""
        state = next(s for s in self.model.state if s.name == variable)
        return float(self.parameters[state.above]) if state.above else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """Hold synapses one by one, in the order of source, target, delay and weight; `edges` puts them into it.

    Parameters
    ----------
    sources, targets : (n,) int64
        Numbers in the source and in the target population.
    weights : (n,) float64 or None
        In the unit of the receptor; None to draw them from the distribution of the projection.
    delays_ms : (n,) float64 or None
        Rounded to whole steps; None to draw them.
    """

    sources: NDArray[np.int64]
    targets: NDArray[np.int64]
    weights: NDArray[np.float64] | None
    delays_ms: NDArray[np.float64] | None

    def __len__(self) -> int:
        return len(self.sources)


def edges(sources: NDArray[np.int64], targets: NDArray[np.int64], weights: NDArray[np.float64] | None = None,
          delays_ms: NDArray[np.float64] | None = None) -> Edges:
    """Return synapses given in any order in the one order that they are kept in, so that a network is the same however it was listed."""
    order = np.lexsort([a for a in (weights, delays_ms, targets, sources) if a is not None])
    return Edges(sources[order], targets[order], None if weights is None else weights[order],
                 None if delays_ms is None else delays_ms[order])


@dataclass(frozen=True, slots=True, eq=False)
class Replay:
    """Hold spikes that are known beforehand, and the synapses over which they reach one population.

    Parameters
    ----------
    times_ms : (n,) float64
        When each spike is sent, ascending; rounded up to the end of a step.
    senders : (n,) int64
        Which sender each is of; the sources of `edges` are senders.
    target : int
        Number of the population.
    receptor : str
        What the synapses act on.
    edges : Edges
        The synapses.
    name, where : str
        How to call it in errors, and its place in the file.
    """

    times_ms: NDArray[np.float64]
    senders: NDArray[np.int64]
    target: int
    receptor: str
    edges: Edges
    name: str
    where: str


@dataclass(frozen=True, slots=True)
class Projection:
    """Hold the synapses from one population to another.

    Parameters
    ----------
    source, target : int
        Numbers of the populations.
    rule : str
        One of `RULES`.
    count : float
        Synapses in all (``fixed_total_number``, not yet rounded), of each target (``fixed_indegree``) or of each source
        (``fixed_outdegree``), or the probability of each pair (``pairwise_bernoulli``); else unused.
    receptor : str
        What the synapses act on.
    weights : Distribution
        In the unit of the receptor.
    delays : Distribution
        ms; redrawn where it would round to less than a step.
    name, where : str
        How to call it in errors, and its place in the file.
    edges : Edges or None
        The synapses, for ``arrays``; what they say themselves of weight and delay holds.
    autapses, multapses : bool
        Whether a neuron may connect to itself, and two neurons more than once. What a rule never makes is not looked at.
    plasticity : Stdp, TsodyksMarkram or None
        How its weights change; None where they do not.
    """

    source: int
    target: int
    rule: str
    count: float
    receptor: str
    weights: Distribution
    delays: Distribution
    name: str
    where: str
    edges: Edges | None = None
    autapses: bool = True
    multapses: bool = True
    plasticity: Plasticity | None = None

    @property
    def weight(self) -> float:
        """Mean weight, in the unit of the receptor."""
        return self.weights.mean

    @property
    def skips(self) -> bool:
        """Whether each neuron has to be left out for itself."""
        return self.source == self.target and not self.autapses

    @property
    def is_distinct(self) -> bool:
        """Whether two neurons are connected at most once, where the rule would not see to it anyway."""
        return self.rule == "pairwise_bernoulli" or (self.rule in DRAWN and not self.multapses)

    @property
    def is_by_chance(self) -> bool:
        """Whether the in-degree is a random number."""
        return self.rule in ("fixed_total_number", "fixed_outdegree", "pairwise_bernoulli")

    def synapses(self, sources: int, targets: int) -> int:
        """Return the number of synapses between populations of these sizes, or its mean where that is random."""
        if self.edges is not None:
            return len(self.edges)
        pairs = sources * (targets - self.skips)
        return {"fixed_total_number": round(self.count), "fixed_indegree": round(self.count) * targets,
                "fixed_outdegree": round(self.count) * sources, "pairwise_bernoulli": round(self.count * pairs),
                "all_to_all": pairs, "one_to_one": targets * (not self.skips)}[self.rule]


@dataclass(frozen=True, slots=True)
class Network:
    """Hold populations and projections.

    Parameters
    ----------
    name : str
        Name of the network.
    populations : tuple of Population
        In the order of their neurons' ids.
    projections : tuple of Projection
        In the order of the file.
    replays : tuple of Replay
        Spikes that are known beforehand.
    devices : tuple of Device
        What drives and observes parts of it.
    """

    name: str
    populations: tuple[Population, ...]
    projections: tuple[Projection, ...]
    replays: tuple[Replay, ...] = ()
    devices: tuple[Device, ...] = ()

    @property
    def neurons(self) -> int:
        """Number of neurons."""
        return sum(p.size for p in self.populations)

    @property
    def synapses(self) -> int:
        """Number of synapses."""
        return sum(self.count(p) for p in self.projections)

    def count(self, projection: Projection) -> int:
        """Return the number of synapses of one projection."""
        return projection.synapses(self.populations[projection.source].size, self.populations[projection.target].size)

    @property
    def first_ids(self) -> tuple[int, ...]:
        """Id of the first neuron of each population."""
        return tuple(sum(q.size for q in self.populations[:i]) for i in range(len(self.populations)))
