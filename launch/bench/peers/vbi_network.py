"""Sweep the coupling of a brain network without delays in vbi: ``python vbi_network.py NETWORK.json RESULT.json``."""

from __future__ import annotations

import json
import multiprocessing
import sys
import time
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any


def main() -> None:
    """Run as a script."""
    Path(sys.argv[2]).write_text(json.dumps(run(json.loads(Path(sys.argv[1]).read_text()))))


def run(network: dict[str, Any]) -> dict[str, Any]:
    """Return how long a point took with as many processes as cores, compilation aside, and the mean and the last potentials."""
    import numpy as np  # noqa: PLC0415 (the modules of cosim can be imported without it)

    low, high = network["gains"]
    gains = np.linspace(low, high, network["points"]).tolist()
    with multiprocessing.get_context("spawn").Pool(network["cores"]) as pool:
        begun = time.perf_counter()
        pool.map(partial(point, network | {"duration_ms": 2.0}), [0.0] * 8 * network["cores"], chunksize=1)
        compiled = time.perf_counter()
        rows = pool.map(partial(point, network), gains, chunksize=max(1, min(8, len(gains) // network["cores"])))
        taken = time.perf_counter() - compiled
    return {"simulator": "vbi, numba", "version": version("vbi"), "s_per_point": taken / len(gains), "compile_s": compiled - begun,
            "mean": [r[0] for r in rows], "last": [r[1] for r in rows]}


def point(network: dict[str, Any], gain: float) -> list[list[float]]:
    """Return mean and last potential of each region. Its unit of time is 10 ms, and its noise is twice as strong in V as in r squared."""
    import numpy as np  # noqa: PLC0415 (as above)
    from vbi.models.numba.mpr import MPR_sde  # noqa: PLC0415 (as above)

    weights = np.load(network["weights"])
    n, step = len(weights), network["step_ms"]
    # It takes one step less than it is asked for, and keeps every state that it is told to.
    model = MPR_sde({"weights": weights, "G": gain, "dt": step, "t_end": 10 * (network["duration_ms"] + 1.5 * step), "J": 15.0,
                     "eta": np.array([-5.0]), "tau": 1.0, "delta": 1.0, "noise_amp": 0.5 * network["noise"] ** 2, "RECORD_RV": True,
                     "RECORD_BOLD": False, "rv_decimate": 1, "seed": 1})
    r, v = network["initial"]
    course = model.run(x0=np.concatenate((np.full(n, r), np.full(n, v))))["rv_d"]
    potentials = np.asarray(course[:round(network["duration_ms"] / step), n:], np.float64)
    return [potentials.mean(axis=0).tolist(), potentials[-1].tolist()]


if __name__ == "__main__":
    main()
