"""Follow the rest of a whole network along a parameter, and find where it turns, ends or loses its hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import pi

import numpy as np

from cosim.models.wholebrain.analysis.bifurcations import crossings
from cosim.models.wholebrain.analysis.branches import Place, follow, is_closed, joined
from cosim.models.wholebrain.analysis.fixed_points import Complex, ordered
from cosim.models.wholebrain.analysis.hopf import lyapunov
from cosim.models.wholebrain.analysis.network import Vector, mode_of
from cosim.models.wholebrain.language.model import Array
from cosim.models.wholebrain.linearised import Linearised

_STEP = 1e-4  # of the interval: for derivatives by the parameter, which only guide Newton's method
_KEPT = 64
_LONGEST_BRANCH = 4.0  # lengths of the interval: where regions hardly hear each other a branch may turn as often as there are regions
_MOST_KNOWN = 6000  # points whose eigenvalues are kept
ACCURACY = 1e-9  # of the interval, to which a bifurcation is brought


@dataclass(frozen=True, slots=True)
class NetworkBranch:
    """Hold states of rest along a parameter.

    Parameters
    ----------
    parameter : (m,) float64
        Its value at each point; it turns back at folds.
    states : (m, n) float64
        The fixed points as vectors of the whole.
    eigenvalues : (m, n) complex128
        1/ms, the largest real part first.
    places : tuple of Place
        The same points, scaled.
    end : str
        Why it goes no further where it does not reach the ends of the interval; '' else.
    """

    parameter: Array
    states: Array
    eigenvalues: Complex
    places: tuple[Place, ...]
    end: str

    @property
    def growing(self) -> tuple[int, ...]:
        """How many modes grow at each point."""
        return tuple(int(k) for k in (self.eigenvalues.real > 0).sum(axis=1))


@dataclass(frozen=True, slots=True)
class NetworkBifurcation:
    """Hold one value of the parameter at which the number of growing modes changes.

    Parameters
    ----------
    kind : {'fold', 'branch point', 'Hopf'}
        Two states of rest meet and vanish; branches cross; a cycle is born.
    parameter : float
        The value.
    states : tuple of (variables, n_regions) float64
        The state of rest there.
    shares : (n_regions,) float64
        How much each region takes part in the critical mode.
    frequency_hz : float
        Of the cycle that is born, Hz; 0 but for Hopf points.
    lyapunov : float
        First Lyapunov coefficient: below 0 the cycle is stable where the rest is not; 0 but for Hopf points.
    is_edge : bool
        Whether all modes die out on one side.
    """

    kind: str
    parameter: float
    states: tuple[Array, ...]
    shares: Array
    frequency_hz: float
    lyapunov: float
    is_edge: bool

    @property
    def criticality(self) -> str:
        """What the first Lyapunov coefficient says of the cycle."""
        return "" if self.kind != "Hopf" else "supercritical" if self.lyapunov < 0 else "subcritical"


class NetworkLine:
    """Hold a network whose parameter runs over an interval.

    The vector `z` has the state, in usual ranges times the root of the number of regions, so that what all regions do together has the size
    of what one does; then the parameter from 0 to 1. Beyond the interval the slopes are drawn out straight: there may be no network there.

    Parameters
    ----------
    at : callable
        Returns the network, with fine differences, at a value of the parameter.
    start, stop : float
        The interval.
    """

    def __init__(self, at: Callable[[float], Linearised], start: float, stop: float) -> None:
        self._at, self._start, self._stop = at, start, stop
        self.vector = Vector.of(at(start).setting.patches)
        self.scale: Array = self.vector.width * np.sqrt(len(np.unique(self.vector.region)))
        self._nets: dict[float, Linearised] = {}
        self._known: dict[bytes, Complex] = {}
        self._last: tuple[Array, Array] | None = None

    @property
    def low(self) -> Array:
        """The least that each variable may be, scaled."""
        return np.asarray(self.vector.low / self.scale, np.float64)

    @property
    def high(self) -> Array:
        """The most that it may be."""
        return np.asarray(self.vector.high / self.scale, np.float64)

    @property
    def middle(self) -> Array:
        """The middle of its usual range."""
        return np.asarray(self.vector.middle / self.scale, np.float64)

    def parameter(self, part: float) -> float:
        """Return the parameter at a part of the interval; the ends are exact."""
        return self._stop if part == 1 else self._start + part * (self._stop - self._start)

    def net(self, part: float) -> Linearised:
        """Return the network at a part of the interval, or at its nearest end."""
        part = min(max(float(part), 0.0), 1.0)
        if part not in self._nets:
            if len(self._nets) >= _KEPT:
                del self._nets[next(iter(self._nets))]
            self._nets[part] = self._at(self.parameter(part))
        return self._nets[part]

    def slopes(self, z: Array) -> Array:
        """Return the scaled slopes, (n,)."""
        found = self._inside(z[:-1], z[-1])
        return found if 0 <= z[-1] <= 1 else found + (z[-1] - min(max(z[-1], 0), 1)) * self._by_parameter(z)

    def jacobian(self, z: Array) -> Array:
        """Return the Jacobian, (n, n) 1/ms, in scaled variables."""
        if self._last is None or not np.array_equal(self._last[0], z):
            self._last = z, self.net(z[-1]).jacobian(self.states(z)) * self.scale[None, :] / self.scale[:, None]
        return self._last[1]

    def states(self, z: Array) -> tuple[Array, ...]:
        """Return the state of all regions."""
        return self.vector.split(z[:-1] * self.scale)

    def eigenvalues(self, z: Array) -> Complex:
        """Return the eigenvalues, 1/ms, the largest real part first."""
        key = z.tobytes()
        if key not in self._known:
            if len(self._known) >= _MOST_KNOWN:
                del self._known[next(iter(self._known))]
            self._known[key] = ordered(np.linalg.eigvals(self.jacobian(z)))
        return self._known[key]

    def tangent(self, z: Array, along: Array) -> Array:
        """Return the direction of the branch, of length 1, on the side of another direction."""
        direction = np.linalg.solve(self._bordered(z, along, self._by_parameter(z))[0], np.eye(len(z))[-1])
        return np.asarray(direction / np.linalg.norm(direction), np.float64)

    def corrected(self, guess: Array, normal: Array) -> tuple[Array, int] | None:
        """Return the fixed point in the plane through a guess and the number of Newton's steps; None where they do not settle."""
        z, by_parameter = guess, self._by_parameter(guess)
        for step in range(1, 9):
            matrix, size = self._bordered(z, normal, by_parameter)
            slope = self.slopes(z)
            if not (np.isfinite(matrix).all() and np.isfinite(slope).all()):
                return None
            try:
                move = np.linalg.solve(matrix, np.append(-slope / size, normal @ (guess - z)))
            except np.linalg.LinAlgError:
                return None
            z = z + move
            if np.abs(move).max() < 1e-11:
                return z, step
        return None

    def _bordered(self, z: Array, normal: Array, by_parameter: Array) -> tuple[Array, Array]:
        """Return the derivatives of the slopes, each divided by its largest, with a last row, and what they were divided by."""
        matrix = np.hstack((self.jacobian(z), by_parameter[:, None]))
        size = np.maximum(np.abs(matrix).max(axis=1), 1e-300)
        return np.vstack((matrix / size[:, None], normal)), size

    def _by_parameter(self, z: Array) -> Array:
        below, above = max(min(z[-1], 1) - _STEP, 0.0), min(max(z[-1], 0) + _STEP, 1.0)
        found: Array = (self._inside(z[:-1], above) - self._inside(z[:-1], below)) / (above - below)
        return found

    def _inside(self, x: Array, part: float) -> Array:
        found: Array = self.vector.flat(self.net(part).slopes(self.vector.split(x * self.scale))) / self.scale
        return found


