"""Build and run a network in Brian2's C++ standalone mode: ``python brian2_network.py NETWORK.json RESULT.json --threads 1 --seed 1``."""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

MODELS = {
    "iaf_psc_exp": ("""dv/dt = (E_L - v) / tau_m + (I + I_e) / C_m : volt (unless refractory)
                       dI/dt = -I / tau_syn_ex : amp""", "I_post += w", "amp", "I", "exact"),
    "iaf_psc_delta": ("dv/dt = (E_L - v) / tau_m + I_e / C_m : volt (unless refractory)", "v_post += w * int(not_refractory_post)", "volt",
                      "v", "exact"),
    "iaf_cond_exp": ("""dv/dt = (g_L * (E_L - v) + g_ex * (E_ex - v) + g_in * (E_in - v) + I_e) / C_m : volt (unless refractory)
                        dg_ex/dt = -g_ex / tau_syn_ex : siemens
                        dg_in/dt = -g_in / tau_syn_in : siemens""", "g_ex_post += w", "siemens", "g_ex", "exponential_euler"),
}
"""Equations, what a spike does, unit of a weight, what an external spike adds to, and the method of integration."""

UNITS = {"C_m": "pF", "tau_m": "ms", "tau_syn_ex": "ms", "tau_syn_in": "ms", "t_ref": "ms", "V_th": "mV", "V_reset": "mV", "E_L": "mV",
         "I_e": "pA", "g_L": "nS", "E_ex": "mV", "E_in": "mV"}
WEIGHT = {"amp": "pA", "volt": "mV", "siemens": "nS"}
MARK = re.compile(r"^mark (\w+) ([\d.]+)$", re.MULTILINE)


