"""Take a bare C program as a mark for spiking networks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cosim.launch.bench.case import Census
from cosim.launch.bench.compiled import check_program, told_by
from cosim.launch.bench.figures import Figures

FLAGS = ("-O3", "-march=native", "-mprefer-vector-width=512", "-fopenmp")
_WANTED = {"rtf", "build_s", "events_per_s"}


@dataclass(frozen=True, slots=True)
class Probe:
    """Hold a C program that runs a network of its own and prints one JSON object, with at least `rtf`, `build_s` and `events_per_s`.

    It is called with the number of threads and the simulated ms, and has a warm-up of its own.

    Parameters
    ----------
    source : Path
        Its text.
    threads : int
        On how many threads it runs.
    milliseconds : float
        How long is measured, simulated ms.
    """

    source: Path
    threads: int
    milliseconds: float

    @property
    def name(self) -> str:
        """How to call it."""
        return f"{self.source.name} on {self.threads} thread{'s' * (self.threads > 1)}"

    def check(self) -> None:
        """Raise `InputError` where there is no such file or no compiler."""
        check_program(self.source)

    def measure(self, network: dict[str, Any], seed: int, count: Census, keep: Path | None) -> Figures:
        """Compile it and run it once; return what it reached. Of its rates nothing is taken, as they are not told by population."""
        told, peak = told_by(self.source, FLAGS, (str(self.threads), f"{self.milliseconds:.10g}"), _WANTED)
        return Figures(self.name, float(told["rtf"]), float(told["build_s"]), peak, (), float(told["events_per_s"]))
