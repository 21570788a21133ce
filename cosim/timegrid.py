"""Count time in integer ticks; floats appear at the border only.

A *window* is the stretch of time ``[start, stop)`` that a group advances over. Its steps begin at ``start``,
``start + step``, ... and *reach* ``start + step``, ..., ``stop``. What a window produces is stamped with the instant
that was reached, so every instant after 0 belongs to exactly one window: the one that reaches it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm

from cosim.errors import InputError, Problem


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """Hold one half-open stretch of ticks ``[start, stop)`` and its number.

    Parameters
    ----------
    start, stop : int
        First tick, and the tick after the last one; both are whole steps of the group.
    index : int
        Number of the window in its group, from 0.
    """

    start: int
    stop: int
    index: int = 0

    def __post_init__(self) -> None:
        if self.stop <= self.start:
            raise ValueError(f"a window must end after it starts, got [{self.start}, {self.stop})")

    @property
    def length(self) -> int:
        """Number of ticks in the window."""
        return self.stop - self.start


@dataclass(frozen=True, slots=True)
class Clock:
    """Hold the tick of an experiment and the step of one group.

    Parameters
    ----------
    tick_ms : Fraction
        Length of one tick, ms, exact.
    step : int
        Ticks in one step of the group.
    """

    tick_ms: Fraction
    step: int

    @property
    def step_ms(self) -> float:
        """Length of one step, ms."""
        return float(self.tick_ms * self.step)

    def ms(self, ticks: int) -> float:
        """Return the time of a number of ticks, ms."""
        return float(self.tick_ms * ticks)


def common_tick(times_ms: Iterable[Fraction]) -> Fraction:
    """Return the longest tick of which every given time is a whole multiple.

    Parameters
    ----------
    times_ms : iterable of Fraction
        Time steps and delays, ms; zeros are ignored.

    Returns
    -------
    Fraction
        The tick, ms.

    Raises
    ------
    InputError
        When no time is above zero.
    """
    numerator, denominator = 0, 1
    for time in times_ms:
        if time:
            numerator, denominator = gcd(numerator * time.denominator, time.numerator * denominator), denominator * time.denominator
    if not numerator:
        raise InputError("an experiment needs at least one time step above zero")
    return Fraction(numerator, denominator)


def to_ticks(time_ms: Fraction, tick_ms: Fraction, what: str = "time", step_of: str = "") -> int:
    """Return a time as a whole number of ticks.

    Parameters
    ----------
    time_ms, tick_ms : Fraction
        The time and the grid, ms.
    what, step_of : str
        How to call the time, and whose step the grid is, in the error.

    Raises
    ------
    InputError
        When the time is not on the grid; names the value, the grid and the nearest legal values.
    """
    ticks, rest = divmod(time_ms, tick_ms)
    if rest:
        below, above = in_ms(ticks * tick_ms), in_ms((ticks + 1) * tick_ms)
        grid = f"the step {in_ms(tick_ms)} of group '{step_of}'" if step_of else f"the tick {in_ms(tick_ms)}"
        raise InputError(Problem(f"{what} {in_ms(time_ms)} is not a multiple of {grid}", remedy=f"write {below} or {above}"))
    return int(ticks)


def in_ms(time_ms: Fraction) -> str:
    """Write a time with its unit, as short as it can be exact: ``0.1 ms``."""
    return f"{float(time_ms):.12g} ms"


def whole_steps(ticks: int, steps: Iterable[int]) -> int:
    """Round a number of ticks down to a common multiple of some steps."""
    common = lcm(*steps)
    return ticks // common * common


def windows(stop: int, length: int, start: int = 0) -> Iterator[Window]:
    """Yield the windows that lead from `start` to `stop`; the last one may be shorter."""
    for index, begin in enumerate(range(start, stop, length)):
        yield Window(begin, min(begin + length, stop), index)
