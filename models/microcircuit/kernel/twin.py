"""Do in NumPy, slowly and plainly, what the kernels do; tests hold the kernels against this, bit for bit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cosim.models.microcircuit.kernel._engine import CHUNK
from cosim.models.microcircuit.kernel.build import Plan, initial_potentials, projection_keys
from cosim.random import philox, poisson_counts, stream_key

_LANES = 16


@dataclass(frozen=True, slots=True)
class Synapses:
    """Hold all synapses of a network: source and target ids, delays in steps, weights in units, each (n,) int64."""

    source: NDArray[np.int64]
    target: NDArray[np.int64]
    delay: NDArray[np.int64]
    weight: NDArray[np.int64]


def synapses(plan: Plan, seed: int, stream: str) -> Synapses:
    """Draw all synapses of a network."""
    network, wires, parts = plan.scaled.network, plan.wiring, []
    keys = projection_keys(network, seed, stream)
    for p, key, delays, weights in zip(network.projections, keys, wires.delays, wires.weights, strict=True):
        sources, targets = network.populations[p.source].size, network.populations[p.target].size
        if p.rule == "fixed_total_number":
            n = network.count(p)
            i = np.arange(-(-n // 64) * 16)
            words = philox(stream_key(key, "sources"), i >> 32, i & 0xFFFFFFFF, 0).reshape(-1, 16, 4).transpose(0, 2, 1).reshape(-1)[:n]
            degrees = np.bincount(_scale(words, sources), minlength=sources)
            source = np.repeat(np.arange(sources), degrees)
            draw = np.arange(n) - np.repeat(np.cumsum(degrees) - degrees, degrees)
            words = philox(key, source, draw, 0)
            target = _scale(words[:, 0], targets)
        elif p.rule == "fixed_indegree":
            target, draw = (a.ravel() for a in np.indices((targets, round(p.count))))
            words = philox(key, target, draw, 0)
            source = _scale(words[:, 0], sources)
        else:
            source, target = (a.ravel() for a in np.indices((sources, targets))) if p.rule == "all_to_all" else (np.arange(targets),) * 2
            words = philox(key, source, target, 0)
        if p.rule == "one_to_one":
            words = philox(key, source, 0, 0)
        parts.append((source + network.first_ids[p.source], target + network.first_ids[p.target],
                      wires.least_delay + delays[_scale(words[:, 1], len(delays))].astype(np.int64),
                      weights[_scale(words[:, 2], len(weights))].astype(np.int64)))
    joined = [np.concatenate([part[i] for part in parts] or [np.empty(0, np.int64)]) for i in range(4)]
    return Synapses(*joined)


def background_counts(key: int, mean: float, first_chunk: int, size: int, step: int) -> NDArray[np.int64]:
    """Return the external spikes of one population in one step, (size,) int64."""
    n = np.arange(size)
    entity, word = (first_chunk + n // CHUNK) * _LANES + n % _LANES, n % CHUNK // _LANES
    drawn = [philox(key, entity, draw, step)[n, word] for draw in (0, 1)]
    return poisson_counts(mean, drawn[0], drawn[1])


def run(plan: Plan, seed: int, stream: str, rate_hz: NDArray[np.float64], direct_pa: NDArray[np.float64],
        arrivals: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.float64]]:
    """Run a network from instant 0.

    Parameters
    ----------
    plan : Plan
        The network.
    seed, stream : int, str
        Where its random numbers come from.
    rate_hz, direct_pa : (n_steps, n_populations) float64
        Rate of one external neuron, Hz, and direct current, pA.
    arrivals : (n_steps, n_neurons) int64
        Spikes on the input port.

    Returns
    -------
    spikes : (n_steps, n_neurons) bool
    potential, current : (n_steps, n_neurons) float64, mV above E_L, pA
    """
    real: Any = np.float64 if plan.is_double else np.float32
    network, wired, steps = plan.scaled.network, synapses(plan, seed, stream), len(rate_hz)
    sizes = np.array([p.size for p in network.populations])
    population, constants = np.repeat(np.arange(len(sizes)), sizes), plan.constants()
    chunks = np.cumsum(np.r_[0, -(-sizes // CHUNK)])
    p11, p21, m22, _, threshold, reset, _, weight, input_weight = (constants[:, i].astype(real)[population] for i in range(9))
    unit, key = real(plan.wiring.unit_pa), stream_key(seed, stream, "background")
    v, current = initial_potentials(network, stream_key(seed, stream, "potential")).astype(real), np.zeros(network.neurons, real)
    rest, spikes = np.zeros(network.neurons, np.int64), np.zeros((steps + 1, network.neurons), bool)
    traces = np.empty((2, steps, network.neurons))
    for k in range(steps):
        due = spikes[np.maximum(k + 1 - wired.delay, 0), wired.source]
        arriving = np.bincount(wired.target[due], wired.weight[due], network.neurons).astype(real)
        means = constants[:, 9] * rate_hz[k]
        count = np.concatenate([background_counts(key, m, c, n, k) if m > 0 else np.zeros(n, np.int64)
                                for m, c, n in zip(means, chunks[:-1], sizes, strict=True)])
        drive = (constants[:, 3] * direct_pa[k]).astype(real)[population]
        v = np.where(rest > 0, v, v + ((m22 * v + p21 * current) + drive))
        current = p11 * current + (unit * arriving + weight * count.astype(real))
        current = current + input_weight * arrivals[k].astype(real)
        fired = v >= threshold
        v, rest = np.where(fired, reset, v), np.where(fired, constants[population, 10].astype(np.int64), rest - (rest > 0))
        spikes[k + 1], traces[0, k], traces[1, k] = fired, v, current
    return spikes[1:], traces[0], traces[1]


def _scale(words: NDArray[np.uint32], n: int) -> NDArray[np.int64]:
    return (words.astype(np.uint64) * np.uint64(n) >> np.uint64(32)).astype(np.int64)
