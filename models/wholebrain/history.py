"""Say what was before instant 0, so that delayed connections hear it: from an earlier run, or from tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from math import isfinite

import numpy as np

from cosim.errors import InputError, Problem, raise_all
from cosim.models.wholebrain.earlier_run import read_earlier
from cosim.models.wholebrain.network import Array
from cosim.models.wholebrain.parameters import History, WholeBrainParameters
from cosim.models.wholebrain.ports import rate_is_known
from cosim.models.wholebrain.sampled_files import read_sampled
from cosim.models.wholebrain.setting import Setting
from cosim.registry import did_you_mean
from cosim.timegrid import Clock

RATE = "rate"


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """Hold what is known of the time before instant 0, at the instants ``-longest - 1 .. 0``, counted in steps.

    Parameters
    ----------
    values : mapping of str to (instants, n) float64
        By variable; not a number where a region is not known.
    rates : (instants, n) float64, Hz, or None
        Likewise.
    """

    values: Mapping[str, Array]
    rates: Array | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of all numbers."""
        told = sha256()
        for name, values in sorted(self.values.items()):
            told.update(name.encode() + values.tobytes())
        return told.hexdigest()

    def states(self, s: Setting, start: tuple[Array, ...]) -> tuple[Array, ...]:
        """Return the states of every patch, (instants, variables, n_regions); what is not known was always as at the start."""
        found = []
        for p, state in zip(s.patches.all, start, strict=True):
            rows = np.repeat(state[None], s.net.longest + 2, axis=0)
            for v, name in enumerate(p.model.variables):
                if name in self.values:
                    known = self.values[name][:, list(p.regions)]
                    rows[:, v] = np.where(np.isnan(known), rows[:, v], known)
            found.append(rows)
        return tuple(found)


@dataclass(frozen=True, slots=True, eq=False)
class Beginning:
    """Hold where a run begins.

    Parameters
    ----------
    states : tuple of (variables, n_regions) float64
        State of every region of the whole network at instant 0, by patch.
    past : tuple of (instants, variables, n_regions) float64, or None
        States at the instants ``-longest - 1 .. 0``; None where all time before 0 was as instant 0.
    rates : (instants, n) float64, Hz, or None
        Rates at the same instants, as far as they are known.
    first : int
        Number of the first step in the noise.
    """

    states: tuple[Array, ...]
    past: tuple[Array, ...] | None = None
    rates: Array | None = None
    first: int = 0


def beginning(s: Setting, start: tuple[Array, ...], past: Past | None, first: int) -> Beginning:
    """Return where a run begins; `start` holds what the past does not tell."""
    if past is None:
        return Beginning(start, first=first)
    rows = past.states(s, start)
    return Beginning(tuple(x[-1].copy() for x in rows), rows, past.rates, first)


def read_past(p: WholeBrainParameters, s: Setting, clock: Clock) -> Past | None:
    """Return what the user tells of the time before instant 0; None where that is nothing.

    Raises
    ------
    InputError
        With everything that is wrong.
    """
    h = p.history
    if p.noise_from_step < 0:
        raise InputError(Problem(f"the first step has the number {p.noise_from_step} in the noise", "noise_from_step", "0 or more"))
    if h == History():
        return None
    raise_all(_contradictions(h))
    wants_rates = any(rate_is_known(s, r.region) for r in s.replaced)
    values = _from_file(h, p, s, clock) if h.run is None else read_earlier(h, p.folder, s, clock, wants_rates)
    rates = values.pop(RATE, None)
    problems = [Problem(f"'{name}' is given twice: as 'initial' and by the history", f"initial.{name}", remedy="leave it out here")
                for name in p.initial if name in values and not np.isnan(values[name]).any()]
    raise_all(problems + _out_of_bounds(values, s, clock))
    return Past(values, rates)


