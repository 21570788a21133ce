"""Write what a sweep gave into one HDF5 file, and read it again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from cosim.errors import InputError, Problem
from cosim.launch.sweep.journal import Entry, Identity
from cosim.launch.sweep.observed import Figures
from cosim.launch.sweep.points import Points, as_numbers, unit_of

KIND = "cosim sweep"
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Told:
    """Hold what the file says beside the results.

    Parameters
    ----------
    title, experiment, version : str
        Title of the experiment, its text with every default written out, without what is swept; version of cosim.
    duration_ms, discarded_ms : float
        Length of a point, and how much of its beginning was left out, ms.
    seeds : tuple of int
        Seed of each point.
    identity : mapping of str to str
        What makes this sweep the one that it is.
    """

    title: str
    experiment: str
    version: str
    duration_ms: float
    discarded_ms: float
    seeds: tuple[int, ...]
    identity: Identity


def write(path: Path, told: Told, points: Points, figures: Figures, entries: Iterable[Entry]) -> None:
    """Write the file, whole or not at all.

    Parameters
    ----------
    path : Path
        The file; it replaces one of that name.
    told : Told
        What it says beside the results.
    points : Points
        The points.
    figures : mapping of str to Figure
        What is kept of each.
    entries : iterable of Entry
        What each point gave, in any order; where a point comes twice the last counts.
    """
    beside = path.with_name(path.name + ".writing")
    try:
        with h5py.File(beside, "w") as file:
            _describe(file, told, points)
            _fill(file, len(points), figures, entries)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def identity_of(path: Path) -> Identity:
    """Return which sweep a file belongs to; raise `InputError` when it is the file of none."""
    try:
        with h5py.File(path, "r") as file:
            if file.attrs.get("kind") == KIND:
                found: Identity = json.loads(str(file.attrs["identity"]))
                return found
    except (OSError, ValueError):
        pass
    raise InputError(Problem("there is a file already, and it is none of a sweep", str(path), remedy="choose another with --out"))


def failures_of(path: Path) -> dict[int, str]:
    """Return which points failed, and why."""
    with h5py.File(path, "r") as file:
        why = file["why"].asstr()[:]
        return {int(i): str(why[i]) for i in np.flatnonzero(file["failed"][:])}


def _describe(file: h5py.File, told: Told, points: Points) -> None:
    shape = tuple(map(len, points.axes)) or (len(points),)
    file.attrs.update({"kind": KIND, "title": told.title, "experiment": told.experiment, "cosim": told.version, "shape": shape,
                       "duration_ms": told.duration_ms, "discarded_ms": told.discarded_ms, "identity": json.dumps(dict(told.identity))})
    file.attrs["keys"] = list(points.keys)
    file["seeds"] = np.array(told.seeds, np.int64)
    columns = {key: tuple(row[k] for row in points.rows) for k, key in enumerate(points.keys)}
    _columns(file.create_group("points"), columns)
    if points.axes:
        _columns(file.create_group("axes"), dict(zip(points.keys, points.axes, strict=False)))


def _columns(group: h5py.Group, columns: Mapping[str, tuple[str, ...]]) -> None:
    for key, texts in columns.items():
        unit = unit_of(texts)
        group[key] = np.array(texts, h5py.string_dtype()) if unit is None else as_numbers(texts)
        group[key].attrs["unit"] = unit or ""


def _fill(file: h5py.File, count: int, figures: Figures, entries: Iterable[Entry]) -> None:
    made: list[tuple[Any, int, tuple[int, ...]]] = []
    kept = file.create_group("kept")
    for name, figure in figures.items():
        size = 8 * prod(figure.shape)
        chunk = (max(1, min(count, _CHUNK_BYTES // max(size, 1))), *figure.shape) if size else None
        data = kept.create_dataset(name, (count, *figure.shape), np.float64, chunks=chunk, fillvalue=np.nan)
        data.attrs["unit"] = figure.unit
        if figure.labels:
            data.attrs["names"] = list(figure.labels)
        made.append((data, prod(figure.shape), figure.shape))
    failed, why, done = np.zeros(count, bool), [""] * count, np.zeros(count, bool)
    for entry in entries:
        done[entry.point], failed[entry.point] = True, not entry.is_good
        why[entry.point] = "" if entry.is_good else entry.data.decode()
        if entry.is_good:
            values, at = np.frombuffer(entry.data), 0
            for data, size, shape in made:
                data[entry.point] = values[at:at + size].reshape(shape)
                at += size
    file["done"], file["failed"] = done, failed
    file["why"] = np.array(why, h5py.string_dtype())
