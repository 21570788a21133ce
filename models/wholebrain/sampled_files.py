"""Read numbers in the order of time from files: courses of stimuli, and what was before a run."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cosim.errors import InputError, Problem
from cosim.models.wholebrain.connectome.arrays import read_arrays
from cosim.models.wholebrain.connectome.tables import rows_of
from cosim.models.wholebrain.network import Array

TEXT = (".csv", ".tsv", ".txt")


def read_sampled(name: str, folder: Path | None, where: str, binary: tuple[str, ...] = (".npy",)) -> dict[str, Array]:
    """Return the arrays of a file by name, float64; that of a text or of an ``.npy`` is called ''.

    Parameters
    ----------
    name : str
        The file, relative to `folder`.
    where : str
        Place in the experiment, for errors.
    binary : tuple of str
        Endings of files of NumPy that may stand here.

    Raises
    ------
    InputError
        When the file cannot be read or holds anything but numbers. Numbers that are not finite are let through.
    """
    path = Path(folder or ".") / name
    kind = path.suffix.lower()
    if kind not in (*TEXT, *binary):
        raise InputError(Problem(f"'{name}' has an ending that says nothing", where, "a file that ends in " + ", ".join((*TEXT, *binary))))
    arrays = {"": _table(path, where)} if kind in TEXT else read_arrays(path, where)
    found = {}
    for key, array in arrays.items():
        what = f"'{name}'" + (f": '{key}'" if key else "")
        values = np.asarray(array)
        if values.dtype.kind not in "iuf" or not values.size:
            raise InputError(Problem(f"{what} is {'empty' if not values.size else f'of type {values.dtype}'}", where, "numbers"))
        found[key] = np.ascontiguousarray(values, np.float64)
    return found


def _table(path: Path, where: str) -> Array:
    """Return the numbers of a text, (rows, columns); a first line of words is a heading."""
    try:
        rows = rows_of(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(Problem(f"'{path}' cannot be read: {error.strerror}", where,
                                 remedy="paths are relative to the experiment file")) from error
    except UnicodeDecodeError as error:
        raise InputError(Problem(f"'{path}' is no text", where, "a table of numbers")) from error
    if rows and not any(_is_number(field) for field in rows[0]):
        rows = rows[1:]
    if not rows:
        raise InputError(Problem(f"'{path}' holds no numbers", where, "a table of numbers"))
    for number, row in enumerate(rows, start=1):
        if len(row) != len(rows[0]):
            raise InputError(Problem(f"row {number} of '{path}' has {len(row)} fields, the first has {len(rows[0])}", where,
                                     "rows of one length"))
        for column, field in enumerate(row, start=1):
            if not _is_number(field):
                raise InputError(Problem(f"'{field}' in row {number}, column {column} of '{path}' is no number", where, "a number"))
    return np.array([[float(field) for field in row] for row in rows], np.float64).reshape(len(rows), -1)


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True
