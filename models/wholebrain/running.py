"""Run one rank's share of the network: take what comes from outside, step, give what the ports give."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from cosim.blocks import Block, Samples
from cosim.errors import RunError
from cosim.interfaces import Port, Ranks
from cosim.models.wholebrain.giving import Giving
from cosim.models.wholebrain.history import Beginning
from cosim.models.wholebrain.kernel._engine import STRETCH, Engine, LinkTable, Patch
from cosim.models.wholebrain.linearised import built_whole, sent_in
from cosim.models.wholebrain.network import Array
from cosim.models.wholebrain.patches import build, links_of, part_of, self_links, sources
from cosim.models.wholebrain.ports import rate_is_known, rated, regions_with
from cosim.models.wholebrain.rest import rates_in
from cosim.models.wholebrain.setting import Replaced, Setting
from cosim.models.wholebrain.stimuli import Stimulation
from cosim.models.wholebrain.validity import Watch
from cosim.timegrid import Clock, Window

_HEUN = 1


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
    start : Beginning
        State of every region of the whole network at instant 0, and what was before.
    is_error : bool
        Whether a state outside what its model was made for ends the run.
    """

    def __init__(self, setting: Setting, outputs: tuple[Port, ...], clock: Clock, ranks: Ranks, key: int, start: Beginning,
                 is_error: bool = False) -> None:
        s = self._setting = setting
        self._outputs, self._clock, self._ranks = outputs, clock, ranks
        cut = [len(s.simulated) * r // ranks.size for r in range(ranks.size + 1)]
        shares = [s.simulated[a:b] for a, b in pairwise(cut)]
        mine = shares[ranks.rank]
        self._patches = [part for p in s.patches.all if (part := part_of(p, mine)) is not None]
        between = s.net.delays[np.ix_(s.simulated, s.simulated)][s.net.between[np.ix_(s.simulated, s.simulated)]]
        soonest = int(between.min(initial=s.net.block))
        self._exchange = ranks.size > 1 and not s.alone
        self._block = max(1, min(s.net.block, soonest)) if self._exchange else s.net.block
        self._exchange_predicted = self._exchange and soonest == 0 and s.scheme == _HEUN
        self._built = [build(s.net, s.patches, p, s.gain, s.offset, s.coupling == 1, s.net.block) for p in self._patches]
        along, brief, instant = (links_of(s.net, s.patches, self._patches, part) for part in ("long", "short", "instant"))
        if s.alone:
            along = brief = instant = (np.zeros(len(along[0]), np.int64), along[1][:0], along[2][:0], along[3][:0])
        regions, row = len(s.connectome), s.patches.row
        given = s.patches.rows([r.region for r in s.replaced])
        self._keeps_rates = any(p.name.endswith(".afferent_rate") for p in outputs)
        self._engine = Engine(
            self._built,
            max(1, regions * s.patches.slots),
            given,
            s.net.longest,
            s.net.block,
            along,
            brief,
            instant,
            self_links(s.net, s.patches, self._patches),
            s.scheme,
            clock.step_ms,
            s.gain,
            int(s.coupling == 2),
            s.curve,
            regions if self._keeps_rates else 0,
            s.alone,
            key,
            self._exchange_predicted,
        )
        self._place = {region: (k, i) for k, p in enumerate(self._patches) for i, region in enumerate(p.regions)}
        self._rows_of = [[[row(r, c) for r in p.regions] for c in s.patches.used[p.model.name]] for p in self._patches]
        self._all_rows = np.array([x for share in shares for p in s.patches.all if (part := part_of(p, share)) is not None
                                   for c in s.patches.used[p.model.name] for x in (row(r, c) for r in part.regions)], np.int64)
        self._row_at = {int(x): i for i, x in enumerate(self._all_rows)}
        self._my_rows = np.array([x for rows in self._rows_of for each in rows for x in each], np.int64)
        self._giving = Giving(s, outputs, shares, self._built, ranks)
        self._followed: dict[int, Patch] = {}
        self._make_tables(mine)
        states, whole_brain = start.states, built_whole(s, s.net)
        sent = sent_in(s.patches, whole_brain, states)
        past = None if start.past is None else np.stack(
            [sent_in(s.patches, whole_brain, [x[t] for x in start.past]) for t in range(s.net.longest + 2)], axis=1)
        self._last = {x: float(sent[x]) for x in given}
        # What comes from outside by rates goes on from one lag before instant 0.
        lags = {x: r.lag for r in s.replaced for x in s.patches.rows([r.region])}
        self._sent = {x: float(sent[x] if past is None else past[x, -1 - lag]) for x, lag in lags.items()}
        self._watch = Watch(self._patches, self._built, s.connectome.labels, clock, is_error)
        self._rates: Array = np.zeros(regions)
        whole = {r: state[:, i] for p, state in zip(s.patches.all, states, strict=True) for i, r in enumerate(p.regions)}
        # A run alone sums from a history before it knows what comes from outside; both hold the same before instant 0.
        self._engine.start([np.stack([whole[r] for r in p.regions], axis=1) for p in self._patches],
                           sent if past is None else past, start.first)
        if s.alone:
            for region in mine:
                self._put_afferent(region, slice(None), np.array([
                    self._engine.afferent(self._tables[region, r], 0, 0, 1, False) for r in range(self._received(region))]))
        # A stimulus enters the rate in the same instant; then the rates at instant 0 are not those that held before.
        self._is_closed = not (s.replaced or s.alone or s.stimuli or s.driven)
        self._at_once = [p for p in s.stimuli if p.start == 0 < p.stop]
        self._before = 1 if self._at_once else 0  # steps before instant 0 that `initial` tells too
        self._has_past = past is not None
        variables = {name for p in s.patches.all for name in p.model.variables}
        self._first: dict[str, Array] = {
            name: np.array([whole[r][s.patches.of(r).model.variables.index(name)] for r in regions_with(s, name)]) for name in variables}
        if s.alone:
            sends = sent[:, None] if past is None else past
            self._first |= {f"{s.connectome.labels[r]}.coupling": sends[s.patches.rows([r])].T for r in s.simulated}
        if rated(s):
            self._first["rate"] = self._find_first_rates(start)

    def initial(self) -> Mapping[str, Block]:
        """Return what the ports held up to instant 0, or up to their lead."""
        step, s = self._clock.step, self._setting
        found: dict[str, Block] = {}
        for port in self._outputs:
            if port.name in self._first:
                rows = np.asarray(self._first[port.name], np.float64).reshape(-1, port.size)
                found[port.name] = Samples(port.lead - (len(rows) - 1) * step, step, rows)
        for r in s.replaced:
            name = s.connectome.labels[r.region]
            for of_rates, port_name in ((False, f"{name}.afferent"), (True, f"{name}.afferent_rate")):
                if any(p.name == port_name for p in self._outputs):
                    # What was on its way before instant 0 is not always the same where there is a past.
                    before = max(self._before, r.lead) if self._has_past else self._before
                    values = self._afferent(r, r.lead - before, before + 1, of_rates)
                    found[port_name] = Samples((r.lead - before) * step, step, values)
        return found

    def advance(self, window: Window, inputs: Mapping[str, Block]) -> Mapping[str, Block]:
        """Go through a window in stretches; between them the histories may slide."""
        step = self._clock.step
        first, stop = window.start // step, window.stop // step
        given = self._giving.room(stop - first)
        for k in range(first, stop, STRETCH):
            steps = min(STRETCH, stop - k)
            self._engine.make_room(k, steps)
            self._take(k, steps, k - first, inputs)
            self._step(k, steps)
            self._watch.look(k, steps)
            self._give(k, steps, k - first, given)
            self._engine.carry_over(steps)
        if self._ranks.rank:
            return {}
        return {p.name: Samples(window.start + p.lead + step, step, given[p.name]) for p in self._outputs}

    def remarks(self) -> tuple[str, ...]:
        """Return what a user should be told at the end; every rank of the group must ask."""
        return self._watch.remarks(self._ranks, self._setting.patches.all)

    def _make_tables(self, mine: tuple[int, ...]) -> None:
        """Keep the links into the regions of which a port tells what they receive."""
        s = self._setting
        self._tables: dict[tuple[int, int], LinkTable] = {}
        self._rate_tables: dict[int, LinkTable] = {}
        for region in (*(x.region for x in s.replaced), *(mine if s.alone else ())):
            begin, source, delay, weight = s.net.links([region], "long", "short", "instant")
            self._rate_tables[region] = LinkTable(begin, source, delay, weight, self._engine.row)
            model = s.patches.of(region).model
            for r in range(len(model.receives)):
                found = sources(s.patches, model.name, r)
                self._tables[region, r] = LinkTable(begin, found.row[source], delay, weight * found.times[source], self._engine.row)

    def _received(self, region: int) -> int:
        return len(self._setting.patches.of(region).model.receives)

    def _put_afferent(self, region: int, rows: slice, values: Array) -> None:
        """Put what a region receives from outside, (received, instants), where the kernel finds it."""
        k, i = self._place[region]
        made = self._built[k]
        for r in range(made.received):
            self._engine.outside[rows, made.column(r, i)] = values[r]

    def _my_rates(self, at: int) -> Array:
        return np.concatenate([made.rates(at, at + 1)[0] for made in self._built])

    def _find_first_rates(self, start: Beginning) -> Array:
        """Return the rates at instant 0, after those of the step before where they differ; keep those that held for ever before."""
        s, engine = self._setting, self._engine
        here = [self._giving.everyone.index(r) for r in rated(s)]
        engine.finish(0, 0)
        rates: Array = self._ranks.gather(self._my_rates(0))
        of_all = rates_in(s, start.states) if self._keeps_rates else None
        if of_all is not None:
            of_all[self._giving.everyone] = rates
            engine.rate_history[:, : engine.place(0) + 1] = of_all[:, None]
            if start.rates is not None:
                known = engine.rate_history[:, : engine.place(0)]
                known[...] = np.where(np.isnan(start.rates[:-1].T), known, start.rates[:-1].T)
            self._rates = of_all
        if not self._at_once:
            return rates[here]
        engine.expect_input(True)
        self._add(self._at_once, 0, 0)
        engine.finish(0, 0)
        at_start: Array = self._ranks.gather(self._my_rates(0))
        if self._keeps_rates:
            engine.rate_history[self._giving.everyone, engine.place(0)] = at_start
        return np.stack((rates[here], at_start[here]))

    def _add(self, stimuli: list[Stimulation], k: int, steps: int) -> None:
        """Put stimuli where the kernel finds them, for the instants k .. k + steps."""
        for stimulus in stimuli:
            here = [i for i, (region, _) in enumerate(stimulus.places) if region in self._place]
            first, stop = max(stimulus.start - k, 0), min(stimulus.stop - k, steps + 1)
            if first >= stop:
                continue
            for i, values in zip(here, stimulus.held(k + first, k + stop, here), strict=True):
                region, into = stimulus.places[i]
                patch, at = self._place[region]
                self._built[patch].hold(slice(first, stop), into, at, values)

    def _take(self, k: int, steps: int, row: int, inputs: Mapping[str, Block]) -> None:
        """Hand the kernel what comes from outside in the steps k .. k + steps - 1; it begins at a row of the inputs."""
        s, engine = self._setting, self._engine
        if self._is_closed:
            return
        for r in s.replaced:
            self._take_replaced(r, k, steps, row, inputs)
        if s.alone:
            for region in self._place:
                values = self._values(f"{s.connectome.labels[region]}.afferent", row, steps, inputs)
                if values is not None:
                    self._put_afferent(region, slice(0, steps + 1), values.T)
        active = [p for p in s.stimuli if p.start <= k + steps and p.stop > k]
        drives = [(d, self._values(f"{s.connectome.labels[d]}.drive", row, steps, inputs)) for d in s.driven]
        driven = [(d, values) for d, values in drives if values is not None]
        present = bool(active or driven)
        engine.expect_input(present)
        if not present:
            return
        for made in self._built:
            made.quieten()
        self._add(active, k, steps)
        for region, values in driven:
            if region in self._place:
                patch, i = self._place[region]
                self._built[patch].drive[: steps + 1, i] = values[:, 0]

    def _take_replaced(self, r: Replaced, k: int, steps: int, row: int, inputs: Mapping[str, Block]) -> None:
        """Write what a replaced region sends into its rows of the history."""
        s, engine = self._setting, self._engine
        name = f"{s.connectome.labels[r.region]}.{r.how}"
        values = self._values(name, row, steps, inputs)
        at = engine.place(k - r.lag + 1)
        rows = s.patches.rows([r.region])
        if values is None:  # nothing is coupled to it: it keeps what it held at the start
            new = slice(max(at, at + r.lag - k), at + steps)
            for each in rows:
                engine.history[each, new] = self._last[each]
            if self._keeps_rates:
                engine.rate_history[r.region, new] = self._rates[r.region]
            return
        wrong = (~np.isfinite(values) | ((values < 0) if r.how == "rate" else False)).any(axis=1)
        if wrong.any():
            i = int(np.argmax(wrong))
            unit, expected = ("Hz", "a rate of 0 Hz or more") if r.how == "rate" else (self._unit(name), "a finite number")
            tick = (k - r.lag + i) * self._clock.step
            raise RunError(
                f"input '{name}' is {values[i][~np.isfinite(values[i]) | (values[i] < 0)][0]:g} {unit} at tick {tick} "
                f"({self._clock.ms(tick):.6g} ms): expected {expected}; look at what is coupled to it"
            )
        if r.how == "rate":
            patch = s.patches.of(r.region)
            if rows:
                first = patch.model.state[patch.model.variables.index(patch.model.sends[0].name)] if patch.model.sent is None else None
                low, high = (first.low, first.high) if first is not None else (-np.inf, np.inf)
                sent = self._whole_patch(r.region).follow(0, self._sent[rows[0]], values[:, 0], self._clock.step_ms, low, high)
                self._sent[rows[0]] = float(sent[-1])
                engine.history[rows[0], at : at + steps] = sent
            if self._keeps_rates:
                engine.rate_history[r.region, at : at + steps] = values[1:, 0]
        else:
            for c, each in enumerate(rows):
                engine.history[each, at : at + steps] = values[1:, c]

    def _unit(self, name: str) -> str:
        model = self._setting.patches.of(self._setting.connectome.labels.index(name.rpartition(".")[0])).model
        return model.sends[0].unit

    def _whole_patch(self, region: int) -> Patch:
        s = self._setting
        if region not in self._followed:
            part = part_of(s.patches.of(region), [region])
            assert part is not None
            self._followed[region] = build(s.net, s.patches, part, s.gain, s.offset, s.coupling == 1, 1)
        return self._followed[region]

    def _values(self, name: str, row: int, steps: int, inputs: Mapping[str, Block]) -> Array | None:
        block = inputs.get(name)
        if block is None:
            return None
        if not isinstance(block, Samples) or len(block.values) < row + steps + 1:
            raise RunError(
                f"input '{name}' does not hold a sample for each of the {row + steps + 1} instants of its window, both ends included"
            )
        return block.values[row : row + steps + 1]

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
                    ahead = engine.ahead()
                    ahead[self._all_rows] = self._ranks.gather(np.ascontiguousarray(ahead[self._my_rows]))
                    engine.correct(k + at, at)
                else:
                    engine.block(k + at, length, at)
                columns = slice(engine.place(k + at + 1), engine.place(k + at + 1) + length)
                engine.history[self._all_rows, columns] = self._ranks.gather(np.ascontiguousarray(engine.history[self._my_rows, columns]))
            engine.finish(k + steps, steps)
        if engine.failed() >= 0 or not engine.finite(steps):
            self._tell_what_broke(k, steps)

    def _tell_what_broke(self, k: int, steps: int) -> None:
        s, engine = self._setting, self._engine
        for p, made in zip(self._patches, self._built, strict=True):
            broken = np.argwhere(~np.isfinite(made.states(1, steps + 1)))
            if len(broken):
                at, v, i = (int(x) for x in broken[0])
                tick = (k + at + 1) * self._clock.step
                raise RunError(
                    f"region '{s.connectome.labels[p.regions[i]]}': variable '{p.model.variables[v]}' of '{p.model.name}' is "
                    f"{made.states(at + 1, at + 2)[0, v, i]:g} at tick {tick} ({self._clock.ms(tick):.6g} ms); "
                    f"check coupling, noise and step, or take a shorter step"
                )
        raise RunError(
            f"region '{s.connectome.labels[engine.failed()]}': the implicit equation of a step found no solution within 40 iterations, "
            f"between {self._clock.ms(k * self._clock.step):.6g} and {self._clock.ms((k + steps) * self._clock.step):.6g} ms; "
            f"take a shorter step"
        )

    def _give(self, k: int, steps: int, row: int, given: dict[str, Array]) -> None:
        """Write what the ports give for the instants that a stretch reached into rows of their arrays."""
        s, engine = self._setting, self._engine
        if k == 0 and s.driven and self._keeps_rates:  # what drives do to the rates at instant 0 is known only now
            engine.rate_history[self._giving.everyone, engine.place(0)] = self._ranks.gather(self._my_rates(0))
        rates = self._giving.give(steps, row, given, self._keeps_rates)
        at = slice(engine.place(k + 1), engine.place(k + 1) + steps)
        sent = self._ranks.gather(np.ascontiguousarray(engine.history[self._my_rows, at])) if s.alone else None
        if self._ranks.rank:
            return
        if rates is not None:
            engine.rate_history[list(s.simulated), at] = rates
        for r in s.replaced:
            name = s.connectome.labels[r.region]
            for of_rates, port in ((False, f"{name}.afferent"), (True, f"{name}.afferent_rate")):
                if port in given:
                    given[port][row : row + steps] = self._afferent(r, k + 1 + r.lead, steps, of_rates)
        if sent is not None:
            for region in s.simulated:
                port = f"{s.connectome.labels[region]}.coupling"
                if port in given:
                    given[port][row : row + steps] = sent[[self._row_at[x] for x in s.patches.rows([region])]].T

    def _afferent(self, r: Replaced, k: int, count: int, of_rates: bool) -> Array:
        """Return what a replaced region receives at the instants k .. k + count - 1, (count, received)."""
        engine = self._engine
        if of_rates:
            total = engine.afferent(self._rate_tables[r.region], 0, k, count, True)
            return np.asarray(total / rate_is_known(self._setting, r.region))[:, None]
        sums = [engine.afferent(self._tables[r.region, c], 0, k, count, False) for c in range(self._received(r.region))]
        return np.stack(sums, axis=1)
