"""Where a region rests: all fixed points that many starts lead to, and what each is like."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cosim.models.wholebrain.analysis.differences import jacobians, widths
from cosim.models.wholebrain.analysis.region import Region, spread
from cosim.models.wholebrain.language.model import Array, slope_of, valid_of

STARTS = 200
_LENGTHS = np.array([1.0, 0.5, 0.25, 0.1, 0.02])
Complex = NDArray[np.complex128]


@dataclass(frozen=True, slots=True)
class FixedPoint:
    """Hold a state that stays, and how the states near it move.

    Parameters
    ----------
    state : tuple of float
        The variables, in the order of the model.
    eigenvalues : tuple of complex
        Of the Jacobian, 1/ms; the largest real part first.
    kind : str
        What `kind_of` says of them.
    is_inside : bool
        Whether the state lies inside what the model was made for.
    """

    state: tuple[float, ...]
    eigenvalues: tuple[complex, ...]
    kind: str
    is_inside: bool = True

    @property
    def is_stable(self) -> bool:
        """Whether all that starts near by comes back."""
        return max(e.real for e in self.eigenvalues) < 0


def ordered(eigenvalues: ArrayLike) -> Complex:
    """Return eigenvalues, (..., variables), the largest real part first, of a pair the positive imaginary part first."""
    e = np.asarray(eigenvalues, np.complex128)
    return np.take_along_axis(e, np.lexsort((-e.imag, -e.real), axis=-1), axis=-1)


def kind_of(eigenvalues: Complex) -> str:
    """Return what a fixed point is called: node (real eigenvalues lead), focus (a complex pair leads) or saddle.

    A saddle has eigenvalues on both sides; it is a saddle focus where a complex pair grows. Where a real part is below 1e-9 of the
    largest eigenvalue, the linear part does not decide, and the point is called marginal.
    """
    e = ordered(eigenvalues)
    size = float(np.abs(e).max())
    if size == 0 or float(np.abs(e.real).min()) < 1e-9 * size:
        return "marginal"
    turns = abs(e.imag) > 1e-9 * size
    if e[0].real < 0:
        return "stable focus" if turns[0] else "stable node"
    if e[-1].real > 0:
        return "unstable focus" if turns[-1] else "unstable node"
    return "saddle focus" if turns[e.real > 0].any() else "saddle"


def described(region: Region, x: Array) -> FixedPoint:
    """Return a fixed point, (variables,), with its eigenvalues and kind."""
    e = ordered(np.linalg.eigvals(region.jacobian(x)))
    return FixedPoint(tuple(float(v) for v in x), tuple(complex(v) for v in e), kind_of(e),
                      bool(valid_of(region.model, region.values(), x[:, None])[0]))


def fixed_points(region: Region, starts: int = STARTS) -> tuple[FixedPoint, ...]:
    """Return all fixed points that were found, in ascending order of the first variable, then the next.

    All starts go by Newton's method, which reaches saddles too; a fourth of them go along the flow as well, in ever longer implicit
    steps, which reach what is stable from afar (Kelley & Keyes 1998, SIAM J Numer Anal 35:508). Points outside the bounds of a
    variable, or more than ten usual ranges away, do not count.

    Parameters
    ----------
    region : Region
        Whose.
    starts : int
        How many states to start from, spread over the usual range.
    """
    x = spread(region.model, starts)
    found = np.concatenate((_settled(region, x, flow=False), _settled(region, x[:, ::4], flow=True)), axis=1)
    width = widths(region.model)
    kept: list[Array] = []
    for point in found.T:
        if all(np.max(np.abs(point - other) / width) > 1e-6 for other in kept):
            kept.append(point)
    return tuple(described(region, point) for point in sorted(kept, key=lambda p: tuple(np.round(p / width, 6))))


def _settled(region: Region, x: Array, flow: bool) -> Array:
    """Return the fixed points, (variables, some), that the states lead to."""
    model, width = region.model, widths(region.model)[:, None]
    low, high = (np.array([getattr(v, bound) for v in model.state])[:, None] for bound in ("low", "high"))
    outside = np.array([[v.range[0] - 10 * (v.range[1] - v.range[0]), v.range[1] + 10 * (v.range[1] - v.range[0])] for v in model.state])
    identity = np.eye(len(model.state))
    pace = np.full(x.shape[1], 1.0 if flow else np.inf)
    ready: list[Array] = []
    with np.errstate(all="ignore"):
        slope = region.slopes(x)
        for _ in range(60):
            if not x.size:
                break
            matrix = jacobians(model, region.values(x.shape[1]), x)
            good = np.isfinite(matrix).all(axis=(1, 2)) & np.isfinite(slope).all(axis=0)
            x, slope, matrix, pace = x[:, good], slope[:, good], matrix[good], pace[good]
            move = _solved(identity / pace[:, None, None] - matrix, slope)
            x, slope, before = *_chosen(region, x, move, low, high, flow), _size(slope, width)
            length = np.abs(move / width).max(axis=0)
            # Where no length of the step makes the slopes less, Newton's method has arrived, or is caught between the fixed points.
            stalled = _size(slope, width) > 0.99 * before if not flow else np.zeros(len(length), bool)
            done = (length < 1e-10) | (stalled & (length < 1e-6))
            if flow:
                pace = np.minimum(pace * np.clip(before / np.maximum(_size(slope, width), 1e-300), 0.5, 4.0), 1e12)
            ready.append(x[:, done])
            on = ~done & ~stalled
            x, slope, pace = x[:, on], slope[:, on], pace[on]
        x = np.concatenate([*ready, x], axis=1)
        if not x.size:
            return x
        values = region.values(x.shape[1])
        last = _solved(-jacobians(model, values, x), slope_of(model, values, x))
        true = np.abs(last / width).max(axis=0) < 1e-9
        inside = ((x >= np.maximum(low, outside[:, :1])) & (x <= np.minimum(high, outside[:, 1:]))).all(axis=0)
        return x[:, true & inside]


def _size(slope: Array, width: Array) -> Array:
    size: Array = np.sqrt(np.sum((slope / width) ** 2, axis=0))
    return size


def _solved(matrix: Array, right: Array) -> Array:
    try:
        found = np.asarray(np.linalg.solve(matrix, right.T[:, :, None])[:, :, 0].T, np.float64)
    except np.linalg.LinAlgError:
        found = np.asarray((np.linalg.pinv(matrix) @ right.T[:, :, None])[:, :, 0].T, np.float64)
    return found


def _chosen(region: Region, x: Array, move: Array, low: Array, high: Array, flow: bool) -> tuple[Array, Array]:
    """Return the states after a step, and their slopes: along the flow the whole step, else the length that leaves the least slope."""
    lengths = _LENGTHS[:1] if flow else _LENGTHS
    n = x.shape[1]
    trial = np.clip(x[:, None, :] + lengths[None, :, None] * move[:, None, :], low[:, :, None], high[:, :, None])
    slope = region.slopes(trial.reshape(len(x), -1)).reshape(trial.shape)
    size = _size(slope, widths(region.model)[:, None, None])
    best = np.argmin(np.where(np.isfinite(size), size, np.inf), axis=0)
    return trial[:, best, np.arange(n)], slope[:, best, np.arange(n)]
