"""Run one rank's share of the network: take what comes from outside, step, give what the ports give."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cosim.blocks import Block, Samples
from cosim.errors import RunError
from cosim.interfaces import Port, Ranks
from cosim.models.wholebrain._engine import STRETCH, Engine, LinkTable, follow, source
from cosim.models.wholebrain.network import Array
from cosim.models.wholebrain.ports import rate_is_known
from cosim.models.wholebrain.rest import rates_in
from cosim.models.wholebrain.setting import Pulse, Replaced, Setting
from cosim.timegrid import Clock, Window


class Running:
    """Hold one rank's share of a network and go through time with it.

    Parameters
    ----------
    setting : Setting
        The whole network.
    outputs : tuple of Port
        What the group gives.
    clock : Clock
        Tick and step.
    ranks : Ranks
        The group's inner communication.
    key : int
        Random stream of the noise.
    state : (variables, n) float64
        State of every region of the whole network at instant 0 and before.
    """

    def __init__(self, setting: Setting, outputs: tuple[Port, ...], clock: Clock, ranks: Ranks, key: int, state: Array) -> None:
        s = self._setting = setting
        self._outputs, self._clock, self._ranks = outputs, clock, ranks
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
        self._engine = Engine(
            s.model.number,
            s.scheme,
            clock.step_ms,
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
            [v.low for v in s.model.variables],
            [v.high for v in s.model.variables],
            s.sigma,
            len(s.model.inputs),
            any(p.name.endswith(".afferent_rate") for p in outputs),
            s.alone,
            key,
        )
        self._mine = np.array(mine, np.int64)
        self._everyone = np.array(s.simulated, np.int64)
        self._place = {region: i for i, region in enumerate(mine)}
        self._targets = {
            r: LinkTable(*s.net.links([r], "long", "short", "instant"), self._engine.row)
            for r in (*(x.region for x in s.replaced), *(mine if s.alone else ()))
        }
        sent = source(s.model.number, s.rows, state)
        self._sent = {r.region: float(sent[r.region]) for r in s.replaced}
        self._rates: Array = np.zeros(len(s.connectome))
        self._engine.start(state[:, self._mine], sent)
        if s.alone:
            for i, r in enumerate(mine):
                self._engine.outside[:, i] = self._engine.afferent(self._targets[r], 0, 0, 1, False)[0]
        here = list(s.simulated)
        # A stimulus enters the rate in the same instant; then the rates at instant 0 are not those that held before.
        self._at_once = [p for p in s.pulses if p.start == 0 < p.stop]
        self._before = 1 if self._at_once else 0  # steps before instant 0 that `initial` tells too
        self._first: dict[str, Array | float] = {name: state[v, here] for v, name in enumerate(s.model.variable_names)}
        if s.alone:
            self._first |= {f"{s.connectome.labels[r]}.coupling": float(sent[r]) for r in here}
        if s.model.rate is not None:
            self._first["rate"] = self._find_first_rates(state)

    def initial(self) -> Mapping[str, Block]:
        """Return what the ports held up to instant 0, or up to their lead."""
        step, s, engine = self._clock.step, self._setting, self._engine
        found: dict[str, Block] = {}
        for port in self._outputs:
            if port.name in self._first:
                rows = np.asarray(self._first[port.name], np.float64).reshape(-1, port.size)
                found[port.name] = Samples(port.lead - (len(rows) - 1) * step, step, rows)
        for r in s.replaced:
            name = s.connectome.labels[r.region]
            for of_rates, port_name in ((False, f"{name}.afferent"), (True, f"{name}.afferent_rate")):
                if any(p.name == port_name for p in self._outputs):
                    values = self._afferent(engine, r, r.lead - self._before, self._before + 1, of_rates)
                    found[port_name] = Samples((r.lead - self._before) * step, step, values[:, None])
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

    def _find_first_rates(self, state: Array) -> Array:
        """Return the rates at instant 0, after those of the step before where they differ; keep those that held for ever before."""
        s, engine = self._setting, self._engine
        engine.finish(0, 0)
        rates: Array = self._ranks.gather(engine.rates[0, : engine.n].copy())
        of_all = rates_in(s.net, s.model, s.rows, s.gain, state) if engine.rate_history is not None else None
        if engine.rate_history is not None and of_all is not None:
            of_all[self._everyone] = rates
            engine.rate_history[:, : engine.place(0) + 1] = of_all[:, None]
            self._rates = of_all
        if not self._at_once:
            return rates
        engine.expect_input(True)
        self._add(self._at_once, 0, 0)
        engine.finish(0, 0)
        at_start: Array = self._ranks.gather(engine.rates[0, : engine.n].copy())
        if engine.rate_history is not None:
            engine.rate_history[self._everyone, engine.place(0)] = at_start
        return np.stack((rates, at_start))

    def _add(self, pulses: list[Pulse], k: int, steps: int) -> None:
        """Put stimuli where the kernel finds them, for the instants k .. k + steps."""
        held = self._engine.held
        for pulse in pulses:
            for region in pulse.regions:
                if region in self._place:
                    rows = slice(max(pulse.start - k, 0), min(pulse.stop - k, steps + 1))
                    held[rows, pulse.input, self._place[region]] += pulse.amplitude

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
        self._add(active, k, steps)
        for region, values in driven:
            if region in self._place:
                engine.drive[: steps + 1, self._place[region]] = values

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
        if k == 0 and s.driven and engine.rate_history is not None:  # what drives do to the rates at instant 0 is known only now
            engine.rate_history[self._everyone, engine.place(0)] = self._ranks.gather(engine.rates[0, :n].copy())
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
