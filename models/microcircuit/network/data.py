"""Hold a network of populations and projections as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from cosim.models.microcircuit.language.model import Model

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
    initial : mapping of str to (float, float)
        Mean and standard deviation of state variables at instant 0; where there is none, the model says.
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
    initial: Mapping[str, tuple[float, float]]
    i_e: float
    mean_rate: float | None
    background: Background

    def above(self, variable: str) -> float:
        """Return what the kernel counts a state variable from."""
        state = next(s for s in self.model.state if s.name == variable)
        return float(self.parameters[state.above]) if state.above else 0.0


@dataclass(frozen=True, slots=True)
class Projection:
    """Hold the synapses from one population to another; autapses and multapses may occur.

    Parameters
    ----------
    source, target : int
        Numbers of the populations.
    rule : str
        ``fixed_total_number``, ``fixed_indegree``, ``all_to_all`` or ``one_to_one``.
    count : float
        Synapses in all (``fixed_total_number``, not yet rounded) or for each target (``fixed_indegree``); else unused.
    receptor : str
        What the synapses act on.
    weight, weight_rel_sd : float
        Mean weight, in the unit of the receptor, and its standard deviation relative to the mean; redrawn where the sign would change.
    delay, delay_sd : Fraction, float
        Mean delay and its standard deviation, ms; redrawn where it would round to less than a step.
    name, where : str
        How to call it in errors, and its place in the file.
    """

    source: int
    target: int
    rule: str
    count: float
    receptor: str
    weight: float
    weight_rel_sd: float
    delay: Fraction
    delay_sd: float
    name: str
    where: str

    def synapses(self, sources: int, targets: int) -> int:
        """Return the number of synapses between populations of these sizes."""
        if self.rule == "fixed_total_number":
            return round(self.count)
        if self.rule == "fixed_indegree":
            return round(self.count) * targets
        return sources * targets if self.rule == "all_to_all" else targets


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
    """

    name: str
    populations: tuple[Population, ...]
    projections: tuple[Projection, ...]

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
