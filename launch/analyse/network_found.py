"""Everything that an analysis of a whole network found, and its figures as plain data and as tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import pi
from typing import Any

import numpy as np

from cosim.launch.report.drawing import number
from cosim.models.wholebrain.analysis.network import Rest, most
from cosim.models.wholebrain.analysis.network_line import NetworkBifurcation, NetworkBranch, NetworkLine
from cosim.models.wholebrain.analysis.stiffness import StableStep
from cosim.models.wholebrain.language.model import Array, valid_of
from cosim.models.wholebrain.setting import Setting
from cosim.models.wholebrain.validity import outside

_LEAST_SHARE = 1e-3
Table = tuple[str, tuple[str, ...], list[tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class Mode:
    """Hold one mode: how fast it grows, how it turns, how many modes have the same eigenvalue, and which regions take part.

    Parameters
    ----------
    eigenvalue : complex
        1/ms, the imaginary part not below 0.
    count : int
        How many eigenvalues it stands for, pairs counted once.
    shares : (n_regions,) float64
        How much each region takes part; they add up to 1.
    """

    eigenvalue: complex
    count: int
    shares: Array

    @property
    def frequency_hz(self) -> float:
        """How often it turns, Hz."""
        return abs(self.eigenvalue.imag) * 1000 / (2 * pi)

    @property
    def damping_ms(self) -> float:
        """In which time it falls, or where below 0 grows, by a factor e, ms."""
        return -1 / self.eigenvalue.real if self.eigenvalue.real else np.inf


@dataclass(frozen=True, slots=True)
class Along:
    """Hold what was found along a parameter.

    Parameters
    ----------
    key : str
        The parameter.
    start, stop : float
        The interval.
    value : float or None
        What the experiment says, where that is one number.
    line : NetworkLine
        The network along it.
    branches, bifurcations : tuple
        What was found; bifurcations by branch.
    left_out : int
        Changes of the growing modes that were not looked into.
    """

    key: str
    start: float
    stop: float
    value: float | None
    line: NetworkLine
    branches: tuple[NetworkBranch, ...]
    bifurcations: tuple[tuple[NetworkBifurcation, ...], ...]
    left_out: int

    @property
    def all_bifurcations(self) -> list[NetworkBifurcation]:
        """All of them by parameter."""
        return sorted((b for each in self.bifurcations for b in each), key=lambda b: b.parameter)


@dataclass(frozen=True, slots=True)
class NetworkFound:
    """Hold what was found of a whole network.

    Parameters
    ----------
    title, group : str
        Of the experiment; the group that was analysed.
    setting : Setting
        The network.
    rest : Rest or None
        Where it rests with the parameters as they are; None where no such state was found.
    rates : (n_regions,) float64 or None
        Hz, not a number where a region's model has none; None where no model has one.
    modes, delayed : tuple of Mode
        The leading modes without and with delays; the latter empty where they were not worked out.
    steps : tuple of (str, StableStep)
        The longest stable step of each explicit scheme.
    notes : tuple of str
        What a user should know.
    along : Along or None
        What was found along a parameter.
    """

    title: str
    group: str
    setting: Setting
    rest: Rest | None
    rates: Array | None
    modes: tuple[Mode, ...]
    delayed: tuple[Mode, ...]
    steps: tuple[tuple[str, StableStep], ...]
    notes: tuple[str, ...]
    along: Along | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the regions."""
        return self.setting.connectome.labels


def network_tables(f: NetworkFound) -> list[Table]:
    """Return title, head and rows of each table."""
    several = len(f.setting.patches.all) > 1
    found: list[Table] = []
    if f.rest is not None:
        rows: list[tuple[str, ...]] = []
        for p, x in zip(f.setting.patches.all, f.rest.states, strict=True):
            here = [f.labels[i] for i in p.regions]
            rows += [(f"{p.model.name}.{v.name}" if several else v.name, v.unit, *_spread(row, here)) for v, row in
                     zip(p.model.state, x, strict=True)]
        if f.rates is not None:
            with_rate = [i for i in range(len(f.labels)) if np.isfinite(f.rates[i])]
            rows.append(("rate", "Hz", *_spread(f.rates[with_rate], [f.labels[i] for i in with_rate])))
        far = sum(map(len, _outside(f).values()))
        title = "Rest" + f", in {far} of {len(f.labels)} regions outside what the model was made for" * (far > 0)
        found.append((title, ("variable", "unit", "mean", "least", "largest"), rows))
    for title, modes in (("Leading modes, without delays", f.modes), ("Leading modes, with delays", f.delayed)):
        found.append((title, ("eigenvalue, 1/ms", "modes", "frequency, Hz", "e-fold in, ms", "regions that take part most"),
                      [_mode_row(m, f.labels) for m in modes]))
    found.append(("Longest stable step of explicit schemes", ("scheme", "step, ms", "set by the region", "eigenvalue, 1/ms"),
                  [(scheme, number(s.step_ms, 4), f.labels[s.region], _complex(s.eigenvalue)) for scheme, s in f.steps if s.region >= 0]))
    if f.along is not None:
        found.append(("Bifurcations", (f.along.key, "kind", "all modes die out on one side", "frequency, Hz",
                                       "regions that take part most"),
                      [(number(b.parameter, 9), f"{b.criticality} {b.kind}".strip(), "yes" if b.is_edge else "no",
                        number(b.frequency_hz, 6) if b.frequency_hz else "", _part(b.shares, f.labels)) for b in f.along.all_bifurcations]))
        found.append(("Branches", ("branch", f"{f.along.key} from", "to", "points", "stable", "growing modes at most"),
                      [(str(i), number(float(b.parameter.min()), 6), number(float(b.parameter.max()), 6), str(len(b.parameter)),
                        f"{100 * np.mean(np.array(b.growing) == 0):.0f} %", str(max(b.growing)))
                       for i, b in enumerate(f.along.branches, 1)]))
    return [t for t in found if t[2]]


