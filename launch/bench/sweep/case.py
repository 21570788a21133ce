"""Say which sweep is measured, and write it as an experiment and for other simulators."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cosim.errors import Problem, raise_all
from cosim.launch.bench.wholebrain.case import SPEED, STEP_MS
from cosim.launch.bench.wholebrain.case import Case as NetworkCase

MODEL = "montbrio_pazo_roxin"
GAINS = (0.0, 2.0)
INITIAL = (0.1, 0.0)
"""State of all regions at the start: outside of rest, so that there is a course to compare."""

AT_ONCE = 1e9
"""Speed at which every delay is rounded to none, mm/ms."""

_EXPERIMENT = """cosim: 1
title: Sweep of the coupling
seed: {seed}
duration: {duration} ms
step: {step} ms
groups:
  brain:
    component: wholebrain
    params:
      connectome: {weights}
      tract_lengths: {lengths}
      speed: {speed:g} mm/ms
      model: {model}
      scheme: {scheme}
      noise: {noise:g}
      start: model
      initial: {{r: {r:g}, V: {v:g}}}
record: [brain.V]
"""


@dataclass(frozen=True, slots=True)
class Case:
    """Hold what is measured.

    Parameters
    ----------
    points, peer_points : int
        Points that we run, and that others run: for them a point always takes the same time.
    regions : int
        Number of regions.
    seconds : float
        Length of a point, simulated s.
    noise : float
        Strength of the additive noise of both variables.
    delays : bool
        Whether connections have delays.
    workers : int
        Processes, or cores for others.
    seed : int
        Seed of the first round; each further one takes the next.
    """

    points: int = 1024
    peer_points: int = 64
    regions: int = 76
    seconds: float = 1.0
    noise: float = 0.01
    delays: bool = True
    workers: int = 2
    seed: int = 1

    def check(self) -> None:
        """Raise `InputError` with everything that is wrong with the values."""
        NetworkCase(MODEL, self.regions).check()
        problems = [Problem(f"{name} is {value}", f"--{name.replace('_', '-')}", "at least 2") for name, value in
                    (("points", self.points), ("peer_points", self.peer_points)) if value < 2]
        if self.workers < 1:
            problems.append(Problem(f"{self.workers} workers", "--workers", "at least 1"))
        if not (math.isfinite(self.noise) and self.noise >= 0):
            problems.append(Problem(f"the noise is {self.noise:g}", "--noise", "a number of at least 0"))
        if not (math.isfinite(self.seconds) and self.seconds >= 2 * STEP_MS / 1000):
            problems.append(Problem(f"seconds is {self.seconds:g} s", "--seconds", f"at least two steps, {2 * STEP_MS / 1000:g} s"))
        raise_all(problems)

    @property
    def duration_ms(self) -> float:
        """Length of a point in whole steps, ms."""
        return round(self.seconds * 1000 / STEP_MS) * STEP_MS


@dataclass(frozen=True, slots=True)
class Written:
    """Hold the files of the network, and where it comes from."""

    origin: str
    weights: Path
    lengths: Path


def written(case: Case, folder: Path) -> Written:
    """Write the network of a case into files: no region with itself, and weights of which no row sums to more than 1."""
    brain = NetworkCase(MODEL, case.regions).brain()
    weights = brain.weights.copy()
    np.fill_diagonal(weights, 0.0)
    found = Written(brain.origin, folder / "weights.npy", folder / "lengths.npy")
    np.save(found.weights, weights / weights.sum(axis=1).max())
    np.save(found.lengths, brain.tract_lengths)
    return found


def experiment(case: Case, files: Written, path: Path, scheme: str, seed: int) -> Path:
    """Write the experiment that we sweep."""
    path.write_text(_EXPERIMENT.format(
        seed=seed, duration=f"{case.duration_ms:.10g}", step=STEP_MS, weights=files.weights, lengths=files.lengths,
        speed=SPEED if case.delays else AT_ONCE, model=MODEL, scheme=scheme, noise=case.noise, r=INITIAL[0], v=INITIAL[1]))
    return path


def for_others(case: Case, files: Written, exact: bool) -> dict[str, Any]:
    """Return the same sweep for the script of another simulator."""
    return {"weights": str(files.weights), "lengths": str(files.lengths), "speed": SPEED, "step_ms": STEP_MS, "initial": INITIAL,
            "gains": GAINS, "points": case.peer_points, "cores": case.workers, "delays": case.delays, "noise": case.noise, "exact": exact,
            "duration_ms": case.duration_ms}
