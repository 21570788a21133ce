"""Write the line that starts the processes of a run, start them, and end them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from cosim.errors import InputError, Problem
from cosim.experiment.layout import Layout, Transport
from cosim.transport.mpi import cores

MEMORY_FOLDER = "COSIM_MEMORY_FOLDER"
"""Environment variable that tells the workers where to make shared memory."""

EAGER_BYTES = 65_536
"""Messages up to this size leave at once, whatever the receiver is doing."""

_KEPT_BYTES = 1 << 28

GRACE_S = 3.0
"""How long processes have to end after they were asked to, seconds."""


def worker_line(folder: Path) -> list[str]:
    """Return the command that every rank runs."""
    return [sys.executable, "-m", "cosim.launch.worker", str(folder)]


def can_start_ranks() -> bool:
    """Return whether something is there that starts ranks."""
    return _in_allocation() or _mpiexec() is not None


def start_line(layout: Layout, folder: Path) -> list[str]:
    """Return the command that starts all processes of a run on this machine or in this Slurm allocation.

    Raises
    ------
    InputError
        When MPI is needed and neither ``srun`` (inside an allocation) nor ``mpiexec`` is there.
    """
    if layout.transport is Transport.LOOPBACK:
        return worker_line(folder)
    if _in_allocation():
        return srun_line(layout, folder)
    return mpiexec_line(layout, folder, mpiexec())


def mpiexec() -> str:
    """Return the mpiexec that belongs to this Python, or else the one on the path."""
    found = _mpiexec()
    if found is None:
        raise InputError(Problem("the layout needs MPI, but there is no mpiexec beside Python or on the path",
                                 remedy="pip install 'cosim[mpi]', or load your cluster's MPI module; 'cosim doctor' tells more"))
    return found


def _mpiexec() -> str | None:
    beside = Path(sys.executable).parent / "mpiexec"
    return str(beside) if beside.exists() else shutil.which("mpiexec")


def _in_allocation() -> bool:
    return "SLURM_JOB_ID" in os.environ and shutil.which("srun") is not None


def mpiexec_line(layout: Layout, folder: Path, program: str) -> list[str]:
    """Return the mpiexec command: one block of ranks after the other, in the order of the groups."""
    line = [program]
    if is_open_mpi(program):
        line += ["--oversubscribe"] + (["--allow-run-as-root"] if _user() == 0 else [])
        line += ["--bind-to", "none"]
    hosts = [(h, n) for p in layout.placements.values() for h, n in p.hosts]
    if hosts:
        line += ["--host", ",".join(f"{h}:{n}" for h, n in hosts)]
    return [*line, "-n", str(layout.processes), *worker_line(folder)]


def srun_line(layout: Layout, folder: Path) -> list[str]:
    """Return the srun command, for use inside a Slurm allocation."""
    line = ["srun", "--kill-on-bad-exit=1", "--cpu-bind=none", f"--ntasks={layout.processes}"]
    hosts = [h for p in layout.placements.values() for h, n in p.hosts for _ in range(n)]
    if hosts:
        line += ["--distribution=arbitrary", f"--nodelist={','.join(hosts)}"]
    return [*line, *worker_line(folder)]


def _user() -> int:
    """Return the user's number, or -1 where users have none."""
    try:
        return os.getuid()
    except AttributeError:  # Windows
        return -1


def is_open_mpi(program: str) -> bool:
    """Return whether an mpiexec is Open MPI's, which refuses root and more ranks than cores unless told otherwise."""
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return False
    return "Open MPI" in said or "OpenRTE" in said or "PRRTE" in said


def environment(temporary: Path, layout: Layout) -> dict[str, str]:
    """Return the environment of the workers: where temporary things go, and one thread for each rank.

    More ranks than cores must give way to each other while they wait inside MPI. The C library (glibc) keeps memory that was let go of, as
    the next window asks for as much again: fresh pages would cost more than a step of a brain network.
    """
    more = layout.processes > len(cores())
    ours: Mapping[str, str] = {
        MEMORY_FOLDER: str(temporary / "memory"),
        "TMPDIR": str(temporary),
        "OMPI_MCA_btl_sm_backing_directory": str(temporary),
        "OMPI_MCA_btl_sm_eager_limit": str(EAGER_BYTES),
        "OMPI_MCA_btl": "" if any(p.hosts for p in layout.placements.values()) else "self,sm",
        "OMPI_MCA_mpi_yield_when_idle": "1" if more else "0",
        "PYTHONUNBUFFERED": "1",
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),
        "MALLOC_MMAP_THRESHOLD_": os.environ.get("MALLOC_MMAP_THRESHOLD_", str(_KEPT_BYTES)),
        "MALLOC_TRIM_THRESHOLD_": os.environ.get("MALLOC_TRIM_THRESHOLD_", str(_KEPT_BYTES)),
        "OPENBLAS_NUM_THREADS": os.environ.get("OPENBLAS_NUM_THREADS", "1"),
    }
    return os.environ | {name: value for name, value in ours.items() if value}


def start(line: list[str], env: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    """Start processes in a session of their own, on a leash: they end when this process ends, however it ends."""
    leash = [sys.executable, "-m", "cosim.launch.leash", str(os.getpid())]
    with log.open("wb") as said:
        return subprocess.Popen([*leash, *line], stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT, env=dict(env),
                                start_new_session=True)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process and everything in its session; return when they are gone."""
    for what, seconds in ((signal.SIGTERM, GRACE_S), (signal.SIGKILL, GRACE_S)):
        if process.poll() is not None:
            break
        _signal_all(process.pid, what)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
    _signal_all(process.pid, signal.SIGKILL)


def _signal_all(session: int, what: signal.Signals) -> None:
    try:
        os.killpg(session, what)
    except (ProcessLookupError, PermissionError):
        return
