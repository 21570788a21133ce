"""Draw the bifurcation diagram and the phase plane."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cosim.launch.analyse.found import Found
from cosim.launch.report.drawing import BLUE, FAINT, GREEN, GREY, INK, MUTED, PAPER, PLUM, VERMILION, Picture, new_figure, picture
from cosim.models.wholebrain.analysis.plane import plane

_MOST_VARIABLES = 6
MARKS = {"fold": ("s", "fold"), "branch point": ("D", "branch point"), "Hopf": ("o", "Hopf point")}


def diagram(f: Found, figure: Figure | None = None, variables: int = _MOST_VARIABLES) -> Picture | None:
    """Return the branches and cycles along the parameter, a row a variable, and the frequency of the cycles below; None without any."""
    if f.line is None:
        return None
    names = f.region.model.variables[:variables]
    rows = len(names) + bool(f.families)
    figure = new_figure(2.4 * rows + 0.5) if figure is None else figure
    places = figure.subplots(rows, 1, squeeze=False, sharex=True)[:, 0]
    for k, (place, name) in enumerate(zip(places, names, strict=False)):
        _branches(place, f, k)
        place.set_ylabel(_with_unit(name, f.region.model.state[k].unit))
    if f.families:
        for family in f.families:
            runs(places[-1], np.array([c.parameter for c in family.cycles]), np.array([c.frequency_hz for c in family.cycles]),
                  np.array([c.stable for c in family.cycles]), GREEN, 1.5)
        places[-1].set_ylabel("frequency (Hz)")
        places[-1].set_ylim(0, None)
    unit = next(p.unit for p in f.region.model.parameters if p.name == f.line.name)
    places[-1].set_xlabel(_with_unit(f.line.name, unit))
    places[-1].set_xlim(f.line.start, f.line.stop)
    places[0].legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=7, borderaxespad=0.2, handlelength=1.8)
    figure.tight_layout(h_pad=0.6)
    marks = "; ".join(f"{b.criticality} {b.kind}".strip() + f" at {b.parameter:.6g}" for b in f.bifurcations) or "no bifurcation"
    caption = f"Fixed points along {f.line.name}, solid where stable, dashed where not."
    if f.families:
        caption += " Green: between what the variables go in the cycles; last row: rounds a second."
    return picture(figure, f"Bifurcation diagram of {f.region.model.name} along {f.line.name}: {marks}", caption)


def phase_plane(f: Found, figure: Figure | None = None) -> Picture | None:
    """Return vector field, nullclines, fixed points and cycles of a region with two variables; None for others."""
    model = f.region.model
    if len(model.state) != 2:
        return None
    low, high = np.array([v.range for v in model.state]).T
    shown = [np.array(p.state) for p in f.points] + [np.array(e) for c in f.here for e in (c.low, c.high)]
    if shown:
        low, high = np.minimum(low, np.min(shown, axis=0)), np.maximum(high, np.max(shown, axis=0))
    room = 0.06 * (high - low)
    low, high = np.maximum(low - room, [v.low for v in model.state]), np.minimum(high + room, [v.high for v in model.state])
    figure = new_figure(5.6) if figure is None else figure
    place = figure.subplots()
    grid = plane(f.region, low, high)
    for k, colour in enumerate((BLUE, VERMILION)):
        place.contour(grid.first, grid.second, grid.slopes[k], levels=[0.0], colors=[colour], linewidths=1.6)
        place.plot([], [], color=colour, linewidth=1.6, label=f"{model.variables[k]}' = 0")
    thin = plane(f.region, low, high, 25)
    across = thin.slopes / (high - low)[:, None, None]
    size = np.hypot(*across)
    with np.errstate(all="ignore"):
        arrows = np.where(size > 0, across / size, 0.0)
    place.quiver(thin.first, thin.second, arrows[0], arrows[1], color=FAINT, angles="uv", scale=38, width=0.0016, headwidth=4, zorder=0)
    for c in f.here:
        place.plot(c.states[:, 0], c.states[:, 1], color=GREEN, linewidth=1.8, linestyle="-" if c.stable else "--",
                   label=f"cycle, {c.frequency_hz:.4g} Hz")
    for p in f.points:
        place.plot(*p.state, "o", color=INK if p.is_stable else PAPER, markeredgecolor=INK, markersize=6.5, zorder=5, label=p.kind)
    place.set_xlim(low[0], high[0])
    place.set_ylim(low[1], high[1])
    place.set_xlabel(_with_unit(model.variables[0], model.state[0].unit))
    place.set_ylabel(_with_unit(model.variables[1], model.state[1].unit))
    handles, labels = place.get_legend_handles_labels()
    once = dict(zip(labels, handles, strict=True))
    place.legend(once.values(), once.keys(), loc="lower left", bbox_to_anchor=(0, 1.0), ncols=6, borderaxespad=0.2)
    figure.tight_layout()
    return picture(figure, f"Phase plane of {model.name}: {', '.join(p.kind for p in f.points)}",
                   "Nullclines, where one variable stands still; they cross at the fixed points (filled where stable). Arrows show the "
                   "direction of the flow, in units of the axes, not its speed.")


def _branches(place: Axes, f: Found, k: int) -> None:
    for i, b in enumerate(f.branches):
        runs(place, b.parameter, b.states[:, k], b.stable, INK, 1.5, ("stable", "unstable") if i == 0 else None)
    for i, family in enumerate(f.families):
        parameter, stable = np.array([c.parameter for c in family.cycles]), np.array([c.stable for c in family.cycles])
        for side in (0, 1):
            values = np.array([(c.low, c.high)[side][k] for c in family.cycles])
            runs(place, parameter, values, stable, GREEN, 1.5, ("cycle", "unstable cycle") if i == side == 0 else None)
    for kind, (mark, label) in MARKS.items():
        at = [(b.parameter, b.state[k]) for b in f.bifurcations if b.kind == kind]
        if at:
            place.plot(*np.array(at).T, mark, color={"fold": BLUE, "Hopf": VERMILION}.get(kind, PLUM), markersize=5, zorder=5, label=label)
    if f.line is not None and f.line.start < f.region.value(f.line.name) < f.line.stop:
        place.axvline(f.region.value(f.line.name), color=GREY, linewidth=0.7, linestyle=":", zorder=0, label="as given")
    place.tick_params(color=MUTED)


def runs(place: Axes, x: np.ndarray, y: np.ndarray, stable: np.ndarray, colour: str, width: float,
          labels: tuple[str, str] | None = None) -> None:
    """Draw a curve in runs, solid where stable and dashed where not."""
    edges = [0, *(np.flatnonzero(np.diff(stable.astype(int))) + 1), len(x)]
    told = set()
    for a, b in pairwise(edges):
        if a == b:
            continue
        good = bool(stable[a])
        label = labels[0 if good else 1] if labels and good not in told else None
        told.add(good)
        part = slice(a, b) if good else slice(max(a - 1, 0), b + 1)  # what is unstable reaches to what is stable
        place.plot(x[part], y[part], color=colour, linewidth=width if good else 1.0, linestyle="-" if good else (0, (4, 2.5)), label=label)


def _with_unit(name: str, unit: str) -> str:
    return name if unit == "1" else f"{name} ({unit})"
