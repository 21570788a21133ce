"""Find the potential at which a membrane with voltage-dependent conductances rests."""

from __future__ import annotations

from collections.abc import Callable

_SCAN = 400
_HALVINGS = 60


def resting_potential(leaving: Callable[[float], float], low: float, high: float) -> float:
    """Return the lowest potential at which no current leaves through the membrane, mV.

    Parameters
    ----------
    leaving : callable
        The current that leaves at a potential, pA, with all gates at their steady values.
    low, high : float
        The lowest and the highest of the reversal potentials, mV: between them the current changes its sign.
    """
    step = (high - low) / _SCAN
    for i in range(_SCAN):
        if leaving(low + (i + 1) * step) >= 0:
            low, high = low + i * step, low + (i + 1) * step
            break
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if leaving(middle) < 0 else (low, middle)
    return (low + high) / 2
