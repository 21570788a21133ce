"""Turn a connectome into delays, links in their canonical order, and the time by which replaced regions may run ahead or lag behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum

import numpy as np
from numpy.typing import NDArray

from cosim.errors import InputError, Problem
from cosim.models.wholebrain.connectome import Connectome

Ints = NDArray[np.int64]
Array = NDArray[np.float64]
Links = tuple[Ints, Ints, Ints, Array]
LARGEST_BLOCK = 64
_LARGEST_DELAY = 2**31  # steps


@dataclass(frozen=True, slots=True)
class Network:
    """Hold the network in steps.

    Parameters
    ----------
    weights : (n, n) float64
        Normalised weights, ``[i, j]`` from j to i.
    delays : (n, n) int64
        Delays in steps.
    block : int
        Steps in a block of time; links at least as long are long ones. It depends on the network alone.
    """

    weights: Array
    delays: Ints
    block: int

    @property
    def between(self) -> NDArray[np.bool_]:
        """Which pairs of different regions are connected."""
        return (self.weights > 0) & ~np.eye(len(self.weights), dtype=bool)

    @property
    def longest(self) -> int:
        """Largest delay of a connection, steps; at least 1."""
        return max(1, int(self.delays[self.weights > 0].max(initial=0)))

    def links(self, targets: Sequence[int], *parts: str) -> Links:
        """Return the links from other regions into some targets: first, source, delay and weight.

        Parameters
        ----------
        targets : sequence of int
            The regions they end at.
        *parts : {'long', 'short', 'instant'}
            Which links, in this order for each target; within a part by ascending source.
        """
        choose = {"long": self.delays >= self.block, "short": (self.delays < self.block) & (self.delays > 0), "instant": self.delays == 0}
        between = self.between
        begin, source, target = [0], [], []
        for i in targets:
            for part in parts:
                found = np.flatnonzero(between[i] & choose[part][i])
                source += found.tolist()
                target += [i] * len(found)
            begin.append(len(source))
        at = np.array(target, np.int64), np.array(source, np.int64)
        return np.array(begin, np.int64), at[1], self.delays[at], self.weights[at]


def network(connectome: Connectome, normalise: str, self_connections: bool, speed: float, step_ms: float) -> Network:
    """Return the network of a connectome; delays are rint(length / speed / step), half to even.

    Raises
    ------
    InputError
        When a delay is longer than can be counted.
    """
    weights = connectome.weights.copy()
    if not self_connections:
        np.fill_diagonal(weights, 0.0)
    largest = {"none": 1.0, "max": float(weights.max()), "max_row_sum": max(fsum(row) for row in weights)}[normalise]
    if largest > 0:
        weights = weights / largest
    longest = float(connectome.tract_lengths.max())
    if longest > _LARGEST_DELAY * step_ms * speed:
        raise InputError(
            Problem(
                f"at {speed:g} mm/ms the longest tract, {longest:g} mm, takes more than 2^31 steps of {step_ms:g} ms",
                "speed",
                f"a speed above {longest / step_ms / _LARGEST_DELAY:.3g} mm/ms",
            )
        )
    delays = np.rint(connectome.tract_lengths / speed / step_ms).astype(np.int64)
    return Network(weights, delays, _best_block(delays[(weights > 0) & ~np.eye(len(weights), dtype=bool)]))


def leads_and_lags(net: Network, replaced: Sequence[int]) -> tuple[list[int], list[int]]:
    """Return for each replaced region how far its afferent input is known ahead, and how much later its own activity is needed.

    Where two of them are connected the delay between them is shared: lead of the one + lag of the other <= delay.
    Steps; where nothing is connected, the longest delay of the network.
    """
    between = net.between
    lags = []
    for a in replaced:
        delays = [int(net.delays[i, a]) // (2 if i in replaced else 1) for i in np.flatnonzero(between[:, a])]
        lags.append(min([net.longest, *delays]))
    lag_of = dict(zip(replaced, lags, strict=True))
    leads = [min([net.longest, *(int(net.delays[b, j]) - lag_of.get(int(j), 0) for j in np.flatnonzero(between[b]))]) for b in replaced]
    return leads, lags


def _best_block(delays: Ints) -> int:
    """Choose the block with the least work for a step: long links cost some vectors a block, short ones more for every step.

    Instant links cost the same in every block; among equals the longest block is best.
    """
    delayed = delays[delays > 0]

    def work(block: int) -> float:
        short = int((delayed < block).sum())
        return (len(delayed) - short) * (2 + -(-block // 8)) / block + 3 * short

    return min(range(LARGEST_BLOCK, 0, -1), key=work)
