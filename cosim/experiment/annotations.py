"""Look at type annotations: what they want in words, and the unit that marks them."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import is_dataclass
from enum import Enum
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from cosim.interfaces import Unit

PURE = "1"


def is_union(annotation: Any) -> bool:
    """Return whether an annotation leaves a choice between types."""
    return get_origin(annotation) in {Union, types.UnionType}


def unmarked(annotation: Any, unit: str = PURE) -> tuple[Any, str]:
    """Return the bare type and the unit that its marks, or those around it, say."""
    if get_origin(annotation) is Annotated:
        base, *marks = get_args(annotation)
        return unmarked(base, next((m.name for m in marks if isinstance(m, Unit)), unit))
    return annotation, unit


def in_words(annotation: Any, unit: str = PURE) -> str:  # noqa: PLR0911 - one return for each sort of type
    """Say what is to be written where this type stands."""
    bare, unit = unmarked(annotation, unit)
    args = [a for a in get_args(bare) if a is not Ellipsis]
    if is_union(bare):
        return " or ".join(in_words(a, unit) for a in args)
    origin = get_origin(bare) or bare
    if bare in _WORDS or bare in {float, int, Fraction}:
        return _WORDS.get(bare) or _number_in_words(bare, unit)
    if origin is Literal:
        return " or ".join(f"'{a}'" if isinstance(a, str) else str(a) for a in args)
    if isinstance(origin, type) and issubclass(origin, Enum):
        return " or ".join(f"'{member.value}'" for member in origin)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return f"a mapping of names to {in_words(args[1], unit)}" if args else "a mapping"
    if origin is tuple and len(args) == len(get_args(bare)) and args:
        return "a list of " + ", ".join(in_words(a, unit) for a in args)
    if origin in {tuple, list}:
        return f"a list, each item {in_words(args[0], unit)}" if args else "a list"
    return "a mapping" if is_dataclass(bare) else "anything"


_WORDS: dict[Any, str] = {bool: "true or false", str: "text", Path: "a path", type(None): "nothing"}


def _number_in_words(bare: Any, unit: str) -> str:
    if unit != PURE:
        return f"a quantity in {unit}"
    return "a whole number" if bare is int else "a number"

