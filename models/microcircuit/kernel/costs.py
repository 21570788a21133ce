"""What neurons and synapses are expected to take on one core: measured once, good enough to share work out by."""

from __future__ import annotations

from fractions import Fraction

from cosim.models.microcircuit.network.data import Network, Population, Projection
from cosim.models.microcircuit.network.plasticity import Stdp

NS_PER_SUM = 0.35  # of one partial sum
_NS_PER_EVENT, _NS_PER_UPDATE, _NS_PER_DRAW = 0.7, 0.25, 0.2
_NS_PER_CHANGE = 60.0  # of an event at a synapse with STDP
_USUAL_RATE_HZ = 10.0


def rate_hz(population: Population) -> float:
    """Return the rate at which the neurons of a population are expected to fire, Hz."""
    return population.mean_rate or _USUAL_RATE_HZ


def ns_per_event(p: Projection) -> float:
    """Return what a spike takes at one synapse, ns."""
    return _NS_PER_CHANGE if isinstance(p.plasticity, Stdp) else _NS_PER_EVENT


def ns_per_neuron(is_double: bool, is_noisy: bool) -> float:
    """Return what one step of one neuron takes, ns."""
    return _NS_PER_UPDATE * (2 if is_double else 1) + (_NS_PER_DRAW if is_noisy else 0.0)


def loads(network: Network, step_ms: Fraction, is_double: bool, is_noisy: bool) -> tuple[float, ...]:
    """Return what a neuron of each population takes with all synapses onto it, ns for a second of simulated time."""
    found = [float(1000 / step_ms) * ns_per_neuron(is_double, is_noisy)] * len(network.populations)
    for p in network.projections:
        source, target = network.populations[p.source], network.populations[p.target]
        found[p.target] += network.count(p) / target.size * rate_hz(source) * ns_per_event(p)
    return tuple(found)
