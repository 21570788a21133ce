"""Take a bare C program as a mark: how fast a kernel that does nothing else steps a network of the same size."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from cosim.errors import RunError
from cosim.launch.bench.compiled import check_program, told_by
from cosim.launch.bench.wholebrain.case import Brain, Case
from cosim.launch.bench.wholebrain.figures import Figures

FLAGS = ("-O3", "-march=native", "-mprefer-vector-width=512", "-ffp-contract=fast")
LONGEST_MS = 2000.0
"""How long the mark runs at most, simulated ms: its time for a step varies little."""

_KEY = "blocked_ns_per_node_step"


@dataclass(frozen=True, slots=True)
class Mark:
    """Hold a C program that steps a network of its own and prints one JSON object with `blocked_ns_per_node_step`.

    It may tell the processor time too, as `blocked_cpu_ns_per_node_step`.

    It is called with the simulated ms, the number of regions and the density.

    Parameters
    ----------
    source : Path or None
        Its text; None is the limit that comes with this project.
    """

    source: Path | None = None

    @property
    def name(self) -> str:
        """How to call it."""
        return self.source.name if self.source else "limit"

    def check(self) -> None:
        """Raise `InputError` where there is no such file or no compiler."""
        if self.source is not None:
            check_program(self.source)

    def measure(self, case: Case, brain: Brain) -> Figures:
        """Compile it and run it once.

        Raises
        ------
        RunError
            When it cannot be compiled or run here, as a program may ask for instructions that this processor has not.
        """
        options = (f"{min(1000 * case.seconds, LONGEST_MS):.10g}", str(brain.regions), f"{min(1.0, brain.density):.6g}")
        if self.source is not None:
            return self._told(self.source, options)
        with as_file(files("cosim.launch.bench.wholebrain").joinpath("limit.c")) as source:
            return self._told(source, options)

    def _told(self, source: Path, options: tuple[str, ...]) -> Figures:
        try:
            told, _ = told_by(source, FLAGS, options, {_KEY})
        except OSError as error:  # no compiler
            raise RunError(f"{source} could not be compiled: {error}") from error
        return Figures(self.name, float(told[_KEY]), float(told.get("blocked_cpu_ns_per_node_step", 0.0)))
