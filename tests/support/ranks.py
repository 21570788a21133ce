"""Be several ranks in one process: threads that stand for processes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from cosim.interfaces import Ranks

Result = TypeVar("Result")


class _Board:
    """What the threads of one group have in common."""

    def __init__(self, size: int) -> None:
        self.barrier = threading.Barrier(size, timeout=60)
        self.slots: list[Any] = [None] * size
        self.arrays: list[np.ndarray] = []


class ThreadRanks(Ranks):
    """One rank of a group of threads; `run_on_ranks` makes them."""

    def __init__(self, rank: int, size: int, board: _Board, share_memory: bool, spin: int) -> None:
        self._rank, self._size, self._board, self._share, self._spin = rank, size, board, share_memory, spin
        self._made = 0

    @property
    def rank(self) -> int:
        return self._rank

    @property
    def size(self) -> int:
        return self._size

    @property
    def spin(self) -> int:
        return self._spin

    @property
    def share_memory(self) -> bool:
        return self._share

    def shared_array(self, shape, dtype):
        assert self._share, "these ranks share no memory"
        self._board.barrier.wait()
        if self._rank == 0:
            count = int(np.prod(shape)) * np.dtype(dtype).itemsize
            raw = np.zeros(count + 64, np.uint8)
            start = -raw.ctypes.data % 64
            self._board.arrays.append(raw[start:start + count].view(dtype).reshape(shape))
        self._board.barrier.wait()
        self._made += 1
        return self._board.arrays[self._made - 1]

    def _exchange(self, mine: Any) -> list[Any]:
        self._board.slots[self._rank] = mine
        self._board.barrier.wait()
        all_of_them = list(self._board.slots)
        self._board.barrier.wait()
        return all_of_them

    def gather(self, part):
        return np.concatenate(self._exchange(np.array(part)))

    def broadcast(self, data):
        return self._exchange(data)[0]

    def barrier(self) -> None:
        self._board.barrier.wait()


def run_on_ranks(size: int, work: Callable[[Ranks], Result], share_memory: bool = True, spin: int = 0) -> list[Result]:
    """Call `work` on every rank of a group of threads; return the results, or raise what the first rank that failed raised."""
    board = _Board(size)
    results: list[Any] = [None] * size
    failures: list[BaseException | None] = [None] * size

    def one(rank: int) -> None:
        try:
            results[rank] = work(ThreadRanks(rank, size, board, share_memory, spin))
        except BaseException as error:
            failures[rank] = error
            if not isinstance(error, threading.BrokenBarrierError):
                board.barrier.abort()

    threads = [threading.Thread(target=one, args=(rank,)) for rank in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = [f for f in failures if f is not None and not isinstance(f, threading.BrokenBarrierError)] or [f for f in failures if f]
    if told:
        raise told[0]
    return results
