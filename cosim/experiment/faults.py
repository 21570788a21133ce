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


def faults_of(error: ValidationError, data: Any, wanted: str, meaning: str = "") -> Faults:
    """Return what is wrong as keys and problems.

    Parameters
    ----------
    error : ValidationError
        What pydantic says.
    data : object
        What was read.
    wanted : str
        What was to be written, used where pydantic's own words would not help.
    meaning : str
        What the key means, told with what is wrong with the key itself.
    """
    found: Faults = []
    for detail in error.errors(include_url=False):
        keys: Keys = tuple(k for k in detail["loc"] if k != "[key]")
        inner = detail.get("ctx", {}).get("error")
        if isinstance(inner, Refused):
            found += [((*keys, *below), problem) for below, problem in inner.faults]
        else:
            found.append((keys, _problem(detail, _value(data, keys), wanted)))
    return [(keys, problem if keys else _with_meaning(problem, meaning)) for keys, problem in found]


def _with_meaning(problem: Problem, meaning: str) -> Problem:
    if not (problem.expected and meaning):
        return problem
    return Problem(problem.what, problem.where, f"{problem.expected} ({meaning})", problem.remedy)


def _value(data: Any, keys: Keys) -> Any:
    for key in keys:
        try:
            data = data[key]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def _problem(detail: ErrorDetails, value: Any, wanted: str) -> Problem:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in _BOUNDS:
        name, words = _BOUNDS[kind]
        return Problem(f"{shown(value)} is out of range", expected=f"{words} {context[name]}")
    if kind in {"literal_error", "enum"}:
        choices = [c.strip("' ") for c in context["expected"].replace(" or ", ", ").split(",")]
        words = context["expected"] if detail["loc"] else wanted
        return Problem(f"{shown(value)} is not one of the choices", expected=words, remedy=did_you_mean(str(value), choices))
    what = _WHAT.get(kind, "is not valid: {msg}").format(msg=detail["msg"], **context)
    return Problem(what if kind == "missing" else f"{shown(value)} {what}", expected=wanted)
