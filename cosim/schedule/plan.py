"""Find how long the windows may be, and refuse what cannot run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from math import lcm

import networkx as nx

from cosim.errors import Problem, raise_all
from cosim.experiment.experiment import Experiment
from cosim.interfaces import Description
from cosim.schedule.edges import Edge, build_edges, describe_headroom, find_port, recorded_every
from cosim.timegrid import in_ms, whole_steps

LONGEST_WINDOW_MS = 10
"""Window of a group that nothing binds, ms, where a second takes a core-second: long enough to cost nothing, short enough to show progress
and to lose little. Lighter groups take longer ones, up to ten times as long, so that they cost nothing there, too."""


class Mode(StrEnum):
    """Say how the two ends of an edge run relative to each other."""

    SEQUENTIAL = "sequential"
    LOCK_STEP = "lock-step"
    PIPELINED = "pipelined"


@dataclass(frozen=True, slots=True)
class Plan:
    """Hold how the groups of an experiment run together.

    Parameters
    ----------
    experiment : Experiment
        What is coupled; of every record it says how often.
    descriptions : mapping of str to Description
        What each group's component said of itself.
    edges : tuple of Edge
        The couplings of nonzero weight.
    windows : mapping of str to int
        Window length of each group, ticks.
    bounds : mapping of str to (int, Edge or None)
        The longest window that each group could have, ticks, and the edge that forbids more.
    one_way : tuple of int
        Numbers of the edges that lie on no loop: their source is held back only by what the target has not yet taken.
    """

    experiment: Experiment
    descriptions: Mapping[str, Description]
    edges: tuple[Edge, ...]
    windows: Mapping[str, int]
    bounds: Mapping[str, tuple[int, Edge | None]]
    one_way: tuple[int, ...] = ()

    def credit(self, edge: Edge) -> int | None:
        """Return the number of the channel on which the target of a one-way edge tells its source how far it has come."""
        return len(self.edges) + edge.index if edge.index in self.one_way else None

    def mode(self, edge: Edge) -> Mode:
        """Return how the two ends of an edge run: one after the other, side by side, or without waiting.

        With a headroom of one window the target needs what the source did in the window before; with two it has that at hand when it
        comes to need it.
        """
        longest = max(self.windows[edge.coupling.source_group], self.windows[edge.coupling.target_group])
        return Mode.SEQUENTIAL if edge.headroom < longest else Mode.LOCK_STEP if edge.headroom < 2 * longest else Mode.PIPELINED

    def incoming(self, group: str) -> tuple[Edge, ...]:
        """Return the edges that end at a group."""
        return tuple(e for e in self.edges if e.coupling.target_group == group)

    def outgoing(self, group: str) -> tuple[Edge, ...]:
        """Return the edges that begin at a group."""
        return tuple(e for e in self.edges if e.coupling.source_group == group)

    def taken(self, group: str) -> frozenset[str]:
        """Return the output ports of a group that couplings or records take."""
        recorded = {r.port for r in self.experiment.records if r.group == group}
        return frozenset(recorded | {e.source.name for e in self.outgoing(group)})


def make_plan(experiment: Experiment, descriptions: Mapping[str, Description]) -> Plan:
    """Check the couplings against the descriptions and find the windows.

    Raises
    ------
    InputError
        With every problem: ports that do not exist or fit, a run that is too short, loops without delay, a window longer than the delays
        allow.
    """
    edges, problems = build_edges(experiment, descriptions)
    raise_all([*problems, *_too_short(experiment, descriptions)])
    raise_all(_loops_without_delay(experiment, edges))
    looped = _on_loops(experiment, edges)
    bounds = _bounds(experiment, descriptions, looped)
    if experiment.window is not None:
        raise_all(_too_long(experiment, bounds))
    windows = {group: min(experiment.duration, experiment.window or ticks) for group, (ticks, _) in bounds.items()}
    one_way = tuple(e.index for e in edges if e not in looped)
    return Plan(_with_records(experiment, descriptions), descriptions, edges, windows, bounds, one_way)


def _too_short(experiment: Experiment, descriptions: Mapping[str, Description]) -> list[Problem]:
    lasts = in_ms(experiment.duration * experiment.tick_ms)
    needed = [(group, key, ticks) for group, d in descriptions.items() for key, ticks in d.needs.items() if ticks > experiment.duration]
    return [Problem(f"'{key.rpartition('.')[2]}' needs a run of {in_ms(ticks * experiment.tick_ms)}, but there are only {lasts}",
                    experiment.where(f"groups.{group}.params.{key}"), f"'duration' of at least {in_ms(ticks * experiment.tick_ms)}",
                    "run longer, or ask here for something shorter") for group, key, ticks in needed]


def _with_records(experiment: Experiment, descriptions: Mapping[str, Description]) -> Experiment:
    """Return the experiment with every record saying how often, so that what a run keeps spells it out."""
    ports = [find_port(r.group, r.port, descriptions[r.group].outputs, "output") for r in experiment.records]
    return replace(experiment, records=tuple(replace(r, every=recorded_every(r, port, experiment.groups[r.group].step))
                                             for r, port in zip(experiment.records, ports, strict=True)))


def _loops_without_delay(experiment: Experiment, edges: tuple[Edge, ...]) -> list[Problem]:
    """Name every loop in which each group would have to wait for the next: no edge of it has any headroom.

    An edge with less than one step of its ends is as good as none.
    """
    graph = nx.DiGraph()
    graph.add_nodes_from(experiment.groups)
    for edge in edges:
        if edge.is_instant:
            graph.add_edge(edge.coupling.source_group, edge.coupling.target_group, edge=edge)
    problems = []
    for component in nx.strongly_connected_components(graph):
        inside = graph.subgraph(component)
        if len(component) == 1 and not any(inside.has_edge(g, g) for g in component):
            continue
        loop = [inside.edges[a, b]["edge"] for a, b in nx.find_cycle(inside)]
        path = " -> ".join([loop[0].coupling.source_group, *(e.coupling.target_group for e in loop)])
        need = max(e.common_step for e in loop)
        lines = "".join(f"\n        {e.ends}: headroom {describe_headroom(e, experiment)}" for e in loop)
        problems.append(Problem(
            f"the loop {path} has no delay: each group would wait for the other for ever{lines}", loop[0].coupling.place,
            f"at least {in_ms(need * experiment.tick_ms)} of headroom on one of its couplings",
            f"write 'delay: {in_ms(need * experiment.tick_ms)}' or more on one of: {', '.join(repr(e.name) for e in loop)}"))
    return problems


def _on_loops(experiment: Experiment, edges: tuple[Edge, ...]) -> tuple[Edge, ...]:
    """Return the edges from whose target a way leads back to their source."""
    graph = nx.DiGraph()
    graph.add_nodes_from(experiment.groups)
    graph.add_edges_from((e.coupling.source_group, e.coupling.target_group) for e in edges)
    loop_of = {g: i for i, component in enumerate(nx.strongly_connected_components(graph)) for g in component}
    return tuple(e for e in edges if loop_of[e.coupling.source_group] == loop_of[e.coupling.target_group])


def _unbound_ms(work: float) -> int:
    """Return the window of groups that nothing binds and that take so many core-seconds for a second, ms."""
    return round(LONGEST_WINDOW_MS * min(max(1 / work if work > 0 else 10.0, 1.0), 10.0))


def _bounds(experiment: Experiment, descriptions: Mapping[str, Description],
            looped: tuple[Edge, ...]) -> dict[str, tuple[int, Edge | None]]:
    """Find the longest window of each group and the edge that forbids more.

    Only edges that lie on a loop bind: elsewhere the target simply follows. A group's window is no longer than the headroom of any
    such edge at it, so whatever window a group begins at tick t, it needs nothing that another group makes in a window begun at t or
    later; by induction over t nobody ever waits in a circle. Instant edges on a loop bind their two ends to one window length: the
    target's window follows the source's window of the same number.

    Raises
    ------
    InputError
        When a window of whole steps does not fit into the headroom.
    """
    tied = nx.Graph()
    tied.add_nodes_from(experiment.groups)
    tied.add_edges_from((e.coupling.source_group, e.coupling.target_group) for e in looped if e.is_instant)
    bounds: dict[str, tuple[int, Edge | None]] = {}
    problems = []
    for bundle in nx.connected_components(tied):
        binding = [e for e in looped if not e.is_instant and (e.coupling.source_group in bundle or e.coupling.target_group in bundle)]
        steps = [experiment.groups[g].step for g in bundle]
        tightest = min(binding, key=lambda e: e.headroom, default=None)
        unbound_ms = _unbound_ms(sum(descriptions[g].work for g in bundle))
        ticks = tightest.headroom if tightest else max(int(unbound_ms / experiment.tick_ms), lcm(*steps))
        length = whole_steps(ticks, steps)
        if tightest is not None and not length:
            step = in_ms(lcm(*steps) * experiment.tick_ms)
            problems.append(Problem(
                f"groups {', '.join(map(repr, sorted(bundle)))} are coupled without delay, so they share windows of whole steps, {step}; "
                f"coupling '{tightest.name}' ({tightest.ends}) has a headroom of only {describe_headroom(tightest, experiment)}",
                tightest.coupling.place, f"a headroom of at least {step}",
                "give this coupling more delay, or the groups steps that divide it"))
        bounds |= dict.fromkeys(bundle, (length, tightest))
    raise_all(problems)
    return {g: bounds[g] for g in experiment.groups}


def _too_long(experiment: Experiment, bounds: Mapping[str, tuple[int, Edge | None]]) -> list[Problem]:
    if experiment.window is None:
        return []
    found = {edge.index: Problem(
        f"the window {in_ms(experiment.window * experiment.tick_ms)} is longer than the delays at group '{group}' allow: coupling "
        f"'{edge.name}' ({edge.ends}) has a headroom of {describe_headroom(edge, experiment)}",
        experiment.place("run.window"), f"at most {in_ms(ticks * experiment.tick_ms)}", "write a shorter window, or 'auto'")
        for group, (ticks, edge) in reversed(list(bounds.items())) if edge is not None and experiment.window > ticks}
    return list(found.values())
