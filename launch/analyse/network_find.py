"""Analyse the whole network of an experiment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from cosim.errors import InputError, Problem
from cosim.experiment.experiment import Experiment, Group
from cosim.experiment.read import read_experiment
from cosim.launch.analyse.network_found import Along, Mode, NetworkFound
from cosim.launch.ready import make_components
from cosim.models.wholebrain.analysis.branches import passes
from cosim.models.wholebrain.analysis.delayed_network import delayed, delayed_modes
from cosim.models.wholebrain.analysis.fixed_points import Complex
from cosim.models.wholebrain.analysis.network import Rest, Vector, mode_of, rest
from cosim.models.wholebrain.analysis.network_line import NetworkBranch, NetworkLine, branch_through, network_bifurcations
from cosim.models.wholebrain.analysis.stiffness import StableStep, largest_stable_step
from cosim.models.wholebrain.analysis.varied import Varied, check_interval, check_key
from cosim.models.wholebrain.language.model import Array
from cosim.models.wholebrain.linearised import Linearised
from cosim.models.wholebrain.parameters import WholeBrainParameters
from cosim.models.wholebrain.rest import find_rest, rates_in
from cosim.models.wholebrain.setting import Setting, initial_state
from cosim.registry import did_you_mean

Interval = tuple[str, float, float]
Tell = Callable[[str, float], None]
MOST_VARIABLES = 3000
_MODES, _LOCATED = 6, 6
_ALIKE = 1e-8  # eigenvalues that differ less, for their size, count as one


def group_of(path: Path, overrides: Sequence[str], name: str | None) -> tuple[Experiment, Group]:
    """Return the experiment and its whole-brain group, checked.

    Raises
    ------
    InputError
        With what is wrong with the experiment, or where it is not plain which group is meant.
    """
    experiment = read_experiment(path, overrides)
    brains = [n for n, g in experiment.groups.items() if isinstance(g.parameters, WholeBrainParameters)]
    if not brains:
        others = ", ".join(f"'{n}' ({g.component})" for n, g in experiment.groups.items())
        raise InputError(Problem(f"no group of the experiment is a whole brain: it has {others}", str(path),
                                 "a group with 'component: wholebrain'"))
    if name is not None and name not in brains:
        what = "is no whole brain" if name in experiment.groups else "does not exist"
        raise InputError(Problem(f"the group '{name}' {what}", "--group", remedy=did_you_mean(name, brains)))
    if name is None and len(brains) > 1:
        raise InputError(Problem(f"the experiment has {len(brains)} whole brains: {', '.join(brains)}", "--group", "one of their names"))
    chosen = experiment.groups[name or brains[0]]
    make_components(experiment)  # it tells with file and line what is wrong with any of them
    return experiment, chosen


def key_of(group: Group, key: str) -> str:
    """Return a key below the group's parameters, given as such or in full as for ``--set``."""
    for start in (f"groups.{group.name}.params.", f"{group.name}.params.", "params."):
        if key.startswith(start):
            key = key.removeprefix(start)
            break
    check_key(group.parameters, key)
    return key


def find_network(experiment: Experiment, group: Group, along: Interval | None, points: int, tell: Tell) -> NetworkFound:
    """Return what is found of a whole network, and along a parameter where one is to run.

    Parameters
    ----------
    along : (str, float, float) or None
        Key, start and end of the interval.
    points : int
        Steps along a branch are no longer than so many parts of the interval.
    tell : callable
        Is told what is done, and which part of that is done.
    """
    varied = Varied(group.parameters, experiment.clock(group.name))
    s = varied.read()
    size = sum(len(p.model.state) * len(p.regions) for p in s.patches.all)
    if size > MOST_VARIABLES:
        raise InputError(Problem(f"the network has {size:,} variables, and its analysis takes time with their third power", group.place,
                                 f"at most {MOST_VARIABLES:,}", "fewer regions ('regions'), or a model with fewer variables"))
    if along is not None:
        check_interval(varied, *along)
    tell("looking for rest", 0.0)
    net = Linearised(s, fine=True)
    here, notes = _rest(varied.given, s, net)
    if here is None and along is None:
        rest(net, initial_state(varied.given, s, None))  # it raises what is wrong
    modes = _modes(net, here) if here is not None else ()
    late: tuple[Mode, ...] = ()
    if here is not None:
        tell("looking for modes with delays", 0.0)
        late, more = _delayed(net, here, experiment.clock(group.name).step_ms)
        notes += more
    steps = _steps(net, here.states) if here is not None else ()
    notes += _left_out(group.parameters)
    rates = rates_in(s, here.states) if here is not None else None
    followed = _along(varied, s, here, along, points, tell) if along is not None else None
    return NetworkFound(experiment.title, group.name, s, here, rates, modes, late, steps, tuple(notes), followed)


