"""Read synapses that are listed one by one: a table with the columns source, target, and weight and delay where they differ."""

from __future__ import annotations

import zlib
from pathlib import Path
from zipfile import BadZipFile

import h5py
import numpy as np
from numpy.typing import NDArray

from cosim.errors import InputError, Problem
from cosim.models.microcircuit.network.data import Edges
from cosim.registry import did_you_mean

_COLUMNS = ("source", "target", "weight", "delay")
_KINDS = (".csv", ".txt", ".npz", ".h5")
_MOST_WHOLE = 2**53


def read_edges(path: Path, sources: int, targets: int) -> Edges:
    """Return the synapses of a file.

    Parameters
    ----------
    path : Path
        ``.csv`` (commas) or ``.txt`` (blanks), whose first line may name the columns; ``.npz`` or ``.h5`` with one array for each.
        Delays are in ms.
    sources, targets : int
        Sizes of the two populations; numbers count from 0 within them.

    Raises
    ------
    InputError
        When it cannot be read, lacks a column, or names a neuron that is not there.
    """
    if path.suffix not in _KINDS:
        raise _wrong(path, f"an edge file ends in '{path.suffix}'", f"one of {', '.join(_KINDS)}")
    if not path.is_file():
        raise InputError(Problem(f"there is no edge file '{path}'", remedy="correct the path; it is relative to the network file"))
    try:
        columns = {".npz": _of_npz, ".h5": _of_hdf5}.get(path.suffix, _of_text)(path)
    except InputError:
        raise
    except (OSError, ValueError, KeyError, EOFError, TypeError, RuntimeError, SyntaxError, BadZipFile, zlib.error) as error:
        # What a damaged file makes the libraries raise.
        raise _wrong(path, f"the edge file cannot be read: {error}") from error
    for name in columns:
        if name not in _COLUMNS:
            raise InputError(Problem(f"there is no column '{name}' of edges", str(path), "source, target, weight, delay",
                                     did_you_mean(name, list(_COLUMNS))))
    lacking = [name for name in _COLUMNS[:2] if name not in columns]
    if lacking:
        raise _wrong(path, f"the column '{lacking[0]}' is missing", "the columns source and target, and weight and delay where they differ")
    nested = [name for name, a in columns.items() if a.ndim != 1]
    if nested:
        raise _wrong(path, f"the column '{nested[0]}' has the shape {columns[nested[0]].shape}", "a list of numbers, one for each edge")
    if len({len(a) for a in columns.values()}) > 1:
        raise _wrong(path, "the columns differ in length: " + ", ".join(f"{n} {len(a)}" for n, a in columns.items()))
    return Edges(_numbers(path, "source", columns["source"], sources), _numbers(path, "target", columns["target"], targets),
                 _values(path, columns, "weight"), _values(path, columns, "delay"))


def _of_text(path: Path) -> dict[str, NDArray[np.float64]]:
    lines = path.read_text().splitlines()
    comma = "," if path.suffix == ".csv" else None
    rows = [(n, [word.strip() for word in text.split(comma)]) for n, line in enumerate(lines, 1) if (text := line.split("#")[0].strip())]
    if not rows:
        return {name: np.empty(0) for name in _COLUMNS[:2]}
    names = list(_COLUMNS[:len(rows[0][1])])
    if not _is_number(rows[0][1][0]):
        names, rows = [word.lower() for word in rows[0][1]], rows[1:]
    elif len(rows[0][1]) > len(_COLUMNS):
        raise _wrong(path, f"line {rows[0][0]} has {len(rows[0][1])} columns", "2 to 4: source target [weight] [delay]")
    twice = [name for i, name in enumerate(names) if name in names[:i]]
    if twice:
        raise _wrong(path, f"there are two columns '{twice[0]}'", "one column of each name")
    for n, row in rows:
        if len(row) != len(names) or not all(map(_is_number, row)):
            raise InputError(Problem(f"'{' '.join(row)[:60]}' is no edge", f"{path}:{n}", f"{len(names)} numbers: {', '.join(names)}"))
    table = np.array([row for _, row in rows], float).reshape(-1, len(names))
    return {name: table[:, i] for i, name in enumerate(names)}


def _of_npz(path: Path) -> dict[str, NDArray[np.float64]]:
    with np.load(path, allow_pickle=False) as data:
        return {name: _plain(path, name, data[name]) for name in data.files}


def _of_hdf5(path: Path) -> dict[str, NDArray[np.float64]]:
    with h5py.File(path, "r") as data:
        return {name: _plain(path, name, item[()]) for name, item in data.items() if isinstance(item, h5py.Dataset)}


def _plain(path: Path, name: str, values: NDArray[np.generic]) -> NDArray[np.float64]:
    if values.dtype.kind not in "iuf":
        raise _wrong(path, f"the column '{name}' holds {values.dtype}", "numbers")
    return values.astype(float)


def _numbers(path: Path, name: str, values: NDArray[np.float64], size: int) -> NDArray[np.int64]:
    bad = ~((values >= 0) & (values < min(size, _MOST_WHOLE)) & (values == np.floor(values)))
    if bad.any():
        at = int(np.argmax(bad))
        raise _wrong(path, f"edge {at} has the {name} {values[at]:g}", f"a whole number from 0 to {size - 1}, within its population")
    return values.astype(np.int64)


def _values(path: Path, columns: dict[str, NDArray[np.float64]], name: str) -> NDArray[np.float64] | None:
    if name not in columns:
        return None
    bad = ~np.isfinite(columns[name])
    if bad.any():
        raise _wrong(path, f"edge {int(np.argmax(bad))} has the {name} {columns[name][bad][0]:g}", "a finite number")
    return columns[name]


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _wrong(path: Path, what: str, expected: str = "") -> InputError:
    return InputError(Problem(what, str(path), expected))
