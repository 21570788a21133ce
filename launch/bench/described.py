"""Describe a network in plain numbers, so that a script of another simulator can build the same one."""

from __future__ import annotations

import math
from typing import Any

from cosim.errors import InputError, Problem
from cosim.launch.bench.case import STEP_MS, Case
from cosim.models.microcircuit.network.data import Network, Population, Projection
from cosim.models.microcircuit.network.devices import Multimeter, PoissonInput, Recorder
from cosim.models.microcircuit.network.distribution import Distribution, constant
from cosim.models.microcircuit.network.scaling import Scaled

RULES = ("fixed_total_number", "fixed_indegree", "pairwise_bernoulli", "all_to_all", "one_to_one")
"""Rules that the scripts know."""

MOST_PER_THREAD = 134_217_726
"""Connections that one thread of NEST can hold."""


def described(case: Case, network: Scaled) -> dict[str, Any]:
    """Return the network and how long it is run, as JSON knows it; potentials in mV, times in ms, currents in pA, capacities in pF."""
    return {
        "name": network.network.name, "step_ms": STEP_MS, "warmup_ms": 1000 * case.warmup, "measured_ms": 1000 * case.seconds,
        "populations": [_population(p, float(direct), float(per_hz), float(heard)) for p, direct, per_hz, heard in zip(
            network.network.populations, network.direct_pa, network.direct_pa_per_hz, network.poisson_synapses, strict=True)],
        "projections": [_projection(p, network.network.populations[p.target]) for p in network.network.projections
                        if network.network.count(p)], "devices": _devices(network.network)}


def _population(p: Population, direct: float, per_hz: float, heard: float) -> dict[str, Any]:
    potential = p.model.state[0].name
    start = {potential: constant(p.model.initial(p.parameters).get(potential, 0.0)), **p.initial}
    external = p.background
    return {"name": p.name, "size": p.size, "model": p.model.name,
            "parameters": {name: float(value) for name, value in p.parameters.items()} | {"I_e": direct + per_hz * external.rate_hz},
            "initial": {name: _normal(spread, p.above(name), f"the initial {name} of {p.name}") for name, spread in start.items()},
            "external": {"synapses": heard, "rate_hz": external.rate_hz, "weight": _signed(p, external.receptor, external.weight)}}


def _projection(p: Projection, target: Population) -> dict[str, Any]:
    if p.rule not in RULES:
        raise InputError(Problem(f"{p.name} has the rule '{p.rule}', which the scripts of the others do not know", p.where,
                                 f"one of {', '.join(RULES)}", "measure without --against"))
    if p.plasticity is not None:
        raise InputError(Problem(f"the synapses of {p.name} change, which the scripts of the others do not know", p.where,
                                 "synapses without 'plasticity'", "measure without --against"))
    if p.plasticity is not None:
        raise InputError(Problem(f"the synapses of {p.name} change, and those of the scripts of the others do not", p.where,
                                 remedy="measure without --against"))
    return {"source": p.source, "target": p.target, "rule": p.rule, "number": round(p.count), "probability": p.count,
            "weight": _signed(target, p.receptor, float(p.weights.first)),
            "weight_sd": _normal(p.weights, 0.0, f"the weight of {p.name}")["sd"], "delay": float(p.delays.first),
            "delay_sd": _normal(p.delays, 0.0, f"the delay of {p.name}")["sd"], "autapses": p.autapses, "multapses": p.multapses}


def _devices(network: Network) -> list[dict[str, Any]]:
    """Return the sources of Poisson spikes; devices that only observe are left out."""
    found = []
    for device in network.devices:
        if isinstance(device, Multimeter | Recorder):
            continue
        if not isinstance(device, PoissonInput):
            raise InputError(Problem(f"the scripts of the others do not know the device '{device.name}'", device.where,
                                     "sources of Poisson spikes only", "measure without --against"))
        begins = [float(t) for t in device.rate_hz.times_ms]
        courses = [{"start": begin, "stop": end, "rate_hz": rate}
                   for begin, end, rate in zip(begins, [*begins[1:], None], device.rate_hz.values, strict=True) if rate]
        for target, receptor, weight in zip(device.targets, device.receptors, device.weights, strict=True):
            heard = network.populations[target.population]
            numbers = target.numbers(heard.size).tolist()
            found.append({"target": target.population, "neurons": numbers, "weight": _signed(heard, receptor, weight), "courses": courses})
    if network.replays:
        raise InputError(Problem(f"the scripts of the others do not know spikes from files ('{network.replays[0].name}')",
                                 network.replays[0].where, remedy="measure without --against"))
    return found


def _normal(spread: Distribution, above: float, what: str) -> dict[str, float]:
    """Return a normal or constant quantity that is counted from somewhere: mean, standard deviation, and the bounds to redraw beyond."""
    if spread.kind not in ("constant", "normal") or (spread.at_bounds != "redraw" and spread.is_cut):
        raise InputError(Problem(f"{what} follows a law ({spread.kind}, {spread.at_bounds}) that the scripts of the others do not know",
                                 expected="constant or normal, redrawn beyond its bounds", remedy="measure without --against"))
    bounds = {name: value + above for name, value in (("least", spread.least), ("most", spread.most)) if math.isfinite(value)}
    return {"mean": float(spread.first) + above, "sd": float(spread.second), **bounds}


def _signed(target: Population, receptor: str, weight: float) -> float:
    """Return a weight whose sign says what it acts on, as it does for the others: below zero for the last receptor of conductances."""
    if receptor and not target.model.receptor(receptor).keeps_sign:
        return -abs(weight) if receptor == target.model.receptors[-1].name else abs(weight)
    return weight


def distinct_delays(network: Scaled) -> int:
    """Return over how many steps the delays of a neuron's synapses spread, in the mean: four standard deviations hold nearly all."""
    total = sum(network.network.count(p) for p in network.network.projections)
    weighed = sum(network.network.count(p) * (1 + 4 * p.delays.sd / STEP_MS) for p in network.network.projections)
    return max(1, round(weighed / total)) if total else 1


def fewest_threads(synapses: int, threads: int) -> int:
    """Return the least multiple of a number of threads that lets NEST hold so many synapses, a tenth of room for chance and devices."""
    return threads * math.ceil(max(1.0, 1.1 * synapses / MOST_PER_THREAD / threads))
