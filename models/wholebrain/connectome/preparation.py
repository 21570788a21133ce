"""Prepare a connectome for a simulation: choose regions, drop weak connections, make it symmetric, scale it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from math import inf

import numpy as np

from cosim._random import log
from cosim.errors import InputError, Problem, raise_all
from cosim.models.wholebrain.connectome.data import Array, Connectome
from cosim.registry import did_you_mean


def prepared(
    connectome: Connectome,
    transpose: bool = False,
    regions: Sequence[str] | None = None,
    symmetry: str = "none",
    threshold: float = 0.0,
    density: float | None = None,
    logarithm: bool = False,
) -> Connectome:
    """Return the connectome after all steps of its preparation, in the order of the parameters.

    Parameters
    ----------
    connectome : Connectome
        As it was read.
    transpose : bool
        See `transposed`.
    regions : sequence of str or None
        See `subset`; None takes all.
    symmetry : {'none', 'mean', 'max'}
        See `symmetric`.
    threshold : float
        See `without_weak`.
    density : float or None
        See `strongest`; None keeps all.
    logarithm : bool
        See `logarithmic`.

    Raises
    ------
    InputError
        When one of the steps cannot be taken.
    """
    if symmetry not in ("none", "mean", "max"):
        remedy = did_you_mean(symmetry, ["none", "mean", "max"])
        raise InputError(Problem(f"there is no way '{symmetry}' to make weights symmetric", "symmetric", remedy=remedy))
    found = transposed(connectome) if transpose else connectome
    found = found if regions is None else subset(found, regions)
    found = found if symmetry == "none" else symmetric(found, symmetry)
    found = without_weak(found, threshold)
    found = found if density is None else strongest(found, density)
    return logarithmic(found) if logarithm else found


def transposed(connectome: Connectome) -> Connectome:
    """Return the connectome with sources and targets exchanged, for files whose rows are sources."""
    return replace(connectome, weights=connectome.weights.T.copy(), tract_lengths=connectome.tract_lengths.T.copy())


def taken(connectome: Connectome, places: Sequence[int]) -> Connectome:
    """Return the connectome of some regions, in the order of their numbers as given.

    Parameters
    ----------
    connectome : Connectome
        What to choose from.
    places : sequence of int
        Numbers of the regions, each once.
    """
    at = np.asarray(places, np.int64)
    both = np.ix_(at, at)
    return replace(
        connectome,
        labels=tuple(connectome.labels[k] for k in at),
        weights=connectome.weights[both],
        tract_lengths=connectome.tract_lengths[both],
        centres=connectome.centres[at],
        orientations=None if connectome.orientations is None else connectome.orientations[at],
        areas=None if connectome.areas is None else connectome.areas[at],
        cortical=None if connectome.cortical is None else connectome.cortical[at],
        right=None if connectome.right is None else connectome.right[at],
    )


def subset(connectome: Connectome, regions: Sequence[str]) -> Connectome:
    """Return the connectome of the regions that some words choose, in the order of the connectome.

    Parameters
    ----------
    connectome : Connectome
        What to choose from.
    regions : sequence of str
        Names; patterns with ``*``, ``?`` and ``[]``; ``cortical`` and ``subcortical``. Each may have ``not`` and a space before it and
        then takes regions away from those chosen so far; where the first word takes away, it starts from all.

    Raises
    ------
    InputError
        When a word chooses nothing, or fewer than two regions are left.
    """
    problems: list[Problem] = []
    chosen = np.full(len(connectome), bool(regions) and regions[0].startswith("not "))
    for word in regions:
        chosen[_places(connectome, word.removeprefix("not ").strip(), problems)] = not word.startswith("not ")
    raise_all(problems)
    if chosen.sum() < 2:
        raise InputError(Problem(f"{int(chosen.sum())} of {len(connectome)} regions are chosen", "regions", "at least 2"))
    return taken(connectome, [int(k) for k in np.flatnonzero(chosen)])


def symmetric(connectome: Connectome, how: str) -> Connectome:
    """Return the connectome with weights that are the same both ways.

    Parameters
    ----------
    connectome : Connectome
        What to make symmetric.
    how : {'mean', 'max'}
        Take the mean of both directions, or the larger. The length of a connection that has only one direction is that of this direction,
        of any other the mean of both.
    """
    w, lengths = connectome.weights, connectome.tract_lengths
    weights = np.maximum(w, w.T) if how == "max" else (w + w.T) / 2
    there, back = w > 0, w.T > 0
    mean = (lengths + lengths.T) / 2
    return replace(
        connectome, weights=weights, tract_lengths=np.where(there & ~back, lengths, np.where(back & ~there, lengths.T, mean))
    )


def without_weak(connectome: Connectome, threshold: float) -> Connectome:
    """Return the connectome without connections between regions whose weight is below a threshold; those of regions with themselves stay.

    Raises
    ------
    InputError
        When the threshold is negative or no number.
    """
    if not 0 <= threshold < inf:
        raise InputError(Problem(f"the threshold is {threshold:g}", "threshold", "a weight of 0 or more"))
    weights = connectome.weights.copy()
    weights[(weights < threshold) & ~np.eye(len(connectome), dtype=bool)] = 0.0
    return replace(connectome, weights=weights)


def strongest(connectome: Connectome, density: float) -> Connectome:
    """Return the connectome with the strongest connections between regions alone; those of regions with themselves stay.

    Parameters
    ----------
    connectome : Connectome
        What to thin out.
    density : float
        Share of the n (n - 1) possible connections to keep, from 0 to 1; round(density n (n - 1)) stay, or all where there are fewer.
        Of equal ones those first in the order of regions stay, both directions of a pair beside each other.

    Raises
    ------
    InputError
        When the density is not from 0 to 1.
    """
    if not 0 <= density <= 1:
        raise InputError(Problem(f"the density is {density:g}", "density", "a share from 0 to 1"))
    n = len(connectome)
    i, j = np.nonzero(~np.eye(n, dtype=bool))
    order = np.lexsort((i, np.maximum(i, j), np.minimum(i, j), -connectome.weights[i, j]))
    dropped = order[round(density * n * (n - 1)) :]
    weights = connectome.weights.copy()
    weights[i[dropped], j[dropped]] = 0.0
    return replace(connectome, weights=weights)


def logarithmic(connectome: Connectome) -> Connectome:
    """Return the connectome with log(1 + w) in place of each weight w, as is usual for counts of streamlines.

    The logarithm is the project's own, so that it does not depend on the processor.
    """
    return replace(connectome, weights=_log_of_one_more(connectome.weights))


def _log_of_one_more(x: Array) -> Array:
    """Return log(1 + x) for x of 0 or more; Goldberg (1991, ACM Computing Surveys 23:5, theorem 4) for what 1 + x loses of a small x."""
    one_more = 1.0 + x
    lost = one_more - 1.0
    logarithm = log(one_more.ravel()).reshape(x.shape)
    return np.asarray(np.where(lost > 0, logarithm * np.divide(x, lost, out=np.ones_like(x), where=lost > 0), x), np.float64)


def _places(connectome: Connectome, word: str, problems: list[Problem]) -> list[int]:
    labels = connectome.labels
    if word in labels:
        return [labels.index(word)]
    if word in ("cortical", "subcortical"):
        if connectome.cortical is None:
            problems.append(
                Problem(f"'{connectome.origin}' does not say which regions are cortical", "regions", remedy="name them, or give a pattern")
            )
            return []
        found = np.flatnonzero(connectome.cortical if word == "cortical" else ~connectome.cortical).tolist()
    else:
        found = [k for k, label in enumerate(labels) if fnmatchcase(label, word)]
    if not found:
        pattern = any(mark in word for mark in "*?[")
        what = f"no region fits '{word}'" if pattern or word.endswith("cortical") else f"there is no region '{word}'"
        problems.append(Problem(what, "regions", remedy="" if word.endswith("cortical") else did_you_mean(word, list(labels))))
    return found
