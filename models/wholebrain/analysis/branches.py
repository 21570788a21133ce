"""Follow fixed points along a parameter, round folds too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from cosim.models.wholebrain.analysis.differences import STEP, derivative, steps_of, widths
from cosim.models.wholebrain.analysis.fixed_points import Complex, fixed_points, ordered
from cosim.models.wholebrain.analysis.region import Region, check_interval, none_found
from cosim.models.wholebrain.language.model import Array

LONGEST, SHORTEST, MOST = 0.02, 1e-8, 5000
FAR = 30.0  # usual ranges
_SEEDS, _STARTS = 9, 60  # values of the parameter at which fixed points are looked for: some branches do not reach the ends


class Place(NamedTuple):
    """A point of a branch, in usual ranges and lengths of the interval, and the direction in which the branch goes on."""

    z: Array
    tangent: Array


class Curve(Protocol):
    """Fixed points along a parameter: `z` is the state, scaled so that each variable goes about as far, then the parameter from 0 to 1."""

    @property
    def low(self) -> Array:
        """The least that each variable may be, scaled."""

    @property
    def high(self) -> Array:
        """The most that it may be."""

    @property
    def middle(self) -> Array:
        """The middle of its usual range."""

    def eigenvalues(self, z: Array) -> Complex:
        """Return the eigenvalues, 1/ms, the largest real part first."""

    def tangent(self, z: Array, along: Array) -> Array:
        """Return the direction of the branch, of length 1, on the side of another direction."""

    def corrected(self, guess: Array, normal: Array) -> tuple[Array, int] | None:
        """Return the fixed point in the plane through a guess and the number of Newton's steps; None where they do not settle."""


@dataclass(frozen=True, slots=True)
class Line:
    """Hold a region whose parameter runs over an interval; `z` is the state in usual ranges, then the parameter from 0 to 1."""

    region: Region
    name: str
    start: float
    stop: float

    @property
    def low(self) -> Array:
        """The least that each variable may be, scaled."""
        return np.array([v.low for v in self.region.model.state]) / widths(self.region.model)

    @property
    def high(self) -> Array:
        """The most that it may be."""
        return np.array([v.high for v in self.region.model.state]) / widths(self.region.model)

    @property
    def middle(self) -> Array:
        """The middle of its usual range."""
        return np.array([sum(v.range) / 2 for v in self.region.model.state]) / widths(self.region.model)

    def slopes(self, z: Array) -> Array:
        """Return the scaled slopes, (variables, n), at n points, (variables + 1, n)."""
        width = widths(self.region.model)[:, None]
        found: Array = self.region.slopes_along(self.name, z[:-1] * width, self.parameter(z[-1])) / width
        return found

    def parameter(self, part: Array) -> Array:
        """Return the parameter at a part of the interval."""
        return self.start + part * (self.stop - self.start)

    def matrix(self, z: Array) -> Array:
        """Return the derivatives of the scaled slopes, (variables, variables + 1)."""
        width = widths(self.region.model)[:, None]
        steps = np.vstack((steps_of(self.region.model, z[:-1, None] * width) / width, [[STEP]]))
        found: Array = derivative(self.slopes, z[:, None], steps)[0]
        return found

    def eigenvalues(self, z: Array) -> Complex:
        """Return the eigenvalues, 1/ms, the largest real part first."""
        return ordered(np.linalg.eigvals(self.matrix(z)[:, :-1]))

    def tangent(self, z: Array, along: Array) -> Array:
        """Return the direction of the branch, of length 1, on the side of another direction."""
        matrix = self.matrix(z)
        matrix = matrix / np.maximum(np.abs(matrix).max(axis=1, keepdims=True), 1e-300)
        direction: Array = np.linalg.svd(matrix)[2][-1]
        return direction if direction @ along >= 0 else -direction

    def corrected(self, guess: Array, normal: Array) -> tuple[Array, int] | None:
        """Return the fixed point in the plane through a guess and the number of Newton's steps; None where they do not settle."""
        z = guess
        for step in range(1, 9):
            with np.errstate(all="ignore"):
                matrix, slope = self.matrix(z), self.slopes(z[:, None])[:, 0]
            if not (np.isfinite(matrix).all() and np.isfinite(slope).all()):
                return None
            size = np.maximum(np.abs(matrix).max(axis=1), 1e-300)
            try:
                move = np.linalg.solve(np.vstack((matrix / size[:, None], normal)), np.append(-slope / size, normal @ (guess - z)))
            except np.linalg.LinAlgError:
                return None
            z = z + move
            if np.abs(move).max() < 1e-11:
                return z, step
        return None


@dataclass(frozen=True, slots=True)
class Branch:
    """Hold fixed points along a parameter.

    Parameters
    ----------
    parameter : (m,) float64
        Its value at each point; it turns back at folds.
    states : (m, variables) float64
        The fixed points.
    eigenvalues : (m, variables) complex128
        1/ms, the largest real part first.
    places : tuple of Place
        The same points, scaled.
    """

    parameter: Array
    states: Array
    eigenvalues: Complex
    places: tuple[Place, ...]

    @property
    def stable(self) -> NDArray[np.bool_]:
        """Where the branch is stable, (m,) bool."""
        found: NDArray[np.bool_] = self.eigenvalues[:, 0].real < 0
        return found


