"""Make networks with precise spike times from plain arrays, and run them."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

import numpy as np

from cosim.models.microcircuit.kernel.precise import PreciseDrive, PreciseNetwork, advance_precise, build_precise, constants
from support.ranks import run_on_ranks

# The defaults of NEST's iaf_psc_exp_ps.
DEFAULTS = {"C_m": 250, "tau_m": 10, "tau_syn_ex": 2, "tau_syn_in": 2, "t_ref": 2, "V_th": -55, "V_reset": -70, "E_L": -70}
KEY = 99


class Given(NamedTuple):
    """Hold what a run gave: times in steps and ids of the spikes, and traces of all neurons, one row a step."""

    times: np.ndarray
    ids: np.ndarray
    potential: np.ndarray
    current: np.ndarray
    raw: tuple


def neurons(step_ms, sizes=(1,), above=0.0, background=0.0, synapses=0.0, weight=1.0, wires=(), unit_pa=1.0, **changes):
    """Return a network of populations with the same constants; wires are (source, target, delay in steps, weight in units)."""
    parameters = {k: Fraction(str(v)) for k, v in (DEFAULTS | changes).items()}
    row = constants(parameters, Fraction(step_ms), background, weight, synapses, "A")
    wires = np.array(wires, np.int64).reshape(-1, 4)
    least = int(wires[:, 2].min(initial=60000)) if len(wires) else 1
    most = int(wires[:, 2].max()) if len(wires) else 1
    potential = np.broadcast_to(np.asarray(above, float), sum(sizes)).copy()
    return PreciseNetwork(tuple(sizes), np.array([row] * len(sizes)), potential, *np.ascontiguousarray(wires.T), unit_pa, least,
                          most - least + 1)


def drive(network, steps, rate_hz=0.0, direct_pa=0.0, arrivals=()):
    """Return a drive; arrivals are (end of the step, id, offset in steps)."""
    shape = (steps, len(network.sizes))
    rates, direct = (np.ascontiguousarray(np.broadcast_to(np.asarray(x, float), shape)) for x in (rate_hz, direct_pa))
    come = sorted(arrivals)
    upto = np.searchsorted([c[0] for c in come], np.arange(steps + 1), side="right").astype(np.int64)
    return PreciseDrive(rates, direct, upto, np.array([c[1] for c in come], np.int64), np.array([c[2] for c in come], np.float64))


def run(network, driven, window=10**9, ranks=1, share_memory=True, key=KEY):
    """Run a network over all steps of a drive, in windows, on ranks."""
    steps = len(driven.rate_hz)

    def work(mine):
        engine, failure = build_precise(network, key, mine)
        bounds = [sum(network.sizes) * r // mine.size for r in range(mine.size + 1)]
        trace = np.arange(bounds[mine.rank + 1] - bounds[mine.rank], dtype=np.uint32)
        parts = []
        for begin in range(0, steps, window):
            end = min(begin + window, steps)
            cut = PreciseDrive(driven.rate_hz[begin:end], driven.direct_pa[begin:end], driven.upto[begin:end + 1], driven.ids,
                               driven.offsets)
            parts.append(advance_precise(engine, mine, network.least_delay, begin, cut, trace))
        return parts, failure.copy()
    results = run_on_ranks(ranks, work, share_memory)
    counts, ids, offsets = (np.concatenate([getattr(p, name) for p in results[0][0]]) for name in ("counts", "ids", "offsets"))
    potential, current = (np.concatenate([np.concatenate([getattr(p, name) for p in parts], axis=1) for parts, _ in results]).T
                          for name in ("potential", "current"))
    stamps = np.repeat(np.arange(1, steps + 1), counts)
    return Given(stamps - offsets, ids, potential, current, (stamps.tobytes(), ids.tobytes(), offsets.tobytes(), potential.tobytes(),
                                                             current.tobytes(), results[0][1].tobytes()))
