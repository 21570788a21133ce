"""Carry what a port gives or takes in one window: spikes, or samples of a rate, a current or a state."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class Kind(StrEnum):
    """Name what flows through a port."""

    SPIKES = "spikes"
    RATE = "rate"
    CURRENT = "current"
    STATE = "state"


@dataclass(frozen=True, slots=True)
class Spikes:
    """Hold the spikes of one window, sorted by tick, then by id.

    Parameters
    ----------
    ticks : (n_spikes,) int64
        Instant of each spike: the tick reached by the step in which it happened.
    ids : (n_spikes,) int64
        Channel of each spike, from 0 to the size of the port minus 1. The same pair may occur more than once.
    offsets : (n_spikes,) float64 or None
        How much before its stamp each spike happened, ticks, from 0 up to one step (not with it); None where spikes happen on the grid.
    """

    ticks: NDArray[np.int64]
    ids: NDArray[np.int64]
    offsets: NDArray[np.float64] | None = None

    @staticmethod
    def none() -> Spikes:
        """Return a block without any spike."""
        return Spikes(np.empty(0, np.int64), np.empty(0, np.int64))

    @staticmethod
    def sort(ticks: NDArray[np.int64], ids: NDArray[np.int64], offsets: NDArray[np.float64] | None = None) -> Spikes:
        """Return a block from spikes in any order; those of one channel in one step come in the order of time."""
        order = np.lexsort((ids, ticks) if offsets is None else (-offsets, ids, ticks))
        return Spikes(np.ascontiguousarray(ticks[order], np.int64), np.ascontiguousarray(ids[order], np.int64),
                      None if offsets is None else np.ascontiguousarray(offsets[order], np.float64))

    @staticmethod
    def join(*blocks: Spikes) -> Spikes:
        """Return the spikes of several blocks, one block after the other; they have offsets where any block has."""
        blocks = tuple(b for b in blocks if len(b.ticks)) or blocks[:1]
        offsets = None
        if any(b.offsets is not None for b in blocks):
            offsets = np.concatenate([np.zeros(len(b.ticks)) if b.offsets is None else b.offsets for b in blocks])
        return Spikes(np.concatenate([b.ticks for b in blocks]), np.concatenate([b.ids for b in blocks]), offsets)

    def part(self, begin: int, end: int | None = None) -> Spikes:
        """Return the spikes number `begin` to `end` (not with it)."""
        return Spikes(self.ticks[begin:end], self.ids[begin:end], None if self.offsets is None else self.offsets[begin:end])

    def shifted(self, ticks: int) -> Spikes:
        """Return the same spikes so many ticks later."""
        return Spikes(self.ticks + ticks, self.ids, self.offsets)


@dataclass(frozen=True, slots=True)
class Samples:
    """Hold samples at instants ``first, first + step, ...``, one row an instant, one column a channel.

    Parameters
    ----------
    first : int
        Tick of the first sample.
    step : int
        Ticks from one sample to the next.
    values : (n_samples, size) float64
        The samples, in the unit of the port.
    """

    first: int
    step: int
    values: NDArray[np.float64]

    @property
    def ticks(self) -> NDArray[np.int64]:
        """Instants of the samples, (n_samples,) int64."""
        return self.first + self.step * np.arange(len(self.values), dtype=np.int64)

    @property
    def last(self) -> int:
        """Tick of the last sample; one step before `first` when there is none."""
        return self.first + self.step * (len(self.values) - 1)

    def shifted(self, ticks: int) -> Samples:
        """Return the same samples so many ticks later."""
        return Samples(self.first + ticks, self.step, self.values)

    def with_values(self, values: NDArray[np.float64]) -> Samples:
        """Return other values at the same instants."""
        return Samples(self.first, self.step, values)


Block = Spikes | Samples


class FrameKind(StrEnum):
    """Say what a frame is for; control is kept apart from data. Nothing sends barriers yet: they are for checkpoints."""

    DATA = "data"
    DONE = "done"
    ABORT = "abort"
    CREDIT = "credit"
    BARRIER = "barrier"


@dataclass(frozen=True, slots=True)
class Frame:
    """Hold one window of data on an edge, or a word of control.

    Parameters
    ----------
    kind : FrameKind
        What it is for.
    number : int
        Number of the window in the sending group; -1 for what was before the first.
    start, stop : int
        The ticks that the data are stamped in, ``(start, stop]``.
    block : Block or None
        The data.
    reason : str
        Why, for an abort.
    """

    kind: FrameKind
    number: int
    start: int
    stop: int
    block: Block | None = None
    reason: str = ""


_HEAD = struct.Struct("<cqqqq")


def to_bytes(block: Block) -> bytes:
    """Write a block as bytes that describe themselves (little-endian); `from_bytes` reads them."""
    if isinstance(block, Spikes):
        head = _HEAD.pack(b"S" if block.offsets is None else b"P", len(block.ticks), 0, 0, 0)
        offsets = b"" if block.offsets is None else block.offsets.astype("<f8").tobytes()
        return head + block.ticks.astype("<i8").tobytes() + block.ids.astype("<i8").tobytes() + offsets
    rows, size = block.values.shape
    return _HEAD.pack(b"V", rows, size, block.first, block.step) + block.values.astype("<f8").tobytes()


def from_bytes(data: bytes | memoryview) -> Block:
    """Read a block from what `to_bytes` wrote.

    Raises
    ------
    ValueError
        When the bytes are no block, or fewer or more than the block they announce.
    """
    if len(data) < _HEAD.size:
        raise ValueError("the data are too short for a block")
    code, rows, size, first, step = _HEAD.unpack_from(data)
    count = {b"S": 2, b"P": 3}.get(code, size) * rows
    if min(rows, size) < 0 or len(data) != _HEAD.size + 8 * count:
        raise ValueError(f"the data are {len(data)} bytes, which are not the block of {rows} rows that they announce")
    if code in (b"S", b"P"):
        both = np.frombuffer(data, "<i8", 2 * rows, _HEAD.size).astype(np.int64)
        offsets = np.frombuffer(data, "<f8", rows, _HEAD.size + 16 * rows).astype(np.float64) if code == b"P" else None
        return Spikes(both[:rows], both[rows:], offsets)
    if code != b"V":
        raise ValueError(f"there is no block of type {code!r}")
    values = np.frombuffer(data, "<f8", rows * size, _HEAD.size).astype(np.float64)
    return Samples(first, step, values.reshape(rows, size))
