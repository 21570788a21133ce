"""Measure other simulators with the same sweep, and ask first whether they compute the same."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from cosim.errors import InputError, Problem, RunError
from cosim.launch.bench.elsewhere import check_python, run_script
from cosim.launch.bench.sweep.case import Case, Written, for_others
from cosim.launch.bench.sweep.ours import means

AGREEMENT_POINTS, AGREEMENT_S = 4, 0.1
MODULES = {"tvboptim": "tvboptim", "vbi": "vbi.models.numba.mpr"}
PACKAGES = {"tvboptim": "tvboptim", "vbi": "vbi"}
SCHEMES = {"tvboptim": "heun_held", "vbi": "heun"}
"""Our scheme that each has: tvboptim holds what is received over both stages."""

LARGEST_DIFFERENCE = {"tvboptim": 1e-10, "vbi": 1e-5}
"""Of the mean and of the last potential; vbi keeps its course in single precision."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Hold another simulator, and the Python that it is installed in."""

    name: str
    python: Path

    def check(self, case: Case) -> None:
        """Raise `InputError` where its Python cannot import it, or it has no such network."""
        if self.name == "vbi" and case.delays:
            raise InputError(Problem("vbi has this model without delays only", "--against vbi", remedy="add --no-delays"))
        check_python(self.python, MODULES[self.name], self.name, PACKAGES[self.name])

    def measure(self, case: Case, files: Written) -> tuple[str, float, float]:
        """Return who it is, how long a point took, and how long it compiled before, s."""
        told = self._run(for_others(case, files, exact=False))
        return f"{told['simulator']} {told['version']}", float(told["s_per_point"]), float(told["compile_s"])

    def difference(self, case: Case, files: Written, folder: Path) -> float:
        """Return how far its potentials are from ours without noise; raise `RunError` where precision does not explain it."""
        few = replace(case, points=AGREEMENT_POINTS, peer_points=AGREEMENT_POINTS, seconds=AGREEMENT_S, noise=0.0)
        told = self._run(for_others(few, files, exact=True))
        found = float(np.abs(means(few, files, folder, SCHEMES[self.name]) - np.array([told["mean"], told["last"]])).max())
        if not found <= LARGEST_DIFFERENCE[self.name]:
            raise RunError(f"over {1000 * AGREEMENT_S:g} ms without noise the potentials of {self.name} differ from ours by {found:.2g}, "
                           f"more than {LARGEST_DIFFERENCE[self.name]:g}: both do not compute the same, so nothing is compared")
        return found

    def _run(self, network: dict[str, Any]) -> dict[str, Any]:
        with tempfile.TemporaryDirectory(prefix="cosim-bench-") as folder:
            return run_script(self.python, self.name, network, Path(folder), [])
