"""Choose the instruction set that the kernels use; no result depends on it."""

from __future__ import annotations

import os
from collections.abc import Sequence

from cosim.errors import InputError, Problem

LEVELS = ("baseline", "x86-64-v2", "x86-64-v3", "x86-64-v4")
VARIABLE = "COSIM_ISA"


def chosen_level(have: Sequence[str], wanted: str | None = None) -> int:
    """Return which of a kernel's instruction sets to use: the best, or the best that is no better than the wanted one.

    Parameters
    ----------
    have : sequence of str
        Names of those that the kernel has and this processor can run, from `LEVELS`, the simplest first.
    wanted : str or None
        Name of the best that may be used, with or without ``x86-64-``; None takes the environment variable ``COSIM_ISA``.

    Raises
    ------
    InputError
        When there is no such instruction set.
    """
    wanted = os.environ.get(VARIABLE, "") if wanted is None else wanted
    if not wanted:
        return len(have) - 1
    for number, name in enumerate(LEVELS):
        if wanted in (name, name.removeprefix("x86-64-")):
            return max(i for i, h in enumerate(have) if LEVELS.index(h) <= number)
    raise InputError(Problem(f"{VARIABLE} asks for '{wanted}', which is no instruction set that cosim knows",
                             expected="one of " + ", ".join(LEVELS), remedy=f"unset {VARIABLE} to use the best there is"))
