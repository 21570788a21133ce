"""Build one rank's engine of neurons with precise spike times, and lead it and its siblings through a window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from cosim._meeting import MEETING_BYTES
from cosim.errors import InputError, Problem
from cosim.interfaces import Ranks
from cosim.models.microcircuit.kernel._engine import CHUNK
from cosim.models.microcircuit.kernel._precise import PreciseEngine
from cosim.models.microcircuit.kernel.partition import first_ids
from cosim.timegrid import in_ms

PARAMETERS = {"C_m": "pF", "tau_m": "ms", "tau_syn_ex": "ms", "tau_syn_in": "ms", "t_ref": "ms", "V_th": "mV", "V_reset": "mV", "E_L": "mV"}


@dataclass(frozen=True, slots=True)
class PreciseNetwork:
    """Hold a network as plain arrays.

    Parameters
    ----------
    sizes : tuple of int
        Neurons of each population.
    constants : (n_populations, 15) float64
        A row of `constants` for each.
    potential : (n_neurons,) float64
        Potential at instant 0, mV above E_L.
    source, target, delay, weight : (n_synapses,) int64
        Synapses: ids, delays in steps, weights in units.
    unit_pa : float
        Weight of one unit, pA.
    least_delay, ages : int
        Least delay, and number of different delays from it to the largest, steps.
    """

    sizes: tuple[int, ...]
    constants: NDArray[np.float64]
    potential: NDArray[np.float64]
    source: NDArray[np.int64]
    target: NDArray[np.int64]
    delay: NDArray[np.int64]
    weight: NDArray[np.int64]
    unit_pa: float
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
class PreciseDrive:
    """Hold what drives a network from step to step.

    Parameters
    ----------
    rate_hz, direct_pa : (n_steps, n_populations) float64
        Rate of one external neuron, Hz, and direct current, pA.
    upto, ids, offsets : (n_steps + 1,) int64, (n,) int64, (n,) float64, or None
        Spikes of the input port: how many have arrived before each step's end, the neurons they arrive at, and how much before the ends
        of their steps, steps.
    """

    rate_hz: NDArray[np.float64]
    direct_pa: NDArray[np.float64]
    upto: NDArray[np.int64] | None = None
    ids: NDArray[np.int64] | None = None
    offsets: NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True)
class PreciseResult:
    """Hold what a stretch of steps brought, on this rank.

    Parameters
    ----------
    counts : (n_steps,) uint32
        Spikes of each step, of all ranks; where memory is shared only rank 0 has them.
    ids, offsets : (n,) uint32, (n,) float64
        Their ids, and how much before the ends of their steps they happened, steps.
    potential, current : (n_traces, n_steps) float64, mV, pA
        Potential, and the sum of both synaptic currents, of this rank's own traced neurons at the ends of the steps.
    """

    counts: NDArray[np.uint32]
    ids: NDArray[np.uint32]
    offsets: NDArray[np.float64]
    potential: NDArray[np.float64]
    current: NDArray[np.float64]


def constants(neuron: Mapping[str, Fraction], step_ms: Fraction, background_pa: float, input_pa: float, synapses: float,
              name: str) -> tuple[float, ...]:
    """Return what `PreciseEngine` takes of one population; every number is rounded once.

    Parameters
    ----------
    neuron : mapping
        The `PARAMETERS`.
    step_ms : Fraction
        Time step, ms.
    background_pa, input_pa : float
        Weight of a background spike and of a spike on the input port, pA.
    synapses : float
        External neurons that each neuron hears.
    name : str
        Name of the population, for errors.

    Raises
    ------
    InputError
        When the refractory time is shorter than a step.
    """
    leak, decay = step_ms / neuron["tau_m"], [step_ms / neuron[key] for key in ("tau_syn_ex", "tau_syn_in")]
    refractory = neuron["t_ref"] / step_ms
    if refractory < 1:
        raise InputError(Problem(f"the refractory time of {name}, {in_ms(neuron['t_ref'])}, is shorter than the step, {in_ms(step_ms)}",
                                 expected="at least a step for iaf_psc_exp_ps, so that a neuron fires at most once in it",
                                 remedy="lengthen it or shorten the step"))
    whole, rest = int(refractory), neuron["E_L"]
    values = (leak, step_ms / neuron["C_m"], neuron["tau_m"] / neuron["C_m"], neuron["V_th"] - rest, neuron["V_reset"] - rest, rest, *decay,
              *(abs(d - leak) for d in decay))
    return (*map(float, values), background_pa, input_pa, synapses * float(step_ms) * 1e-3, float(whole), float(refractory - whole))


def build_precise(network: PreciseNetwork, background_key: int, ranks: Ranks) -> tuple[PreciseEngine, NDArray[np.int64]]:
    """Return the engine of this rank, and where each rank tells of a neuron that diverged, (ranks, 8) int64."""
    neurons, shared = sum(network.sizes), ranks.share_memory and ranks.size > 1
    bounds = first_ids(neurons, ranks.size)
    first, stop = int(bounds[ranks.rank]), int(bounds[ranks.rank + 1])
    make = ranks.shared_array if shared else np.zeros
    ring = (make((network.slots, neurons), np.uint32), make((network.slots, neurons), np.float64),
            make((network.slots, 16 * ranks.size), np.uint32))
    failure = make((ranks.size, 8), np.int64)
    meeting = ranks.shared_array(MEETING_BYTES, np.uint8) if shared else None
    engine = PreciseEngine((ranks.rank, ranks.size, ranks.spin), network.constants, _runs(network, first, stop), network.unit_pa,
                           background_key, (network.least_delay, network.ages, network.slots), _rows(network, first, stop), ring, failure,
                           bounds, np.ascontiguousarray(network.potential[first:stop]), meeting)
    return engine, failure


def advance_precise(engine: PreciseEngine, ranks: Ranks, least_delay: int, first: int, drive: PreciseDrive,
                    trace: NDArray[np.uint32]) -> PreciseResult:
    """Lead all ranks through a window that begins with step `first`.

    Where the ranks share memory, or there is but one, that is one call of the kernel; else one for each least delay, and a message.
    """
    if ranks.share_memory or ranks.size == 1:
        return PreciseResult(*engine.advance(first, drive.rate_hz, drive.direct_pa, drive.upto, drive.ids, drive.offsets, trace,
                                             ranks.rank == 0))
    parts = []
    for begin in range(0, len(drive.rate_hz), least_delay):
        end = min(begin + least_delay, len(drive.rate_hz))
        upto = None if drive.upto is None else np.ascontiguousarray(drive.upto[begin:end + 1])
        *_, potential, current = engine.advance(first + begin, drive.rate_hz[begin:end], drive.direct_pa[begin:end], upto, drive.ids,
                                                drive.offsets, trace, False)
        told = ranks.gather(engine.part(first + begin, end - begin))
        parts.append(PreciseResult(*engine.take(first + begin, end - begin, told), potential, current))
    return PreciseResult(np.concatenate([p.counts for p in parts]), np.concatenate([p.ids for p in parts]),
                         np.concatenate([p.offsets for p in parts]), np.concatenate([p.potential for p in parts], axis=1),
                         np.concatenate([p.current for p in parts], axis=1))


def _runs(network: PreciseNetwork, first: int, stop: int) -> NDArray[np.int64]:
    runs, begin = [], 0
    for p, (size, slot) in enumerate(zip(network.sizes, network.first_slots, strict=True)):
        low, high = max(begin, first), min(begin + size, stop)
        if high > low:
            runs.append((p, low - first, high - low, slot + low - begin))
        begin += size
    return np.array(runs, np.int64).reshape(-1, 4)


def _rows(network: PreciseNetwork, first: int, stop: int) -> tuple[NDArray[np.uint64], NDArray[np.uint32], NDArray[np.uint16],
                                                                  NDArray[np.int16]]:
    own = np.flatnonzero((network.target >= first) & (network.target < stop))
    own = own[np.lexsort((network.delay[own], network.source[own]))]
    begin = np.concatenate(([0], np.cumsum(np.bincount(network.source[own], minlength=sum(network.sizes)))))
    return (begin.astype(np.uint64), (network.target[own] - first).astype(np.uint32),
            (network.delay[own] - network.least_delay).astype(np.uint16), network.weight[own].astype(np.int16))
