"""Measure The Virtual Brain with the same network, and ask first whether it computes the same."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cosim.errors import InputError, Problem, RunError
from cosim.launch.bench.elsewhere import check_python, run_script
from cosim.launch.bench.wholebrain.case import SPEED, STEP_MS, Brain, Case
from cosim.launch.bench.wholebrain.figures import Figures
from cosim.launch.bench.wholebrain.ours import reached
from cosim.launch.bench.wholebrain.theirs import MATCHES, SCHEMES, their_coupling, their_parameters

AGREEMENT_STEPS = 2000
"""Steps after which both must have reached the same state: 200 ms."""

LARGEST_DIFFERENCE = 1e-3
"""Of a state variable, as a part of its size: The Virtual Brain keeps weights and history in single precision."""

NUMBA_MODEL = "montbrio_pazo_roxin"
"""The one model that their backend in numba has."""


@dataclass(frozen=True, slots=True)
class TheVirtualBrain:
    """Hold The Virtual Brain to compare with.

    Parameters
    ----------
    python : Path
        The Python that it is installed in.
    backend : {'usual', 'numba'}
        Which of its ways to run.
    """

    python: Path
    backend: str = "usual"

    @property
    def name(self) -> str:
        """How to call it."""
        return "tvb" if self.backend == "usual" else "tvb, numba backend"

    def check(self, case: Case) -> None:
        """Raise `InputError` where its Python cannot import it, or it has no such scheme."""
        if case.scheme not in SCHEMES:
            raise InputError(Problem(f"The Virtual Brain has no counterpart of the scheme '{case.scheme}'", "--scheme",
                                     f"one of {', '.join(SCHEMES)} where --against tvb is given"))
        check_python(self.python, "tvb.simulator.lab", "tvb", "tvb-library setuptools")

    def measure(self, case: Case, brain: Brain, seed: int) -> Figures:
        """Run one round and return what it reached."""
        told = self._run(_network(case, brain, SCHEMES[case.scheme], case.noise, 1000 * case.warmup, 1000 * case.seconds), seed)
        who = f"{told['simulator']} {told['version']}" + (", numba backend" if self.backend == "numba" else "")
        return Figures(who, float(told["ns_per_node_step"]), float(told["cpu_ns_per_node_step"]))

    def difference(self, case: Case, brain: Brain) -> float:
        """Return how far its state is from ours after 200 ms without noise: the largest difference of a variable, as a part of its size.

        Raises
        ------
        RunError
            When it is larger than single precision explains: then both do not compute the same, and no ratio means anything.
        """
        told = self._run(_network(case, brain, "Heun", 0.0, 0.0, AGREEMENT_STEPS * STEP_MS), case.seed)
        found = relative(reached(case, brain, AGREEMENT_STEPS), np.array(told["state"]))
        if not found <= LARGEST_DIFFERENCE:
            raise RunError(
                f"after {AGREEMENT_STEPS * STEP_MS:g} ms of '{case.model}' without noise, The Virtual Brain's state differs from ours by "
                f"{found:.2g} of its size, more than single precision explains ({LARGEST_DIFFERENCE:g}): both do not compute the same, "
                f"so nothing is compared")
        return found

    def _run(self, network: dict[str, Any], seed: int) -> dict[str, Any]:
        with tempfile.TemporaryDirectory(prefix="cosim-bench-") as folder:
            return run_script(self.python, "tvb", network, Path(folder), ["--seed", str(seed), "--backend", self.backend])


def relative(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> float:
    """Return the largest difference of a variable, as a part of its largest size, over (variables, regions)."""
    size = np.maximum(np.abs(ours).max(axis=1), np.abs(theirs).max(axis=1))
    off = np.abs(ours - theirs).max(axis=1)
    return float((off / np.where(size > 0, size, 1.0)).max())


def _network(case: Case, brain: Brain, scheme: str, noise: float, warmup_ms: float, measured_ms: float) -> dict[str, Any]:
    coupling, constants = their_coupling(case.model)
    return {"model": MATCHES[case.model].theirs, "parameters": their_parameters(case.model), "coupling": coupling,
            "coupling_parameters": constants, "scheme": scheme, "noise": noise, "step_ms": STEP_MS, "speed": SPEED,
            "weights": str(brain.weights), "lengths": str(brain.lengths), "initial": str(brain.initial),
            "warmup_ms": warmup_ms, "measured_ms": measured_ms}
