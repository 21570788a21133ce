"""Say what a benchmark ran on, and how its figures are written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cosim import __version__
from cosim.launch.versions import processor
from cosim.transport.mpi import cores


def machine(level: str) -> dict[str, Any]:
    """Return what it runs on; `level` is the instruction set of the kernels."""
    return {"processor": processor(), "cores": len(cores()), "instruction_set": level, "cosim": __version__}


def machine_line(told: Mapping[str, Any]) -> str:
    """Return in a line what it ran on."""
    cores_line = f"{told['cores']} core{'s' * (told['cores'] > 1)}"
    return f"{told['processor']}, {cores_line}, instruction set {told['instruction_set']}, cosim {told['cosim']}"


def spread_note(rounds: int) -> str:
    """Return how the figures of several rounds are written."""
    return "" if rounds == 1 else f"Median (range) of {rounds} rounds; the simulators took turns. "
