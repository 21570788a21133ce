"""Watch how much memory the ranks of a run take."""

from __future__ import annotations

import threading
from pathlib import Path
from types import TracebackType

from cosim.launch.board import Board

LOOK_S = 0.1


class ResidentWatch:
    """Look at the ranks of a run while it goes on, from a thread of the launching process.

    The system keeps the largest resident memory of each process itself; what has to be looked at is how much of it the ranks share
    (`RssFile`: programs and mapped files, `RssShmem`: shared memory), which is counted once.

    Parameters
    ----------
    board : Path
        The run's board, which tells the numbers of its processes.
    ranks : int
        Number of ranks.
    """

    def __init__(self, board: Path, ranks: int) -> None:
        self._board, self._ranks, self._stop = board, ranks, threading.Event()
        self._seen: dict[int, tuple[int, int]] = {}
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> ResidentWatch:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def peak_bytes(self) -> int:
        """Sum of the largest resident memory of each rank; what they share is counted once, as much as the rank has that shares most."""
        shared = [s for _, s in self._seen.values()]
        return sum(peak for peak, _ in self._seen.values()) - sum(shared) + max(shared, default=0)

    def _watch(self) -> None:
        while not self._stop.wait(LOOK_S):
            for pid in self._pids():
                seen = _resident(pid)
                if seen:
                    self._seen[pid] = seen

    def _pids(self) -> set[int]:
        try:
            if self._board.stat().st_size == 0:
                return set()
            board = Board(self._board, self._ranks)
        except (OSError, ValueError):  # not there yet, or no longer
            return set()
        found = {e.pid for e in board.read()} - {0}
        board.close()
        return found


def _resident(pid: int) -> tuple[int, int] | None:
    """Return the largest resident memory of a process so far, and how much of what it has now may be shared, bytes."""
    try:
        lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
        peak, *shared = (int(lines[key].split()[0]) * 1024 for key in ("VmHWM", "RssFile", "RssShmem"))
    except (OSError, KeyError, ValueError):
        return None
    return peak, sum(shared)
