"""Say which keys an experiment file and a layout file have; what they mean is told to users from here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Annotated, Any, Literal

from cosim.experiment.layout import Memory, Transport
from cosim.interfaces import Unit

VERSION = 1

Time = Annotated[Fraction, Unit("ms")]


@dataclass(frozen=True, slots=True)
class RunKeys:
    """Say how the run goes, without changing what comes out.

    Parameters
    ----------
    window : 'auto' or time
        How much simulated time passes between two exchanges at most; 'auto' takes as much as the delays allow.
    """

    window: Literal["auto"] | Time = "auto"


@dataclass(frozen=True, slots=True)
class ExperimentKeys:
    """Say what is coupled to what.

    Parameters
    ----------
    cosim : int
        Version of the file format.
    duration : time
        How much time is simulated.
    groups : mapping
        By name, the groups of processes; each runs one component.
    title, about : str
        One line, and as much as you like, for people.
    seed : int
        Every random number depends on it.
    step : time
        Time step of all groups that do not set their own.
    tick : time
        Unit in which time is counted; all times must be multiples of it. The greatest that fits is taken when it is not given.
    run : mapping
        How the run goes, without changing what comes out.
    couplings : list
        What flows from port to port.
    record : list
        Which outputs are kept: 'group.port', or a mapping with a port and how often.
    """

    cosim: int
    duration: Time
    groups: Mapping[str, Any]
    title: str = ""
    about: str = ""
    seed: int = 1
    step: Time | None = None
    tick: Time | None = None
    run: RunKeys = field(default_factory=RunKeys)
    couplings: tuple[Any, ...] | None = None
    record: tuple[Any, ...] | None = None


@dataclass(frozen=True, slots=True)
class GroupKeys:
    """Say what a group runs.

    Parameters
    ----------
    component : str
        Name of the component; 'cosim components' lists them.
    step : time
        Time step of the group.
    params : mapping
        Parameters of the component.
    """

    component: str
    step: Time | None = None
    params: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class CouplingKeys:
    """Say what flows from one port to another.

    Parameters
    ----------
    from_, to : str
        Output and input, written 'group.port'.
    name : str
        Name of the coupling; made from the ports when it is not given.
    delay : time
        Delay on top of what the ports have themselves.
    weight : float
        Factor on the samples; nothing flows with a weight of 0.
    initial : quantity
        Value held before the first data arrive, in the unit of the target port.
    translate : str, mapping or list
        Name of a translator, its name with its parameters, or a list of these.
    """

    from_: str
    to: str
    name: str | None = None
    delay: Time = Fraction(0)
    weight: float = 1.0
    initial: Any = None
    translate: Any = None


@dataclass(frozen=True, slots=True)
class RecordKeys:
    """Say which output is kept, and how often.

    Parameters
    ----------
    port : str
        Output, written 'group.port'.
    every : time
        Time between two kept samples; when it is not given, as often as the port gives a new one. Of spikes all are kept.
    """

    port: str
    every: Time | None = None


@dataclass(frozen=True, slots=True)
class LayoutKeys:
    """Say where the groups run; results do not depend on it.

    Parameters
    ----------
    cosim_layout : int
        Version of the file format.
    transport : 'mpi' or 'loopback'
        What carries data between groups; 'loopback' runs all groups in one process.
    memory : 'shared' or 'separate'
        How the ranks of a group exchange within a machine: through shared memory or by messages.
    groups : mapping
        By name, on how many ranks a group runs, and where.
    """

    cosim_layout: int
    transport: Transport = Transport.MPI
    memory: Memory = Memory.SHARED
    groups: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class PlacementKeys:
    """Say on how many ranks a group runs, and where.

    Parameters
    ----------
    ranks : int
        Number of processes.
    cores : list of int
        Numbers of the cores that its ranks may use; any when it is not given.
    host : str
        Name of the machine.
    hosts : mapping of str to int
        Names of the machines and the number of ranks on each, for a group on several.
    memory : 'shared' or 'separate'
        As for the whole layout, for this group.
    partition : str
        How the work is shared out over the ranks, where the component offers a choice, such as 'neurons' or 'edges'.
    """

    ranks: int | None = None
    cores: tuple[int, ...] = ()
    host: str | None = None
    hosts: Mapping[str, int] | None = None
    memory: Memory | None = None
    partition: str = ""
