"""Measure another simulator with the same spiking network."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from cosim.launch.bench.case import Census
from cosim.launch.bench.elsewhere import check_python, run_script
from cosim.launch.bench.figures import Figures


class Simulator(StrEnum):
    """Name the simulators that there are scripts for."""

    NEST = "nest"
    BRIAN2 = "brian2"


_MODULE = {Simulator.NEST: "nest", Simulator.BRIAN2: "brian2"}
_PACKAGES = {Simulator.NEST: "nest-simulator", Simulator.BRIAN2: "brian2 'numpy<2.4'"}


@dataclass(frozen=True, slots=True)
class Peer:
    """Hold a simulator to compare with.

    Parameters
    ----------
    simulator : Simulator
        Which one.
    python : Path
        The Python that it is installed in.
    threads : int
        On how many threads it runs.
    """

    simulator: Simulator
    python: Path
    threads: int

    @property
    def name(self) -> str:
        """How to call it."""
        return f"{self.simulator} on {self.threads} thread{'s' * (self.threads > 1)}"

    def check(self) -> None:
        """Raise `InputError` where its Python cannot import it."""
        check_python(self.python, _MODULE[self.simulator], self.simulator, _PACKAGES[self.simulator])

    def measure(self, network: dict[str, Any], seed: int, count: Census, keep: Path | None) -> Figures:
        """Run one round and return what it reached; `keep` takes its spikes."""
        options = ["--threads", str(self.threads), "--seed", str(seed)]
        options += ["--spikes", str(keep.resolve())] if keep is not None else []
        with tempfile.TemporaryDirectory(prefix="cosim-bench-") as folder:
            told = run_script(self.python, self.simulator, network, Path(folder), options)
        rates = tuple(float(r) for r in told["rates_hz"])
        events = sum(rate * size * out for rate, (_, size), out in zip(rates, count.sizes, count.outdegrees, strict=True))
        who = f"{told['simulator']} {told['version']}, {self.threads} thread{'s' * (self.threads > 1)}"
        return Figures(who, told["rtf"], told["build_s"], told["peak_rss_bytes"], rates, events / told["rtf"], told["compile_s"])
