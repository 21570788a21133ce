"""The whole brain as a component: a network of mean-field regions, some of which may come from outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from cosim.blocks import Block
from cosim.errors import RunError
from cosim.interfaces import Component, Context, Description, Port
from cosim.models.wholebrain.description import description
from cosim.models.wholebrain.history import Beginning, beginning, read_past
from cosim.models.wholebrain.parameters import WholeBrainParameters
from cosim.models.wholebrain.ports import output_ports
from cosim.models.wholebrain.rest import Search, find_rest
from cosim.models.wholebrain.running import Running
from cosim.models.wholebrain.setting import Setting, initial_state, read_setting
from cosim.models.wholebrain.steps import check_step
from cosim.models.wholebrain.validity import strange_start
from cosim.random import stream_key
from cosim.timegrid import Clock, Window


class WholeBrain(Component):
    """A network of mean-field regions; see `WholeBrainParameters` for what can be set.

    An input port that nothing is coupled to keeps the value that it has at the start; a drive adds nothing.
    """

    parameters: ClassVar[type] = WholeBrainParameters

    def __init__(self, parameters: Any, clock: Clock) -> None:
        self._given: WholeBrainParameters = parameters
        self._clock = clock
        self._setting: Setting = read_setting(parameters, clock)
        self._past = read_past(parameters, self._setting, clock)
        self._search: Search | None = None
        self._note, self._strange, self._remarks = "", tuple[str, ...](), tuple[str, ...]()
        self._outputs: tuple[Port, ...] = ()
        self._running: Running | None = None

    def describe(self) -> Description:
        """Return ports, facts and needs; finds the resting state on the first call, where the start or a port needs it."""
        s = self._setting
        if self._search is None:
            search = find_rest(s) if self._given.start == "rest" or s.replaced else Search(None)
            at_rest = search.rest is not None and self._given.start == "rest" and self._past is None and not self._given.initial
            start = self._start(search).states
            self._note = check_step(s, start, self._clock.step_ms, at_rest)
            self._strange = strange_start(self._given, s, search.rest.states if search.rest else None, start)
            self._outputs, self._search = output_ports(s, search.rest, self._clock.step), search
        return description(self._given, s, self._search, self._outputs, self._clock, self._note, self._past, self._strange)

    def prepare(self, context: Context) -> None:
        """Build this rank's share of the network and set it to its state at instant 0."""
        self.describe()
        key = stream_key(context.seed, self._given.noise_stream or context.group, "noise")
        outputs = tuple(p for p in self._outputs if context.taken is None or p.name in context.taken)
        self._running = Running(self._setting, outputs, self._clock, context.ranks, key, self._start(self._search),
                                self._given.outside == "error")

    def initial(self) -> Mapping[str, Block]:
        """Return what the ports held up to instant 0, or up to their lead."""
        return self._prepared().initial()

    def advance(self, window: Window, inputs: Mapping[str, Block]) -> Mapping[str, Block]:
        """Go through a window in stretches; between them the histories may slide."""
        return self._prepared().advance(window, inputs)

    def close(self, reason: str | None = None) -> None:
        """Let go of the arrays; the ranks of a group that has come to its end put together what a user should be told."""
        if self._running is not None and reason is None:
            self._remarks = self._running.remarks()
        self._running = None

    def remarks(self) -> tuple[str, ...]:
        """Return which regions left what their model was made for."""
        return self._remarks

    def _start(self, search: Search | None) -> Beginning:
        rest = search.rest if search and self._given.start == "rest" else None
        start = initial_state(self._given, self._setting, rest.states if rest else None)
        return beginning(self._setting, start, self._past, self._given.noise_from_step)

    def _prepared(self) -> Running:
        if self._running is None:
            raise RunError("the brain network was asked to run before it was prepared, or after it was closed")
        return self._running
