"""Find components and translators by name; ours are registered exactly as a stranger's are."""

from __future__ import annotations

from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from cosim.errors import InputError, Problem
from cosim.interfaces import Component, Translator

COMPONENTS = "cosim.components"
TRANSLATORS = "cosim.translators"


def component(name: str) -> type[Component]:
    """Return the component class registered under a name; raise `InputError` when there is none or it cannot be imported."""
    plugin: type[Component] = _load(COMPONENTS, "component", name, Component)
    return plugin


def translator(name: str) -> type[Translator]:
    """Return the translator class registered under a name; raise `InputError` when there is none or it cannot be imported."""
    plugin: type[Translator] = _load(TRANSLATORS, "translator", name, Translator)
    return plugin


def known(group: str) -> dict[str, EntryPoint]:
    """Return every entry point of a group by its name.

    Raises
    ------
    InputError
        When two packages register the same name.
    """
    found: dict[str, EntryPoint] = {}
    for entry in entry_points(group=group):
        other = found.setdefault(entry.name, entry)
        if other.value != entry.value:
            raise InputError(Problem(f"two packages register '{entry.name}' in '{group}': {other.value} and {entry.value}",
                                     remedy="uninstall one of them"))
    return dict(sorted(found.items()))


def did_you_mean(name: str, choices: list[str]) -> str:
    """Return a remedy that names the nearest choices, or all of them."""
    near = get_close_matches(name, choices, n=2)
    if near:
        return "did you mean " + " or ".join(f"'{n}'" for n in near) + "?"
    return "choose one of " + ", ".join(f"'{c}'" for c in choices) if choices else "there is nothing to choose from"


def _load(group: str, noun: str, name: str, base: type) -> Any:
    found = known(group)
    if name not in found:
        raise InputError(Problem(f"there is no {noun} named '{name}'", remedy=did_you_mean(name, list(found))))
    try:
        plugin = found[name].load()
    except (ImportError, AttributeError) as error:
        raise InputError(Problem(f"the {noun} '{name}' ({found[name].value}) cannot be imported: {error}",
                                 remedy="reinstall the package that brings it")) from error
    if not (isinstance(plugin, type) and issubclass(plugin, base)):
        raise InputError(Problem(f"the {noun} '{name}' ({found[name].value}) is not a subclass of cosim.interfaces.{base.__name__}"))
    return plugin