def branches(region: Region, name: str, start: float, stop: float) -> tuple[Branch, ...]:
    """Return all branches of fixed points that pass through one of nine values of a parameter between two ends.

    Raises
    ------
    InputError
        For a parameter or interval that cannot be, and where nothing rests at any of the nine.
    """
    check_interval(region, name, start, stop)
    line = Line(region, name, start, stop)
    width = widths(region.model)
    found: list[Branch] = []
    for part in np.linspace(0, 1, _SEEDS):
        for point in fixed_points(region.at(name, float(line.parameter(part))), _STARTS):
            z = np.append(np.array(point.state) / width, part)
            if not any(passes(branch.places, z) for branch in found):
                found.append(_whole(line, z))
    if not found:
        raise none_found(region, _SEEDS * _STARTS)
    return tuple(found)


def follow(line: Curve, z: Array, along: Array, longest: float = LONGEST) -> Iterator[Place]:
    """Yield the points of a branch from one of them on, by pseudo-arclength, until it leaves the interval or comes back.

    Source: Keller 1977, Numerical solution of bifurcation and nonlinear eigenvalue problems; steps grow where Newton's method is quick
    and shrink where the branch turns.
    """
    low, high, middle = line.low - 1e-9, line.high + 1e-9, line.middle
    here = Place(z, line.tangent(z, along))
    first, length = here, longest / 4
    yield here
    for count in range(MOST):
        there = _next(line, here, length)
        while there is None and length > SHORTEST:
            length /= 2
            there = _next(line, here, length)
        if there is None:
            return
        place, effort = there
        if not 0 <= place.z[-1] <= 1:
            end = _at_end(line, here, place)
            if end is not None:
                yield end
            return
        if np.abs(place.z[:-1] - middle).max() > FAR or (place.z[:-1] < low).any() or (place.z[:-1] > high).any():
            return
        here = place
        yield here
        if count > 5 and np.linalg.norm(place.z - first.z) < length and place.tangent @ first.tangent > 0.9:
            yield first
            return
        length = min(longest, length * 1.5) if effort <= 4 else length


def _next(line: Curve, here: Place, length: float) -> tuple[Place, int] | None:
    settled = line.corrected(here.z + length * here.tangent, here.tangent)
    if settled is None:
        return None
    z, effort = settled
    if np.linalg.norm(z - here.z) > 1.5 * length:
        return None
    tangent = line.tangent(z, here.tangent)
    return (Place(z, tangent), effort) if tangent @ here.tangent > 0.97 else None


def _at_end(line: Curve, inside: Place, outside: Place) -> Place | None:
    """Return the point where a branch meets the end of the interval."""
    end = 0.0 if outside.z[-1] < 0 else 1.0
    part = (end - inside.z[-1]) / (outside.z[-1] - inside.z[-1])
    guess = inside.z + part * (outside.z - inside.z)
    guess[-1] = end
    settled = line.corrected(guess, np.eye(len(guess))[-1])
    return None if settled is None else Place(settled[0], line.tangent(settled[0], inside.tangent))


def _whole(line: Line, z: Array) -> Branch:
    """Return a branch in both directions from one of its points."""
    up = np.eye(len(z))[-1]
    forth = list(follow(line, z, up)) if z[-1] < 1 else [Place(z, line.tangent(z, up))]
    back = list(follow(line, z, -up)) if z[-1] > 0 and not is_closed(forth) else []
    places = joined(back, forth)
    scaled = np.array([p.z for p in places])
    eigenvalues = np.array([line.eigenvalues(s) for s in scaled])
    return Branch(line.parameter(scaled[:, -1]), scaled[:, :-1] * widths(line.region.model), eigenvalues, tuple(places))


def joined(back: Sequence[Place], forth: Sequence[Place]) -> list[Place]:
    """Return the points of a branch in one direction, from those in both directions from one of them."""
    return [Place(p.z, -p.tangent) for p in back[:0:-1]] + list(forth)


def is_closed(places: Sequence[Place]) -> bool:
    """Return whether a branch came back to where it began."""
    return len(places) > 5 and places[-1] is places[0]


def passes(places: Sequence[Place], z: Array) -> bool:
    """Return whether a branch has a point with the same parameter and state."""
    scaled = np.array([p.z for p in places])
    before, after = scaled[:-1], scaled[1:]
    between = (before[:, -1] - z[-1]) * (after[:, -1] - z[-1]) <= 0
    for a, b in zip(before[between], after[between], strict=True):
        part = (z[-1] - a[-1]) / (b[-1] - a[-1]) if b[-1] != a[-1] else 0.0
        if np.abs(a + part * (b - a) - z).max() < max(0.25 * float(np.linalg.norm(b - a)), 1e-6):
            return True
    return len(scaled) == 1 and bool(np.abs(scaled[0] - z).max() < 1e-6)
