"""Build and run a network in NEST: ``python nest_network.py NETWORK.json RESULT.json --threads 2 --seed 1 [--spikes SPIKES.json]``."""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path
from typing import Any


def main() -> None:
    """Run as a script."""
    parser = argparse.ArgumentParser(description="Build and run in NEST the network that a JSON file describes.")
    parser.add_argument("network", type=Path)
    parser.add_argument("result", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--spikes", type=Path)
    given = parser.parse_args()
    result, spikes = run(json.loads(given.network.read_text()), given.threads, given.seed)
    given.result.write_text(json.dumps(result))
    if given.spikes:
        given.spikes.write_text(json.dumps(spikes))


def run(network: dict[str, Any], threads: int, seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the run reached, and its spikes."""
    import nest  # noqa: PLC0415 (the modules of cosim can be imported without it)
    import numpy as np  # noqa: PLC0415 (as above)

    nest.set_verbosity("M_ERROR")
    nest.ResetKernel()
    nest.resolution = network["step_ms"]
    nest.local_num_threads = threads
    nest.rng_seed = seed + 1
    begun = time.perf_counter()
    populations = [_population(nest, p) for p in network["populations"]]
    recorders = [nest.Create("spike_recorder") for _ in populations]
    for population, recorder in zip(populations, recorders, strict=True):
        nest.Connect(population, recorder)
    for p, population in zip(network["populations"], populations, strict=True):
        _external(nest, p["external"], population, network["step_ms"])
    for device in network["devices"]:
        _device(nest, device, populations[device["target"]], network["step_ms"])
    for projection in network["projections"]:
        _connect(nest, projection, populations, network["step_ms"])
    nest.Prepare()
    built = time.perf_counter()
    if network["warmup_ms"]:
        nest.Run(network["warmup_ms"])
    warm = time.perf_counter()
    nest.Run(network["measured_ms"])
    done = time.perf_counter()
    nest.Cleanup()
    first = populations[0].tolist()[0]
    events = [r.get("events") for r in recorders]
    times, ids = (np.concatenate([e[key] for e in events]) for key in ("times", "senders"))
    order = np.lexsort((ids, times))
    times, ids = np.round(times[order], 4), ids[order] - first
    after = times > network["warmup_ms"] + 1e-6
    sizes = [(p["name"], p["size"]) for p in network["populations"]]
    counts = np.bincount(np.searchsorted(np.cumsum([n for _, n in sizes]), ids[after], side="right"), minlength=len(sizes))
    result = {"simulator": "NEST", "version": nest.__version__, "threads": threads, "build_s": built - begun,
              "rtf": (done - warm) / (network["measured_ms"] / 1000), "compile_s": 0.0,
              "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
              "rates_hz": [float(c / n / (network["measured_ms"] / 1000)) for c, (_, n) in zip(counts, sizes, strict=True)]}
    return result, {"populations": sizes, "stop_ms": network["warmup_ms"] + network["measured_ms"], "times_ms": times.tolist(),
                    "ids": ids.tolist()}


def _population(nest: Any, p: dict[str, Any]) -> Any:
    made = nest.Create(p["model"], p["size"], params=p["parameters"])
    for name, start in p["initial"].items():
        value = start["mean"]
        if start["sd"]:
            free = nest.random.normal(start["mean"], start["sd"])
            value = nest.math.redraw(free, min=start.get("least", float("-inf")), max=start.get("most", float("inf")))
        made.set({name: value})
    return made


def _external(nest: Any, external: dict[str, Any], population: Any, step_ms: float) -> None:
    """Drive a population by Poisson spikes; one generator gives each of its targets a train of its own."""
    rate = external["synapses"] * external["rate_hz"]
    if rate:
        nest.Connect(nest.Create("poisson_generator", params={"rate": rate}), population,
                     syn_spec={"weight": external["weight"], "delay": step_ms})


def _device(nest: Any, device: dict[str, Any], population: Any, step_ms: float) -> None:
    for course in device["courses"]:
        times = {"start": course["start"]} | ({} if course["stop"] is None else {"stop": course["stop"]})
        source = nest.Create("poisson_generator", params={"rate": course["rate_hz"], **times})
        nest.Connect(source, population[device["neurons"]], syn_spec={"weight": device["weight"], "delay": step_ms})


def _connect(nest: Any, p: dict[str, Any], populations: list[Any], step_ms: float) -> None:
    weight, delay = p["weight"], p["delay"]
    if p["weight_sd"]:
        bounds = (0.0, float("inf")) if weight > 0 else (float("-inf"), 0.0)
        weight = nest.math.redraw(nest.random.normal(weight, p["weight_sd"]), min=bounds[0], max=bounds[1])
    if p["delay_sd"]:
        delay = nest.math.redraw(nest.random.normal(delay, p["delay_sd"]), min=step_ms / 2, max=float("inf"))
    parameters: dict[str, dict[str, Any]] = {
        "fixed_total_number": {"N": p["number"]}, "fixed_indegree": {"indegree": p["number"]},
        "pairwise_bernoulli": {"p": p.get("probability")}}
    rule = {"rule": p["rule"], **parameters.get(p["rule"], {})}
    if "autapses" in p and p["rule"] != "one_to_one":
        rule |= {"allow_autapses": p["autapses"]}
    if "multapses" in p and p["rule"] not in {"one_to_one", "all_to_all", "pairwise_bernoulli"}:
        rule |= {"allow_multapses": p["multapses"]}
    nest.Connect(populations[p["source"]], populations[p["target"]], rule, {"weight": weight, "delay": delay})


if __name__ == "__main__":
    main()
