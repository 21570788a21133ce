"""Read, convert and write numbers with units, exactly: ``0.1 ms``, ``4 mm/ms``, ``8 Hz``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from fractions import Fraction
from functools import cache
from typing import Any

from cosim.errors import InputError, Problem

_NUMBER = re.compile(r"\s*([-+\u2212]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+\u2212]?\d{1,3})?)(?![\d.,]|[eE][-+]?\d)\s*(.*?)\s*", re.DOTALL)
_UNIT = re.compile(r"[A-Za-z\u00b5\u03bc\u03a9\u2126\u00b0%/*^\u00b7()\s\d-]*")
_COMMON_UNITS = ("ms", "s", "us", "min", "mV", "V", "uV", "pA", "nA", "uA", "nS", "uS", "mS", "S", "pF", "nF", "uF", "Hz", "kHz", "1/ms",
                 "1/s", "mm", "um", "cm", "m", "mm/ms", "m/s", "Mohm", "ohm", "mM", "degC", "kelvin", "%")
_KILO, _MILLI = Fraction(1000), Fraction(1, 1000)
# What the units that are written most measure, and how much of the first of their kind they are: without these, every start of a
# process would spend a second on reading all units there are.
_USUAL = {
    "1": ("number", Fraction(1)), "%": ("number", Fraction(1, 100)),
    "ms": ("time", Fraction(1)), "s": ("time", _KILO), "us": ("time", _MILLI), "min": ("time", 60 * _KILO),
    "Hz": ("rate", Fraction(1)), "kHz": ("rate", _KILO), "1/s": ("rate", Fraction(1)), "1/ms": ("rate", _KILO),
    "mm": ("length", Fraction(1)), "um": ("length", _MILLI), "cm": ("length", Fraction(10)), "m": ("length", _KILO),
    "mm/ms": ("speed", Fraction(1)), "m/s": ("speed", Fraction(1)),
    "mV": ("voltage", Fraction(1)), "uV": ("voltage", _MILLI), "V": ("voltage", _KILO),
    "nA": ("current", Fraction(1)), "pA": ("current", _MILLI), "uA": ("current", _KILO),
    "nS": ("conductance", Fraction(1)), "uS": ("conductance", _KILO), "mS": ("conductance", _KILO**2), "S": ("conductance", _KILO**3),
    "nF": ("capacitance", Fraction(1)), "pF": ("capacitance", _MILLI), "uF": ("capacitance", _KILO),
}
_MOST_DIGITS = 25
_MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Quantity:
    """Hold a number and its unit as the user wrote them, until it is known which unit is wanted.

    Parameters
    ----------
    value : float
        The number.
    unit : str
        Its unit; ``1`` for a pure number.
    """

    value: float
    unit: str

    def __str__(self) -> str:
        return text(self.value, self.unit)

    def to(self, unit: str) -> float:
        """Return the number in another unit; raise `InputError` when the units do not measure the same."""
        return float(_convert(Fraction(repr(self.value)), "" if self.unit == "1" else self.unit, unit, str(self)))


def read_quantity(value: object, unit: str) -> Fraction:
    """Return what a user wrote as an exact number in a unit.

    Parameters
    ----------
    value : object
        A string with a unit; for pure numbers (`unit` is ``1``) also a number.
    unit : str
        The unit that is wanted.

    Raises
    ------
    InputError
        When it is no number, has no unit, or one that does not measure the same; the problem has no place yet.
    """
    number, written = _split(value, unit)
    return _convert(number, written, unit, str(value).strip())


def read_any_quantity(value: object) -> Quantity:
    """Return what a user wrote as a quantity in the user's own unit; a bare number is a pure one."""
    number, written = _split(value, "")
    if written and written not in _USUAL:
        _unit(written, str(value).strip())
    return Quantity(_float(number, str(value)), written or "1")


def same_dimension(unit: str, other: str) -> bool:
    """Return whether two units measure the same, so that one can be converted into the other."""
    if unit in _USUAL and other in _USUAL:
        return _USUAL[unit][0] == _USUAL[other][0]
    return bool(_unit(unit, unit).is_compatible_with(_unit(other, other)))


def factor(unit: str, other: str) -> float:
    """Return how many of the other unit make one of this; raise `InputError` when they do not measure the same."""
    return float(_convert(Fraction(1), unit, other, f"1 {unit}"))


