"""Parameters of made-up components and translators, and a file that uses them, to test the reading of experiments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any, Literal

import pytest

from cosim import registry
from cosim.errors import InputError, Problem
from cosim.interfaces import Unit

FILE = """\
cosim: 1
title: A toy
seed: 7
duration: 2 s
step: 0.1 ms
groups:
  brain:
    component: sea
    params: {speed: 4 mm/ms}
  column:
    component: boat
    step: 0.25 ms
couplings:
  - name: drive
    from: brain.rV1.rate
    to: column.background
    delay: 1.5 ms
    weight: 0.5
    initial: 3 Hz
    translate: {share: {share: 0.1}}
  - {from: column.spikes, to: brain.input, translate: [count, {share: {share: 10 %}}]}
record:
  - column.spikes
  - {port: brain.rate, every: 1 ms}
"""


class Colour(StrEnum):
    """Two choices."""

    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True)
class Pulse:
    """Raise the water for a while.

    Parameters
    ----------
    region : str
        Where.
    start, stop : float
        When it begins and ends, ms.
    """

    region: str
    start: Annotated[float, Unit("ms")] = 0.0
    stop: Annotated[float, Unit("ms")] = 10.0

    def __post_init__(self) -> None:
        if self.stop <= self.start:
            raise ValueError("the pulse ends before it begins")


@dataclass(frozen=True, slots=True)
class Sea:
    """Hold what a user may say of the sea.

    Parameters
    ----------
    speed : float
        Speed of the waves, mm/ms.
    salt : float
        Fraction of salt.
    """

    speed: Annotated[float, Unit("mm/ms")]
    salt: float = 0.035
    waves: int = 3
    calm: bool = False
    name: str = "north"
    colour: Colour = Colour.BLUE
    scheme: Literal["euler", "heun"] = "heun"
    chart: Path | None = None
    folder: str = ""
    depth: Annotated[float, Unit("m")] | None = None
    limits: Annotated[tuple[float, float], Unit("mV")] = (-70.0, -50.0)
    pulses: tuple[Pulse, ...] = ()
    rates: Mapping[str, Annotated[float, Unit("Hz")]] = field(default_factory=dict)
    drive: Literal["none"] | Pulse | Annotated[float, Unit("pA")] = "none"
    lambda_: float = 1.0

    def __post_init__(self) -> None:
        if self.salt > 1:
            raise InputError(Problem(f"a fraction of salt of {self.salt}", expected="at most 1"))


@dataclass(frozen=True, slots=True)
class Boat:
    """Hold nothing that must be set."""

    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class Share:
    """Hold the share of something.

    Parameters
    ----------
    share : float
        Part of the whole.
    """

    share: float
    gain: Annotated[float, Unit("mV/Hz")] = 1.0


@dataclass(frozen=True, slots=True)
class Count:
    """Hold nothing."""


COMPONENTS: dict[str, Any] = {"boat": Boat, "sea": Sea}
TRANSLATORS: dict[str, Any] = {"count": Count, "share": Share}


def register_toys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the registry know the toys and nothing else."""

    def finder(noun: str, classes: dict[str, Any]) -> Any:
        def find(name: str) -> Any:
            if name not in classes:
                raise InputError(Problem(f"there is no {noun} named '{name}'", remedy=registry.did_you_mean(name, list(classes))))
            return SimpleNamespace(parameters=classes[name])
        return find

    monkeypatch.setattr(registry, "component", finder("component", COMPONENTS))
    monkeypatch.setattr(registry, "translator", finder("translator", TRANSLATORS))
    monkeypatch.setattr(registry, "known", lambda group: COMPONENTS if group == registry.COMPONENTS else TRANSLATORS)
