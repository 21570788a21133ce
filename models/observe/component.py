"""Observation as a component: what a scanner or an electrode sees, while the run goes on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any, ClassVar

import numpy as np

from cosim.blocks import Block, Samples
from cosim.errors import InputError, Problem, RunError, raise_all
from cosim.interfaces import Component, Context, Description, Port
from cosim.models.observe.building import Bound, bind
from cosim.models.observe.channels import Arriving, channels_of, unlike
from cosim.models.observe.gains import files_digest, order_told
from cosim.models.observe.operator import Array
from cosim.models.observe.parameters import ObserveParameters
from cosim.timegrid import Clock, Window, in_ms

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


class Observe(Component):
    """Apply measurement operators: BOLD, EEG, MEG, SEEG, LFP, means; one output port for each.

    What is coupled to an output sees its last value until the next comes, and 0 up to the first. Recorded is exactly what comes out, every
    period of its operator.
    """

    parameters: ClassVar[type] = ObserveParameters

    def __init__(self, parameters: Any, clock: Clock) -> None:
        self._given: ObserveParameters = parameters
        self._clock = clock
        raise_all(_problems(parameters))
        self._arriving: Arriving = {}
        self._inputs: dict[str, Port] = {}
        self._bound: dict[str, Bound] = {}
        self._last: dict[str, Array] = {}

    def coupled(self, arriving: Arriving) -> None:
        """Learn which channels are observed, where the user does not say, and what they are called."""
        self._arriving = arriving

    def describe(self) -> Description:
        """Return the inputs, an output for each operator, and how often each gives something new."""
        channels = channels_of(self._given, self._arriving)
        problems = unlike(self._given, self._arriving)
        if not self._bound:
            self._inputs = {n: Port(n, self._given.kind, self._given.unit, channels.size, labels=channels.labels, about="what is observed")
                            for n in self._given.inputs}
            try:
                self._bound = self._bind(0)
            except InputError as error:
                problems += error.problems
        raise_all(problems)
        operators = {name: b.operator for name, b in self._bound.items()}
        facts = {name: f"{o.port.size} channels, new every {in_ms(o.every * self._clock.tick_ms)}"
                 for name, o in operators.items()}
        facts = {"observed channels": channels.told} | facts
        for name, spec in self._given.operators.items():
            order = order_told(spec.gain, self._inputs[self._bound[name].takes[0]]) if spec.gain else ""
            facts[name] += f"; {order}" if order else ""
        digest = sha256("".join(files_digest(s.gain) for s in self._given.operators.values() if s.gain).encode()).hexdigest()
        outputs = tuple(replace(o.port, period=o.every) for o in operators.values())
        return Description(outputs=outputs, inputs=tuple(self._inputs.values()), work=0.05, facts=facts,
                           needs={f"operators.{name}": b.needs for name, b in self._bound.items()},
                           files=digest if any(s.gain for s in self._given.operators.values()) else "")

    def prepare(self, context: Context) -> None:
        """Make the operators anew, with the seed of the run."""
        self.describe()
        self._bound = self._bind(context.seed)
        self._last = {name: np.zeros(b.operator.port.size) for name, b in self._bound.items()}

    def initial(self) -> Mapping[str, Block]:
        """Return zeros."""
        return {name: Samples(0, self._clock.step, last[None].copy()) for name, last in self._last.items()}

    def advance(self, window: Window, inputs: Mapping[str, Block]) -> Mapping[str, Block]:
        """Observe what was stamped in the window."""
        step = self._clock.step
        if not self._last:
            raise RunError("the observation was asked to run before it was prepared, or after it was closed")
        new = {name: Samples(b.first + step, step, b.values[1:]) for name, b in inputs.items() if isinstance(b, Samples)}
        return {name: self._held(name, bound, bound.apply(new), window) for name, bound in self._bound.items()}

    def close(self, reason: str | None = None) -> None:
        """Let go of the states."""
        self._last = {}

    def _held(self, name: str, bound: Bound, given: Samples, window: Window) -> Samples:
        """Return a value for each step: the newest that there is."""
        every, step = bound.operator.every, self._clock.step
        rows = np.concatenate((self._last[name][None], given.values))
        self._last[name] = rows[-1].copy()
        ticks = np.arange(window.start + step, window.stop + 1, step)
        return Samples(window.start + step, step, rows[ticks // every - window.start // every])

    def _bind(self, seed: int) -> dict[str, Bound]:
        found, problems = {}, []
        for name, spec in self._given.operators.items():
            try:
                found[name] = bind(name, spec, self._inputs, self._clock, seed)
            except InputError as error:
                problems += [p.at(f"operators.{name}") for p in error.problems]
        raise_all(problems)
        return found


def _problems(p: ObserveParameters) -> list[Problem]:
    found = []
    if p.channels is not None and p.channels < 1:
        found.append(Problem(f"there are {p.channels} channels", "channels", "as many as the port that is coupled to the input has"))
    elif p.channels is not None and p.labels and len(p.labels) != p.channels:
        found.append(Problem(f"there are {len(p.labels)} labels for {p.channels} channels", "labels", "one for each channel, or none"))
    if not p.inputs or len(set(p.inputs)) != len(p.inputs):
        found.append(Problem("the inputs need names that differ", "inputs", "such as [x1, x2]"))
    if not p.operators:
        found.append(Problem("nothing is observed", "operators", "such as {bold: {volterra: {period: 2 s}}}"))
    found += [Problem(f"'{name}' cannot be the name of a port", "operators", "letters, digits, '_' and '-'")
              for name in p.operators if not _NAME.fullmatch(name) or name == "static"]
    return found
