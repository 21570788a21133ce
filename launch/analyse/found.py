"""Everything that an analysis found, and its figures as plain data and as tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cosim.launch.report.drawing import number
from cosim.models.wholebrain.analysis.bifurcations import Bifurcation, bifurcations
from cosim.models.wholebrain.analysis.branches import Branch, Line, branches
from cosim.models.wholebrain.analysis.cycles import Cycle, Family, cycle_at, families
from cosim.models.wholebrain.analysis.fixed_points import STARTS, FixedPoint, fixed_points
from cosim.models.wholebrain.analysis.region import Region, none_found
from cosim.models.wholebrain.analysis.stiffness import largest_stable_step

_NOTHING = 1e-12


@dataclass(frozen=True, slots=True)
class Found:
    """Hold what was found.

    Parameters
    ----------
    region : Region
        What was analysed.
    given : mapping of str to float
        What the user set.
    points : tuple of FixedPoint
        At the parameters as they are; may be empty where a parameter runs.
    line : Line or None
        The parameter that runs, if any.
    branches, bifurcations, families : tuple
        Along it.
    here : tuple of Cycle
        Cycles at the parameters as they are, where their value lies in the interval.
    """

    region: Region
    given: Mapping[str, float]
    points: tuple[FixedPoint, ...]
    line: Line | None = None
    branches: tuple[Branch, ...] = ()
    bifurcations: tuple[Bifurcation, ...] = ()
    families: tuple[Family, ...] = ()
    here: tuple[Cycle, ...] = ()


def find(region: Region, given: Mapping[str, float], along: tuple[str, float, float] | None) -> Found:
    """Return what is found of a region, and along a parameter where one is to run."""
    points = fixed_points(region)
    if along is None:
        if not points:
            raise none_found(region, STARTS)
        return Found(region, given, points)
    line = Line(region, *along)
    followed = branches(region, *along)
    special = tuple(b for branch in followed for b in bifurcations(region, *along, branch))
    cycles = families(line, [b for b in special if b.kind == "Hopf"])
    now = region.value(line.name)
    near = [c for family in cycles for c in family.at(now)]
    exact = [c for n in near if (c := cycle_at(line, n, now)) is not None]
    return Found(region, given, points, line, followed, tuple(sorted(special, key=lambda b: b.parameter)), cycles, tuple(exact))


def notes(f: Found) -> list[str]:
    """Return what stands under the tables, in sentences."""
    model, far = f.region.model, sum(not p.is_inside for p in f.points)
    found = [f"{far} of {len(f.points)} fixed points lie{'s' * (far == 1)} outside what {model.name} was made for; "
             f"inside: {model.valid_about}"] if far else []
    return found + [f"the family of cycles of Hopf point {i}: {family.end}" for i, family in enumerate(f.families, 1)]


def tables(f: Found) -> list[tuple[str, tuple[str, ...], list[tuple[str, ...]]]]:
    """Return title, head and rows of each table."""
    names, widths = f.region.model.variables, [v.range[1] - v.range[0] for v in f.region.model.state]
    found = [("Fixed points", (*names, "kind", "eigenvalues, 1/ms", "Euler stable up to, ms"),
              [(*(_number(v, w, 8) for v, w in zip(p.state, widths, strict=True)), p.kind + ", outside" * (not p.is_inside),
                ", ".join(_complex(e, max(map(abs, p.eigenvalues))) for e in p.eigenvalues),
                number(largest_stable_step(p.eigenvalues, "euler").step_ms, 3)) for p in f.points])]
    if f.line is not None:
        length = f.line.stop - f.line.start
        found.append(("Bifurcations", (f.line.name, "kind", "frequency, Hz", *names),
                      [(_number(b.parameter, length, 10), f"{b.criticality} {b.kind}".strip(),
                        number(b.frequency_hz, 6) if b.frequency_hz else "",
                        *(_number(v, w, 6) for v, w in zip(b.state, widths, strict=True))) for b in f.bifurcations]))
        found.append(("Cycles", (f.line.name, "period, ms", "frequency, Hz", "stable", *(f"{n} from, to" for n in names)),
                      [(_number(c.parameter, length, 8), number(c.period_ms, 8), number(c.frequency_hz, 6), "yes" if c.stable else "no",
                        *(f"{_number(a, w, 5)}, {_number(b, w, 5)}" for a, b, w in zip(c.low, c.high, widths, strict=True)))
                       for c in [*f.here, *(c for family in f.families for c in _some(family))]]))
    return [t for t in found if t[2]]


def plain(f: Found) -> dict[str, Any]:
    """Return everything as plain data for analysis.json; complex numbers are pairs."""
    data: dict[str, Any] = {"model": f.region.model.name, "parameters": {n: f.region.value(n) for n in f.region.model.parameter_names},
                            "variables": list(f.region.model.variables),
                            "fixed_points": [{"state": p.state, "kind": p.kind, "eigenvalues_per_ms": _pairs(p.eigenvalues),
                                              "inside": p.is_inside} for p in f.points],
                            "inside": f.region.model.valid_about or None}
    if f.line is None:
        return data
    return data | {
        "along": {"parameter": f.line.name, "from": f.line.start, "to": f.line.stop},
        "bifurcations": [{"kind": b.kind, "parameter": b.parameter, "state": b.state, "eigenvalues_per_ms": _pairs(b.eigenvalues),
                          **({"frequency_hz": b.frequency_hz, "first_lyapunov": b.lyapunov, "criticality": b.criticality}
                             if b.kind == "Hopf" else {})} for b in f.bifurcations],
        "branches": [{"parameter": b.parameter.tolist(), "states": b.states.tolist(), "stable": b.stable.tolist()} for b in f.branches],
        "cycles": [{"end": family.end, "cycles": [_cycle(c) for c in family.cycles]} for family in f.families],
        "cycles_here": [_cycle(c) for c in f.here],
    }


def _some(family: Family) -> list[Cycle]:
    """Return up to eight cycles of a family, its ends among them."""
    n = len(family.cycles)
    return [family.cycles[i] for i in sorted({round(k * (n - 1) / 7) for k in range(8)})]


def _cycle(c: Cycle) -> dict[str, Any]:
    return {"parameter": c.parameter, "period_ms": c.period_ms, "frequency_hz": c.frequency_hz, "low": c.low, "high": c.high,
            "stable": c.stable}


def _pairs(values: tuple[complex, ...]) -> list[tuple[float, float]]:
    return [(v.real, v.imag) for v in values]


def _number(value: float, scale: float, digits: int) -> str:
    """Write a number for reading; what is nothing beside its scale is 0."""
    return number(0.0 if abs(value) < _NOTHING * scale else value, digits)


def _complex(e: complex, scale: float) -> str:
    real, turns = _number(e.real, scale, 6), abs(e.imag) >= _NOTHING * scale and e.imag != 0
    return f"{real} {'-' if e.imag < 0 else '+'} {number(abs(e.imag), 6)}i" if turns else real
