"""Look at what this machine offers to a run: memory, MPI."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Memory:
    """Hold how much memory there is, bytes; 0 where the system does not tell.

    Parameters
    ----------
    total : int
        What the machine has, or what this process and its children are allowed.
    free : int
        What of it is free for use now.
    """

    total: int
    free: int


def memory() -> Memory:
    """Return the memory of this machine, as far as the control group of this process (a container, a batch job) allows it."""
    said = dict(line.split(":", 1) for line in _lines(Path("/proc/meminfo")) if ":" in line)
    total, free = (int(said.get(key, "0 kB").split()[0]) * 1024 for key in ("MemTotal", "MemAvailable"))
    for folder in _control_groups():
        limit, used = (_number(folder / name) for name in ("memory.max", "memory.current"))
        if limit and total:
            total, free = min(total, limit), max(0, min(free, limit - used))
    return Memory(total, free)


def mpi_is_installed() -> bool:
    """Return whether mpi4py can be found; importing it here would start MPI."""
    try:
        return importlib.util.find_spec("mpi4py") is not None
    except (ImportError, ValueError):  # what stands in its place is no package
        return False


def in_bytes(count: int) -> str:
    """Write a number of bytes for a person."""
    return f"{count / 2**30:.2f} GiB" if count >= 2**30 else f"{count / 2**20:.1f} MiB"


def _control_groups() -> list[Path]:
    """Return the folders of the control group of this process and of those above it."""
    found = [line.removeprefix("0::/") for line in _lines(Path("/proc/self/cgroup")) if line.startswith("0::/")]
    root = Path("/sys/fs/cgroup")
    return [folder for name in found for folder in ((root / name), *(root / name).parents) if folder.is_relative_to(root)]


def _number(path: Path) -> int:
    said = _lines(path)
    return int(said[0]) if said and said[0].isdecimal() else 0


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
