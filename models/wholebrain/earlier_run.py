"""Read from the results of an earlier run where that run stood, and what its connections still carried."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from cosim.errors import InputError, Problem, raise_all
from cosim.models.wholebrain.network import Array
from cosim.models.wholebrain.parameters import History
from cosim.models.wholebrain.setting import Setting
from cosim.registry import did_you_mean
from cosim.timegrid import Clock

_EXPECTED = "results.h5 of a run, or its folder"


def read_earlier(h: History, folder: Path | None, s: Setting, clock: Clock, with_rates: bool) -> dict[str, Array]:
    """Return what a run recorded of all state variables at the instants ``-longest - 1 .. 0``, (instants, n) each, and 'rate' if asked for.

    Regions that the run does not know are not numbers; where the run began at ``-longest``, what was one step before is as there.

    Raises
    ------
    InputError
        Where results, group or ports are missing, or recorded too seldom or over too short a time.
    """
    path = Path(folder or ".") / str(h.run)
    path = path / "results.h5" if path.is_dir() else path
    if not path.is_file():
        raise InputError(Problem(f"there are no results at {path}", "history.run", _EXPECTED))
    here = set(s.simulated)
    needed = list(dict.fromkeys(v for p in s.patches.all if here & set(p.regions) for v in p.model.variables)) + ["rate"] * with_rates
    try:
        with h5py.File(path, "r") as file:
            group = _group(file, path, h.group, needed)
            tick_ms = Fraction(repr(float(file.attrs["tick_ms"])))
            return _read(group, needed, h, s, clock, tick_ms)
    except BlockingIOError as error:
        raise InputError(Problem(f"{path} is being written", "history.run", remedy="wait until the run has ended")) from error
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, IndexError) as error:  # HDF5 tells of damage in all of these ways
        text = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(Problem(f"cannot read {path}: {text}", "history.run", _EXPECTED)) from error


def _group(file: h5py.File, path: Path, name: str | None, needed: list[str]) -> h5py.Group:
    groups = file.get("groups")
    if not isinstance(groups, h5py.Group) or "tick_ms" not in file.attrs:
        raise InputError(Problem(f"{path} was not written by cosim", "history.run", _EXPECTED))
    if name is None:
        fitting = [g for g in groups if all(v in groups[g] for v in needed)]
        if len(fitting) != 1 and len(groups) != 1:
            what = "no group that recorded all of" if not fitting else f"{len(fitting)} groups that recorded"
            raise InputError(Problem(f"{path} has {what} {', '.join(needed)}", "history.group", "one of " + ", ".join(groups)))
        name = fitting[0] if fitting else next(iter(groups))
    if name not in groups:
        raise InputError(Problem(f"{path} has no group '{name}'", "history.group", remedy=did_you_mean(name, list(groups))))
    return groups[name]


def _read(group: h5py.Group, needed: list[str], h: History, s: Setting, clock: Clock, tick_ms: Fraction) -> dict[str, Array]:
    name, step = Path(group.name).name, clock.tick_ms * clock.step
    missing = [v for v in needed if v not in group]
    raise_all(Problem(f"the run recorded nothing of '{name}.{v}'", "history", "all state variables" + " and the rate" * (v == "rate"),
                      f"record {name}.{v} in that run, every {float(step):g} ms") for v in missing)
    lasts = {v: int(group[v]["ticks"][-1]) if len(group[v]["ticks"]) else 0 for v in needed}
    last = min(lasts.values()) if h.at == "last" else Fraction(str(h.at)) / tick_ms
    problems, found = [], {}
    for v in needed:
        port = group[v]
        rows = min(len(port["ticks"]), len(port["values"]))
        ticks = np.asarray(port["ticks"][max(0, rows - 2) : rows])
        every = int(ticks[-1] - ticks[0]) * tick_ms if len(ticks) == 2 else None
        if every != step:
            how = "at fewer than two instants" if every is None else f"every {float(every):g} ms"
            problems.append(Problem(f"the run recorded '{name}.{v}' {how}", "history", f"every {float(step):g} ms, the step here",
                                    f"record {name}.{v} in that run, every {float(step):g} ms"))
            continue
        first = int(port["ticks"][0])
        if last.denominator != 1 or not first <= last <= lasts[v] or (last - first) * tick_ms % step:
            problems.append(Problem(f"the run has no '{name}.{v}' at {float(last * tick_ms):g} ms", "history.at",
                                    f"a multiple of {float(step):g} ms from {float(first * tick_ms):g} to {float(lasts[v] * tick_ms):g}"))
            continue
        at = int((last - first) * tick_ms / step)
        if at < s.net.longest:
            over = f"over {float(at * step):g} ms before {float(last * tick_ms):g} ms"
            problems.append(Problem(f"the run recorded '{name}.{v}' {over}", "history",
                                    f"the longest delay, {float(s.net.longest * step):g} ms, or more"))
            continue
        begin = max(0, at - s.net.longest - 1)
        values = np.asarray(port["values"][begin : at + 1], np.float64)
        values = np.concatenate((np.repeat(values[:1], s.net.longest + 2 - len(values), axis=0), values))
        found[v] = _by_region(values, port, s, v, name, problems)
    raise_all(problems)
    return found


def _by_region(values: Array, port: Any, s: Setting, variable: str, group: str, problems: list[Problem]) -> Array:
    """Return the columns in the order of this brain's regions; note those that are missing."""
    names = [x.decode() if isinstance(x, bytes) else str(x) for x in port.attrs["names"]]
    places = {label: i for i, label in enumerate(names)}
    found = np.full((len(values), len(s.connectome)), np.nan)
    for region, label in enumerate(s.connectome.labels):
        if label in places:
            found[:, region] = values[:, places[label]]
        elif region in s.simulated and _has(s, region, variable):
            problems.append(Problem(f"the run tells no '{variable}' of region '{label}' in its group '{group}'", "history",
                                    "all regions that are simulated here"))
    return found


def _has(s: Setting, region: int, variable: str) -> bool:
    model = s.patches.of(region).model
    return model.rate is not None if variable == "rate" else variable in model.variables
