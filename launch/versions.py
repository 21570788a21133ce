"""Tell what runs here: versions of everything that a result could depend on."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("cosim", "numpy", "h5py", "mpi4py", "openmpi", "networkx", "pyzmq", "pydantic", "pint", "tvb-data")


def versions() -> dict[str, str]:
    """Return names and versions of Python, the packages, the system and the processor."""
    found = {"python": sys.version.split()[0]}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found | {"system": platform.platform(), "processor": processor(), "cores": str(os.cpu_count())}


def processor() -> str:
    """Return the name of the processor."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
