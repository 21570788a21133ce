"""Build one rank's engine of neurons with precise spike times, and lead it and its siblings through a window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cosim._meeting import MEETING_BYTES
from cosim.interfaces import Ranks
from cosim.models.microcircuit.kernel._engine import CHUNK
from cosim.models.microcircuit.kernel._precise import PreciseEngine
from cosim.models.microcircuit.kernel.build import Plan, initial_values
from cosim.models.microcircuit.kernel.partition import Part, first_ids, part
from cosim.models.microcircuit.kernel.twin import synapses as synapses_of

Arrivals = tuple[NDArray[np.int64], NDArray[np.uint32], NDArray[np.uint32], NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class PreciseNetwork:
    """Hold a network as plain arrays.

    Parameters
    ----------
    sizes : tuple of int
        Neurons of each population.
    constants : (n_populations, 15) float64
        As `PreciseEngine` takes them.
    state : (3, n_neurons) float64
        Potential, mV above E_L, and both currents, pA, at instant 0.
    source, target, channel, delay, weight : (n_synapses,) int64
        Synapses: ids, which current (0 or 1), delays in steps, weights in units.
    least_delay, ages : int
        Least delay, and number of different delays from it to the largest, steps.
    """

    sizes: tuple[int, ...]
    constants: NDArray[np.float64]
    state: NDArray[np.float64]
    source: NDArray[np.int64]
    target: NDArray[np.int64]
    channel: NDArray[np.int64]
    delay: NDArray[np.int64]
    weight: NDArray[np.int64]
    least_delay: int
    ages: int

    @property
    def slots(self) -> int:
        """Length of the ring of emitted spikes, steps."""
        return 1 << (self.least_delay * 3 + self.ages).bit_length()

    @property
    def first_slots(self) -> tuple[int, ...]:
        """Number of the first neuron of each population in the streams of the background: populations are filled up to whole chunks."""
        return tuple(int(c) * CHUNK for c in np.cumsum([0, *(-(-n // CHUNK) for n in self.sizes)])[:-1])


@dataclass(frozen=True, slots=True)
class PreciseBuilt:
    """Hold a rank's engine, what is its own, and where each rank tells of a neuron that diverged, (ranks, 8) int64."""

    engine: PreciseEngine
    part: Part
    failure: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PreciseResult:
    """Hold what a stretch of steps brought, on this rank.

    Parameters
    ----------
    counts : (n_steps,) uint32
        Spikes of each step, of all ranks; where memory is shared only rank 0 has them.
    ids, offsets : (n,) uint32, (n,) float64
        Their ids, and how much before the ends of their steps they happened, steps.
    traced : (n_traces, n_steps) float64
        What was traced of this rank's own neurons, at the ends of the steps.
    """

    counts: NDArray[np.uint32]
    ids: NDArray[np.uint32]
    offsets: NDArray[np.float64]
    traced: NDArray[np.float64]


def network_of(plan: Plan, seed: int, stream: str) -> PreciseNetwork:
    """Return a network as plain arrays, with all its synapses drawn as those of every other neuron model are."""
    network, wires, step = plan.scaled.network, plan.wiring, float(plan.step_ms) * 1e-3
    rows = []
    for p, fitted, synapses, unit in zip(network.populations, plan.fitted, plan.scaled.poisson_synapses, wires.units, strict=True):
        heard = p.background
        rows.append((*fitted.constants, unit, heard.weight, fitted.inputs[heard.receptor], float(synapses) * step))
    drawn = synapses_of(plan, seed, stream)
    state = np.array([initial_values(network, seed, stream, number) for number in (1, 2, 3)])
    return PreciseNetwork(tuple(p.size for p in network.populations), np.array(rows, np.float64), state, drawn.source, drawn.target,
                          drawn.input, drawn.delay, drawn.weight, wires.least_delay, wires.ages)


