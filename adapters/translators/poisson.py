"""Draw superposed Poisson spikes: the slow twin of the kernel `_poisson`, see ``poisson.h`` for the rule."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cosim.random import poisson_counts, poisson_words


def events(
    key: int, ticks: NDArray[np.int64], means: NDArray[np.float64], first: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the instant and the neuron of each event, sorted by instant, then by neuron; see the kernel for the arguments."""
    neurons = np.arange(first[-1])
    channels = np.searchsorted(first, neurons, side="right") - 1
    counts = np.zeros((len(ticks), len(neurons)), np.int64)
    for step, tick in enumerate(ticks):
        words, guards = poisson_words(key, neurons, int(tick))
        for channel, mean in enumerate(means[step]):
            fed = channels == channel
            counts[step, fed] = poisson_counts(float(mean), words[fed], guards[fed])
    place = np.repeat(np.arange(counts.size), counts.ravel())
    return ticks[place // max(len(neurons), 1)], place % max(len(neurons), 1)
