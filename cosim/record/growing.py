"""Append what one output port gave to its datasets in ``results.h5``."""

from __future__ import annotations

from collections import deque
from fractions import Fraction
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from cosim.blocks import Block, Kind, Samples, Spikes
from cosim.errors import InputError, Problem, RunError
from cosim.record.recording import Recorded

STATIC = "static"
_CHUNK_BYTES = 128 << 10
_PACKED: dict[str, Any] = {"compression": "gzip", "compression_opts": 1, "shuffle": True}


class PortWriter:
    """Append what one port gave, in order, up to the instant that all groups have reached.

    Parameters
    ----------
    place : h5py.Group
        The group ``/groups/<group>``.
    group : str
        Name of the group.
    recorded : Recorded
        The port.
    tick_ms : Fraction
        Length of one tick, ms.
    duration : int
        Tick at which the run ends.
    """

    def __init__(self, place: h5py.Group, group: str, recorded: Recorded, tick_ms: Fraction, duration: int) -> None:
        port = recorded.port
        self._name = f"{group}.{port.name}"
        self._duration = duration
        self._every = recorded.every
        self.lead = port.lead
        self._waits: deque[Block] = deque()
        self._written = 0
        self._last: int | None = None
        self._size = port.size
        if port.name == STATIC or port.name in place:
            raise InputError(Problem(f"the output '{self._name}' cannot be recorded: its name is taken in the results"))
        where = place.create_group(port.name)
        self.attributes = where.attrs
        self.attributes.update({"unit": port.unit, "kind": str(port.kind), "tick_ms": float(tick_ms), "valid_until_tick": 0})
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
        self._where, self._of_spikes = where, port.kind is Kind.SPIKES
        self._offsets: h5py.Dataset | None = None

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
        self._append_offsets(Spikes.join(*(block for block in ready if isinstance(block, Spikes))).offsets if self._of_spikes else None,
                             begin, end)
        self._written, self._waits = end, rest

    def _append_offsets(self, offsets: NDArray[np.float64] | None, begin: int, end: int) -> None:
        """Write how much before their stamps spikes happened, from the first that says so on; those before it lie on the grid."""
        if offsets is not None and self._offsets is None:
            self._offsets = _growing(self._where, "offsets", "<f8", ())
        if self._offsets is not None:
            self._offsets.resize(end, axis=0)
            self._offsets[begin:end] = 0.0 if offsets is None else offsets

    def _within(self, block: Block) -> Block:
        """Drop what is stamped at or before 0, or after the end of the run."""
        return _split(_split(block, 0)[1], self._duration)[0]


def _split(block: Block, until: int) -> tuple[Block, Block]:
    """Return what is stamped at most `until`, and what is stamped after."""
    if isinstance(block, Spikes):
        n = int(np.searchsorted(block.ticks, until, "right"))
        return block.part(0, n), block.part(n)
    n = min(max((until - block.first) // block.step + 1, 0), len(block.values))
    return Samples(block.first, block.step, block.values[:n]), Samples(block.first + n * block.step, block.step, block.values[n:])


def _bytes(block: Block) -> int:
    if isinstance(block, Spikes):
        return (16 if block.offsets is None else 24) * len(block.ticks)
    return int(block.values.nbytes)


def _growing(where: h5py.Group, name: str, dtype: str, row: tuple[int, ...]) -> h5py.Dataset:
    chunks = (max(1, _CHUNK_BYTES // (8 * max(1, *row, 1))), *(max(1, n) for n in row))
    # Ticks shrink to a fiftieth and ids to a quarter; floating-point samples shrink by a tenth, at thirty times the cost of writing them.
    packing = _PACKED if dtype == "<i8" else {}
    return where.create_dataset(name, (0, *row), dtype, maxshape=(None, *(n or None for n in row)), chunks=chunks, **packing)
