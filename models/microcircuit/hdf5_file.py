"""Open the HDF5 files of others, and tell whatever is wrong with them as sentences."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from cosim.errors import InputError, Problem
from cosim.registry import did_you_mean

_MAGIC = 0x0A7A
_VERSIONS = ((0, 0), (0, 1))
_LARGEST = np.iinfo(np.int64).max


@contextmanager
def opened(path: Path, expected: str) -> Iterator[h5py.File]:
    """Hold an HDF5 file open for reading; raise `InputError` when it cannot be read, now or later.

    Parameters
    ----------
    path : Path
        The file.
    expected : str
        What it should have been, for the error.
    """
    if not path.is_file():
        raise InputError(Problem(f"{path} is a folder" if path.is_dir() else f"there is no file '{path}'", expected=expected))
    try:
        with h5py.File(path, "r") as file:
            yield file
    except BlockingIOError as error:
        raise InputError(Problem(f"{path} is being written", remedy="wait until it is complete")) from error
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, IndexError) as error:  # HDF5 tells of damage in all of these ways
        text = (str(error).splitlines() or [type(error).__name__])[0]
        reason = "it is truncated" if "truncated" in text else "it is no HDF5 file" if "signature" in text else text
        raise InputError(Problem(f"cannot read {path}: {reason}", expected=expected)) from error


def place(name: str, group: h5py.Group) -> str:
    """Return where something of this name in a group stands: ``file: /group/name``."""
    return f"{group.file.filename}: {group.name.rstrip('/')}/{name}"


def inner_group(parent: h5py.Group, name: str) -> h5py.Group:
    """Return a group within another; raise `InputError` when there is none of that name."""
    found = parent.get(name)
    if not isinstance(found, h5py.Group):
        raise InputError(Problem(f"there is no group '{name}'", where=place(name, parent), remedy=_near(name, parent, h5py.Group)))
    return found


def floats(group: h5py.Group, name: str) -> NDArray[np.float64]:
    """Return a dataset of one dimension as numbers, (n,) float64; raise `InputError` when it is none, or one is not finite."""
    data = _column(group, name, "iuf", "numbers").astype(np.float64)
    if not np.isfinite(data).all():
        at = int(np.argmax(~np.isfinite(data)))
        raise InputError(Problem(f"entry {at} is {data[at]:g}", where=place(name, group), expected="finite numbers"))
    return data


def whole_numbers(group: h5py.Group, name: str) -> NDArray[np.int64]:
    """Return a dataset of one dimension as whole numbers of at least 0, (n,) int64; raise `InputError` when it is none."""
    data = _column(group, name, "iu", "whole numbers of at least 0")
    if len(data) and (int(data.min()) < 0 or int(data.max()) > _LARGEST):
        at = int(np.argmax(data < 0)) if data.min() < 0 else int(np.argmax(data))
        raise InputError(Problem(f"entry {at} is {data[at]}", where=place(name, group), expected="whole numbers of at least 0"))
    return data.astype(np.int64)


def integers(group: h5py.Group, name: str) -> NDArray[np.int64]:
    """Return a dataset of one dimension as integers, (n,) int64; raise `InputError` when it is none."""
    data = _column(group, name, "iu", "integers")
    if len(data) and int(data.max()) > _LARGEST:
        raise InputError(Problem(f"an entry is {data.max()}", where=place(name, group), expected="integers of at most 63 bits"))
    return data.astype(np.int64)


def same_length(group: h5py.Group, **columns: NDArray[Any]) -> None:
    """Raise `InputError` when datasets of a group that belong together are not equally long."""
    (first, data), *rest = columns.items()
    for name, other in rest:
        if len(other) != len(data):
            raise InputError(Problem(f"'{first}' has {len(data):,} entries and '{name}' has {len(other):,}",
                                     where=place("", group).rstrip("/"), expected="one entry each"))


def check_sonata(file: h5py.File) -> None:
    """Raise `InputError` when a file says that it is of another kind than SONATA, or of a version that is not known here.

    Files that say neither are taken as they are: many writers leave the attributes out.
    """
    magic = np.ravel(file.attrs.get("magic", _MAGIC))
    if len(magic) != 1 or magic[0] != _MAGIC:
        raise InputError(Problem(f"the attribute 'magic' is {file.attrs['magic']}", where=file.filename,
                                 expected=f"{_MAGIC} (0x0A7A), the mark of SONATA files"))
    given = file.attrs.get("version", _VERSIONS[-1])
    text = given.decode(errors="replace") if isinstance(given, bytes) else given
    parts = text.split(".") if isinstance(text, str) else np.ravel(text).tolist()
    try:
        version = tuple(int(part) for part in parts)
    except (ValueError, TypeError, OverflowError):
        version = ()
    if version not in _VERSIONS:
        raise InputError(Problem(f"this is SONATA version {'.'.join(map(str, parts))}", where=file.filename,
                                 expected=f"version {'.'.join(map(str, _VERSIONS[-1]))}"))


def mark_sonata(file: h5py.File) -> None:
    """Write what marks a file as SONATA, and its version."""
    file.attrs["magic"] = np.uint32(_MAGIC)
    file.attrs["version"] = np.array(_VERSIONS[-1], np.uint32)


def text_of(value: object) -> str:
    """Return an attribute or entry that holds text, whatever kind of text it is."""
    value = value[0] if isinstance(value, np.ndarray) and value.size == 1 else value
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _column(group: h5py.Group, name: str, kinds: str, expected: str) -> NDArray[Any]:
    data = group.get(name)
    if not isinstance(data, h5py.Dataset):
        raise InputError(Problem(f"there is no dataset '{name}'", where=place(name, group), remedy=_near(name, group, h5py.Dataset)))
    if data.ndim != 1 or (data.dtype.kind not in kinds and data.size):
        raise InputError(Problem(f"this is a dataset of type {data.dtype} and shape {data.shape}", where=place(name, group),
                                 expected=f"one dimension of {expected}"))
    return np.asarray(data[:])


def _near(name: str, group: h5py.Group, kind: type) -> str:
    return did_you_mean(name, [n for n in group if isinstance(group.get(n), kind)]) if len(group) else ""
