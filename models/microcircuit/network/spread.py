"""Read distributions of weights, delays and initial states from a network file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from math import inf, isnan

from cosim.models.microcircuit.network.distribution import KINDS, Distribution, Kind, constant
from cosim.models.microcircuit.network.quantities import quantity
from cosim.models.microcircuit.network.section import Section

_FORMS = "a quantity, or a mapping such as {normal: [MEAN, SD]}, {lognormal: [MEAN, SD]} or {uniform: [LEAST, MOST]}, with redraw: or clip:"


def distribution(part: Section, key: str, *units: str) -> tuple[Distribution, str] | None:
    """Return the distribution that stands at a key, and its unit; None where there is none or something is wrong with it.

    Parameters
    ----------
    part : Section
        Where it stands.
    key : str
        What it is called.
    *units : str
        The base units that may be meant.
    """
    part.take(key)
    if not isinstance(part.data.get(key), dict):
        found = part.either(key, *units)
        return (constant(found[0]), found[1]) if found else None
    inner, before = part.section(key), len(part.problems)
    inner.take(*KINDS, "redraw", "clip")
    inner.finish()
    kinds: list[Kind] = [kind for kind in KINDS if inner.has(kind)]
    if len(kinds) != 1 or (inner.has("redraw") and inner.has("clip")):
        given = " and ".join(str(k) for k in inner.data) or "nothing"
        part.blame(key, f"the distribution is given by {given}", _FORMS)
        return None
    kind = kinds[0]
    numbers = _pair(inner, kind, units, 1 if kind == "constant" else 2)
    at = "clip" if inner.has("clip") else "redraw"
    bounds = _pair(inner, at, units, 2) if inner.has(at) else None
    if len(part.problems) > before or numbers is None:
        return None
    chosen = {unit for _, unit in (*numbers, *(bounds or ())) if unit}
    if len(chosen) > 1:
        part.blame(key, f"the distribution mixes {' and '.join(sorted(chosen))}", "one unit for all of its numbers")
        return None
    first, second = numbers[0][0], numbers[1][0] if len(numbers) > 1 else Fraction(0)
    least, most = (float(bounds[0][0]), float(bounds[1][0])) if bounds else (-inf, inf)
    made = Distribution(kind, Fraction(first), Fraction(second), least, most, "clip" if at == "clip" else "redraw")
    return (made, chosen.pop()) if _is_sound(inner, made, at) else None


def spread(part: Section, key: str, sd: Fraction, *units: str) -> tuple[Distribution, str] | None:
    """Return the distribution at a key, made normal where a standard deviation is given apart from it."""
    found = distribution(part, key, *units)
    if found is None or not sd:
        return found
    if found[0].kind != "constant":
        part.blame(key, "a distribution and a standard deviation beside it are both given", "one of them")
        return None
    return replace(found[0], kind="normal", second=sd), found[1]


def _pair(part: Section, key: str, units: Sequence[str], many: int) -> list[tuple[Fraction | float, str]] | None:
    given = part.data[key]
    items = given if isinstance(given, list) else [given]
    found: list[tuple[Fraction | float, str]] = []
    for item in items:
        bound = {"inf": inf, "-inf": -inf, "+inf": inf}.get(str(item).lower().removeprefix("."))
        if isinstance(item, str) and item.lower() == "-.inf":
            bound = -inf
        if isinstance(item, float) and (isnan(item) or abs(item) == inf):
            bound = item
        if bound is not None and key in ("redraw", "clip") and not isnan(bound):
            found.append((bound, ""))
            continue
        try:
            found.append(quantity(item, *units))
        except ValueError as error:
            part.blame(key, str(error), "a number and a unit: " + " or ".join(units))
            return None
    if len(found) != many:
        part.blame(key, f"'{key}' has {len(found)} numbers", "1" if many == 1 else f"2, as in {key}: [A, B]")
        return None
    return found


def _is_sound(part: Section, d: Distribution, at: str) -> bool:
    before = len(part.problems)
    if d.kind in ("normal", "lognormal") and d.second < 0:
        part.blame(d.kind, f"the standard deviation is {float(d.second):g}", "a value of at least 0")
    elif d.kind == "lognormal" and not d.first:
        part.blame(d.kind, "the mean is 0, and no lognormal quantity has this mean", "a mean above 0, or below 0 for minus such a quantity")
    elif d.kind == "uniform" and d.second < d.first:
        part.blame(d.kind, f"the least value, {float(d.first):g}, is above the most, {float(d.second):g}", "the smaller first")
    elif d.least > d.most:
        part.blame(at, f"the lower bound, {d.least:g}, is above the upper, {d.most:g}", "the smaller first")
    elif not len(d.values()):
        part.blame(at, f"no value lies between {d.least:g} and {d.most:g}", "bounds that leave some of the distribution")
    return len(part.problems) == before
