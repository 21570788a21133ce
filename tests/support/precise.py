"""Make networks with precise spike times from plain arrays, and run them."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

import numpy as np

from cosim.models.microcircuit.kernel.precise import PreciseNetwork, advance_precise, build_precise
from cosim.models.microcircuit.neurons.iaf_psc_exp_ps import MODEL
from support.ranks import run_on_ranks

KEY = 99
BACKGROUND = 12  # column of the constants: weight of a background spike


class Given(NamedTuple):
    """Hold what a run gave: times in steps and ids of the spikes, and traces of all neurons, one row a step; `raw` tells every bit."""

    times: np.ndarray
    ids: np.ndarray
    potential: np.ndarray
    currents: np.ndarray
    failure: np.ndarray
    raw: tuple


class Drive(NamedTuple):
    """Hold what drives a network: rates and direct currents, one row a step, and arrivals as `advance_precise` takes them."""

    rate_hz: np.ndarray
    direct_pa: np.ndarray
    arrivals: tuple


def neurons(step_ms, sizes=(1,), above=0.0, background=0.0, synapses=0.0, wires=(), unit_pa=1.0, **changes):
    """Return a network of populations with the same constants; wires are (source, target, delay in steps, weight in units)."""
    step_ms = Fraction(step_ms)
    parameters = {p.name: Fraction(str(changes.get(p.name, p.default))) for p in MODEL.parameters}
    assert not set(changes) - set(parameters)
    row = (*MODEL.constants(parameters, step_ms).values(), unit_pa, background, background < 0, synapses * float(step_ms) * 1e-3)
    wires = np.array(wires, np.int64).reshape(-1, 4)
    least, most = (int(wires[:, 2].min()), int(wires[:, 2].max())) if len(wires) else (1, 1)
    state = np.zeros((3, sum(sizes)))
    state[0] = above
    source, target, delay, weights = np.ascontiguousarray(wires.T)
    return PreciseNetwork(tuple(sizes), np.array([row] * len(sizes), float), state, source, target, (weights < 0).astype(np.int64), delay,
                          weights, least, most - least + 1)


def drive(network, steps, rate_hz=0.0, direct_pa=0.0, arrivals=(), weight=1.0):
    """Return a drive; arrivals are (end of the step, id, offset in steps), all of one weight (pA)."""
    shape = (steps, len(network.sizes))
    rates, direct = (np.ascontiguousarray(np.broadcast_to(np.asarray(x, float), shape)) for x in (rate_hz, direct_pa))
    come = sorted(arrivals)
    upto = np.searchsorted([c[0] for c in come], np.arange(steps + 1), side="right").astype(np.int64)
    ids, offsets = np.array([c[1] for c in come], np.int64), np.array([c[2] for c in come], np.float64)
    return Drive(rates, direct, (upto, ids, np.full(len(come), weight < 0, np.uint32), np.full(len(come), float(weight)), offsets))


def run(network, driven, window=10**9, ranks=1, share_memory=True, key=KEY):
    """Run a network over all steps of a drive, in windows, on ranks."""
    steps = len(driven.rate_hz)

    def work(mine):
        built = build_precise(network, key, mine)
        local = built.part.local_of(np.arange(built.part.first_id, built.part.stop_id))
        trace = np.array([(n, array) for array in (1, 2, 3) for n in local], np.uint32)
        parts = []
        for begin in range(0, steps, window):
            end = min(begin + window, steps)
            upto, ids, *rest = driven.arrivals
            mine_too = (ids >= built.part.first_id) & (ids < built.part.stop_id)
            kept = np.concatenate([[0], np.cumsum(mine_too)])[upto[begin:end + 1]].astype(np.int64)
            now = (kept, built.part.local_of(ids[mine_too]).astype(np.uint32), *(r[mine_too] for r in rest))
            rates, direct = driven.rate_hz[begin:end], driven.direct_pa[begin:end]
            parts.append(advance_precise(built, mine, network.least_delay, begin, rates, direct, now, trace))
        return parts, built.failure.copy()
    results = run_on_ranks(ranks, work, share_memory)
    counts, ids, offsets = (np.concatenate([getattr(p, name) for p in results[0][0]]) for name in ("counts", "ids", "offsets"))
    traced = [np.concatenate([p.traced.reshape(3, -1, p.traced.shape[1]) for p in parts], axis=2) for parts, _ in results]
    traced = np.concatenate(traced, axis=1)
    stamps = np.repeat(np.arange(1, steps + 1), counts)
    raw = tuple(a.tobytes() for a in (stamps, ids, offsets, traced))
    return Given(stamps - offsets, ids, traced[0].T, traced[1:].transpose(0, 2, 1), results[0][1], raw)
