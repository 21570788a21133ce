"""Read which values a key takes in a sweep: ``0:2:0.1``, ``[1, 2, 5]``, ``linspace(0, 2, 21)``, ``logspace(-3, 0, 7)``."""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np

from cosim.errors import InputError, Problem
from cosim.experiment.source import plain_scalar

MOST_VALUES = 1_000_000
"""More values than this are a slip of the pen."""

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?"
_RANGE = re.compile(rf"\s*({_NUMBER})\s*:\s*({_NUMBER})\s*:\s*({_NUMBER})\s*([A-Za-z%/][A-Za-z%/0-9*^ ]*)?\s*")
_SPACED = re.compile(rf"\s*(linspace|logspace)\s*\(\s*({_NUMBER})\s*,\s*({_NUMBER})\s*,\s*(\d+)\s*\)\s*([A-Za-z%/][A-Za-z%/0-9*^ ]*)?\s*")
_EXPECTED = "a range such as 0:2:0.1, a list such as [0.1, 0.2], linspace(0, 2, 21) or logspace(-3, 0, 7); a unit may follow"


def values_of(spec: str) -> tuple[str, ...]:
    """Return the values that a specification names, each as it is written in an experiment file.

    Parameters
    ----------
    spec : str
        ``start:stop:step`` (the stop is the last value where the steps meet it; in decimal arithmetic, so that 0:1:0.1 holds 0.3 and not
        0.30000000000000004), a list in YAML, ``linspace(first, last, count)`` or ``logspace(first, last, count)`` with powers of ten;
        a unit may follow all but a list.

    Raises
    ------
    InputError
        When it is none of these, or names no value.
    """
    if found := _RANGE.fullmatch(spec):
        numbers, unit = _range(*found.groups()[:3]), found[4]
    elif found := _SPACED.fullmatch(spec):
        numbers, unit = _spaced(found[1], float(found[2]), float(found[3]), int(found[4])), found[5]
    elif spec.strip().startswith("["):
        listed = plain_scalar(spec)
        if not isinstance(listed, list) or not listed:
            raise InputError(Problem(f"'{spec}' is no list, or one without values", expected=_EXPECTED))
        return tuple(written(value) for value in listed)
    else:
        raise InputError(Problem(f"'{spec}' does not say which values", expected=_EXPECTED))
    return tuple(f"{number} {unit.strip()}" if unit else number for number in numbers)


def written(value: Any) -> str:
    """Return a value as text that is read as the same value again."""
    return value if isinstance(value, str) else json.dumps(value)


def _range(*texts: str) -> list[str]:
    try:
        start, stop, step = (Decimal(t) for t in texts)
        count = int((stop - start) / step) + 1 if step and (stop - start) / step >= 0 else 0
    except InvalidOperation:
        count = 0
    if count < 1:
        raise InputError(Problem(f"the range {':'.join(texts)} never reaches its stop",
                                 expected="start:stop:step with a step towards the stop"))
    _refuse_many(count)
    return [format((start + k * step).normalize(), "f") for k in range(count)]


def _spaced(kind: str, first: float, last: float, count: int) -> list[str]:
    if count < 1:
        raise InputError(Problem(f"{kind} of {count} values", expected="at least one"))
    _refuse_many(count)
    values = np.linspace(first, last, count) if kind == "linspace" else [10.0**float(x) for x in np.linspace(first, last, count)]
    return [repr(float(v)) for v in values]


def _refuse_many(count: int) -> None:
    if count > MOST_VALUES:
        raise InputError(Problem(f"{count} values of one key", expected=f"at most {MOST_VALUES}"))
