"""Join groups that run in one process; needs no MPI."""

from __future__ import annotations

import mmap
from collections import deque
from math import prod
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from cosim.blocks import Frame
from cosim.errors import RunError
from cosim.interfaces import Ranks
from cosim.transport.frames import pack, unpack
from cosim.transports import Transport

Scalar = TypeVar("Scalar", bound=np.generic)


class Loopback(Transport):
    """Keep frames in queues of this process."""

    def __init__(self) -> None:
        self._queues: dict[int, deque[bytes]] = {}

    def send(self, edge: int, frame: Frame) -> None:
        """Put a frame at the end of the queue of its edge, as bytes: what the sender does to its arrays afterwards must not be seen."""
        self._queues.setdefault(edge, deque()).append(pack(edge, frame))

    def receive(self, edge: int) -> Frame | None:
        """Take the frame at the head of the queue of an edge, or None."""
        queue = self._queues.get(edge)
        return unpack(edge, queue.popleft()) if queue else None

    def wait(self, seconds: float) -> None:
        """Return if there is something to receive; otherwise nobody can ever go on.

        Raises
        ------
        RunError
            When there is nothing: all groups wait for each other, which a checked plan rules out.
        """
        if not any(self._queues.values()):
            raise RunError("every group waits for another one; the plan should have refused this, please report it")

    def close(self) -> None:
        """Forget all queues."""
        self._queues.clear()


class SoloRanks(Ranks):
    """Be the only rank of a group."""

    rank = 0
    size = 1
    spin = 0
    share_memory = True

    def shared_array(self, shape: int | tuple[int, ...], dtype: np.dtype[Any] | type) -> NDArray[Any]:
        """Return an array of zeros on a page boundary."""
        return zeros_on_pages(mmap.mmap(-1, bytes_of(shape, dtype)), shape, dtype)

    def gather(self, part: NDArray[Scalar]) -> NDArray[Scalar]:
        """Return the part itself."""
        return part

    def broadcast(self, data: bytes | None) -> bytes:
        """Return the data themselves."""
        if data is None:
            raise ValueError("rank 0 must give the data of a broadcast")
        return data

    def barrier(self) -> None:
        """Return at once."""


def bytes_of(shape: int | tuple[int, ...], dtype: np.dtype[Any] | type) -> int:
    """Return the size of an array, at least one byte so that it can be mapped."""
    count = shape if isinstance(shape, int) else prod(shape)
    return max(1, count * np.dtype(dtype).itemsize)


def zeros_on_pages(memory: mmap.mmap, shape: int | tuple[int, ...], dtype: np.dtype[Any] | type) -> NDArray[Any]:
    """Return an array that lies in mapped memory."""
    count = shape if isinstance(shape, int) else prod(shape)
    return np.frombuffer(memory, dtype, count).reshape(shape)
