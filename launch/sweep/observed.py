"""Lead what the ports of one point give through operators to what is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from cosim.blocks import Kind, Samples
from cosim.errors import InputError, Problem, raise_all
from cosim.interfaces import Port
from cosim.launch.sweep.kept import Kept
from cosim.launch.sweep.reducing import Reduction, reduction, shape_of, unit_of
from cosim.models.observe.building import Bound, bind, refuse_short
from cosim.registry import did_you_mean
from cosim.timegrid import Clock, in_ms


@dataclass(frozen=True, slots=True)
class Figure:
    """Say what one thing kept of a point looks like.

    Parameters
    ----------
    shape : tuple of int
        Of its numbers.
    unit : str
        Of each.
    labels : tuple of str
        Names of the channels; empty where the port has none.
    """

    shape: tuple[int, ...]
    unit: str
    labels: tuple[str, ...]


Figures = dict[str, Figure]


class Observed:
    """Take blocks of samples of ports and hold what is kept of them.

    Parameters
    ----------
    kept : sequence of Kept
        What is kept.
    ports : mapping of str to Port
        All that a point gives, by ``group.port``.
    clocks : mapping of str to Clock
        Of each group; a port that holds its values is taken once in its period.
    stop : int
        Tick at which the point ends.
    discard_ms : Fraction
        How much of the beginning is left out of what operators give, ms.
    seed : int
        Seed of the point.

    Raises
    ------
    InputError
        With everything that cannot be kept.
    """

    def __init__(self, kept: Sequence[Kept], ports: Mapping[str, Port], clocks: Mapping[str, Clock], stop: int, discard_ms: Fraction,
                 seed: int) -> None:
        self._lines: list[_Line] = []
        self.figures: Figures = {}
        problems: list[Problem] = []
        for k in kept:
            try:
                line = _Line(k, ports, clocks, discard_ms, seed, stop)
                self.figures |= line.figures(stop)
                self._lines.append(line)
            except InputError as error:
                problems += [p.at(f"--keep {k.group}.{k.port}") for p in error.problems]
        raise_all(problems)

    @property
    def ports(self) -> tuple[str, ...]:
        """The ports that are read, ``group.port`` each."""
        return tuple(dict.fromkeys(line.name for line in self._lines))

    def take(self, blocks: Mapping[str, Samples]) -> None:
        """Take the next block of each port, by ``group.port``."""
        for line in self._lines:
            line.take(blocks[line.name])

    def results(self) -> dict[str, NDArray[np.float64]]:
        """Return what is kept, by its place in the file."""
        return {name: found for line in self._lines for name, found in line.results()}


class _Line:
    """Lead one port through its operators to its reductions."""

    def __init__(self, kept: Kept, ports: Mapping[str, Port], clocks: Mapping[str, Clock], discard_ms: Fraction, seed: int,
                 stop: int) -> None:
        self.kept, self.name = kept, f"{kept.group}.{kept.port}"
        if kept.group not in clocks:
            raise InputError(Problem(f"there is no group '{kept.group}'", remedy=did_you_mean(kept.group, list(clocks))))
        if self.name not in ports:
            raise InputError(Problem(f"group '{kept.group}' has no output '{kept.port}'", remedy=did_you_mean(self.name, list(ports))))
        port, clock = ports[self.name], clocks[kept.group]
        if port.kind is Kind.SPIKES:
            raise InputError(Problem("it holds spikes, of which a sweep keeps nothing itself",
                                     remedy="translate them to a rate, and keep that"))
        clock = Clock(clock.tick_ms, port.period or clock.step)
        self._bounds: list[Bound] = []
        for text, spec in kept.operators:
            bound = bind(text, spec, {"in": port}, clock, seed)
            refuse_short(bound, stop, clock)
            self._bounds.append(bound)
            port, clock = bound.operator.port, Clock(clock.tick_ms, bound.operator.every)
        self.port, self.clock = port, clock
        self.first = int(discard_ms / clock.tick_ms) if discard_ms else 0
        self._reductions: dict[str, Reduction] = {}

    def figures(self, stop: int) -> Figures:
        """Return what each thing kept looks like, and make ready to take blocks."""
        found: Figures = {}
        step_ms = self.clock.tick_ms * self.clock.step
        samples = stop // self.clock.step - self.first // self.clock.step
        for name, what in zip(self.kept.names, self.kept.whats, strict=True):
            if samples < 1:
                raise InputError(Problem(f"nothing is left for '{what.text}' of a run of {in_ms(stop * self.clock.tick_ms)}",
                                         expected="a longer run, or less left out at the beginning"))
            found[name] = Figure(shape_of(what, self.port, step_ms, samples), unit_of(what, self.port), tuple(self.port.labels or ()))
            self._reductions[name] = reduction(what, self.port, step_ms)
        return found

    def take(self, block: Samples) -> None:
        """Take the next block of the port."""
        for bound in self._bounds:
            block = bound.apply({"in": block})
        begin = max(0, (self.first - block.first) // block.step + 1)
        rows = block.values[begin:]
        for each in self._reductions.values():
            each.take(rows)

    def results(self) -> list[tuple[str, NDArray[np.float64]]]:
        """Return what is kept."""
        found = []
        for name, each in self._reductions.items():
            try:
                found.append((name, each.result()))
            except InputError as error:
                raise InputError(*(p.at(name) for p in error.problems)) from None
        return found
