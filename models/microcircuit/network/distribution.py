"""Say how weights, delays and initial states spread, and lay a distribution out as equally likely values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from math import inf, isinf, sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cosim._random import exp, log
from cosim.models.microcircuit.kernel._projection import QUANTILES, quantiles

Kind = Literal["constant", "normal", "lognormal", "uniform"]
KINDS: tuple[Kind, ...] = ("constant", "normal", "lognormal", "uniform")


@dataclass(frozen=True, slots=True)
class Distribution:
    """Hold a distribution of a quantity.

    Parameters
    ----------
    kind : {'constant', 'normal', 'lognormal', 'uniform'}
        Its family.
    first, second : Fraction
        Mean and standard deviation of the values themselves (``normal``, ``lognormal``), least and most (``uniform``), or the value
        and 0 (``constant``). A lognormal quantity of negative mean is minus one of positive mean.
    least, most : float
        No value lies outside.
    at_bounds : {'redraw', 'clip'}
        Whether a value outside is drawn again, or set to the bound.
    """

    kind: Kind
    first: Fraction
    second: Fraction = Fraction(0)
    least: float = -inf
    most: float = inf
    at_bounds: Literal["redraw", "clip"] = "redraw"

    @property
    def mean(self) -> float:
        """Mean of the values that are drawn; that of the family where the bounds cut nothing off."""
        if self.kind == "constant":
            return float(self.first)
        if self.is_cut:
            return float(self.values().mean()) if len(self.values()) else 0.0
        return float((self.first + self.second) / 2 if self.kind == "uniform" else self.first)

    @property
    def sd(self) -> float:
        """Standard deviation of the values that are drawn; that of the family where the bounds cut nothing off."""
        if self.kind == "uniform" or self.is_cut:
            return float(self.values().std()) if len(self.values()) else 0.0
        return float(self.second)

    @property
    def is_cut(self) -> bool:
        """Whether some value lies outside the bounds."""
        free = _unbounded(self.kind, self.first, self.second)
        return bool(free[0] < self.least or free[-1] > self.most)

    @property
    def typical(self) -> float:
        """Size of a typical value: that of the mean where all values have one sign, else the mean of their sizes."""
        values = self.values()
        return abs(self.mean) if values[0] >= 0 or values[-1] <= 0 else float(np.abs(values).mean())

    @property
    def largest(self) -> float:
        """Size of the value that lies farthest from 0."""
        values = self.values()
        return float(max(abs(values[0]), abs(values[-1])))

    def values(self) -> NDArray[np.float64]:
        """Return equally likely values in ascending order, (n,) float64, n at most 65536; none where all lie outside the bounds."""
        return _values(self)

    def times(self, factor: float) -> Distribution:
        """Return the distribution of the quantity times a number."""
        if factor == 1:
            return self
        first, second = (Fraction(float(v) * factor) for v in (self.first, self.second))
        bounds = [v * factor if factor or not isinf(v) else v for v in (self.least, self.most)]
        if factor < 0 and self.kind == "uniform":
            first, second = second, first
        return replace(self, first=first, second=second if self.kind == "uniform" else abs(second), least=min(bounds), most=max(bounds))

    def plus(self, shift: Fraction) -> Distribution:
        """Return the distribution of the quantity plus a number; there is none for a lognormal one."""
        if self.kind == "lognormal" and shift:
            raise ValueError("a lognormal quantity plus a number is not lognormal")
        second = self.second + shift if self.kind == "uniform" else self.second
        return replace(self, first=self.first + shift, second=second, least=self.least + float(shift), most=self.most + float(shift))

    def at(self, normal: NDArray[np.float64], uniform: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the values that standard normal and uniform random numbers stand for, before bounds, (n,) float64."""
        return _at(self.kind, self.first, self.second, normal, uniform)


def constant(value: Fraction | float) -> Distribution:
    """Return the distribution of what does not spread."""
    return Distribution("constant", Fraction(value))


def _at(kind: Kind, first: Fraction, second: Fraction, normal: NDArray[np.float64], uniform: NDArray[np.float64]) -> NDArray[np.float64]:
    a, b = float(first), float(second)
    if kind == "uniform":
        return a + (b - a) * uniform
    if kind == "lognormal" and a:
        # The library's own logarithm and exponential, and no power: the bits must not depend on the C library. Source: Johnson, Kotz &
        # Balakrishnan 1994, Continuous Univariate Distributions, chapter 14, for mean and variance.
        variance = float(log(np.array([1 + (b / a) * (b / a)]))[0])
        middle = float(log(np.array([abs(a)]))[0]) - variance / 2
        return np.copysign(np.asarray(exp(middle + sqrt(variance) * normal)), a)
    return a + b * normal if kind == "normal" else np.full(len(normal), a)


@lru_cache(maxsize=64)
def _unbounded(kind: Kind, first: Fraction, second: Fraction) -> NDArray[np.float64]:
    if kind == "constant":
        return np.array([float(first)])
    found = np.sort(_at(kind, first, second, quantiles(), (np.arange(QUANTILES) + 0.5) / QUANTILES))
    found.flags.writeable = False
    return found


@lru_cache(maxsize=64)
def _values(d: Distribution) -> NDArray[np.float64]:
    free = _unbounded(d.kind, d.first, d.second)
    found: NDArray[np.float64] = np.clip(free, d.least, d.most) if d.at_bounds == "clip" else free[(free >= d.least) & (free <= d.most)]
    found.flags.writeable = False
    return found
