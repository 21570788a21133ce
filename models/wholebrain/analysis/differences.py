"""Derivatives of the equations by differences, at many points at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from cosim.models.wholebrain.language.model import Array, Model, sent_of, slope_of

# Central differences of sixth order: Fornberg 1988, Math Comp 51:699, table 1.
_OFFSETS = np.array([-3.0, -2.0, -1.0, 1.0, 2.0, 3.0])
_WEIGHTS = np.array([-1 / 60, 3 / 20, -3 / 4, 3 / 4, -3 / 20, 1 / 60])
STEP = 1e-3  # of the usual range of a variable: cancellation costs 1e-13, what is cut off of a sigmoid ten times steeper 1e-14
_SMALLEST = 1e-3  # what is received has no usual range: rates in kHz lie well below 1


def derivative(f: Callable[[Array], Array], z: Array, steps: Array) -> Array:
    """Return the matrix of derivatives of a function at many points.

    Parameters
    ----------
    f : callable
        Maps (k, q n) to (m, q n) float64: a column a point, point i of n in the columns i, i + n, i + 2 n ...
    z : (k, n) float64
        The points.
    steps : (k, n) float64
        Steps of the central differences, which are of sixth order.

    Returns
    -------
    (n, m, k) float64
    """
    k, n = z.shape
    shift = np.eye(k)[:, None, :, None] * _OFFSETS[None, :, None, None] * steps[:, None, None, :]
    values = f((z[:, None, None, :] + shift).reshape(k, -1))
    total = np.tensordot(_WEIGHTS, values.reshape(len(values), len(_OFFSETS), k, n), axes=(0, 1)) / steps
    return np.moveaxis(total, 2, 0)


def widths(model: Model) -> Array:
    """Return how wide the usual range of each variable is, (variables,)."""
    return np.array([v.range[1] - v.range[0] for v in model.state])


def steps_of(model: Model, x: Array) -> Array:
    """Return steps for differences around states, (variables, n): a part of the usual range, less where a bound is near."""
    width = widths(model)[:, None]
    room = np.minimum(x - np.array([v.low for v in model.state])[:, None], np.array([v.high for v in model.state])[:, None] - x) / 4
    return np.where(room > 1e-6 * width, np.minimum(STEP * width, room), STEP * width)


def jacobians(model: Model, values: Mapping[str, Array], x: Array, c: Array | None = None, u: Array | None = None) -> Array:
    """Return the derivatives of the slopes with respect to the state, (n, variables, variables), 1/ms; arguments as in `slope_of`."""
    return derivative(lambda z: slope_of(model, *_repeated(z.shape[1], x.shape[1], values, z, c, u)), x, steps_of(model, x))


def receptions(model: Model, values: Mapping[str, Array], x: Array, c: Array, u: Array | None = None) -> Array:
    """Return the derivatives of the slopes with respect to what is received, (n, variables, received)."""
    n = x.shape[1]

    def slopes(z: Array) -> Array:
        q = z.shape[1] // n
        return slope_of(model, _tiled(values, q), np.tile(x, (1, q)), z, None if u is None else np.tile(u, (1, q)))

    return derivative(slopes, c, STEP * np.maximum(_SMALLEST, np.abs(c)))


def emissions(model: Model, values: Mapping[str, Array], x: Array) -> Array:
    """Return the derivatives of what is sent with respect to the state, (n, sent, variables)."""
    return derivative(lambda z: sent_of(model, _tiled(values, z.shape[1] // x.shape[1]), z), x, steps_of(model, x))


def _tiled(values: Mapping[str, Array], q: int) -> dict[str, Array]:
    return {name: np.tile(value, q) for name, value in values.items()}


def _repeated(columns: int, n: int, values: Mapping[str, Array], z: Array, c: Array | None,
              u: Array | None) -> tuple[dict[str, Array], Array, Array | None, Array | None]:
    q = columns // n
    return _tiled(values, q), z, None if c is None else np.tile(c, (1, q)), None if u is None else np.tile(u, (1, q))