def build_precise(network: PreciseNetwork, background_key: int, ranks: Ranks) -> PreciseBuilt:
    """Return the engine of this rank."""
    alike = (1.0,) * len(network.sizes)
    neurons, shared = sum(network.sizes), ranks.share_memory and ranks.size > 1
    own = part(alike, network.sizes, ranks.rank, ranks.size)
    make = ranks.shared_array if shared else np.zeros
    ring = (make((network.slots, neurons), np.uint32), make((network.slots, neurons), np.float64),
            make((network.slots, 16 * ranks.size), np.uint32))
    failure = make((ranks.size, 8), np.int64)
    meeting = ranks.shared_array(MEETING_BYTES, np.uint8) if shared else None
    ids, state = np.arange(own.first_id, own.stop_id), np.zeros((3, own.local))
    state[:, own.local_of(ids)] = network.state[:, own.first_id:own.stop_id]
    engine = PreciseEngine((ranks.rank, ranks.size, ranks.spin), (own.local, own.first_chunk * CHUNK), network.constants,
                           _runs(network, own), background_key, (network.least_delay, network.ages, network.slots), _rows(network, own),
                           ring, failure, first_ids(alike, network.sizes, ranks.size), state, meeting)
    return PreciseBuilt(engine, own, failure)


def advance_precise(built: PreciseBuilt, ranks: Ranks, least_delay: int, first: int, rate_hz: NDArray[np.float64],
                    direct_pa: NDArray[np.float64], arrivals: Arrivals | None, trace: NDArray[np.uint32]) -> PreciseResult:
    """Lead all ranks through a window that begins with step `first`.

    Where the ranks share memory, or there is but one, that is one call of the kernel; else one for each least delay, and a message.

    Parameters
    ----------
    rate_hz, direct_pa : (n_steps, n_populations) float64
        Rate of one external neuron, and direct current.
    arrivals, trace : tuple of arrays or None, (n_traces, 2) uint32
        As `PreciseEngine.advance` takes them.
    """
    engine = built.engine
    if ranks.share_memory or ranks.size == 1:
        return PreciseResult(*engine.advance(first, rate_hz, direct_pa, arrivals, trace, ranks.rank == 0))
    parts = []
    for begin in range(0, len(rate_hz), least_delay):
        end = min(begin + least_delay, len(rate_hz))
        now = None if arrivals is None else (np.ascontiguousarray(arrivals[0][begin:end + 1]), *arrivals[1:])
        *_, traced = engine.advance(first + begin, rate_hz[begin:end], direct_pa[begin:end], now, trace, False)
        told = ranks.gather(engine.part(first + begin, end - begin))
        parts.append(PreciseResult(*engine.take(first + begin, end - begin, told), traced))
    return PreciseResult(np.concatenate([p.counts for p in parts]), np.concatenate([p.ids for p in parts]),
                         np.concatenate([p.offsets for p in parts]), np.concatenate([p.traced for p in parts], axis=1))


def _runs(network: PreciseNetwork, own: Part) -> NDArray[np.int64]:
    runs, first = [], np.cumsum([0, *network.sizes])
    for p, (low, high) in enumerate(own.bounds):
        if high > low:
            runs.append((p, low + own.to_local[p], high - low, first[p] - own.to_local[p]))
    return np.array(runs, np.int64)


def _rows(network: PreciseNetwork, own: Part) -> tuple[NDArray[np.uint64], NDArray[np.uint32], NDArray[np.uint16], NDArray[np.int16]]:
    mine = np.flatnonzero((network.target >= own.first_id) & (network.target < own.stop_id))
    mine = mine[np.lexsort((network.delay[mine], network.source[mine]))]
    begin = np.concatenate(([0], np.cumsum(np.bincount(network.source[mine], minlength=sum(network.sizes)))))
    target = 2 * own.local_of(network.target[mine]) + network.channel[mine]
    return (begin.astype(np.uint64), target.astype(np.uint32), (network.delay[mine] - network.least_delay).astype(np.uint16),
            network.weight[mine].astype(np.int16))
