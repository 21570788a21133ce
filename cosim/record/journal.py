"""Keep what one group records in an append-only file that a killed process leaves readable.

A journal is a header and then records, each with its length and checksums. Rank 0 of a group hands over all records of a window in
one ``write``, the `Completed` record last, and keeps nothing back in user space: what a window completed is in the file when the
process dies in the next instruction. The launching process reads the journals while they grow and makes ``results.h5`` of them.

Layout, little-endian: the header is magic and version; a record is kind (uint32), length of the content (uint64), CRC-32 of the
content (uint32), CRC-32 of these three (uint32), and the content.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

from cosim.blocks import Block, from_bytes, to_bytes
from cosim.errors import ProtocolError, RunError

VERSION = 1
_MAGIC = b"cosim-journal\n\x00\x00"
_FILE = struct.Struct("<16sI")
_HEAD = struct.Struct("<IQI")
_CHECK = struct.Struct("<I")
_BEFORE = _HEAD.size + _CHECK.size
_PORT = struct.Struct("<I")
_WINDOW = struct.Struct("<qqq6d")
_OPENED, _DATA, _COMPLETED, _CLOSED = 1, 2, 3, 4
_ONCE = 16 << 20


@dataclass(frozen=True, slots=True)
class Opened:
    """Begin a journal.

    Parameters
    ----------
    facts : mapping
        What is known when the group has been built, as JSON: ``began``, the second at which it did, on the clock that all share.
    """

    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Data:
    """Hold what one recorded port gave in one window.

    Parameters
    ----------
    port : int
        Place of the port in the group's list of recorded ports, from 0.
    block : Block
        What it gave.
    """

    port: int
    block: Block


@dataclass(frozen=True, slots=True)
class Completed:
    """Tell that a group has gone through a window, and what it spent its time on.

    Parameters
    ----------
    index, start, stop : int
        The window; everything stamped at most `stop`, plus the lead of a port, has been recorded, ticks.
    begin_s : float
        When the window began, s since the run began.
    wait_s, translate_s, compute_s, send_s : float
        Time spent waiting for others, translating, computing and sending, s.
    record_s : float
        Time spent recording, s; the last write of a window is counted in the next one, as it is not over when this is written.
    """

    index: int
    start: int
    stop: int
    begin_s: float = 0.0
    wait_s: float = 0.0
    translate_s: float = 0.0
    compute_s: float = 0.0
    send_s: float = 0.0
    record_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Closed:
    """End a journal.

    Parameters
    ----------
    reason : str or None
        Why, when the run did not end well.
    remarks : tuple of str
        What a user should be told, such as how many values were clipped.
    """

    reason: str | None = None
    remarks: tuple[str, ...] = ()


Record = Opened | Data | Completed | Closed


class JournalWriter:
    """Append records to a new journal.

    Parameters
    ----------
    path : Path
        The file; it must not exist.

    Raises
    ------
    RunError
        When the file exists or cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise RunError(f"cannot make the journal {path}: {error.strerror}") from error
        self._write(_FILE.pack(_MAGIC, VERSION))

    def append(self, *records: Record) -> None:
        """Write records in one go; those of a window belong together, `Completed` last."""
        self._write(b"".join(_encode(record) for record in records))

    def close(self) -> None:
        """Let go of the file; whoever ends well appends `Closed` before."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        try:
            while rest:  # the system may take less than everything, above 2 GiB it always does
                rest = rest[os.write(self._file, rest):]
        except OSError as error:
            raise RunError(f"cannot write the journal {self._path}: {error.strerror}") from error


class JournalReader:
    """Read a journal while it grows, or after.

    Parameters
    ----------
    path : Path
        The file; it need not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = -1
        self._offset = 0

    @property
    def offset(self) -> int:
        """Bytes read so far; where the next record begins."""
        return self._offset

    def poll(self, at_once: int = _ONCE) -> list[Record]:
        """Return the records that have become complete; a torn tail waits until it is complete.

        Parameters
        ----------
        at_once : int
            Stop after about so many bytes, so that a long journal does not fill the memory: the next call goes on.

        Returns
        -------
        list of Record
            Empty when there is nothing new.

        Raises
        ------
        ProtocolError
            When the file is no journal, or damaged; names the file and the byte.
        """
        if not self._open():
            return []
        data = self._read(max(at_once, _BEFORE))
        records: list[Record] = []
        place = 0
        while place + _BEFORE <= len(data):
            end = self._end(data, place)
            if end > len(data) and not records:  # one record that is longer than `at_once`
                data = self._read(end)
            if end > len(data):
                break
            records.append(self._decode(data, place, end))
            place = end
        self._offset += place
        return records

    def close(self) -> None:
        """Let go of the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _open(self) -> bool:
        if self._file < 0:
            try:
                self._file = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                return False
            except OSError as error:
                raise RunError(f"cannot read the journal {self._path}: {error.strerror}") from error
        if not self._offset:
            head = os.pread(self._file, _FILE.size, 0)
            if len(head) < _FILE.size:
                return False
            magic, version = _FILE.unpack(head)
            if magic != _MAGIC or version != VERSION:
                raise ProtocolError(f"{self._path} is not a journal of version {VERSION} (byte 0)")
            self._offset = _FILE.size
        return True

    def _read(self, length: int) -> memoryview:
        parts, place, stop = [], self._offset, min(self._offset + length, os.fstat(self._file).st_size)
        while place < stop and (part := os.pread(self._file, stop - place, place)):
            parts.append(part)
            place += len(part)
        return memoryview(b"".join(parts))

    def _end(self, data: memoryview, place: int) -> int:
        """Return where the record at `place` ends."""
        if crc32(data[place:place + _HEAD.size]) != _CHECK.unpack_from(data, place + _HEAD.size)[0]:
            raise self._damaged(place)
        return place + _BEFORE + int(_HEAD.unpack_from(data, place)[1])

    def _decode(self, data: memoryview, place: int, end: int) -> Record:
        kind, length, check = _HEAD.unpack_from(data, place)
        content = data[end - length:end]
        if crc32(content) != check:
            raise self._damaged(place)
        try:
            return _decode(kind, content)
        except (ValueError, struct.error) as error:
            raise self._damaged(place) from error

    def _damaged(self, place: int) -> ProtocolError:
        return ProtocolError(f"the journal {self._path} is damaged in the record at byte {self._offset + place}")


def _encode(record: Record) -> bytes:
    match record:
        case Opened(facts):
            kind, content = _OPENED, json.dumps(dict(facts)).encode()
        case Data(port, block):
            kind, content = _DATA, _PORT.pack(port) + to_bytes(block)
        case Completed():
            kind, content = _COMPLETED, _WINDOW.pack(*astuple(record))
        case Closed(reason, remarks):
            kind, content = _CLOSED, json.dumps([reason, remarks]).encode()
    head = _HEAD.pack(kind, len(content), crc32(content))
    return head + _CHECK.pack(crc32(head)) + content


def _decode(kind: int, content: memoryview) -> Record:
    if kind == _OPENED:
        return Opened(json.loads(bytes(content)))
    if kind == _DATA:
        return Data(_PORT.unpack_from(content)[0], from_bytes(content[_PORT.size:]))
    if kind == _COMPLETED:
        return Completed(*_WINDOW.unpack(content))
    if kind == _CLOSED:
        reason, remarks = json.loads(bytes(content))
        return Closed(reason, tuple(remarks))
    raise ValueError(f"there is no record of kind {kind}")