def network_notes(f: NetworkFound) -> list[str]:
    """Return what stands under the tables, in sentences."""
    notes = list(f.notes)
    if f.rest is not None:
        notes += outside(f.setting.patches.all, f.labels, f.rest.states, "the resting state")
    if f.along is not None:
        notes += [f"branch {i}: {b.end}" for i, b in enumerate(f.along.branches, 1) if b.end]
        if f.along.left_out:
            notes.append(f"{f.along.left_out} more changes of the number of growing modes, where other modes grow already, are not located")
        if not f.along.all_bifurcations:
            notes.append(f"no bifurcation along {f.along.key} from {f.along.start:g} to {f.along.stop:g}")
    return notes


def network_plain(f: NetworkFound) -> dict[str, Any]:
    """Return everything as plain data for analysis.json; complex numbers are pairs, states are mappings from model to variable."""
    data: dict[str, Any] = {
        "experiment": f.title, "group": f.group, "regions": list(f.labels),
        "models": [{"model": p.model.name, "variables": list(p.model.variables), "regions": [f.labels[i] for i in p.regions]}
                   for p in f.setting.patches.all],
        "rest": None if f.rest is None else {
            "stable": f.rest.is_stable, "states": _states(f, f.rest.states),
            "rates_hz": None if f.rates is None else [None if np.isnan(r) else float(r) for r in f.rates],
            "eigenvalues_per_ms": [(float(e.real), float(e.imag)) for e in f.rest.eigenvalues],
            "outside": _outside(f),
        },
        "modes": [_mode(m) for m in f.modes], "modes_with_delays": [_mode(m) for m in f.delayed],
        "longest_stable_step_ms": {scheme: s.step_ms for scheme, s in f.steps if s.region >= 0}, "notes": network_notes(f),
    }
    if f.along is None:
        return data
    a = f.along
    return data | {
        "along": {"key": a.key, "from": a.start, "to": a.stop, "value": a.value},
        "bifurcations": [{"kind": b.kind, "parameter": b.parameter, "branch": i, "edge_of_stability": b.is_edge,
                          "shares": b.shares.tolist(), "states": _states(f, b.states),
                          **({"frequency_hz": b.frequency_hz, "first_lyapunov": b.lyapunov, "criticality": b.criticality}
                             if b.kind == "Hopf" else {})} for i, each in enumerate(a.bifurcations) for b in each],
        "branches": [{"parameter": b.parameter.tolist(), "growing_modes": list(b.growing), "end": b.end,
                      "leading_eigenvalues_per_ms": [[(float(e.real), float(e.imag)) for e in row[:10]] for row in b.eigenvalues],
                      "states": [_states(f, a.line.vector.split(x)) for x in b.states]} for b in a.branches],
    }


def _outside(f: NetworkFound) -> dict[str, list[str]]:
    """Return for each model the regions that rest outside what it was made for, where there are any."""
    if f.rest is None:
        return {}
    found = {p.model.name: [f.labels[p.regions[i]] for i in np.flatnonzero(~valid_of(p.model, p.values, x))]
             for p, x in zip(f.setting.patches.all, f.rest.states, strict=True)}
    return {name: regions for name, regions in found.items() if regions}


def _states(f: NetworkFound, states: Sequence[Array]) -> dict[str, dict[str, list[float]]]:
    return {p.model.name: {v: row.tolist() for v, row in zip(p.model.variables, x, strict=True)}
            for p, x in zip(f.setting.patches.all, states, strict=True)}


def _mode(m: Mode) -> dict[str, Any]:
    return {"eigenvalue_per_ms": (m.eigenvalue.real, m.eigenvalue.imag), "count": m.count, "frequency_hz": m.frequency_hz,
            "shares": m.shares.tolist()}


def _mode_row(m: Mode, labels: Sequence[str]) -> tuple[str, ...]:
    way = "falls" if m.eigenvalue.real < 0 else "grows"
    return (_complex(m.eigenvalue), str(m.count), number(m.frequency_hz, 5) if m.eigenvalue.imag else "",
            f"{number(abs(m.damping_ms), 5)} {way}", _part(m.shares, labels))


def _part(shares: Array, labels: Sequence[str]) -> str:
    """Return the regions that take part most with their shares, none below 0.1 %; nothing can be picked out where all do alike."""
    if shares.max() < 1.01 * shares.min():
        return "all alike"
    first = most(shares, labels)
    told = [(label, share) for label in first if (share := shares[labels.index(label)]) >= _LEAST_SHARE or label == first[0]]
    return ", ".join(f"{label} {100 * share:.3g} %" for label, share in told)


def _spread(row: Array, labels: Sequence[str]) -> tuple[str, str, str]:
    low, high = int(np.argmin(row)), int(np.argmax(row))
    return number(float(row.mean()), 6), f"{number(float(row[low]), 6)} ({labels[low]})", f"{number(float(row[high]), 6)} ({labels[high]})"


def _complex(e: complex) -> str:
    return number(e.real, 6) + (f" ± {number(abs(e.imag), 6)}i" if e.imag else "")
