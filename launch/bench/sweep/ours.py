"""Measure ``cosim sweep`` as a user runs it, from the command to the file."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from cosim.errors import RunError
from cosim.launch.bench.sweep.case import GAINS, Case, Written, experiment

_LIMIT_S = 7200.0


def measure_ours(case: Case, files: Written, folder: Path, seed: int) -> float:
    """Return how long a point takes, s: reading, checking, running and writing all, by the number of points."""
    begun = time.perf_counter()
    _swept(case, files, folder, "heun", seed)
    return (time.perf_counter() - begun) / case.points


def means(case: Case, files: Written, folder: Path, scheme: str) -> NDArray[np.float64]:
    """Return mean and last potential of every region at each point, (2, points, regions)."""
    with h5py.File(_swept(case, files, folder, scheme, case.seed), "r") as file:
        return np.array([file["kept/brain.V/mean"][:], file["kept/brain.V/final"][:]])


def _swept(case: Case, files: Written, folder: Path, scheme: str, seed: int) -> Path:
    path, out = experiment(case, files, folder / "sweep.yaml", scheme, seed), folder / "sweep.h5"
    out.unlink(missing_ok=True)
    line = [sys.executable, "-c", "from cosim.launch.command import main; main()", "sweep", str(path), "--vary",
            f"brain.params.coupling=linspace({GAINS[0]:g}, {GAINS[1]:g}, {case.points})", "--keep", "brain.V:mean,final", "--out", str(out),
            "--workers", str(case.workers), "--no-page"]
    done = subprocess.run(line, capture_output=True, text=True, timeout=_LIMIT_S, check=False)
    if done.returncode:
        raise RunError(f"the sweep ended with status {done.returncode}: {done.stderr.strip()}")
    return out
