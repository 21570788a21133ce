"""The interfaces that a component, a translator and a group's inner communication fulfil.

What flows where, for a window ``[start, stop)``:

* Output samples are stamped with the instants the window reached: ``start + step, ..., stop``. A port with a *lead* is known
  so much ahead, because it depends on the past only: its stamps are ``start + lead + step, ..., stop + lead``.
* Output spikes are stamped in ``(start, stop]`` (plus the lead of their port).
* Input samples hold both ends of every step: ``start, start + step, ..., stop``, in the step of the taking group. A port with a
  *lag* needs its input only so much later, because conduction delays lie behind it: its stamps are all `lag` earlier.
* Input spikes are stamped in ``(start, stop]`` (minus the lag of their port).

So between two groups the headroom of a coupling is ``lead + delay + lag``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from cosim.blocks import Block, Kind
from cosim.timegrid import Clock, Window

Scalar = TypeVar("Scalar", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Unit:
    """Mark a parameter as a quantity: ``speed: Annotated[float, Unit('mm/ms')]`` is written ``speed: 4 mm/ms`` in a file."""

    name: str


@dataclass(frozen=True, slots=True)
class Port:
    """Describe one named input or output of a component.

    Parameters
    ----------
    name : str
        Name within the component; it may hold points (``rV1.rate``).
    kind : Kind
        What flows.
    unit : str
        Unit of the values: ``Hz``, ``pA``, ``1`` ...; ``1`` for spikes.
    size : int
        Number of channels.
    lead, lag : int
        How many ticks ahead an output is known, and how many ticks later an input is needed; below zero for what a simulator
        tells late, or needs early.
    labels : tuple of str
        Name of each channel, or empty.
    populations : tuple of (str, int)
        For spikes: name and first channel of each population, in ascending order; or empty.
    at_rest : float or None
        The value that a sampled output takes while the model rests (noise-free fixed point), where that is known.
    about : str
        One sentence for the user.
    period : int or None
        Ticks from one value of a sampled output to the next, where it is held in between: it is new at the multiples of so many ticks,
        and recorded there. None where every step gives its own.
    """

    name: str
    kind: Kind
    unit: str
    size: int
    lead: int = 0
    lag: int = 0
    labels: tuple[str, ...] = ()
    populations: tuple[tuple[str, int], ...] = ()
    at_rest: float | None = None
    about: str = ""
    period: int | None = None


@dataclass(frozen=True, slots=True)
class Description:
    """Say what a component offers and needs, before anything is built.

    Parameters
    ----------
    outputs, inputs : tuple of Port
        What it gives and takes.
    internal_delay : int
        Smallest delay inside the component, ticks: its ranks meet that often.
    max_ranks, max_threads : int
        The largest number of ranks, and of threads on each, that it can use.
    own_process : bool
        Whether a process can hold only one component of this kind, as with simulators that keep their model in global variables.
    memory_bytes : int
        Expected memory of all ranks together.
    work : float
        Expected effort as core-seconds for a second of simulated time; used to share out cores.
    partitions : tuple of str
        Names of the ways in which its work can be shared out over ranks, the usual one first; empty where there is no choice.
    can_save : bool
        Whether `Component.save` and `Component.restore` work.
    facts : mapping of str to str
        What a user should read in ``cosim check``, such as the number of synapses.
    static : mapping of str to array
        What does not change and a reader of the results needs, such as a connectome; kept in ``/groups/<group>/static``.
    needs : mapping of str to int
        Shortest run that gives what was asked for, ticks, by the key in its parameters that asks for it, such as ``operators.bold``.
    files : str
        Digest of what the component has read from files of its own, or empty; a run in which it has changed since is refused.
    """

    outputs: tuple[Port, ...] = ()
    inputs: tuple[Port, ...] = ()
    internal_delay: int = 1
    max_ranks: int = 1
    max_threads: int = 1
    own_process: bool = False
    memory_bytes: int = 0
    work: float = 1.0
    partitions: tuple[str, ...] = ()
    can_save: bool = False
    facts: Mapping[str, str] = field(default_factory=dict)
    static: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    needs: Mapping[str, int] = field(default_factory=dict)
    files: str = ""


@dataclass(frozen=True, slots=True)
class Balance:
    """Say how one partition would share out a component's work over its ranks, as far as that is known before anything is built.

    Parameters
    ----------
    partition : str
        One of `Description.partitions`.
    load : tuple of float
        Expected effort of each rank, core-seconds for a second of simulated time.
    held : tuple of float
        How many of the things that weigh most each rank holds.
    things : str
        What these are, such as ``synapses``.
    exchanges : float
        How often the ranks wait for each other in a second of simulated time.
    traffic : float
        What all of them together tell others in a second of simulated time, bytes.
    memory_bytes : int
        Expected memory of all ranks together; 0 where it is that of the `Description`.
    """

    partition: str
    load: tuple[float, ...]
    held: tuple[float, ...]
    things: str
    exchanges: float
    traffic: float
    memory_bytes: int = 0


class Ranks(ABC):
    """Let the ranks of one group work together, whatever lies between them.

    One process, several processes on one machine and processes on several machines look the same to a component.
    Every method that is not a property is collective: all ranks of the group call it in the same order.
    """

    @property
    @abstractmethod
    def rank(self) -> int:
        """Number of this rank in its group, from 0."""

    @property
    @abstractmethod
    def size(self) -> int:
        """Number of ranks in the group."""

    @property
    @abstractmethod
    def spin(self) -> int:
        """How often it pays to look again before blocking, for `cosim_meet`; 0 where ranks outnumber cores."""

    @property
    @abstractmethod
    def share_memory(self) -> bool:
        """Whether `shared_array` gives all ranks of the group the same memory."""

    @abstractmethod
    def shared_array(self, shape: int | tuple[int, ...], dtype: np.dtype[Any] | type) -> NDArray[Any]:
        """Return an array of zeros that all ranks of the group read and write; only where `share_memory` is true.

        It is C-contiguous, starts on a 64-byte boundary, and is mapped from pages that the system zeroes on first touch.
        """

    @abstractmethod
    def gather(self, part: NDArray[Scalar]) -> NDArray[Scalar]:
        """Return the parts of all ranks, joined along the first axis in the order of the ranks, on every rank."""

    @abstractmethod
    def broadcast(self, data: bytes | None) -> bytes:
        """Return what rank 0 gave, on every rank."""

    @abstractmethod
    def barrier(self) -> None:
        """Return when all ranks have come here."""


@dataclass(frozen=True, slots=True)
class Context:
    """Give a component what it may know of the run.

    Parameters
    ----------
    group : str
        Name of the group.
    seed : int
        Seed of the experiment; every random stream is derived from it, see `cosim.random.stream_key`.
    stop : int
        Tick at which the run ends.
    ranks : Ranks
        The group's inner communication.
    folder : Path
        A folder of this rank's own, for whatever the component writes; it need not exist yet.
    threads : int
        How many threads this rank may use.
    partition : str
        How the work is shared out over the ranks: one of `Description.partitions`; empty where there is no choice.
    taken : frozenset of str, optional
        The output ports that couplings or records take; the component may leave out the others. All, where it is missing.
    """

    group: str
    seed: int
    stop: int
    ranks: Ranks
    folder: Path
    threads: int = 1
    partition: str = ""
    taken: frozenset[str] | None = None


class Component(ABC):
    """A running model with ports.

    It is made with its parameters (an instance of `parameters`) and a clock, told its surroundings by `prepare`, and then
    advanced window by window. Making and describing it must be cheap and must not need the other ranks; building it belongs into
    `prepare`. All ranks of the group go through the same calls in the same order.

    Attributes
    ----------
    parameters : type
        A frozen dataclass: names, types, units (`Unit`) and defaults of what a user may set. Nested frozen dataclasses, tuples,
        mappings, ``Literal`` and ``| None`` may be used. A field called ``folder`` that the user does not set is given the folder
        of the experiment file, so that relative paths can be resolved.
    """

    parameters: ClassVar[type]

    @abstractmethod
    def __init__(self, parameters: Any, clock: Clock) -> None:
        """Take checked parameters; raise `InputError` for what only the model can know to be wrong."""

    def coupled(self, arriving: Mapping[str, tuple[Port, ...]]) -> None:  # noqa: B027 (most do not need it)
        """Learn what couplings bring to each input, before `describe`, where its ports depend on that; most need not.

        Parameters
        ----------
        arriving : mapping of str to tuple of Port
            By name of the input, what comes out of each coupling that ends there. What is not known yet is missing: the outputs of
            groups in a loop that describe themselves later. Where `describe` cannot do without, it raises `cosim.errors.Uncoupled`.
        """

    @abstractmethod
    def describe(self) -> Description:
        """Return the ports and needs; the same on every call and every rank."""

    def balance(self, ranks: int) -> tuple[Balance, ...]:
        """Return how each of its partitions would share out the work over so many ranks; nothing, where that is not known.

        Like `describe`, it must be cheap.
        """
        return ()

    @abstractmethod
    def prepare(self, context: Context) -> None:
        """Build everything; after this, `advance` can run."""

    @abstractmethod
    def initial(self) -> Mapping[str, Block]:
        """Return what each output port held up to instant 0 (up to its lead, where it has one).

        Only rank 0's answer counts. For samples, the last row is stamped ``lead``; time before the first row is taken to hold the
        values of the first row. For spikes: those stamped at most ``lead``; mostly none.
        """

    @abstractmethod
    def advance(self, window: Window, inputs: Mapping[str, Block]) -> Mapping[str, Block]:
        """Go from ``window.start`` to ``window.stop``.

        Parameters
        ----------
        window : Window
            What to advance over; ``window.start`` is where the last one stopped.
        inputs : mapping of port name to Block
            What the coupled input ports take, on every rank (see the top of this module); ports that nothing is coupled to are absent.
            Where several couplings end at one port their samples have been added, or their spikes merged.

        Returns
        -------
        mapping of port name to Block
            What each output port gives, but those that nothing takes (`Context.taken`) may be left out; only rank 0's answer counts.
        """

    def remarks(self) -> tuple[str, ...]:
        """Return what a user should be told at the end of a run, such as how often a state left the range that a model was made for.

        It is asked for after `close`; only rank 0's answer counts.
        """
        return ()

    def save(self, group: Any) -> None:
        """Write the whole state into an HDF5 group; only where `Description.can_save` is true."""
        raise TypeError(f"{type(self).__name__} does not declare 'can_save'")

    def restore(self, group: Any) -> None:
        """Take the whole state from an HDF5 group; only where `Description.can_save` is true."""
        raise TypeError(f"{type(self).__name__} does not declare 'can_save'")

    @abstractmethod
    def close(self, reason: str | None = None) -> None:
        """Let go of everything; `reason` is set when the run did not end well."""


class Translator(ABC):
    """Turn what one port gives into what another takes, one window at a time, carrying state from window to window.

    A translator sees every instant once and in order: its blocks follow each other without gap or overlap. What it gives must
    not depend on where one block ends and the next begins.

    Attributes
    ----------
    parameters : type
        As for `Component`.
    """

    parameters: ClassVar[type]

    @abstractmethod
    def __init__(self, parameters: Any, clock: Clock) -> None:
        """Take checked parameters; `clock` is that of the group whose output is translated."""

    @abstractmethod
    def describe(self, source: Port, target: Port) -> Port:
        """Return what comes out when `source` goes in, on the way to `target`.

        Raises
        ------
        InputError
            When it cannot translate this; says what it can.
        """

    @property
    @abstractmethod
    def runs_at_target(self) -> bool:
        """Whether it runs where the data arrive (it makes them larger) or where they come from (it makes them smaller)."""

    @abstractmethod
    def prepare(self, source: Port, target: Port, key: int) -> None:
        """Build for these ports; `key` is the random stream of this translator in this coupling."""

    @abstractmethod
    def translate(self, block: Block, start: int, stop: int) -> Block:
        """Turn what was stamped in ``(start, stop]`` into what comes out, stamped in ``(start, stop]``."""

    def remarks(self) -> tuple[str, ...]:
        """Return what a user should be told at the end of a run, such as how many values were clipped."""
        return ()

    def save(self, group: Any) -> None:  # noqa: B027 (most carry no state)
        """Write the carried state into an HDF5 group; nothing, where there is none."""

    def restore(self, group: Any) -> None:  # noqa: B027 (most carry no state)
        """Take the carried state from an HDF5 group; nothing, where there is none."""
