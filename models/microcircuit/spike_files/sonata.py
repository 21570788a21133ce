"""Read and write spikes in the SONATA format, version 0.1 (Dai et al. 2020, PLOS Comput Biol 16:e1007696; its developer guide)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from cosim.errors import InputError, Problem
from cosim.models.microcircuit.hdf5_file import (
    check_sonata,
    floats,
    inner_group,
    mark_sonata,
    opened,
    place,
    same_length,
    text_of,
    whole_numbers,
)
from cosim.models.microcircuit.spike_files.trains import SpikeTrains, spike_trains

_EXPECTED = "a SONATA file of spikes: /spikes/POPULATION/timestamps and node_ids"
_SORTING = h5py.enum_dtype({"none": 0, "by_id": 1, "by_time": 2}, basetype="u1")
_MS = {"ms": 1.0, "msec": 1.0, "millisecond": 1.0, "milliseconds": 1.0, "milisecond": 1.0, "miliseconds": 1.0,
       "s": 1000.0, "sec": 1000.0, "second": 1000.0, "seconds": 1000.0}
_FIRST_ID = "cosim_first_id"


def read_sonata_spikes(path: Path, first_ids: Mapping[str, int] | None = None) -> SpikeTrains:
    """Return the spikes of a SONATA file.

    A neuron's id is its node id plus the first id of its population, because node ids begin anew in each population. The first ids are
    those given here, or those that cosim wrote, or else the populations follow each other in the order of their names, each as
    long as its largest node id asks for.

    Parameters
    ----------
    path : Path
        The file. Also the older layout, /spikes/timestamps and gids, without populations.
    first_ids : mapping of str to int, or None
        First id of each population; populations that it does not name are left out.

    Raises
    ------
    InputError
        When the file cannot be read, or something in it is missing or wrong.
    """
    with opened(path, _EXPECTED) as file:
        check_sonata(file)
        root = inner_group(file, "spikes")
        if "timestamps" in root:
            return spike_trains(_times(root), whole_numbers(root, "gids" if "gids" in root else "node_ids"), where=str(path))
        names = [name for name in sorted(root) if first_ids is None or name in first_ids]
        if first_ids is not None and len(names) < len(first_ids):
            missing = next(name for name in first_ids if name not in names)
            inner_group(root, missing)
        groups = {name: inner_group(root, name) for name in names}
        times, ids = {}, {}
        for name, group in groups.items():
            times[name], ids[name] = _times(group), whole_numbers(group, "node_ids")
            same_length(group, timestamps=times[name], node_ids=ids[name])
        firsts = first_ids if first_ids is not None else _first_ids(groups, ids)
    return spike_trains(np.concatenate([np.empty(0), *times.values()]),
                        np.concatenate([np.empty(0, np.int64), *(ids[name] + firsts[name] for name in names)]),
                        tuple((name, firsts[name]) for name in names), str(path))


def write_sonata_spikes(path: Path, trains: SpikeTrains, population: str = "spikes") -> None:
    """Write spikes into a SONATA file: one SONATA population for each of ours, its node ids counted from the population's first id.

    Parameters
    ----------
    path : Path
        The file; it appears when it is complete, or not at all.
    trains : SpikeTrains
        The spikes.
    population : str
        What the population is called where `trains` has none.

    Raises
    ------
    InputError
        When the file exists already, cannot be written, or a population cannot be called so in HDF5.
    """
    if path.exists():
        raise InputError(Problem(f"{path} exists already", remedy="remove it, or write to another file"))
    populations = trains.populations or ((population, 0),)
    for name, _ in populations:
        if not name or "/" in name or name in {".", ".."} or "\0" in name:
            raise InputError(Problem(f"a population called '{name}' cannot stand in a SONATA file: HDF5 takes '/' as the border between "
                                     "groups", where=str(path), remedy="rename the population"))
    first = populations[0][1]
    if len(trains) and trains.ids.min() < first:
        raise InputError(Problem(f"there is a spike of neuron {trains.ids.min()}, and the first population, '{populations[0][0]}', "
                                 f"begins at {first}", where=str(path)))
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with h5py.File(unfinished, "w") as file:
            mark_sonata(file)
            root = file.create_group("spikes")
            for name, first_id in populations:
                part = trains.of(name) if trains.populations else trains
                _write(root.create_group(name), part, first_id)
        unfinished.rename(path)
    except OSError as error:
        raise InputError(Problem(f"cannot write {path}: {error.strerror or str(error).splitlines()[0]}")) from error
    finally:
        unfinished.unlink(missing_ok=True)


def _write(group: h5py.Group, trains: SpikeTrains, first_id: int) -> None:
    group.attrs.create("sorting", 2, dtype=_SORTING)
    group.attrs[_FIRST_ID] = np.int64(first_id)
    group.create_dataset("timestamps", data=trains.times_ms, dtype="<f8").attrs["units"] = "ms"
    group.create_dataset("node_ids", data=trains.ids, dtype="<u8")


def _times(group: h5py.Group) -> NDArray[np.float64]:
    times = floats(group, "timestamps")
    unit = text_of(group["timestamps"].attrs.get("units", "ms")).strip()
    if unit not in _MS:
        raise InputError(Problem(f"the times are in '{unit}'", where=place("timestamps", group), expected="the unit ms or s"))
    return times if _MS[unit] == 1 else times * _MS[unit]


def _first_ids(groups: Mapping[str, h5py.Group], ids: Mapping[str, NDArray[np.int64]]) -> dict[str, int]:
    """Return the first id of each population: what cosim wrote, where that keeps the populations apart; else one after the other."""
    sizes = {name: int(ids[name].max()) + 1 if len(ids[name]) else 0 for name in groups}
    if groups and all(_FIRST_ID in group.attrs for group in groups.values()):
        written = {name: int(group.attrs[_FIRST_ID]) for name, group in groups.items()}
        order = sorted(written, key=lambda name: written[name])
        if all(written[a] + sizes[a] <= written[b] for a, b in pairwise(order)):
            return written
    firsts, first = {}, 0
    for name, size in sizes.items():
        firsts[name] = first
        first += size
    return firsts
