"""A relay: its rate follows the rate that it hears, after a while, with noise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Annotated, Any

import numpy as np

from cosim.blocks import Block, Kind, Samples
from cosim.errors import InputError, Problem
from cosim.interfaces import Component, Context, Description, Port, Unit
from cosim.random import normals, stream_key
from cosim.timegrid import Clock, Window


@dataclass(frozen=True, slots=True)
class RelayParameters:
    """Set up a relay.

    Parameters
    ----------
    tau : float
        Time constant, ms.
    rest : float
        Rate at instant 0, and what is heard where nothing is coupled, Hz.
    noise : float
        Strength of the additive white noise, Hz / sqrt(ms).
    """

    tau: Annotated[float, Unit("ms")] = 10.0
    rest: Annotated[float, Unit("Hz")] = 3.0
    noise: float = 0.0


class Relay(Component):
    """Follow a rate: tau x'(t) = in(t) - x(t) + noise, with Euler's scheme; never below 0."""

    parameters = RelayParameters

    def __init__(self, parameters: Any, clock: Clock) -> None:
        if not parameters.tau >= clock.step_ms:
            raise InputError(Problem(f"the time constant {parameters.tau:g} ms is shorter than the step {clock.step_ms:g} ms",
                                     remedy="write a longer 'tau', or a shorter 'step' for this group"))
        self._p, self._clock = parameters, clock

    def describe(self) -> Description:
        """Return one port in, one port out."""
        return Description(outputs=(Port("rate", Kind.RATE, "Hz", 1, at_rest=self._p.rest, about="Rate of the relay."),),
                           inputs=(Port("in", Kind.RATE, "Hz", 1, about="Rate that it follows."),),
                           work=0.02, facts={"time constant": f"{self._p.tau:g} ms"})

    def prepare(self, context: Context) -> None:
        """Begin at rest."""
        self._x = self._p.rest
        self._key = stream_key(context.seed, context.group, "noise")

    def initial(self) -> Mapping[str, Block]:
        """Return the rate at instant 0."""
        return {"rate": Samples(0, self._clock.step, np.array([[self._x]]))}

    def advance(self, window: Window, inputs: Mapping[str, Block]) -> Mapping[str, Block]:
        """Go through the steps of a window; the k-th begins at row k of the input and ends at row k of the output."""
        step, h = self._clock.step, self._clock.step_ms
        steps = window.length // step
        heard = inputs.get("in")
        given = heard.values[:, 0] if isinstance(heard, Samples) else np.full(steps + 1, self._p.rest)
        reached = window.start + step * np.arange(1, steps + 1)
        noise = self._p.noise * sqrt(h) * normals(self._key, 0, 0, reached)[:, 0]
        rows = np.empty((steps, 1))
        for k in range(steps):
            self._x = max(0.0, self._x + h / self._p.tau * (given[k] - self._x) + noise[k])
            rows[k] = self._x
        return {"rate": Samples(window.start + step, step, rows)}

    def close(self, reason: str | None = None) -> None:
        """There is nothing to let go of."""
