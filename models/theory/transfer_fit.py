"""Fit the effective threshold of a transfer function to measured rates.

First the threshold that each measured rate implies is fitted by linear least squares, then the rates themselves by nonlinear least squares
from there on, as Zerlaut et al. (2018, J Comput Neurosci 44:45, section 2.4) do. The second step is needed since the first gives a rate of
0.01 Hz, whose threshold is poorly known, the weight of one of 50 Hz, and can use neither silent nor saturated points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import least_squares

from cosim.errors import InputError, Problem, raise_all
from cosim.models.theory.moments import Moments
from cosim.models.theory.transfer import Transfer, effective_threshold, rate_above, slope

_PRECISION = 1e-15


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Hold a fitted transfer function, and how good it is.

    Parameters
    ----------
    transfer : Transfer
        With the fitted coefficients, V.
    first : tuple of float
        Coefficients after the linear step, V.
    covariance : (k, k) float64
        Of the coefficients, V^2.
    fitted : (n,) float64
        Rates of the fitted function at the measured points, Hz.
    residuals : (n,) float64
        Fitted less measured rate, Hz.
    invertible : int
        How many points had a threshold, for the linear step.
    chi_square : float or None
        Sum of squared residuals in units of the errors of the rates, where these were given.
    """

    transfer: Transfer
    first: tuple[float, ...]
    covariance: NDArray[np.float64]
    fitted: NDArray[np.float64]
    residuals: NDArray[np.float64]
    invertible: int
    chi_square: float | None

    @property
    def rms(self) -> float:
        """Root mean square of the residuals, Hz."""
        return float(np.sqrt(np.mean(self.residuals**2)))

    @property
    def worst(self) -> int:
        """Number of the point with the largest residual."""
        return int(np.argmax(np.abs(self.residuals)))

    @property
    def errors(self) -> NDArray[np.float64]:
        """Standard errors of the coefficients, V."""
        return np.sqrt(np.diag(self.covariance))


def fit(start: Transfer, rates: Sequence[ArrayLike], measured: ArrayLike, w: ArrayLike = 0.0, errors: ArrayLike | None = None) -> Fit:
    """Fit the threshold of a transfer function.

    Parameters
    ----------
    start : Transfer
        The neuron; its coefficients do not matter.
    rates : sequence of (n,) array_like
        Rates of the sources at each point, Hz.
    measured : (n,) array_like
        Rate of the neuron there, Hz.
    w : (n,) array_like
        Adaptation current there, pA.
    errors : (n,) array_like or None
        Standard errors of the measured rates, Hz, by which the residuals are weighted; None weights all points alike.

    Returns
    -------
    Fit
        Its covariance follows from the given errors, or else from the residuals.

    Raises
    ------
    InputError
        When a rate is negative, there are fewer points than coefficients, or too few whose rate is neither 0 nor saturated.
    """
    found = np.asarray(measured, float)
    _refuse(start, found, errors)
    m = start.moments(rates, w)
    terms = 1e3 * start.form.terms(m, start.membrane)
    threshold = effective_threshold(found, m, start.gain)
    known = np.isfinite(threshold)
    if np.count_nonzero(known) < terms.shape[1]:
        raise InputError(_no_threshold(found, int(np.count_nonzero(known)), terms.shape[1]))
    first = np.linalg.lstsq(terms[known], threshold[known], rcond=None)[0]
    weight = np.ones_like(found) if errors is None else 1 / np.asarray(errors, float)

    # In terms of orthonormal columns, as the terms of the polynomial are nearly alike over most grids.
    basis, triangle = np.linalg.qr(terms)
    if np.linalg.matrix_rank(triangle) < terms.shape[1]:
        raise InputError(Problem(f"the points of the grid do not tell the {terms.shape[1]} terms of the threshold apart", "grid",
                                 "at least three values of two inputs"))

    def residuals(c: NDArray[np.float64]) -> Any:
        return weight * (rate_above(basis @ c, m, start.gain) - found)

    def jacobian(c: NDArray[np.float64]) -> Any:
        return (weight * slope(basis @ c, m, start.gain))[:, None] * basis

    solved = least_squares(residuals, triangle @ first, jac=jacobian, method="lm", xtol=_PRECISION, ftol=_PRECISION, gtol=_PRECISION)
    coefficients = np.linalg.solve(triangle, solved.x)
    fitted = rate_above(terms @ coefficients, m, start.gain)
    square = float(np.sum((weight * (fitted - found)) ** 2))
    spread = 1.0 if errors is not None else square / max(len(found) - len(coefficients), 1)
    back = np.linalg.inv(triangle)
    covariance = spread * back @ np.linalg.pinv(solved.jac.T @ solved.jac) @ back.T
    return Fit(start.with_coefficients(coefficients), tuple(map(float, first)), covariance, fitted, fitted - found,
               int(np.count_nonzero(known)), None if errors is None else square)


