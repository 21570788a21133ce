"""Find out what arrives at the inputs of a group, from what those describe that are coupled to it."""

from __future__ import annotations

from collections.abc import Mapping

import networkx as nx

from cosim.errors import InputError, Problem
from cosim.experiment.experiment import Coupling, Experiment
from cosim.interfaces import Description, Port
from cosim.schedule.edges import find_port, make_translator


def upstream_first(experiment: Experiment) -> tuple[str, ...]:
    """Return the groups such that each stands after those that are coupled to it; within a loop in the order of the file."""
    graph = nx.DiGraph()
    graph.add_nodes_from(experiment.groups)
    graph.add_edges_from((c.source_group, c.target_group) for c in experiment.couplings)
    place = {name: number for number, name in enumerate(experiment.groups)}
    loops = nx.condensation(graph)
    members = {loop: sorted(loops.nodes[loop]["members"], key=place.__getitem__) for loop in loops}
    order = nx.lexicographical_topological_sort(loops, key=lambda loop: place[members[loop][0]])
    return tuple(name for loop in order for name in members[loop])


def arriving(experiment: Experiment, descriptions: Mapping[str, Description],
             group: str) -> tuple[dict[str, tuple[Port, ...]], list[Problem]]:
    """Return what couplings bring to each input of a group, as far as it is known before that group describes itself.

    Parameters
    ----------
    descriptions : mapping of str to Description
        Those of the groups that have described themselves; what others give is left out.
    group : str
        The group.

    Returns
    -------
    mapping of str to tuple of Port, list of Problem
        By input, in the order of the couplings; and which output ports these name that do not exist.
    """
    found: dict[str, tuple[Port, ...]] = {}
    problems: list[Problem] = []
    for coupling in experiment.couplings:
        if coupling.target_group == group and coupling.source_group in descriptions:
            try:
                source = find_port(coupling.source_group, coupling.source_port, descriptions[coupling.source_group].outputs, "output")
            except InputError as error:
                problems += [p.at(f"{coupling.place}: coupling '{coupling.name}'") for p in error.problems]
                continue
            port = _translated(experiment, coupling, source)
            if port is not None:
                found[coupling.target_port] = (*found.get(coupling.target_port, ()), port)
    return found, problems


def _translated(experiment: Experiment, coupling: Coupling, source: Port) -> Port | None:
    """Return what comes out of the translators of a coupling; None where that cannot be told without the port that it ends at."""
    port = source
    for spec in coupling.translators:
        try:
            port = make_translator(spec, experiment.clock(coupling.source_group)).describe(port, port)
        except InputError:
            return None
    return port
