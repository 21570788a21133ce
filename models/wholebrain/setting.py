"""Check what the user set and turn it into numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from math import inf, isfinite

import numpy as np

from cosim.errors import MissingExtra, Problem, raise_all
from cosim.models.wholebrain.by_region import Names, spread
from cosim.models.wholebrain.connectome import Connectome, find, prepared, problems_of
from cosim.models.wholebrain.local import read_patches
from cosim.models.wholebrain.network import Array, Network, leads_and_lags, network
from cosim.models.wholebrain.parameters import WholeBrainParameters
from cosim.models.wholebrain.patches import Patches
from cosim.models.wholebrain.stimuli import RegionNames, Stimulation, read_stimuli
from cosim.models.wholebrain.synthetic import synthetic
from cosim.registry import did_you_mean
from cosim.timegrid import Clock

SCHEMES = {"euler": 0, "heun": 1, "heun_held": 2, "rk4": 3, "backward_euler": 4, "tr_bdf2": 5}
COUPLINGS = ("linear", "difference", "sigmoidal")


@dataclass(frozen=True, slots=True)
class Replaced:
    """Hold one replaced region: how it comes in, and its lead and lag in steps."""

    region: int
    how: str
    lead: int
    lag: int


@dataclass(frozen=True, slots=True)
class Setting:
    """Hold a checked network with its models, in steps and regions by number.

    Parameters
    ----------
    connectome, net, patches : Connectome, Network, Patches
        What is simulated.
    gain, offset : float
        Factor G and addition of the coupling.
    scheme, coupling : int
        Numbers of scheme and coupling function.
    curve : tuple of float
        Constants of sigmoidal coupling.
    simulated, driven : tuple of int
        Regions simulated by this group, in ascending order; those with a drive.
    replaced : tuple of Replaced
        Regions that come from outside, in ascending order.
    stimuli : tuple of Stimulation
        What is added when and where.
    alone : bool
        Whether every simulated region gets what the others send from outside.
    """

    connectome: Connectome
    net: Network
    patches: Patches
    gain: float
    offset: float
    scheme: int
    coupling: int
    curve: tuple[float, ...]
    simulated: tuple[int, ...]
    driven: tuple[int, ...]
    replaced: tuple[Replaced, ...]
    stimuli: tuple[Stimulation, ...]
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
        found = synthetic(made)
    else:
        try:
            found = find(p.connectome, p.folder, p.tract_lengths, p.labels)
        except MissingExtra:
            if p.fallback != "synthetic":
                raise
            found = synthetic(made)
    return prepared(found, p.transpose, p.regions, p.symmetric, p.threshold, p.density, p.logarithm)


def read_setting(p: WholeBrainParameters, clock: Clock, connectome: Connectome | None = None) -> Setting:
    """Return the checked setting; raise `InputError` with everything that is wrong."""
    problems: list[Problem] = []
    for name, value, choices in (("scheme", p.scheme, list(SCHEMES)), ("coupling_function", p.coupling_function, list(COUPLINGS))):
        if value not in choices:
            problems.append(Problem(f"there is no {name.replace('_', ' ')} '{value}'", name, remedy=did_you_mean(value, choices)))
    if not (isfinite(p.speed) and p.speed > 0):
        problems.append(Problem(f"the speed is {p.speed} mm/ms", "speed", "a speed above 0 mm/ms"))
    for name, number in (("coupling", p.coupling), ("coupling_offset", p.coupling_offset)):
        if not isfinite(number):
            problems.append(Problem(f"the {name.replace('_', ' ')} is {number}", name, "a finite number"))
    if p.coupling_function == "sigmoidal" and not (all(map(isfinite, astuple(p.sigmoid))) and p.sigmoid.width):
        problems.append(Problem(f"the sigmoid is {p.sigmoid}", "sigmoid", "finite numbers, and a width that is not 0"))
    raise_all(problems)
    brain = connectome or read_connectome(p)
    raise_all(problems_of(brain))
    net = network(brain, p.normalise, p.self_connections, p.speed, clock.step_ms)
    patches = read_patches(p, brain.labels, net.weights, clock, problems)
    if patches is None:
        raise_all(problems)
        raise AssertionError("a brain without patches has a problem")
    names = RegionNames(brain.labels, problems)
    replaced = sorted(names.find(r, "replaced") for r in p.replaced)
    how = {names.find(r, "replaced"): way for r, way in p.replaced.items()}
    simulated = sorted({names.find(r, "simulate") for r in p.simulate}) if p.simulate is not None else None
    driven = tuple(sorted({names.find(r, "driven") for r in p.driven}))
    stimuli = read_stimuli(p, patches, brain, clock, names, problems)
    problems += _divided(p, patches, brain, replaced, simulated, driven)
    problems += _initial(p, patches, brain.labels)
    raise_all(problems)
    leads, lags = leads_and_lags(net, replaced)
    here = tuple(simulated) if simulated is not None else tuple(i for i in range(len(brain)) if i not in how)
    return Setting(
        brain, net, patches, p.coupling, p.coupling_offset, SCHEMES[p.scheme], COUPLINGS.index(p.coupling_function), astuple(p.sigmoid),
        here, driven, tuple(Replaced(r, how[r], lead, lag) for r, lead, lag in zip(replaced, leads, lags, strict=True)), stimuli,
        simulated is not None,
    )


def initial_state(p: WholeBrainParameters, setting: Setting, rest: tuple[Array, ...] | None) -> tuple[Array, ...]:
    """Return the state at instant 0 of each patch, (variables, n_regions); `rest` is that of the undivided network where it has one."""
    found = []
    for k, patch in enumerate(setting.patches.all):
        here = list(patch.regions)
        state = np.repeat([[v.start] for v in patch.model.state], len(here), axis=1) if rest is None else rest[k].copy()
        for name, value in p.initial.items():
            if name in patch.model.variables:
                v = patch.model.variables.index(name)
                if isinstance(value, Mapping):
                    state[v] = spread(value, Names.of(setting.connectome.labels, p.regions), here, state[v], "", [])
                else:
                    row = np.atleast_1d(np.asarray(value, np.float64))
                    state[v] = row[here] if len(row) == len(setting.connectome) else row
        found.append(state)
    return tuple(found)


def _divided(
    p: WholeBrainParameters, patches: Patches, brain: Connectome, replaced: list[int], simulated: list[int] | None, driven: tuple[int, ...]
) -> list[Problem]:
    found = []
    numbers = {label: i for i, label in enumerate(brain.labels)}
    for name, way in p.replaced.items():
        if way not in ("rate", "coupling"):
            found.append(Problem(f"region '{name}' is replaced by '{way}'", "replaced", "'rate' or 'coupling'"))
        if way == "rate" and name in numbers:
            patch = patches.of(numbers[name])
            model, used = patch.model, patches.used[patch.model.name]
            if model.rate is None or (model.follow is None and model.from_rate is None):
                found.append(
                    Problem(f"'{model.name}' has no rate in Hz by which region '{name}' could be replaced", "replaced",
                            remedy="write 'coupling'")
                )
            elif used and used != (0,):
                others = ", ".join(model.sends[s].name for s in used if s)
                found.append(Problem(f"region '{name}' cannot be replaced by a rate: other regions take {others} from it too", "replaced",
                                     remedy="write 'coupling'"))
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
    found += [Problem(f"'{patches.of(r).model.name}' of region '{brain.labels[r]}' takes no drive", "driven",
                      remedy="take it out of 'driven'") for r in driven if not patches.of(r).model.inputs]
    return found


def _initial(p: WholeBrainParameters, patches: Patches, labels: tuple[str, ...]) -> list[Problem]:
    found: list[Problem] = []
    n, known = len(labels), {v.name: v for patch in patches.all for v in patch.model.state}
    for name, value in p.initial.items():
        where = f"initial.{name}"
        if name not in known:
            model = patches.all[0].model.name
            found.append(Problem(f"'{model}' has no variable '{name}'", "initial", remedy=did_you_mean(name, list(known))))
            continue
        holders = [patch for patch in patches.all if name in patch.model.variables]
        if isinstance(value, Mapping):
            having = sorted(r for patch in holders for r in patch.regions)
            row = np.full(n, known[name].start)
            row[having] = spread(value, Names.of(labels, p.regions), having, known[name].start, where, found)
        else:
            row = np.atleast_1d(np.asarray(value, np.float64))
        if len(row) not in (1, n) or not np.isfinite(row).all():
            found.append(Problem(f"the initial '{name}' holds {len(row)} value{'s' * (len(row) != 1)}", where,
                                 f"one finite number, or one for each of the {n} regions"))
            continue
        for patch in holders:
            variable = patch.model.state[patch.model.variables.index(name)]
            here = row[list(patch.regions)] if len(row) == n else row
            if (here < variable.low).any() or (here > variable.high).any():
                found.append(Problem(f"the initial '{name}' goes from {here.min():g} to {here.max():g}", where,
                                     f"values from {variable.low:g} to {variable.high:g}"))
    return found
