"""Choose what of an output port is kept on disk."""

from __future__ import annotations

from dataclasses import dataclass

from cosim.blocks import Block, Kind, Samples
from cosim.errors import InputError, Problem
from cosim.interfaces import Port


@dataclass(frozen=True, slots=True)
class Recorded:
    """Say that an output port is recorded, and how densely.

    Parameters
    ----------
    port : Port
        The port.
    step : int
        Step of its group, ticks.
    every : int
        Samples stamped with a multiple of so many ticks are kept; a multiple of `step`. Spikes are all kept.

    Raises
    ------
    InputError
        When `every` is not a multiple of `step`; names the nearest legal values.
    """

    port: Port
    step: int
    every: int

    def __post_init__(self) -> None:
        if self.every < 1 or self.every % self.step:
            below = self.every // self.step * self.step
            legal = f"{below} or {below + self.step} ticks" if below > 0 else f"{self.step} ticks"
            raise InputError(Problem(f"port '{self.port.name}' cannot be recorded every {self.every} ticks",
                                     expected=f"a multiple of its group's step, {self.step} ticks", remedy=f"write {legal}"))

    def keep(self, block: Block) -> Block:
        """Return what of a block is recorded: all spikes, or the samples whose tick is a multiple of `every`."""
        if self.port.kind is Kind.SPIKES or not isinstance(block, Samples) or self.every == block.step:
            return block
        first = -(-block.first // self.every) * self.every
        begin = (first - block.first) // block.step
        return Samples(first, self.every, block.values[begin::self.every // block.step])