def text(value: float | Fraction, unit: str) -> str:
    """Write a number with its unit so that reading it gives the same number again; bare where the unit is ``1``."""
    number = _decimal(value) if isinstance(value, Fraction) else repr(value).removesuffix(".0")
    return number if unit == "1" else f"{number} {unit}"


def _decimal(value: Fraction) -> str:
    """Write a fraction as a decimal number without loss."""
    digits, scaled = 0, value
    while scaled.denominator != 1:
        digits, scaled = digits + 1, scaled * 10
        if digits > _MOST_DIGITS:
            raise InputError(Problem(f"{float(value)} cannot be written as a decimal number without loss",
                                     remedy="give times in ms, with a few decimals"))
    return format(Decimal(scaled.numerator).scaleb(-digits), "f") if digits else str(scaled.numerator)


def _split(value: object, unit: str) -> tuple[Fraction, str]:
    """Take number and unit apart; the unit is empty where none is written."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise InputError(Problem(f"{shown(value)} is not a quantity", expected=_wanted(value, unit)))
    found = _NUMBER.fullmatch(value if isinstance(value, str) else repr(value))
    if not found:
        remedy = "write a point, not a comma" if isinstance(value, str) and re.match(r"\s*[-+]?\d+,\d", value) else ""
        what = "not a finite number" if isinstance(value, float) else "not a number" if unit == "1" else "not a quantity"
        raise InputError(Problem(f"{shown(value)} is {what}", expected=_wanted(value, unit), remedy=remedy))
    return Fraction(found[1].replace("\u2212", "-")), found[2]


def shown(value: object) -> str:
    """Write a value as a user would recognise it in an error."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list):
        return ("a" if value else "an empty") + (" mapping" if isinstance(value, dict) else " list")
    said = str(value)
    said = said if len(said) <= _MOST_SHOWN else f"{said[:_MOST_SHOWN]}..."
    return f"'{said}'" if isinstance(value, str) else said


def _wanted(value: object, unit: str) -> str:
    if unit == "1":
        return "a number"
    found = re.match(r"\s*([-+]?\d+(?:\.\d+)?)(?!,)", value) if isinstance(value, str) else None
    return f"a number with a unit, such as '{found[1] if found else 1} {unit or 'ms'}'"


def _convert(value: Fraction, written: str, unit: str, said: str) -> Fraction:
    if written == unit:
        return value
    if not written and unit != "1":
        raise InputError(Problem(f"{said} has no unit", expected=f"a number with a unit, in {unit} or what converts to it",
                                 remedy=f"write '{said} {unit}'"))
    usual, other = _USUAL.get(written or "1"), _USUAL.get(unit)
    if usual and other and usual[0] == other[0]:
        return value * usual[1] / other[1]
    given, wanted = _unit(written or "1", said), _unit(unit, unit)
    if not given.is_compatible_with(wanted):
        target = "a pure number" if unit == "1" else unit
        raise InputError(Problem(f"'{said}' has the unit {written}, which does not convert to {target}", expected=_wanted(said, unit)))
    return Fraction(_registry().Quantity(value, given).to(wanted).magnitude)


def _float(value: Fraction, said: str) -> float:
    try:
        return float(value)
    except OverflowError:
        raise InputError(Problem(f"{said} is too large for a number")) from None


@cache
def _unit(name: str, said: str) -> Any:
    try:
        return _registry().parse_units("" if name == "1" else _UNIT.fullmatch(name)[0])  # type: ignore[index]
    except Exception:  # pint's parser lets assertions, type errors and token errors out, whatever it cannot read
        near = {u.lower(): u for u in _COMMON_UNITS}
        found = [near[n] for n in get_close_matches(name.lower(), list(near), n=2)]
        remedy = f"did you mean {' or '.join(repr(f) for f in found)}?" if found else "write units such as ms, mV, pA, nS, Hz, mm/ms"
        raise InputError(Problem(f"'{said}': there is no unit '{name}'", remedy=remedy)) from None


@cache
def _registry() -> Any:
    import pint  # noqa: PLC0415 - takes a third of a second, and who only asks for help should not wait for it

    return pint.UnitRegistry(non_int_type=Fraction, cache_folder=None)
