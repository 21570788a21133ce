"""Hold a connectome, and say what is wrong with one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cosim.errors import Problem

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Connectome:
    """Hold the regions of a brain and what connects them.

    Parameters
    ----------
    origin : str
        Where it comes from, for the user.
    labels : tuple of str
        Names of the regions.
    weights : (n, n) float64
        ``weights[i, j]`` is the strength of the connection from region j to region i.
    tract_lengths : (n, n) float64, mm
        Lengths in the same order.
    centres : (n, 3) float64, mm
        Positions of the regions; all NaN where nobody told them.
    orientations : (n, 3) float64 or None
        Mean normals of the cortex in the regions, for dipoles.
    areas : (n,) float64 or None, mm^2
        Areas of the regions.
    cortical : (n,) bool or None
        Which regions belong to the cortex.
    right : (n,) bool or None
        Which regions lie in the right hemisphere.
    """

    origin: str
    labels: tuple[str, ...]
    weights: Array
    tract_lengths: Array
    centres: Array
    orientations: Array | None = None
    areas: Array | None = None
    cortical: Flags | None = None
    right: Flags | None = None

    def __len__(self) -> int:
        return len(self.labels)


def problems_of(connectome: Connectome) -> list[Problem]:
    """Return everything that is wrong with a connectome."""
    found = []
    where = connectome.origin
    n = len(connectome.labels)
    for name, matrix, unit in (("weights", connectome.weights, ""), ("tract lengths", connectome.tract_lengths, " mm")):
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
            found.append(Problem(f"the {name} are a table of {size(matrix)}", where, "a square table, one row and one column a region"))
            continue
        if len(matrix) != n:
            found.append(Problem(f"the {name} are a table of {size(matrix)}, but there are {n} regions", where, f"{n} x {n}"))
        for what, wrong in (("not a finite number", ~np.isfinite(matrix)), ("negative", matrix < 0)):
            if wrong.any():
                i, j = (int(k) for k in np.argwhere(wrong)[0])
                found.append(
                    Problem(
                        f"{int(wrong.sum())} of the {name} are {what}, the first in row {i + 1}, column {j + 1}: {matrix[i, j]:g}{unit}",
                        where,
                        f"{name} of 0{unit} or more",
                    )
                )
    if n < 2:
        found.append(Problem(f"there are {n} regions", where, "at least 2"))
    found += _problems_of_regions(connectome, n)
    twice = sorted({label for label in connectome.labels if connectome.labels.count(label) > 1})
    if twice:
        found.append(
            Problem(
                f"{len(twice)} labels name more than one region: " + ", ".join(f"'{t}'" for t in twice), where, "a name of its own for each"
            )
        )
    return found


def size(matrix: Array) -> str:
    """Return the size of an array for a message, such as ``3 x 2``."""
    return " x ".join(str(s) for s in matrix.shape) or "one number"


def _problems_of_regions(connectome: Connectome, n: int) -> list[Problem]:
    where, found = connectome.origin, []
    centres = connectome.centres
    if centres.shape != (n, 3) or not (np.isfinite(centres).all() or np.isnan(centres).all()):
        found.append(Problem("the centres are not three finite numbers for each region", where, "lines of: label x y z"))
    for name, values, shape in (
        ("orientations", connectome.orientations, (n, 3)),
        ("areas", connectome.areas, (n,)),
        ("marks of cortical regions", connectome.cortical, (n,)),
        ("marks of the hemispheres", connectome.right, (n,)),
    ):
        if values is None:
            continue
        if values.shape != shape:
            found.append(
                Problem(f"the {name} are {size(np.asarray(values, float))} for {n} regions", where, " x ".join(str(s) for s in shape))
            )
        elif not np.isfinite(values).all():
            found.append(Problem(f"some of the {name} are not finite numbers", where))
    if connectome.areas is not None and (connectome.areas < 0).any():
        found.append(Problem(f"an area is {connectome.areas.min():g} mm^2", where, "areas of 0 mm^2 or more"))
    return found
