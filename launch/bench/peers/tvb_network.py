"""Build and run a brain network in The Virtual Brain: ``python tvb_network.py NETWORK.json RESULT.json [--backend numba]``."""

from __future__ import annotations

import argparse
import json
import logging
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any


def main() -> None:
    """Run as a script."""
    parser = argparse.ArgumentParser(description="Build and run in The Virtual Brain the network that a JSON file describes.")
    parser.add_argument("network", type=Path)
    parser.add_argument("result", type=Path)
    parser.add_argument("--backend", choices=["usual", "numba"], default="usual")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    logging.disable(logging.WARNING)
    network = json.loads(given.network.read_text())
    result = in_numba(network, given.seed) if given.backend == "numba" else run(network, given.seed)
    given.result.write_text(json.dumps(result))


def run(network: dict[str, Any], seed: int) -> dict[str, Any]:
    """Return how long a step of a region took after the warm-up, and the state at the end."""
    begun = time.perf_counter()
    simulator = _simulator(network, seed, "Stochastic" if network["noise"] else "Deterministic")
    simulator.configure()
    build_s = time.perf_counter() - begun
    if network["warmup_ms"]:
        simulator.run(simulation_length=network["warmup_ms"])
    wall, cpu = time.perf_counter(), time.process_time()
    simulator.run(simulation_length=network["measured_ms"])
    return _told(network, wall, cpu, build_s) | {"state": simulator.current_state[:, :, 0].tolist()}


def in_numba(network: dict[str, Any], seed: int) -> dict[str, Any]:
    """Return the same of the backend that numba compiles, which knows one model and has a step from noise made before.

    Its compilation is no part of what is measured.
    """
    from tvb.simulator.backend.nb_mpr import NbMPRBackend  # noqa: PLC0415 (the modules of cosim can be imported without it)
    from tvb.simulator.lab import monitors  # noqa: PLC0415 (as above)

    class Kept(NbMPRBackend):  # type: ignore[misc]
        """Compile once: it would at each call."""

        kept: Any = None

        def build_py_func(self, *given: Any, **named: Any) -> Any:
            self.kept = self.kept or super().build_py_func(*given, **named)
            return self.kept

    begun = time.perf_counter()
    simulator = _simulator(network, seed, "Stochastic")
    simulator.monitors = (monitors.Raw(),)
    simulator.configure()
    backend = Kept()
    build_s = time.perf_counter() - begun
    backend.run_sim(simulator, nstep=max(1, round(network["warmup_ms"] / network["step_ms"])))
    wall, cpu = time.perf_counter(), time.process_time()
    backend.run_sim(simulator, nstep=round(network["measured_ms"] / network["step_ms"]))
    return _told(network, wall, cpu, build_s)


def _simulator(network: dict[str, Any], seed: int, kind: str) -> Any:
    import numpy as np  # noqa: PLC0415 (as above)
    from tvb.simulator import models  # noqa: PLC0415 (as above)
    from tvb.simulator.lab import connectivity, coupling, integrators, noise, simulator  # noqa: PLC0415 (as above)

    weights, lengths, initial = (np.load(network[name]) for name in ("weights", "lengths", "initial"))
    n = len(weights)
    brain = connectivity.Connectivity(
        weights=weights, tract_lengths=lengths, speed=np.array([network["speed"]]), centres=np.zeros((n, 3)),
        region_labels=np.array([f"R{i}" for i in range(n)]))
    scheme = getattr(integrators, network["scheme"] + kind)(dt=network["step_ms"])
    model = _of(getattr(models, network["model"], None) or _zerlaut(network["model"]), network["parameters"])
    if kind == "Stochastic":
        # Its noise adds sqrt(2 nsig dt) xi.
        scheme.noise = noise.Additive(nsig=np.array([0.5 * network["noise"] ** 2]), noise_seed=seed)
    horizon = int(np.rint(lengths / network["speed"] / network["step_ms"]).max()) + 2
    return simulator.Simulator(
        model=model, connectivity=brain, coupling=_of(getattr(coupling, network["coupling"]), network["coupling_parameters"]),
        integrator=scheme, initial_conditions=np.repeat(initial[None, :, :, None], horizon, axis=0))


def _zerlaut(name: str) -> Any:
    from tvb.simulator.models import zerlaut  # noqa: PLC0415 (as above)

    return getattr(zerlaut, name)


def _of(kind: Any, parameters: dict[str, Any]) -> Any:
    """Make a model or a coupling with parameters, all of which it must know."""
    import numpy as np  # noqa: PLC0415 (as above)

    unknown = [name for name in parameters if not hasattr(kind, name)]
    if unknown:
        raise SystemExit(f"{kind.__name__} has no parameter {', '.join(unknown)}")
    made = kind()
    for name, value in parameters.items():
        setattr(made, name, np.atleast_1d(np.array(value, getattr(made, name).dtype)))
    return made


def _told(network: dict[str, Any], wall: float, cpu: float, build_s: float) -> dict[str, Any]:
    import numpy as np  # noqa: PLC0415 (as above)

    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    node_steps = round(network["measured_ms"] / network["step_ms"]) * len(np.load(network["weights"]))
    return {"simulator": "tvb-library", "version": version("tvb-library"), "build_s": build_s, "ns_per_node_step": 1e9 * wall / node_steps,
            "cpu_ns_per_node_step": 1e9 * cpu / node_steps}


if __name__ == "__main__":
    main()
