"""Give each region its number: from one number for all, a list in the order of the regions, or a mapping of their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cosim.errors import Problem
from cosim.registry import did_you_mean

Array = NDArray[np.float64]

DEFAULT = "default"
"""The key of a mapping that stands for all regions that no other key of it means."""


@dataclass(frozen=True, slots=True)
class Names:
    """Hold the names by which a user may mean regions.

    Parameters
    ----------
    labels : tuple of str
        Name of each region of the brain, in order.
    left_out : tuple of str
        Names and patterns of regions that the connectome has and the brain is without: numbers for them are not missed.
    """

    labels: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @classmethod
    def of(cls, labels: tuple[str, ...], chosen: Sequence[str] | None) -> Names:
        """Return the names where the words of the key ``regions`` have chosen the regions."""
        return cls(labels, tuple(word[4:].strip() for word in chosen or () if word.startswith("not ")))


NO_NAMES = Names()


def given(value: Any) -> str:
    """Write what stands for a number as a user would recognise it in an error, however long it is."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"a list of {len(value)} number{'s' * (len(value) != 1)}"
    return repr(value)


def spread(value: Mapping[str, float], names: Names, here: Sequence[int], usual: Array | float, where: str,
           problems: list[Problem]) -> Array:
    """Return a number for each of some regions, (n_regions,), from a mapping of names.

    A region has the number of its own name; else that of the pattern that fits it; else that of ``default``; else the usual one. So the
    order of the keys does not matter, and two patterns that give one region different numbers are refused unless it is also named.

    Parameters
    ----------
    value : mapping of str to float
        Numbers by name of a region, by pattern with ``*``, ``?`` and ``[]``, and for ``default``.
    names : Names
        The regions of the brain.
    here : sequence of int
        Numbers of the regions that are meant: those with the model that has the parameter.
    usual : float or (n_regions,) float64
        What a region has of which nothing is said.
    where : str
        The key that holds the mapping.
    problems : list of Problem
        Takes what is wrong.
    """
    labels = [names.labels[i] for i in here]
    found = np.array(np.broadcast_to(np.asarray(usual, np.float64), (len(labels),)))
    if DEFAULT in value:
        found[:] = value[DEFAULT]
    by_pattern: dict[int, str] = {}
    words = [word for word in value if word != DEFAULT]
    named = {labels.index(word) for word in words if word in labels}
    for word in words:
        if word in labels:
            found[labels.index(word)] = value[word]
            continue
        fitting = [k for k, label in enumerate(labels) if fnmatchcase(label, word)]
        if not fitting and not any(fnmatchcase(word, left) for left in names.left_out):
            problems.append(_unknown(word, names, labels, f"{where}.{word}"))
        for k in fitting:
            other = by_pattern.setdefault(k, word)
            if k not in named and value[other] != value[word]:
                problems.append(Problem(f"'{other}' and '{word}' both fit region '{labels[k]}' and give it {value[other]:g} and "
                                        f"{value[word]:g}", where, remedy=f"add '{labels[k]}: {value[word]:g}', or change a pattern"))
                break
            if k not in named:
                found[k] = value[word]
    return found


def _unknown(word: str, names: Names, labels: Sequence[str], where: str) -> Problem:
    if any(fnmatchcase(label, word) for label in names.labels):
        return Problem(f"region '{word}' has another model" if word in names.labels else f"no region with this model fits '{word}'", where,
                       "regions that have the model", "write it among the parameters of that other model")
    pattern = any(mark in word for mark in "*?[")
    return Problem(f"no region fits '{word}'" if pattern else f"there is no region '{word}'", where,
                   remedy=did_you_mean(word, [*labels, DEFAULT]))
