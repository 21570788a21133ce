"""Periodic states as piecewise polynomials that obey the equations at Gauss points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.polynomial.legendre import leggauss
from scipy.sparse import coo_matrix, csc_matrix

from cosim.models.wholebrain.analysis.branches import Line
from cosim.models.wholebrain.analysis.differences import STEP, derivative, steps_of, widths
from cosim.models.wholebrain.language.model import Array

DEGREE = 4


def _basis() -> Array:
    """Return the coefficients, the lowest power first, of the polynomials that are 1 at one of five even nodes of [0, 1]."""
    nodes = np.linspace(0, 1, DEGREE + 1)
    others = [np.delete(nodes, k) for k in range(DEGREE + 1)]
    return np.array([np.polynomial.Polynomial.fromroots(o).coef / np.prod(node - o) for node, o in zip(nodes, others, strict=True)])


_BASIS = _basis()
_GAUSS, _WEIGHTS = (leggauss(DEGREE)[0] + 1) / 2, leggauss(DEGREE)[1] / 2
_VALUES = np.vander(_GAUSS, DEGREE + 1, increasing=True) @ _BASIS.T
_SLOPES = np.vander(_GAUSS, DEGREE, increasing=True) @ (_BASIS[:, 1:] * np.arange(1.0, DEGREE + 1)).T


@dataclass(frozen=True, slots=True)
class Round:
    """Hold one closed curve.

    Parameters
    ----------
    mesh : (intervals + 1,) float64
        Parts of the period, from 0 to 1.
    x : (4 intervals + 1, variables) float64
        States, in usual ranges, at five even nodes in each interval.
    period_ms : float
        How long one round takes.
    part : float
        Place of the parameter in its interval.
    """

    mesh: Array
    x: Array
    period_ms: float
    part: float

    def pieces(self) -> Array:
        """Return the states at the nodes of each interval, (intervals, 5, variables)."""
        found: Array = self.x[np.arange(len(self.mesh) - 1)[:, None] * DEGREE + np.arange(DEGREE + 1)]
        return found


def residual(line: Line, r: Round) -> Array:
    """Return by how much the slopes of the curve are wrong at the Gauss points, per round, (4 intervals, variables)."""
    x, speed = _VALUES @ r.pieces(), _SLOPES @ r.pieces() / np.diff(r.mesh)[:, None, None]
    f = line.slopes(_columns(x, r.part))
    found: Array = speed.reshape(-1, x.shape[2]) - r.period_ms * f.T
    return found


def linearised(line: Line, r: Round) -> tuple[csc_matrix, Array, Array]:
    """Return how the residual changes: with the states, with the period and with the parameter; and the blocks of each interval."""
    x = _VALUES @ r.pieces()
    n, m, d = x.shape
    z = _columns(x, r.part)
    width = widths(line.region.model)[:, None]
    steps = np.vstack((steps_of(line.region.model, z[:-1] * width) / width, np.full((1, z.shape[1]), STEP)))
    a = derivative(line.slopes, z, steps).reshape(n, m, d, d + 1)
    blocks = (np.einsum("jk,ab->jakb", _SLOPES, np.eye(d))[None] / np.diff(r.mesh)[:, None, None, None, None]
              - r.period_ms * np.einsum("jk,ijab->ijakb", _VALUES, a[..., :d]))
    rows = (np.arange(n)[:, None, None] * m * d + np.arange(m * d)[:, None]) + np.zeros((1, 1, (m + 1) * d), int)
    columns = np.arange(n)[:, None, None] * m * d + np.arange((m + 1) * d)[None, None, :] + np.zeros((1, m * d, 1), int)
    blocks = blocks.reshape(n, m * d, (m + 1) * d)
    matrix = coo_matrix((blocks.ravel(), (rows.ravel(), columns.ravel())), shape=(n * m * d, (n * m + 1) * d)).tocsc()
    border = np.stack((-line.slopes(z).T.ravel(), -r.period_ms * a[..., d].ravel()), axis=1)
    return matrix, border, blocks


def phase(r: Round) -> Array:
    """Return the row of the phase condition: the integral of a curve times the slope of this one (Doedel 1991, Int J Bif Chaos 1:745)."""
    speed = _SLOPES @ r.pieces()
    n, _, d = speed.shape
    row = np.zeros((n * DEGREE + 1, d))
    np.add.at(row, np.arange(n)[:, None] * DEGREE + np.arange(DEGREE + 1), np.einsum("j,jk,ijd->ikd", _WEIGHTS, _VALUES, speed))
    return row.ravel()


def multipliers(blocks: Array, d: int) -> Array:
    """Return the sizes of the Floquet multipliers, from the blocks of each interval, the one next to 1 left out, in descending order."""
    whole = np.eye(d)
    for piece in np.linalg.solve(blocks[:, :, d:], -blocks[:, :, :d])[:, -d:, :]:
        whole = piece @ whole
    found = np.linalg.eigvals(whole)
    rest = np.delete(found, int(np.argmin(np.abs(found - 1))))
    return np.sort(np.abs(rest))[::-1]


def remeshed(mesh: Array, x: Array) -> Array:
    """Return a mesh whose intervals have equal shares of the length of the curve, and of the time."""
    reach = np.linalg.norm(np.diff(x[::DEGREE], axis=0), axis=1)
    share = np.sqrt(reach / max(reach.sum(), 1e-300) * np.diff(mesh)) + 0.3 * np.diff(mesh) + reach / max(reach.sum(), 1e-300)
    passed = np.concatenate(([0.0], np.cumsum(share)))
    return np.asarray(np.interp(np.linspace(0, passed[-1], len(mesh)), passed, mesh), np.float64)


def moved(mesh: Array, x: Array, new: Array) -> Array:
    """Return the curve at the nodes of another mesh."""
    parts = np.append((new[:-1, None] + np.diff(new)[:, None] * (np.arange(DEGREE) / DEGREE)).ravel(), 1.0)
    where = np.clip(np.searchsorted(mesh, parts, side="right") - 1, 0, len(mesh) - 2)
    values = np.vander((parts - mesh[where]) / np.diff(mesh)[where], DEGREE + 1, increasing=True) @ _BASIS.T
    return np.asarray(np.einsum("pk,pkd->pd", values, x[where[:, None] * DEGREE + np.arange(DEGREE + 1)]), np.float64)


def _columns(x: Array, part: float) -> Array:
    flat = x.reshape(-1, x.shape[2]).T
    return np.vstack((flat, np.full((1, flat.shape[1]), part)))
