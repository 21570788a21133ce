"""Estimate Kullback-Leibler divergences from samples, and report how far such estimates are off.

Every estimate carries its bias and its standard error, because no estimator of a divergence from finite samples is free of bias. The value
is as the estimator gives it; `Estimate.corrected` takes the bias away. Samples have to be independent; of a series, take as few as are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from cosim.errors import InputError, Problem
from cosim.models.observe.features.divergence import normal

Array = NDArray[np.float64]

GROUPS = 20
"""Groups that are left out one at a time for the jackknife."""

HALVES = 8
"""Times that samples are halved for the bias of nearest neighbours."""

_FEWEST = 40
_FEWEST_EDGES = 3
_IN_A_BIN = 5


@dataclass(frozen=True, slots=True)
class Estimate:
    """Hold an estimated divergence.

    Parameters
    ----------
    value : float
        As the estimator gives it, nats.
    bias : float
        By how much that is too high on average, nats, itself an estimate.
    standard_error : float
        Of the value, nats, by the jackknife.
    estimator, bias_from : str
        How the value and the bias were found.
    """

    value: float
    bias: float
    standard_error: float
    estimator: str
    bias_from: str

    @property
    def corrected(self) -> float:
        """Value less bias, nats; nearer to the truth on average, but scatters more."""
        return self.value - self.bias


def of_counts(counts: Array, other: Array) -> tuple[float, float]:
    """Return the plug-in divergence of two histograms and its bias to first order.

    Parameters
    ----------
    counts, other : (n_bins,) float64
        How many samples fell into each bin.

    Returns
    -------
    (float, float)
        Divergence and bias, nats.

    Raises
    ------
    InputError
        When a bin holds some of the first and none of the other samples, so that the divergence is infinite.

    Notes
    -----
    Of N and M samples in K bins the bias is ``(K - 1) / 2N`` of the entropy (Miller 1955, in: Information theory in psychology, p. 95;
    K counts the bins that are not empty) plus ``(sum_i p_i (1 - q_i) / q_i) / 2M`` of the cross-entropy, to second order of ``-ln q``.
    """
    n, m = counts.sum(), other.sum()
    filled = counts > 0
    alone = np.flatnonzero(filled & (other == 0))
    if not n or not m or len(alone):
        where = f"bin {alone[0]} holds {counts[alone[0]]:g} of the first samples alone" if len(alone) else "one has no sample"
        raise InputError(Problem(f"the divergence of two histograms is infinite: {where}", expected="bins that the other samples fill",
                                 remedy="take fewer bins, or estimate by nearest neighbours"))
    p, q = counts[filled] / n, other[filled] / m
    return float(p @ np.log(p / q)), float((len(p) - 1) / (2 * n) + (p @ ((1 - q) / q)) / (2 * m))


def by_histogram(x: Array, y: Array, bins: int | None = None) -> Estimate:
    """Estimate the divergence of one variable by counting in bins that hold equally many of the other samples.

    Parameters
    ----------
    x, y : (n,) and (m,) float64
        Samples of the first and of the other distribution.
    bins : int or None
        At most so many; None is the cube root of m, and of whole numbers as many as there are values.

    Raises
    ------
    InputError
        When there are too few samples, or fewer than two bins remain.

    Notes
    -----
    Bins as in Wang, Kulkarni & Verdu 2005, IEEE Trans Inf Theory 51:3064. Bins of real numbers also blur, which makes the estimate too
    low, by about as much as it falls with bins of twice the width. Of whole numbers, five of the other samples make a bin, so that most
    values have one of their own.
    """
    x, y = _samples(x, y)
    if x.shape[1] != 1:
        raise InputError(Problem(f"a histogram of {x.shape[1]} variables", expected="one", remedy="estimate by nearest neighbours"))
    first, other = x[:, 0], y[:, 0]
    whole = bool((first == np.round(first)).all() and (other == np.round(other)).all())
    number = bins if bins is not None else len(other) // _IN_A_BIN if whole else round(len(other)**(1 / 3))
    inner = np.unique(np.quantile(other, np.arange(1, number) / number, method="higher"))
    inner = _filled(inner, other)
    if not len(inner):
        raise InputError(Problem(f"{number} bins with equally many of {len(other)} samples leave fewer than two",
                                 expected="samples that differ, and two bins or more"))
    if whole:
        inner = inner - 0.5  # a bin holds its whole numbers, whatever side they are counted to

    def counted(a: Array, b: Array, edges: Array) -> tuple[float, float]:
        of_a, of_b = (np.bincount(np.searchsorted(edges, v, side="right"), minlength=len(edges) + 1).astype(float) for v in (a, b))
        return of_counts(of_a, of_b)

    value, bias = counted(first, other, inner)
    if not whole and len(inner) >= _FEWEST_EDGES:
        wider, wider_bias = counted(first, other, inner[1::2])
        bias -= max(0.0, (value - bias) - (wider - wider_bias))
    parts = _without_each_group(x, y, lambda a, b: counted(a[:, 0], b[:, 0], inner)[0])
    return Estimate(value, bias, _error(parts), f"histogram of {len(inner) + 1} bins", "Miller and Madow, second order of ln q, wider bins")


def by_neighbours(x: Array, y: Array, k: int = 5, seed: int = 0) -> Estimate:
    """Estimate the divergence by the distances to the k-th nearest neighbour among the same and among the other samples.

    Parameters
    ----------
    x, y : (n, d) and (m, d) float64, or (n,) and (m,)
        Samples of the first and of the other distribution, of a density each.
    k : int
        Which neighbour.
    seed : int
        Of the random halves.

    Returns
    -------
    Estimate
        ``d/n sum_i ln(nu_i / rho_i) + ln(m / (n - 1))``. Its bias from how much lower estimates of half the samples are:
        a bias that falls as ``n^(-1/max(d, 2))`` is that difference times ``1 / (2^(1/max(d, 2)) - 1)``.

    Raises
    ------
    InputError
        When there are too few samples, or some are equal, of which no density is known.

    Notes
    -----
    Source: Wang, Kulkarni & Verdu 2009, IEEE Trans Inf Theory 55:2392, equation 14. Splitting one sample in two and estimating what is 0
    would miss the bias: where both densities are alike, that of the two distances cancels.
    """
    x, y = _samples(x, y)
    fewest = max(_FEWEST, 4 * (k + 1))
    if k < 1 or min(len(x), len(y)) < fewest:
        raise InputError(Problem(f"{len(x)} and {len(y)} samples for neighbour {k}",
                                 expected=f"k of at least 1, and {fewest} samples of each"))
    if len(np.unique(x, axis=0)) < len(x) or len(np.unique(y, axis=0)) < len(y) or not KDTree(y).query(x)[0].all():
        raise InputError(Problem("some samples are equal: their distances say nothing about a density",
                                 remedy="for counts and other whole numbers estimate by a histogram"))
    value = _neighbours(x, y, k)
    rng, halved = np.random.default_rng(seed), []
    for _ in range(HALVES):
        (a, b), (c, d) = (np.array_split(rng.permutation(v), 2) for v in (x, y))
        halved += [_neighbours(a, c, k), _neighbours(b, d, k)]
    bias = (float(np.mean(halved)) - value) / (2**(1 / max(x.shape[1], 2)) - 1)
    return Estimate(value, bias, _error(_without_each_group(x, y, lambda a, b: _neighbours(a, b, k))), f"{k} nearest neighbours",
                    "random halves of the samples")


def by_normal(x: Array, y: Array) -> Estimate:
    """Estimate the divergence of two distributions that are taken for normal, from their means and covariances.

    Parameters
    ----------
    x, y : (n, d) and (m, d) float64, or (n,) and (m,)
        Samples; groups of the jackknife follow each other, so that the error of a series is right when it forgets within a group
        (Kuensch 1989, Ann Stat 17:1217).

    Raises
    ------
    InputError
        When there are too few samples for a covariance of full rank.
    """
    x, y = _samples(x, y)
    fewest = (x.shape[1] + 2) * GROUPS // (GROUPS - 1) + 1
    if min(len(x), len(y)) < fewest:
        raise InputError(Problem(f"{len(x)} and {len(y)} samples of {x.shape[1]} channels", expected=f"at least {fewest} of each",
                                 remedy="record longer, or take fewer channels"))

    def fitted(a: Array, b: Array) -> float:
        return normal(a.mean(axis=0), np.cov(a, rowvar=False), b.mean(axis=0), np.cov(b, rowvar=False))

    value, parts = fitted(x, y), _without_each_group(x, y, fitted)
    return Estimate(value, (GROUPS - 1) * (float(parts.mean()) - value), _error(parts), f"normal distributions of {x.shape[1]} channels",
                    "jackknife")


def _filled(edges: Array, other: Array) -> Array:
    """Return those of the edges, ascending, between which and beyond which enough samples lie."""
    below, kept, last = np.searchsorted(np.sort(other), edges), [], 0
    for edge, count in zip(edges, below, strict=True):
        if count - last >= _IN_A_BIN and len(other) - count >= _IN_A_BIN:
            kept.append(edge)
            last = count
    return np.array(kept)


def _neighbours(x: Array, y: Array, k: int) -> float:
    own = KDTree(x).query(x, [k + 1])[0][:, 0]
    theirs = KDTree(y).query(x, [k])[0][:, 0]
    return float(x.shape[1] * np.log(theirs / own).mean() + np.log(len(y) / (len(x) - 1)))


def _without_each_group(x: Array, y: Array, estimate: Callable[[Array, Array], float]) -> Array:
    of_x, of_y = (np.arange(len(v)) * GROUPS // len(v) for v in (x, y))
    return np.array([estimate(x[of_x != g], y[of_y != g]) for g in range(GROUPS)])


def _error(parts: Array) -> float:
    return float(np.sqrt((GROUPS - 1) / GROUPS * ((parts - parts.mean())**2).sum()))


def _samples(x: Array, y: Array) -> tuple[Array, Array]:
    first, other = (np.asarray(v, np.float64) for v in (x, y))
    first, other = (v[:, None] if v.ndim == 1 else v for v in (first, other))
    if first.ndim != 2 or other.ndim != 2 or first.shape[1] != other.shape[1]:
        raise InputError(Problem(f"samples of the shapes {np.shape(x)} and {np.shape(y)}", expected="as many variables in both"))
    if not (np.isfinite(first).all() and np.isfinite(other).all()):
        raise InputError(Problem("some samples are not finite", expected="finite numbers"))
    if min(len(first), len(other)) < _FEWEST:
        raise InputError(Problem(f"{len(first)} and {len(other)} samples for a divergence", expected=f"at least {_FEWEST} of each",
                                 remedy="record longer"))
    return first, other
