"""The whole network: where it rests, how it moves near by, and at which coupling it loses its hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lu_factor, lu_solve

from cosim.errors import InputError, Problem
from cosim.models.wholebrain.analysis.differences import widths
from cosim.models.wholebrain.analysis.fixed_points import Complex, ordered
from cosim.models.wholebrain.analysis.region import spread
from cosim.models.wholebrain.language.model import Array
from cosim.models.wholebrain.linearised import Linearised
from cosim.models.wholebrain.patches import Patches

_STEPS, _NEWTON_STEPS, _OTHER_STARTS = 200, 40, 10
_LENGTHS = (1.0, 0.5, 0.25, 0.1, 0.02)


@dataclass(frozen=True, slots=True)
class Vector:
    """Say how the state of a whole network is one vector: by patch, variable and region.

    Parameters
    ----------
    shapes : tuple of (int, int)
        Variables and regions of each patch.
    region : (n,) int64
        Which region each entry belongs to.
    width, low, high, middle : (n,) float64
        Usual range of each entry, its bounds, and the middle of its range.
    """

    shapes: tuple[tuple[int, int], ...]
    region: NDArray[np.int64]
    width: Array
    low: Array
    high: Array
    middle: Array

    @classmethod
    def of(cls, patches: Patches) -> Vector:
        """Return the vector of the regions of some models."""
        def each(values: Callable[[int], Array | Sequence[float]]) -> Array:
            return np.concatenate([np.repeat(values(k), len(p.regions)) for k, p in enumerate(patches.all)])

        models = [p.model for p in patches.all]
        region = np.concatenate([np.tile(np.array(p.regions, np.int64), len(p.model.state)) for p in patches.all])
        return cls(tuple((len(p.model.state), len(p.regions)) for p in patches.all), region, each(lambda k: widths(models[k])),
                   each(lambda k: [v.low for v in models[k].state]), each(lambda k: [v.high for v in models[k].state]),
                   each(lambda k: [sum(v.range) / 2 for v in models[k].state]))

    def flat(self, states: Sequence[Array]) -> Array:
        """Return the vector of a state."""
        return np.concatenate([x.ravel() for x in states])

    def split(self, x: Array) -> tuple[Array, ...]:
        """Return the state, (variables, n_regions) a patch, of a vector."""
        parts = np.split(x, np.cumsum([v * n for v, n in self.shapes])[:-1])
        return tuple(part.reshape(shape) for part, shape in zip(parts, self.shapes, strict=True))

    def shares(self, mode: Complex) -> Array:
        """Return how much each region takes part in a mode, (n_regions,), from its variables in usual ranges; they add up to 1."""
        size = np.bincount(self.region, np.abs(mode / self.width) ** 2)
        return np.asarray(size / size.sum(), np.float64)


@dataclass(frozen=True, slots=True)
class Rest:
    """Hold a state in which the whole network stays.

    Parameters
    ----------
    states : tuple of (variables, n_regions) float64
        The fixed point, by patch.
    eigenvalues : (n,) complex128
        1/ms, the largest real part first; delays do not count.
    shares : (n_regions,) float64
        How much each region takes part in the leading mode; they add up to 1.
    """

    states: tuple[Array, ...]
    eigenvalues: Complex
    shares: Array

    @property
    def is_stable(self) -> bool:
        """Whether all modes die out."""
        return bool(self.eigenvalues[0].real < 0)


def most(shares: Array, labels: Sequence[str], count: int = 5) -> tuple[str, ...]:
    """Return the regions that take the largest part in a mode."""
    return tuple(labels[i] for i in np.argsort(-shares, kind="stable")[:count])


def rest(net: Linearised, start: Sequence[Array]) -> Rest:
    """Return the fixed point that a state leads to along the flow, and its modes.

    Implicit steps that grow as the slopes fall reach what is stable; they end in Newton's method. Where they go round and
    round, Newton's method is tried from the same state and from some in which all regions are alike.

    Parameters
    ----------
    net : Linearised
        The network, with fine differences.
    start : sequence of (variables, n_regions) float64
        A state, by patch.

    Raises
    ------
    InputError
        Where none is reached.
    """
    vector = Vector.of(net.setting.patches)
    models = [(p.model, len(p.regions)) for p in net.setting.patches.all]
    others = [vector.flat([np.repeat(spread(model, _OTHER_STARTS)[:, k:k + 1], n, axis=1) for model, n in models])
              for k in range(_OTHER_STARTS)]
    searches = [partial(_along_flow, net, vector, vector.flat(start)),
                *(partial(_by_newton, net, vector, x) for x in (vector.flat(start), *others))]
    for search in searches:
        with np.errstate(all="ignore"):  # a search that leaves all bounds ends without a state
            x = search()
        if x is not None:
            jacobian = net.jacobian(vector.split(x))
            values = ordered(np.linalg.eigvals(jacobian))
            return Rest(vector.split(x), values, vector.shares(mode_of(jacobian, complex(values[0]))))
    n = len(net.setting.net.weights)
    raise InputError(Problem(f"no fixed point of the network of {n} regions was found at a coupling of {net.setting.gain:g}",
                             expected="one to which implicit steps or Newton's method lead from the given start or near the usual "
                                      "ranges; some models, such as a phase that only turns, have none",
                             remedy="another start ('initial'), or a smaller coupling"))


def _along_flow(net: Linearised, vector: Vector, x: Array) -> Array | None:
    """Return where implicit steps lead that grow as the slopes fall; None where nowhere."""
    slope, pace = vector.flat(net.slopes(vector.split(x))), 1.0
    for _ in range(_STEPS):
        matrix = -net.jacobian(vector.split(x))
        matrix[np.diag_indices_from(matrix)] += 1 / pace
        move = _solved(matrix, slope)
        if move is None:
            return None
        before = float(np.linalg.norm(slope / vector.width))
        x = np.clip(x + move, vector.low, vector.high)
        slope = vector.flat(net.slopes(vector.split(x)))
        if np.abs(move / vector.width).max() < 1e-12:
            return x
        pace = min(pace * float(np.clip(before / max(float(np.linalg.norm(slope / vector.width)), 1e-300), 0.5, 4.0)), 1e12)
    return None


def _by_newton(net: Linearised, vector: Vector, x: Array) -> Array | None:
    """Return where Newton's steps lead, each of the length that leaves the least slope; None where nowhere."""
    slope = vector.flat(net.slopes(vector.split(x)))
    for _ in range(_NEWTON_STEPS):
        move = _solved(-net.jacobian(vector.split(x)), slope)
        if move is None:
            return None
        if np.abs(move / vector.width).max() < 1e-12:
            return x
        trials = [np.clip(x + length * move, vector.low, vector.high) for length in _LENGTHS]
        slopes = [vector.flat(net.slopes(vector.split(trial))) for trial in trials]
        sizes = [float(np.linalg.norm(s / vector.width)) for s in slopes]
        best = int(np.argmin(np.where(np.isfinite(sizes), sizes, np.inf)))
        x, slope = trials[best], slopes[best]
    return None


