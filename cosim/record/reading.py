"""Read ``results.h5``: what was recorded, by ``group.port``, from disk when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from cosim.blocks import Kind
from cosim.errors import InputError, Problem
from cosim.record.growing import STATIC
from cosim.registry import did_you_mean

_FACTS = {"tick_ms", "duration_ticks", "valid_until_tick", "seed", "cosim_version", "title", "experiment"}


@dataclass(frozen=True, slots=True)
class RecordedPort:
    """Read what one port gave in a run; the data come from disk when they are asked for.

    Parameters
    ----------
    path : Path
        The results.
    name : str
        ``group.port``.
    where : str
        Place in the file.
    kind : Kind
        What flows.
    unit : str
        Unit of the values; ``1`` for spikes.
    size, length : int
        Number of channels; number of spikes or samples.
    names : tuple of str
        Name of each channel, or empty.
    populations : tuple of (str, int)
        For spikes: name and first channel of each population, or empty.
    tick_ms : Fraction
        Length of one tick, ms.
    is_precise : bool
        Whether spikes tell how much before their stamps they happened.
    """

    path: Path
    name: str
    where: str
    kind: Kind
    unit: str
    size: int
    length: int
    names: tuple[str, ...]
    populations: tuple[tuple[str, int], ...]
    tick_ms: Fraction
    is_precise: bool = False

    def ticks(self, begin: int = 0, end: int | None = None) -> NDArray[np.int64]:
        """Return the instants of spikes or samples number `begin` to `end` (not with it), (n,) int64, ticks."""
        return self._read("ticks", begin, end).astype(np.int64)

    def times(self, begin: int = 0, end: int | None = None) -> NDArray[np.float64]:
        """Return the instants of spikes or samples number `begin` to `end` (not with it), (n,) float64, ms."""
        ticks = self.ticks(begin, end) - self.offsets(begin, end) if self.is_precise else self.ticks(begin, end)
        return ticks * np.float64(self.tick_ms.numerator) / np.float64(self.tick_ms.denominator)

    def offsets(self, begin: int = 0, end: int | None = None) -> NDArray[np.float64]:
        """Return how much before their stamps spikes number `begin` to `end` (not with it) happened, (n,) float64, ticks."""
        if self.kind is Kind.SPIKES and not self.is_precise:
            return np.zeros(len(self.ids(begin, end)))
        return self._read("offsets", begin, end).astype(np.float64)

    def ids(self, begin: int = 0, end: int | None = None) -> NDArray[np.int64]:
        """Return the channels of spikes number `begin` to `end` (not with it), (n,) int64; only for spikes."""
        return self._read("ids", begin, end).astype(np.int64)

    def values(self, begin: int = 0, end: int | None = None) -> NDArray[np.float64]:
        """Return samples number `begin` to `end` (not with it), (n, size) float64, in `unit`; not for spikes."""
        return self._read("values", begin, end).astype(np.float64)

    def _read(self, dataset: str, begin: int, end: int | None) -> NDArray[Any]:
        if (dataset in ("ids", "offsets")) != (self.kind is Kind.SPIKES) and dataset != "ticks":
            raise InputError(Problem(f"'{self.name}' holds {self.kind}, which have no {dataset}"))
        with opened(self.path) as file:
            return np.asarray(file[self.where][dataset][begin:self.length if end is None else min(end, self.length)])


@dataclass(frozen=True, slots=True)
class Results:
    """Hold what is known of a run's results; the data stay on disk.

    Parameters
    ----------
    path : Path
        The file.
    tick_ms : Fraction
        Length of one tick, ms.
    duration, valid_until : int
        When the run was to end, and how far it came, ticks.
    seed : int
        Seed of the experiment.
    version : str
        Version of cosim that ran it.
    title, experiment : str
        Title and text of the experiment.
    groups : tuple of str
        All groups.
    ports : mapping of str to RecordedPort
        What was recorded, by ``group.port``.
    """

    path: Path
    tick_ms: Fraction
    duration: int
    valid_until: int
    seed: int
    version: str
    title: str
    experiment: str
    groups: tuple[str, ...]
    ports: Mapping[str, RecordedPort]

    def port(self, name: str) -> RecordedPort:
        """Return what was recorded of ``group.port``; raise `InputError` when nothing was."""
        if name not in self.ports:
            raise InputError(Problem(f"{self.path} holds nothing of '{name}'", remedy=did_you_mean(name, list(self.ports))))
        return self.ports[name]

    def static(self, group: str) -> dict[str, NDArray[Any]]:
        """Return what a component gave as unchanging (`Description.static`), by name; text comes as str."""
        with opened(self.path) as file:
            place = file.get(f"groups/{group}/{STATIC}", {})
            return {name: np.asarray(data.asstr()[...] if h5py.check_string_dtype(data.dtype) else data[...])
                    for name, data in place.items()}


def read_results(path: Path) -> Results:
    """Return what a run has left in ``results.h5``.

    Parameters
    ----------
    path : Path
        The file, or the folder of the run.

    Raises
    ------
    InputError
        When it is missing, being written, truncated, not HDF5, or not from cosim.
    """
    with opened(path) as file:
        path = Path(file.filename)
        check_ours(file)
        facts = file.attrs
        tick_ms = Fraction(repr(float(facts["tick_ms"])))
        ports = {port.name: port for group in file["groups"].values() for port in _ports(path, group, tick_ms)}
        return Results(path, tick_ms, int(facts["duration_ticks"]), int(facts["valid_until_tick"]), int(facts["seed"]),
                       str(facts["cosim_version"]), str(facts["title"]), str(facts["experiment"]), tuple(file["groups"]), ports)


def check_ours(file: h5py.File) -> None:
    """Raise `InputError` when a file lacks what cosim writes into every one."""
    missing = sorted(_FACTS - set(file.attrs))
    if missing or "groups" not in file:
        raise InputError(Problem(f"{file.filename} was not written by cosim: it has no '{missing[0] if missing else 'groups'}'",
                                 remedy="name the folder of a run"))


def _ports(path: Path, group: h5py.Group, tick_ms: Fraction) -> list[RecordedPort]:
    found: list[RecordedPort] = []

    def look(name: str, place: h5py.Group | h5py.Dataset) -> None:
        if "kind" not in place.attrs:
            return
        facts, kind, lengths = place.attrs, Kind(place.attrs["kind"]), [len(place["ticks"])]
        populations: tuple[tuple[str, int], ...] = ()
        if kind is Kind.SPIKES:
            firsts = [int(first) for first in facts["population_first"]]
            size, second = firsts[-1], place["ids"]
            lengths.append(len(place.get("offsets", second)))
            populations = tuple(zip(map(str, facts["populations"]), firsts[:-1], strict=True))
        else:
            second = place["values"]
            size = second.shape[1]
        found.append(RecordedPort(path, f"{Path(group.name).name}.{name}", place.name, kind, str(facts["unit"]), size,
                                  min(*lengths, len(second)), tuple(map(str, facts["names"])), populations, tick_ms,
                                  "offsets" in place))

    group.visititems(look)
    return found


@contextmanager
def opened(path: Path) -> Iterator[h5py.File]:
    """Hold the results of a run open, given the file or the folder; raise `InputError` when they cannot be read, now or later."""
    path = path / "results.h5" if path.is_dir() else path
    if not path.exists():
        raise InputError(Problem(f"there are no results at {path}", remedy="name the folder of a run, or its results.h5"))
    if path.is_dir():
        raise InputError(Problem(f"{path} is a folder", expected="results.h5 of a run"))
    try:
        with h5py.File(path, "r") as file:
            yield file
    except BlockingIOError as error:
        raise InputError(Problem(f"{path} is being written", remedy="wait until the run has ended")) from error
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, IndexError) as error:  # HDF5 tells of damage in all of these ways
        text = str(error).splitlines()[0]
        reason = "it is truncated" if "truncated" in text else "it is no HDF5 file" if "signature" in text else text
        raise InputError(Problem(f"cannot read {path}: {reason}", expected="results.h5 of a run")) from error
