"""Read, convert and write numbers with units, exactly: ``0.1 ms``, ``4 mm/ms``, ``8 Hz``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any

from cosim.errors import InputError, Problem

if TYPE_CHECKING:
    import pint

_NUMBER = re.compile(r"\s*([-+\u2212]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+\u2212]?\d{1,3})?)(?![\d.,]|[eE][-+]?\d)\s*(.*?)\s*", re.DOTALL)
_UNIT = re.compile(r"[A-Za-z\u00b5\u03bc\u03a9\u2126\u00b0%/*^\u00b7()\s\d-]*")
_COMMON_UNITS = ("ms", "s", "us", "min", "mV", "V", "uV", "pA", "nA", "uA", "nS", "uS", "mS", "S", "pF", "nF", "uF", "Hz", "kHz", "1/ms",
                 "1/s", "mm", "um", "cm", "m", "mm/ms", "m/s", "Mohm", "ohm", "mM", "degC", "kelvin", "%")
_MOST_DIGITS = 25


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
        return float(_convert(Fraction(repr(self.value)), self.unit, unit, str(self)))


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
    return _convert(number, written or "1", unit, str(value).strip(), has_unit=bool(written))


def read_any_quantity(value: object) -> Quantity:
    """Return what a user wrote as a quantity in the user's own unit; a bare number is a pure one."""
    number, written = _split(value, "")
    if written:
        _unit(written, str(value).strip())
    return Quantity(_float(number, str(value)), written or "1")


def same_dimension(unit: str, other: str) -> bool:
    """Return whether two units measure the same, so that one can be converted into the other."""
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
    wanted = "a number" if unit == "1" else f"a number with a unit, such as '{_example(value, unit)}'"
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        shown = "nothing" if value is None else {True: "true", False: "false"}.get(value, "") if isinstance(value, bool) else _noun(value)
        raise InputError(Problem(f"{shown} is not a quantity", expected=wanted))
    found = _NUMBER.fullmatch(value if isinstance(value, str) else repr(value))
    if not found:
        remedy = "write a point, not a comma" if isinstance(value, str) and re.match(r"\s*[-+]?\d+,\d", value) else ""
        raise InputError(Problem(f"'{value}' is not a {'finite number' if isinstance(value, float) else 'quantity'}", expected=wanted,
                                 remedy=remedy))
    return Fraction(found[1].replace("\u2212", "-")), found[2]


def _example(value: object, unit: str) -> str:
    found = re.match(r"\s*([-+]?[\d.]*\d)", str(value)) if isinstance(value, str | int | float) else None
    return f"{found[1] if found else 1} {unit or 'ms'}"


def _noun(value: object) -> str:
    return {dict: "a mapping", list: "a list"}.get(type(value), f"'{value}'")


def _convert(value: Fraction, written: str, unit: str, shown: str, *, has_unit: bool = True) -> Fraction:
    if not has_unit and unit != "1":
        raise InputError(Problem(f"{shown} has no unit", expected=f"a number with a unit, in {unit} or what converts to it",
                                 remedy=f"write '{shown} {unit}'"))
    if written == unit:
        return value
    given, wanted = _unit(written, shown), _unit(unit, unit)
    if not given.is_compatible_with(wanted):
        expected = "a pure number" if unit == "1" else f"a quantity in {unit} or what converts to it, such as '{_example(shown, unit)}'"
        raise InputError(Problem(f"'{shown}' has the unit {written}, which does not convert to {'a pure number' if unit == '1' else unit}",
                                 expected=expected))
    return Fraction(_registry().Quantity(value, given).to(wanted).magnitude)


def _float(value: Fraction, shown: str) -> float:
    try:
        return float(value)
    except OverflowError:
        raise InputError(Problem(f"{shown} is too large for a number")) from None


@cache
def _unit(name: str, shown: str) -> pint.Unit:
    import pint  # noqa: PLC0415 - takes a third of a second, and who only asks for help should not wait for it

    try:
        if not _UNIT.fullmatch(name):
            raise ValueError(name)
        return _registry().parse_units("" if name == "1" else name)
    except Exception:  # pint's parser lets assertions, type errors and token errors out, whatever it cannot read
        near = {u.lower(): u for u in _COMMON_UNITS}
        found = [near[n] for n in get_close_matches(name.lower(), list(near), n=2)]
        remedy = f"did you mean {' or '.join(repr(f) for f in found)}?" if found else "write units such as ms, mV, pA, nS, Hz, mm/ms"
        raise InputError(Problem(f"'{shown}': there is no unit '{name}'", remedy=remedy)) from None


@cache
def _registry() -> Any:
    import pint  # noqa: PLC0415 - see above

    return pint.UnitRegistry(non_int_type=Fraction, cache_folder=None)
