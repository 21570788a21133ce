"""Look components and translators up by name, and read their parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import is_dataclass
from typing import Any

from cosim import registry
from cosim.errors import InputError, Problem


def component_parameters(name: str) -> type:
    """Return the dataclass of a component's parameters; raise `InputError` when there is no such component."""
    return _parameters("component", name, registry.component)


def translator_parameters(name: str) -> type:
    """Return the dataclass of a translator's parameters; raise `InputError` when there is no such translator."""
    return _parameters("translator", name, registry.translator)


def _parameters(noun: str, name: str, find: Callable[[str], Any]) -> type:
    cls = getattr(find(name), "parameters", None)
    if not (isinstance(cls, type) and is_dataclass(cls)):
        raise InputError(Problem(f"the {noun} '{name}' does not say which parameters it has",
                                 remedy="its author must set 'parameters' to a dataclass"))
    return cls