def _rest(p: WholeBrainParameters, s: Setting, net: Linearised) -> tuple[Rest | None, list[str]]:
    """Return where the network rests: where a run would start, else where implicit steps from the start values lead."""
    start, notes = initial_state(p, s, None), []
    if p.start == "rest" and not p.initial:
        search = find_rest(s)
        if search.rest is not None:
            start = search.rest.states
    try:
        found = rest(net, start)
    except InputError as error:
        return None, [f"with the parameters as they are: {problem.what}" for problem in error.problems]
    growing = int((found.eigenvalues.real > 0).sum())
    if growing:
        notes.append(f"the network does not stay at rest: {growing} mode{'s' * (growing > 1)} grow{'s' * (growing == 1)}")
    return found, notes


def _modes(net: Linearised, here: Rest) -> tuple[Mode, ...]:
    vector, jacobian = Vector.of(net.setting.patches), net.jacobian(here.states)
    return tuple(Mode(e, count, vector.shares(mode_of(jacobian, e))) for e, count in distinct(here.eigenvalues, _MODES))


def _delayed(net: Linearised, here: Rest, step_ms: float) -> tuple[tuple[Mode, ...], list[str]]:
    found, is_sure = delayed_modes(delayed(net, here.states, step_ms), Vector.of(net.setting.patches), here.eigenvalues, _MODES)
    notes = []
    if found and (found[0].eigenvalue.real > 0) != (here.eigenvalues[0].real > 0):
        change = "does not stay at rest, though it would without" if here.is_stable else "stays at rest, though it would not without"
        notes.append(f"with its delays the network {change}; what is said along a parameter leaves delays out")
    if not is_sure:
        notes.append("of the modes with delays some to the right of those shown may be missing")
    return tuple(Mode(m.eigenvalue, 1, m.shares) for m in found), notes


def distinct(eigenvalues: Complex, most: int) -> list[tuple[complex, int]]:
    """Return the leading eigenvalues that differ, of a pair the one above the axis, and how many there are of each."""
    found: list[tuple[complex, int]] = []
    for e in (complex(e) for e in eigenvalues if e.imag >= 0):
        if found and abs(e - found[-1][0]) <= _ALIKE * abs(e):
            found[-1] = (found[-1][0], found[-1][1] + 1)
        elif len(found) == most:
            break
        else:
            found.append((e, 1))
    return found


def _steps(net: Linearised, states: Sequence[Array]) -> tuple[tuple[str, StableStep], ...]:
    """Return the longest stable step of each explicit scheme, from the modes of each region with what it receives held."""
    found = []
    for scheme in ("euler", "heun", "rk4"):
        best = StableStep(np.inf, 0j, -1)
        for p, own in zip(net.setting.patches.all, net.by_own(states), strict=True):
            step = largest_stable_step(np.linalg.eigvals(np.moveaxis(own, 2, 0)), scheme)
            if step.step_ms < best.step_ms:
                best = StableStep(step.step_ms, step.eigenvalue, p.regions[step.region])
        found.append((scheme, best))
    return tuple(found)


def _left_out(p: WholeBrainParameters) -> list[str]:
    notes = []
    if p.replaced or p.simulate is not None:
        notes.append("regions that come from outside are taken for mean-field regions here")
    if p.stimuli or p.driven:
        notes.append("stimuli and drives add nothing here")
    return notes


def _along(varied: Varied, s: Setting, here: Rest | None, along: Interval, points: int, tell: Tell) -> Along:
    """Follow the branches that pass through the rest at both ends and at the parameter as it is."""
    key, start, stop = along
    value = varied.value(key)
    line = NetworkLine(lambda v: varied.at(key, v), start, stop)
    seeds: list[tuple[float, Sequence[Array]]] = []
    if value is not None and start <= value <= stop and here is not None:
        seeds.append(((value - start) / (stop - start), here.states))
    usual = initial_state(varied.given, s, None)
    seeds += [(0.0, usual), (1.0, usual)]
    found: list[NetworkBranch] = []
    failed: list[InputError] = []
    for part, states in seeds:
        try:
            begun = rest(line.net(part), states)
        except InputError as error:
            failed.append(error)
            continue
        z = np.append(line.vector.flat(begun.states) / line.scale, part)
        if not any(passes(branch.places, z) for branch in found):
            found.append(branch_through(line, z, 1 / points, partial(tell, f"following branch {len(found) + 1} along {key}")))
    if not found:
        raise failed[0]
    special, left_out = [], 0
    for k, branch in enumerate(found):
        what = f"locating bifurcations of branch {k + 1}"
        located, left = network_bifurcations(line, branch, _LOCATED, partial(tell, what))
        special.append(located)
        left_out += left
    return Along(key, start, stop, value, line, tuple(found), tuple(special), left_out)
