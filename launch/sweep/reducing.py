"""Reduce what a port gives, block by block, to what is kept of a point."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from cosim.errors import InputError, Problem
from cosim.experiment.quantities import read_quantity
from cosim.interfaces import Port
from cosim.models.observe.features.signals import Signals, signals

Array = NDArray[np.float64]

STATISTICS = ("mean", "std", "min", "max", "final")
"""What is kept of each channel without its samples being held."""

FEATURES: dict[str, tuple[int, int, str, str]] = {
    "fc": (0, 0, "", "nothing"),
    "fcd": (2, 2, "ms", "the length of a window, and from one to the next"),
    "psd": (0, 1, "ms", "the length of a segment, or nothing"),
    "peak": (2, 2, "Hz", "both ends of a band in Hz"),
    "power": (2, 2, "Hz", "both ends of a band in Hz"),
    "plv": (2, 2, "Hz", "both ends of a band in Hz"),
}
"""What is computed of all samples at the end: fewest and most arguments, their unit, and what they are."""


@dataclass(frozen=True, slots=True)
class Call:
    """Hold a name and what stands in brackets behind it."""

    name: str
    arguments: tuple[str, ...]

    @property
    def text(self) -> str:
        """As it is written in one way."""
        return f"{self.name}({', '.join(self.arguments)})" if self.arguments else self.name


class Reduction(ABC):
    """Take rows of samples, (n, size), in order, and give one array at the end.

    The bits may depend on where blocks end; the caller ends them at the same instants however a point is run.
    """

    @abstractmethod
    def take(self, rows: Array) -> None:
        """Take the next rows; they are the caller's again afterwards."""

    @abstractmethod
    def result(self) -> Array:
        """Return what is kept."""


class Moments(Reduction):
    """Give the mean of each channel, or its standard deviation with n below.

    Source: Chan, Golub & LeVeque 1983, The American Statistician 37:242, equation 2.1.
    """

    def __init__(self, *, is_deviation: bool) -> None:
        self._is_deviation, self._count = is_deviation, 0
        self._mean: Array = np.zeros(0)
        self._square: Array = np.zeros(0)

    def take(self, rows: Array) -> None:
        """Take the next rows."""
        n = len(rows)
        if not n:
            return
        if not self._count:
            self._mean, self._square = np.zeros(rows.shape[1]), np.zeros(rows.shape[1])
        mean = rows.sum(axis=0) / n
        apart = mean - self._mean
        total = self._count + n
        if self._is_deviation:
            off = rows - mean
            self._square = self._square + np.einsum("ij,ij->j", off, off) + apart * apart * (self._count * n / total)
        self._mean = self._mean + apart * (n / total)
        self._count = total

    def result(self) -> Array:
        """Return mean or deviation, (size,)."""
        return np.asarray(np.sqrt(self._square / self._count)) if self._is_deviation else self._mean


class Extreme(Reduction):
    """Give the least or the greatest value of each channel, or the last."""

    def __init__(self, which: str) -> None:
        self._which = which
        self._found: Array | None = None

    def take(self, rows: Array) -> None:
        """Take the next rows."""
        if not len(rows):
            return
        if self._which == "final":
            self._found = rows[-1].copy()
            return
        of = np.minimum if self._which == "min" else np.maximum
        here = of.reduce(rows, axis=0)
        self._found = here if self._found is None else of(self._found, here)

    def result(self) -> Array:
        """Return the values, (size,)."""
        assert self._found is not None  # there was a sample, or the point was refused
        return self._found


class Whole(Reduction):
    """Hold all samples, and give what a function makes of them."""

    def __init__(self, of: Callable[[Array], Array]) -> None:
        self._of, self._rows = of, list[Array]()

    def take(self, rows: Array) -> None:
        """Keep a copy of the next rows."""
        self._rows.append(rows.copy())

    def result(self) -> Array:
        """Return what the function makes of all rows."""
        return self._of(np.concatenate(self._rows))


def reduction(what: Call, port: Port, step_ms: Fraction) -> Reduction:
    """Return the reduction that a name stands for, of samples of a port so far apart."""
    if what.name in ("mean", "std"):
        return Moments(is_deviation=what.name == "std")
    if what.name in STATISTICS:
        return Extreme(what.name)
    if what.name not in FEATURES:
        return Whole(lambda rows: rows)
    return Whole(lambda rows: _feature(what, signals(rows, step_ms, port.labels, port.unit)))


def shape_of(what: Call, port: Port, step_ms: Fraction, samples: int) -> tuple[int, ...]:
    """Return the shape of what is kept of so many samples; raise `InputError` when nothing can be computed of them.

    Features are asked for the shape that they have of noise.
    """
    if samples < 1:
        raise InputError(Problem("no sample is left", expected="a longer run, or less left out at the beginning"))
    if what.name in STATISTICS:
        return (port.size,)
    if what.name not in FEATURES:
        return samples, port.size
    noise = np.random.default_rng(1).standard_normal((samples, port.size))
    return _feature(what, signals(noise, step_ms, port.labels, port.unit)).shape


def unit_of(what: Call, port: Port) -> str:
    """Return the unit of what is kept of a port."""
    squared = "1" if port.unit == "1" else f"({port.unit})^2"
    return {"fc": "1", "fcd": "1", "plv": "1", "peak": "Hz", "power": squared,
            "psd": "1/Hz" if port.unit == "1" else f"{squared}/Hz"}.get(what.name, port.unit)


def _feature(what: Call, s: Signals) -> Array:
    # Numerics that take a second to load, and that most sweeps do not need.
    from cosim.models.observe.features.connectivity import correlation  # noqa: PLC0415 (as above)
    from cosim.models.observe.features.dynamics import connectivity_dynamics  # noqa: PLC0415 (as above)
    from cosim.models.observe.features.spectrum import band_power, peak, spectrum  # noqa: PLC0415 (as above)
    from cosim.models.observe.features.synchrony import phase_locking  # noqa: PLC0415 (as above)

    unit = FEATURES[what.name][2]
    numbers = [read_quantity(a, unit) for a in what.arguments]
    if what.name == "fc":
        return correlation(s)
    if what.name == "fcd":
        length, every = (s.samples(n, w) for n, w in zip(numbers, ("a window of", "windows every"), strict=True))
        return connectivity_dynamics(s, length, every).matrix
    if what.name == "plv":
        return phase_locking(s, float(numbers[0]), float(numbers[1])).values
    found = spectrum(s, s.samples(numbers[0], "a segment of") if what.name == "psd" and numbers else None)
    if what.name == "psd":
        return found.density
    low, high = float(numbers[0]), float(numbers[1])
    if what.name == "power":
        return band_power(found, low, high)
    return np.array(peak(found, found.density.mean(axis=1), low, high).frequency_hz)
