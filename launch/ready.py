"""Make an experiment ready to run: read it, make its components, plan the windows, choose the layout."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cosim.errors import InputError, Problem, raise_all
from cosim.experiment.experiment import Experiment
from cosim.experiment.layout import Layout, Transport, derive_layout
from cosim.experiment.read import read_experiment
from cosim.experiment.read_layout import read_layout
from cosim.interfaces import Component
from cosim.record.recording import Recorded
from cosim.registry import component
from cosim.schedule.plan import Plan, make_plan


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
    experiment = read_experiment(path, overrides)
    plan = make_plan(experiment, {n: c.describe() for n, c in make_components(experiment).items()})
    if layout_path is not None:
        layout = read_layout(layout_path, experiment)
    else:
        layout = derive_layout(experiment.groups, {g: d.work for g, d in plan.descriptions.items()},
                               {g: d.max_ranks for g, d in plan.descriptions.items()}, len(cores()), mpi=mpi_is_installed())
    raise_all(_misplaced(plan, layout))
    return Ready(plan, layout)


def make_components(experiment: Experiment) -> dict[str, Component]:
    """Make the component of every group; raise one `InputError` with what any of them finds wrong."""
    made: dict[str, Component] = {}
    problems: list[Problem] = []
    for name, group in experiment.groups.items():
        try:
            made[name] = component(group.component)(group.parameters, experiment.clock(name))
        except InputError as error:
            problems += [p if p.where else p.at(f"{group.place} group '{name}'") for p in error.problems]
    raise_all(problems)
    return made


def recorded(plan: Plan, group: str) -> list[Recorded]:
    """Return what is recorded of a group, in the order of the experiment file."""
    ports = {p.name: p for p in plan.descriptions[group].outputs}
    step = plan.experiment.groups[group].step
    return [Recorded(ports[r.port], step, r.every) for r in plan.experiment.records if r.group == group]


def cores() -> list[int]:
    """Return the cores that this process may use."""
    try:
        return sorted(os.sched_getaffinity(0))
    except AttributeError:  # macOS does not tell
        return list(range(os.cpu_count() or 1))


def mpi_is_installed() -> bool:
    """Return whether mpi4py can be imported; importing it here would start MPI."""
    return importlib.util.find_spec("mpi4py") is not None


def _misplaced(plan: Plan, layout: Layout) -> list[Problem]:
    problems = []
    for name, placement in layout.placements.items():
        most = plan.descriptions[name].max_ranks
        if placement.ranks > most:
            problems.append(Problem(f"group '{name}' cannot be shared by {placement.ranks} ranks", placement.place,
                                    f"at most {most}, which is what its component can use", f"write 'ranks: {most}' or fewer"))
        absent = sorted(set(placement.cores) - set(cores()))
        if absent and not placement.hosts:
            problems.append(Problem(f"group '{name}' is placed on core {absent[0]}, which this machine does not have or does not give us",
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


