"""Take a bare C program as a mark: what a kernel without an engine around it reaches on this machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import Any

from cosim.errors import InputError, Problem, RunError
from cosim.launch.bench.case import Census
from cosim.launch.bench.figures import Figures

FLAGS = ("-O3", "-march=native", "-mprefer-vector-width=512", "-fopenmp")
LIMIT_S = 600.0
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
        if not self.source.is_file():
            raise InputError(Problem(f"there is no file '{self.source}'", where="--probe", expected="a C program"))
        if shutil.which("cc") is None:
            raise InputError(Problem("there is no C compiler 'cc' to make the probe with", where="--probe", remedy="install gcc"))

    def measure(self, network: dict[str, Any], seed: int, count: Census, keep: Path | None) -> Figures:
        """Compile it and run it once; return what it reached. Of its rates nothing is taken, as they are not told by population."""
        with tempfile.TemporaryDirectory(prefix="cosim-bench-") as name:
            program = Path(name) / "probe"
            try:
                made = subprocess.run(["cc", *FLAGS, str(self.source), "-o", str(program), "-lm"], capture_output=True, text=True,
                                      timeout=LIMIT_S, check=False)
                if made.returncode:
                    raise RunError(f"{self.source} could not be compiled: {(made.stderr.strip().splitlines() or [''])[0]}")
            except subprocess.TimeoutExpired as error:
                raise RunError(f"{self.source} was not compiled within {LIMIT_S:.0f} s") from error
            status, peak = _run([str(program), str(self.threads), f"{self.milliseconds:.10g}"], Path(name) / "said")
            try:
                told = json.loads((Path(name) / "said").read_text())
            except ValueError as error:
                raise RunError(f"{self.source} ended with status {status} and printed no JSON") from error
        if not isinstance(told, dict) or not set(told) >= _WANTED:
            raise RunError(f"{self.source} printed JSON without {', '.join(sorted(_WANTED))}")
        return Figures(self.name, float(told["rtf"]), float(told["build_s"]), peak, (), float(told["events_per_s"]))


def _run(line: list[str], said: Path) -> tuple[int, int]:
    """Run a program, for so long at most; return its status and its largest resident memory, bytes."""
    with said.open("wb") as output:
        process = subprocess.Popen(line, stdout=output)
    late = Timer(LIMIT_S, process.kill)
    late.start()
    try:
        _, status, used = os.wait4(process.pid, 0)
    except BaseException:
        process.kill()
        raise
    finally:
        late.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, used.ru_maxrss * 1024
