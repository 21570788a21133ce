"""Draw where a whole network rests along a parameter, its modes, and which regions take part in them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cosim.launch.analyse.network_found import NetworkFound
from cosim.launch.analyse.pictures import MARKS, runs
from cosim.launch.report.drawing import (
    BLUE,
    CATEGORIES,
    FAINT,
    GREEN,
    GREY,
    INK,
    MUTED,
    PLUM,
    VERMILION,
    Picture,
    new_figure,
    picture,
    short,
)

_MOST_VARIABLES, _MOST_BARS, _MODES = 6, 20, 3
_COLOURS = {"fold": BLUE, "Hopf": VERMILION, "branch point": PLUM}


def variables_along(f: NetworkFound, figure: Figure | None = None) -> Picture | None:
    """Return the variables of the regions along the parameter, a row a variable: median and all between least and largest; None without."""
    a = f.along
    if a is None:
        return None
    shown = [(k, v) for k, p in enumerate(f.setting.patches.all) for v in range(len(p.model.state))][:_MOST_VARIABLES]
    figure = new_figure(2.2 * len(shown) + 0.6) if figure is None else figure
    places = figure.subplots(len(shown), 1, squeeze=False, sharex=True)[:, 0]
    several = len(f.setting.patches.all) > 1
    for place, (k, v) in zip(places, shown, strict=True):
        model = f.setting.patches.all[k].model
        for i, b in enumerate(a.branches):
            rows = np.array([a.line.vector.split(x)[k][v] for x in b.states])
            stable = np.array(b.growing) == 0
            if rows.shape[1] > 1:
                _band(place, b.parameter, rows)
            runs(place, b.parameter, np.median(rows, axis=1), stable, INK, 1.5, ("stable", "unstable") if i == 0 else None)
        for kind, (mark, label) in MARKS.items():
            at = [(b.parameter, float(np.median(b.states[k][v]))) for b in a.all_bifurcations if b.kind == kind]
            if at:
                place.plot(*np.array(at).T, mark, color=_COLOURS[kind], markersize=5, zorder=5, label=label)
        _as_given(place, f)
        name, unit = (f"{model.name}.{model.state[v].name}" if several else model.state[v].name), model.state[v].unit
        place.set_ylabel(name if unit == "1" else f"{name} ({unit})")
        place.tick_params(color=MUTED)
    places[-1].set_xlabel(a.key)
    places[-1].set_xlim(a.start, a.stop)
    places[0].legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=7, borderaxespad=0.2, handlelength=1.8)
    figure.tight_layout(h_pad=0.6)
    marks = "; ".join(f"{b.criticality} {b.kind}".strip() + f" at {b.parameter:.6g}" for b in a.all_bifurcations) or "no bifurcation"
    return picture(figure, f"State of rest of all regions along {a.key}: {marks}",
                   f"Where the network rests along {a.key}: the median of the regions, solid where stable, dashed where not; the band goes "
                   "from the region with the least to that with the largest value.")


def modes_along(f: NetworkFound, figure: Figure | None = None) -> Picture | None:
    """Return the real parts of the leading modes along the parameter, and the frequency of the first; None without."""
    a = f.along
    if a is None:
        return None
    figure = new_figure(5.0) if figure is None else figure
    places = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    for i, b in enumerate(a.branches):
        above = [row[row.imag >= 0][:_MODES] for row in b.eigenvalues]
        for k in range(min(_MODES, *map(len, above))):
            values = np.array([row[k] for row in above])
            label = ("the first", "the second", "the third")[k] if i == 0 else None
            places[0].plot(b.parameter, values.real, color=CATEGORIES[k], linewidth=1.6 if k == 0 else 1.0, label=label, zorder=3 - k)
        lead = np.array([row[0] for row in above])
        turning = np.where(lead.imag > 0, lead.imag * 1000 / (2 * np.pi), np.nan)
        places[1].plot(b.parameter, turning, color=CATEGORIES[0], linewidth=1.4)
    places[0].axhline(0, color=GREY, linewidth=0.8)
    for edge in (b for b in a.all_bifurcations if b.is_edge):
        places[0].plot([edge.parameter], [0.0], MARKS[edge.kind][0], color=_COLOURS[edge.kind], markersize=5, zorder=5)
    for place in places:
        _as_given(place, f)
        place.tick_params(color=MUTED)
    places[0].set_ylabel("real part (1/ms)")
    places[1].set_ylabel("frequency of\nthe first (Hz)")
    places[1].set_ylim(0, None)
    places[1].set_xlabel(a.key)
    places[1].set_xlim(a.start, a.stop)
    places[0].legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=7, borderaxespad=0.2, handlelength=1.8)
    figure.tight_layout(h_pad=0.6)
    return picture(figure, f"Real part of the leading modes along {a.key}",
                   "Modes of the network without delays: above 0 they grow. Below: how often the first turns a second, where it does.")


def participation(f: NetworkFound, figure: Figure | None = None) -> Picture | None:
    """Return bars of the regions' shares in the leading mode at rest and in the critical modes along the parameter."""
    shown = [(f"leading mode at rest, {m.eigenvalue.real:.4g} /ms", m.shares) for m in (f.delayed or f.modes)[:1]]
    if f.along is not None:
        shown += [(f"{b.kind} at {b.parameter:.5g}", b.shares) for b in f.along.all_bifurcations if b.is_edge][:2]
    if not shown:
        return None
    figure = new_figure(3.1 * len(shown)) if figure is None else figure
    for place, (title, shares) in zip(figure.subplots(len(shown), 1, squeeze=False)[:, 0], shown, strict=True):
        order = np.argsort(-shares, kind="stable")[:_MOST_BARS]
        place.bar(np.arange(len(order)), 100 * shares[order], color=GREEN, width=0.72)
        place.axhline(100 / len(shares), color=GREY, linewidth=0.8, linestyle=":", label="if all took the same part")
        place.set_xticks(np.arange(len(order)), [short(f.labels[i], 10) for i in order], rotation=45, ha="right")
        place.set_xlim(-0.6, len(order) - 0.4)
        place.set_ylabel("share (%)")
        place.set_title(title)
        place.legend(loc="upper right")
        place.tick_params(color=MUTED)
    figure.tight_layout()
    return picture(figure, f"Shares of the regions in {'; '.join(title for title, _ in shown)}",
                   f"How much each region takes part in a mode: the square of its part, with the variables in their usual ranges; the "
                   f"first {min(_MOST_BARS, len(f.labels))} of {len(f.labels)} regions.")


