"""Read a run folder, finished or not; what is missing or damaged becomes a note, never an error."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from cosim.launch.report.recorded import NOTHING, Recorded, read_recorded

PHASES = ("compute", "translate", "send", "record", "wait")
_UNITS_MS = {"": 1.0, "ms": 1.0, "s": 1000.0, "us": 0.001, "µs": 0.001}
_QUANTITY = re.compile(r"\s*([-+0-9.eE]+)\s*([A-Za-zµ]*)\s*")


@dataclass(frozen=True, slots=True)
class Stimulus:
    """Hold when a stimulus acts, ms, and on which regions (names or indices) of which group; one that a run did not reach is left out."""

    group: str
    regions: tuple[str | int, ...]
    onset_ms: float
    stop_ms: float


@dataclass(frozen=True, slots=True)
class Pace:
    """Hold how one group spent its wall time, one entry a window.

    Parameters
    ----------
    ranks : int or None
        Processes of the group.
    window_ms : float or None
        Length of a full window, ms of simulated time.
    start_ms : (n_windows,) float64
        Where each window starts, ms of simulated time.
    begin_s : (n_windows,) float64
        When each window began, s of wall time.
    phases_s : mapping of str to (n_windows,) float64
        Wall time of each of `PHASES`, s.
    """

    ranks: int | None
    window_ms: float | None
    start_ms: NDArray[np.float64]
    begin_s: NDArray[np.float64]
    phases_s: Mapping[str, NDArray[np.float64]]

    @property
    def end_s(self) -> NDArray[np.float64]:
        """When each window was done, (n_windows,) float64, s of wall time."""
        return np.asarray(self.begin_s + np.sum(list(self.phases_s.values()), axis=0))

    @property
    def span_s(self) -> float:
        """Wall time from the beginning of the first window to the end of the last, s."""
        return float(self.end_s[-1] - self.begin_s[0]) if len(self.begin_s) else 0.0

    def shares(self) -> dict[str, float]:
        """Return which part of the wall time each phase took; what is left of 1 was spent between the phases."""
        span = self.span_s
        return {name: float(np.sum(times)) / span if span > 0 else 0.0 for name, times in self.phases_s.items()}


@dataclass(frozen=True, slots=True)
class Run:
    """Hold everything that a report shows.

    Parameters
    ----------
    folder, recorded, timing, versions, experiment, layout, title
        The folder, and what it holds.
    stimuli, couplings, normalised
        What the experiment says of stimuli, of couplings, and of how each group's weights are normalised, where they are.
    paces : mapping of str to Pace
        How each group spent its time.
    remarks : tuple of str
        What the run had to tell, such as values that were clipped.
    notes : tuple of str
        What could not be read.
    """

    folder: Path
    recorded: Recorded
    stimuli: tuple[Stimulus, ...]
    couplings: tuple[Mapping[str, Any], ...]
    normalised: Mapping[str, str]
    paces: Mapping[str, Pace]
    timing: Mapping[str, Any]
    versions: Mapping[str, Any]
    experiment: str
    layout: str
    title: str
    remarks: tuple[str, ...]
    notes: tuple[str, ...]


def read_run(folder: Path) -> Run:
    """Return what a run folder holds; what cannot be read is told in `Run.notes`."""
    notes: list[str] = []
    recorded = NOTHING
    results = folder / "results.h5"
    if not results.exists():
        notes.append("There is no results.h5 in this folder: nothing was recorded.")
    else:
        try:
            recorded = read_recorded(results)
        except (OSError, KeyError, ValueError, TypeError, RuntimeError) as error:
            notes.append(f"results.h5 cannot be read: {error}.")
    timing = _json(folder / "timing.json", notes)
    experiment = _text(folder / "experiment.resolved.yaml")
    content = _yaml(experiment, notes)
    title = recorded.title or str(content.get("title") or content.get("name") or "") or folder.resolve().name
    groups = _mapping(content.get("groups"))
    until_ms = recorded.valid_until_ms if recorded.valid_until_ms is not None else float("inf")
    return Run(
        folder=folder, recorded=recorded, timing=timing, versions=_json(folder / "versions.json", notes), experiment=experiment,
        stimuli=tuple(s for name, group in groups.items() for s in _stimuli(str(name), group) if s.onset_ms < until_ms),
        paces={name: _pace(group) for name, group in _mapping(timing.get("groups")).items() if isinstance(group, Mapping)},
        couplings=tuple(c for c in _list(content.get("couplings")) if isinstance(c, Mapping)),
        normalised={str(name): how for name, group in groups.items() if (how := _normalise(group))},
        remarks=tuple(r for r in _list(timing.get("remarks")) if isinstance(r, str)),
        layout=_text(folder / "layout.resolved.yaml"), title=title, notes=tuple(notes))


def milliseconds(value: object) -> float | None:
    """Return a time written as a number (ms) or with its unit (``1 s``), in ms; None where it is no time."""
    return _quantity(value, _UNITS_MS)


def hertz(value: object) -> float | None:
    """Return a rate written as a number (Hz) or with its unit (``2.3 Hz``), in Hz; None where it is no rate."""
    return _quantity(value, {"": 1.0, "Hz": 1.0, "kHz": 1000.0})


def _quantity(value: object, units: Mapping[str, float]) -> float | None:
    match = _QUANTITY.fullmatch(str(value))
    if match is None or match[2] not in units:
        return None
    try:
        return float(match[1]) * units[match[2]]
    except ValueError:
        return None


def _stimuli(group: str, content: object) -> Iterator[Stimulus]:
    params = _mapping(_mapping(content).get("params"))
    entries = params.get("stimuli") or params.get("stimulus") or ()
    for entry in [entries] if isinstance(entries, Mapping) else entries if isinstance(entries, list | tuple) else ():
        onset, duration = (milliseconds(_mapping(entry).get(key)) for key in ("onset", "duration"))
        where = _mapping(entry).get("region", _mapping(entry).get("regions", ()))
        if onset is not None and duration is not None:
            regions = tuple(where) if isinstance(where, list | tuple) else (where,)
            yield Stimulus(group, tuple(r if isinstance(r, int) else str(r) for r in regions), onset, onset + duration)


def _normalise(content: object) -> str:
    how = str(_mapping(_mapping(content).get("params")).get("normalise") or "none")
    return "" if how == "none" else how


def _pace(group: Mapping[str, Any]) -> Pace:
    columns = {key: _numbers(group.get(key)) for key in ("start_ms", "begin_s", *(f"{p}_s" for p in PHASES))}
    # A run that was cut off may have written one entry more for some phases than for others; a phase that is absent took no time.
    filled = [len(c) for c in columns.values() if len(c)]
    n = min(filled, default=0) if len(columns["begin_s"]) else 0
    cut = {key: c[:n] if len(c) else np.zeros(n) for key, c in columns.items()}
    ranks, window = group.get("ranks"), group.get("window_ms")
    return Pace(ranks if isinstance(ranks, int) else None, float(window) if isinstance(window, int | float) else None,
                cut["start_ms"], cut["begin_s"], {p: cut[f"{p}_s"] for p in PHASES})


def _numbers(value: object) -> NDArray[np.float64]:
    try:
        return np.nan_to_num(np.ravel(np.asarray(value if isinstance(value, list) else (), dtype=np.float64)))
    except (TypeError, ValueError):
        return np.empty(0)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _json(path: Path, notes: list[str]) -> Mapping[str, Any]:
    if not path.exists():
        notes.append(f"There is no {path.name} in this folder.")
        return {}
    try:
        return _mapping(json.loads(_text(path)))
    except ValueError as error:
        notes.append(f"{path.name} cannot be read: {error}.")
        return {}


def _yaml(text: str, notes: list[str]) -> Mapping[str, Any]:
    try:
        return _mapping(YAML(typ="safe", pure=True).load(text))
    except YAMLError:
        notes.append("experiment.resolved.yaml is not valid YAML: stimuli are not marked.")
        return {}
