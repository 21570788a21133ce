"""Say how strong a stimulus is in each step: functions of the number of the step, in exact time."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import pi
from typing import Protocol

import numpy as np

from cosim.models.language.functions import exp, sin
from cosim.models.wholebrain.network import Array


class Course(Protocol):
    """Give what a stimulus of amplitude 1 holds in the steps ``first .. stop - 1``.

    A smooth course holds its value in the middle of the step. So both stages of a scheme of second order see the same number, and the
    course costs it no order: the integral of a smooth function over a step is its middle value but for the third power of the step.
    """

    def held(self, first: int, stop: int) -> Array:
        """Return (steps,), or (steps, columns) where the regions of a stimulus differ."""


@dataclass(frozen=True, slots=True)
class Instants:
    """Count the time since the onset of a stimulus in exact fractions.

    Parameters
    ----------
    step, onset : Fraction
        Length of a step and when the stimulus begins, ms.
    """

    step: Fraction
    onset: Fraction

    def numbers(self, first: int, stop: int, unit: Fraction, middle: bool = True) -> tuple[list[int], int]:
        """Return numerators and the denominator of the time since the onset, in `unit`, in the middle or at the start of each step."""
        rise = self.step / unit
        begin = (self.step / 2 if middle else Fraction(0)) / unit - self.onset / unit
        below = rise.denominator * begin.denominator
        a, b = rise.numerator * begin.denominator, begin.numerator * rise.denominator
        return [a * k + b for k in range(first, stop)], below

    def times(self, first: int, stop: int, unit: Fraction) -> Array:
        """Return the time since the onset in the middle of each step, in `unit`, each rounded once."""
        above, below = self.numbers(first, stop, unit)
        return np.array([a / below for a in above])


@dataclass(frozen=True, slots=True)
class Constant:
    """Hold 1."""

    def held(self, first: int, stop: int) -> Array:
        """Return ones."""
        return np.ones(stop - first)


@dataclass(frozen=True, slots=True)
class PulseTrain:
    """Hold 1 in the steps that start within `width` after a multiple of `period`, ms, of which there are `count`."""

    time: Instants
    period: Fraction
    width: Fraction
    count: int | None

    def held(self, first: int, stop: int) -> Array:
        """Return ones and zeros."""
        above, below = self.time.numbers(first, stop, self.period, middle=False)
        share = self.width / self.period
        limit = share.numerator * below
        return np.array([float((a % below) * share.denominator < limit and (self.count is None or a // below < self.count)) for a in above])


@dataclass(frozen=True, slots=True)
class Sine:
    """Hold sin(2 pi t / period + phase); `period` in ms, `phase` in rad."""

    time: Instants
    period: Fraction
    phase: float

    def held(self, first: int, stop: int) -> Array:
        """Return the sine; whole turns are taken away before anything is rounded."""
        above, below = self.time.numbers(first, stop, self.period)
        return np.asarray(sin(2 * pi * np.array([(a % below) / below for a in above]) + self.phase), np.float64)


@dataclass(frozen=True, slots=True)
class Ramp:
    """Hold t / rise, at most 1; `rise` in ms."""

    time: Instants
    rise: Fraction

    def held(self, first: int, stop: int) -> Array:
        """Return the ramp."""
        return np.minimum(self.time.times(first, stop, self.rise), 1.0)


@dataclass(frozen=True, slots=True)
class Gaussian:
    """Hold exp(-(t - peak)^2 / (2 sigma^2)); `sigma` in ms, the time counted from the peak."""

    from_peak: Instants
    sigma: Fraction

    def held(self, first: int, stop: int) -> Array:
        """Return the Gaussian."""
        x = self.from_peak.times(first, stop, self.sigma)
        return np.asarray(exp(-0.5 * (x * x)), np.float64)


@dataclass(frozen=True, slots=True)
class Alpha:
    """Hold t / tau exp(1 - t / tau); `tau` in ms."""

    time: Instants
    tau: Fraction

    def held(self, first: int, stop: int) -> Array:
        """Return the alpha function."""
        x = self.time.times(first, stop, self.tau)
        return np.asarray(x * exp(1.0 - x), np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Sampled:
    """Hold what lies on straight lines between samples, (n,) or (n, columns), that are `spacing` ms apart."""

    time: Instants
    spacing: Fraction
    samples: Array

    def held(self, first: int, stop: int) -> Array:
        """Return the values; those after the last sample are as the last one."""
        above, below = self.time.numbers(first, stop, self.spacing)
        last = len(self.samples) - 1
        at = np.array([min(max(a // below, 0), last) for a in above], np.int64)
        part = np.array([(a % below) / below if 0 <= a // below < last else 0.0 for a in above])
        begin, end = self.samples[at], self.samples[np.minimum(at + 1, last)]
        part = part if self.samples.ndim == 1 else part[:, None]
        return np.asarray(begin + part * (end - begin), np.float64)
