"""Write ``results.h5`` while a run goes on.

One process writes it, from what the groups' journals tell; it survives the ranks and closes the file whatever happens to them.
Only what *all* groups have completed is written: data stamped later wait, and are dropped when the run ends before. So every port
ends at the same instant, ``valid_until_tick``, and nothing is ever filled up with zeros.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import h5py
from numpy.typing import NDArray

from cosim.errors import InputError, Problem, RunError
from cosim.record.disk import DiskFile
from cosim.record.growing import STATIC, PortWriter
from cosim.record.journal import Completed, Data, Record
from cosim.record.reading import read_results
from cosim.record.recording import Recorded

__all__ = ["GroupHeader", "Header", "ResultsWriter", "read_results"]

_WAITING_BYTES = 32 << 20


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
            self._disk = DiskFile(path)
            # The 1.8 format holds attributes of any length (thousands of names) and stays readable when the writer is killed.
            self._file = h5py.File(self._disk, "w", libver=("v108", "v110"))
        except OSError as error:
            reason = "it exists already" if path.exists() else str(error)
            raise InputError(Problem(f"cannot make {path}: {reason}", remedy="choose another folder with --out")) from error
        self._completed = {group.name: 0 for group in header.groups}
        self._ports: dict[str, list[PortWriter]] = {}
        self._waiting, self._appended = 0, 0
        try:
            with self._telling():
                self._write_header()
        except RunError as error:
            self._file.close()
            self._disk.close()
            raise InputError(Problem(str(error), remedy="choose another folder with --out")) from error

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
        with self._telling():
            self._file.flush()

    def close(self) -> None:
        """Flush, drop what waits in vain, and close the file."""
        if self._file:
            try:
                if self._disk.failure is None:
                    self._append()
            finally:
                with self._telling():
                    self._file.close()
                    self._disk.close()

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Turn what keeps the file from being written into a sentence."""
        try:
            yield
        except (OSError, RuntimeError) as error:  # HDF5 tells much as a RuntimeError
            raise self._unwritable(self._disk.failure or error) from error
        if self._disk.failure is not None:
            raise self._unwritable(self._disk.failure)

    def _unwritable(self, error: OSError | RuntimeError) -> RunError:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error).splitlines()[0]
        return RunError(f"cannot write {self._path}: {reason}")

    def _append(self) -> None:
        until = self.valid_until
        if until == self._appended:
            return
        writers = [writer for writers in self._ports.values() for writer in writers]
        with self._telling():
            for writer in writers:
                writer.append(until)
            for writer in writers:
                writer.attributes["valid_until_tick"] = max(0, until + min(0, writer.lead))
            self._file.attrs["valid_until_tick"] = until
        self._appended = until
        self._waiting = sum(writer.waiting for writer in writers)

    def _write_header(self) -> None:
        header = self._header
        self._file.attrs.update({
            "tick_ms": float(header.tick_ms), "duration_ticks": header.duration, "valid_until_tick": 0, "seed": header.seed,
            "cosim_version": header.version, "title": header.title, "experiment": header.experiment})
        for group in header.groups:
            place = self._file.create_group(f"groups/{group.name}")
            self._ports[group.name] = [PortWriter(place, group.name, recorded, header.tick_ms, header.duration) for recorded in group.ports]
            for name, values in group.static.items():
                text = values.dtype.kind in "OSU"
                place.create_dataset(f"{STATIC}/{name}", data=values.astype(object) if text else values,
                                     dtype=h5py.string_dtype() if text else None)
        self._file.flush()
