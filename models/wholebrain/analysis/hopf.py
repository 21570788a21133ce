"""What kind of cycle a Hopf point gives birth to."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cosim.models.wholebrain.analysis.differences import widths
from cosim.models.wholebrain.analysis.fixed_points import Complex
from cosim.models.wholebrain.analysis.region import Region
from cosim.models.wholebrain.language.model import Array

Flow = Callable[[Array], Array]
_STEP = 0.01  # of the usual range; the third derivative by differences of fourth order is then good to about 1e-6


def first_lyapunov(region: Region, state: Array) -> float:
    """Return the first Lyapunov coefficient of a region at a Hopf point, with the variables in usual ranges.

    Source: Kuznetsov 2004, Elements of Applied Bifurcation Theory, eq. 5.39; the second and third derivatives are taken by differences
    along the critical direction (section 10.2).

    Parameters
    ----------
    region : Region
        With the parameter at the Hopf point.
    state : (variables,) float64
        The fixed point.
    """
    width = widths(region.model)
    matrix = region.jacobian(state) * width[None, :] / width[:, None]
    q, omega = _critical(matrix)
    p, _ = _critical(matrix.T)

    def f(direction: Array) -> Array:
        found: Array = region.slopes((state + direction * width)[:, None])[:, 0] / width
        return found

    return lyapunov(f, matrix, q, p, omega)


def lyapunov(f: Flow, matrix: Array, q: Complex, p: Complex, omega: float) -> float:
    """Return the first Lyapunov coefficient of a flow.

    Parameters
    ----------
    f : callable
        Its slope at a distance, (n,), from the fixed point.
    matrix : (n, n) float64
        Its Jacobian there.
    q, p : (n,) complex128
        Eigenvectors of the matrix and of its transpose for the eigenvalue i omega; q has length 1.
    omega : float
        Angular frequency of the critical mode.
    """
    p = p / (p @ q)  # so that the plain product p q is 1
    r, s = np.asarray(q.real, np.float64), np.asarray(q.imag, np.float64)
    rr, ss = _second(f, r), _second(f, s)
    rs = (_second(f, r + s) - _second(f, r - s)) / 4
    mean = np.asarray(np.linalg.solve(matrix, rr + ss), np.float64)
    double = np.linalg.solve(2j * omega * np.eye(len(q)) - matrix, rr - ss + 2j * rs)
    a, b = np.asarray(double.real, np.float64), np.asarray(double.imag, np.float64)
    inner = _mixed(f, a, r) + _mixed(f, b, s) + 1j * (_mixed(f, b, r) - _mixed(f, a, s))
    outer = _mixed(f, mean, r) + 1j * _mixed(f, mean, s)
    cubes = [_third(f, d) for d in (r, s, r + s, r - s)]
    rrs, rss = (cubes[2] - cubes[3] - 2 * cubes[1]) / 6, (cubes[2] + cubes[3] - 2 * cubes[0]) / 6
    cubic = cubes[0] + rss + 1j * (rrs + cubes[1])
    return float((p @ (cubic - 2 * outer + inner)).real / (2 * omega))


def _critical(matrix: Array) -> tuple[Complex, float]:
    """Return the eigenvector, of length 1, of the eigenvalue i omega nearest to the imaginary axis, and omega."""
    values, vectors = np.linalg.eig(matrix)
    turning = values.imag > 0
    at = int(np.argmin(np.where(turning, np.abs(values.real), np.inf)))
    return vectors[:, at], float(values[at].imag)


def _second(f: Flow, v: Array) -> Array:
    """Return the second derivative along a direction."""
    length = float(np.linalg.norm(v))
    if length == 0:
        return np.zeros_like(v)
    u = v / length
    ahead = [f(i * _STEP * u) for i in (-2, -1, 0, 1, 2)]
    return (16 * (ahead[1] + ahead[3]) - ahead[0] - ahead[4] - 30 * ahead[2]) * (length / _STEP) ** 2 / 12


def _mixed(f: Flow, a: Array, b: Array) -> Array:
    """Return the mixed second derivative along two directions."""
    sizes = float(np.linalg.norm(a)), float(np.linalg.norm(b))
    if 0.0 in sizes:
        return np.zeros_like(a)
    a, b = a / sizes[0], b / sizes[1]
    return (_second(f, a + b) - _second(f, a - b)) * (sizes[0] * sizes[1] / 4)


def _third(f: Flow, v: Array) -> Array:
    """Return the third derivative along a direction."""
    length = float(np.linalg.norm(v))
    if length == 0:
        return np.zeros_like(v)
    u = v / length
    odd = [f(i * _STEP * u) - f(-i * _STEP * u) for i in (1, 2, 3)]
    return (8 * odd[1] - 13 * odd[0] - odd[2]) * (length / _STEP) ** 3 / 8
