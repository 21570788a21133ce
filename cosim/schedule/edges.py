"""Turn each coupling of an experiment into an edge between two ports that fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import lcm

from cosim.blocks import Kind
from cosim.errors import InputError, Problem
from cosim.experiment.experiment import Coupling, Experiment, Record, TranslatorSpec
from cosim.interfaces import Description, Port, Translator
from cosim.registry import did_you_mean, translator
from cosim.timegrid import Clock, in_ms


@dataclass(frozen=True, slots=True)
class Edge:
    """Hold one coupling with everything that the descriptions of its ends say about it.

    Parameters
    ----------
    index : int
        Number of the edge; both ends know it by this.
    coupling : Coupling
        What the user wrote.
    source, target : Port
        The two ports.
    stages : tuple of Port
        What comes out of the port and of each translator in turn; the last one fits the target.
    sent_after : int
        How many of the translators run where the data come from.
    headroom : int
        Ticks that the target may run past what it has heard: lead + delay + lag.
    common_step : int
        Least common multiple of the steps of both ends, ticks.
    """

    index: int
    coupling: Coupling
    source: Port
    target: Port
    stages: tuple[Port, ...]
    sent_after: int
    headroom: int
    common_step: int

    @property
    def is_instant(self) -> bool:
        """Whether the target can never be a whole step ahead of what it has heard."""
        return self.headroom < self.common_step

    @property
    def name(self) -> str:
        """Name of the coupling."""
        return self.coupling.name

    @property
    def ends(self) -> str:
        """Both ends as a user writes them: ``brain.rV1.afferent_rate -> column.background``."""
        return f"{self.coupling.source} -> {self.coupling.target}"


def make_translator(spec: TranslatorSpec, clock: Clock) -> Translator:
    """Make the translator that a coupling names."""
    return translator(spec.name)(spec.parameters, clock)


def build_edges(experiment: Experiment, descriptions: Mapping[str, Description]) -> tuple[tuple[Edge, ...], list[Problem]]:
    """Return an edge for each coupling of nonzero weight, and everything that is wrong with the couplings and records."""
    edges: list[Edge] = []
    problems: list[Problem] = []
    for coupling in experiment.couplings:
        try:
            edge = _edge(len(edges), coupling, experiment, descriptions)
        except InputError as error:
            problems += [p.at(f"{coupling.place}: coupling '{coupling.name}'") for p in error.problems]
            continue
        if coupling.weight:
            edges.append(edge)
    for record in experiment.records:
        try:
            port = find_port(record.group, record.port, descriptions[record.group].outputs, "output")
            _refuse_held(record, port, experiment)
        except InputError as error:
            problems += [p.at(record.place) for p in error.problems]
    return tuple(edges), problems


def recorded_every(record: Record, port: Port, step: int) -> int:
    """Return the ticks between two kept samples: as the user says, or as often as the port gives a new one."""
    return record.every or port.period or step


def _refuse_held(record: Record, port: Port, experiment: Experiment) -> None:
    if record.every and port.period and record.every % port.period:
        every, period = (in_ms(t * experiment.tick_ms) for t in (record.every, port.period))
        raise InputError(Problem(f"the output '{record.group}.{port.name}' cannot be recorded every {every}: it gives a value every "
                                 f"{period} and holds it in between", expected=f"a multiple of {period}",
                                 remedy=f"leave 'every' out, or write 'every: {period}'"))


def find_port(group: str, name: str, ports: tuple[Port, ...], direction: str) -> Port:
    """Return a port of a group by its name; raise `InputError` where there is none."""
    for port in ports:
        if port.name == name:
            return port
    raise InputError(Problem(f"group '{group}' has no {direction} port '{name}'", remedy=did_you_mean(name, [p.name for p in ports])))


def _edge(index: int, coupling: Coupling, experiment: Experiment, descriptions: Mapping[str, Description]) -> Edge:
    source = find_port(coupling.source_group, coupling.source_port, descriptions[coupling.source_group].outputs, "output")
    target = find_port(coupling.target_group, coupling.target_port, descriptions[coupling.target_group].inputs, "input")
    clock = experiment.clock(coupling.source_group)
    stages, at_source = [source], []
    for spec in coupling.translators:
        translator = make_translator(spec, clock)
        stages.append(translator.describe(stages[-1], target))
        at_source.append(not translator.runs_at_target)
    _fit(stages[-1], target)
    if target.kind is Kind.SPIKES and coupling.weight not in (0, 1):
        raise InputError(Problem(f"the weight {coupling.weight:g} cannot be applied to spikes", expected="1, or 0 for no coupling",
                                 remedy="set how strongly spikes act in the parameters of the target group"))
    initial = coupling.initial
    if initial is not None and target.kind is Kind.SPIKES:
        raise InputError(Problem(f"an initial value cannot be held on port '{target.name}', which takes spikes", remedy="remove 'initial'"))
    if initial is not None:
        initial.to(target.unit)
    headroom = source.lead + coupling.delay + target.lag
    if headroom < 0:
        need = in_ms((coupling.delay - headroom) * experiment.tick_ms)
        lead, delay, lag = (in_ms(t * experiment.tick_ms) for t in (source.lead, coupling.delay, target.lag))
        raise InputError(Problem(f"what arrives would come too late: lead {lead}, delay {delay} and lag {lag} leave less than nothing",
                                 expected=f"a delay of at least {need}", remedy=f"write 'delay: {need}' or more"))
    sent_after = at_source.index(False) if False in at_source else len(at_source)
    return Edge(index, coupling, source, target, tuple(stages), sent_after, headroom,
                lcm(clock.step, experiment.groups[coupling.target_group].step))


def _fit(given: Port, wanted: Port) -> None:
    if given.kind is not wanted.kind:
        raise InputError(Problem(f"what arrives is of kind '{given.kind}' ({given.unit}), but port '{wanted.name}' takes '{wanted.kind}' "
                                 f"({wanted.unit})", remedy="put a translator between them, see 'cosim components'"))
    if given.unit != wanted.unit:
        raise InputError(Problem(f"what arrives is in {given.unit}, but port '{wanted.name}' takes {wanted.unit}",
                                 remedy="put a translator between them that turns the one into the other"))
    if given.size != wanted.size:
        raise InputError(Problem(f"what arrives has {given.size} channels, but port '{wanted.name}' takes {wanted.size}"))


def describe_headroom(edge: Edge, experiment: Experiment) -> str:
    """Write where the headroom of an edge comes from: ``1.2 ms = lead 1.2 ms + delay 0 ms + lag 0 ms``."""
    parts = (edge.headroom, edge.source.lead, edge.coupling.delay, edge.target.lag)
    total, lead, delay, lag = (in_ms(t * experiment.tick_ms) for t in parts)
    return f"{total} = lead {lead} + delay {delay} + lag {lag}"
