"""Check what the user set and turn it into numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, inf, isfinite, sqrt
from typing import Any

import numpy as np

from cosim.errors import MissingExtra, Problem, raise_all
from cosim.models.wholebrain.connectome import Connectome, find, problems_of
from cosim.models.wholebrain.models import MODELS, Model, read_parameters
from cosim.models.wholebrain.network import Array, Network, leads_and_lags, network
from cosim.models.wholebrain.parameters import WholeBrainParameters
from cosim.models.wholebrain.synthetic import synthetic
from cosim.registry import did_you_mean
from cosim.timegrid import Clock

SCHEMES = {"euler": 0, "heun": 1, "heun_held": 2}


@dataclass(frozen=True, slots=True)
class Pulse:
    """Hold one stimulus in steps: what is added to which input of which regions in the steps ``[start, stop)``."""

    regions: tuple[int, ...]
    input: int
    start: int
    stop: int
    amplitude: float


@dataclass(frozen=True, slots=True)
class Replaced:
    """Hold one replaced region: how it comes in, and its lead and lag in steps."""

    region: int
    how: str
    lead: int
    lag: int


@dataclass(frozen=True, slots=True)
class Setting:
    """Hold a checked network with its model, in steps and regions by number.

    Parameters
    ----------
    connectome, net, model : Connectome, Network, Model
        What is simulated.
    rows : (n_rows, n) float64
        Parameters of the model for the kernel.
    scheme : int
        Number of the scheme in the kernel.
    sigma : (variables,) float64
        Noise of one step.
    simulated, driven : tuple of int
        Regions simulated by this group, in ascending order; those with a drive.
    replaced : tuple of Replaced
        Regions that come from outside, in ascending order.
    pulses : tuple of Pulse
        Stimuli.
    alone : bool
        Whether every simulated region gets what the others send from outside.
    """

    connectome: Connectome
    net: Network
    model: Model
    rows: Array
    gain: float
    scheme: int
    sigma: Array
    simulated: tuple[int, ...]
    driven: tuple[int, ...]
    replaced: tuple[Replaced, ...]
    pulses: tuple[Pulse, ...]
    alone: bool


def read_connectome(p: WholeBrainParameters) -> Connectome:
    """Return the connectome that the parameters name, or the one to fall back to."""
    made = p.synthetic
    problems = []
    if made.regions < 2 or made.regions % 2:
        problems.append(Problem(f"a synthetic connectome of {made.regions} regions", "synthetic.regions", "an even number, 2 or more"))
    for name, value, good, expected in (
        ("density", made.density, 0 <= made.density <= 1, "a number from 0 to 1"),
        ("decay", made.decay, 0 < made.decay < inf, "a distance above 0 mm"),
        ("spread", made.spread, 0 <= made.spread <= 10, "a number from 0 to 10"),
    ):
        if not good:
            problems.append(Problem(f"the {name} of a synthetic connectome is {value:g}", f"synthetic.{name}", expected))
    raise_all(problems)
    if p.connectome == "synthetic":
        return synthetic(made)
    try:
        return find(p.connectome, p.folder)
    except MissingExtra:
        if p.fallback != "synthetic":
            raise
        return synthetic(made)


def read_setting(p: WholeBrainParameters, clock: Clock, connectome: Connectome | None = None) -> Setting:
    """Return the checked setting; raise `InputError` with everything that is wrong."""
    problems: list[Problem] = []
    if p.model not in MODELS:
        problems.append(Problem(f"there is no local model '{p.model}'", "model", remedy=did_you_mean(p.model, list(MODELS))))
    if p.scheme not in SCHEMES:
        problems.append(Problem(f"there is no scheme '{p.scheme}'", "scheme", remedy=did_you_mean(p.scheme, list(SCHEMES))))
    if not (isfinite(p.speed) and p.speed > 0):
        problems.append(Problem(f"the speed is {p.speed} mm/ms", "speed", "a speed above 0 mm/ms"))
    if not isfinite(p.coupling):
        problems.append(Problem(f"the coupling is {p.coupling}", "coupling", "a finite number"))
    raise_all(problems)
    brain = connectome or read_connectome(p)
    raise_all(problems_of(brain))
    model = MODELS[p.model]
    net = network(brain, p.normalise, p.self_connections, p.speed, clock.step_ms)
    parameters, wrong = read_parameters(model, p.model_parameters, len(brain))
    problems += wrong
    names = _Names(brain.labels, problems)
    replaced = sorted(names.find(r, "replaced") for r in p.replaced)
    how = {names.find(r, "replaced"): way for r, way in p.replaced.items()}
    simulated = sorted({names.find(r, "simulate") for r in p.simulate}) if p.simulate is not None else None
    driven = tuple(sorted({names.find(r, "driven") for r in p.driven}))
    pulses = _pulses(p, model, clock, names, problems)
    sigma = _sigma(p.noise, model, clock, problems)
    problems += _divided(p, model, brain, replaced, simulated, driven)
    problems += _initial(p, model, len(brain))
    raise_all(problems)
    leads, lags = leads_and_lags(net, replaced)
    here = tuple(simulated) if simulated is not None else tuple(i for i in range(len(brain)) if i not in how)
    return Setting(
        brain,
        net,
        model,
        model.rows(parameters, p.coupling, net.weights),
        p.coupling,
        SCHEMES[p.scheme],
        sigma,
        here,
        driven,
        tuple(Replaced(r, how[r], lead, lag) for r, lead, lag in zip(replaced, leads, lags, strict=True)),
        pulses,
        simulated is not None,
    )


def initial_state(p: WholeBrainParameters, setting: Setting, rest: Array | None) -> Array:
    """Return the state of every region at instant 0, (variables, n); `rest` is that of the undivided network where it has one."""
    n = len(setting.connectome)
    state = np.repeat([[v.start] for v in setting.model.variables], n, axis=1) if rest is None else rest.copy()
    for name, value in p.initial.items():
        state[setting.model.variable_names.index(name)] = value
    return state


class _Names:
    """Find regions by their names, and note those that are not there."""

    def __init__(self, labels: tuple[str, ...], problems: list[Problem]) -> None:
        self._numbers = {label: i for i, label in enumerate(labels)}
        self._problems = problems

    def find(self, name: str, where: str) -> int:
        if name not in self._numbers:
            self._problems.append(Problem(f"there is no region '{name}'", where, remedy=did_you_mean(name, list(self._numbers))))
        return self._numbers.get(name, 0)


def _pulses(p: WholeBrainParameters, model: Model, clock: Clock, names: _Names, problems: list[Problem]) -> tuple[Pulse, ...]:
    step = clock.tick_ms * clock.step
    inputs = [i.variable for i in model.inputs]
    found = []
    for number, s in enumerate(p.stimuli):
        where = f"stimuli[{number}]"
        variable = inputs[0] if s.variable is None else s.variable
        if variable not in inputs:
            problems.append(
                Problem(f"'{model.name}' takes no stimulus in '{variable}'", f"{where}.variable", remedy=did_you_mean(variable, inputs))
            )
            continue
        for name, value, least in (("amplitude", s.amplitude, -np.inf), ("onset", s.onset, 0.0), ("duration", s.duration, 0.0)):
            if not (isfinite(value) and value >= least):
                problems.append(
                    Problem(f"the {name} is {value}", f"{where}.{name}", "a finite number" + (", 0 ms or more" if least == 0 else ""))
                )
        if not s.regions:
            problems.append(Problem("the stimulus names no region", f"{where}.regions", "at least one name"))
        regions = tuple(names.find(r, f"{where}.regions") for r in s.regions)
        if s.regions and all(r in p.replaced for r in s.regions):
            problems.append(
                Problem(
                    f"the stimulus has no effect: {', '.join(s.regions)} {'is' if len(s.regions) == 1 else 'are'} replaced",
                    f"{where}.regions",
                    "at least one region that is simulated here",
                    "stimulate what stands in its place, or leave the stimulus out",
                )
            )
        if all(isfinite(v) for v in (s.amplitude, s.onset, s.duration)):
            start, stop = Fraction(str(s.onset)), Fraction(str(s.onset)) + Fraction(str(s.duration))
            found.append(Pulse(regions, inputs.index(variable), ceil(start / step), ceil(stop / step), s.amplitude))
    return tuple(found)


def _sigma(noise: float | Mapping[str, float], model: Model, clock: Clock, problems: list[Problem]) -> Array:
    by_name = dict(noise) if isinstance(noise, Mapping) else dict.fromkeys(model.variable_names, noise)
    for name, value in by_name.items():
        if name not in model.variable_names:
            problems.append(
                Problem(f"'{model.name}' has no variable '{name}'", "noise", remedy=did_you_mean(name, list(model.variable_names)))
            )
        elif not (isfinite(value) and value >= 0):
            problems.append(Problem(f"the noise of '{name}' is {value}", "noise", "a number, 0 or more"))
    return np.array([sqrt(clock.step_ms) * by_name.get(name, 0.0) for name in model.variable_names])


def _divided(
    p: WholeBrainParameters, model: Model, brain: Connectome, replaced: list[int], simulated: list[int] | None, driven: tuple[int, ...]
) -> list[Problem]:
    found = []
    for name, way in p.replaced.items():
        if way not in ("rate", "coupling"):
            found.append(Problem(f"region '{name}' is replaced by '{way}'", "replaced", "'rate' or 'coupling'"))
        if way == "rate" and model.rate is None:
            found.append(
                Problem(
                    f"'{model.name}' has no rate in Hz by which region '{name}' could be replaced", "replaced", remedy="write 'coupling'"
                )
            )
    if simulated is not None and replaced:
        found.append(
            Problem(
                "'simulate' and 'replaced' are both given",
                "replaced",
                remedy="leave 'replaced' out: with 'simulate', all other regions are outside",
            )
        )
    if simulated == [] or len(set(replaced)) == len(brain):
        found.append(Problem("no region is left to simulate", "simulate" if simulated == [] else "replaced", "at least one region"))
    here = set(range(len(brain))) - set(replaced) if simulated is None else set(simulated)
    found += [
        Problem(f"region '{brain.labels[r]}' is driven, but not simulated here", "driven", remedy="take it out of 'driven'")
        for r in driven
        if r not in here
    ]
    return found


def _initial(p: WholeBrainParameters, model: Model, n: int) -> list[Problem]:
    found = []
    for name, value in p.initial.items():
        if name not in model.variable_names:
            found.append(
                Problem(f"'{model.name}' has no variable '{name}'", "initial", remedy=did_you_mean(name, list(model.variable_names)))
            )
            continue
        values: Any = np.atleast_1d(np.asarray(value, np.float64))
        variable = model.variables[model.variable_names.index(name)]
        if len(values) not in (1, n) or not np.isfinite(values).all():
            found.append(
                Problem(
                    f"the initial '{name}' holds {len(values)} values",
                    f"initial.{name}",
                    f"one finite number, or one for each of the {n} regions",
                )
            )
        elif (values < variable.low).any() or (values > variable.high).any():
            found.append(
                Problem(
                    f"the initial '{name}' goes from {values.min():g} to {values.max():g}",
                    f"initial.{name}",
                    f"values from {variable.low:g} to {variable.high:g}",
                )
            )
    return found
