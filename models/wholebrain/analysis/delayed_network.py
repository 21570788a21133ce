"""Modes of the whole network with its delays, near a state of rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag, lu_factor, lu_solve
from scipy.sparse.linalg import ArpackError, LinearOperator, eigs

from cosim.models.wholebrain.analysis.delays import differentiation, interpolation
from cosim.models.wholebrain.analysis.fixed_points import Complex
from cosim.models.wholebrain.analysis.network import Vector
from cosim.models.wholebrain.language.model import Array
from cosim.models.wholebrain.linearised import Derivatives, Linearised

_AT_A_SHIFT, _BASIS = 8, 40
_LEAST_DEGREE, _MOST_DEGREE = 20, 160
_LINE = 400  # points of the imaginary axis from which the count of modes starts; more follow where the phase turns much
_MOST_ROUNDS = 10
_SMALL = 60  # variables up to which all places are looked at, though it is sure that none lies right of the leading one


@dataclass(frozen=True, slots=True)
class Delayed:
    """Hold a linear network with delays, x' = L x + H (C e^(-lambda tau)) S x for x ~ e^(lambda t).

    Parameters
    ----------
    local : (n, n) float64
        L, what acts at once within each region, 1/ms.
    heard : (n, a) float64
        H, the slopes by what each region receives.
    said : (b, n) float64
        S, what each region sends by its state.
    links, delays : (a, b) float64
        C, the weights, and tau, ms.
    regions : tuple of (own, heard, said)
        L, H and S region by region, (n_regions, ., .) a patch.
    """

    local: Array
    heard: Array
    said: Array
    links: Array
    delays: Array
    regions: tuple[tuple[Array, Array, Array], ...]

    @property
    def longest(self) -> float:
        """The longest delay of a link, ms."""
        return float(self.delays[self.links != 0].max(initial=0.0))

    def loop(self, e: complex) -> Complex:
        """Return 1 less the loop through all regions and links, (a, a): its determinant is 0 where e is an eigenvalue."""
        through = block_diag(*(_diagonals(np.moveaxis(said @ np.linalg.solve(e * np.eye(own.shape[1]) - own, heard), 0, 2))
                               for own, heard, said in self.regions))
        return np.asarray(np.eye(len(self.links)) - (self.links * np.exp(-e * self.delays)) @ through, np.complex128)


@dataclass(frozen=True, slots=True)
class DelayedMode:
    """Hold an eigenvalue, 1/ms, and how much each region takes part, (n_regions,)."""

    eigenvalue: complex
    shares: Array


def delayed(net: Linearised, states: Sequence[Array], step_ms: float) -> Delayed:
    """Return the network near a state of rest as a linear one with delays, which are whole steps."""
    s, each = net.setting, net.derivatives(states)
    local, heard, said, regions = [], [], [], []
    for p, d in zip(s.patches.all, each, strict=True):
        own = d.own.copy()
        if s.coupling == 1:
            for r in range(len(p.model.receives)):
                sent = s.patches.taken[p.model.name, p.model.name, r].sent
                own -= s.net.weights[list(p.regions)].sum(axis=1) * d.heard[:, None, r] * d.said[None, sent]
        local.append(_diagonals(own))
        heard.append(_diagonals(d.heard))
        said.append(_diagonals(d.said))
        regions.append((np.moveaxis(own, 2, 0), np.moveaxis(d.heard, 2, 0), np.moveaxis(d.said, 2, 0)))
    links, delays = _links(net, each, step_ms)
    return Delayed(block_diag(*local), block_diag(*heard), block_diag(*said), links, delays, tuple(regions))


def delayed_modes(linear: Delayed, vector: Vector, near: Complex, count: int) -> tuple[tuple[DelayedMode, ...], bool]:
    """Return the rightmost modes, pairs once, and whether a count says that none lies right of the first.

    The history of what is sent is a polynomial (Breda, Maset & Vermiglio 2005, SIAM J Sci Comput 27:482); Arnoldi's method finds the
    eigenvalues around several points beside the leading one without delays, and no large matrix is made (Jarlebring, Meerbergen & Michiels
    2010, SIAM J Sci Comput 32:3278). Those right of a line are counted by how often the determinant of the loop goes round 0 along it.

    Parameters
    ----------
    near : (n,) complex128
        Eigenvalues without delays, the largest real part first: where to look.
    count : int
        How many modes to return.
    """
    turning = [float(e.imag) for e in near[:60] if e.imag > 1e-6]
    apart = 2 * np.pi / linear.longest if linear.longest else np.inf  # a loop through the longest delay turns in such steps
    places = [0.0, *turning[:1], *(turning[k] for k in (len(turning) // 3, 2 * len(turning) // 3) if k < len(turning))]
    places += [k * apart for k in (1, 2, 4)] if np.isfinite(apart) else []
    beside = 0.9 * float(near[0].real)  # close to where they are crowded
    found: list[DelayedMode] = []
    missed = -1
    for k, place in enumerate(dict.fromkeys(round(p, 3) for p in places)):
        if k > 1 and missed == 0 and len(linear.local) > _SMALL:
            break
        found = sorted(_merged(found, _around(linear, vector, complex(beside, place))), key=lambda m: -m.eigenvalue.real)
        if k and found:
            lead = found[0].eigenvalue.real
            missed = _right_of(linear, lead + 0.01 * max(abs(lead), 1e-3))
    return tuple(found[:count]), missed == 0


def _diagonals(blocks: NDArray[Any]) -> NDArray[Any]:
    """Return a matrix of blocks that are diagonal in the regions, from (rows, columns, n_regions)."""
    rows, columns, n = blocks.shape
    found = np.zeros((rows, n, columns, n), blocks.dtype)
    at = np.arange(n)
    found[:, at, :, at] = np.moveaxis(blocks, 2, 0)
    return found.reshape(rows * n, columns * n)


def _links(net: Linearised, each: Sequence[Derivatives], step_ms: float) -> tuple[Array, Array]:
    s, rows = net.setting, []
    for p in s.patches.all:
        for r in range(len(p.model.receives)):
            row = []
            for other, d in zip(s.patches.all, each, strict=True):
                taken, here = s.patches.taken[p.model.name, other.model.name, r], np.ix_(p.regions, other.regions)
                weights, delays = np.zeros((2, len(p.regions), len(d.said), len(other.regions)))
                weights[:, taken.sent], delays[:, taken.sent] = s.net.weights[here] * taken.times, s.net.delays[here] * step_ms
                row.append((weights.reshape(len(p.regions), -1), delays.reshape(len(p.regions), -1)))
            rows.append(tuple(np.hstack(part) for part in zip(*row, strict=True)))
    weights, delays = (np.vstack(part) for part in zip(*rows, strict=True))
    return weights, delays


def _around(linear: Delayed, vector: Vector, shift: complex) -> list[DelayedMode]:
    """Return the modes nearest to a point, by Arnoldi's method on the inverse."""
    n, longest, b = len(linear.local), linear.longest, len(linear.said)
    degree = min(_LEAST_DEGREE + ceil(0.75 * (abs(shift) + 0.2) * longest), _MOST_DEGREE) if longest else 1
    theta = (np.cos(np.pi * np.arange(degree + 1) / degree) - 1) / 2
    bary = np.where(np.arange(degree + 1) % 2, -1.0, 1.0)
    bary[[0, -1]] /= 2
    ways = differentiation(theta, bary) / max(longest, 1e-3)
    there = linear.links != 0
    values, which = np.unique(linear.delays[there], return_inverse=True)
    weights = np.array([interpolation(theta, bary, -d / longest if longest else 0.0) for d in values]).reshape(-1, degree + 1)
    parts = np.zeros((degree + 1, *linear.links.shape))
    parts[:, there] = (weights[which] * linear.links[there][:, None]).T
    past = lu_factor(ways[1:, 1:] - shift * np.eye(degree))
    follow = np.concatenate(([1.0], -lu_solve(past, ways[1:, 0].astype(np.complex128))))
    loop = np.tensordot(follow, parts, axes=1)
    whole = lu_factor(linear.local + linear.heard @ loop @ linear.said - (shift + 1e-9) * np.eye(n))
    late = np.moveaxis(parts[1:], 0, 1).reshape(len(linear.links), -1)

    def inverse(z: Complex) -> Complex:
        q = lu_solve(past, z[n:].reshape(degree, b))
        x = lu_solve(whole, z[:n] - linear.heard @ (late @ q.ravel()))
        return np.concatenate((x, (follow[1:, None] * (linear.said @ x) + q).ravel()))

    size = n + degree * b
    many = min(_AT_A_SHIFT, size - 2)
    start = np.cos(np.arange(size) ** 2) + 0j
    operator = LinearOperator((size, size), matvec=inverse, dtype=np.complex128)
    try:
        inverses, vectors = eigs(operator, many, which="LM", v0=start, ncv=min(max(_BASIS, 2 * many + 1), size), maxiter=20, tol=1e-7)
    except ArpackError as error:
        inverses, vectors = getattr(error, "eigenvalues", np.zeros(0)), getattr(error, "eigenvectors", np.zeros((size, 0)))
    found = []
    for e, mode in zip(shift + 1 / inverses, vectors.T, strict=True):
        exact = _polished(linear, complex(e))
        found.append(DelayedMode(complex(exact.real, abs(exact.imag) if abs(exact.imag) > 1e-12 else 0.0), vector.shares(mode[:n])))
    return found


