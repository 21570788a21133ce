"""Say what a local model is: its names, units, bounds and parameters; the equations stand in the C header of the same name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cosim.errors import Problem
from cosim.registry import did_you_mean

Array = NDArray[np.float64]
PerRegion = float | tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Variable:
    """Hold one state variable.

    Parameters
    ----------
    name, unit, about : str
        What it is called, its unit, and what it stands for.
    start : float
        Value to start from where nothing else is known.
    low, high : float
        Bounds to which it is clamped after each stage.
    """

    name: str
    unit: str
    about: str
    start: float
    low: float = -np.inf
    high: float = np.inf


@dataclass(frozen=True, slots=True)
class Input:
    """Hold one place where a stimulus can be added: the state variable whose equation it enters, and its unit."""

    variable: str
    unit: str
    about: str


@dataclass(frozen=True, slots=True)
class Model:
    """Describe one local model; tests read these facts.

    Parameters
    ----------
    name : str
        Its name in an experiment, and that of its C functions.
    number : int
        Its place in ``models.h``.
    source : str
        Publication of the equations.
    parameters : type
        Frozen dataclass; every number may also be a tuple with one number a region.
    choices : mapping of str to tuple of str
        Words that a parameter may hold (instead of a number, where its default is one).
    positive : tuple of str
        Parameters that must be above 0.
    variables : tuple of Variable
        State, in the order of the kernel.
    inputs : tuple of Input
        Where stimuli can be added, in the order of the kernel; drives are added to the first.
    coupling : str
        What a region sends, and `coupling_unit` its unit.
    rate : str or None
        What the rate output in Hz stands for, where the model has one.
    rows : callable
        Turns (parameters, gain, weights) into the table of the kernel, (n_rows, n_regions).
    slope : callable
        The slow twin of the kernel: (rows, x, c, u) to (dx, rate), 1/ms and Hz; the rate is None where there is none.
    """

    name: str
    number: int
    about: str
    source: str
    parameters: type
    choices: Mapping[str, tuple[str, ...]]
    positive: tuple[str, ...]
    variables: tuple[Variable, ...]
    inputs: tuple[Input, ...]
    coupling: str
    coupling_unit: str
    rate: str | None
    rows: Callable[[Any, float, Array], Array]
    slope: Callable[[Array, Array, Array, Array], tuple[Array, Array | None]]

    @property
    def variable_names(self) -> tuple[str, ...]:
        """Names of the state variables, in order."""
        return tuple(v.name for v in self.variables)


def table(values: list[PerRegion], n: int) -> Array:
    """Return parameters as rows with one column a region."""
    return np.array([np.broadcast_to(np.asarray(v, np.float64), (n,)) for v in values])


def read_parameters(model: Model, given: Mapping[str, Any], n: int) -> tuple[Any, list[Problem]]:
    """Return the parameters of a model, and everything that is wrong with what was given.

    Parameters
    ----------
    model : Model
        Whose parameters they are.
    given : mapping of str to number, tuple of numbers or str
        What the user set.
    n : int
        Number of regions: the length of a parameter that differs between them.
    """
    known = [f.name for f in fields(model.parameters)]
    defaults = model.parameters()
    problems: list[Problem] = []
    good: dict[str, Any] = {}
    for name, value in given.items():
        where, words = f"model_parameters.{name}", model.choices.get(name, ())
        if name not in known:
            problems.append(Problem(f"'{model.name}' has no parameter '{name}'", where, remedy=did_you_mean(name, known)))
        elif isinstance(value, str) or isinstance(getattr(defaults, name), str):
            if value not in words:
                remedy = did_you_mean(str(value), list(words)) if words else ""
                problems.append(Problem(f"{value!r} is no value for '{name}'", where, "" if words else "a number", remedy))
            good[name] = value
        else:
            numbers = np.atleast_1d(np.asarray(value, dtype=np.float64))
            if numbers.ndim != 1 or len(numbers) not in (1, n) or not np.isfinite(numbers).all():
                problems.append(Problem(f"'{name}' is {value!r}", where, f"a finite number, or one for each of the {n} regions"))
            elif name in model.positive and not (numbers > 0).all():
                problems.append(Problem(f"'{name}' is {numbers[~(numbers > 0)][0]:g}", where, "a number above 0"))
            good[name] = float(numbers[0]) if len(numbers) == 1 else tuple(float(v) for v in numbers)
    return (defaults if problems else model.parameters(**good)), problems
