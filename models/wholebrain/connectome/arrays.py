"""Read arrays by name from the binary files of NumPy, MATLAB and HDF5."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from cosim.errors import InputError, Problem
from cosim.models.wholebrain.connectome.data import Array, size
from cosim.models.wholebrain.connectome.matlab import whole_variables
from cosim.models.wholebrain.connectome.parts import NAMES, Parts

BINARY = (".npy", ".npz", ".mat", ".h5", ".hdf5")
_LARGEST = 2**27  # numbers of one array


def read_arrays(path: Path, origin: str) -> dict[str, Any]:
    """Return the arrays of a file by name; that of an ``.npy`` is called ''.

    Raises
    ------
    InputError
        When the file cannot be read.
    """
    kind = path.suffix.lower()
    try:
        with path.open("rb") as opened:
            opened.read(1)
        # Version 7.3 of MATLAB's format is HDF5, with the dimensions in the other order.
        if kind == ".mat" and h5py.is_hdf5(path):
            return {name: np.asarray(a).T for name, a in _hdf5(path).items()}
        readers: dict[str, Callable[[Path], dict[str, Any]]] = {".npy": _npy, ".npz": _npz, ".mat": _mat}
        return readers.get(kind, _hdf5)(path)
    except FileNotFoundError as error:
        raise InputError(Problem(f"there is no file '{path}'", origin, remedy="paths are relative to the experiment file")) from error
    except Exception as error:  # readers of binary formats raise what a broken byte happens to cause
        said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        raise InputError(Problem(f"'{path}' cannot be read as {kind.removeprefix('.')}: {said}", origin)) from error


def parts_of(arrays: Mapping[str, Any], origin: str, problems: list[Problem]) -> Parts:
    """Return the parts of a connectome that have one of their usual names."""
    names = {name.lower(): name for name in arrays}
    found = {part: arrays[next(names[a] for a in alias if a in names)] for part, alias in NAMES.items() if set(alias) & set(names)}
    labels = found.pop("labels", None)
    tables = {part: numbers(value, part, origin, problems) for part, value in found.items()}
    return Parts(labels=None if labels is None else texts(labels, origin, problems), **tables)


def the_matrix(arrays: Mapping[str, Any], part: str, variable: str, origin: str, problems: list[Problem]) -> Array | None:
    """Return the array that a variable names, else the one with a usual name, else the only square one."""
    names = {name.lower(): name for name in arrays}
    chosen = variable or next((names[a] for a in NAMES[part] if a in names), "")
    if not variable and chosen not in arrays:
        square = [name for name, a in arrays.items() if np.ndim(a) == 2 and np.shape(a)[0] == np.shape(a)[1] > 1]
        chosen = square[0] if len(square) == 1 else chosen
    if chosen not in arrays:
        held = ", ".join(f"'{name}'" for name in sorted(arrays)) or "nothing"
        problems.append(
            Problem(
                f"there is no variable '{variable}'" if variable else f"no variable is plainly that of the {part.replace('_', ' ')}",
                origin,
                "one of " + held,
                "name it after the file: FILE:VARIABLE",
            )
        )
        return None
    return numbers(arrays[chosen], chosen or part, origin, problems)


def numbers(value: Any, name: str, origin: str, problems: list[Problem]) -> Array | None:
    """Return an array as float64; note where it holds something else."""
    array = np.asarray(value)
    if array.dtype.kind not in "biuf" or array.ndim > 2:
        problems.append(Problem(f"'{name}' is {size(np.zeros(array.shape))} of type {array.dtype}", origin, "a table of real numbers"))
        return None
    return np.ascontiguousarray(array, np.float64)


def texts(value: Any, origin: str, problems: list[Problem]) -> tuple[str, ...] | None:
    """Return names from an array of texts, of bytes, or of MATLAB's cells."""
    found = []
    for item in np.ravel(np.asarray(value)):
        while isinstance(item, np.ndarray) and item.size == 1:
            item = item.reshape(-1)[0]  # noqa: PLW2901 (a cell holds an array that holds a text)
        if not isinstance(item, (str, bytes)):
            problems.append(Problem(f"a label is {str(item)[:40]!r} of type {type(item).__name__}", origin, "a text"))
            return None
        try:
            found.append((item.decode() if isinstance(item, bytes) else str(item)).strip())
        except UnicodeDecodeError as error:
            problems.append(Problem(f"a label is no text: {error}", origin))
            return None
    return tuple(found)


def _npy(path: Path) -> dict[str, Any]:
    # A map is refused where the file is shorter than its header says, before anything is allocated.
    return {"": np.array(np.load(path, mmap_mode="r", allow_pickle=False))}


def _npz(path: Path) -> dict[str, Any]:
    held = np.load(path, allow_pickle=False)
    with held if isinstance(held, np.lib.npyio.NpzFile) else nullcontext():
        # A file of this name may hold a single array.
        return {name: held[name] for name in held.files} if isinstance(held, np.lib.npyio.NpzFile) else {"": np.array(held)}


def _mat(path: Path) -> dict[str, Any]:
    names = whole_variables(path.read_bytes())
    from scipy.io import loadmat  # noqa: PLC0415 (takes longer to import than most connectomes to read)

    return {name: value for name, value in loadmat(path, variable_names=names).items() if not name.startswith("__")}


def _hdf5(path: Path) -> dict[str, Any]:
    with h5py.File(path, "r") as held:
        found = {}
        for key, child in held.items():
            # A name that is no text comes as bytes.
            name = key if isinstance(key, str) else repr(key)
            if isinstance(child, h5py.Dataset) and child.dtype.kind != "O":
                if child.size is not None and child.size > _LARGEST:
                    raise ValueError(f"'{name}' is of {child.size} numbers")
                found[name] = child[()]
            elif isinstance(child, h5py.Dataset) and h5py.check_string_dtype(child.dtype) is not None:
                found[name] = child.asstr()[()]
        return found
