"""Make an experiment ready to run: read it, make its components, plan the windows, choose the layout."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from cosim.errors import InputError, Problem, Uncoupled, raise_all
from cosim.experiment.experiment import Experiment, Group
from cosim.experiment.layout import Layout, Placement, Transport, derive_layout
from cosim.experiment.parameters import settings
from cosim.experiment.read import read_experiment
from cosim.experiment.read_layout import read_layout
from cosim.interfaces import Component, Description
from cosim.launch.machine import in_bytes, memory, mpi_is_installed
from cosim.launch.processes import can_start_ranks
from cosim.record.recording import Recorded
from cosim.registry import component, did_you_mean
from cosim.schedule.arriving import arriving, upstream_first
from cosim.schedule.edges import recorded_every
from cosim.schedule.plan import Plan, make_plan
from cosim.transport.mpi import cores

PROCESS_BYTES = 80 << 20
"""Memory of a process before it builds anything (Python, NumPy, HDF5, MPI), measured; the launcher takes about as much, bytes."""


@dataclass(frozen=True, slots=True)
class Ready:
    """Hold everything that is known before anything is started.

    Parameters
    ----------
    plan : Plan
        The experiment, what its components said, and the windows.
    layout : Layout
        Where each group runs.
    """

    plan: Plan
    layout: Layout

    @property
    def experiment(self) -> Experiment:
        """The experiment."""
        return self.plan.experiment


def make_ready(path: Path, overrides: Sequence[str] = (), layout_path: Path | None = None) -> Ready:
    """Read and check everything that can be checked without running.

    Parameters
    ----------
    path, layout_path : Path
        Experiment and layout file; without a layout file one is derived for this machine.
    overrides : sequence of str
        ``key=value`` from the command line.

    Raises
    ------
    InputError
        With every problem found.
    """
    problems: list[Problem] = []
    experiment = plan = layout = None
    components: dict[str, Component] = {}
    with _noting(problems):
        experiment = read_experiment(path, overrides)
    with _noting(problems):
        layout = read_layout(layout_path, experiment) if layout_path is not None else None
    with _noting(problems):
        if experiment is not None:
            components = make_components(experiment)
            plan = make_plan(experiment, describe(experiment, components))
    raise_all(problems)
    assert plan is not None  # there was no problem
    layout = layout or derived(plan)
    raise_all(_misplaced(plan, layout))
    layout = _with_partitions(plan, layout)
    return Ready(_with_memory(plan, layout, components), layout)


@contextmanager
def _noting(problems: list[Problem]) -> Iterator[None]:
    try:
        yield
    except InputError as error:
        problems += error.problems


def derived(plan: Plan) -> Layout:
    """Return a sensible layout for this machine."""
    said = plan.descriptions
    return derive_layout(plan.experiment.groups, {g: d.work for g, d in said.items()}, {g: d.max_ranks for g, d in said.items()},
                         len(cores()), mpi=mpi_is_installed() and can_start_ranks())


def _with_partitions(plan: Plan, layout: Layout) -> Layout:
    """Return a layout that says how the work of each group is shared out, where its component offers a choice."""
    offered = {name: (*plan.descriptions[name].partitions, "")[0] for name in layout.placements}
    placements = {name: replace(p, partition=p.partition or offered[name]) for name, p in layout.placements.items()}
    return replace(layout, placements=MappingProxyType(placements))


def _with_memory(plan: Plan, layout: Layout, components: Mapping[str, Component]) -> Plan:
    """Return a plan whose components say what memory they need on so many ranks, in the partition that was chosen."""
    said = dict(plan.descriptions)
    for name, placement in layout.placements.items():
        if placement.ranks < 2:
            continue
        try:
            found = [b for b in components[name].balance(placement.ranks) if b.partition == placement.partition and b.memory_bytes]
        except Exception:  # it may be anybody's; 'cosim plan' tells of it, and the run does not need it
            continue
        if found:
            said[name] = replace(said[name], memory_bytes=found[0].memory_bytes)
    return replace(plan, descriptions=MappingProxyType(said))


def make_components(experiment: Experiment) -> dict[str, Component]:
    """Make the component of every group; raise one `InputError` with what any of them finds wrong."""
    made: dict[str, Component] = {}
    problems: list[Problem] = []
    for name, group in experiment.groups.items():
        with _asking(experiment, group, problems):
            made[name] = component(group.component)(group.parameters, experiment.clock(name))
    raise_all(problems)
    return made


def describe(experiment: Experiment, components: Mapping[str, Component]) -> dict[str, Description]:
    """Return what the component of every group says of itself; raise one `InputError` with what any of them finds wrong.

    Each is asked after those that are coupled to it, and told before what they bring.
    """
    said: dict[str, Description] = {}
    problems: list[Problem] = []
    for name in upstream_first(experiment):
        brought, wrong = arriving(experiment, said, name)
        with _asking(experiment, experiment.groups[name], problems):
            components[name].coupled(brought)
            try:
                said[name] = components[name].describe()
            except Uncoupled:
                lost = any(c.source_group not in said for c in experiment.couplings if c.target_group == name and c.source_group != name)
                if not (wrong or (problems and lost)):
                    raise
                problems += wrong  # else the plan will find it
    raise_all(problems)
    return {name: said[name] for name in experiment.groups}


@contextmanager
def _asking(experiment: Experiment, group: Group, problems: list[Problem]) -> Iterator[None]:
    """Note what a component finds wrong, and what it did not expect itself: it may be anybody's."""
    try:
        yield
    except InputError as error:
        problems += [_placed(p, experiment, group) for p in error.problems]
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        problems.append(Problem(f"the component '{group.component}' of group '{group.name}' failed before the run: {type(error).__name__}: "
                                f"{error} ({frame.filename}:{frame.lineno})", group.place, remedy="tell its author"))


