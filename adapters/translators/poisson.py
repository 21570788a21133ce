"""Draw superposed Poisson spikes: the slow twin of the kernel `_poisson`, see ``poisson.h`` for the rule."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cosim._random import exp
from cosim.random import philox

_BODY, _TAIL = 128, 40


def events(
    key: int, ticks: NDArray[np.int64], means: NDArray[np.float64], first: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the instant and the neuron of each event, sorted by instant, then by neuron; see the kernel for the arguments."""
    neurons = np.arange(first[-1])
    channels = np.searchsorted(first, neurons, side="right") - 1
    counts = np.zeros((len(ticks), len(neurons)), np.int64)
    for step, tick in enumerate(ticks):
        words, guards = (_words(key, neurons, draw, int(tick)) for draw in (0, 1))
        for n, channel in enumerate(channels):
            counts[step, n] = count(float(means[step, channel]), int(words[n]), int(guards[n]))
    place = np.repeat(np.arange(counts.size), counts.ravel())
    return ticks[place // max(len(neurons), 1)], place % max(len(neurons), 1)


def count(mean: float, word: int, guard: int) -> int:
    """Return the number of events that two random 32-bit words mean; the second matters in the tail only."""
    if not mean > 0:
        return 0
    mass = [float(exp(np.array([-mean]))[0])]
    for k in range(1, _BODY + _TAIL + 1):
        mass.append(mass[-1] * mean / k)
    above = [0.0] * len(mass)
    for k in range(len(mass) - 1, 0, -1):
        above[k - 1] = above[k] + mass[k]
    top = next((k for k in range(_BODY - 1) if above[k] < 2.0**-20), _BODY - 1)
    tail = [max(0, 2**64 - 1 - int(p * 2.0**64)) for p in above[top:top + _TAIL]]
    if word >= tail[0] >> 32:
        value = word << 32 | guard
        return top + int(np.searchsorted(np.array(tail, np.uint64), np.uint64(value), side="right"))
    return sum(word >= 2**32 - round(p * 2.0**32) for p in above[:top])


def _words(key: int, neurons: NDArray[np.int64], draw: int, tick: int) -> NDArray[np.uint32]:
    blocks = philox(key, neurons // 64 * 16 + neurons % 16, draw, tick)
    return np.asarray(blocks[np.arange(len(neurons)), neurons % 64 // 16])