def _solved(matrix: Array, right: Array) -> Array | None:
    if not (np.isfinite(matrix).all() and np.isfinite(right).all()):
        return None
    try:
        return np.asarray(np.linalg.solve(matrix, right), np.float64)
    except np.linalg.LinAlgError:
        return None


def mode_of(matrix: Array, eigenvalue: complex) -> Complex:
    """Return the eigenvector of a matrix for one of its eigenvalues, of length 1, by inverse iteration."""
    n = len(matrix)
    near = np.abs(matrix).max() * 1e-13 + 1e-300
    factors = lu_factor(matrix - (eigenvalue + near) * np.eye(n), check_finite=False)
    # No symmetry of the network may hide the mode from where the iteration starts.
    mode = np.cos(np.arange(n) ** 2) + 0j
    for _ in range(3):
        mode = lu_solve(factors, mode, check_finite=False)
        mode /= np.linalg.norm(mode)
    return np.asarray(mode, np.complex128)


def critical_gain(at: Callable[[float], Linearised], start: Sequence[Array], low: float, high: float,
                  accuracy: float = 1e-9) -> tuple[float, Rest]:
    """Return the gain at which the network's rest stops being stable, and the rest there, by bisection along the branch.

    Parameters
    ----------
    at : callable
        Returns the network at a gain.
    start : sequence of (variables, n_regions) float64
        State to start from at `low`.
    low, high : float
        Stable and unstable, or without a fixed point on the branch.
    accuracy : float
        Of the gain, relative to `high`.

    Raises
    ------
    InputError
        Where the ends do not differ.
    """
    here = rest(at(low), start)
    if not here.is_stable or not low < high or _holds(at(high), here) is not None:
        raise InputError(Problem(f"the coupling cannot be searched between {low:g} and {high:g}",
                                 expected="a stable network at the lower end, and one that is not at the upper",
                                 remedy="other ends"))
    while high - low > accuracy * abs(high):
        middle = (low + high) / 2
        there = _holds(at(middle), here)
        low, high, here = (middle, high, there) if there is not None else (low, middle, here)
    return low, here


def _holds(net: Linearised, from_rest: Rest) -> Rest | None:
    """Return the stable rest next to another one, or None where there is none."""
    try:
        found = rest(net, from_rest.states)
    except InputError:
        return None
    return found if found.is_stable else None
