"""Read the spikes that a run of cosim recorded."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import h5py
import numpy as np

from cosim.errors import InputError, Problem
from cosim.models.microcircuit.hdf5_file import floats, inner_group, opened, place, same_length, text_of, whole_numbers
from cosim.models.microcircuit.spike_files.trains import SpikeTrains, spike_trains
from cosim.registry import did_you_mean

_EXPECTED = "results.h5 of a run, or its folder"


def read_recorded_spikes(path: Path, port: str | None = None) -> SpikeTrains:
    """Return the spikes that a run recorded, at exactly ``tick * tick_ms``; precise spikes as much before that as they were.

    Parameters
    ----------
    path : Path
        The results, or the folder of the run.
    port : str or None
        ``group.port``; may be left out where spikes of one port alone were recorded.

    Raises
    ------
    InputError
        When the results cannot be read, or hold no such spikes.
    """
    path = path / "results.h5" if path.is_dir() else path
    with opened(path, _EXPECTED) as file:
        found = _spiking(inner_group(file, "groups"))
        name = _chosen(path, found, port)
        group = found[name]
        ticks, ids = whole_numbers(group, "ticks"), whole_numbers(group, "ids")
        offsets = floats(group, "offsets") if "offsets" in group else None
        same_length(group, ticks=ticks, ids=ids, offsets=ticks if offsets is None else offsets)
        if "tick_ms" not in file.attrs:
            raise InputError(Problem("the attribute 'tick_ms' is missing", where=str(path), expected=_EXPECTED))
        tick_ms = Fraction(repr(float(file.attrs["tick_ms"])))
        names, firsts = group.attrs.get("populations", ()), group.attrs.get("population_first", (0,))
        if len(firsts) != len(names) + 1:
            raise InputError(Problem(f"there are {len(names)} populations and {len(firsts)} first ids", where=place("", group),
                                     expected="one first id each, then the total"))
        populations = tuple((text_of(n), int(first)) for n, first in zip(names, firsts[:-1], strict=True))
    instants = ticks if offsets is None else ticks - offsets
    return spike_trains(instants * np.float64(tick_ms.numerator) / np.float64(tick_ms.denominator), ids, populations, str(path))


def _spiking(groups: h5py.Group) -> dict[str, h5py.Group]:
    """Return the ports that hold spikes, by ``group.port``."""
    found: dict[str, h5py.Group] = {}

    def look(name: str, there: h5py.Group | h5py.Dataset) -> None:
        if isinstance(there, h5py.Group) and text_of(there.attrs.get("kind", "")) == "spikes":
            found[name.replace("/", ".", 1)] = there

    groups.visititems(look)
    return found


def _chosen(path: Path, found: dict[str, h5py.Group], port: str | None) -> str:
    if not found:
        raise InputError(Problem(f"{path} holds no spikes", remedy="name a port of spikes under 'record' in the experiment"))
    if port is None and len(found) > 1:
        raise InputError(Problem(f"{path} holds spikes of {len(found)} ports", remedy=did_you_mean("", sorted(found))))
    name = next(iter(found)) if port is None else port
    if name not in found:
        raise InputError(Problem(f"{path} holds no spikes of '{name}'", remedy=did_you_mean(name, sorted(found))))
    return name
