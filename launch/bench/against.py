"""Run the script of another simulator in its own Python, and take in what it reached."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from cosim.errors import InputError, Problem, RunError
from cosim.launch.bench.case import Census
from cosim.launch.bench.figures import Figures
from cosim.launch.interrupts import interruptible
from cosim.launch.processes import end, start

LIMIT_S = 3600.0
"""How long one round of a peer may take, seconds."""

ASK_S = 60.0
_LAST_LINES = 6


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
        module = _MODULE[self.simulator]
        found = shutil.which(str(self.python))
        remedy = (f"make a Python of its own: python3 -m venv /tmp/{self.simulator} && /tmp/{self.simulator}/bin/pip install "
                  f"{_PACKAGES[self.simulator]}, and name it: --{self.simulator}-python /tmp/{self.simulator}/bin/python")
        if found is None:
            raise InputError(Problem(f"there is no program '{self.python}' to run {self.simulator} with", remedy=remedy))
        try:
            done = subprocess.run([found, "-c", f"import {module}"], capture_output=True, text=True, timeout=ASK_S, check=False,
                                  env=_environment())
        except (OSError, subprocess.TimeoutExpired) as error:
            raise InputError(Problem(f"'{self.python}' could not be asked for {self.simulator}: {error}", remedy=remedy)) from error
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise InputError(Problem(f"the module '{module}' cannot be imported in '{self.python}': {last}", remedy=remedy))

    def measure(self, network: dict[str, Any], seed: int, count: Census, keep: Path | None) -> Figures:
        """Run one round and return what it reached; `keep` takes its spikes."""
        with tempfile.TemporaryDirectory(prefix="cosim-bench-") as name, as_file(
                files("cosim.launch.bench.peers").joinpath(f"{self.simulator}_network.py")) as script:
            folder = Path(name)
            (folder / "network.json").write_text(json.dumps(network))
            line = [str(self.python), str(script.resolve()), str(folder / "network.json"), str(folder / "result.json")]
            line += ["--threads", str(self.threads), "--seed", str(seed)]
            line += ["--spikes", str(keep.resolve())] if keep is not None else []
            status = _wait(line, folder / "said.log")
            if status is None:
                raise RunError(f"{self.simulator} did not end within {LIMIT_S:.0f} s")
            if status:
                last = "\n".join((folder / "said.log").read_text(errors="replace").strip().splitlines()[-_LAST_LINES:])
                raise RunError(f"{self.simulator} ended with status {status}; its last words:\n{last}")
            told = json.loads((folder / "result.json").read_text())
        rates = tuple(float(r) for r in told["rates_hz"])
        events = sum(rate * size * out for rate, (_, size), out in zip(rates, count.sizes, count.outdegrees, strict=True))
        who = f"{told['simulator']} {told['version']}, {self.threads} thread{'s' * (self.threads > 1)}"
        return Figures(who, told["rtf"], told["build_s"], told["peak_rss_bytes"], rates, events / told["rtf"], told["compile_s"])


def _wait(line: list[str], log: Path) -> int | None:
    """Run a command to its end; return its status, or None where it took too long. Nothing of it is left, however this ends."""
    with interruptible():
        process = start(line, _environment(), log)
        try:
            return process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            return None
        finally:
            end(process)


def _environment() -> dict[str, str]:
    """Return the environment of a peer: our Python's settings are none of its business."""
    ours = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
    return {k: v for k, v in os.environ.items() if k not in ours} | {"PYNEST_QUIET": "1"}
