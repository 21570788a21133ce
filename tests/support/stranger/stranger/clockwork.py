"""A component whose every output is a known function of its inputs, for tests of windows, delays and transports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from cosim.blocks import Block, Kind, Samples, Spikes
from cosim.errors import InputError
from cosim.interfaces import Component, Context, Description, Port, Unit
from cosim.random import stream_key, uniforms
from cosim.timegrid import Clock, Window


@dataclass(frozen=True, slots=True)
class Parameters:
    """Set up a clockwork.

    Parameters
    ----------
    size : int
        Number of channels.
    lead, lag : float
        How far ahead its output is known and how much later its input is needed, ms.
    start : float
        Value of every channel at instant 0.
    """

    size: int = 3
    lead: Annotated[float, Unit("ms")] = 0.0
    lag: Annotated[float, Unit("ms")] = 0.0
    start: float = 0.25


class Clockwork(Component):
    """Turn a chaotic map once a step: x(t + s) = (3.9 x (1 - x))(t) + in(t - lag) / 100, modulo 1; spike where x passes one half upwards.

    Each rank turns a share of the channels, and all of them are joined after every step.
    """

    parameters = Parameters

    def __init__(self, parameters: Parameters, clock: Clock) -> None:
        self._p, self._step = parameters, clock.step
        self._lead, self._lag = (round(v / clock.step_ms) * clock.step for v in (parameters.lead, parameters.lag))
        if parameters.size < 1:
            raise InputError("a clockwork needs at least one channel")

    def describe(self) -> Description:
        size = self._p.size
        return Description(
            outputs=(Port("x", Kind.STATE, "1", size, lead=self._lead, labels=tuple(f"channel {i}" for i in range(size))),
                     Port("spikes", Kind.SPIKES, "1", size, populations=(("wheels", 0),)),
                     Port("heard", Kind.STATE, "1", size), Port("rate", Kind.RATE, "Hz", 1, at_rest=5.0)),
            inputs=(Port("in", Kind.STATE, "1", size, lag=self._lag), Port("beats", Kind.SPIKES, "1", size, lag=self._lag),
                    Port("drive", Kind.RATE, "Hz", 1, lag=self._lag)),
            max_ranks=size)

    def prepare(self, context: Context) -> None:
        self._ranks = context.ranks
        first, stop = (self._p.size * r // context.ranks.size for r in (context.ranks.rank, context.ranks.rank + 1))
        self._mine = slice(first, stop)
        noise = uniforms(stream_key(context.seed, context.group, "start"), np.arange(self._p.size), 0, 0)[:, 0]
        self._x = self._p.start + 0.1 * noise

    def initial(self) -> Mapping[str, Block]:
        return {"x": Samples(self._lead, self._step, self._x[None]), "spikes": Spikes.none(),
                "heard": Samples(0, self._step, np.zeros((1, self._p.size))), "rate": Samples(0, self._step, np.full((1, 1), 5.0))}

    def advance(self, window: Window, inputs: Mapping[str, Block]) -> Mapping[str, Block]:
        steps = window.length // self._step
        heard, beats, drive = inputs.get("in"), inputs.get("beats"), inputs.get("drive")
        rows, ticks, ids = [], [], []
        for k in range(steps):
            now = window.start + k * self._step
            given = heard.values[k].copy() if isinstance(heard, Samples) else np.zeros(self._p.size)
            if isinstance(beats, Spikes):
                due = beats.ids[(beats.ticks > now - self._lag) & (beats.ticks <= now - self._lag + self._step)]
                given = given + np.bincount(due, minlength=self._p.size)
            if isinstance(drive, Samples):
                given = given + drive.values[k]
            part = (3.9 * self._x * (1 - self._x) + given / 100)[self._mine] % 1
            x = self._ranks.gather(part)
            up = np.flatnonzero((self._x < 0.5) & (x >= 0.5))
            ticks += [now + self._step] * len(up)
            ids += up.tolist()
            self._x = x
            rows.append((x, given))
        first = window.start + self._step
        return {"x": Samples(first + self._lead, self._step, np.array([x for x, _ in rows])),
                "spikes": Spikes(np.array(ticks, np.int64), np.array(ids, np.int64)),
                "heard": Samples(first, self._step, np.array([g for _, g in rows])),
                "rate": Samples(first, self._step, 10 * np.array([[x.mean()] for x, _ in rows]))}

    def close(self, reason: str | None = None) -> None:
        del self._x
