"""Fit the populations of a network to the step functions that were compiled for their neuron models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from cosim.errors import InputError, Problem, raise_all
from cosim.models.microcircuit.kernel._engine import MOST_STATES, kernels
from cosim.models.microcircuit.language.model import Model
from cosim.models.microcircuit.network.data import Network, Population
from cosim.timegrid import in_ms, to_ticks

_LONGEST_REST = 2**24  # up to here single precision counts every step


@dataclass(frozen=True, slots=True)
class Fitted:
    """Hold how one population runs.

    Parameters
    ----------
    kernel : int
        Number of the compiled step function; -1 where spikes are precise.
    states : tuple of int
        Which array of state holds each state variable of the kernel.
    constants : tuple of float
        In the order of the kernel.
    inputs : mapping of str to int
        Which input of the kernel each receptor feeds.
    """

    kernel: int
    states: tuple[int, ...]
    constants: tuple[float, ...]
    inputs: Mapping[str, int]


def array_of(model: Model, variable: str) -> int:
    """Return the array of state that holds a state variable; the first array is kept for ``rest``."""
    return 0 if variable == "rest" else 1 + [s.name for s in model.state].index(variable)


def arrays(network: Network) -> tuple[int, int]:
    """Return how many arrays of state a network needs, and the most inputs of any of its populations."""
    return (1 + max(len(p.model.state) for p in network.populations),
            max(len(set(p.model.kernels[p.model.kernel(p.parameters)].feeds.values())) for p in network.populations))


def fit(population: Population, step_ms: Fraction) -> Fitted:
    """Return how a population runs at a time step.

    Raises
    ------
    InputError
        When the parameters do not go with the step.
    """
    model, compiled = population.model, kernels()
    _check(population, step_ms)
    if model.is_precise:
        values = model.constants(population.parameters, step_ms)
        return Fitted(-1, tuple(array_of(model, s.name) for s in model.state), tuple(values.values()),
                      {receptor.name: i for i, receptor in enumerate(model.receptors)})
    chosen = model.kernels[model.kernel(population.parameters)]
    name = f"{model.name}_{chosen.step.__name__}"
    if name not in compiled:
        raise InputError(Problem(f"the neuron model '{model.name}' has not been compiled", where=f"population {population.name}",
                                 remedy="install cosim again, which compiles every model in models/microcircuit/neurons"))
    number, states, constants, inputs = compiled[name]
    values = model.constants(population.parameters, step_ms)
    return Fitted(number, tuple(array_of(model, s) for s in states), tuple(float(values[c]) for c in constants),
                  {receptor: inputs.index(fed) for receptor, fed in chosen.feeds.items()})


def _check(population: Population, step_ms: Fraction) -> None:
    model, values = population.model, population.parameters
    problems = [Problem(f"population {population.name}: {c.what}", where=c.parameter, expected=c.expected)
                for c in model.complaints(values, step_ms)]
    if len(model.state) >= MOST_STATES:
        problems.append(Problem(f"the neuron model '{model.name}' has {len(model.state)} state variables",
                                where=f"population {population.name}", expected=f"at most {MOST_STATES - 1}"))
    for p in model.parameters:
        if not p.on_grid:
            continue
        steps = to_ticks(values[p.name], step_ms, f"the {p.about} of {population.name},")
        if steps > _LONGEST_REST:
            problems.append(Problem(f"the {p.about} of {population.name}, {in_ms(values[p.name])}, is more than {_LONGEST_REST:,} steps",
                                    remedy="shorten it or lengthen the step"))
    raise_all(problems)
