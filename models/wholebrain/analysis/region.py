"""One region by itself: a model with its parameters, as a function of the state and of one parameter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf, isfinite

import numpy as np

from cosim.errors import InputError, Problem, raise_all
from cosim.models.wholebrain.analysis.differences import jacobians
from cosim.models.wholebrain.language.model import Array, Model, everything, slope_of
from cosim.registry import did_you_mean


@dataclass(frozen=True, slots=True)
class Region:
    """Hold a model and the numbers of one region that nothing drives but its parameters.

    Parameters
    ----------
    model : Model
        Its equations.
    given : mapping of str to float
        Parameters that differ from the default.
    """

    model: Model
    given: Mapping[str, float] = field(default_factory=dict)

    def values(self, n: int = 1) -> dict[str, Array]:
        """Return all parameters, (n,) each, for n states of the region."""
        return everything(self.model, self.given, n)

    def slopes(self, x: Array) -> Array:
        """Return the derivatives, (variables, n) 1/ms, at n states at once."""
        return slope_of(self.model, self.values(x.shape[1]), x)

    def slopes_along(self, name: str, x: Array, values: Array) -> Array:
        """Return the derivatives, (variables, n) 1/ms, at n states, each with its own value, (n,), of one parameter."""
        return slope_of(self.model, everything(self.model, {**self.given, name: values}, x.shape[1]), x)

    def jacobian(self, x: Array) -> Array:
        """Return the Jacobian, (variables, variables) 1/ms, at one state, (variables,)."""
        found: Array = jacobians(self.model, self.values(), x[:, None])[0]
        return found

    def at(self, name: str, value: float) -> Region:
        """Return the same region with another value of a parameter."""
        return Region(self.model, {**self.given, name: value})

    def value(self, name: str) -> float:
        """Return the value of a parameter."""
        return float(self.values()[name][0])


def region(model: Model, preset: str | None = None, given: Mapping[str, float] | None = None) -> Region:
    """Return a region with checked parameters.

    Parameters
    ----------
    model : Model
        Its equations.
    preset : str or None
        Which set of parameters; None is the first.
    given : mapping of str to float
        What differs from it.

    Raises
    ------
    InputError
        With everything that is wrong: an unknown preset or parameter, a value that the model forbids.
    """
    problems = []
    if preset is not None and preset not in model.presets:
        known = list(model.presets)
        remedy = did_you_mean(preset, known) if known else "leave it out: the model has one set of parameters only"
        problems.append(Problem(f"{model.name} has no preset '{preset}'", remedy=remedy))
    chosen = dict(model.presets.get(preset, {})) if preset is not None else {}
    given = given or {}
    for name, value in given.items():
        problems += value_problems(model, name, value)
    raise_all(problems)
    return Region(model, {**chosen, **given})


def value_problems(model: Model, name: str, value: float) -> list[Problem]:
    """Return what is wrong with a parameter and its value: an unknown name, or a number that the model forbids."""
    found = next((p for p in model.parameters if p.name == name), None)
    if found is None:
        return [Problem(f"{model.name} has no parameter '{name}'", remedy=did_you_mean(name, list(model.parameter_names)))]
    unit = "" if found.unit == "1" else f" {found.unit}"
    above, least, most = (bound if bound is not None else d for bound, d in ((found.above, -inf), (found.least, -inf), (found.most, inf)))
    if isfinite(value) and above < value and least <= value <= most:
        return []
    said = [f"{word} {bound:g}{unit}" for word, bound in (("above", above), ("at least", least), ("at most", most)) if isfinite(bound)]
    return [Problem(f"{name} of {model.name} is {value:g}{unit}", expected=f"a number {' and '.join(said)}".rstrip())]


def check_interval(chosen: Region, name: str, start: float, stop: float) -> None:
    """Raise `InputError` where a parameter cannot run over an interval."""
    problems = value_problems(chosen.model, name, start)
    problems += value_problems(chosen.model, name, stop) if name in chosen.model.parameter_names else []
    if not start < stop:
        problems.append(Problem(f"{name} is to run from {start:g} to {stop:g}", expected="an interval whose end lies above its start",
                                remedy=f"--from {stop:g} --to {start:g}" if stop < start else "a larger --to"))
    raise_all(problems)


def spread(model: Model, n: int) -> Array:
    """Return n states, (variables, n), spread evenly over half as much again as the usual range, within the bounds.

    The sequence is that of Roberts' additive recurrence, which has no random numbers in it.
    """
    d = len(model.state)
    root = 2.0
    for _ in range(60):
        root = (1 + root) ** (1 / (d + 1))
    part = (0.5 + np.outer(root ** -np.arange(1.0, d + 1), np.arange(n))) % 1.0
    low, high = np.array([v.range for v in model.state]).T
    wide = 0.25 * (high - low)
    low, high = np.maximum(low - wide, [v.low for v in model.state]), np.minimum(high + wide, [v.high for v in model.state])
    x: Array = low[:, None] + (high - low)[:, None] * part
    x[:, 0] = [v.start for v in model.state]
    return x


def none_found(chosen: Region, starts: int) -> InputError:
    """Return the error that tells that a region has no fixed point, as far as one can see."""
    ranges = ", ".join(f"{v.name} {v.range[0]:g} to {v.range[1]:g}" for v in chosen.model.state)
    return InputError(Problem(f"no fixed point of {chosen.model.name} was found",
                              expected=f"one within or near the usual range ({ranges}); {starts} starts were tried, by Newton's method and "
                                       "by following the flow",
                              remedy="another value of a parameter; some models, such as a phase that only turns, have none"))
