"""Hold what a layout file says, checked and frozen: which group runs on how many ranks, and where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

WORTH_A_RANK = 0.1
"""Work that pays for one more rank of a lone group, core-seconds for a second of simulated time: ranks that meet every 0.1 ms, which takes
them up to 1 us, then spend at most a tenth of their time on that; with less, starting them takes longer than they save in most runs."""


class Transport(StrEnum):
    """Name what carries frames between groups."""

    LOOPBACK = "loopback"
    MPI = "mpi"


class Memory(StrEnum):
    """Name how the ranks of a group that are on one machine exchange: through shared memory or by messages."""

    SHARED = "shared"
    SEPARATE = "separate"


@dataclass(frozen=True, slots=True)
class Placement:
    """Say on how many ranks a group runs, and where.

    Parameters
    ----------
    group : str
        Name of the group.
    ranks : int
        Number of processes, at least 1.
    cores : tuple of int
        Cores that its ranks may use on each machine, or empty for any; rank `r` starts with ``cores[r % len(cores)]``.
    hosts : tuple of (str, int)
        Names of machines and the number of ranks on each, in the order of the ranks; or empty for wherever the launcher puts them.
    memory : Memory
        How its ranks exchange within a machine.
    partition : str
        How the group's work is shared out over its ranks: one of the ways that its component offers; empty for the usual one.
    place : str
        ``file:line`` where the placement stands; empty when it was derived.
    """

    group: str
    ranks: int = 1
    cores: tuple[int, ...] = ()
    hosts: tuple[tuple[str, int], ...] = ()
    memory: Memory = Memory.SHARED
    partition: str = ""
    place: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Layout:
    """Say where every group runs. It never changes a result.

    Parameters
    ----------
    transport : Transport
        What carries frames between groups; with loopback all groups share one process.
    placements : mapping of str to Placement
        By group, in the order of the experiment; read-only.
    path : Path or None
        The layout file; None when the layout was derived.
    """

    transport: Transport
    placements: Mapping[str, Placement]
    path: Path | None = field(default=None, compare=False)

    @property
    def processes(self) -> int:
        """Number of processes of the whole run."""
        return 1 if self.transport is Transport.LOOPBACK else sum(p.ranks for p in self.placements.values())

    def first_rank(self, group: str) -> int:
        """Return the rank in the whole run at which a group's ranks begin; they follow each other in the order of the groups."""
        if self.transport is Transport.LOOPBACK:
            return 0
        names = list(self.placements)
        return sum(self.placements[n].ranks for n in names[:names.index(group)])

    def group_of(self, rank: int) -> str:
        """Return the group to which a rank of the whole run belongs."""
        for name in self.placements:
            first = self.first_rank(name)
            if first <= rank < first + self.placements[name].ranks:
                return name
        raise IndexError(f"the layout has {self.processes} ranks, not rank {rank}")


def derive_layout(groups: Iterable[str], work: Mapping[str, float], max_ranks: Mapping[str, int], cores: int, mpi: bool) -> Layout:
    """Return a sensible layout for one machine.

    Parameters
    ----------
    groups : iterable of str
        Names of the groups, in the order of the experiment.
    work : mapping of str to float
        Expected effort of each group, core-seconds for a second of simulated time.
    max_ranks : mapping of str to int
        The largest number of ranks that each group can use.
    cores : int
        Cores of the machine that the run may use.
    mpi : bool
        Whether MPI works on this machine.

    Returns
    -------
    Layout
        One process for everything where there is one core or no MPI. A group that is alone gets a core for each `WORTH_A_RANK` of its
        work, or one process for less than two of them. Otherwise a rank for each group, and every spare core to the group with most work
        for each of its ranks. No group gets more than it can use.
    """
    ranks = dict.fromkeys(groups, 1)
    if len(ranks) == 1:
        alone = next(iter(ranks))
        cores = min(cores, max_ranks.get(alone, 1), int(work.get(alone, 1.0) / WORTH_A_RANK))
    if cores < 2 or not mpi:
        return Layout(Transport.LOOPBACK, MappingProxyType({name: Placement(name) for name in ranks}))
    for _ in range(cores - len(ranks)):
        growing = [name for name in ranks if ranks[name] < max_ranks.get(name, 1)]
        if not growing:
            break
        ranks[max(growing, key=lambda name: work.get(name, 1.0) / ranks[name])] += 1
    return Layout(Transport.MPI, MappingProxyType({name: Placement(name, count) for name, count in ranks.items()}))
