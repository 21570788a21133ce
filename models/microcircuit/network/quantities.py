"""Read quantities with units, such as ``0.1 ms``, exactly."""

from __future__ import annotations

import re
from fractions import Fraction

_DIGIT = re.compile(r"^[^eE]*[1-9]")  # a number that is not 0
_PATTERN = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(\S*)\s*")
_LEAST, _MOST = 1e-15, 1e15
_UNITS = {
    "ms": {"s": Fraction(1000), "ms": Fraction(1), "us": Fraction(1, 1000), "µs": Fraction(1, 1000)},
    "mV": {"V": Fraction(1000), "mV": Fraction(1), "uV": Fraction(1, 1000), "µV": Fraction(1, 1000)},
    "pA": {"uA": Fraction(10**6), "µA": Fraction(10**6), "nA": Fraction(1000), "pA": Fraction(1)},
    "pF": {"uF": Fraction(10**6), "µF": Fraction(10**6), "nF": Fraction(1000), "pF": Fraction(1)},
    "nS": {"uS": Fraction(1000), "µS": Fraction(1000), "nS": Fraction(1), "pS": Fraction(1, 1000)},
    "1/ms": {"1/ms": Fraction(1), "1/s": Fraction(1, 1000)},
    "1/mV": {"1/mV": Fraction(1), "1/V": Fraction(1, 1000)},
    "mV/ms": {"mV/ms": Fraction(1), "V/s": Fraction(1)},
    "pA/ms": {"pA/ms": Fraction(1), "nA/s": Fraction(1)},
    "nS/ms": {"nS/ms": Fraction(1), "uS/s": Fraction(1), "µS/s": Fraction(1)},
    "Hz": {"kHz": Fraction(1000), "Hz": Fraction(1)},
}


def quantity(text: object, *units: str) -> tuple[Fraction, str]:
    """Return a quantity in the base unit of its dimension.

    Parameters
    ----------
    text : object
        What the file holds, such as ``"0.1 ms"``.
    *units : str
        The base units that may be meant: ``ms``, ``mV``, ``pA``, ``pF``, ``Hz``.

    Returns
    -------
    value : Fraction
        The value in that base unit, exact.
    unit : str
        Which of `units` it is.

    Raises
    ------
    ValueError
        When it is no quantity of such a unit, or neither 0 nor of a magnitude from 1e-15 to 1e15 in its base unit; the message says
        what is wrong. Within these bounds all that is reckoned from quantities is finite.
    """
    found = _PATTERN.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        lacks = f"{text} has no unit" if isinstance(text, int | float) and not isinstance(text, bool) else f"'{text}' is no quantity"
        raise ValueError(lacks)
    for unit in units:
        if found[2] in _UNITS[unit]:
            # As a float first: the exact value of 1e999999999 would not fit into memory.
            size = abs(float(found[1])) * float(_UNITS[unit][found[2]])
            if not _DIGIT.search(found[1]):
                return Fraction(0), unit
            if not _LEAST <= size <= _MOST:
                word = "large" if size > _MOST else "small"
                raise ValueError(f"'{text}' is too {word}: a quantity here is 0, or from {_LEAST:g} to {_MOST:g} {unit}")
            return Fraction(found[1]) * _UNITS[unit][found[2]], unit
    raise ValueError(f"'{text}' has no unit" if not found[2] else f"'{text}' has the unit '{found[2]}'")
