"""Measure what this machine allows on arrays of the size at hand, and reckon how much of it was reached."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import median

from cosim.launch.bench.case import STEP_MS, Census
from cosim.launch.bench.figures import Figures
from cosim.models.microcircuit.kernel._machine_limits import Scatter, Triad, Update

MOST_TARGETS = 131072
"""Targets of one accumulator, as the engine has it."""

MOST_SYNAPSES = 1 << 26
"""Synapses that the scatter is measured on, at most: 256 MB, far beyond any cache."""

TRIAD_BYTES = 192 << 20
TIMES = 3


@dataclass(frozen=True, slots=True)
class Limits:
    """Hold what the machine allows all ranks together.

    Parameters
    ----------
    scatter_events_per_s : float
        Runs of packed synapses at random places, added to an accumulator of the size that a rank has.
    update_neuron_steps_per_s : float
        Leaky integrate-and-fire in single precision, with the instruction set that the kernels use, without random numbers.
    memory_bytes_per_s : float
        STREAM's triad.
    """

    scatter_events_per_s: float
    update_neuron_steps_per_s: float
    memory_bytes_per_s: float


@dataclass(frozen=True, slots=True)
class Shares:
    """Hold how much of the measured wall time each limit alone would have taken, 0 to 1.

    What is left of `scatter` + `update` went into random numbers, looking up what is due, meeting, recording.

    Parameters
    ----------
    scatter, update : float
        Adding the events; stepping the neurons.
    memory : float
        Reading four bytes for each event. It overlaps with the others.
    """

    scatter: float
    update: float
    memory: float

    @property
    def kernel(self) -> float:
        """Adding and stepping together: 1 is a kernel that does nothing else, at the machine's limit."""
        return self.scatter + self.update


def measure_limits(network: Census, ranks: int, delays: int, level: int, seconds: float = 0.2) -> Limits:
    """Measure the limits with as many threads as there are ranks, all at once.

    Parameters
    ----------
    network : Census
        How large it is.
    ranks : int
        Number of ranks.
    delays : int
        Over how many different delays the synapses of a neuron spread: so long are the runs.
    level : int
        Number of the instruction set.
    seconds : float
        How long each measurement takes; it is the median of three.
    """
    neurons = -(-network.neurons // ranks)
    blocks = -(-neurons // MOST_TARGETS)
    run = max(1, round(network.synapses / max(network.neurons, 1) / ranks / blocks / max(delays, 1)))
    synapses = max(run, min(network.synapses // ranks, MOST_SYNAPSES))
    scatter = [Scatter(-(-neurons // blocks), synapses, run, seed) for seed in range(1, ranks + 1)]
    found = [_together([s.rate for s in scatter], seconds)]
    del scatter
    found.append(_together([Update(neurons, level).rate for _ in range(ranks)], seconds))
    found.append(_together([Triad(TRIAD_BYTES).rate for _ in range(ranks)], seconds))
    return Limits(*found)


def shares(figures: Figures, network: Census, limits: Limits) -> Shares:
    """Return how much of the limits was reached."""
    steps = network.neurons * 1000 / STEP_MS / figures.rtf
    return Shares(figures.events_per_s / limits.scatter_events_per_s, steps / limits.update_neuron_steps_per_s,
                  4 * figures.events_per_s / limits.memory_bytes_per_s)


def _together(measures: list[Callable[[float], float]], seconds: float) -> float:
    """Return the median of the sum over all threads, which measure at the same time."""
    with ThreadPoolExecutor(len(measures)) as pool:
        return float(median(sum(pool.map(lambda measure: measure(seconds), measures)) for _ in range(TIMES)))