def eigenvalue_plane(f: NetworkFound, figure: Figure | None = None) -> Picture | None:
    """Return all eigenvalues at rest in the plane, with those with delays; None where there is no rest."""
    if f.rest is None:
        return None
    figure = new_figure(4.4) if figure is None else figure
    place = figure.subplots()
    e = f.rest.eigenvalues
    place.plot(e.real, e.imag * 1000 / (2 * np.pi), "o", color=BLUE, markersize=4.5, alpha=0.55, markeredgewidth=0, label="without delays")
    if f.delayed:
        late = np.array([m.eigenvalue for m in f.delayed])
        late = np.concatenate((late, late.conj()))
        place.plot(late.real, late.imag * 1000 / (2 * np.pi), "x", color=VERMILION, markersize=6, label="the leading ones with delays")
    place.axvline(0, color=GREY, linewidth=0.8)
    place.axhline(0, color=FAINT, linewidth=0.8, zorder=0)
    place.set_xlabel("real part (1/ms)")
    place.set_ylabel("frequency (Hz)")
    place.tick_params(color=MUTED)
    place.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3, borderaxespad=0.2)
    figure.tight_layout()
    growing = int((e.real > 0).sum())
    return picture(figure, f"Eigenvalues of the network at rest: {growing} of {len(e)} grow",
                   f"Eigenvalues of the network at rest, the imaginary part as a frequency: {growing} of {len(e)} lie right of 0 and grow.")


def _band(place: Axes, x: np.ndarray, rows: np.ndarray) -> None:
    """Shade between least and largest, in runs between which the branch turns."""
    turns = [0, *(np.flatnonzero(np.diff(np.sign(np.diff(x)))) + 1), len(x) - 1]
    for first, last in pairwise(turns):
        part = slice(first, last + 1)
        place.fill_between(x[part], rows[part].min(axis=1), rows[part].max(axis=1), color=FAINT, alpha=0.7, linewidth=0, zorder=0)


def _as_given(place: Axes, f: NetworkFound) -> None:
    a = f.along
    if a is not None and a.value is not None and a.start < a.value < a.stop:
        place.axvline(a.value, color=GREY, linewidth=0.7, linestyle=":", zorder=0, label="as given")
