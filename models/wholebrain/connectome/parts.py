"""Put a connectome together from what a reader found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cosim.errors import Problem, raise_all
from cosim.models.wholebrain.connectome.data import Array, Connectome, Flags, problems_of, size

# What the parts are called in files, the first name being The Virtual Brain's; after it those of BEP034 and of common matrices.
NAMES: dict[str, tuple[str, ...]] = {
    "weights": ("weights", "weight", "sc", "cmat", "connectivity"),
    "tract_lengths": ("tract_lengths", "tract_length", "distances", "distance", "lengths", "length", "dmat"),
    "centres": ("centres", "centers", "nodes"),
    "labels": ("region_labels", "labels", "names"),
    "orientations": ("average_orientations", "orientations", "normals"),
    "areas": ("areas", "area"),
    "cortical": ("cortical",),
    "right": ("hemispheres", "hemisphere"),
}


@dataclass(frozen=True, slots=True)
class Parts:
    """Hold what was found of a connectome; None is what was not.

    Parameters
    ----------
    weights, tract_lengths : (n, n) float64 or None
        As the file has them: rows are targets.
    centres : (n, 3) float64 or None, mm
        Positions.
    labels : tuple of str or None
        Names of the regions.
    orientations, areas, cortical, right : array of float64 or None
        As in `Connectome`; marks as numbers.
    """

    weights: Array | None = None
    tract_lengths: Array | None = None
    centres: Array | None = None
    labels: tuple[str, ...] | None = None
    orientations: Array | None = None
    areas: Array | None = None
    cortical: Array | None = None
    right: Array | None = None


def assembled(parts: Parts, origin: str) -> Connectome:
    """Return the connectome of some parts.

    Missing tract lengths become the distances of the centres; missing labels become ``R1``, ``R2`` ...; missing centres stay unknown.

    Raises
    ------
    InputError
        When the parts are no connectome; says everything that is wrong.
    """
    problems: list[Problem] = []
    weights = np.zeros((0, 0)) if parts.weights is None else parts.weights
    if parts.weights is None:
        problems.append(Problem("there are no weights", origin, "a square table of weights, rows being targets"))
    if parts.tract_lengths is None and parts.centres is None:
        problems.append(
            Problem(
                "there are neither tract lengths nor centres, so that no delay is known",
                origin,
                remedy="give tract lengths in mm with 'tract_lengths: FILE'",
            )
        )
    raise_all(problems)
    labels = parts.labels
    if labels is None:
        labels = tuple(f"R{i + 1}" for i in range(len(weights)))
    centres = np.full((len(labels), 3), np.nan) if parts.centres is None else parts.centres
    lengths = distances(centres) if parts.tract_lengths is None else parts.tract_lengths
    connectome = Connectome(
        origin,
        labels,
        weights,
        lengths,
        centres,
        parts.orientations,
        _one_column(parts.areas),
        _flags(parts.cortical, "cortical", origin, problems),
        _flags(parts.right, "hemispheres", origin, problems),
    )
    raise_all(problems + problems_of(connectome))
    return connectome


def distances(centres: Array) -> Array:
    """Return the straight distances between points, in the unit of the points.

    Parameters
    ----------
    centres : (n, 3) float64
        The points.

    Returns
    -------
    (n, n) float64
        Distances, symmetric and zero on the diagonal.
    """
    if centres.ndim != 2:
        return np.zeros((len(centres), len(centres)))
    return np.asarray(np.sqrt(((centres[:, None] - centres[None]) ** 2).sum(axis=2)), np.float64)


def _one_column(values: Array | None) -> Array | None:
    return values if values is None or values.ndim < 2 or 1 not in values.shape else values.reshape(-1)


def _flags(values: Array | None, name: str, origin: str, problems: list[Problem]) -> Flags | None:
    column = _one_column(values)
    if column is None:
        return None
    wrong = ~np.isin(column, (0, 1))
    if wrong.any():
        problems.append(Problem(f"'{name}' holds {column[wrong][0]:g}, in a table of {size(column)}", origin, "0 or 1 for each region"))
    return np.asarray(column == 1, np.bool_)
