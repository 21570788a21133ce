"""Sweep the coupling of a brain network in tvboptim: ``python tvboptim_network.py NETWORK.json RESULT.json``."""

from __future__ import annotations

import json
import os
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any


def main() -> None:
    """Run as a script."""
    network = json.loads(Path(sys.argv[1]).read_text())
    os.environ["XLA_FLAGS"] = f"--xla_force_host_platform_device_count={network['cores']}"
    Path(sys.argv[2]).write_text(json.dumps(run(network)))


def run(network: dict[str, Any]) -> dict[str, Any]:
    """Return how long a point took, compilation aside, and the mean and the last potentials at each point.

    In double precision where states are to be compared, else in the single precision that it comes with. Points are spread over the cores
    and go in batches on each: the size that is fastest here is found first.
    """
    import jax  # noqa: PLC0415 (the modules of cosim can be imported without it)

    jax.config.update("jax_enable_x64", bool(network["exact"]))
    batches = [1] if network["exact"] else [8, 16, 32]
    tried = {size: _sweep(network, size, 2 * size * network["cores"])[0] for size in batches} if len(batches) > 1 else {}
    best = min(tried, key=lambda size: tried[size]) if tried else 1
    seconds, compile_s, mean, last = _sweep(network, best, network["points"])
    return {"simulator": "tvboptim", "version": version("tvboptim"), "s_per_point": seconds, "compile_s": compile_s, "batch": best,
            "mean": mean, "last": last}


def _sweep(network: dict[str, Any], batch: int, points: int) -> tuple[float, float, Any, Any]:
    import jax.numpy as jnp  # noqa: PLC0415 (as above)
    import numpy as np  # noqa: PLC0415 (as above)
    from tvboptim.execution import ParallelExecution  # noqa: PLC0415 (as above)
    from tvboptim.experimental.network_dynamics.core.network import Network  # noqa: PLC0415 (as above)
    from tvboptim.experimental.network_dynamics.coupling.linear import DelayedLinearCoupling, LinearCoupling  # noqa: PLC0415 (as above)
    from tvboptim.experimental.network_dynamics.dynamics.tvb.montbrio_pazo_roxin import MontbrioPazoRoxin  # noqa: PLC0415 (as above)
    from tvboptim.experimental.network_dynamics.graph.base import DenseDelayGraph, DenseGraph  # noqa: PLC0415 (as above)
    from tvboptim.experimental.network_dynamics.noise.gaussian import AdditiveNoise  # noqa: PLC0415 (as above)
    from tvboptim.experimental.network_dynamics.solve import prepare  # noqa: PLC0415 (as above)
    from tvboptim.experimental.network_dynamics.solvers.native import Heun  # noqa: PLC0415 (as above)
    from tvboptim.types.spaces import GridAxis, Space  # noqa: PLC0415 (as above)

    weights, step = np.load(network["weights"]), network["step_ms"]
    if network["delays"]:
        delays = np.rint(np.load(network["lengths"]) / network["speed"] / step) * step * (weights > 0)
        graph, coupling = DenseDelayGraph(weights, delays), {"delayed": DelayedLinearCoupling(incoming_states="r")}
    else:
        graph, coupling = DenseGraph(weights), {"instant": LinearCoupling(incoming_states="r")}
    noise = AdditiveNoise(sigma=network["noise"]) if network["noise"] else None
    model = MontbrioPazoRoxin(INITIAL_STATE=tuple(network["initial"]))
    solve, config = prepare(Network(model, coupling, graph, noise=noise), Heun(), t0=0.0, t1=network["duration_ms"], dt=step)
    place = config.coupling.delayed if network["delays"] else config.coupling.instant
    place.G = GridAxis(*network["gains"], points)

    def kept(state: Any) -> Any:
        course = solve(state).ys[:, 1]
        return jnp.stack((course.mean(axis=0), course[-1]))

    execution = ParallelExecution(kept, Space(config, mode="product"), n_vmap=batch, n_pmap=network["cores"])
    begun = time.perf_counter()
    execution.run()
    first = time.perf_counter()
    found = execution.run()
    taken = time.perf_counter() - first
    rows = np.array([np.asarray(found[i]) for i in range(points)])
    return taken / points, max(0.0, first - begun - taken), rows[:, 0].tolist(), rows[:, 1].tolist()


if __name__ == "__main__":
    main()
