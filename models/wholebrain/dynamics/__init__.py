"""Mean-field models of one region, one file each; a file that lies here is a model that can be named."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from cosim.models.wholebrain.language.model import Model


def names() -> tuple[str, ...]:
    """Return the names of all mean-field models."""
    return tuple(sorted(module.name for module in iter_modules(__path__)))


def model(name: str) -> Model:
    """Return a mean-field model by its name, which must be one of `names`."""
    found: Model = import_module(f"{__name__}.{name}").MODEL
    return found
