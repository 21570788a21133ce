"""Correlate signals: functional connectivity, and how far two of them agree."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cosim.errors import InputError, Problem
from cosim.models.observe.features.signals import Signals, refuse_constant, refuse_short

_FEWEST = 3
_WORST_CONDITION = 1e12


def covariance(s: Signals) -> NDArray[np.float64]:
    """Return the covariance of every two channels, with n - 1 below.

    Returns
    -------
    (n_channels, n_channels) float64, unit squared

    Raises
    ------
    InputError
        When there are fewer than two samples.
    """
    refuse_short(s.length, 2, "a covariance")
    return np.atleast_2d(np.cov(s.values, rowvar=False))


def correlation(s: Signals) -> NDArray[np.float64]:
    """Return functional connectivity: Pearson's correlation of every two channels.

    Returns
    -------
    (n_channels, n_channels) float64, 1

    Raises
    ------
    InputError
        When there are fewer than three samples, or a channel is constant.
    """
    refuse_short(s.length, _FEWEST, "functional connectivity")
    refuse_constant(s, "functional connectivity")
    return np.atleast_2d(np.corrcoef(s.values, rowvar=False))


def partial_correlation(s: Signals) -> NDArray[np.float64]:
    """Return the correlation of every two channels with what all others explain of both taken away.

    Returns
    -------
    (n_channels, n_channels) float64, 1
        ``-P_ij / sqrt(P_ii P_jj)`` with P the inverse of the correlation; 1 on the diagonal.

    Raises
    ------
    InputError
        When there are not more samples than channels, a channel is constant, or some channels are a weighted sum of others.

    Notes
    -----
    Source: Whittaker 1990, Graphical models in applied multivariate statistics, section 5.7.
    """
    refuse_short(s.length, s.size + 2, f"a partial correlation of {s.size} channels")
    plain = correlation(s)
    if np.linalg.cond(plain) > _WORST_CONDITION:
        raise InputError(Problem(f"some of the {s.size} channels follow from the others, so that nothing is left to correlate",
                                 expected="channels of which none is a weighted sum of others",
                                 remedy="leave such channels out, or signals of an average reference"))
    inverse = np.linalg.inv(plain)
    scale = np.sqrt(np.diag(inverse))
    partial = -inverse / np.outer(scale, scale)
    np.fill_diagonal(partial, 1.0)
    return np.asarray(partial)


def above_diagonal(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what stands above the diagonal of a matrix, row by row."""
    return np.asarray(matrix[np.triu_indices(len(matrix), 1)])


def agreement(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return how far two functional connectivities agree: Pearson's correlation of what stands above their diagonals.

    Parameters
    ----------
    a, b : (n_channels, n_channels) float64
        In the same order of channels.

    Raises
    ------
    InputError
        When they have different sizes, fewer than three channels, or the same value in every pair.
    """
    if a.shape != b.shape or a.ndim != 2 or a.shape[0] != a.shape[1]:
        raise InputError(Problem(f"connectivities of {a.shape} and {b.shape} are to be compared", expected="the same channels in both"))
    refuse_few(len(a), "the agreement of two connectivities")
    pairs = above_diagonal(a), above_diagonal(b)
    if any(np.ptp(p) == 0 for p in pairs):
        raise InputError(Problem("a connectivity is the same in every pair of channels", expected="pairs that differ, to compare them"))
    return float(np.corrcoef(*pairs)[0, 1])


def refuse_few(size: int, of: str) -> None:
    """Raise `InputError` when there are too few channels for patterns over pairs."""
    if size < _FEWEST:
        raise InputError(Problem(f"there {'is' if size == 1 else 'are'} {size} channel{'s' * (size != 1)} for {of}",
                                 expected=f"at least {_FEWEST}, as two have one pair only", remedy="take a port with more channels"))
