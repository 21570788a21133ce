"""Say what linear networks under white noise do in the long run, as a rule to hold simulations and estimators against.

The network is ``dx = A x dt + dW`` with ``<dW dW'> = Q dt``: coupled Ornstein-Uhlenbeck processes. Sources: Gardiner 2009,
Stochastic methods, 4th edition, section 4.5.6 (covariance and spectrum in the long run); for "do", Pearl 2009, Causality, chapter 3.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import expm, solve_continuous_lyapunov

from cosim.errors import InputError, Problem

Array = NDArray[np.float64]


def stationary_covariance(drift: Array, noise: Array) -> Array:
    """Return the covariance of the state in the long run, from Lyapunov's equation ``A S + S A' = -Q``.

    Parameters
    ----------
    drift : (n, n) float64, 1/time
        A; row i says what moves node i.
    noise : (n, n) float64, unit squared/time
        Q.

    Returns
    -------
    (n, n) float64, unit squared

    Raises
    ------
    InputError
        When the network does not come to rest, or the noise is no covariance.
    """
    a, q = _checked(drift, noise)
    s = solve_continuous_lyapunov(a, -q)
    return np.asarray((s + s.T) / 2)


def stationary_correlation(drift: Array, noise: Array) -> Array:
    """Return the functional connectivity in the long run, (n, n) float64; parameters as of `stationary_covariance`."""
    s = stationary_covariance(drift, noise)
    scale = np.sqrt(np.diag(s))
    if not scale.all():
        raise InputError(Problem(f"no noise reaches node {int(np.flatnonzero(scale == 0)[0])}, so that it is correlated with none"))
    return np.asarray(s / np.outer(scale, scale))


def cut(drift: Array, links: Iterable[tuple[int, int]]) -> Array:
    """Return the drift after an intervention that sets links to nothing: ``do(A_ij = 0)``.

    Parameters
    ----------
    drift : (n, n) float64
        A.
    links : iterable of (int, int)
        Each ``(to, from)``, two different nodes.

    Raises
    ------
    InputError
        When a link does not lead from one node to another.
    """
    changed = np.array(drift, np.float64)
    for to, source in links:
        if to == source or not (0 <= to < len(changed) and 0 <= source < len(changed)):
            raise InputError(Problem(f"the link ({to}, {source}) cannot be cut",
                                     expected=f"two different nodes from 0 to {len(changed) - 1}"))
        changed[to, source] = 0.0
    return changed


def response(drift: Array, kick: Array, time: float) -> Array:
    """Return the mean state a time after a kick, ``exp(A t) kick``, (n,) float64."""
    return np.asarray(expm(np.asarray(drift) * time) @ kick)


def cross_spectrum(drift: Array, noise: Array, frequencies: Array) -> NDArray[np.complex128]:
    """Return the one-sided cross-spectral density of every two nodes, as a spectrum of samples estimates it.

    Parameters
    ----------
    drift, noise : (n, n) float64
        A and Q.
    frequencies : (n_frequencies,) float64, 1/time
        In cycles, above zero.

    Returns
    -------
    (n_frequencies, n, n) complex128, unit squared times time
        ``2 (A - iw)^-1 Q (A + iw)^-T`` with w = 2 pi f; its integral over all frequencies is the covariance. One node, ``A = -k`` and
        ``Q = 2 D``: twice ``2 D / (k^2 + w^2)``.
    """
    a, q = _checked(drift, noise)
    w = 2j * np.pi * np.asarray(frequencies, np.float64)
    inverse = np.linalg.inv(w[:, None, None] * np.eye(len(a)) - a)
    return np.asarray(2 * inverse @ q @ inverse.conj().transpose(0, 2, 1))


def sampled(drift: Array, noise: Array, step: float, number: int, rng: np.random.Generator) -> Array:
    """Return samples of the network in the long run, exact in distribution however far apart they are.

    Parameters
    ----------
    drift, noise : (n, n) float64
        A and Q.
    step : float
        Time from one sample to the next.
    number : int
        How many samples.
    rng : Generator
        Where the random numbers come from.

    Returns
    -------
    (number, n) float64
        From ``x(t + h) = exp(A h) x(t) + e`` with e of covariance ``S - exp(A h) S exp(A h)'`` (Gillespie 1996, Phys Rev E 54:2084).
    """
    s = stationary_covariance(drift, noise)
    step_on = expm(np.asarray(drift) * step)
    given = rng.multivariate_normal(np.zeros(len(s)), s - step_on @ s @ step_on.T, number, method="eigh")
    states = np.empty((number, len(s)))
    states[0] = rng.multivariate_normal(np.zeros(len(s)), s, method="eigh")
    for i in range(1, number):
        states[i] = step_on @ states[i - 1] + given[i]
    return states


def _checked(drift: Array, noise: Array) -> tuple[Array, Array]:
    a, q = np.atleast_2d(np.asarray(drift, np.float64)), np.atleast_2d(np.asarray(noise, np.float64))
    if a.ndim != 2 or a.shape[0] != a.shape[1] or q.shape != a.shape:
        raise InputError(Problem(f"drift and noise have the shapes {a.shape} and {q.shape}", expected="two square matrices of one size"))
    if not (np.isfinite(a).all() and np.isfinite(q).all()):
        raise InputError(Problem("drift or noise hold what is not a finite number", expected="finite numbers"))
    if not np.allclose(q, q.T, rtol=1e-12, atol=0) or np.linalg.eigvalsh(q).min() < -1e-12 * np.abs(q).max():
        raise InputError(Problem("the noise is no covariance", expected="a symmetric matrix without negative eigenvalues"))
    fastest = np.linalg.eigvals(a).real.max()
    if fastest >= 0:
        raise InputError(Problem(f"the network does not come to rest: an eigenvalue has the real part {fastest:.6g}",
                                 expected="real parts below 0", remedy="weaken the links or strengthen the decay"))
    return a, q
