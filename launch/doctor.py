"""Say what works on this machine, and what to do about the rest."""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from cosim.errors import InputError
from cosim.experiment.layout import Layout, Placement, Transport
from cosim.launch.folder import make_temporary
from cosim.launch.machine import in_bytes, memory, mpi_is_installed
from cosim.launch.processes import environment, mpiexec, mpiexec_line
from cosim.levels import chosen_level
from cosim.models.microcircuit.kernel._engine import levels
from cosim.registry import COMPONENTS, TRANSLATORS, component, known, translator
from cosim.transport.mpi import cores

START_S = 60.0
"""How long starting a few ranks may take, seconds."""

_EXTRAS = {"mpi": "mpi4py", "data": "tvb_data", "nest": "nest", "tvb": "tvb", "arbor": "arbor", "neuron": "neuron", "brian2": "brian2"}
_SAY_RANK = ("from mpi4py import MPI; MPI.COMM_WORLD.Barrier(); "
             "print('rank', MPI.COMM_WORLD.rank, MPI.Get_library_version().split(',')[0], flush=True)")


class Verdict(StrEnum):
    """Say how a finding is to be taken."""

    GOOD = "good"
    MISSING = "optional"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """Hold one thing that was looked at: what, how it is, and what to do about it."""

    what: str
    verdict: Verdict
    found: str
    remedy: str = ""


def examine() -> Iterator[Finding]:
    """Yield what was found, one thing after the other; starts a few processes for a moment."""
    yield Finding("python", Verdict.GOOD, f"{platform.python_version()} ({sys.executable})")
    room = in_bytes(memory().total) if memory().total else "an unknown amount"
    yield Finding("machine", Verdict.GOOD, f"{len(cores())} cores, {room} of memory, {platform.system()} {platform.machine()}")
    yield _kernels()
    yield _shared_memory()
    yield from _mpi()
    yield from _plugins()
    yield from _extras()


def _kernels() -> Finding:
    try:
        used = levels()[chosen_level(levels())]
    except InputError as error:
        return Finding("kernels", Verdict.BAD, error.problems[0].what, error.problems[0].remedy)
    return Finding("kernels", Verdict.GOOD, f"instruction set {used} in use; built for and found here: {', '.join(levels())}")


def _shared_memory() -> Finding:
    try:
        folder = make_temporary()
    except InputError as error:
        return Finding("shared memory", Verdict.BAD, error.problems[0].what, error.problems[0].remedy)
    free = shutil.disk_usage(folder).free
    shutil.rmtree(folder, ignore_errors=True)
    return Finding("shared memory", Verdict.GOOD, f"{in_bytes(free)} free in {folder.parent}")


def _mpi() -> Iterator[Finding]:
    if not mpi_is_installed():
        yield Finding("MPI", Verdict.MISSING, "mpi4py is not installed: all groups run in one process", "pip install 'cosim[mpi]'")
        return
    try:
        program = mpiexec()
    except InputError as error:
        yield Finding("MPI", Verdict.BAD, error.problems[0].what, error.problems[0].remedy)
        return
    more = len(cores()) + 1
    who = " as root" if os.name == "posix" and os.getuid() == 0 else ""
    for ranks, what in ((2, "MPI"), (more, "MPI, more ranks than cores")):
        said = _start(program, ranks)
        good = len(re.findall(r"^rank \d+", said, re.MULTILINE)) == ranks
        library = re.search(r"^rank \d+ (.*)$", said, re.MULTILINE)
        if good:
            yield Finding(what, Verdict.GOOD, f"{program} starts {ranks} ranks{who}; {library[1] if library else ''}")
        else:
            last = " | ".join(said.strip().splitlines()[-3:])
            yield Finding(what, Verdict.BAD, f"{program} does not start {ranks} ranks{who}: {last}",
                          "install mpi4py and an MPI that belong together: pip install 'cosim[mpi]', "
                          "or build mpi4py with your cluster's MPI")


def _start(program: str, ranks: int) -> str:
    """Start some ranks that say their number; return all that was said."""
    layout = Layout(Transport.MPI, {"ranks": Placement("ranks", ranks)})
    temporary = make_temporary()
    line = list(mpiexec_line(layout, Path(), program))
    line = [*line[:line.index(sys.executable)], sys.executable, "-c", _SAY_RANK]
    try:
        done = subprocess.run(line, env=environment(temporary, layout), capture_output=True, text=True, timeout=START_S, check=False)
    except subprocess.TimeoutExpired:
        return f"nothing happened within {START_S:.0f} s"
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return done.stdout + done.stderr


def _plugins() -> Iterator[Finding]:
    for group, noun, load in ((COMPONENTS, "components", component), (TRANSLATORS, "translators", translator)):
        good, bad = [], []
        for name in known(group):
            try:
                load(name)
                good.append(name)
            except InputError as error:
                bad.append(error.problems[0])
        text = "; ".join([", ".join(good), *(p.what for p in bad)])
        yield Finding(noun, Verdict.BAD if bad else Verdict.GOOD, text, bad[0].remedy if bad else "")


def _extras() -> Iterator[Finding]:
    wanted: dict[str, str] = {}
    for line in requires("cosim") or []:
        name, _, marker = line.partition(";")
        named = re.search(r"extra\s*==\s*['\"]([\w-]+)['\"]", marker)
        if named:
            wanted.setdefault(named[1], name.strip())
    for extra, module in _EXTRAS.items():
        if importlib.util.find_spec(module) is None:
            yield Finding(f"extra '{extra}'", Verdict.MISSING, f"not installed (wants {wanted.get(extra, module)})",
                          f"pip install 'cosim[{extra}]'")
        else:
            yield Finding(f"extra '{extra}'", Verdict.GOOD, f"{module} {_version(wanted.get(extra, module))}")


def _version(requirement: str) -> str:
    name = re.split(r"[<>=~! \[]", requirement)[0]
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
