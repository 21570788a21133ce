"""Hold what drives or observes parts of a network, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from cosim.errors import InputError, Problem
from cosim.timegrid import to_ticks


@dataclass(frozen=True, slots=True)
class Subset:
    """Hold some neurons of one population: a slice, which is cut to the size that is run, or numbers.

    Parameters
    ----------
    population : int
        Its number.
    part : slice or tuple of int
        Which of its neurons, counted from 0.
    """

    population: int
    part: slice | tuple[int, ...]

    @property
    def is_all(self) -> bool:
        """Whether it is the whole population."""
        return self.part == slice(None)

    def numbers(self, size: int) -> NDArray[np.int64]:
        """Return the numbers of the neurons in a population of this size, ascending, (n,) int64."""
        found = np.arange(size)[self.part] if isinstance(self.part, slice) else np.array(self.part, np.int64)
        return np.unique(found)


@dataclass(frozen=True, slots=True)
class Course:
    """Hold a value that changes in steps: 0 before the first instant, then each value until the next.

    Parameters
    ----------
    times_ms : tuple of Fraction
        Ascending.
    values : tuple of float
        From each instant on.
    """

    times_ms: tuple[Fraction, ...]
    values: tuple[float, ...]

    def on_grid(self, step_ms: Fraction, name: str) -> Stepwise:
        """Return the same in steps; raise `InputError` for an instant that is off the grid."""
        return Stepwise(np.array([to_ticks(t, step_ms, f"the instant in '{name}',") for t in self.times_ms], np.int64),
                        np.array([0.0, *self.values]))


@dataclass(frozen=True, slots=True, eq=False)
class Stepwise:
    """Hold a value that changes in steps.

    Parameters
    ----------
    begins : (n,) int64
        Steps at which it changes, ascending.
    values : (n + 1,) float64
        Before the first, and from each on.
    """

    begins: NDArray[np.int64]
    values: NDArray[np.float64]

    def over(self, first: int, steps: int) -> NDArray[np.float64]:
        """Return the value in each of some steps, (steps,) float64."""
        found: NDArray[np.float64] = self.values[np.searchsorted(self.begins, np.arange(first, first + steps), side="right")]
        return found


@dataclass(frozen=True, slots=True)
class PoissonInput:
    """Hold a source of Poisson spikes, each neuron's own.

    Parameters
    ----------
    name, where : str
        How to call it, and its place in the file.
    targets : tuple of Subset
        Who hears it.
    rate_hz : Course
        Rate that each neuron hears, Hz.
    receptors, weights : tuple of str, tuple of float
        For each target: what the spikes act on, and their weight in its unit.
    """

    name: str
    where: str
    targets: tuple[Subset, ...]
    rate_hz: Course
    receptors: tuple[str, ...]
    weights: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class CurrentInput:
    """Hold a direct current that changes in steps, pA."""

    name: str
    where: str
    targets: tuple[Subset, ...]
    amplitude_pa: Course


@dataclass(frozen=True, slots=True)
class Multimeter:
    """Hold which state variables of which neurons are shown, one sample a step."""

    name: str
    where: str
    targets: tuple[Subset, ...]
    variables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recorder:
    """Hold whose spikes are shown on a port of their own."""

    name: str
    where: str
    targets: tuple[Subset, ...]


Device = PoissonInput | CurrentInput | Multimeter | Recorder


def ids_of(device: Device, sizes: list[int]) -> NDArray[np.int64]:
    """Return the ids of all neurons that a device reaches, ascending, (n,) int64.

    Raises
    ------
    InputError
        When there are none, or one that is not there.
    """
    first = np.cumsum([0, *sizes])
    parts = []
    for target in device.targets:
        numbers, size = target.numbers(sizes[target.population]), sizes[target.population]
        if len(numbers) and (numbers[0] < 0 or numbers[-1] >= size):
            wrong = numbers[0] if numbers[0] < 0 else numbers[-1]
            raise InputError(Problem(f"'{device.name}' names neuron {wrong} of a population of {size}", device.where,
                                     f"numbers from 0 to {size - 1}"))
        parts.append(first[target.population] + numbers)
    found = np.unique(np.concatenate(parts))
    if not len(found):
        raise InputError(Problem(f"'{device.name}' reaches no neuron", device.where, "a part of a population that is not empty"))
    return found