def _contradictions(h: History) -> list[Problem]:
    found = []
    if (h.run is None) == (h.file is None):
        who = "nothing" if h.run is None else "both a run and a file"
        found.append(Problem(f"the history is told by {who}", "history", "'run' or 'file'"))
    elif h.run is None and (h.group is not None or h.at != "last"):
        found.append(Problem("'group' and 'at' belong to a run, and the history is told by a file", "history", remedy="leave them out"))
    elif h.run is not None and (h.variables or h.step is not None):
        found.append(Problem("'variables' and 'step' belong to a file, and the history is told by a run", "history",
                             remedy="leave them out"))
    if h.step is not None and not (isfinite(h.step) and h.step > 0):
        found.append(Problem(f"the rows are {h.step} ms apart", "history.step", "a time above 0 ms"))
    return found


def _from_file(h: History, p: WholeBrainParameters, s: Setting, clock: Clock) -> dict[str, Array]:
    arrays, n = read_sampled(str(h.file), p.folder, "history.file", (".npy", ".npz")), len(s.connectome)
    known = list(dict.fromkeys(v for patch in s.patches.all for v in patch.model.variables))
    unknown = [name for name in (*arrays, *h.variables) if name and name not in (*known, RATE)]
    raise_all(Problem(f"no model of this brain has a variable '{name}'", "history", remedy=did_you_mean(name, known)) for name in unknown)
    if "" in arrays:
        names, values = list(h.variables) or known, arrays.pop("")
        if values.ndim == 2:
            values = values[:, None]
        if values.ndim != 3 or values.shape[1] != len(names):
            size = " x ".join(map(str, values.shape))
            raise InputError(Problem(f"'{h.file}' is a table of {size} for the variables {', '.join(names)}", "history.file",
                                     f"(time, {len(names)}, {n})" + (f" or (time, {n})" if len(names) == 1 else ""),
                                     "" if h.variables else "name the variables that it holds with 'variables'"))
        arrays = {name: values[:, v] for v, name in enumerate(names)}
    step = clock.tick_ms * clock.step
    spacing = step if h.step is None else Fraction(str(h.step))
    problems = []
    for name, values in arrays.items():
        if values.ndim != 2 or values.shape[1] != n:
            size = " x ".join(map(str, values.shape))
            problems.append(Problem(f"'{name}' in '{h.file}' is a table of {size}", "history.file", f"(time, {n})"))
        elif (len(values) - 1) * spacing < s.net.longest * step:
            over = float((len(values) - 1) * spacing)
            problems.append(Problem(f"'{name}' in '{h.file}' tells of {over:.6g} ms before instant 0", "history.file",
                                    f"the longest delay, {float(s.net.longest * step):.6g} ms, or more"))
    raise_all(problems)
    return {name: _at_steps(values, step / spacing, s.net.longest + 2) for name, values in arrays.items()}


def _at_steps(values: Array, step: Fraction, count: int) -> Array:
    """Return the rows `step` rows apart that end with the last one; between rows lie straight lines, before the first all is as there."""
    back = [max(len(values) - 1 - j * step, Fraction(0)) for j in range(count - 1, -1, -1)]
    at = np.array([int(b) for b in back])
    part = np.array([float(b - int(b)) for b in back])[:, None]
    begin, end = values[at], values[np.minimum(at + 1, len(values) - 1)]
    return np.asarray(np.where(part == 0.0, begin, begin + part * (end - begin)), np.float64)


def _out_of_bounds(values: Mapping[str, Array], s: Setting, clock: Clock) -> list[Problem]:
    """Say where what is told lies outside the bounds of a variable, or is missing where a region is simulated."""
    found = []
    here = set(s.simulated)
    for p in s.patches.all:
        for v in p.model.state:
            regions = [r for r in p.regions if r in here]
            if v.name not in values or not regions:
                continue
            rows = values[v.name][:, regions]
            wrong = ~np.isfinite(rows) | (rows < v.low) | (rows > v.high)
            if wrong.any():
                t, i = (int(k) for k in np.argwhere(wrong)[0])
                when = f"{clock.ms((t - len(rows) + 1) * clock.step):.6g} ms"
                label = s.connectome.labels[regions[i]]
                found.append(Problem(f"in the history '{v.name}' of region '{label}' is {rows[t, i]:g} at {when}", "history",
                                     "a finite number" if not np.isfinite(rows[t, i]) else f"values from {v.low:g} to {v.high:g}"))
    return found
