"""Draw numbers of synapses from the binomial distribution, by inversion."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cosim.random import uniforms

_NEGLIGIBLE = 1e-30  # of the mass of the likeliest number


def binomial(key: int, many: int, trials: int, probability: float) -> NDArray[np.uint32]:
    """Return binomial numbers, (many,) uint32: number i is a function of the key and of i alone."""
    if probability >= 1 or probability <= 0 or trials == 0:
        return np.full(many, trials if probability >= 1 else 0, np.uint32)
    first, mass = masses(trials, probability)
    below = np.cumsum(mass)
    drawn: NDArray[np.float64] = uniforms(key, np.arange(many), 0, 0)[:, 0] * below[-1]
    found: NDArray[np.uint32] = (first + np.searchsorted(below, drawn, side="right")).astype(np.uint32)
    return found


def masses(trials: int, probability: float) -> tuple[int, NDArray[np.float64]]:
    """Return the first number that is not negligible, and the masses from there on, as parts of that of the likeliest number.

    By the ratio of neighbours, p (n - k) / (q (k + 1)), outwards from the likeliest number: nothing but multiplication and division,
    whose bits are the same everywhere.
    """
    odds, middle = probability / (1 - probability), min(int((trials + 1) * probability), trials)
    up: list[float] = [1.0]
    down: list[float] = []
    while middle + len(up) <= trials and up[-1] > _NEGLIGIBLE:
        k = middle + len(up) - 1
        up.append(up[-1] * odds * (trials - k) / (k + 1))
    mass = 1.0
    while len(down) < middle and mass > _NEGLIGIBLE:
        k = middle - len(down)
        mass = mass * k / (odds * (trials - k + 1))
        down.append(mass)
    return middle - len(down), np.array(down[::-1] + up)
