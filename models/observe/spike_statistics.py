"""Measure spike trains: rates, irregularity, correlation, and how far two distributions of such measures lie apart.

Source: the protocol by which implementations of the Potjans-Diesmann model are compared, Senk et al. 2026, Neuromorph Comput Eng 6:012001:
distributions over the neurons of one population of the time-averaged rate and of the coefficient of variation of the interspike intervals,
and over pairs of neurons of the correlation of spike counts in bins of 2 ms; compared by the Kolmogorov-Smirnov distance.
"""

from __future__ import annotations

from math import ceil

import numpy as np
from numpy.typing import NDArray

SUBSAMPLE = 250
"""Neurons of each population whose pairs are correlated (Senk et al. 2026)."""

BIN_MS = 2.0
"""Width of the bins in which spikes are counted for that, ms (Senk et al. 2026)."""

_BINS_AT_ONCE = 20_000
_HAIR = 1e-6  # part of a bin by which a time in floating point may miss the grid


def mean_rates(ids: NDArray[np.int64], first: int, stop: int, seconds: float) -> NDArray[np.float64]:
    """Return the time-averaged rate of each neuron of a population, those that are silent included.

    Parameters
    ----------
    ids : (n_spikes,) int64
        Who spiked.
    first, stop : int
        The population's ids, ``[first, stop)``.
    seconds : float
        How long the spikes were collected, s.

    Returns
    -------
    (stop - first,) float64, Hz
    """
    inside = ids[(ids >= first) & (ids < stop)] - first
    return np.bincount(inside, minlength=stop - first) / seconds


def interval_cvs(times_ms: NDArray[np.float64], ids: NDArray[np.int64], first: int, stop: int) -> NDArray[np.float64]:
    """Return the coefficient of variation of the interspike intervals of each neuron that has at least two of them.

    Parameters
    ----------
    times_ms : (n_spikes,) float64, ms
        When; in any order.
    ids : (n_spikes,) int64
        Who.
    first, stop : int
        The population's ids, ``[first, stop)``.

    Returns
    -------
    (n_neurons_with_three_spikes,) float64, 1
        Standard deviation (of the intervals that there are, not an estimate of it) over mean, in the order of ids.
    """
    inside = (ids >= first) & (ids < stop)
    who, when = ids[inside] - first, times_ms[inside]
    order = np.lexsort((when, who))
    who, when = who[order], when[order]
    own = who[1:] == who[:-1]
    interval, of = np.diff(when)[own], who[1:][own]
    count = np.bincount(of, minlength=stop - first)
    enough = count >= 2
    total = np.bincount(of, interval, minlength=stop - first)
    mean = np.divide(total, count, out=np.zeros(stop - first), where=enough)
    square = np.bincount(of, (interval - mean[of])**2, minlength=stop - first)
    there = enough & (mean > 0)
    found: NDArray[np.float64] = np.sqrt(square[there] / count[there]) / mean[there]
    return found


def count_correlations(times_ms: NDArray[np.float64], ids: NDArray[np.int64], chosen: NDArray[np.int64], start_ms: float, stop_ms: float,
                       bin_ms: float = BIN_MS) -> NDArray[np.float64]:
    """Return Pearson's correlation of the binned spike counts of each pair of some neurons.

    Parameters
    ----------
    times_ms : (n_spikes,) float64, ms
        When; in any order.
    ids : (n_spikes,) int64
        Who.
    chosen : (n,) int64
        The neurons, ascending.
    start_ms, stop_ms, bin_ms : float
        Bin k is the interval ``(start_ms + k bin_ms, start_ms + (k + 1) bin_ms]``; a last bin that is not whole is left out.

    Returns
    -------
    (n_pairs,) float64, 1
        Of pairs (i, j), i < j, in order; pairs of which one neuron has the same count in all bins have no correlation and are left out.
    """
    place, n_bins = np.searchsorted(chosen, ids), int((stop_ms - start_ms) / bin_ms + _HAIR)
    inside = place < len(chosen)
    inside[inside] = chosen[place[inside]] == ids[inside]
    bins = np.ceil((times_ms[inside] - start_ms) / bin_ms - _HAIR).astype(np.int64) - 1
    who = place[inside]
    within = (bins >= 0) & (bins < n_bins)
    order = np.argsort(bins[within], kind="stable")
    bins, who = bins[within][order], who[within][order]
    products, sums = np.zeros((len(chosen), len(chosen))), np.zeros(len(chosen))
    for part in range(ceil(n_bins / _BINS_AT_ONCE)):  # whole numbers, so their sums are exact
        begin, end = np.searchsorted(bins, (part * _BINS_AT_ONCE, (part + 1) * _BINS_AT_ONCE))
        counts = np.zeros((len(chosen), _BINS_AT_ONCE), np.float32)
        np.add.at(counts, (who[begin:end], bins[begin:end] - part * _BINS_AT_ONCE), 1)
        products += counts @ counts.T
        sums += counts.sum(axis=1)
    covariance = n_bins * products - np.outer(sums, sums)
    varying = np.flatnonzero(np.diag(covariance) > 0)
    variance = np.diag(covariance)[varying]
    correlation = covariance[np.ix_(varying, varying)] / np.sqrt(np.outer(variance, variance))  # so that like counts give 1 to the bit
    found: NDArray[np.float64] = correlation[np.triu_indices(len(varying), 1)]
    return found


def subsample(first: int, stop: int, most: int = SUBSAMPLE, seed: int = 12345) -> NDArray[np.int64]:
    """Return at most so many ids of a population, ascending, the same for all who ask: drawn without replacement.

    Parameters
    ----------
    first, stop : int
        The population's ids, ``[first, stop)``.
    most, seed : int
        How many, and the seed of the draw.
    """
    if stop - first <= most:
        return np.arange(first, stop, dtype=np.int64)
    return np.sort(np.random.default_rng(seed).choice(stop - first, most, replace=False)).astype(np.int64) + first


def distance(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return the Kolmogorov-Smirnov distance: the largest difference of the two cumulative distributions.

    Parameters
    ----------
    a, b : (n,) float64
        Two samples of one quantity; where either is empty the distance is NaN.
    """
    if not len(a) or not len(b):
        return float("nan")
    both = np.concatenate((a, b))
    below = [np.searchsorted(np.sort(sample), both, side="right") / len(sample) for sample in (a, b)]
    return float(np.abs(below[0] - below[1]).max())


def sampling_distance(n: int, m: int) -> float:
    """Return the distance that two samples of so many independent values of one distribution exceed in one case of twenty.

    Source: Smirnov 1948, Ann Math Stat 19:279, for large samples: 1.358 sqrt((n + m) / (n m)).
    """
    return 1.358 * ((n + m) / (n * m))**0.5 if n and m else float("nan")
