"""Turn parameters back into plain data, every quantity with its unit, so that reading them gives the same parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from enum import Enum
from fractions import Fraction
from pathlib import Path
from typing import Any, get_args

from cosim.errors import InputError
from cosim.experiment.annotations import PURE, is_union, unmarked
from cosim.experiment.parameters import read_value, settings
from cosim.experiment.quantities import text


def written(value: Any, annotation: Any, unit: str = PURE) -> Any:  # noqa: PLR0911 - one return for each sort of type
    """Return a value as plain data.

    Parameters
    ----------
    value : object
        A value of a parameter.
    annotation : object
        Its type with its marks.
    unit : str
        Unit that marks further out say.
    """
    bare, unit = unmarked(annotation, unit)
    args = get_args(bare)
    if is_union(bare):
        return _member_written(value, bare, unit)
    if is_dataclass(value):
        return parameters_written(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Fraction | float | int) and not isinstance(value, bool):
        return value if unit == PURE and not isinstance(value, Fraction) else text(float(value) if bare is float else value, unit)
    if isinstance(value, Mapping):
        return {key: written(item, args[1] if args else Any, unit) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        each = [args[0] if args else Any] * len(value) if Ellipsis in args or len(args) < 2 else args
        return [written(item, kind, unit) for item, kind in zip(value, each, strict=True)]
    return value


def parameters_written(parameters: Any) -> dict[str, Any]:
    """Return all parameters of a dataclass as plain data, those at their defaults too."""
    cls: type = type(parameters)
    known = settings(cls)
    return {key: written(getattr(parameters, setting.name), setting.annotation) for key, setting in known.items()}


def _member_written(value: Any, annotation: Any, unit: str) -> Any:
    """Write a value as the member of a union that gives the same value when it is read again."""
    for member in get_args(annotation):
        try:
            data = written(value, member, unit)
            if read_value(annotation, unit, data) == value:
                return data
        except (ValueError, InputError):
            continue
    return value