def _polished(linear: Delayed, e: complex) -> complex:
    """Return the root of the loop's determinant next to a guess; the guess where Newton's method leads away from it."""
    guess = e
    for _ in range(12):
        h = 1e-6 * max(abs(e), 1e-3)
        change = (linear.loop(e + h) - linear.loop(e - h)) / (2 * h)
        try:
            trace = complex(np.trace(np.linalg.solve(linear.loop(e), change)))
        except np.linalg.LinAlgError:
            return e
        if not np.isfinite(trace) or trace == 0:
            return guess
        e -= 1 / trace
        if abs(e - guess) > 1e-2 * max(abs(guess), 1e-3):
            return guess
        if abs(1 / trace) < 1e-13 * max(abs(e), 1e-3):
            return e
    return e


def _merged(found: list[DelayedMode], more: list[DelayedMode]) -> list[DelayedMode]:
    """Return modes of several points, each once."""
    kept = list(found)
    for m in more:
        if all(abs(m.eigenvalue - k.eigenvalue) > 1e-8 * max(abs(m.eigenvalue), 1e-3) for k in kept):
            kept.append(m)
    return kept


def _right_of(linear: Delayed, real: float) -> int:
    """Return how many eigenvalues lie right of a vertical line, by the argument principle."""
    poles = sum(int((np.linalg.eigvals(own).real > real).sum()) for own, _, _ in linear.regions)
    coupled = np.abs(linear.heard) @ (np.abs(linear.links) @ np.abs(linear.said))
    fast = float((np.abs(linear.local) + coupled).sum(axis=1).max())
    omega = np.concatenate(([0.0], np.geomspace(1e-5 * fast, 100 * fast, _LINE)))
    phase = _phases(linear, real, omega)
    for _ in range(_MOST_ROUNDS):
        wide = np.flatnonzero(np.abs(_turns(phase)) > 0.7)
        if not len(wide):
            break
        middle = (omega[wide] + omega[wide + 1]) / 2
        order = np.argsort(np.concatenate((omega, middle)), kind="stable")
        omega, phase = np.concatenate((omega, middle))[order], np.concatenate((phase, _phases(linear, real, middle)))[order]
    return round(float(_turns(phase).sum()) / np.pi * -1.0) + poles


def _phases(linear: Delayed, real: float, omega: Array) -> Array:
    return np.array([float(np.angle(np.linalg.slogdet(linear.loop(complex(real, w)))[0])) for w in omega])


def _turns(phase: Array) -> NDArray[np.float64]:
    return (np.diff(phase) + np.pi) % (2 * np.pi) - np.pi
