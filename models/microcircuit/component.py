"""Run a network of spiking neurons as a component: the spiking side of an experiment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from cosim.blocks import Block, Kind, Samples, Spikes
from cosim.errors import InputError, Problem, RunError, raise_all
from cosim.interfaces import Balance, Component, Context, Description, Port
from cosim.levels import chosen_level
from cosim.models.microcircuit.devices import Devices, Shown
from cosim.models.microcircuit.effort import PARTITIONS, balance, memory, work
from cosim.models.microcircuit.inputs import Drive, arriving, drive
from cosim.models.microcircuit.kernel._engine import LARGEST_MEAN, levels
from cosim.models.microcircuit.kernel.build import Built, Plan, build, initial_values
from cosim.models.microcircuit.kernel.cells import array_of, fit
from cosim.models.microcircuit.kernel.partition import first_ids
from cosim.models.microcircuit.kernel.plastic import memory as plastic_memory
from cosim.models.microcircuit.kernel.precise import PreciseBuilt, advance_precise, build_precise, network_of
from cosim.models.microcircuit.kernel.replay import Replayed
from cosim.models.microcircuit.network.data import Network
from cosim.models.microcircuit.network.devices import CurrentInput, PoissonInput
from cosim.models.microcircuit.network.digest import network_digest
from cosim.models.microcircuit.network.file import find_network, read_network
from cosim.models.microcircuit.network.scaling import scaled
from cosim.models.microcircuit.network.wiring import wiring
from cosim.models.microcircuit.parameters import MicrocircuitParameters
from cosim.models.microcircuit.weights import WeightPorts
from cosim.random import stream_key
from cosim.timegrid import Clock, Window, in_ms, to_ticks


@dataclass(frozen=True, slots=True)
class _Result:
    """Hold what one stretch of steps brought, on this rank."""

    counts: NDArray[np.uint32]
    ids: NDArray[np.uint32]
    traced: NDArray[np.float64]
    offsets: NDArray[np.float64] | None = None


class Microcircuit(Component):
    """Populations of spiking neurons, given as data, driven by Poisson spikes or direct current.

    Parameters
    ----------
    parameters : MicrocircuitParameters
        What the user set.
    clock : Clock
        Tick and step.
    """

    parameters: ClassVar[type] = MicrocircuitParameters

    def __init__(self, parameters: MicrocircuitParameters, clock: Clock) -> None:
        raise_all(parameters.problems())
        self._set, self._clock = parameters, clock
        network = read_network(find_network(parameters.network, Path(parameters.folder)))
        indegree_scale = parameters.scale if parameters.indegree_scale is None else parameters.indegree_scale
        small = scaled(network, parameters.scale, indegree_scale, parameters.drive)
        step_ms = clock.tick_ms * clock.step
        fitted = tuple(fit(p, step_ms) for p in small.network.populations)
        self._plan = Plan(small, wiring(small.network, step_ms), step_ms, self._precision(small.network) == "double",
                          arriving(small.network.populations, fitted, parameters.input_weight, parameters.input_receptor), fitted)
        self._replays = tuple(Replayed(r, step_ms, small.network.first_ids[r.target], fitted[r.target].inputs[r.receptor])
                              for r in small.network.replays)
        own_rates = [p.background.rate_hz for p in network.populations]
        self._rates = np.array(own_rates if parameters.background is None else [parameters.background] * len(own_rates), float)
        self._level = chosen_level(levels())
        self._devices = Devices(self._plan)
        self._weights = WeightPorts(small.network, self._reading(parameters.weights_every), parameters.weights_sample)
        raise_all(self._problems() + self._weights.problems())
        self._shown = self._show()
        self._context: Context | None = None
        self._built: Built | PreciseBuilt | None = None

    def _precision(self, network: Network) -> str:
        return "double" if any(p.model.is_precise for p in network.populations) else self._set.precision

    def _reading(self, every_ms: float | None) -> int:
        """Return steps from one reading of the weights to the next, 0 for none."""
        return 0 if every_ms is None else to_ticks(Fraction(repr(every_ms)), self._plan.step_ms, "weights_every")

    def _problems(self) -> list[Problem]:
        neurons = self._plan.scaled.network.neurons
        found = [Problem(f"there is no neuron {i} to trace", where="trace", expected=f"ids from 0 to {neurons - 1}")
                 for i in self._set.trace if not 0 <= i < neurons]
        precise = [p for p in self._plan.scaled.network.populations if p.model.is_precise]
        if precise and len(precise) < len(self._plan.scaled.network.populations):
            other = next(p for p in self._plan.scaled.network.populations if not p.model.is_precise)
            found.append(Problem(f"the spikes of {precise[0].name} ({precise[0].model.name}) lie between the instants of the grid, those "
                                 f"of {other.name} ({other.model.name}) on them", where="network",
                                 expected="precise spike times in all populations of a network or in none",
                                 remedy=f"give {other.name} the model {precise[0].model.name}, or make two groups of them"))
        if precise:
            found += [Problem(f"the synapses of {p.name} change, and {precise[0].model.name} has precise spike times", where=p.where,
                              expected="plasticity in networks whose spikes lie on the grid", remedy="take iaf_psc_exp, or leave it out")
                      for p in self._plan.scaled.network.projections if p.plasticity is not None]
        means = self._plan.scaled.poisson_synapses * self._rates * self._clock.step_ms * 1e-3
        return found + [Problem(
            f"each neuron of {p.name} would get {mean:.4g} external spikes a step ({p.background.synapses} synapses at {rate:g} Hz), and "
            f"the most it can take is {LARGEST_MEAN:g}", where="background", remedy="lower the rate, shorten the step, or use drive: dc")
            for p, mean, rate in zip(self._plan.scaled.network.populations, means, self._rates, strict=True) if mean > LARGEST_MEAN]

    def describe(self) -> Description:
        """Return the ports and needs; nothing is built for it."""
        network, wires = self._plan.scaled.network, self._plan.wiring
        names = tuple(p.name for p in network.populations)
        outputs = [Port("spikes", Kind.SPIKES, "1", network.neurons, populations=tuple(zip(names, network.first_ids, strict=True)),
                        about="Spikes of all neurons."),
                   Port("background", Kind.RATE, "Hz", len(names), labels=names,
                        about="Mean rate of one external neuron, in the step that ends at the sample.")]
        outputs += [Port(port, Kind.STATE, shown.unit, len(shown.ids), labels=tuple(str(i) for i in shown.ids), about=shown.about)
                    for port, shown in self._shown.items()]
        outputs += [replace(outputs[0], name=port, about=f"Spikes of {len(ids)} neurons.")
                    for port, ids in self._devices.recorders.items()]
        inputs = (Port("background", Kind.RATE, "Hz", 1, about="Mean rate of one external neuron, instead of the constant one."),
                  Port("spikes_in", Kind.SPIKES, "1", network.neurons, about="Spikes to single neurons."),
                  Port("current", Kind.CURRENT, "pA", len(names), labels=names, about="Direct current to all neurons of each population."))
        outputs += self._weights.ports()
        return Description(tuple(outputs), inputs, internal_delay=wires.least_delay * self._clock.step, max_ranks=network.neurons,
                           partitions=self._partitions(),
                           memory_bytes=memory(self._plan), work=work(self._plan), facts=self._facts(),
                           files=network_digest(network))

    def _show(self) -> dict[str, Shown]:
        """Return what each port of sampled neurons shows."""
        ids = np.array(self._set.trace, np.int64)
        if not len(ids):
            return dict(self._devices.shown)
        models = {self._plan.scaled.network.populations[i].model for i in np.unique(self._population_of(ids))}
        found = {"potential": Shown("V_m", "mV", ids, "Membrane potential of the traced neurons.")}
        if all(any(state.name == "I_syn_ex" for state in model.state) for model in models):
            found["synaptic_current"] = Shown("I_syn_ex", "pA", ids, "Synaptic current of the traced neurons.")
        return {**found, **self._devices.shown}

    def _population_of(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.searchsorted(np.cumsum(self._devices.sizes), ids, side="right")

    def balance(self, ranks: int) -> tuple[Balance, ...]:
        """Return how evenly each partition would share out the network; neurons with precise spike times have one only."""
        return tuple(b for b in balance(self._plan, ranks) if b.partition in self._partitions())

    def _partitions(self) -> tuple[str, ...]:
        return PARTITIONS[:1] if self._plan.scaled.network.populations[0].model.is_precise else PARTITIONS

    def _facts(self) -> dict[str, str]:
        network, wires = self._plan.scaled.network, self._plan.wiring
        replayed = sum(len(r.edges) for r in network.replays)
        listed = {"synapses from files of spikes": f"{replayed:,}"} if replayed else {}
        return {"network": network.name, "neurons": f"{network.neurons:,}", "synapses": f"{network.synapses:,}",
                "smallest delay": in_ms(wires.least_delay * self._plan.step_ms),
                "largest delay": in_ms((wires.least_delay + wires.ages - 1) * self._plan.step_ms),
                "weight unit": self._units(), "precision": self._precision(network),
                **self._lacking(),
                **({"spike times": "precise"} if network.populations[0].model.is_precise else {}), **self._changing(), **listed}

    def _changing(self) -> dict[str, str]:
        network = self._plan.scaled.network
        count = sum(network.count(p) for p in network.projections if p.plasticity is not None)
        size = plastic_memory(network, self._plan.wiring.ages) / 2**20
        return {"synapses that change": f"{count:,}, about {size:,.1f} MiB"} if count else {}

    def _lacking(self) -> dict[str, str]:
        """Return the projections without synapses and the populations that nothing drives, where there are some."""
        scaled_to = self._plan.scaled
        network, given = scaled_to.network, (scaled_to.poisson_synapses, scaled_to.direct_pa, scaled_to.direct_pa_per_hz)
        empty = [p.name for p in network.projections if not network.count(p)]
        driven = {p.target for p in network.projections if network.count(p)} | {r.target for r in network.replays}
        driven |= {t.population for d in network.devices if isinstance(d, PoissonInput | CurrentInput) for t in d.targets}
        still = [p.name for i, p in enumerate(network.populations)
                 if i not in driven and not any(values[i] for values in given)]
        told = {"projections without synapses": empty, "populations without input": still}
        return {key: ", ".join(names) for key, names in told.items() if names}

    def _units(self) -> str:
        found = dict.fromkeys(f"{unit:.6g} {p.model.receptors[0].unit}" for p, unit in
                              zip(self._plan.scaled.network.populations, self._plan.wiring.units, strict=True))
        return ", ".join(found)

    def prepare(self, context: Context) -> None:
        """Build this rank's neurons and synapses."""
        neurons = self._plan.scaled.network.neurons
        if context.ranks.size > neurons:
            raise InputError(Problem(f"group '{context.group}' has {context.ranks.size} ranks for {neurons} neurons",
                                     remedy="use at most one rank a neuron"))
        self._context = context
        if self._plan.scaled.network.populations[0].model.is_precise:
            network, stream = network_of(self._plan, context.seed, self._stream(context)), self._stream(context)
            self._built = build_precise(network, stream_key(context.seed, stream, "background", "precise"), context.ranks)
        else:
            self._built = build(self._plan, context.seed, self._stream(context), context.ranks, self._level,
                                context.partition == "edges")
            self._weights.prepare(self._built.plastic, context.ranks)
        part, rows = self._built.part, []
        self._traces_upto = [0]
        for shown in self._shown.values():
            own = shown.ids[(shown.ids >= part.first_id) & (shown.ids < part.stop_id)]
            rows.append(np.stack([part.local_of(own), self._arrays(own, shown.variable)], axis=1).astype(np.uint32))
            self._traces_upto.append(self._traces_upto[-1] + len(own))
        self._own_trace = np.ascontiguousarray(np.concatenate([np.empty((0, 2), np.uint32), *rows]))

    def _arrays(self, ids: NDArray[np.int64], variable: str) -> NDArray[np.int64]:
        """Return the array of state that holds a variable of each of some neurons."""
        of = self._population_of(ids)
        populations = self._plan.scaled.network.populations
        return np.array([array_of(p.model, variable) if i in of else 0 for i, p in enumerate(populations)], np.int64)[of]

    def _stream(self, context: Context) -> str:
        return context.group if self._set.stream is None else self._set.stream

    def initial(self) -> Mapping[str, Block]:
        """Return no spikes, the background's constant rate, and the traced neurons at instant 0."""
        context, step, network = self._begun()[0], self._clock.step, self._plan.scaled.network
        first: dict[str, Block] = {"spikes": Spikes.none(), "background": Samples(0, step, self._rates[None, :].copy())}
        for port, shown in self._shown.items():
            held, start = self._arrays(shown.ids, shown.variable), np.empty(len(shown.ids))
            for array in np.unique(held):
                here = held == array
                start[here] = initial_values(network, context.seed, self._stream(context), int(array))[shown.ids[here]]
            first[port] = Samples(0, step, (start + self._above(shown))[None, :])
        first.update({port: Spikes.none() for port in self._devices.recorders})
        return first | {port: Samples(0, step, held[None, :]) for port, held in self._weights.initial().items()}

    def advance(self, window: Window, inputs: Mapping[str, Block]) -> Mapping[str, Block]:
        """Advance all neurons over a window."""
        context, built = self._begun()
        driven = drive(self._plan, self._rates, window, self._clock, inputs, context.group, self._replays)
        first, steps = window.start // self._clock.step, window.length // self._clock.step
        if isinstance(built, PreciseBuilt):
            result = self._advance_precisely(built, first, driven)
        else:
            result = self._advance_and_read(built, first, steps, driven)
        self._refuse_divergence(first + steps)
        ticks = np.repeat(window.start + self._clock.step * np.arange(1, steps + 1), result.counts)
        given: dict[str, Block] = {"spikes": Spikes(ticks, result.ids.astype(np.int64), result.offsets),
                                   "background": Samples(window.start + self._clock.step, self._clock.step, driven.rate_hz)}
        for (port, shown), begin, end in zip(self._shown.items(), self._traces_upto, self._traces_upto[1:], strict=False):
            part = np.ascontiguousarray(result.traced[begin:end])
            rows = context.ranks.gather(part) if context.ranks.size > 1 else part
            values = rows[self._places(shown.ids)].T + self._above(shown)
            given[port] = Samples(window.start + self._clock.step, self._clock.step, np.ascontiguousarray(values))
        for port, ids in self._devices.recorders.items():
            kept = np.isin(result.ids, ids)
            given[port] = Spikes(ticks[kept], result.ids[kept].astype(np.int64), None if result.offsets is None else result.offsets[kept])
        return given | {port: Samples(window.start + self._clock.step, self._clock.step, v) for port, v in self._weights.take().items()}

    def _places(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return where each of some neurons stands among those that all ranks have given, one after the other."""
        context = self._begun()[0]
        by_edge = context.partition == "edges" and context.ranks.size > 1
        owner = np.searchsorted(first_ids(self._plan.loads(by_edge), self._devices.sizes, context.ranks.size), ids, side="right")
        return np.argsort(np.argsort(owner, kind="stable"))

    def _above(self, shown: Shown) -> NDArray[np.float64]:
        """Return what a state variable of some neurons is counted from."""
        populations = self._plan.scaled.network.populations
        of = self._population_of(shown.ids)
        return np.array([p.above(shown.variable) if i in of else 0.0 for i, p in enumerate(populations)])[of]

    def _rates_of(self, first: int, driven: Drive) -> NDArray[np.float64]:
        """Return the rates of the background and of the Poisson devices."""
        return np.ascontiguousarray(np.hstack([driven.rate_hz, self._devices.rates(first, len(driven.rate_hz))]))

    def _advance_precisely(self, built: PreciseBuilt, first: int, driven: Drive) -> _Result:
        found = advance_precise(built, self._begun()[0].ranks, self._plan.wiring.least_delay, first, driven.rate_hz, driven.direct_pa,
                                driven.precisely(built.part), self._own_trace)
        return _Result(found.counts, found.ids, found.traced, found.offsets * self._clock.step)

    def _advance_and_read(self, built: Built, first: int, steps: int, driven: Drive) -> _Result:
        """Advance, and stop where weights are to be read."""
        context, cuts = self._begun()[0], self._weights.cuts(first, steps)
        alone = context.ranks.share_memory or context.ranks.size == 1
        parts, rates = [], self._rates_of(first, driven)
        for begin, end in pairwise(sorted({0, *cuts, steps})):
            if alone:
                currents = self._devices.currents(built.part, first + begin, end - begin)
                parts.append(_Result(*built.engine.advance(first + begin, rates[begin:end], driven.direct_pa[begin:end],
                                                           driven.arriving(built.part, begin, end), currents, self._own_trace,
                                                           context.ranks.rank == 0)))
            else:
                parts += self._advance_in_turns(built, first, begin, end, driven)
            self._weights.keep(end - begin - 1)
            if end in cuts:
                self._weights.read(built.plastic, context.ranks, first + end)
            self._weights.keep(1)
        return _Result(np.concatenate([p.counts for p in parts]), np.concatenate([p.ids for p in parts]),
                       np.concatenate([p.traced for p in parts], axis=1))

    def _advance_in_turns(self, built: Built, first: int, start: int, stop: int, driven: Drive) -> list[_Result]:
        """Advance one turn at a time and exchange spikes and partial sums as messages, where the ranks share no memory."""
        context, parts, rates = self._begun()[0], [], self._rates_of(first, driven)
        for begin in range(start, stop, built.engine.turn):
            end = min(begin + built.engine.turn, stop)
            if built.part.share[1] > 1:
                built.engine.add(end - begin, context.ranks.gather(built.engine.sums(first + begin, end - begin)))
            _, _, traced = built.engine.advance(first + begin, rates[begin:end], driven.direct_pa[begin:end],
                                                driven.arriving(built.part, begin, end),
                                                self._devices.currents(built.part, first + begin, end - begin), self._own_trace, False)
            told = context.ranks.gather(built.engine.part(first + begin, end - begin))
            parts.append(_Result(*built.engine.take(first + begin, end - begin, told), traced))
        return parts

    def _refuse_divergence(self, reached: int) -> None:
        """Raise on all ranks alike; what another rank has met beyond this window is left for the next."""
        context, built = self._begun()
        failed = [(int(instant), int(neuron) - 1) for neuron, instant in built.failure[:, :2] if neuron and instant <= reached]
        if failed:
            instant, neuron = min(failed)
            raise RunError(f"group '{context.group}': the potential of neuron {neuron} is no finite number at tick "
                           f"{instant * self._clock.step}; look at its input current and weights")

    def _begun(self) -> tuple[Context, Built | PreciseBuilt]:
        if self._context is None or self._built is None:
            raise RunError("a microcircuit must be prepared before it can run")
        return self._context, self._built

    def close(self, reason: str | None = None) -> None:
        """Let go of neurons and synapses, however the run ended."""
        self._built = None
