"""Say at which rates of its inputs a neuron is measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from cosim.errors import InputError, Problem, raise_all
from cosim.registry import did_you_mean

MOST = 2000


@dataclass(frozen=True, slots=True)
class Axis:
    """Hold the values of one input.

    Parameters
    ----------
    name : str
        Of the population that it comes from.
    values : tuple of float
        Rates of one of its neurons, Hz.
    """

    name: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """Hold all combinations of the values of some inputs.

    Parameters
    ----------
    axes : tuple of Axis
        The inputs; the first varies fastest.
    frozen : tuple of float
        Adaptation currents at which the neuron is held, pA; empty where adaptation is left to the neuron.
    """

    axes: tuple[Axis, ...]
    frozen: tuple[float, ...] = ()

    @property
    def rates(self) -> NDArray[np.float64]:
        """Rates of each input at each point, (inputs, points) float64, Hz."""
        return self._all[: len(self.axes)]

    @property
    def adaptation(self) -> NDArray[np.float64] | None:
        """Adaptation current at each point, (points,) float64, pA; None where it is the neuron's own."""
        return self._all[-1] if self.frozen else None

    @property
    def shape(self) -> tuple[int, int]:
        """How many values the first input has, and how many combinations the others."""
        first = len(self.axes[0].values)
        return self._all.shape[1] // first, first

    @property
    def _all(self) -> NDArray[np.float64]:
        values = [a.values for a in self.axes] + ([self.frozen] if self.frozen else [])
        return np.array([p[::-1] for p in product(*values[::-1])], float).reshape(-1, len(values)).T

    def labels(self) -> list[str]:
        """Return what each combination of the other inputs is."""
        _, first = self.shape
        names = [a.name for a in self.axes[1:]]
        rows = self._all[1:, ::first].T
        return [", ".join([*(f"{n} {v:g} Hz" for n, v in zip(names, row, strict=False)), *([f"w {row[-1]:g} pA"] if self.frozen else [])])
                for row in rows]


def grid_of(defaults: Sequence[Axis], given: Sequence[str], adaptation: str | None = None) -> Grid:
    """Return the grid that a user asks for.

    Parameters
    ----------
    defaults : sequence of Axis
        The inputs that there are, with the rates that are tried where none are given.
    given : sequence of str
        ``NAME=LOW:HIGH:NUMBER`` or ``NAME=A,B,C``, Hz.
    adaptation : str or None
        The same without a name, pA; None leaves adaptation to the neuron.

    Raises
    ------
    InputError
        With all that is wrong.
    """
    axes = {a.name: a for a in defaults}
    problems = []
    for text in given:
        name, _, values = text.partition("=")
        if name not in axes:
            problems.append(Problem(f"there is no input '{name}'", "--grid", f"one of {', '.join(axes)}", did_you_mean(name, list(axes))))
            continue
        try:
            axes[name] = Axis(name, _values(values, "--grid", "Hz"))
        except InputError as error:
            problems += error.problems
            continue
        problems += [Problem(f"the rate {v:g} Hz of '{name}' is below 0", "--grid", "rates of at least 0 Hz")
                     for v in axes[name].values if v < 0]
    raise_all(problems)
    grid = Grid(tuple(axes.values()), () if adaptation is None else _values(adaptation, "--adaptation", "pA"))
    many = grid.rates.shape[1]
    if many > MOST:
        raise InputError(Problem(f"the grid has {many:,} points", "--grid", f"at most {MOST:,}"))
    return grid


def _values(text: str, where: str, unit: str) -> tuple[float, ...]:
    form = f"such as 1:20:8 (from 1 to 20 {unit} in 8 values) or 1,2,5,10"
    try:
        if ":" in text:
            low, high, number = text.split(":")
            values = np.linspace(float(low), float(high), int(number))
        else:
            values = np.array([float(v) for v in text.split(",") if v.strip()])
    except ValueError:
        raise InputError(Problem(f"'{text}' is no list of values", where, form)) from None
    if not len(values):
        raise InputError(Problem("the grid is empty", where, f"at least one value, {form}"))
    if not all(isfinite(v) for v in values):
        raise InputError(Problem(f"'{text}' holds a value that is not finite", where, form))
    return tuple(float(v) for v in np.unique(values))
