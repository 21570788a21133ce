"""Hold what an experiment file says, checked and frozen: what is coupled to what, in integer ticks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from cosim.experiment.quantities import Quantity
from cosim.experiment.source import Source, find_keys
from cosim.timegrid import Clock


@dataclass(frozen=True, slots=True)
class Group:
    """Say which component a group runs, in which steps, and with which parameters.

    Parameters
    ----------
    name : str
        Name of the group.
    component : str
        Name under which the component is registered.
    step : int
        Step of the group, ticks.
    parameters : object
        Instance of the component's ``parameters`` dataclass; quantities are plain numbers in the unit of their field.
    place : str
        ``file:line`` where the group stands.
    """

    name: str
    component: str
    step: int
    parameters: Any
    place: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class TranslatorSpec:
    """Say which translator stands in a coupling, and with which parameters.

    Parameters
    ----------
    name : str
        Name under which the translator is registered.
    parameters : object
        Instance of the translator's ``parameters`` dataclass.
    place : str
        ``file:line`` where it stands.
    """

    name: str
    parameters: Any
    place: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Coupling:
    """Say what flows from one port to another.

    Parameters
    ----------
    name : str
        Name of the coupling, unique in the experiment.
    source_group, source_port, target_group, target_port : str
        Where it comes from and goes to; whether the groups have these ports is checked when their descriptions are known.
    delay : int
        Delay on top of the leads and lags of the ports, ticks; a multiple of the steps of both groups.
    weight : float
        Factor on the samples; with a weight of zero nothing flows and nobody waits.
    initial : Quantity or None
        Value held before the first data arrive, with the unit that the user wrote; None takes what the source says.
    translators : tuple of TranslatorSpec
        What stands between the ports, in order from the source.
    place : str
        ``file:line`` where the coupling stands.
    """

    name: str
    source_group: str
    source_port: str
    target_group: str
    target_port: str
    delay: int = 0
    weight: float = 1.0
    initial: Quantity | None = None
    translators: tuple[TranslatorSpec, ...] = ()
    place: str = field(default="", compare=False)

    @property
    def source(self) -> str:
        """Group and port that it comes from, as the file writes them."""
        return f"{self.source_group}.{self.source_port}"

    @property
    def target(self) -> str:
        """Group and port that it goes to, as the file writes them."""
        return f"{self.target_group}.{self.target_port}"


@dataclass(frozen=True, slots=True)
class Record:
    """Say which output is kept, and how often.

    Parameters
    ----------
    group, port : str
        The output.
    every : int or None
        Ticks between two kept samples; a multiple of the group's step. None is as often as the port gives a new one. Of spikes all
        are kept.
    place : str
        ``file:line`` where it stands.
    """

    group: str
    port: str
    every: int | None
    place: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Experiment:
    """Hold a whole experiment. Two are equal when they mean the same, wherever their files lie.

    Parameters
    ----------
    title, about : str
        For people.
    seed : int
        Every random number depends on it.
    tick_ms : Fraction
        Length of one tick, ms, exact.
    duration : int
        Simulated time, ticks; a multiple of every step.
    window : int or None
        Length of every group's windows that the user wants, ticks; a multiple of every step. None means as long as the delays allow.
    groups : mapping of str to Group
        In the order of the file; read-only.
    couplings : tuple of Coupling
        In the order of the file.
    records : tuple of Record
        In the order of the file.
    source : Source
        The file and its lines.
    """

    title: str
    about: str
    seed: int
    tick_ms: Fraction
    duration: int
    window: int | None
    groups: Mapping[str, Group]
    couplings: tuple[Coupling, ...]
    records: tuple[Record, ...]
    source: Source = field(compare=False, repr=False)

    @property
    def path(self) -> Path:
        """The experiment file."""
        return self.source.path

    def place(self, key: str) -> str:
        """Return ``file:line`` (or the override) where a key such as ``groups.brain.params.speed`` was set, or what is nearest to it.

        Couplings and records are named by number (``couplings.0.delay``), couplings also by name (``couplings.drive.delay``).
        """
        return self.source.place_of(key)

    def where(self, key: str) -> str:
        """Return place and name of a key, as errors show them: ``file:line: groups.brain.params.speed``."""
        return self.source.where(find_keys(self.source.data, key))

    def clock(self, group: str) -> Clock:
        """Return the clock that the component of a group is made with."""
        return Clock(self.tick_ms, self.groups[group].step)

    def ms(self, ticks: int) -> float:
        """Return the time of a number of ticks, ms."""
        return float(self.tick_ms * ticks)
