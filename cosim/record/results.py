"""Write ``results.h5`` while a run goes on.

One process writes it, from what the groups' journals tell; it survives the ranks and closes the file whatever happens to them.
Only what *all* groups have completed is written: data stamped later wait, and are dropped when the run ends before. So every port
ends at the same instant, ``valid_until_tick``, and nothing is ever filled up with zeros.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from cosim.blocks import Block, Kind, Samples, Spikes
from cosim.errors import InputError, Problem, RunError
from cosim.record.journal import Completed, Data, Record
from cosim.record.recording import Recorded

STATIC = "static"
_CHUNK_BYTES = 128 << 10
_WAITING_BYTES = 64 << 20
_PACKED: dict[str, Any] = {"compression": "gzip", "compression_opts": 1, "shuffle": True}


@dataclass(frozen=True, slots=True)
class GroupHeader:
    """Say what is recorded of one group.

    Parameters
    ----------
    name : str
        Name of the group.
    ports : tuple of Recorded
        The recorded ports, in the order in which `Data.port` counts them.
    static : mapping of str to array
        What does not change, from `Description.static`.
    """

    name: str
    ports: tuple[Recorded, ...] = ()
    static: Mapping[str, NDArray[Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Header:
    """Say what is known of a run before it starts.

    Parameters
    ----------
    tick_ms : Fraction
        Length of one tick, ms.
    duration : int
        Tick at which the run ends.
    seed : int
        Seed of the experiment.
    version : str
        Version of cosim.
    groups : tuple of GroupHeader
        All groups, those too of which nothing is recorded.
    title, experiment : str
        Title and text of the experiment.
    """

    tick_ms: Fraction
    duration: int
    seed: int
    version: str
    groups: tuple[GroupHeader, ...]
    title: str = ""
    experiment: str = ""


class ResultsWriter:
    """Write the results of a run as they come.

    Parameters
    ----------
    path : Path
        The file; it must not exist.
    header : Header
        What is known before.

    Raises
    ------
    InputError
        When the file exists or cannot be made.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self._path = path
        self._header = header
        try:
            # The 1.8 format holds attributes of any length (thousands of names) and stays readable when the writer is killed.
            self._file = h5py.File(path, "x", libver=("v108", "v110"))
        except OSError as error:
            reason = "it exists already" if path.exists() else str(error)
            raise InputError(Problem(f"cannot make {path}: {reason}", remedy="choose another folder with --out")) from error
        self._completed = {group.name: 0 for group in header.groups}
        self._ports: dict[str, list[_PortWriter]] = {}
        self._waiting = 0
        self._write_header()

    def __enter__(self) -> ResultsWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    @property
    def valid_until(self) -> int:
        """Tick up to which all groups have completed."""
        return min([self._header.duration, *self._completed.values()])

    def take(self, group: str, records: Iterable[Record]) -> None:
        """Take what `JournalReader.poll` gave of a group's journal; everything but `Data` and `Completed` is passed over.

        Raises
        ------
        RunError
            When a block does not follow the one before, or the file cannot be written.
        """
        for record in records:
            if isinstance(record, Data):
                self._waiting += self._ports[group][record.port].take(record.block)
            elif isinstance(record, Completed):
                self._completed[group] = max(self._completed[group], record.stop)
        if self._waiting > _WAITING_BYTES:
            self._append()

    def flush(self) -> None:
        """Write everything that all groups have completed; after this, a reader finds it even when this process dies."""
        self._append()
        self._file.flush()

    def close(self) -> None:
        """Flush, drop what waits in vain, and close the file."""
        if self._file:
            try:
                self._append()
            finally:
                self._file.close()

    def _append(self) -> None:
        until = self.valid_until
        try:
            writers = [writer for writers in self._ports.values() for writer in writers]
            for writer in writers:
                writer.append(until)
            for writer in writers:
                writer.attributes["valid_until_tick"] = until
            self._file.attrs["valid_until_tick"] = until
        except OSError as error:
            raise RunError(f"cannot write {self._path}: {error}") from error
        self._waiting = sum(writer.waiting for writer in writers)

    def _write_header(self) -> None:
        header = self._header
        self._file.attrs.update({
            "tick_ms": float(header.tick_ms), "duration_ticks": header.duration, "valid_until_tick": 0, "seed": header.seed,
            "cosim_version": header.version, "title": header.title, "experiment": header.experiment})
        for group in header.groups:
            place = self._file.create_group(f"groups/{group.name}")
            self._ports[group.name] = [_PortWriter(place, group.name, recorded, header) for recorded in group.ports]
            for name, values in group.static.items():
                text = values.dtype.kind in "OSU"
                place.create_dataset(f"{STATIC}/{name}", data=values.astype(object) if text else values,
                                     dtype=h5py.string_dtype() if text else None)
        self._file.flush()


