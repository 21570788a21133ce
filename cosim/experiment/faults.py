"""Turn what pydantic finds wrong into problems for a person."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from cosim.errors import Problem
from cosim.experiment.quantities import shown
from cosim.experiment.source import Keys
from cosim.registry import did_you_mean

Faults = list[tuple[Keys, Problem]]

_BOUNDS = {"greater_than": ("gt", "above"), "greater_than_equal": ("ge", "at least"), "less_than": ("lt", "below"),
           "less_than_equal": ("le", "at most"), "multiple_of": ("multiple_of", "a multiple of")}
_WHAT = {"missing": "an item of the list is missing", "dict_type": "is not a mapping", "tuple_type": "is not a list",
         "too_long": "has {actual_length} items, {max_length} are allowed",
         "too_short": "has {actual_length} items, at least {min_length} are needed"}


class Refused(ValueError):
    """Tell a validator of pydantic what is wrong below a key; the keys of the faults begin there."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        super().__init__("; ".join(problem.what for _, problem in faults))


def faults_of(error: ValidationError, data: Any, expected: str) -> Faults:
    """Return what is wrong as keys and problems.

    Parameters
    ----------
    error : ValidationError
        What pydantic says.
    data : object
        What was read.
    expected : str
        What was to be written, used where pydantic's own words would not help.
    """
    found: Faults = []
    for detail in error.errors(include_url=False):
        keys: Keys = tuple(k for k in detail["loc"] if k != "[key]")
        inner = detail.get("ctx", {}).get("error")
        if isinstance(inner, Refused):
            found += [((*keys, *below), _completed(problem, expected if not below and not keys else "")) for below, problem in inner.faults]
        else:
            found.append((keys, _problem(detail, _value(data, keys), expected)))
    return found


def _completed(problem: Problem, expected: str) -> Problem:
    """Add what is known of the meaning of a key."""
    meaning = expected[expected.find(" ("):] if " (" in expected else ""
    return Problem(problem.what, problem.where, problem.expected + meaning, problem.remedy) if problem.expected and meaning else problem


def _value(data: Any, keys: Keys) -> Any:
    for key in keys:
        try:
            data = data[key]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def _problem(detail: ErrorDetails, value: Any, expected: str) -> Problem:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in _BOUNDS:
        name, words = _BOUNDS[kind]
        return Problem(f"{shown(value)} is out of range", expected=f"{words} {context[name]}")
    if kind in {"literal_error", "enum"}:
        choices = [c.strip("' ") for c in context["expected"].replace(" or ", ", ").split(",")]
        words = context["expected"] if detail["loc"] else expected
        return Problem(f"{shown(value)} is not one of the choices", expected=words, remedy=did_you_mean(str(value), choices))
    what = _WHAT.get(kind, "is not valid: {msg}").format(msg=detail["msg"], **context)
    return Problem(what if kind == "missing" else f"{shown(value)} {what}", expected=expected)
