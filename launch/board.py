"""Show what every rank is doing, in a small file that all of them map: the launcher reads it, nobody waits for it."""

from __future__ import annotations

import mmap
import struct
import time
from dataclasses import dataclass
from pathlib import Path

from cosim.schedule.loop import Phase

_ENTRY = struct.Struct("<iiqiiddd")
_ROOM = 64


@dataclass(frozen=True, slots=True)
class Entry:
    """Hold what one rank is doing.

    Parameters
    ----------
    pid : int
        Its process; 0 until it has started.
    phase : Phase
        What it is doing.
    window : int
        Number of the window that it is in.
    edge : int
        What it waits for, or -1.
    since : float
        When it began that, seconds on the clock that all processes of the machine share.
    built : float
        Seconds that building took.
    memory : float
        Largest resident memory so far, bytes; known when it has built and when it has finished.
    """

    pid: int
    phase: Phase
    window: int
    edge: int
    since: float
    built: float
    memory: float


class Board:
    """One entry for each rank of a run.

    Parameters
    ----------
    path : Path
        The file.
    size : int
        Number of ranks.
    """

    def __init__(self, path: Path, size: int) -> None:
        if not path.exists():
            path.write_bytes(bytes(_ROOM * size))
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), _ROOM * size)
        self._size = size

    def write(self, place: int, entry: Entry) -> None:
        """Set a whole entry."""
        _ENTRY.pack_into(self._memory, _ROOM * place, entry.pid, entry.phase, entry.window, entry.edge, 0, entry.since, entry.built,
                         entry.memory)

    def enter(self, place: int, phase: Phase, window: int, edge: int) -> None:
        """Set what a rank is doing now, and leave the rest of its entry."""
        struct.pack_into("<iqiid", self._memory, _ROOM * place + 4, phase, window, edge, 0, time.monotonic())

    def read(self) -> list[Entry]:
        """Return all entries."""
        entries = []
        for place in range(self._size):
            pid, phase, window, edge, _, since, built, memory = _ENTRY.unpack_from(self._memory, _ROOM * place)
            entries.append(Entry(pid, Phase(phase), window, edge, since, built, memory))
        return entries

    def close(self) -> None:
        """Let go of the file."""
        self._memory.close()
