"""The whole network: where it rests, how it moves near by, and at which coupling it loses its hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cosim.errors import InputError, Problem
from cosim.models.wholebrain.analysis.differences import emissions, jacobians, receptions, widths
from cosim.models.wholebrain.analysis.fixed_points import Complex, ordered
from cosim.models.wholebrain.language.model import Array, Model, sent_of, slope_of


@dataclass(frozen=True, slots=True)
class Regions:
    """Hold regions of one model that hear each other.

    Parameters
    ----------
    model : Model
        Equations of each.
    values : mapping of str to (n,) float64
        Parameters, from `everything`.
    weights : (n, n) float64
        ``weights[i, j]`` is what j weighs in i.
    gain : float
        The factor G.
    """

    model: Model
    values: Mapping[str, Array]
    weights: Array
    gain: float

    def received(self, x: Array) -> Array:
        """Return what all regions receive, (received, n), where delays do not matter."""
        names = [s.name for s in self.model.sends]
        sent = sent_of(self.model, self.values, x)
        return np.array([self.gain * (self.weights @ sent[names.index(r.takes)]) for r in self.model.receives])

    def slopes(self, x: Array) -> Array:
        """Return the derivatives, (variables, n) 1/ms."""
        return slope_of(self.model, self.values, x, self.received(x))

    def blocks(self, x: Array) -> tuple[Array, Array]:
        """Return the Jacobian of each region by itself, (n, v, v), and what region j does to i, (n, v, n, v), both 1/ms."""
        c = self.received(x)
        names = [s.name for s in self.model.sends]
        takes = [names.index(r.takes) for r in self.model.receives]
        heard = receptions(self.model, self.values, x, c)
        said = emissions(self.model, self.values, x)[:, takes, :]
        return (jacobians(self.model, self.values, x, c),
                np.asarray(self.gain * np.einsum("ij,iar,jrb->iajb", self.weights, heard, said), np.float64))

    def jacobian(self, x: Array) -> Array:
        """Return the Jacobian, (n v, n v) 1/ms, region by region."""
        local, coupled = self.blocks(x)
        n, v = local.shape[:2]
        coupled[np.arange(n), :, np.arange(n), :] += local
        return coupled.reshape(n * v, n * v)

    def at(self, gain: float) -> Regions:
        """Return the same regions with another gain."""
        return Regions(self.model, self.values, self.weights, gain)


@dataclass(frozen=True, slots=True)
class Rest:
    """Hold a state in which the whole network stays.

    Parameters
    ----------
    state : (variables, n) float64
        The fixed point.
    eigenvalues : (n variables,) complex128
        1/ms, the largest real part first.
    shares : (n,) float64
        How much each region takes part in the leading mode; they add up to 1.
    """

    state: Array
    eigenvalues: Complex
    shares: Array

    @property
    def is_stable(self) -> bool:
        """Whether all modes die out."""
        return bool(self.eigenvalues[0].real < 0)

    def leading(self, labels: Sequence[str], count: int = 5) -> tuple[str, ...]:
        """Return the regions that take the largest part in the leading mode."""
        return tuple(labels[i] for i in np.argsort(-self.shares, kind="stable")[:count])


def rest(regions: Regions, start: Array) -> Rest:
    """Return the fixed point that a state leads to along the flow, and its modes.

    Implicit steps that grow as the slopes fall reach what is stable; they end in Newton's method.

    Raises
    ------
    InputError
        Where 200 steps do not reach one.
    """
    x, width, pace = start.copy(), widths(regions.model)[:, None], 1.0
    v, n = x.shape
    low, high = (np.array([getattr(s, bound) for s in regions.model.state])[:, None] for bound in ("low", "high"))
    slope = regions.slopes(x)
    for _ in range(200):
        matrix = np.eye(n * v) / pace - regions.jacobian(x)
        move = np.linalg.solve(matrix, slope.T.ravel()).reshape(n, v).T
        before = float(np.linalg.norm(slope / width))
        x = np.clip(x + move, low, high)
        slope = regions.slopes(x)
        if not np.isfinite(slope).all():
            break
        if np.abs(move / width).max() < 1e-12:
            values, vectors = np.linalg.eig(regions.jacobian(x))
            lead = int(np.argmax(values.real))
            share = (np.abs(vectors[:, lead].reshape(n, v) / width.T) ** 2).sum(axis=1)
            return Rest(x, ordered(values), np.asarray(share / share.sum(), np.float64))
        pace = min(pace * float(np.clip(before / max(float(np.linalg.norm(slope / width)), 1e-300), 0.5, 4.0)), 1e12)
    raise InputError(Problem(f"no fixed point of the network of {n} regions of {regions.model.name} was found at a coupling of "
                             f"{regions.gain:g}", expected="one to which 200 implicit steps lead from the given start",
                             remedy="another start, or a smaller coupling"))


def critical_gain(regions: Regions, start: Array, low: float, high: float, accuracy: float = 1e-9) -> tuple[float, Rest]:
    """Return the gain at which the network's rest stops being stable, and the rest there, by bisection along the branch.

    Parameters
    ----------
    regions : Regions
        Their gain does not count.
    start : (variables, n) float64
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
    here = rest(regions.at(low), start)
    if not here.is_stable or not low < high or _holds(regions.at(high), here) is not None:
        raise InputError(Problem(f"the coupling cannot be searched between {low:g} and {high:g}",
                                 expected="a stable network at the lower end, and one that is not at the upper",
                                 remedy="other ends"))
    while high - low > accuracy * abs(high):
        middle = (low + high) / 2
        there = _holds(regions.at(middle), here)
        low, high, here = (middle, high, there) if there is not None else (low, middle, here)
    return low, here


def _holds(regions: Regions, from_rest: Rest) -> Rest | None:
    """Return the stable rest next to another one, or None where there is none."""
    try:
        found = rest(regions, from_rest.state)
    except (InputError, np.linalg.LinAlgError):
        return None
    return found if found.is_stable else None
