"""Take in recorded signals, and refuse those of which nothing can be computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import inf

import numpy as np
from numpy.typing import NDArray

from cosim.errors import InputError, Problem, raise_all
from cosim.registry import did_you_mean
from cosim.timegrid import in_ms

_MOST_NAMED = 5
_ROUNDING = 64 * np.finfo(np.float64).eps


@dataclass(frozen=True, slots=True)
class Signals:
    """Hold evenly sampled signals; make them with `signals`, which checks them.

    Parameters
    ----------
    values : (n_samples, n_channels) float64
        In `unit`.
    step_ms : Fraction
        From one sample to the next, ms.
    names : tuple of str
        Name of each channel.
    unit : str
        Unit of the values.
    """

    values: NDArray[np.float64]
    step_ms: Fraction
    names: tuple[str, ...]
    unit: str = "1"

    @property
    def length(self) -> int:
        """Number of samples."""
        return len(self.values)

    @property
    def size(self) -> int:
        """Number of channels."""
        return len(self.names)

    @property
    def rate_hz(self) -> float:
        """Samples a second, Hz."""
        return float(1000 / self.step_ms)

    @property
    def nyquist_hz(self) -> float:
        """Highest frequency that samples so far apart can tell, Hz."""
        return self.rate_hz / 2

    def samples(self, time_ms: Fraction, what: str) -> int:
        """Return a length of time as a number of samples; raise `InputError` when it is not a whole one."""
        samples, rest = divmod(time_ms, self.step_ms)
        if rest:
            near = " or ".join(in_ms(n * self.step_ms) for n in (samples, samples + 1) if n)
            raise InputError(Problem(f"{what} {in_ms(time_ms)} is no whole number of samples, which are {in_ms(self.step_ms)} apart",
                                     remedy=f"write {near}"))
        return int(samples)

    def after(self, time_ms: Fraction) -> Signals:
        """Return what is left when a time at the beginning is left out, rounded up to whole samples.

        Raises
        ------
        InputError
            When nothing is left.
        """
        first = -(-time_ms // self.step_ms)
        if time_ms < 0 or first >= self.length:
            raise InputError(Problem(f"{in_ms(time_ms)} at the beginning are to be left out of {in_ms(self.length * self.step_ms)}",
                                     expected="a time of at least 0 ms that is shorter than the record"))
        return replace(self, values=self.values[first:])

    def without(self, names: Sequence[str]) -> Signals:
        """Return all channels but some; raise `InputError` when there is none of such a name."""
        raise_all(Problem(f"there is no channel '{name}'", remedy=did_you_mean(name, list(self.names)))
                  for name in names if name not in self.names)
        kept = [i for i, name in enumerate(self.names) if name not in names]
        return replace(self, values=self.values[:, kept], names=tuple(self.names[i] for i in kept))


def signals(values: NDArray[np.float64], step_ms: Fraction | float | str = 1, names: Sequence[str] = (), unit: str = "1") -> Signals:
    """Return signals after looking at every value.

    Parameters
    ----------
    values : (n_samples, n_channels) float64
        In `unit`.
    step_ms : Fraction, float or str
        From one sample to the next, ms; a float is taken for the decimal number it is written as.
    names : sequence of str
        Name of each channel; where there are none, ``channel 0`` and so on.
    unit : str
        Unit of the values.

    Raises
    ------
    InputError
        When there is none, the names do not fit, or a channel holds what is not a finite number; all such channels are named.
    """
    array = np.asarray(values, np.float64)
    step = Fraction(repr(step_ms)) if isinstance(step_ms, float) else Fraction(step_ms)
    if array.ndim != 2 or not array.size:
        raise InputError(Problem(f"signals have the shape {array.shape}", expected="samples x channels, at least one of each"))
    if step <= 0:
        raise InputError(Problem(f"samples are {in_ms(step)} apart", expected="a time above 0 ms"))
    called = tuple(names) or tuple(f"channel {i}" for i in range(array.shape[1]))
    if len(called) != array.shape[1]:
        raise InputError(Problem(f"{len(called)} names for {array.shape[1]} channels", expected="one name a channel"))
    bad = np.flatnonzero(~np.isfinite(array).all(axis=0))
    if len(bad):
        first = int(np.flatnonzero(~np.isfinite(array[:, bad[0]]))[0])
        said = f"{_listed([called[i] for i in bad])} not finite: {called[bad[0]]} is {array[first, bad[0]]} at sample {first}"
        raise InputError(Problem(said, expected="finite numbers", remedy="leave out what comes before or after, or the channel"))
    return Signals(array, step, called, unit)


def refuse_constant(s: Signals, of: str, within: str = "the record") -> None:
    """Raise `InputError` that names the channels that do not vary by more than rounding, as they have no correlation."""
    constant = np.flatnonzero(np.ptp(s.values, axis=0) <= _ROUNDING * np.abs(s.values).max(axis=0))
    if len(constant):
        named = _listed([s.names[i] for i in constant])
        raise InputError(Problem(f"{named} constant throughout {within}: no {of} with the others is defined",
                                 expected="channels that vary", remedy="leave such channels out, with --without NAME on the command line"))


def refuse_short(length: int, fewest: int, of: str) -> None:
    """Raise `InputError` when there are fewer samples than something needs."""
    if length < fewest:
        raise InputError(Problem(f"there {'is' if length == 1 else 'are'} {length} sample{'s' * (length != 1)} for {of}",
                                 expected=f"at least {fewest}", remedy="record longer or more often, or leave out less at the beginning"))


def refuse_band(s: Signals, low_hz: float, high_hz: float) -> None:
    """Raise `InputError` when a band of frequencies is none, or reaches beyond what the samples can tell."""
    if not 0 <= low_hz < high_hz < inf:
        raise InputError(Problem(f"the band reaches from {low_hz:g} Hz to {high_hz:g} Hz", expected="0 Hz or more, and a higher end"))
    if high_hz > s.nyquist_hz * (1 + 1e-12):
        raise InputError(Problem(f"a frequency of {high_hz:g} Hz is asked for, of samples every {in_ms(s.step_ms)}",
                                 expected=f"at most {s.nyquist_hz:g} Hz, half the rate of the samples", remedy="record more often"))


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"'{n}'" for n in names[:_MOST_NAMED])
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"channel {shown} is" if len(names) == 1 else f"channels {shown}{more} are"
