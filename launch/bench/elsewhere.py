"""Run the script of another simulator in its own Python, and take in what it tells."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from cosim.errors import InputError, Problem, RunError
from cosim.launch.interrupts import interruptible
from cosim.launch.processes import end, start

LIMIT_S = 3600.0
"""How long one round of a peer may take, seconds."""

ASK_S = 60.0
_LAST_LINES = 6


def check_python(python: Path, module: str, name: str, packages: str) -> None:
    """Raise `InputError` where a Python cannot import a simulator.

    Parameters
    ----------
    python : Path
        The Python.
    module, name, packages : str
        What is imported, what the simulator is called, and what is to be installed for it.
    """
    found = shutil.which(str(python))
    remedy = (f"make a Python of its own: python3 -m venv /tmp/{name} && /tmp/{name}/bin/pip install {packages}, and name it: "
              f"--{name}-python /tmp/{name}/bin/python")
    if found is None:
        raise InputError(Problem(f"there is no program '{python}' to run {name} with", remedy=remedy))
    try:
        done = subprocess.run([found, "-c", f"import {module}"], capture_output=True, text=True, timeout=ASK_S, check=False,
                              env=_environment())
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InputError(Problem(f"'{python}' could not be asked for {name}: {error}", remedy=remedy)) from error
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise InputError(Problem(f"the module '{module}' cannot be imported in '{python}': {last}", remedy=remedy))


def run_script(python: Path, name: str, network: dict[str, Any], folder: Path, options: Sequence[str]) -> dict[str, Any]:
    """Run the script of a simulator on a network, and return what it tells.

    Parameters
    ----------
    python : Path
        The Python that it runs in.
    name : str
        Name of the simulator: its script is ``peers/NAME_network.py``.
    network : mapping
        What it is to build.
    folder : Path
        An empty folder for the files between the two.
    options : sequence of str
        Further options of the script.

    Raises
    ------
    RunError
        When it ends with an error, or takes too long.
    """
    with as_file(files("cosim.launch.bench.peers").joinpath(f"{name}_network.py")) as script:
        (folder / "network.json").write_text(json.dumps(network))
        line = [str(python), str(script.resolve()), str(folder / "network.json"), str(folder / "result.json"), *options]
        status = _wait(line, folder / "said.log")
    if status is None:
        raise RunError(f"{name} did not end within {LIMIT_S:.0f} s")
    if status:
        last = "\n".join((folder / "said.log").read_text(errors="replace").strip().splitlines()[-_LAST_LINES:])
        raise RunError(f"{name} ended with status {status}; its last words:\n{last}")
    told: dict[str, Any] = json.loads((folder / "result.json").read_text())
    return told


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
