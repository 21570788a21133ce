"""Take in the spikes that are to be compared, from whatever file they stand in, with the populations that their ids belong to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import accumulate
from math import ceil
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from cosim.blocks import Kind
from cosim.errors import InputError, Problem
from cosim.models.microcircuit.spike_files.read import read
from cosim.record.reading import read_results

Sizes = tuple[tuple[str, int], ...]
"""Name and number of neurons of each population, in the order of their ids."""


@dataclass(frozen=True, slots=True)
class SpikeSet:
    """Hold the spikes of one simulation.

    Parameters
    ----------
    name : str
        How to call it.
    times_ms : (n_spikes,) float64
        When, ms.
    ids : (n_spikes,) int64
        Who, counted from 0.
    stop_ms : float
        How long it was simulated, ms; the last spike, up to a whole millisecond, where the file does not say.
    sizes : Sizes
        Its populations; empty where the file does not say.
    firsts : tuple of (str, int)
        Where the file names populations but not the size of the last: name and first id of each.
    """

    name: str
    times_ms: NDArray[np.float64]
    ids: NDArray[np.int64]
    stop_ms: float
    sizes: Sizes = ()
    firsts: tuple[tuple[str, int], ...] = ()


def read_spikes(path: Path, first_id: int = 1) -> SpikeSet:
    """Return the spikes of a run of ours, of a peer that the bench has run, of a SONATA file or of NEST's text.

    Parameters
    ----------
    path : Path
        A run folder or its ``results.h5``; ``.json`` of a peer; SONATA ``.h5``; text of NEST.
    first_id : int
        For text of NEST: the id of the first neuron.

    Raises
    ------
    InputError
        When it cannot be read.
    """
    if path.is_file() and path.suffix == ".json":
        return _of_peer(path)
    if path.is_dir() or (path.is_file() and _is_ours(path)):
        return _of_run(path)
    trains = read(path, first_id=first_id)
    return SpikeSet(path.name, trains.times_ms, trains.ids, float(ceil(trains.times_ms.max(initial=0.0))), firsts=trains.populations)


def _is_ours(path: Path) -> bool:
    if not h5py.is_hdf5(path):
        return False
    with h5py.File(path, "r") as file:
        return "groups" in file


def _of_run(path: Path) -> SpikeSet:
    results = read_results(path)
    spiking = [p for p in results.ports.values() if p.kind is Kind.SPIKES]
    if len(spiking) > 1:  # what recorders show is a part of what their group does
        spiking = [p for p in spiking if p.name.partition(".")[2] == "spikes"] or spiking
    if len(spiking) != 1:
        named = ", ".join(p.name for p in spiking) or "none"
        raise InputError(Problem(f"{path} holds the spikes of {len(spiking)} ports ({named})", expected="a run that recorded one of them"))
    port, = spiking
    firsts = [first for _, first in port.populations]
    sizes = tuple((name, stop - first) for (name, first), stop in zip(port.populations, [*firsts[1:], port.size], strict=True))
    stop = float(results.valid_until * results.tick_ms)
    return SpikeSet(path.parent.name if path.name == "results.h5" else path.name, port.times(), port.ids(), stop, sizes)


def _of_peer(path: Path) -> SpikeSet:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        sizes = tuple((str(name), int(size)) for name, size in told["populations"])
        return SpikeSet(path.stem, np.array(told["times_ms"], np.float64), np.array(told["ids"], np.int64), float(told["stop_ms"]), sizes)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(Problem(f"cannot read the spikes in {path}: {error}", expected="populations, stop_ms, times_ms and ids, as the "
                                 "scripts of 'cosim bench' write them")) from error


def read_populations(path: Path) -> Sizes:
    """Return the populations that a file tells: of a run, of a peer, or a mapping of names to sizes in YAML or JSON.

    Raises
    ------
    InputError
        When it tells none.
    """
    if path.is_dir() or (path.is_file() and _is_ours(path)):
        return _of_run(path).sizes
    try:
        told = YAML(typ="safe", pure=True).load(path)
    except (OSError, YAMLError, UnicodeDecodeError) as error:
        raise InputError(Problem(f"cannot read the populations in {path}: {str(error).splitlines()[0]}")) from error
    told = dict(told["populations"]) if isinstance(told, Mapping) and "times_ms" in told else told
    if not isinstance(told, Mapping) or not told or not all(isinstance(n, int) and n > 0 for n in told.values()):
        raise InputError(Problem(f"{path} does not tell the populations", expected="the name and the size of each, in the order of their "
                                 "ids, such as {E: 800, I: 200}; or the folder of a run"))
    return tuple((str(name), int(size)) for name, size in told.items())


def with_common_populations(sets: list[SpikeSet], given: Sizes) -> tuple[list[SpikeSet], Sizes]:
    """Return the sets, their ids counted through the same populations, and these: those given, or those that the files tell.

    Raises
    ------
    InputError
        When no file tells them, two files tell different ones, or a spike belongs to none.
    """
    told = {s.name: s.sizes for s in sets if s.sizes}
    sizes = given or next(iter(told.values()), ())
    if not sizes:
        raise InputError(Problem("none of the files tells which neurons belong to which population",
                                 remedy="name a file that does: --populations {RUN_FOLDER or sizes.yaml}"))
    for name, other in told.items():
        if other != sizes:
            raise InputError(Problem(f"the populations of {name} are not those of the others", expected=_in_words(sizes),
                                     remedy="compare runs of one network at one scale"))
    total = sum(n for _, n in sizes)
    sets = [_renumbered(s, sizes) for s in sets]
    for s in sets:
        if len(s.ids) and (s.ids.min() < 0 or s.ids.max() >= total):
            wrong = int(s.ids.min() if s.ids.min() < 0 else s.ids.max())
            raise InputError(Problem(f"{s.name} has a spike of neuron {wrong}", expected=f"ids from 0 to {total - 1}: {_in_words(sizes)}",
                                     remedy="for text of NEST, say with --first-id what the first neuron is called there"))
    return sets, sizes


def _renumbered(spikes: SpikeSet, sizes: Sizes) -> SpikeSet:
    """Return spikes with the ids that `sizes` gives; a file may name the same populations in another order."""
    if not spikes.firsts:
        return spikes
    there = bounds(sizes)
    absent = [name for name, _ in spikes.firsts if name not in there]
    if absent:
        raise InputError(Problem(f"{spikes.name} has a population '{absent[0]}'", expected=_in_words(sizes),
                                 remedy="compare runs of one network"))
    order = sorted(spikes.firsts, key=lambda p: p[1])
    which = np.searchsorted([first for _, first in order], spikes.ids, side="right") - 1
    shift = np.array([there[name][0] - first for name, first in order])
    return replace(spikes, ids=spikes.ids + shift[which], firsts=())


def bounds(sizes: Sizes) -> dict[str, tuple[int, int]]:
    """Return the ids ``[first, stop)`` of each population."""
    stops = list(accumulate(n for _, n in sizes))
    return {name: (stop - n, stop) for (name, n), stop in zip(sizes, stops, strict=True)}


def _in_words(sizes: Sizes) -> str:
    return ", ".join(f"{name} {n}" for name, n in sizes)
