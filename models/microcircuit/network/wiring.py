"""Decide how the synapses of a network are written down: the unit of their weights, and the values they are drawn from.

Weights are 15-bit integers in a unit of the population they lead to, and what arrives at a neuron in a step is summed in 32 bits,
so that the order of the sum cannot matter. The unit is the smallest mean weight onto the population divided by a whole number `k`, as
large as two bounds allow: no single weight leaves 15 bits, and no sum leaves 32 bits even when all synapses of a neuron deliver their
largest weight in one step. So that smallest mean weight, and every mean weight that is a multiple of it, is exact; a weight without
spread is no approximation then.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from cosim.errors import InputError, Problem
from cosim.models.microcircuit.network.data import Edges, Network, Projection
from cosim.models.microcircuit.network.distribution import Distribution
from cosim.models.microcircuit.network.plasticity import Stdp
from cosim.timegrid import in_ms, to_ticks

_LARGEST_WEIGHT = 16382
_LARGEST_SUM = 2**31 - 1
_COARSEST = 8
_LONGEST_DELAY = 60000


@dataclass(frozen=True, slots=True)
class Wiring:
    """Hold the values that synapses take.

    Parameters
    ----------
    units : (n_populations,) tuple of float
        For each target population: weight of one unit, in the unit of its receptors.
    least_delay, ages : int
        Least delay, and number of different delays from it to the largest, steps.
    delays : tuple of (n,) uint16
        For each projection: equally likely delays less the least one, steps; for ``arrays`` that of each synapse.
    weights : tuple of (n,) int16
        For each projection: equally likely weights, units; for ``arrays`` that of each synapse.
    """

    units: tuple[float, ...]
    least_delay: int
    ages: int
    delays: tuple[NDArray[np.uint16], ...]
    weights: tuple[NDArray[np.int16], ...]


def wiring(network: Network, step_ms: Fraction) -> Wiring:
    """Return the wiring of a network at a time step.

    Raises
    ------
    InputError
        When a delay is off the grid or too long, or the weights differ too much for one unit.
    """
    active = [p for p in network.projections if network.count(p) > 0]
    fine = [_fineness(network, [p for p in active if _typical(p) and p.target == target]) for target in range(len(network.populations))]
    kept: dict[Distribution, NDArray[np.int64]] = {}
    steps: list[NDArray[np.int64]] = []
    for p in network.projections:
        if p.edges is not None and p.edges.delays_ms is not None:
            steps.append(delays_of(p.edges, p.name, p.where, step_ms))
            continue
        if p.delays not in kept:
            kept[p.delays] = _delays(p, step_ms)
        steps.append(kept[p.delays])
    used = [d for p, d in zip(network.projections, steps, strict=True) if network.count(p) > 0]
    least, largest = min((int(d.min()) for d in used), default=1), max((int(d.max()) for d in used), default=1)
    ages = {id(d): np.maximum(d - least, 0).astype(np.uint16) for d in steps}
    drawn: dict[tuple[Distribution, tuple[int, float]], NDArray[np.int16]] = {}
    weights = []
    for p in network.projections:
        k, reference = fine[p.target]
        if p.edges is not None and p.edges.weights is not None:
            weights.append(_sound(p, np.rint(p.edges.weights * (k / reference)).astype(np.int16), network))
            continue
        if (p.weights, fine[p.target]) not in drawn:
            drawn[p.weights, fine[p.target]] = np.rint(p.weights.values() * (k / reference)).astype(np.int16)
        weights.append(_sound(p, drawn[p.weights, fine[p.target]], network))
    return Wiring(tuple(reference / k for k, reference in fine), least, largest - least + 1, tuple(ages[id(d)] for d in steps),
                  tuple(weights))


def _sound(p: Projection, units: NDArray[np.int16], network: Network) -> NDArray[np.int16]:
    """Return weights unless all of them have been rounded to none."""
    if network.count(p) and _typical(p) and not units.any() and not _bound(p):
        raise InputError(Problem(f"all weights of {p.name}, {_typical(p):g} in the middle, round to 0 beside the largest ones onto "
                                 f"{network.populations[p.target].name}", where=p.where,
                                 remedy="leave the projection out, or merge its synapses into fewer and stronger ones"))
    return units


def most_synapses(mean: float) -> float:
    """Return a number that a Poisson or binomial count of this mean does not exceed: ten standard deviations above it."""
    return mean + 10 * sqrt(mean) + 10


def _fineness(network: Network, active: list[Projection]) -> tuple[int, float]:
    """Return how many units the smallest mean weight of some projections onto one population has, and that weight."""
    if not active:
        return 1, 1.0
    reference = min(_typical(p) for p in active)
    size = {id(p): _largest(p) / reference for p in active}
    largest = max(active, key=lambda p: size[id(p)])
    load = {}
    for p in active:
        if p.edges is not None:
            load[id(p)] = float(np.bincount(p.edges.targets, _sizes(p)).max()) / reference
            continue
        mean = network.count(p) / network.populations[p.target].size
        load[id(p)] = (most_synapses(mean) if p.is_by_chance else mean) * size[id(p)]
    total = sum(load.values())
    k = int(min(_LARGEST_WEIGHT / size[id(largest)], _LARGEST_SUM / (total + 1)))
    if k >= _COARSEST:
        return k, reference
    if _LARGEST_WEIGHT / size[id(largest)] < _COARSEST:
        small = min(active, key=_typical)
        unit = network.populations[small.target].model.receptor(small.receptor).unit
        raise InputError(Problem(
            f"the weights of {small.name}, {reference:g} {unit}, and of {largest.name}, up to {size[id(largest)] * reference:g} {unit}, "
            f"differ by more than {_LARGEST_WEIGHT // _COARSEST} times: no 15-bit number holds both", where=small.where,
            remedy="leave out synapses that weak, or merge many of them into one"))
    heavy = max(active, key=lambda p: load[id(p)])
    raise InputError(Problem(
        f"the input that a neuron of {network.populations[heavy.target].name} may get in one step, most of it from {heavy.name}, is "
        f"{total:.3g} times the smallest weight onto it: 32 bits cannot hold the sum", where=heavy.where,
        remedy="merge weak synapses, or lower the in-degree of this projection"))


def delays_of(edges: Edges, name: str, where: str, step_ms: Fraction) -> NDArray[np.int64]:
    """Return the delays of listed synapses, rounded to steps; raise `InputError` when one rounds to none or to too many."""
    delays_ms = listed(edges.delays_ms)
    steps = np.rint(delays_ms / float(step_ms))
    bad = ~((steps >= 1) & (steps <= _LONGEST_DELAY))
    if bad.any():
        at = int(np.argmax(bad))
        raise InputError(Problem(f"the synapse of {name} from {edges.sources[at]} to {edges.targets[at]} has a delay of "
                                 f"{delays_ms[at]:g} ms, {steps[at]:g} steps of {in_ms(step_ms)}", where=where,
                                 expected=f"1 to {_LONGEST_DELAY} steps", remedy="change the delay or the step"))
    return steps.astype(np.int64)


def listed(values: NDArray[np.float64] | None) -> NDArray[np.float64]:
    """Return what is listed for each synapse; raise where it was to be drawn instead."""
    if values is None:
        raise ValueError("these synapses have no values of their own")
    return values


def _sizes(p: Projection) -> NDArray[np.float64]:
    """Return the size of each listed weight, or the largest one of each where they are drawn."""
    if p.edges is None or p.edges.weights is None:
        return np.full(1 if p.edges is None else len(p.edges), max(p.weights.largest, _bound(p)))
    return np.maximum(np.abs(p.edges.weights), _bound(p))


def _bound(p: Projection) -> float:
    """Return the largest weight that plasticity can lead to."""
    return abs(p.plasticity.w_max) if isinstance(p.plasticity, Stdp) else 0.0


def _largest(p: Projection) -> float:
    return float(_sizes(p).max(initial=0.0))


def _typical(p: Projection) -> float:
    """Return the weight whose parts are to be told apart: the mean; of listed ones the smallest, if 15 bits reach to the largest."""
    if p.edges is None or p.edges.weights is None:
        return p.weights.typical or _bound(p)
    sizes = np.abs(p.edges.weights)
    sizes = sizes[sizes > 0]
    if not len(sizes):
        return 0.0
    return float(sizes.min() if sizes.max() <= sizes.min() * (_LARGEST_WEIGHT // _COARSEST) else sizes.mean())


def _delays(p: Projection, step_ms: Fraction) -> NDArray[np.int64]:
    d = p.delays
    if d.kind == "constant":
        try:
            steps = np.full(1, to_ticks(d.first, step_ms, f"the delay of {p.name},"), np.float64)
        except InputError as error:
            raise InputError(*(problem.at(p.where) for problem in error.problems)) from error
    else:
        drawn = np.rint(d.values() / float(step_ms))
        if drawn[-1] < 1:
            told = f"{in_ms(d.first)} with a standard deviation of {float(d.second):g} ms" if d.kind == "normal" else (
                f"{d.kind}, at most {d.values()[-1]:g} ms")
            raise InputError(Problem(f"no delay of {p.name}, {told}, is as long as the step, {in_ms(step_ms)}", where=p.where,
                                     remedy="lengthen the delay or shorten the step"))
        steps = np.maximum(drawn, 1) if d.at_bounds == "clip" else drawn[drawn >= 1]
    if steps[-1] > _LONGEST_DELAY:
        longest = in_ms(int(steps[-1]) * step_ms)
        raise InputError(Problem(f"the longest delay of {p.name}, {longest}, is more than {_LONGEST_DELAY} steps",
                                 where=p.where, remedy="shorten the delay or lengthen the step"))
    return steps.astype(np.int64)