def recorded(plan: Plan, group: str) -> list[Recorded]:
    """Return what is recorded of a group, in the order of the experiment file."""
    ports = {p.name: p for p in plan.descriptions[group].outputs}
    step = plan.experiment.groups[group].step
    return [Recorded(ports[r.port], step, recorded_every(r, ports[r.port], step)) for r in plan.experiment.records if r.group == group]


def too_large(ready: Ready) -> Problem | None:
    """Return what is wrong with an experiment that needs more memory than this machine has; several machines are not looked at."""
    needed, most = needed_memory(ready.plan, ready.layout.processes), memory().total
    if not most or needed <= most or any(p.hosts for p in ready.layout.placements.values()):
        return None
    largest, description = max(ready.plan.descriptions.items(), key=lambda d: d[1].memory_bytes)
    return Problem(f"the experiment needs about {in_bytes(needed)} of memory, most of it ({in_bytes(description.memory_bytes)}) for group "
                   f"'{largest}'", ready.experiment.groups[largest].place, f"at most {in_bytes(most)}, which is what this machine has",
                   "make it smaller, or spread it over several machines with a layout that names 'hosts'")


def needed_memory(plan: Plan, processes: int) -> int:
    """Return the memory that a run is expected to need, bytes: what the components say, and what every process takes by itself."""
    return sum(d.memory_bytes for d in plan.descriptions.values()) + PROCESS_BYTES * (processes + 1)


def _placed(problem: Problem, experiment: Experiment, group: Group) -> Problem:
    """Return a problem that a component found with its place in the experiment file; one in a file of the component's own has a place."""
    if not problem.where:
        return problem.at(f"{group.place} group '{group.name}'")
    cls: type = type(group.parameters)
    if problem.where.partition(".")[0].partition("[")[0] not in settings(cls):
        return problem
    return replace(problem, where=experiment.where(f"groups.{group.name}.params.{problem.where}"))


def _unknown_partition(group: str, placement: Placement, offered: tuple[str, ...]) -> Problem:
    if not offered:
        return Problem(f"the work of group '{group}' cannot be shared out by '{placement.partition}': its component offers no choice",
                       placement.place, remedy="remove 'partition'")
    return Problem(f"the work of group '{group}' cannot be shared out by '{placement.partition}'", placement.place,
                   f"one of {', '.join(map(repr, offered))}", did_you_mean(placement.partition, list(offered)))


def _misplaced(plan: Plan, layout: Layout) -> list[Problem]:
    problems = []
    for name, placement in layout.placements.items():
        most = plan.descriptions[name].max_ranks
        if placement.ranks > most:
            problems.append(Problem(f"group '{name}' cannot be shared by {placement.ranks} ranks", placement.place,
                                    f"at most {most}, which is what its component can use", f"write 'ranks: {most}' or fewer"))
        offered = plan.descriptions[name].partitions
        if placement.partition and placement.partition not in offered:
            problems.append(_unknown_partition(name, placement, offered))
        absent = sorted(set(placement.cores) - set(cores()))
        if absent and not placement.hosts:
            listed = f"core{'s' * (len(absent) > 1)} {', '.join(map(str, absent))}"
            problems.append(Problem(f"group '{name}' is placed on {listed}, which this machine does not have or does not give us",
                                    placement.place, f"some of {', '.join(map(str, cores()))}", "remove 'cores' to let the system choose"))
    for kind in {g.component for g in plan.experiment.groups.values()}:
        alike = [n for n, g in plan.experiment.groups.items() if g.component == kind and plan.descriptions[n].own_process]
        if layout.transport is Transport.LOOPBACK and len(alike) > 1:
            problems.append(Problem(f"groups {' and '.join(map(repr, alike))} cannot share a process: '{kind}' keeps its model in global "
                                    "variables", str(layout.path or ""), remedy="use a layout with 'transport: mpi'"))
    if layout.processes > 1 and not mpi_is_installed():
        problems.append(Problem("the layout needs MPI, but mpi4py is not installed", str(layout.path or ""),
                                remedy="pip install 'cosim[mpi]', or use a layout with 'transport: loopback'"))
    return problems