def main() -> None:
    """Run as a script."""
    parser = argparse.ArgumentParser(description="Build and run in Brian2 the network that a JSON file describes.")
    parser.add_argument("network", type=Path)
    parser.add_argument("result", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--spikes", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="brian2-") as folder:
        result, spikes = run(json.loads(given.network.read_text()), given.threads, given.seed, Path(folder))
    given.result.write_text(json.dumps(result))
    if given.spikes:
        given.spikes.write_text(json.dumps(spikes))


def run(network: dict[str, Any], threads: int, seed: int, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the run reached, and its spikes."""
    import brian2 as b  # noqa: PLC0415 (the modules of cosim can be imported without it)
    import numpy as np  # noqa: PLC0415 (as above)

    b.set_device("cpp_standalone", build_on_run=False, directory=str(folder))
    b.prefs.devices.cpp_standalone.openmp_threads = threads if threads > 1 else 0
    b.prefs.devices.cpp_standalone.extra_make_args_unix = [f"-j{os.cpu_count()}"]  # its default starts all compilers at once
    b.prefs.codegen.cpp.headers = ["<chrono>"]  # for the marks
    b.defaultclock.dt = network["step_ms"] * b.ms
    b.seed(seed)
    begun = time.perf_counter()
    device, draw = b.get_device(), np.random.default_rng(seed)
    _mark(device, "began")
    neurons = _neurons(b, network["populations"], draw)
    first = np.concatenate(([0], np.cumsum([p["size"] for p in network["populations"]])))
    parts = _synapses(b, network, neurons, first, draw)
    for p, at in zip(network["populations"], first[:-1], strict=True):
        parts += _external(b, p, neurons, int(at))
    for source in network["devices"]:
        _device(b, source, network["populations"][source["target"]]["model"], neurons, int(first[source["target"]]), network["step_ms"])
    monitor = b.SpikeMonitor(neurons)
    whole = b.Network(neurons, *parts, monitor)
    _mark(device, "built")
    if network["warmup_ms"]:
        whole.run(network["warmup_ms"] * b.ms)
    _mark(device, "warm")
    whole.run(network["measured_ms"] * b.ms)
    _mark(device, "done")
    device.build(directory=str(folder), compile=True, run=False)
    compiled = time.perf_counter()
    said, peak = _execute(folder)
    at = {name: float(seconds) for name, seconds in MARK.findall(said)}
    device.has_been_run = True
    sizes = [(p["name"], p["size"]) for p in network["populations"]]
    times = np.asarray(monitor.t / b.ms) + network["step_ms"]  # Brian2 stamps a spike with the beginning of its step
    ids = np.asarray(monitor.i)
    order = np.lexsort((ids, times))
    times, ids = np.round(times[order], 4), ids[order]
    counts = np.bincount(np.searchsorted(first[1:], ids[times > network["warmup_ms"] + 1e-6], side="right"), minlength=len(sizes))
    seconds = network["measured_ms"] / 1000
    result = {"simulator": "Brian2", "version": b.__version__, "threads": threads, "build_s": at["built"] - at["began"],
              "compile_s": compiled - begun, "rtf": (at["done"] - at["warm"]) / seconds, "peak_rss_bytes": peak,
              "rates_hz": [float(c / n / seconds) for c, (_, n) in zip(counts, sizes, strict=True)]}
    return result, {"populations": sizes, "stop_ms": network["warmup_ms"] + network["measured_ms"], "times_ms": times.tolist(),
                    "ids": ids.tolist()}


def _mark(device: Any, name: str) -> None:
    """Let the program say when it comes here."""
    device.insert_code("main", 'std::cout << std::fixed << "mark ' + name + ' " << std::chrono::duration<double>('
                       "std::chrono::steady_clock::now().time_since_epoch()).count() << std::endl;")


def _execute(folder: Path) -> tuple[str, int]:
    """Run the compiled program; return what it said and its largest resident memory."""
    (folder / "results").mkdir(exist_ok=True)
    said = folder / "said.txt"
    with said.open("wb") as output:
        process = subprocess.Popen([folder / "main"], cwd=folder, stdout=output)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if status:
        raise SystemExit(f"the program that Brian2 made ended with status {process.returncode}")
    return said.read_text(), used.ru_maxrss * 1024


def _neurons(b: Any, populations: list[dict[str, Any]], draw: Any) -> Any:
    """Make one group of all neurons, which is what Brian2 is fastest with; their parameters must not differ, but for the current."""
    import numpy as np  # noqa: PLC0415 (as above)

    alike = [{**p["parameters"], "I_e": 0.0, "model": p["model"]} for p in populations]
    if any(other != alike[0] for other in alike):
        raise SystemExit("this script knows networks of one kind of neuron only")
    equations, _, _, _, method = MODELS[populations[0]["model"]]
    names = {key: value * getattr(b, UNITS[key]) for key, value in populations[0]["parameters"].items() if key in UNITS and key != "I_e"}
    size = sum(p["size"] for p in populations)
    group = b.NeuronGroup(size, equations + "\nI_e : amp (constant)", threshold="v >= V_th", reset="v = V_reset", refractory=names["t_ref"],
                          method=method, namespace=names, name="neurons")
    for name, start in populations[0]["initial"].items():
        if any(p["initial"].get(name, start).keys() != start.keys() for p in populations):
            raise SystemExit(f"this script knows networks only in which all neurons begin with a {name} of one kind")
        starts = [(p["initial"][name], p["size"]) for p in populations]
        values = np.concatenate([_redrawn(draw, s["mean"], s["sd"], size, _outside(s)) for s, size in starts])
        setattr(group, {"V_m": "v"}.get(name, name), values * getattr(b, "nS" if name.startswith("g_") else "mV"))
    group.I_e = np.repeat([p["parameters"].get("I_e", 0.0) for p in populations], [p["size"] for p in populations]) * b.pA
    return group


def _external(b: Any, p: dict[str, Any], neurons: Any, first: int) -> list[Any]:
    external, unit, variable = p["external"], WEIGHT[MODELS[p["model"]][2]], MODELS[p["model"]][3]
    if not external["synapses"] or not external["rate_hz"]:
        return []
    weight = external["weight"] * getattr(b, unit)
    return [b.PoissonInput(neurons[first:first + p["size"]], variable, round(external["synapses"]), external["rate_hz"] * b.Hz, weight)]


def _device(b: Any, device: dict[str, Any], model: str, neurons: Any, first: int, step_ms: float) -> None:
    """Add Poisson counts in every step of a course to neurons with numbers in a row."""
    unit, variable = WEIGHT[MODELS[model][2]], MODELS[model][3]
    low, high = device["neurons"][0], device["neurons"][-1] + 1
    if device["neurons"] != list(range(low, high)) or (device["weight"] < 0 and model == "iaf_cond_exp"):
        raise SystemExit("this script knows only excitatory sources of Poisson spikes to neurons with numbers in a row")
    driven = neurons[first + low:first + high]
    for course in device["courses"]:
        during = f"int(t >= {course['start']}*ms)" + (f" * int(t < {course['stop']}*ms)" if course["stop"] is not None else "")
        mean = course["rate_hz"] * 1e-3 * step_ms
        driven.run_regularly(f"{variable} += {during} * poisson({mean}) * {device['weight']} * {unit}", dt=step_ms * b.ms)


def _synapses(b: Any, network: dict[str, Any], neurons: Any, first: Any, draw: Any) -> list[Any]:
    """Connect by arrays that are drawn here, because Brian2 has no rule for a fixed number: one set for each sign, again for speed."""
    import numpy as np  # noqa: PLC0415 (as above)

    populations, made = network["populations"], []
    model = populations[0]["model"]
    _, effect, unit, _, _ = MODELS[model]
    scale, is_conductance = getattr(b, WEIGHT[unit]), model == "iaf_cond_exp"
    for sign in (1, -1):
        chosen = [p for p in network["projections"] if p["weight"] * sign > 0]
        if not chosen:
            continue
        i, j, w, d = ([] for _ in range(4))
        for p in chosen:
            source, target = _pairs(p, populations[p["source"]]["size"], populations[p["target"]]["size"], draw)
            i.append(source + first[p["source"]])
            j.append(target + first[p["target"]])
            w.append(_redrawn(draw, p["weight"], p["weight_sd"], len(source), lambda v: v * sign < 0))  # noqa: B023 (called here and now)
            d.append(_redrawn(draw, p["delay"], p["delay_sd"], len(source), lambda v: v < network["step_ms"] / 2))
        weight, delay = np.concatenate(w), np.concatenate(d)
        does = effect.replace("g_ex", "g_in") if is_conductance and sign < 0 else effect
        weight = np.abs(weight) if is_conductance else weight
        like, together = np.ptp(weight) == 0, np.ptp(delay) == 0
        synapses = b.Synapses(neurons, neurons, "" if like else f"w : {unit} (constant)", on_pre=does,
                              namespace={"w": weight[0] * scale} if like else {}, delay=delay[0] * b.ms if together else None)
        synapses.connect(i=np.concatenate(i), j=np.concatenate(j))
        if not like:
            synapses.w = weight * scale
        if not together:
            synapses.delay = delay * b.ms
        made.append(synapses)
    return made


def _pairs(p: dict[str, Any], sources: int, targets: int, draw: Any) -> tuple[Any, Any]:
    import numpy as np  # noqa: PLC0415 (as above)

    if p["rule"].startswith("fixed_") and not (p.get("multapses", True) and (p.get("autapses", True) or p["source"] != p["target"])):
        raise SystemExit("this script knows no fixed number of synapses without autapses or multapses")
    if p["rule"] == "fixed_total_number":
        return draw.integers(0, sources, p["number"]), draw.integers(0, targets, p["number"])
    if p["rule"] == "fixed_indegree":
        return draw.integers(0, sources, p["number"] * targets), np.repeat(np.arange(targets), p["number"])
    if p["rule"] == "pairwise_bernoulli":
        found = np.nonzero(draw.random((sources, targets)) < p["probability"])
        keep = found[0] != found[1] if p["source"] == p["target"] and not p.get("autapses", True) else slice(None)
        return found[0][keep], found[1][keep]
    if p["rule"] == "all_to_all":
        return np.repeat(np.arange(sources), targets), np.tile(np.arange(targets), sources)
    return np.arange(targets), np.arange(targets)


def _outside(start: dict[str, float]) -> Callable[[Any], Any]:
    return lambda v: (v < start.get("least", float("-inf"))) | (v > start.get("most", float("inf")))


def _redrawn(draw: Any, mean: float, sd: float, n: int, bad: Callable[[Any], Any]) -> Any:
    import numpy as np  # noqa: PLC0415 (as above)

    values = draw.normal(mean, sd, n) if sd else np.full(n, mean)
    while (wrong := bad(values)).any():
        values[wrong] = draw.normal(mean, sd, int(wrong.sum()))
    return values


if __name__ == "__main__":
    main()
