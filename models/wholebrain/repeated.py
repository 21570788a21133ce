"""Run brains that nothing is coupled to again and again with other parameters, and do only once what they have in common."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

import numpy as np

from cosim.blocks import Samples
from cosim.errors import Problem, RunError, raise_all
from cosim.interfaces import Port
from cosim.models.wholebrain.connectome import Connectome
from cosim.models.wholebrain.connectome.digest import connectome_digest
from cosim.models.wholebrain.history import beginning, read_past
from cosim.models.wholebrain.kernel._engine import STRETCH, Engine
from cosim.models.wholebrain.linearised import built_whole, sent_in
from cosim.models.wholebrain.local import read_patches
from cosim.models.wholebrain.network import Array, Links
from cosim.models.wholebrain.parameters import History, WholeBrainParameters
from cosim.models.wholebrain.patches import build, links_of, self_links
from cosim.models.wholebrain.ports import output_ports, rated, regions_with
from cosim.models.wholebrain.rest import Search, find_rest, own_derivatives
from cosim.models.wholebrain.setting import Setting, initial_state, read_connectome, read_setting
from cosim.models.wholebrain.steps import check_step
from cosim.models.wholebrain.validity import Watch
from cosim.random import stream_key
from cosim.timegrid import Clock, Window

_PLAIN = WholeBrainParameters()
_NOT_FOR_NETWORK = ("coupling", "coupling_offset", "model_parameters", "noise", "noise_by", "noise_stream", "start", "outside")
_NOT_FOR_REST = ("noise", "noise_by", "noise_stream", "speed", "scheme", "stimuli", "driven", "initial", "history", "noise_from_step",
                 "outside", "start", "simulate", "replaced")
_MOST_KEPT = 64


@dataclass(frozen=True, slots=True)
class _Shared:
    """Hold what brains share that differ in parameters of their models, in coupling, noise and start alone."""

    setting: Setting
    along: Links
    brief: Links
    instant: Links
    own: list[tuple[int, int, int, int, int, float]]


class Repeated:
    """Make brains one after the other; each gives the bits that the component gives."""

    def __init__(self) -> None:
        self._connectomes: dict[str, Connectome] = {}
        self._shared: dict[tuple[str, Clock], _Shared] = {}
        self._rests: dict[str, Search] = {}

    @staticmethod
    def fits(p: WholeBrainParameters) -> bool:
        """Return whether a brain is one that can be made here: whole, without stimuli, and at instant 0 as it always was."""
        return not (p.replaced or p.driven or p.stimuli or p.simulate is not None or p.history != History() or p.noise_from_step)

    def files(self, p: WholeBrainParameters) -> str:
        """Return one number over the connectome that a brain reads."""
        return connectome_digest(self._connectome(p))

    def read(self, p: WholeBrainParameters, clock: Clock) -> Setting:
        """Return the checked setting; raise `InputError` with everything that is wrong."""
        shared = self._shared_of(p, clock)
        if not (isfinite(p.coupling) and isfinite(p.coupling_offset)):
            return read_setting(p, clock, shared.setting.connectome)
        s = shared.setting
        problems: list[Problem] = []
        patches = read_patches(p, s.connectome.labels, s.net.weights, clock, problems)
        raise_all(problems)
        assert patches is not None  # there was no problem
        read_past(p, s, clock)
        return replace(s, patches=patches, gain=p.coupling, offset=p.coupling_offset)

    def make(self, p: WholeBrainParameters, clock: Clock, group: str, seed: int, names: tuple[str, ...]) -> Brain:
        """Return a brain at instant 0.

        Parameters
        ----------
        p : WholeBrainParameters
            Its parameters, of which `fits` is true.
        clock : Clock
            Tick and step.
        group : str
            Name of the group, which names the stream of its noise.
        seed : int
            Seed of the run.
        names : tuple of str
            The output ports that it is to give.
        """
        s = self.read(p, clock)
        states = self._start(p, s)
        key = stream_key(seed, p.noise_stream or group, "noise")
        return Brain(s, self._shared_of(p, clock), clock, key, states, p.outside == "error", names)

    def check(self, p: WholeBrainParameters, clock: Clock, with_step: bool) -> tuple[Port, ...]:
        """Return the outputs of a brain; raise `InputError` with everything that the component would refuse.

        Whether the step is short enough for the modes of all regions is looked at where it is asked for: it takes as long as all the rest.
        """
        s = self.read(p, clock)
        rest = self._rest(p, s) if p.start == "rest" else None
        states = self._start(p, s)
        if with_step and not _is_short(s, states, clock.step_ms):
            check_step(s, states, clock.step_ms, rest is not None and rest.rest is not None and not p.initial)
        return output_ports(s, None, clock.step)

    def ports(self, p: WholeBrainParameters, clock: Clock) -> tuple[Port, ...]:
        """Return the outputs of a brain that has been checked."""
        return output_ports(self.read(p, clock), None, clock.step)

    def _start(self, p: WholeBrainParameters, s: Setting) -> tuple[Array, ...]:
        """Return the states at instant 0."""
        rest = self._rest(p, s).rest if p.start == "rest" else None
        return beginning(s, initial_state(p, s, rest.states if rest else None), None, 0).states

    def _shared_of(self, p: WholeBrainParameters, clock: Clock) -> _Shared:
        alike = replace(p, **{name: getattr(_PLAIN, name) for name in _NOT_FOR_NETWORK})
        key = repr(alike), clock
        if key not in self._shared:
            s = read_setting(p, clock, self._connectome(p))
            along, brief, instant = (links_of(s.net, s.patches, s.patches.all, part) for part in ("long", "short", "instant"))
            _make_room(self._shared)
            self._shared[key] = _Shared(s, along, brief, instant, self_links(s.net, s.patches, s.patches.all))
        return self._shared[key]

    def _connectome(self, p: WholeBrainParameters) -> Connectome:
        named = (p.connectome, p.tract_lengths, p.labels, p.transpose, p.regions, p.symmetric, p.threshold, p.density, p.logarithm,
                 p.fallback, p.synthetic, p.folder)
        if repr(named) not in self._connectomes:
            _make_room(self._connectomes)
            self._connectomes[repr(named)] = read_connectome(p)
        return self._connectomes[repr(named)]

    def _rest(self, p: WholeBrainParameters, s: Setting) -> Search:
        alike = repr(replace(p, **{name: getattr(_PLAIN, name) for name in _NOT_FOR_REST}))
        if alike not in self._rests:
            _make_room(self._rests)
            self._rests[alike] = find_rest(s)
        return self._rests[alike]


class Brain:
    """Go through time with one brain; the bits are those of `Running` on one rank."""

    def __init__(self, s: Setting, shared: _Shared, clock: Clock, key: int, states: tuple[Array, ...], is_error: bool,
                 names: tuple[str, ...]) -> None:
        self._setting, self._clock = s, clock
        self._regions = {name: rated(s) if name == "rate" else regions_with(s, name) for name in names}
        self._built = [build(s.net, s.patches, p, s.gain, s.offset, s.coupling == 1, s.net.block) for p in s.patches.all]
        self._engine = Engine(self._built, max(1, len(s.connectome) * s.patches.slots), [], s.net.longest, s.net.block, shared.along,
                              shared.brief, shared.instant, shared.own, s.scheme, clock.step_ms, s.gain, int(s.coupling == 2), s.curve,
                              0, False, key)
        self._engine.start(list(states), sent_in(s.patches, built_whole(s, s.net) if len(self._built) > 1 else self._built, states))
        self._watch = Watch(s.patches.all, self._built, s.connectome.labels, clock, is_error)

    def advance(self, window: Window) -> dict[str, Samples]:
        """Go through a window, and return what the ports that were asked for give.

        Raises
        ------
        RunError
            When a state is no finite number, or an implicit equation has no solution.
        """
        step, engine = self._clock.step, self._engine
        first, stop = window.start // step, window.stop // step
        rows = {name: np.empty((stop - first, len(regions))) for name, regions in self._regions.items()}
        for k in range(first, stop, STRETCH):
            steps = min(STRETCH, stop - k)
            engine.make_room(k, steps)
            engine.run(k, steps)
            if engine.failed() >= 0 or not engine.finite(steps):
                self._tell(k, steps)
            self._watch.look(k, steps)
            for name, into in rows.items():
                self._fill(name, into[k - first:k - first + steps], steps)
            engine.carry_over(steps)
        return {name: Samples(window.start + step, step, values) for name, values in rows.items()}

    def _columns(self, name: str, regions: tuple[int, ...]) -> list[int]:
        here = self._regions[name]
        return [here.index(r) for r in regions]

    def _fill(self, name: str, into: Array, steps: int) -> None:
        """Write what a port gives for the instants that a stretch reached, (steps, regions of the port)."""
        alone = len(self._built) == 1
        for p, made in zip(self._setting.patches.all, self._built, strict=True):
            if name == "rate" and p.model.rate is not None:
                into[:, slice(None) if alone else self._columns(name, p.regions)] = made.rates(1, steps + 1)
            elif name in p.model.variables:
                values = made.states(1, steps + 1)[:, p.model.variables.index(name)]
                into[:, slice(None) if alone else self._columns(name, p.regions)] = values

    def _tell(self, k: int, steps: int) -> None:
        """Raise the error that says which region broke, and when."""
        labels, clock = self._setting.connectome.labels, self._clock
        for p, made in zip(self._setting.patches.all, self._built, strict=True):
            broken = np.argwhere(~np.isfinite(made.states(1, steps + 1)))
            if len(broken):
                at, v, i = (int(x) for x in broken[0])
                tick = (k + at + 1) * clock.step
                raise RunError(f"region '{labels[p.regions[i]]}': variable '{p.model.variables[v]}' of '{p.model.name}' is "
                               f"{made.states(at + 1, at + 2)[0, v, i]:g} at tick {tick} ({clock.ms(tick):.6g} ms); check coupling, noise "
                               "and step, or take a shorter step")
        raise RunError(f"region '{labels[self._engine.failed()]}': the implicit equation of a step found no solution within 40 iterations, "
                       f"between {clock.ms(k * clock.step):.6g} and {clock.ms((k + steps) * clock.step):.6g} ms; take a shorter step")


def _is_short(s: Setting, states: tuple[Array, ...], step_ms: float) -> bool:
    """Return whether a step is so short that no explicit scheme amplifies what decays: all take 2 / rate at least."""
    for own in own_derivatives(s, states):
        if not np.isfinite(own).all() or (np.linalg.eigvals(np.moveaxis(own, 2, 0)).real < -1.99 / step_ms).any():
            return False
    return True


def _make_room(kept: dict[Any, Any]) -> None:
    """Forget what was kept first when it has become much."""
    if len(kept) >= _MOST_KEPT:
        del kept[next(iter(kept))]