class _PortWriter:
    """Append what one port gave, in order, up to the instant that all groups have reached."""

    def __init__(self, place: h5py.Group, group: str, recorded: Recorded, header: Header) -> None:
        port = recorded.port
        self._name = f"{group}.{port.name}"
        self._duration = header.duration
        self._every = recorded.every
        self._waits: deque[Block] = deque()
        self._written = 0
        self._last: int | None = None
        self._size = port.size
        if port.name == STATIC or port.name in place:
            raise InputError(Problem(f"the output '{self._name}' cannot be recorded: its name is taken in the results"))
        where = place.create_group(port.name)
        self.attributes = where.attrs
        self.attributes.update({"unit": port.unit, "kind": str(port.kind), "tick_ms": float(header.tick_ms), "valid_until_tick": 0})
        self.attributes.create("names", list(port.labels), (len(port.labels),), h5py.string_dtype())
        self._second: h5py.Dataset
        if port.kind is Kind.SPIKES:
            self.attributes.create("populations", [name for name, _ in port.populations], (len(port.populations),), h5py.string_dtype())
            firsts = [first for _, first in port.populations]
            self.attributes["population_first"] = np.array([*firsts, port.size], np.int64)
            self._second = _growing(where, "ids", "<i8", ())
        else:
            self._second = _growing(where, "values", "<f8", (port.size,))
        self._ticks = _growing(where, "ticks", "<i8", ())

    @property
    def waiting(self) -> int:
        """Bytes that wait to be written."""
        return sum(_bytes(block) for block in self._waits)

    def take(self, block: Block) -> int:
        """Keep a block until it can be written; return its bytes."""
        block = self._within(block)
        ticks = block.ticks
        if not len(ticks):
            return 0
        if isinstance(block, Spikes):
            ids = block.ids
            wrong = np.any(ticks[1:] < ticks[:-1]) or (self._last is not None and ticks[0] < self._last)
            if ids.min() < 0 or ids.max() >= self._size:
                raise RunError(f"'{self._name}' gave a spike of channel {ids.min() if ids.min() < 0 else ids.max()}, "
                               f"but its channels go from 0 to {self._size - 1}")
        else:
            wrong = block.step != self._every or (self._last is not None and block.first != self._last + self._every)
            if block.values.shape[1] != self._size:
                raise RunError(f"'{self._name}' gave samples of {block.values.shape[1]} channels, but it has {self._size}")
        if wrong:
            raise RunError(f"'{self._name}' gave data from tick {ticks[0]}, which do not follow those up to tick {self._last}")
        self._last = int(ticks[-1])
        self._waits.append(block)
        return _bytes(block)

    def append(self, until: int) -> None:
        """Write what is stamped at most `until`.

        Nothing is forgotten before it is written, and it is written to a fixed place: an interrupted call can be repeated.
        """
        ready: list[Block] = []
        rest: deque[Block] = deque()
        for block in self._waits:
            head, tail = _split(block, until)
            if len(head.ticks):
                ready.append(head)
            if len(tail.ticks):
                rest.append(tail)
        if not ready:
            return
        begin, end = self._written, self._written + sum(len(block.ticks) for block in ready)
        for dataset in (self._ticks, self._second):
            dataset.resize(end, axis=0)
        self._ticks[begin:end] = np.concatenate([block.ticks for block in ready])
        self._second[begin:end] = np.concatenate([block.ids if isinstance(block, Spikes) else block.values for block in ready])
        self._written, self._waits = end, rest

    def _within(self, block: Block) -> Block:
        """Drop what is stamped at or before 0, or after the end of the run."""
        return _split(_split(block, 0)[1], self._duration)[0]


def _split(block: Block, until: int) -> tuple[Block, Block]:
    """Return what is stamped at most `until`, and what is stamped after."""
    if isinstance(block, Spikes):
        n = int(np.searchsorted(block.ticks, until, "right"))
        return Spikes(block.ticks[:n], block.ids[:n]), Spikes(block.ticks[n:], block.ids[n:])
    n = min(max((until - block.first) // block.step + 1, 0), len(block.values))
    return Samples(block.first, block.step, block.values[:n]), Samples(block.first + n * block.step, block.step, block.values[n:])


def _bytes(block: Block) -> int:
    return 16 * len(block.ticks) if isinstance(block, Spikes) else int(block.values.nbytes)


def _growing(where: h5py.Group, name: str, dtype: str, row: tuple[int, ...]) -> h5py.Dataset:
    rows = max(1, _CHUNK_BYTES // (8 * max(1, *row, 1)))
    # Ticks and ids shrink to a fifth; floating-point samples would cost time and hardly shrink.
    packing = _PACKED if dtype == "<i8" else {}
    return where.create_dataset(name, (0, *row), dtype, maxshape=(None, *row), chunks=(rows, *(max(1, n) for n in row)), **packing)
