"""Give every rank a contiguous range of neurons, and number what it holds. How is explained in ``engine.h``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cosim.models.microcircuit.kernel._engine import CHUNK


@dataclass(frozen=True, slots=True)
class Part:
    """Hold what is one rank's own.

    Parameters
    ----------
    first_id, stop_id : int
        Its neurons.
    first_chunk, local : int
        Number of its first chunk, and neurons in all of its chunks, its own or not.
    runs : (n_runs, 4) int64
        Population, first local index, chunks, and what to add to a local index to get the id.
    own : (local / 64,) uint64
        One bit for each of its own neurons.
    to_local : (n_populations,) int64
        What to add to a number within a population to get the local index.
    bounds : tuple of (int, int)
        For each population: the numbers within it that are this rank's own.
    onto : tuple of (int, int)
        For each population: the numbers within it that this rank may have synapses onto.
    share : (int, int)
        Which share of the rows of synapses onto these is this rank's, and of how many.
    """

    first_id: int
    stop_id: int
    first_chunk: int
    local: int
    runs: NDArray[np.int64]
    own: NDArray[np.uint64]
    to_local: NDArray[np.int64]
    bounds: tuple[tuple[int, int], ...]
    onto: tuple[tuple[int, int], ...]
    share: tuple[int, int]

    def local_of(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the local indices of neurons of this rank's own."""
        runs = self.runs[np.searchsorted(self.runs[:, 1] + self.runs[:, 3], ids, side="right") - 1]
        return ids - runs[:, 3]


def first_ids(loads: Sequence[float], sizes: Sequence[int], ranks: int) -> NDArray[np.uint32]:
    """Return the first id of each rank and the number of neurons, (ranks + 1,) uint32.

    Each rank gets the same share of the load, of which a neuron of each population has so much; and at least one neuron.
    """
    whole, neurons = [load * size for load, size in zip(loads, sizes, strict=True)], sum(sizes)
    found, population, before, first = [0], 0, 0.0, 0
    for r in range(1, ranks):
        wanted = sum(whole) * r / ranks
        while population < len(sizes) - 1 and before + whole[population] <= wanted:
            before, first, population = before + whole[population], first + sizes[population], population + 1
        cut = first + int((wanted - before) / loads[population])
        found.append(min(max(cut, found[-1] + 1), neurons - (ranks - r)))
    return np.array([*found, neurons], np.uint32)


def shares(rows: NDArray[np.int64], part: int, parts: int) -> NDArray[np.int64]:
    """Return how many synapses of each row are the share of one rank; see ``partial.h``."""
    turn = np.arange(len(rows)) % parts
    return (rows * (part + 1) + turn) // parts - (rows * part + turn) // parts


def part(loads: Sequence[float], sizes: Sequence[int], rank: int, ranks: int, by_edge: bool = False) -> Part:
    """Return the part of one rank in populations of these sizes: of the synapses, those onto its own neurons, or a share of all."""
    first, stop = (int(i) for i in first_ids(loads, sizes, ranks)[rank:rank + 2])
    id_of = np.cumsum([0, *sizes])
    chunk_of = np.cumsum([0, *(-(-n // CHUNK) for n in sizes)])
    bounds = tuple((min(max(first - int(id_of[p]), 0), n), min(max(stop - int(id_of[p]), 0), n)) for p, n in enumerate(sizes))
    chunks = [(p, int(chunk_of[p]) + low // CHUNK, int(chunk_of[p]) + -(-high // CHUNK))
              for p, (low, high) in enumerate(bounds) if high > low]
    base, end = (0, int(chunk_of[-1])) if by_edge else (chunks[0][1], chunks[-1][2])
    to_local = (chunk_of[:-1] - base) * CHUNK
    own = np.zeros(CHUNK * (end - base), np.uint8)
    runs = []
    for p, begin, after in chunks:
        runs.append((p, (begin - base) * CHUNK, after - begin, int(id_of[p] - to_local[p])))
        own[to_local[p] + bounds[p][0]:to_local[p] + bounds[p][1]] = 1
    bits = np.packbits(own, bitorder="little").view("<u8").astype(np.uint64)
    onto = tuple((0, n) for n in sizes) if by_edge else bounds
    return Part(first, stop, base, len(own), np.array(runs, np.int64), bits, to_local.astype(np.int64), bounds, onto,
                (rank, ranks) if by_edge else (0, 1))
