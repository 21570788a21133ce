"""The whole brain as a component: a network of mean-field regions, some of which may come from outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from cosim.blocks import Block, Samples
from cosim.errors import RunError
from cosim.interfaces import Component, Context, Description, Port
from cosim.models.wholebrain._engine import STRETCH, Engine, LinkTable, follow, source
from cosim.models.wholebrain.description import description
from cosim.models.wholebrain.network import Array
from cosim.models.wholebrain.parameters import WholeBrainParameters
from cosim.models.wholebrain.ports import output_ports, rate_is_known
from cosim.models.wholebrain.rest import Rest, find_rest, rates_in
from cosim.models.wholebrain.setting import Replaced, Setting, initial_state, read_setting
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
        self._rest: Rest | None = None
        self._sought_rest = False
        self._outputs: tuple[Port, ...] = ()

    def describe(self) -> Description:
        """Return ports, facts and needs; finds the resting state on the first call."""
        rest = self._find_rest()
        if not self._outputs:
            self._outputs = output_ports(self._setting, rest, self._clock.step)
        return description(self._given, self._setting, rest, self._outputs, self._clock)

    def prepare(self, context: Context) -> None:
        """Build this rank's share of the network and set it to its state at instant 0."""
        s, ranks = self._setting, context.ranks
        self.describe()
        self._ranks = ranks
        cut = [len(s.simulated) * r // ranks.size for r in range(ranks.size + 1)]
        mine = list(s.simulated[cut[ranks.rank] : cut[ranks.rank + 1]])
        between = s.net.delays[np.ix_(s.simulated, s.simulated)][s.net.between[np.ix_(s.simulated, s.simulated)]]
        soonest = int(between.min(initial=s.net.block))
        together = ranks.size > 1 and not s.alone
        self._block = max(1, min(s.net.block, soonest)) if together else s.net.block
        self._exchange = together
        self._exchange_predicted = together and soonest == 0 and s.scheme == 1
        nothing: list[int] = []
        along, brief, instant = (s.net.links(mine if not s.alone else nothing, part) for part in ("long", "short", "instant"))
        if s.alone:
            along = brief = instant = (np.zeros(len(mine) + 1, np.int64), *along[1:])
        key = stream_key(context.seed, self._given.noise_stream or context.group, "noise")
        model = s.model
        self._engine = Engine(
            model.number,
            s.scheme,
            self._clock.step_ms,
            s.gain,
            mine,
            [r.region for r in s.replaced],
            len(s.connectome),
            s.net.longest,
            s.net.block,
            along,
            brief,
            instant,
            s.net.weights[mine, mine],
            s.net.delays[mine, mine],
            s.rows[:, mine],
            [v.low for v in model.variables],
            [v.high for v in model.variables],
            s.sigma,
            len(model.inputs),
            any(p.name.endswith(".afferent_rate") for p in self._outputs),
            s.alone,
            key,
            self._clock.step,
        )
        self._mine = np.array(mine, np.int64)
        self._everyone = np.array(s.simulated, np.int64)
        self._targets = {
            r: LinkTable(*s.net.links([r], "long", "short", "instant"), self._engine.row)
            for r in (*(x.region for x in s.replaced), *(mine if s.alone else ()))
        }
        self._start()

    def initial(self) -> Mapping[str, Block]:
        """Return what the ports held up to instant 0, or up to their lead."""
        step, s, engine = self._clock.step, self._setting, self._engine
        found: dict[str, Block] = {}
        for port in self._outputs:
            if port.name in self._first:
                found[port.name] = Samples(port.lead, step, np.array(self._first[port.name], np.float64).reshape(1, -1))
        for r in s.replaced:
            name = s.connectome.labels[r.region]
            for of_rates, port_name in ((False, f"{name}.afferent"), (True, f"{name}.afferent_rate")):
                if any(p.name == port_name for p in self._outputs):
                    value = self._afferent(engine, r, 0, 1, of_rates)
                    found[port_name] = Samples(r.lead * step, step, value.reshape(1, 1))
        return found

    def advance(self, window: Window, inputs: Mapping[str, Block]) -> Mapping[str, Block]:
        """Go through a window in stretches; between them the histories may slide."""
        step = self._clock.step
        first, stop = window.start // step, window.stop // step
        parts: dict[str, list[Array]] = {p.name: [] for p in self._outputs}
        for k in range(first, stop, STRETCH):
            steps = min(STRETCH, stop - k)
            self._engine.make_room(k, steps)
            self._take(k, steps, k - first, inputs)
            self._step(k, steps)
            self._give(k, steps, parts)
        if self._ranks.rank:
            return {}
        return {p.name: Samples(window.start + p.lead + step, step, np.concatenate(parts[p.name])) for p in self._outputs}

    def close(self, reason: str | None = None) -> None:
        """Let go of the arrays."""
        for name in ("_engine", "_targets"):
            self.__dict__.pop(name, None)

    def _find_rest(self) -> Rest | None:
        if not self._sought_rest:
            s = self._setting
            self._rest, self._sought_rest = find_rest(s.net, s.model, s.rows, s.gain), True
        return self._rest

    def _start(self) -> None:
        s, engine = self._setting, self._engine
        rest = self._find_rest() if self._given.start == "rest" else None
        state = initial_state(self._given, s, rest.state if rest else None)
        sent = source(s.model.number, s.rows, state)
        engine.start(state[:, self._mine], sent)
        self._sent = {r.region: float(sent[r.region]) for r in s.replaced}
        self._quiet_input = True
        if s.alone:
            for i, r in enumerate(self._mine.tolist()):
                engine.outside[:, i] = engine.afferent(self._targets[r], 0, 0, 1, False)[0]
        engine.finish(0, 0)
        here = list(s.simulated)
        self._first: dict[str, Array | float] = {name: state[v, here] for v, name in enumerate(s.model.variable_names)}
        if s.model.rate is not None:
            self._first["rate"] = self._ranks.gather(engine.rates[0, : engine.n].copy())
        if s.alone:
            self._first |= {f"{s.connectome.labels[r]}.coupling": float(sent[r]) for r in here}
        if engine.rate_history is not None:
            rates = rates_in(s.net, s.model, s.rows, s.gain, state)
            if rates is not None:
                rates[here] = self._first["rate"]
                engine.rate_history[:, : engine.place(0) + 1] = rates[:, None]
                self._rates = rates

    def _take(self, k: int, steps: int, row: int, inputs: Mapping[str, Block]) -> None:
        """Hand the kernel what comes from outside in the steps k .. k + steps - 1; it begins at a row of the inputs."""
        s, engine = self._setting, self._engine
        for r in s.replaced:
            self._take_replaced(r, k, steps, row, inputs)
        if s.alone:
            for i, region in enumerate(self._mine.tolist()):
                values = self._values(f"{s.connectome.labels[region]}.afferent", row, steps, inputs)
                if values is not None:
                    engine.outside[: steps + 1, i] = values
        active = [p for p in s.pulses if p.start <= k + steps and p.stop > k]
        drives = [(d, self._values(f"{s.connectome.labels[d]}.drive", row, steps, inputs)) for d in s.driven]
        driven = [(d, values) for d, values in drives if values is not None]
        present = bool(active or driven)
        engine.expect_input(present)
        if not present:
            return
        engine.held[...] = 0.0
        engine.drive[...] = 0.0
        place = {int(r): i for i, r in enumerate(self._mine)}
        for pulse in active:
            for region in pulse.regions:
                if region in place:
                    engine.held[max(pulse.start - k, 0) : min(pulse.stop - k, steps + 1), pulse.input, place[region]] += pulse.amplitude
        for region, values in driven:
            if region in place:
                engine.drive[: steps + 1, place[region]] = values

    def _take_replaced(self, r: Replaced, k: int, steps: int, row: int, inputs: Mapping[str, Block]) -> None:
        """Write what a replaced region sends into its row of the history."""
        s, engine = self._setting, self._engine
        name = f"{s.connectome.labels[r.region]}.{r.how}"
        values = self._values(name, row, steps, inputs)
        at = engine.place(k - r.lag + 1)
        if values is None:  # nothing is coupled to it: it keeps what it held at the start
            engine.history[r.region, at : at + steps] = self._sent[r.region]
            if engine.rate_history is not None:
                engine.rate_history[r.region, at : at + steps] = self._rates[r.region]
            return
        wrong = ~np.isfinite(values) | ((values < 0) if r.how == "rate" else False)
        if wrong.any():
            i = int(np.argmax(wrong))
            unit, expected = ("Hz", "a rate of 0 Hz or more") if r.how == "rate" else (s.model.coupling_unit, "a finite number")
            tick = (k - r.lag + i) * self._clock.step
            raise RunError(
                f"input '{name}' is {values[i]:g} {unit} at tick {tick} ({self._clock.ms(tick):.6g} ms): expected {expected}; "
                f"look at what is coupled to it"
            )
        if r.how == "rate":
            sent = follow(s.model.number, s.rows[:, r.region], self._sent[r.region], values, self._clock.step_ms)
            self._sent[r.region] = float(sent[-1])
            if engine.rate_history is not None:
                engine.rate_history[r.region, at : at + steps] = values[1:]
        else:
            sent = values[1:]
        engine.history[r.region, at : at + steps] = sent

    def _values(self, name: str, row: int, steps: int, inputs: Mapping[str, Block]) -> Array | None:
        block = inputs.get(name)
        if block is None:
            return None
        if not isinstance(block, Samples) or len(block.values) < row + steps + 1:
            raise RunError(
                f"input '{name}' does not hold a sample for each of the {row + steps + 1} instants of its window, both ends included"
            )
        return block.values[row : row + steps + 1, 0]

    def _step(self, k: int, steps: int) -> None:
        """Go through a stretch; with other ranks, exchange what regions send as often as the delays between them ask."""
        engine = self._engine
        if not self._exchange:
            engine.run(k, steps)
        else:
            for at in range(0, steps, self._block):
                length = min(self._block, steps - at)
                if self._exchange_predicted:
                    engine.predict(k + at, at)
                    engine.set_ahead(self._everyone, self._ranks.gather(engine.predicted()))
                    engine.correct(k + at, at)
                else:
                    engine.block(k + at, length, at)
                columns = slice(engine.place(k + at + 1), engine.place(k + at + 1) + length)
                engine.history[self._everyone, columns] = self._ranks.gather(np.ascontiguousarray(engine.history[self._mine, columns]))
            engine.finish(k + steps, steps)
        if not engine.finite(steps):
            self._tell_what_broke(k, steps)

    def _tell_what_broke(self, k: int, steps: int) -> None:
        s, engine = self._setting, self._engine
        at, v, i = (int(x) for x in np.argwhere(~np.isfinite(engine.states[:steps, :, : engine.n]))[0])
        tick = (k + at + 1) * self._clock.step
        raise RunError(
            f"region '{s.connectome.labels[int(self._mine[i])]}': variable '{s.model.variable_names[v]}' of '{s.model.name}' is "
            f"{engine.states[at, v, i]:g} at tick {tick} ({self._clock.ms(tick):.6g} ms); "
            f"check coupling, noise and step, or take a shorter step"
        )

    def _give(self, k: int, steps: int, parts: dict[str, list[Array]]) -> None:
        """Collect what the ports give for the instants that a stretch reached."""
        s, engine = self._setting, self._engine
        n, variables = engine.n, engine.variables
        part = np.concatenate((engine.states[:steps, :, :n], engine.rates[1 : steps + 1, None, :n]), axis=1)
        reached = part if self._ranks.size == 1 else self._ranks.gather(np.ascontiguousarray(part.transpose(2, 0, 1))).transpose(1, 2, 0)
        if self._ranks.rank:
            return
        for v, name in enumerate(s.model.variable_names):
            parts[name].append(reached[:, v])
        if s.model.rate is not None:
            parts["rate"].append(reached[:, variables])
        if engine.rate_history is not None:
            at = engine.place(k + 1)
            engine.rate_history[self._everyone, at : at + steps] = reached[:, variables].T
        for r in s.replaced:
            name = s.connectome.labels[r.region]
            for of_rates, port in ((False, f"{name}.afferent"), (True, f"{name}.afferent_rate")):
                if port in parts:
                    parts[port].append(self._afferent(engine, r, k + 1 + r.lead, steps, of_rates)[:, None])
        if s.alone:
            h = source(
                s.model.number,
                np.repeat(s.rows[:, list(s.simulated)], steps, axis=1),
                reached[:, :variables].transpose(1, 2, 0).reshape(variables, -1),
            )
            for i, region in enumerate(s.simulated):
                parts[f"{s.connectome.labels[region]}.coupling"].append(h[i * steps : (i + 1) * steps, None])

    def _afferent(self, engine: Engine, r: Replaced, k: int, count: int, of_rates: bool) -> Array:
        values = engine.afferent(self._targets[r.region], 0, k, count, of_rates)
        return values / rate_is_known(self._setting, r.region) if of_rates else values
