"""Say how far one distribution is from another: Kullback-Leibler divergences that have a closed form, in nats.

Source: Kullback & Leibler 1951, Ann Math Stat 22:79; the normal one, Kullback 1959, Information theory and statistics, section 9.1.
"""

from __future__ import annotations

from math import isfinite, log

import numpy as np
from numpy.typing import NDArray

from cosim.errors import InputError, Problem


def normal(mean: NDArray[np.float64], covariance: NDArray[np.float64], other_mean: NDArray[np.float64],
           other_covariance: NDArray[np.float64]) -> float:
    """Return the divergence of a normal distribution from another.

    Parameters
    ----------
    mean, other_mean : (n,) float64, or float
        Means.
    covariance, other_covariance : (n, n) float64, or float
        Covariances; a number alone is a variance.

    Returns
    -------
    float
        ``(tr(B^-1 A) + (b - a)' B^-1 (b - a) - n + ln det B - ln det A) / 2``, nats.

    Raises
    ------
    InputError
        When sizes do not fit, or a covariance has an eigenvalue that is not above zero.
    """
    a, b = np.atleast_1d(np.asarray(mean, np.float64)), np.atleast_1d(np.asarray(other_mean, np.float64))
    first, second = np.atleast_2d(np.asarray(covariance, np.float64)), np.atleast_2d(np.asarray(other_covariance, np.float64))
    n = len(a)
    if a.ndim != 1 or b.shape != a.shape or first.shape != (n, n) or second.shape != (n, n):
        raise InputError(Problem(f"normal distributions of means {a.shape}, {b.shape} and covariances {first.shape}, {second.shape}",
                                 expected="both of one size"))
    roots = [_root(first), _root(second)]
    mixed, shift = np.linalg.solve(roots[1], roots[0]), np.linalg.solve(roots[1], b - a)
    logs = 2 * float(np.log(np.diag(roots[1])).sum() - np.log(np.diag(roots[0])).sum())
    return (float((mixed**2).sum()) + float(shift @ shift) - n + logs) / 2


def exponential(rate: float, other_rate: float) -> float:
    """Return the divergence of an exponential distribution from another, by their rates: ``ln(a/b) + b/a - 1``, nats."""
    _above_zero(rate, other_rate)
    return log(rate / other_rate) + other_rate / rate - 1


def poisson(mean: float, other_mean: float) -> float:
    """Return the divergence of a Poisson distribution from another, by their means: ``a ln(a/b) - a + b``, nats."""
    _above_zero(mean, other_mean)
    return mean * log(mean / other_mean) - mean + other_mean


def _root(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    try:
        return np.asarray(np.linalg.cholesky(covariance), np.float64)
    except np.linalg.LinAlgError:
        raise InputError(Problem(f"a covariance of {len(covariance)} channels is not of full rank", expected="eigenvalues above zero",
                                 remedy="take more samples, or leave out channels that follow from others")) from None


def _above_zero(*numbers: float) -> None:
    for given in numbers:
        if not (isfinite(given) and given > 0):
            raise InputError(Problem(f"{given:g} is no rate or mean of such a distribution", expected="a number above 0"))
