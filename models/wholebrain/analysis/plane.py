"""The phase plane of a region with two variables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cosim.models.wholebrain.analysis.region import Region
from cosim.models.wholebrain.language.model import Array


@dataclass(frozen=True, slots=True)
class Plane:
    """Hold the slopes on a grid; nullclines are their contours at 0.

    Parameters
    ----------
    first, second : (m,) float64
        Values of the two variables.
    slopes : (2, m, m) float64
        Derivatives, 1/ms, at ``second[i]``, ``first[j]``.
    """

    first: Array
    second: Array
    slopes: Array


def plane(region: Region, low: Array, high: Array, points: int = 161) -> Plane:
    """Return the slopes of a region of two variables on a grid.

    Parameters
    ----------
    region : Region
        Which.
    low, high : (2,) float64
        Corners of the grid.
    points : int
        How many values of each variable.
    """
    first, second = (np.linspace(a, b, points) for a, b in zip(low, high, strict=True))
    x = np.array([g.ravel() for g in np.meshgrid(first, second)])
    with np.errstate(all="ignore"):
        return Plane(first, second, region.slopes(x).reshape(2, points, points))
