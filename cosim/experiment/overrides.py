"""Change single keys of an experiment from the command line: ``--set groups.column.params.scale=0.2``."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from typing import Any

from cosim.errors import Problem
from cosim.experiment.quantities import shown
from cosim.experiment.source import OVERRIDE, Keys, Source, dotted, find_keys, item_name, plain_scalar
from cosim.registry import did_you_mean

_MOST_SHOWN = 100


def with_overrides(source: Source, overrides: Iterable[str], problems: list[Problem]) -> Source:
    """Return the same source with some keys set to other values.

    Parameters
    ----------
    source : Source
        What the file says.
    overrides : iterable of str
        Each ``key=value``, the value in YAML; items of lists by number, couplings also by name. Later ones win.
    problems : list of Problem
        What is wrong with an override is appended.
    """
    data, places = deepcopy(source.data), dict(source.places)
    for override in overrides:
        place = f"{OVERRIDE} {override}" if len(override) <= _MOST_SHOWN else f"{OVERRIDE} {override[:_MOST_SHOWN]}..."
        key, equals, value = override.partition("=")
        key = key.strip()
        if not equals or not all(key.split(".")):
            problems.append(Problem(f"{shown(override)} is no override", place, "key=value, such as duration='500 ms'"))
            continue
        keys = find_keys(data, key)
        problem = _set(data, keys, plain_scalar(value))
        if problem:
            problems.append(problem.at(place))
            continue
        for old in [k for k in places if k[:len(keys)] == keys]:
            del places[old]
        for depth in range(1, len(keys) + 1):
            places.setdefault(keys[:depth], place)
    return Source(source.path, data, places)


def _set(data: Any, keys: Keys, value: Any) -> Problem | None:
    """Set a key in place, making the mappings on the way to it; return what keeps us from that."""
    for depth, key in enumerate(keys):
        above = dotted(keys[:depth])
        items: Any = dict(enumerate(data)) if isinstance(data, list) else data
        if not isinstance(items, dict):
            instead = f"write a mapping in place of {shown(data)}: '{above}={{{key}: {shown(value)}}}'" if depth == len(keys) - 1 else ""
            return Problem(f"'{above}' is {shown(data)}, there are no keys below it", remedy=instead)
        if isinstance(data, list) and key not in items:
            names = [item_name(item) or str(i) for i, item in items.items()]
            return Problem(f"'{above}' has no item '{key}'", remedy=did_you_mean(str(key), names))
        if keys[:depth] == ("groups",) and key not in items:
            return Problem(f"there is no group '{key}'", remedy=did_you_mean(str(key), list(items)))
        if depth == len(keys) - 1:
            data[key] = value
        elif items.get(key) is None:
            data[key] = {}
        data = data[key]
    return None
