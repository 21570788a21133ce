"""The whole brain as a component: a network of mean-field regions, some of which may come from outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from cosim.blocks import Block
from cosim.errors import RunError
from cosim.interfaces import Component, Context, Description, Port
from cosim.models.wholebrain.description import description
from cosim.models.wholebrain.parameters import WholeBrainParameters
from cosim.models.wholebrain.ports import output_ports
from cosim.models.wholebrain.rest import Search, find_rest
from cosim.models.wholebrain.running import Running
from cosim.models.wholebrain.setting import Setting, initial_state, read_setting
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
        self._search: Search | None = None
        self._outputs: tuple[Port, ...] = ()
        self._running: Running | None = None

    def describe(self) -> Description:
        """Return ports, facts and needs; finds the resting state on the first call."""
        s = self._setting
        if self._search is None:
            self._search = find_rest(s)
            self._outputs = output_ports(s, self._search.rest, self._clock.step)
        return description(self._given, s, self._search, self._outputs, self._clock)

    def prepare(self, context: Context) -> None:
        """Build this rank's share of the network and set it to its state at instant 0."""
        self.describe()
        rest = self._search.rest if self._search and self._given.start == "rest" else None
        states = initial_state(self._given, self._setting, rest.states if rest else None)
        key = stream_key(context.seed, self._given.noise_stream or context.group, "noise")
        self._running = Running(self._setting, self._outputs, self._clock, context.ranks, key, states)

    def initial(self) -> Mapping[str, Block]:
        """Return what the ports held up to instant 0, or up to their lead."""
        return self._prepared().initial()

    def advance(self, window: Window, inputs: Mapping[str, Block]) -> Mapping[str, Block]:
        """Go through a window in stretches; between them the histories may slide."""
        return self._prepared().advance(window, inputs)

    def close(self, reason: str | None = None) -> None:
        """Let go of the arrays."""
        self._running = None

    def _prepared(self) -> Running:
        if self._running is None:
            raise RunError("the brain network was asked to run before it was prepared, or after it was closed")
        return self._running
