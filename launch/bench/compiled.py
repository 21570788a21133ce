"""Compile a C program and run it: what a kernel without an engine around it reaches on this machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from threading import Timer
from typing import Any

from cosim.errors import InputError, Problem, RunError

LIMIT_S = 600.0
"""How long compiling and running may take each, seconds."""


def check_program(source: Path) -> None:
    """Raise `InputError` where there is no such file or no compiler."""
    if not source.is_file():
        raise InputError(Problem(f"there is no file '{source}'", where="--probe", expected="a C program"))
    if shutil.which("cc") is None:
        raise InputError(Problem("there is no C compiler 'cc' to make the probe with", where="--probe", remedy="install gcc"))


def told_by(source: Path, flags: Sequence[str], options: Sequence[str], wanted: set[str]) -> tuple[dict[str, Any], int]:
    """Compile a program and run it once; return the JSON object that it prints, and its largest resident memory, bytes.

    Parameters
    ----------
    source : Path
        Its text.
    flags, options : sequence of str
        Of the compiler; of the program.
    wanted : set of str
        Keys that the object must have.

    Raises
    ------
    RunError
        When it cannot be compiled, takes too long, or does not print such an object.
    """
    with tempfile.TemporaryDirectory(prefix="cosim-bench-") as name:
        program = Path(name) / "probe"
        try:
            made = subprocess.run(["cc", *flags, str(source), "-o", str(program), "-lm"], capture_output=True, text=True, timeout=LIMIT_S,
                                  check=False)
        except subprocess.TimeoutExpired as error:
            raise RunError(f"{source} was not compiled within {LIMIT_S:.0f} s") from error
        if made.returncode:
            lines = made.stderr.strip().splitlines() or [""]
            said = next((x.partition("error: ")[2] for x in lines if "error: " in x), lines[0])
            raise RunError(f"{source} could not be compiled: {said}")
        status, peak = _run([str(program), *options], Path(name) / "said")
        try:
            told = json.loads((Path(name) / "said").read_text())
        except ValueError as error:
            raise RunError(f"{source} ended with status {status} and printed no JSON") from error
    if not isinstance(told, dict) or not set(told) >= wanted:
        raise RunError(f"{source} printed JSON without {', '.join(sorted(wanted))}")
    return told, peak


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