def branch_through(line: NetworkLine, z: Array, longest: float, tell: Callable[[float], None]) -> NetworkBranch:
    """Return the branch in both directions from one of its points.

    Parameters
    ----------
    longest : float
        Largest step along the branch, as a part of the interval.
    tell : callable
        Is told the part of the interval that was reached, point after point.
    """
    up = np.eye(len(z))[-1]
    forth = _points(line, z, up, longest, tell)
    back = [] if is_closed(forth) else _points(line, z, -up, longest, tell)
    places = joined(back, forth)
    stops = [] if is_closed(forth) else [line.parameter(float(p.z[-1])) for p in (places[0], places[-1]) if 0 < p.z[-1] < 1]
    why = "where it has become long, a variable reaches a bound, or no state next to the last is found"
    end = "; ".join(f"it was followed to {stop:.6g}, {why}" for stop in stops)
    scaled = np.array([p.z for p in places])
    return NetworkBranch(np.array([line.parameter(float(part)) for part in scaled[:, -1]]), scaled[:, :-1] * line.scale,
                         np.array([line.eigenvalues(p.z) for p in places]), tuple(places), end)


def _points(line: NetworkLine, z: Array, way: Array, longest: float, tell: Callable[[float], None]) -> list[Place]:
    if (z[-1] - 0.5) * way[-1] >= 0.5:
        return [Place(z, line.tangent(z, way))]
    found = []
    for place in follow(line, z, way, longest):
        line.eigenvalues(place.z)
        found.append(place)
        tell(float(place.z[-1]))
        if len(found) * longest > _LONGEST_BRANCH:
            break
    return found


def network_bifurcations(line: NetworkLine, branch: NetworkBranch, most: int,
                         tell: Callable[[float], None]) -> tuple[tuple[NetworkBifurcation, ...], int]:
    """Return the bifurcations of a branch, in its order, and how many more changes of the growing modes were not looked into.

    Where all modes die out on one side it is always looked into; of the others so many as `most`.
    """
    found: list[NetworkBifurcation] = []
    left_out = others = 0
    for a, b, before, after in zip(branch.places, branch.places[1:], branch.growing, branch.growing[1:], strict=False):
        if before == after:
            continue
        is_edge = min(before, after) == 0
        others += not is_edge
        if not is_edge and others > most:
            left_out += 1
            continue
        found += [_described(line, z, a, is_edge) for z in crossings(line, a, 0.0, float(a.tangent @ (b.z - a.z)), ACCURACY)]
        tell(float(b.z[-1]))
    return tuple(found), left_out


def _described(line: NetworkLine, z: Array, a: Place, is_edge: bool) -> NetworkBifurcation:
    e = line.eigenvalues(z)
    at = int(np.argmin(np.abs(e.real)))
    critical = complex(e[at].real, abs(e[at].imag))
    matrix = line.jacobian(z)
    mode = mode_of(matrix, critical)
    shares = line.vector.shares(mode * line.vector.width)
    value, states = line.parameter(float(z[-1])), line.states(z)
    if critical.imag > 1e-6 * float(np.abs(e).max()):
        level = lyapunov(lambda direction: line.slopes(z + np.append(direction, 0.0)), matrix, mode, mode_of(matrix.T, critical),
                         critical.imag)
        return NetworkBifurcation("Hopf", value, states, shares, critical.imag * 1000 / (2 * pi), level, is_edge)
    kind = "fold" if abs(line.tangent(z, a.tangent)[-1]) < 1e-3 else "branch point"
    return NetworkBifurcation(kind, value, states, shares, 0.0, 0.0, is_edge)
