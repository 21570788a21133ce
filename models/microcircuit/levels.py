"""Choose the instruction set that the kernels use; the results do not depend on it."""

from __future__ import annotations

from collections.abc import Mapping

from cosim.errors import InputError, Problem
from cosim.models.microcircuit._engine import levels


def chosen_level(environment: Mapping[str, str]) -> int:
    """Return the number of the best instruction set of this processor, or of the one that ``COSIM_ISA`` names.

    Raises
    ------
    InputError
        When ``COSIM_ISA`` names one that this processor or this build does not have.
    """
    have = levels()
    wanted = environment.get("COSIM_ISA", "")
    if not wanted:
        return len(have) - 1
    for number, name in enumerate(have):
        if wanted in (name, name.removeprefix("x86-64-")):
            return number
    raise InputError(Problem(f"COSIM_ISA asks for '{wanted}', which this processor does not have", expected="one of " + ", ".join(have),
                             remedy="unset COSIM_ISA to use the best there is"))
