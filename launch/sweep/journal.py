"""Keep what points gave in a journal from which nothing is lost when the sweep is killed.

The journal is one line of JSON that says which sweep it belongs to, then a record a point: its number, whether it gave results (1) or
failed (0), length and checksum of what follows, and that: the results one after the other, or the reason in UTF-8. A record that was
being written when the sweep was killed is cut off when it is opened again.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

from cosim.errors import InputError, Problem

_HEAD = struct.Struct("<QBQI")
_WORD = "cosim_sweep_points"
_VERSION = 1

Identity = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """Hold what one point gave.

    Parameters
    ----------
    point : int
        Its number.
    data : bytes
        Results, float64 in the order of what is kept; or why there are none, in UTF-8.
    is_good : bool
        Whether these are results.
    """

    point: int
    data: bytes
    is_good: bool


def refuse_other(path: Path, theirs: Identity, ours: Identity) -> None:
    """Raise `InputError` when what a file holds belongs to another sweep; it says what differs."""
    differs = [name for name in ours if theirs.get(name) != ours[name]]
    if differs:
        raise InputError(Problem(f"it holds the points of another sweep, which differs in {' and in '.join(differs)}", str(path),
                                 remedy="choose another file with --out, or ask for the same sweep again"))


class Journal:
    """Append what points give to a file, and read it.

    Parameters
    ----------
    path : Path
        The file; it is made where it does not exist.
    identity : mapping of str to str
        What makes this sweep the one that it is, by how to call it.

    Raises
    ------
    InputError
        When the file belongs to another sweep, is none of ours, or another process writes into it.
    """

    def __init__(self, path: Path, identity: Identity) -> None:
        self.path = path
        first = json.dumps({_WORD: _VERSION, "identity": dict(identity)}).encode() + b"\n"
        try:
            self._file: IO[bytes] = path.open("r+b") if path.exists() else path.open("x+b")
        except OSError as error:
            raise InputError(Problem(f"the file cannot be written: {error.strerror}", str(path),
                                     remedy="choose another with --out")) from None
        try:
            _lock(self._file, path)
            line = self._file.readline()
            if not line.endswith(b"\n"):  # new, or killed while it was made
                self._file.seek(0)
                self._file.truncate()
                self._file.write(first)
                self._file.flush()
            else:
                refuse_other(path, _identity(line, path), identity)
            self._begin = self._file.tell()
            self.done = {entry.point: entry.is_good for entry in self.entries()}
            self._file.truncate()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()

    def add(self, entry: Entry) -> None:
        """Append what a point gave; it is with the system when this returns."""
        self._file.seek(0, os.SEEK_END)
        self._file.write(_HEAD.pack(entry.point, entry.is_good, len(entry.data), zlib.crc32(entry.data)) + entry.data)
        self._file.flush()
        self.done[entry.point] = entry.is_good

    def entries(self) -> Iterator[Entry]:
        """Yield what all points gave, in the order in which they did."""
        end = self._begin
        while True:
            self._file.seek(end)
            head = self._file.read(_HEAD.size)
            if len(head) < _HEAD.size:
                break
            point, good, length, checksum = _HEAD.unpack(head)
            data = self._file.read(length) if end + _HEAD.size + length <= os.fstat(self._file.fileno()).st_size else b""
            if len(data) < length or zlib.crc32(data) != checksum:
                break
            end = self._file.tell()
            yield Entry(point, data, bool(good))
        self._file.seek(end)

    def remove(self) -> None:
        """Remove the file, whose content now stands elsewhere."""
        self.path.unlink(missing_ok=True)


def _identity(line: bytes, path: Path) -> Identity:
    try:
        told = json.loads(line)
        if told[_WORD] == _VERSION:
            identity: Identity = told["identity"]
            return identity
    except (ValueError, KeyError, TypeError):
        pass
    raise InputError(Problem("this is no journal of a sweep that this cosim can read", str(path), remedy="choose another file with --out"))


def _lock(file: IO[bytes], path: Path) -> None:
    """Refuse to write where another sweep does."""
    try:
        import fcntl  # noqa: PLC0415 (only where the system has it)

        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:
        return
    except OSError:
        raise InputError(Problem("another sweep is writing into this file now", str(path),
                                 remedy="wait for it, or choose another with --out")) from None
