"""Refuse tables of sensors and sources that cannot be meant: names that stand twice, and other units."""

from __future__ import annotations

from collections import Counter

import numpy as np

from cosim.errors import InputError, Problem
from cosim.models.observe.operator import Array
from cosim.models.observe.places import Places

MOST_UNLIKE = 50.0
"""Tables whose extents differ by more than this factor are taken to be in different units: m and mm differ by 1000."""
_MOST_TOLD = 5


def refuse_twice(sensors: Places) -> None:
    """Raise `InputError` where two sensors bear the same name: each names a channel of what comes out."""
    twice = [name for name, n in Counter(sensors.labels).items() if n > 1]
    if twice:
        told = ", ".join(f"'{name}'" for name in twice[:_MOST_TOLD]) + ", ..." * (len(twice) > _MOST_TOLD)
        raise InputError(Problem(f"the name {told} stands at more than one sensor" if len(twice) == 1 else
                                 f"the names {told} stand at more than one sensor each", "sensors", "names that differ",
                                 "rename or remove the others"))


def refuse_other_units(sensors: Places, sources: Places) -> None:
    """Raise `InputError` where sensors and sources are probably not in the same unit.

    Both the extent of the table and its reach from the origin must be unlike: two contacts of one electrode lie close together, and a
    magnetometer may lie far away.
    """
    ours, theirs = _extent_and_reach(sensors.positions), _extent_and_reach(sources.positions)
    if not all(theirs) or not ours[1]:  # what lies at the origin lies there in every unit
        return
    smaller = all(a * MOST_UNLIKE < b for a, b in zip(ours, theirs, strict=True))
    larger = all(a > b * MOST_UNLIKE for a, b in zip(ours, theirs, strict=True))
    if smaller or larger:
        raise InputError(Problem(f"the sensors reach {ours[1]:.3g} from the origin and the sources {theirs[1]:.3g}: their units probably "
                                 "differ", "sensors", f"less than a factor of {MOST_UNLIKE:g} between them",
                                 "write both in the same unit, such as mm"))


def _extent_and_reach(positions: Array) -> tuple[float, float]:
    """Return the diagonal of the box around some places, and how far they reach from the origin."""
    return float(np.linalg.norm(np.ptp(positions, axis=0))), float(np.linalg.norm(positions, axis=1).max())
