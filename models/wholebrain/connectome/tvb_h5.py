"""Read a connectome from an HDF5 file as The Virtual Brain keeps its `Connectivity`."""

from __future__ import annotations

from pathlib import Path

from cosim.errors import Problem, raise_all
from cosim.models.wholebrain.connectome.arrays import parts_of, read_arrays
from cosim.models.wholebrain.connectome.data import Connectome
from cosim.models.wholebrain.connectome.parts import assembled


def read_tvb_h5(path: Path, origin: str = "") -> Connectome:
    """Read the datasets of a ``Connectivity_*.h5``.

    The Virtual Brain (``ConnectivityH5`` in tvb-framework) keeps the arrays as datasets of the root: ``weights``, ``tract_lengths``,
    ``centres``, ``region_labels`` (bytes), ``orientations``, ``areas``, ``cortical`` and ``hemispheres``; numbers and the rest are
    attributes, which are not needed. Only ``weights`` and one of ``tract_lengths`` and ``centres`` must be there.

    Raises
    ------
    InputError
        When it cannot be read or holds what no connectome can be; says everything that is wrong.
    """
    origin = origin or str(path)
    problems: list[Problem] = []
    arrays = read_arrays(path, origin)
    parts = parts_of(arrays, origin, problems)
    if parts.weights is None and not problems:
        held = ", ".join(f"'{name}'" for name in sorted(arrays))
        problems.append(Problem("the dataset 'weights' is missing", origin, remedy=f"it holds {held or 'no dataset'}"))
    raise_all(problems)
    return assembled(parts, origin)
