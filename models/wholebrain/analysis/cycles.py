"""Cycles that are born at Hopf points, followed along the parameter: how long they take, how far they go, whether they are stable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import pi

import numpy as np
from scipy.sparse import bmat, csc_matrix
from scipy.sparse.linalg import splu

from cosim.models.wholebrain.analysis.bifurcations import Bifurcation
from cosim.models.wholebrain.analysis.branches import Line
from cosim.models.wholebrain.analysis.collocation import Round, linearised, moved, multipliers, phase, remeshed, residual
from cosim.models.wholebrain.analysis.differences import widths
from cosim.models.wholebrain.language.model import Array

_INTERVALS, _MOST = 50, 200
_LONGEST, _SHORTEST = 0.05, 1e-5
_SLOW = 20.0  # times the first period: the cycle meets a saddle, or a fold, where it would take forever


@dataclass(frozen=True, slots=True)
class Cycle:
    """Hold one cycle.

    Parameters
    ----------
    parameter : float
        Value of the parameter.
    period_ms : float
        How long one round takes, ms.
    low, high : tuple of float
        Between what each variable goes.
    stable : bool
        Whether what starts near by comes back: all Floquet multipliers but one lie within the unit circle.
    states : (m, variables) float64
        One round, for pictures.
    """

    parameter: float
    period_ms: float
    low: tuple[float, ...]
    high: tuple[float, ...]
    stable: bool
    states: Array

    @property
    def frequency_hz(self) -> float:
        """Rounds a second."""
        return 1000 / self.period_ms


@dataclass(frozen=True, slots=True)
class Family:
    """Hold the cycles that one Hopf point gives birth to, in order, and how the family ends.

    Parameters
    ----------
    cycles : tuple of Cycle
        From the Hopf point on.
    end : str
        A sentence.
    """

    cycles: tuple[Cycle, ...]
    end: str

    def at(self, parameter: float) -> tuple[Cycle, ...]:
        """Return the cycles on either side of a value of the parameter."""
        return tuple(min((a, b), key=lambda c: abs(c.parameter - parameter)) for a, b in zip(self.cycles, self.cycles[1:], strict=False)
                     if (a.parameter - parameter) * (b.parameter - parameter) <= 0)


def families(line: Line, hopf: Sequence[Bifurcation]) -> tuple[Family, ...]:
    """Return the cycles born at Hopf points; where a family ends at another of them it is given once."""
    found: list[Family] = []
    width = widths(line.region.model)
    for point in hopf:
        ends = [f.cycles[-1] for f in found if f.cycles and f.end == _VANISHES]
        part = (point.parameter - line.start) / (line.stop - line.start)
        if any(abs((c.parameter - line.start) / (line.stop - line.start) - part) < 0.03
               and np.abs((np.array(c.low) + np.array(c.high)) / 2 - point.state).max() < 0.1 * width.max() for c in ends):
            continue
        family = _followed(line, point, part)
        if family.cycles:
            found.append(family)
    return tuple(found)


def cycle_at(line: Line, near: Cycle, parameter: float) -> Cycle | None:
    """Return the cycle at a value of the parameter, from one near by; None where Newton's method does not reach it."""
    part = (parameter - line.start) / (line.stop - line.start)
    x = near.states / widths(line.region.model)
    here = Round(np.linspace(0, 1, (len(x) - 1) // 4 + 1), x, near.period_ms, part)
    found = None
    for _ in range(3):
        mesh = remeshed(here.mesh, here.x)
        here = Round(mesh, moved(here.mesh, here.x, mesh), here.period_ms, part)
        settled = _corrected(line, here, here, np.append(np.zeros(here.x.size + 1), 1.0), near.period_ms)
        if settled is None:
            return None
        here, _, blocks = settled
        found = _cycle(line, here, blocks)
    return found


_VANISHES = "it shrinks onto another Hopf point"


def _followed(line: Line, point: Bifurcation, part: float) -> Family:
    """Follow the cycles from a Hopf point by pseudo-arclength."""
    kept: list[Cycle] = []
    here, tangent = _born(line, point, part)
    first = unit = here.period_ms
    length, most_reach, mean = 0.01, 0.0, here.x.mean(axis=0)
    while len(kept) < _MOST:
        scale = _scales(here, unit)
        guess = _stepped(here, length * tangent / scale)
        settled = _corrected(line, guess, here, tangent * scale, unit)
        if settled is None or settled[1] > 9 or np.abs(settled[0].x - here.x).max() > 0.5:
            length /= 2
            if length < _SHORTEST:
                return Family(tuple(kept), "it could not be followed further")
            continue
        new, effort, blocks = settled
        if not 0 <= new.part <= 1:
            return Family(tuple(kept), "it reaches the end of the interval")
        step = _difference(new, here) * scale
        tangent = step / np.linalg.norm(step)
        reach = float(np.ptp(new.x, axis=0).max())
        most_reach = max(most_reach, reach)
        kept.append(_cycle(line, new, blocks))
        if new.period_ms > _SLOW * first:
            return Family(tuple(kept), "its period grows without bound")
        if len(kept) > 4 and reach < 0.01 + 0.02 * most_reach and reach < np.ptp(here.x, axis=0).max():
            far = abs(new.part - part) > 0.01 or np.abs(new.x.mean(axis=0) - mean).max() > 0.05
            return Family(tuple(kept), _VANISHES if far else "it comes back to where it was born")
        mesh = remeshed(new.mesh, new.x)
        turned = (tangent / scale)[:-2].reshape(new.x.shape)
        bend = np.concatenate((moved(new.mesh, turned, mesh).ravel(), (tangent / scale)[-2:]))
        here = replace(new, mesh=mesh, x=moved(new.mesh, new.x, mesh))
        tangent = bend * _scales(here, unit)
        tangent /= np.linalg.norm(tangent)
        # Short steps where the cycle is small: one that passed through its end would follow the same cycles back.
        length = min(_LONGEST, length * (1.5 if effort <= 5 else 1.0), max(0.005, 0.2 * reach))
    return Family(tuple(kept), f"{_MOST} cycles were followed")


def _born(line: Line, point: Bifurcation, part: float) -> tuple[Round, Array]:
    """Return the point as a cycle of no size, and the direction in which it grows."""
    width = widths(line.region.model)
    z = np.append(np.array(point.state) / width, part)
    values, vectors = np.linalg.eig(line.matrix(z)[:, :-1])
    at = int(np.argmin(np.where(values.imag > 0, np.abs(values.real), np.inf)))
    mesh = np.linspace(0, 1, _INTERVALS + 1)
    turn = np.exp(2j * pi * np.linspace(0, 1, 4 * _INTERVALS + 1))
    grows = (turn[:, None] * vectors[:, at][None, :]).real
    here = Round(mesh, np.tile(z[:-1], (len(turn), 1)), 2 * pi / float(values[at].imag), part)
    tangent = np.append(grows.ravel(), [0.0, 0.0]) * _scales(here, here.period_ms)
    # The phase condition needs a curve that moves: the smallest of the born ones stands for the point.
    return replace(here, x=here.x + 1e-4 * grows), tangent / np.linalg.norm(tangent)


def _scales(r: Round, unit: float) -> Array:
    """Return what makes lengths of states, period and parameter comparable: the mean over the curve, the first period, the interval."""
    return np.append(np.full(r.x.size, 1 / np.sqrt(len(r.x))), [1 / (10 * unit), 1.0])


def _stepped(r: Round, move: Array) -> Round:
    return Round(r.mesh, r.x + move[:-2].reshape(r.x.shape), r.period_ms + float(move[-2]), r.part + float(move[-1]))


def _difference(a: Round, b: Round) -> Array:
    return np.append((a.x - b.x).ravel(), [a.period_ms - b.period_ms, a.part - b.part])


def _corrected(line: Line, guess: Round, before: Round, normal: Array, unit: float) -> tuple[Round, int, Array] | None:
    """Return the cycle in the plane through a guess, Newton's steps and the blocks of its equations; None where they do not settle."""
    here, d, size = guess, guess.x.shape[1], guess.x.size
    fixed_phase = phase(before)
    periodic = csc_matrix((np.repeat([1.0, -1.0], d), (np.tile(np.arange(d), 2), np.append(np.arange(size - d, size), np.arange(d)))),
                          shape=(d, size))
    for count in range(1, 13):
        with np.errstate(all="ignore"):
            matrix, border, blocks = linearised(line, here)
            wrong = np.concatenate((residual(line, here).ravel(), here.x[-1] - here.x[0],
                                    [fixed_phase @ (here.x - before.x).ravel(), normal @ _difference(here, guess)]))
        if not (np.isfinite(wrong).all() and np.isfinite(matrix.data).all()):
            return None
        whole = bmat([[matrix, csc_matrix(border)], [periodic, None], [csc_matrix(fixed_phase[None]), csc_matrix((1, 2))],
                      [csc_matrix(normal[None, :size]), csc_matrix(normal[None, size:])]], format="csc")
        try:
            move = -splu(whole).solve(wrong)
        except RuntimeError:
            return None
        here = _stepped(here, move)
        if not np.isfinite(move).all() or np.abs(move[:size]).max() > 5 or here.period_ms <= 0:
            return None
        if np.abs(move[:size]).max() < 1e-8 and abs(move[-2]) < 1e-9 * unit and abs(move[-1]) < 1e-9:
            return here, count, blocks
    return None


def _cycle(line: Line, r: Round, blocks: Array) -> Cycle:
    width = widths(line.region.model)
    fine = moved(r.mesh, r.x, np.linspace(0, 1, 101)) * width
    grows = multipliers(blocks, r.x.shape[1])
    return Cycle(float(line.parameter(np.array(r.part))), r.period_ms, tuple(map(float, fine.min(axis=0))),
                 tuple(map(float, fine.max(axis=0))), bool(len(grows) == 0 or grows[0] < 1), fine)
