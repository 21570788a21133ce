"""Draw where wall time went: some windows one by one, shares over the run, and the pace."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from cosim.launch.report.drawing import CATEGORIES, FAINT, MUTED, Picture, new_figure, number, picture, short, spread
from cosim.launch.report.run import Pace

# What a window goes through, in the order in which it is drawn.
ORDER = ("wait", "translate", "compute", "send", "record")
WORDS = {"compute": "computing", "wait": "waiting", "translate": "translating", "send": "sending", "record": "recording", "rest": "between"}
COLOURS = {"compute": "#0072b2", "wait": "#c3cad2", "translate": "#e69f00", "send": "#cc79a7", "record": "#009e73"}
ZOOMED = 24
MOST_BINS = 240


def draw_timeline(paces: Mapping[str, Pace]) -> Picture | None:
    """Draw the windows of every group that has any; None where none has."""
    groups = {name: pace for name, pace in paces.items() if len(pace.begin_s) and pace.span_s > 0}
    if not groups:
        return None
    lane, shares, curve = 0.62 * len(groups), 0.42 * len(groups), 1.5
    height = lane + shares + curve + 2.85
    figure = new_figure(height)
    zoom, totals, pace_axes = (figure.add_axes((0.1, bottom / height, 0.78, tall / height)) for bottom, tall in (
        (height - 0.72 - lane, lane), (height - 0.72 - lane - 0.82 - shares, shares), (0.46, curve)))
    for axes, title in ((zoom, "Windows in the middle of the run"), (totals, "All windows"), (pace_axes, "Computing along the run")):
        axes.set_title(title)
    first, stop, unit_s = _zoom(groups)
    for row, pace in enumerate(groups.values()):
        _draw_windows(zoom, pace, len(groups) - 1 - row, (first, stop, unit_s))
    zoom.set_xlim(0, (stop - first) / unit_s)
    unit = "ms" if unit_s < 1 else "s"
    zoom.set_xlabel(f"wall time ({unit})", labelpad=2)
    _lanes(zoom, groups)
    figure.legend(handles=[Patch(color=COLOURS[p], label=WORDS[p]) for p in ORDER], loc="upper left", ncols=len(ORDER), handlelength=1,
                  handleheight=1, bbox_to_anchor=(0.092, 1.0), borderaxespad=0.2, columnspacing=1.6)
    for row, pace in enumerate(groups.values()):
        _draw_shares(totals, pace, len(groups) - 1 - row)
    totals.set_xlim(0, 100)
    totals.set_xlabel("share of the wall time of all windows (%)", labelpad=2)
    _lanes(totals, groups)
    drawn = _draw_pace(pace_axes, groups)
    windows = ", ".join(f"{name} {number(len(pace.begin_s))}" for name, pace in groups.items())
    caption = (f"Top: windows one by one; white numbers count them, {number((stop - first) / unit_s)} {unit} of wall time. "
               f"Translating before and after computing is drawn together. Middle: totals over all windows ({windows}); "
               "what is left of 100 % lay between the phases. " + (f"Bottom: {drawn}" if drawn else ""))
    alt = "Timeline of windows. " + "; ".join(
        f"{name}: " + ", ".join(f"{WORDS[p]} {100 * s:.0f} %" for p, s in pace.shares().items()) for name, pace in groups.items())
    if not drawn:
        pace_axes.remove()
    return picture(figure, alt, caption)


def _lanes(axes: Axes, groups: Mapping[str, Pace]) -> None:
    ranks = ["" if not pace.ranks else "\n1 rank" if pace.ranks == 1 else f"\n{pace.ranks} ranks" for pace in groups.values()]
    names = [short(name, 13) + said for name, said in zip(groups, ranks, strict=True)]
    axes.set_ylim(-0.5, len(names) - 0.5)
    axes.set_yticks([len(names) - 1 - row for row in range(len(names))], names)
    axes.tick_params(axis="y", length=0, labelsize=9.5)
    axes.spines["left"].set_visible(False)


def _zoom(groups: Mapping[str, Pace]) -> tuple[float, float, float]:
    """Return where the zoom begins and ends, s, and how many s its axis counts in; it holds `ZOOMED` windows of the group with fewest."""
    pace = min(groups.values(), key=lambda p: len(p.begin_s))
    n = len(pace.begin_s)
    low = max(0, n // 2 - ZOOMED // 2)
    high = min(n, low + ZOOMED) - 1
    first, stop = float(pace.begin_s[low]), float(pace.end_s[high])
    return first, stop, 1.0 if stop - first > 5 else 0.001


def _draw_windows(axes: Axes, pace: Pace, row: int, zoom: tuple[float, float, float]) -> None:
    first, stop, unit_s = zoom
    inside = np.flatnonzero((pace.end_s > first) & (pace.begin_s < stop))[:20 * ZOOMED]
    at = (pace.begin_s[inside] - first) / unit_s
    for phase in ORDER:
        length = pace.phases_s[phase][inside] / unit_s
        axes.broken_barh(list(zip(at, length, strict=True)), (row - 0.36, 0.72), facecolors=COLOURS[phase], linewidth=0)
        if phase == "compute":
            _number_windows(axes, inside, (at, length), (row, (stop - first) / unit_s))
        at = at + length
    axes.vlines((pace.begin_s[inside] - first) / unit_s, row - 0.43, row + 0.43, color=MUTED, linewidth=0.7)


def _number_windows(axes: Axes, windows: NDArray[np.intp], bars: tuple[NDArray[np.float64], NDArray[np.float64]],
                    place: tuple[int, float]) -> None:
    row, width = place
    letters = len(str(int(windows[-1]))) if len(windows) else 1
    for index, start, length in zip(windows.tolist(), *bars, strict=True):
        middle = start + length / 2
        if length > 0.0085 * letters * width and 0 < middle < width:
            axes.text(middle, row, str(index), ha="center", va="center", fontsize=7.5, color="#ffffff", clip_on=True)


def _draw_shares(axes: Axes, pace: Pace, row: int) -> None:
    at = 0.0
    for phase in ("compute", *(p for p in ORDER[1:] if p != "compute"), "wait"):
        share = 100 * pace.shares()[phase]
        axes.barh(row, share, left=at, height=0.66, color=COLOURS[phase])
        if share >= 4:
            axes.text(at + share / 2, row, f"{share:.0f} %", ha="center", va="center", fontsize=8.5,
                      color="#1d2530" if phase in {"wait", "translate", "send"} else "#ffffff")
        at += share
    axes.barh(row, max(0.0, 100 - at), left=at, height=0.66, color="none", edgecolor=FAINT, linewidth=0.8)


def _draw_pace(axes: Axes, groups: Mapping[str, Pace]) -> str:
    """Draw wall time per simulated time along the run; return what to say of it, or nothing where it cannot be told."""
    ends: list[tuple[str, float, str]] = []
    most_bins, highest = 0, 0.0
    for (name, pace), colour in zip(groups.items(), CATEGORIES * len(groups), strict=False):
        n = len(pace.start_ms)
        every = -(-n // MOST_BINS)
        # The last window is left out: it may be shorter, and how much is not known. So is a last bin that is not full.
        edges = pace.start_ms[:(n - 1) // every * every + 1:every]
        if len(edges) < 2 or not np.all(np.diff(edges) > 0):
            continue
        busy = pace.phases_s["compute"][:(len(edges) - 1) * every].reshape(-1, every).sum(axis=1) / (np.diff(edges) / 1000)
        axes.stairs(busy, edges, color=colour, linewidth=1.1, baseline=None)
        axes.set_xlim(edges[0], edges[-1])
        tail = max(1, len(busy) // 20)
        ends.append((name, float(np.median(busy[-tail:])), colour))
        most_bins, highest = max(most_bins, every), max(highest, float(np.percentile(busy, 99.5)))
    if not ends:
        return ""
    axes.set_ylim(0, highest * 1.12 or 1.0)
    top = axes.get_ylim()[1]
    for (name, _, colour), label in zip(ends, spread([end / top for _, end, _ in ends], 0.14, 0.04, 0.96), strict=True):
        axes.text(1.008, label, short(name, 13), transform=axes.transAxes, color=colour, fontweight="bold", va="center")
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.set_xlabel("simulated time (ms)")
    axes.set_ylabel("s per simulated s")
    many = f", mean of {most_bins} windows a step" if most_bins > 1 else ""
    return f"wall time each group spends computing per simulated second{many}; the scale ends above the 99.5th percentile."
