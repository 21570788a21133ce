"""Read a layout file into frozen data, and tell everything that is wrong with it at once."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import Any

from cosim.errors import Problem, raise_all
from cosim.experiment.experiment import Experiment
from cosim.experiment.file_format import VERSION, LayoutKeys, PlacementKeys
from cosim.experiment.layout import Layout, Memory, Placement, Transport
from cosim.experiment.parameters import read_fields
from cosim.experiment.source import Keys, Source, check_sort, read_source
from cosim.registry import did_you_mean


def read_layout(path: str | Path, experiment: Experiment | None) -> Layout:
    """Read a layout file for an experiment.

    Parameters
    ----------
    path : str or Path
        The file.
    experiment : Experiment or None
        What is to be laid out; None where that could not be read: then every group that the layout names is taken for one.

    Returns
    -------
    Layout

    Raises
    ------
    InputError
        With every problem of the file. Whether machines and cores exist is not checked.
    """
    problems: list[Problem] = []
    source = read_source(Path(path), problems)
    check_sort(source, "cosim_layout", "cosim", "layout")
    reader = _Reader(source, problems)
    values = reader.fields(LayoutKeys, source.data, ())
    version = values.get("cosim_layout", VERSION)
    if version != VERSION:
        reader.complain(("cosim_layout",), f"the layout has the format version {version}, this cosim reads version {VERSION}",
                        remedy=f"write 'cosim_layout: {VERSION}'")
    given = values.get("groups") or {}
    names = list(experiment.groups if experiment else given)
    for name in given:
        if name not in names:
            reader.complain(("groups", name), f"the experiment has no group '{name}'", remedy=did_you_mean(name, names))
    transport = values.get("transport", Transport.MPI)
    missing = [name for name in names if name not in given]
    if missing and transport is not Transport.LOOPBACK and "groups" in values:
        listed = ", ".join(f"'{name}'" for name in missing)
        reader.complain(("groups",), f"the layout says nothing about the group{'s' * (len(missing) > 1)} {listed}",
                        remedy="write " + " and ".join(f"'{name}: {{ranks: 1}}'" for name in missing))
    placements = {name: reader.placement(name, given.get(name), transport, values.get("memory", Memory.SHARED)) for name in names}
    raise_all(problems)
    return Layout(transport, MappingProxyType(placements), source.path)


class _Reader:
    """Turn plain data into placements; what is wrong goes to the problems, and reading goes on."""

    def __init__(self, source: Source, problems: list[Problem]) -> None:
        self.source, self.problems = source, problems

    def complain(self, keys: Keys, what: str, expected: str = "", remedy: str = "") -> None:
        self.problems.append(Problem(what, self.source.where(keys), expected, remedy))

    def fields(self, cls: type, data: Any, keys: Keys) -> dict[str, Any]:
        values, faults = read_fields(cls, data, self.source.path.parent)
        self.problems += [problem.at(self.source.where((*keys, *below))) for below, problem in faults]
        return values

    def placement(self, name: str, data: Any, transport: Transport, memory: Memory) -> Placement:
        keys: Keys = ("groups", name)
        values = self.fields(PlacementKeys, data, keys)
        hosts = dict(values.get("hosts") or {})
        if values.get("host") and hosts:
            self.complain((*keys, "host"), "both 'host' and 'hosts' are given", remedy="remove one of them")
        for host, count in hosts.items():
            if count < 1:
                self.complain((*keys, "hosts", host), f"{count} ranks on '{host}'", "at least 1", "leave the machine out")
        given = values.get("ranks")
        ranks = (sum(hosts.values()) or 1) if given is None else given
        if ranks < 1:
            self.complain((*keys, "ranks"), f"{ranks} ranks for the group '{name}'", "at least 1")
        elif hosts and ranks != sum(hosts.values()):
            self.complain((*keys, "hosts"), f"the machines have {sum(hosts.values())} ranks together, the group '{name}' has {ranks}",
                          remedy="make them equal, or leave 'ranks' out")
        elif transport is Transport.LOOPBACK and ranks > 1:
            self.complain((*keys, "ranks"), f"{ranks} ranks for the group '{name}', but 'loopback' runs all groups in one process",
                          remedy="write 'transport: mpi', or 'ranks: 1'")
        if values.get("host") and not hosts:
            hosts = {values["host"]: ranks}
        cores = values.get("cores", ())
        for i, core in enumerate(cores):
            if core < 0 or core in cores[:i]:
                what = f"the core {core} does not exist" if core < 0 else f"the core {core} is given twice"
                self.complain((*keys, "cores", i), what, "different whole numbers from 0")
        return Placement(name, ranks, cores, tuple(hosts.items()), values.get("memory") or memory,
                         values.get("partition", ""), self.source.place(keys))
