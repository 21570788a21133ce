"""Measure our own engine, as the component runs it: window after window, on one core."""

from __future__ import annotations

import time
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cosim.blocks import Samples
from cosim.interfaces import Context
from cosim.launch.bench.wholebrain.case import STEP, STEP_MS, Brain, Case, parameters
from cosim.launch.bench.wholebrain.figures import Figures
from cosim.models.wholebrain.component import WholeBrain
from cosim.models.wholebrain.dynamics import model
from cosim.timegrid import Clock, windows
from cosim.transport.loopback import SoloRanks

WINDOW = 100
"""Steps in a window: 10 ms."""


def measure_ours(case: Case, brain: Brain, seed: int) -> Figures:
    """Run the case once and return what it reached.

    The component gives its outputs, the states of all regions in every step, and they are dropped.

    Parameters
    ----------
    case : Case
        What to run.
    brain : Brain
        On which network.
    seed : int
        Seed of the noise.
    """
    warm, steps = (round(1000 * s / STEP_MS) for s in (case.warmup, case.seconds))
    made = _prepared(case, brain, case.scheme, case.noise, seed, warm + steps)
    for window in windows(warm, WINDOW):
        made.advance(window, {})
    following = list(windows(warm + steps, WINDOW, warm))
    wall, cpu = time.perf_counter(), time.process_time()
    for window in following:
        made.advance(window, {})
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    made.close()
    return Figures("cosim", 1e9 * wall / steps / brain.regions, 1e9 * cpu / steps / brain.regions)


def reached(case: Case, brain: Brain, steps: int) -> NDArray[np.float64]:
    """Return the state after some steps without noise, (variables, regions), of the scheme that The Virtual Brain has too."""
    made = _prepared(case, brain, "heun_held", 0.0, case.seed, steps)
    last = [made.advance(window, {}) for window in windows(steps, WINDOW)][-1]
    made.close()
    blocks = [last[name] for name in model(case.model).variables]
    assert all(isinstance(b, Samples) for b in blocks)
    return np.array([b.values[-1] for b in blocks if isinstance(b, Samples)])


def _prepared(case: Case, brain: Brain, scheme: str, noise: float, seed: int, steps: int) -> WholeBrain:
    made = WholeBrain(parameters(case, brain, scheme, noise), Clock(Fraction(STEP), 1))
    made.prepare(Context("brain", seed, steps, SoloRanks(), Path()))
    return made
