"""Describe a network in plain numbers, so that a script of another simulator can build the same one."""

from __future__ import annotations

import math
from typing import Any

from cosim.launch.bench.case import STEP_MS, Case
from cosim.models.microcircuit.network.data import Population, Projection
from cosim.models.microcircuit.network.scaling import Scaled

MOST_PER_THREAD = 134_217_726
"""Connections that one thread of NEST can hold."""


def described(case: Case, network: Scaled) -> dict[str, Any]:
    """Return the network and how long it is run, as JSON knows it; potentials in mV, times in ms, currents in pA, capacities in pF."""
    return {
        "name": network.network.name, "step_ms": STEP_MS, "warmup_ms": 1000 * case.warmup, "measured_ms": 1000 * case.seconds,
        "populations": [_population(p, float(direct), float(per_hz), float(heard)) for p, direct, per_hz, heard in zip(
            network.network.populations, network.direct_pa, network.direct_pa_per_hz, network.poisson_synapses, strict=True)],
        "projections": [_projection(p, network.network.populations[p.target]) for p in network.network.projections
                        if network.network.count(p)]}


def _population(p: Population, direct: float, per_hz: float, heard: float) -> dict[str, Any]:
    potential = p.model.state[0].name
    mean, sd = p.initial.get(potential, (p.model.initial(p.parameters).get(potential, 0.0), 0.0))
    external = p.background
    return {"name": p.name, "size": p.size, "model": p.model.name,
            "parameters": {name: float(value) for name, value in p.parameters.items()} | {"I_e": direct + per_hz * external.rate_hz},
            "v_init": mean + p.above(potential), "v_init_sd": sd,
            "external": {"synapses": heard, "rate_hz": external.rate_hz, "weight": _signed(p, external.receptor, external.weight)}}


def _projection(p: Projection, target: Population) -> dict[str, Any]:
    return {"source": p.source, "target": p.target, "rule": p.rule, "number": round(p.count),
            "weight": _signed(target, p.receptor, p.weight), "weight_sd": abs(p.weight) * p.weight_rel_sd, "delay": float(p.delay),
            "delay_sd": p.delay_sd}


def _signed(target: Population, receptor: str, weight: float) -> float:
    """Return a weight whose sign says what it acts on, as it does for the others: below zero for the last receptor of conductances."""
    if receptor and not target.model.receptor(receptor).keeps_sign:
        return -abs(weight) if receptor == target.model.receptors[-1].name else abs(weight)
    return weight


def distinct_delays(network: Scaled) -> int:
    """Return over how many steps the delays of a neuron's synapses spread, in the mean: four standard deviations hold nearly all."""
    total = sum(network.network.count(p) for p in network.network.projections)
    weighed = sum(network.network.count(p) * (1 + 4 * p.delay_sd / STEP_MS) for p in network.network.projections)
    return max(1, round(weighed / total)) if total else 1


def fewest_threads(synapses: int, threads: int) -> int:
    """Return the least multiple of a number of threads that lets NEST hold so many synapses, a tenth of room for chance and devices."""
    return threads * math.ceil(max(1.0, 1.1 * synapses / MOST_PER_THREAD / threads))
