"""Stability of linear systems with delays: x'(t) = A x(t) + sum over k of B_k x(t - tau_k)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cosim.models.wholebrain.analysis.fixed_points import Complex, ordered
from cosim.models.wholebrain.language.model import Array


def delayed_eigenvalues(a: Array, b: Sequence[Array], delays_ms: Sequence[float], points: int = 40) -> Complex:
    """Return the rightmost eigenvalues of a linear system with delays, the largest real part first.

    The history is a polynomial through Chebyshev points (Breda, Maset & Vermiglio 2005, SIAM J Sci Comput 27:482); each eigenvalue is
    then made exact by Newton's method on the characteristic equation, det(lambda - A - sum B_k exp(-lambda tau_k)) = 0. Those that do
    not settle are not given.

    Parameters
    ----------
    a : (n, n) float64
        What acts at once, 1/ms.
    b : sequence of (n, n) float64
        What acts after each delay, 1/ms.
    delays_ms : sequence of float
        Delays, ms, not below 0.
    points : int
        Degree of the polynomial.
    """
    n, longest = len(a), max(delays_ms, default=0.0)
    if longest == 0:
        return ordered(np.linalg.eigvals(a + sum(b, np.zeros_like(a))))
    theta = (np.cos(np.pi * np.arange(points + 1) / points) - 1) / 2  # from 0 down to -1, in longest delays
    weights = np.where(np.arange(points + 1) % 2, -1.0, 1.0)
    weights[[0, -1]] /= 2
    matrix = np.kron(differentiation(theta, weights) / longest, np.eye(n))
    matrix[:n] = np.kron(interpolation(theta, weights, 0.0), a)
    for each, delay in zip(b, delays_ms, strict=True):
        matrix[:n] += np.kron(interpolation(theta, weights, -delay / longest), each)
    found = ordered(np.linalg.eigvals(matrix))
    exact = [polished for e in found[:n + points] if (polished := _polished(complex(e), a, b, delays_ms)) is not None]
    return ordered(np.array(exact))


def differentiation(theta: Array, weights: Array) -> Array:
    """Return the differentiation matrix of the polynomial through the points (Berrut & Trefethen 2004, SIAM Rev 46:501, section 9.3)."""
    gap = theta[:, None] - theta[None, :] + np.eye(len(theta))
    matrix = np.asarray(weights[None, :] / weights[:, None] / gap, np.float64)
    np.fill_diagonal(matrix, 0.0)
    np.fill_diagonal(matrix, -matrix.sum(axis=1))
    return matrix


def interpolation(theta: Array, weights: Array, at: float) -> Array:
    """Return the weights of the values at the points in the value at another."""
    near = np.abs(theta - at) < 1e-15
    if near.any():
        return near.astype(np.float64)
    part = weights / (at - theta)
    return np.asarray(part / part.sum(), np.float64)


def _polished(e: complex, a: Array, b: Sequence[Array], delays_ms: Sequence[float]) -> complex | None:
    """Return the root of the characteristic equation next to a guess; None where Newton's steps lead away."""
    n, guess = len(a), e
    for _ in range(20):
        factors = [np.exp(-e * d) for d in delays_ms]
        matrix = e * np.eye(n) - a - sum(f * m for f, m in zip(factors, b, strict=True))
        change = np.eye(n) + sum(d * f * m for d, f, m in zip(delays_ms, factors, b, strict=True))
        try:
            step = 1 / complex(np.trace(np.linalg.solve(matrix, change)))
        except (np.linalg.LinAlgError, ZeroDivisionError):
            return e
        e -= step
        if not np.isfinite(e) or abs(e - guess) > 0.05 * (1 + abs(guess)):
            return None
        if abs(step) < 1e-14 * (1 + abs(e)):
            return e
    return e if abs(step) < 1e-9 * (1 + abs(e)) else None
