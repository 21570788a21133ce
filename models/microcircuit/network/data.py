"""Hold a network of populations and projections as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

MOST_NEURONS = 2**32 - 2**20  # a neuron's number has 32 bits, populations filled up to whole chunks included


@dataclass(frozen=True, slots=True)
class Neuron:
    """Hold the parameters of `iaf_psc_exp`.

    Parameters
    ----------
    c_m : Fraction
        Capacitance, pF.
    tau_m, tau_syn : Fraction
        Time constants of the membrane and of the synaptic current, ms.
    t_ref : Fraction
        Refractory time, ms.
    v_th, v_reset, e_l : Fraction
        Threshold, reset and resting potential, mV.
    """

    c_m: Fraction
    tau_m: Fraction
    tau_syn: Fraction
    t_ref: Fraction
    v_th: Fraction
    v_reset: Fraction
    e_l: Fraction


@dataclass(frozen=True, slots=True)
class Background:
    """Hold the external input of each neuron of a population.

    Parameters
    ----------
    synapses : int
        Number of external neurons that each neuron hears.
    rate_hz : float
        Mean rate of one external neuron, Hz.
    weight_pa : float
        Amplitude of one postsynaptic current, pA.
    """

    synapses: int = 0
    rate_hz: float = 0.0
    weight_pa: float = 0.0


@dataclass(frozen=True, slots=True)
class Population:
    """Hold one population.

    Parameters
    ----------
    name : str
        Its name.
    size : int
        Number of neurons.
    neuron : Neuron
        Parameters of each neuron.
    v_init, v_init_sd : float
        Mean and standard deviation of the initial potential, mV.
    i_e : float
        Direct current, pA.
    mean_rate : float or None
        Mean rate at full scale, Hz; down-scaling needs it.
    background : Background
        External input.
    """

    name: str
    size: int
    neuron: Neuron
    v_init: float
    v_init_sd: float
    i_e: float
    mean_rate: float | None
    background: Background


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
    weight_pa, weight_rel_sd : float
        Mean weight, pA, and its standard deviation relative to the mean; redrawn where the sign would change.
    delay, delay_sd : Fraction, float
        Mean delay and its standard deviation, ms; redrawn where it would round to less than a step.
    name, where : str
        How to call it in errors, and its place in the file.
    """

    source: int
    target: int
    rule: str
    count: float
    weight_pa: float
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
