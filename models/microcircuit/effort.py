"""Reckon what a network costs, and how evenly each partition shares that out over ranks, without building it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cosim.interfaces import Balance
from cosim.models.microcircuit.kernel._engine import CHUNK, SLOT_BITS
from cosim.models.microcircuit.kernel.build import FLIGHT_BYTES, Plan, ahead, rows_of
from cosim.models.microcircuit.kernel.costs import NS_PER_SUM, ns_per_event, ns_per_neuron, rate_hz
from cosim.models.microcircuit.kernel.partition import part, shares
from cosim.models.microcircuit.kernel.plastic import memory as plastic_memory
from cosim.models.microcircuit.network.data import Edges, Projection

PARTITIONS = ("neurons", "edges")

_SUM_BYTES, _SPIKE_BYTES = 4, 4
_OTHERWISE_BYTES = 60_000_000  # what building takes besides


def work(plan: Plan) -> float:
    """Return the expected effort on one rank, core-seconds for a second of simulated time."""
    network = plan.scaled.network
    events = sum(network.count(p) * rate_hz(network.populations[p.source]) * ns_per_event(p) for p in network.projections)
    return 1e-9 * (events + network.neurons * _steps(plan) * ns_per_neuron(plan.is_double, plan.is_noisy))


def balance(plan: Plan, ranks: int) -> tuple[Balance, ...]:
    """Return what each partition would give; what a random rule leaves open is taken at its mean."""
    network, inputs = plan.scaled.network, _inputs(plan)
    sizes = [p.size for p in network.populations]
    told = sum(size * rate_hz(network.populations[number]) for number, size in enumerate(sizes)) * _SPIKE_BYTES * (ranks - 1)
    padded = sum(-(-size // CHUNK) * CHUNK for size in sizes)
    summed = _SUM_BYTES * network.neurons * inputs * (ranks - 1) * _steps(plan)
    found = []
    for name in PARTITIONS if ranks > 1 else PARTITIONS[:1]:
        by_edge = name == "edges"
        updated = np.array([CHUNK * part(plan.loads(by_edge), sizes, rank, ranks).runs[:, 2].sum() for rank in range(ranks)])
        held = np.zeros((len(network.projections), ranks))
        for i, p in enumerate(network.projections):
            # Synapses that change stay with their targets in either partition.
            held[i] = _by_edge(plan, p, ranks) if by_edge and p.plasticity is None else _by_neuron(plan, p, ranks)
        costs = np.array([rate_hz(network.populations[p.source]) * ns_per_event(p) for p in network.projections])
        events = costs @ held if len(held) else np.zeros(ranks)
        sums = padded * inputs * _steps(plan) * NS_PER_SUM if by_edge else 0.0
        load = 1e-9 * (events + updated * _steps(plan) * ns_per_neuron(plan.is_double, plan.is_noisy) + sums)
        turn = ahead(plan, padded * inputs) if by_edge else plan.wiring.least_delay
        found.append(Balance(name, tuple(load.tolist()), tuple(held.sum(axis=0).tolist()), "synapses",
                             _steps(plan) / turn * (2 if by_edge else 1), told + summed * by_edge, memory(plan, ranks, by_edge)))
    return tuple(found)


def memory(plan: Plan, ranks: int = 1, by_edge: bool = False) -> int:
    """Return the memory that all ranks of a network are expected to need, bytes."""
    network, wires = plan.scaled.network, plan.wiring
    # Synapses that are listed are kept as they are by each rank, and by the launcher.
    listed = (ranks + 1) * sum(_listed_bytes(e) for e in (*(p.edges for p in network.projections), *(r.edges for r in network.replays)))
    if network.populations[0].model.is_precise:
        return 100 * network.synapses + (12 * plan.slots() + 90) * network.neurons + _OTHERWISE_BYTES + listed
    blocks = -(-network.neurons // ((1 << SLOT_BITS) // _inputs(plan)))
    rows = network.neurons * (8 + 2 * (wires.ages + 1)) * blocks
    flights = FLIGHT_BYTES * blocks * plan.slots()
    state = network.neurons * (8 + (24 if plan.is_double else 12))
    static: int = sum(network.count(p) for p in network.projections if p.plasticity is None)
    width = sum(-(-p.size // CHUNK) * CHUNK for p in network.populations) * _inputs(plan)
    sums = ranks * ahead(plan, width) * width * _SUM_BYTES if by_edge and ranks > 1 else 0
    return (4 * static + plastic_memory(network, wires.ages) + rows + flights + state + 4 * plan.slots() * network.neurons + sums
            + listed + _OTHERWISE_BYTES)


def _listed_bytes(edges: Edges | None) -> int:
    if edges is None:
        return 0
    return sum(a.nbytes for a in (edges.sources, edges.targets, edges.weights, edges.delays_ms) if a is not None) + 4 * len(edges)


def _inputs(plan: Plan) -> int:
    """Return the most inputs that any neuron has."""
    return max(len(set(f.inputs.values())) for f in plan.fitted)


def _by_neuron(plan: Plan, p: Projection, ranks: int) -> NDArray[np.float64]:
    """Return how many synapses of a projection each rank holds with their targets."""
    sizes = [q.size for q in plan.scaled.network.populations]
    bounds = np.array([part(plan.loads(), sizes, rank, ranks).bounds[p.target] for rank in range(ranks)])
    if p.edges is not None:
        return np.diff(np.searchsorted(np.sort(p.edges.targets), np.append(bounds[:, 0], bounds[-1, 1]))).astype(float)
    share: NDArray[np.float64] = plan.scaled.network.count(p) * np.diff(bounds, axis=1)[:, 0] / sizes[p.target]
    return share


def _by_edge(plan: Plan, p: Projection, ranks: int) -> NDArray[np.float64]:
    """Return how many synapses of a projection each rank holds as its share of the rows."""
    network = plan.scaled.network
    if p.is_by_chance:
        return np.full(ranks, network.count(p) / ranks)
    rows = rows_of(p, network.populations[p.source].size, network.populations[p.target].size, None)
    return np.array([shares(rows, rank, ranks).sum() for rank in range(ranks)], float)


def _steps(plan: Plan) -> float:
    """Return how many steps a second of simulated time has."""
    return float(1000 / plan.step_ms)