def held_out(start: Transfer, rates: Sequence[ArrayLike], measured: ArrayLike, w: ArrayLike = 0.0, folds: int = 5,
             seed: int = 1) -> NDArray[np.float64] | None:
    """Return what is left of each point when the others are fitted without it and its fold: cross-validation.

    Parameters
    ----------
    start, rates, measured, w
        As in `fit`.
    folds : int
        Into how many parts the points are shuffled.
    seed : int
        Of the shuffling.

    Returns
    -------
    (n,) float64 or None
        Predicted less measured rate, Hz; None where too few points are left for a fit.
    """
    found = np.asarray(measured, float)
    given = [np.broadcast_to(np.asarray(r, float), found.shape) for r in rates]
    current = np.broadcast_to(np.asarray(w, float), found.shape)
    fold = np.random.default_rng(seed).permutation(len(found)) % folds
    left = np.empty_like(found)
    for number in range(folds):
        kept, out = fold != number, fold == number
        try:
            one = fit(start, [r[kept] for r in given], found[kept], current[kept])
        except InputError:
            return None
        left[out] = one.transfer.rate([r[out] for r in given], current[out]) - found[out]
    return left


def errors_of(transfer: Transfer, m: Moments, covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the standard errors of fitted rates that follow from a covariance of the coefficients, Hz."""
    terms = 1e3 * transfer.form.terms(m, transfer.membrane)
    along = slope(transfer.threshold(m), m, transfer.gain)[..., None] * terms
    return np.asarray(np.sqrt(np.einsum("...i,ij,...j->...", along, covariance, along)), np.float64)


def _refuse(start: Transfer, found: NDArray[np.float64], errors: ArrayLike | None) -> None:
    problems = []
    if not len(found):
        problems.append(Problem("the grid is empty: there is no rate to fit", "grid", "at least as many points as coefficients"))
    elif len(found) < len(start.form.value):
        problems.append(Problem(f"{len(found)} points cannot tell {len(start.form.value)} coefficients", "grid",
                                f"at least {len(start.form.value)} points", "give more rates of the inputs"))
    if (bad := ~(np.isfinite(found) & (found >= 0))).any():
        problems.append(Problem(f"the measured rate {found[bad][0]:g} Hz is no rate", expected="a finite rate of at least 0 Hz"))
    if errors is not None and not (np.asarray(errors, float) > 0).all():
        problems.append(Problem("a standard error of a rate is not above 0 Hz", expected="errors above 0 Hz, or none"))
    raise_all(problems)


def _no_threshold(found: NDArray[np.float64], known: int, needed: int) -> Problem:
    silent = int(np.count_nonzero(found == 0))
    if silent == len(found):
        return Problem(f"the neuron is silent at all {silent} points of the grid", "grid", "rates that make it fire",
                       "raise the excitatory rates, or lower the inhibitory ones")
    return Problem(f"only {known} of {len(found)} points have a rate between 0 and saturation, gain / T_V ({silent} are silent)", "grid",
                   f"at least {needed}", "choose input rates between those that silence the neuron and those that saturate it")
