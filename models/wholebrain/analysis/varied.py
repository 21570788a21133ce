"""A whole brain one of whose numbers takes one value after the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from math import isfinite
from typing import Any

from cosim.errors import InputError, Problem, raise_all
from cosim.models.wholebrain.linearised import Linearised
from cosim.models.wholebrain.parameters import History, WholeBrainParameters
from cosim.models.wholebrain.repeated import Repeated
from cosim.models.wholebrain.setting import Setting
from cosim.registry import did_you_mean
from cosim.timegrid import Clock

FREE = ("coupling", "coupling_offset", "sigmoid", "model_parameters", "other_models", "exchange")
"""The parameters of `wholebrain` that change where it rests, without a jump."""


class Varied:
    """Read brains that differ in one number.

    Parameters
    ----------
    given : WholeBrainParameters
        What the experiment says.
    clock : Clock
        Tick and step.
    """

    def __init__(self, given: WholeBrainParameters, clock: Clock) -> None:
        # What is outside or comes and goes does not belong to the network that is analysed.
        self.given = replace(given, replaced={}, driven=(), simulate=None, stimuli=(), history=History(), noise_from_step=0)
        self._clock, self._repeated = clock, Repeated()

    def read(self, key: str = "", value: float = 0.0) -> Setting:
        """Return the brain, where `key` is given with another value of it.

        Raises
        ------
        InputError
            With what the component would refuse.
        """
        return self._repeated.read(self.with_value(key, value) if key else self.given, self._clock)

    def at(self, key: str, value: float) -> Linearised:
        """Return the network with another value of a key, with fine differences."""
        return Linearised(self.read(key, value), fine=True)

    def with_value(self, key: str, value: float) -> WholeBrainParameters:
        """Return the parameters with another value of a key that is written with points."""
        found: WholeBrainParameters = _with(self.given, key.split("."), value)
        return found

    def value(self, key: str) -> float | None:
        """Return the number that the key has in the experiment, or by default; None where it has none, or one for each region."""
        s, parts = self.read(), key.split(".")
        try:
            found = _get(self.given, parts)
        except (KeyError, AttributeError, IndexError):
            found = None
        if isinstance(found, int | float):
            return float(found)
        if found is None and parts[0] == "model_parameters" and len(parts) == 2:
            row = next((p.values.get(parts[1]) for p in s.patches.all if p.model.name == self.given.model), None)
            return float(row[0]) if row is not None and len(row) and (row == row[0]).all() else None
        return None


def check_key(given: WholeBrainParameters, key: str) -> None:
    """Raise `InputError` where a key names no number along which rest can be followed."""
    parts = key.split(".")
    numbers = ("coupling", "coupling_offset")
    known = [f.name for f in fields(given)]
    if parts[0] not in known:
        near = did_you_mean(parts[0], [*known, *(f"model_parameters.{name}" for name in _names(given))])
        raise InputError(Problem(f"'wholebrain' has no parameter '{parts[0]}'", "--along", f"one of {', '.join(FREE)}", near))
    if parts[0] not in FREE:
        raise InputError(Problem(f"the rest cannot be followed along '{key}': it does not change where the network rests, or only in jumps",
                                 "--along", f"a number in one of {', '.join(FREE)}"))
    if (parts[0] in numbers) != (len(parts) == 1):
        below = "a number" if parts[0] in numbers else "several"
        raise InputError(Problem(f"'{key}' is no number: '{parts[0]}' is {below}", "--along",
                                 f"'{parts[0]}'" if parts[0] in numbers else _example(given, parts[0])))
    if parts[0] == "model_parameters" and parts[1] not in _names(given):
        raise InputError(Problem(f"'{given.model}' has no parameter '{parts[1]}'", "--along", remedy=did_you_mean(parts[1], _names(given))))
    if parts[0] != "model_parameters" and len(parts) > 1:
        try:
            _with(given, parts, 0.0)
        except (KeyError, IndexError, TypeError, ValueError):
            raise InputError(Problem(f"there is no number '{key}'", "--along", _example(given, parts[0]))) from None


def check_interval(varied: Varied, key: str, start: float, stop: float) -> None:
    """Raise `InputError` where a key cannot run over an interval."""
    problems = [] if isfinite(start) and isfinite(stop) and start < stop else [
        Problem(f"{key} is to run from {start:g} to {stop:g}", expected="an interval whose end lies above its start",
                remedy=f"--from {stop:g} --to {start:g}" if stop < start else "a larger --to")]
    raise_all(problems)
    for end in (start, stop):
        try:
            varied.read(key, end)
        except InputError as error:
            problems += error.problems
    raise_all(problems)


def _names(given: WholeBrainParameters) -> list[str]:
    from cosim.models.wholebrain.dynamics import model  # noqa: PLC0415 (the models are needed for names only where there is a question)

    return list(model(given.model).parameter_names)


def _example(given: WholeBrainParameters, first: str) -> str:
    return {"sigmoid": "such as 'sigmoid.slope'", "model_parameters": f"such as 'model_parameters.{_names(given)[0]}'",
            "other_models": "such as 'other_models.0.model_parameters.NAME'", "exchange": "such as 'exchange.0.times'"}[first]


def _get(data: Any, parts: list[str]) -> Any:
    for part in parts:
        data = data[part] if isinstance(data, Mapping) else data[int(part)] if isinstance(data, tuple | list) else getattr(data, part)
    return data


def _with(data: Any, parts: list[str], value: float) -> Any:
    """Return data with one number set; what is given for all regions at once takes the place of a list or a word."""
    if not parts:
        if is_dataclass(data):
            raise TypeError
        return value
    first, rest = parts[0], parts[1:]
    if isinstance(data, Mapping):
        return {**data, first: _with(data.get(first), rest, value)}
    if isinstance(data, tuple | list):
        at = int(first)
        return (*data[:at], _with(data[at], rest, value), *data[at + 1:])
    if not is_dataclass(data) or isinstance(data, type) or first not in {f.name for f in fields(data)}:
        raise KeyError(first)
    return replace(data, **{first: _with(getattr(data, first), rest, value)})
