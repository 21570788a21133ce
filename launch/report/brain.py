"""Draw the rates of a brain: all regions as a carpet, and some as traces around a stimulus."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from cosim.launch.report.drawing import FAINT, INK, MUTED, ORANGE, Picture, new_figure, number, picture, shade, short, spread, thin
from cosim.launch.report.recorded import Sampled
from cosim.launch.report.regions import Regions, intervals, settled
from cosim.launch.report.run import Run, Stimulus

MOST_COLUMNS = 1000
MOST_TRACES = 8
BEFORE_MS, AFTER_MS, REACH_MS = 250.0, 500.0, 100.0


def draw_carpet(run: Run, port: Sampled, regions: Regions) -> Picture:
    """Draw the rates of all regions over time; `port` holds at least one sample."""
    times, values = port.times_ms, port.values
    n, size = values.shape
    every = -(-n // MOST_COLUMNS)
    whole = n // every * every
    carpet = values[:whole].reshape(-1, every, size).mean(axis=1).T
    mean = values.mean(axis=0)
    deviating = differ_more_than_they_vary(values)
    if deviating:
        # Not from the mean: a strong pulse would shift the rest of its region's row.
        carpet = carpet - np.median(values, axis=0)[:, None]
    low, high = _colour_range(carpet, symmetric=deviating)
    step = (times[-1] - times[0]) / (n - 1) if n > 1 else 1.0
    # A sample is stamped with the instant it reached, so its cell ends there.
    start, stop = float(times[0] - step), float(times[whole - 1])
    height = float(np.clip(0.085 * size, 2.2, 7.0))
    figure = new_figure(height + 1.0)
    axes = figure.add_axes((0.062, 0.52 / figure.get_figheight(), 0.7, height / figure.get_figheight()))
    profile = figure.add_axes((0.846, 0.52 / figure.get_figheight(), 0.08, height / figure.get_figheight()))
    bar = figure.add_axes((0.937, 0.52 / figure.get_figheight(), 0.011, height / figure.get_figheight()))
    image = axes.imshow(carpet, aspect="auto", interpolation="nearest", cmap="RdBu_r" if deviating else "viridis", vmin=low, vmax=high,
                        extent=(start, stop, size - 0.5, -0.5))
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_xlabel("time (ms)")
    axes.set_ylabel("region (number)")
    axes.yaxis.set_major_locator(MaxNLocator(9, integer=True))
    axes.tick_params(axis="y", length=0, pad=9)
    figure.colorbar(image, cax=bar, extend="both" if deviating else "max").outline.set_visible(False)
    bar.set_title(port.unit, fontsize=8, fontweight="normal", loc="center")
    profile.barh(np.arange(size), np.nan_to_num(mean), height=0.8, color=[regions.colour(i) for i in range(size)])
    profile.set_ylim(size - 0.5, -0.5)
    profile.set_yticks([])
    profile.xaxis.set_major_locator(MaxNLocator(2))
    profile.set_xlabel(f"mean ({port.unit})")
    profile.spines["left"].set_visible(False)
    _mark_rows(axes, regions, size, height)
    for stimulus in (s for s in run.stimuli if s.group == port.group):
        axes.plot((stimulus.onset_ms, min(stimulus.stop_ms, stop)), (1.012, 1.012), transform=axes.get_xaxis_transform(), color=ORANGE,
                  linewidth=4, solid_capstyle="butt", clip_on=False)
        for region in _indices(stimulus, regions):
            axes.add_patch(Rectangle((stimulus.onset_ms, region - 0.5), stimulus.stop_ms - stimulus.onset_ms, 1, fill=False,
                                     edgecolor="black" if deviating else "white", linewidth=0.9))
        axes.text(stimulus.onset_ms, 1.025, "stimulus", transform=axes.get_xaxis_transform(), fontsize=8, color=MUTED, va="bottom")
    axes.set_xlim(start, stop)
    absent = [i for i in range(size) if not np.isfinite(values[:, i]).any()]
    bad = int(np.count_nonzero(~np.isfinite(values))) - n * len(absent)
    averaged = every * port.averaged
    drawn = "by how much the rate differs from the region's median" if deviating else "rate"
    ends = "99th percentile of the differences" if deviating else "99.5th percentile"
    caption = (f"{size} regions over time: {drawn} ({port.unit}); {number(n)} samples a region"
               + (f", each column the mean of {averaged}" if averaged > 1 else "")
               + f". Colours end at the {ends}, {number(high)} {port.unit}. Right: mean over the run.{regions.marks()}"
               + (" The row of a replaced region is the rate that stood for it." if set(regions.replaced) - set(absent) else "")
               + (f" Rates of {', '.join(regions.labels[i] for i in absent)} are not known and left blank." if absent else "")
               + (f" {bad} values are not finite and left blank." if bad else ""))
    return picture(figure, f"Carpet plot of rates of {size} regions over {stop - start:g} ms", caption)


def differ_more_than_they_vary(values: NDArray[np.float64]) -> bool:
    """Return whether the means of channels, (n_samples, n_channels), lie so far apart that their course could not be seen on one scale."""
    known = values[:, np.isfinite(values).all(axis=0)]
    return known.shape[1] > 1 and bool(known.mean(axis=0).std() > 2 * np.median(known.std(axis=0)))


def _colour_range(carpet: NDArray[np.float64], *, symmetric: bool) -> tuple[float, float]:
    finite = carpet[np.isfinite(carpet)]
    if not len(finite):
        return 0.0, 1.0
    if symmetric:
        high = max(float(np.percentile(np.abs(finite), 99)), 1e-12)
        return -high, high
    low = float(finite.min())
    return low, max(float(np.percentile(finite, 99.5)), low + 1e-12)


def _mark_rows(axes: Axes, regions: Regions, size: int, height: float) -> None:
    marked = list(regions.marked)
    places = [1 - (i + 0.5) / size for i in marked]
    for region, place, label in zip(marked, places, spread(places, 0.18 / height, 0.02, 0.98), strict=True):
        colour = regions.colour(region)
        axes.annotate("", (1.001, place), (1.02, label), xycoords="axes fraction", annotation_clip=False,
                      arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 1.1})
        axes.plot((-0.006,), (place,), transform=axes.transAxes, marker=">", markersize=5, color=colour, clip_on=False)
        axes.text(1.024, label, short(regions.labels[region], 9), transform=axes.transAxes, color=colour, fontweight="bold", va="center")


def _indices(stimulus: Stimulus, regions: Regions) -> list[int]:
    return [i for i in regions.stimulated if i in stimulus.regions or regions.labels[i] in stimulus.regions]


def response(times_ms: NDArray[np.float64], values: NDArray[np.float64], onset_ms: float, stop_ms: float) -> NDArray[np.float64] | None:
    """Return by how much each region's mean changes with a stimulus.

    Parameters
    ----------
    times_ms : (n_samples,) float64
        Instants, ms.
    values : (n_samples, n_regions) float64
        Rates.
    onset_ms, stop_ms : float
        When the stimulus acts, ms.

    Returns
    -------
    (n_regions,) float64 or None
        Mean from onset to 100 ms after the end, minus mean over the 250 ms before; None where there is no sample to compare. A sample
        at the onset already holds the stimulus.
    """
    during = _within(times_ms, onset_ms, stop_ms + REACH_MS)
    before = _within(times_ms, onset_ms - BEFORE_MS, onset_ms)
    if not during.any() or not before.any():
        return None
    return np.asarray(values[during].mean(axis=0) - values[before].mean(axis=0))


def _within(times_ms: NDArray[np.float64], start_ms: float, stop_ms: float) -> NDArray[np.bool_]:
    """Return which samples are stamped in ``[start, stop)``."""
    # Half a nanosecond keeps decimal times that binary numbers cannot hold on their side of the edge.
    return np.asarray((times_ms >= start_ms - 5e-7) & (times_ms < stop_ms - 5e-7))


def choose(regions: Regions, score: NDArray[np.float64], most: int = MOST_TRACES) -> list[int]:
    """Return the regions to draw: replaced, stimulated, then those of the highest score; none whose score is not a number."""
    chosen = [i for i in regions.marked if np.isfinite(score[i])][:most]
    ranked = np.argsort(-np.nan_to_num(np.abs(score)), kind="stable").tolist()
    return chosen + [i for i in ranked if i not in chosen and np.isfinite(score[i])][:most - len(chosen)]


def draw_traces(run: Run, port: Sampled, regions: Regions) -> Picture:
    """Draw the rates of some regions around the first stimulus, or over the run where there is none."""
    stimuli = tuple(s for s in run.stimuli if s.group == port.group) or run.stimuli
    first = min(stimuli, key=lambda s: s.onset_ms, default=None)
    change = response(port.times_ms, port.values, first.onset_ms, first.stop_ms) if first else None
    if first and change is not None:
        near = (port.times_ms >= first.onset_ms - BEFORE_MS) & (port.times_ms <= first.stop_ms + AFTER_MS)
        chosen = choose(regions, change)
    else:
        near = np.ones(len(port.times_ms), dtype=bool)
        chosen = choose(regions, port.values[settled(port.times_ms)].std(axis=0) if len(port.times_ms) > 1 else port.values[0])
    figure = new_figure(0.74 * len(chosen) + 0.75)
    grid = figure.subplots(len(chosen), 1, sharex=True, squeeze=False)[:, 0]
    figure.subplots_adjust(left=0.062, right=0.83, top=1 - 0.22 / figure.get_figheight(), bottom=0.48 / figure.get_figheight(), hspace=0.3)
    for axes, region in zip(grid, chosen, strict=True):
        times, values = thin(port.times_ms[near], port.values[near, region])
        shade(axes, intervals(stimuli))
        colour = regions.colour(region, MUTED)
        if first and change is not None:
            before = _within(port.times_ms, first.onset_ms - BEFORE_MS, first.onset_ms)
            axes.axhline(float(port.values[before, region].mean()), color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)))
        axes.plot(times, values, color=colour, linewidth=0.9)
        changed = f"change {change[region]:+.2f} {port.unit}".replace("-", "−", 1) if change is not None else ""
        lines = [line for line in (regions.role(region), changed) if line]
        top = 0.5 + 0.16 * len(lines)
        axes.text(1.015, top, short(regions.labels[region]), transform=axes.transAxes, va="center", color=regions.text_colour(region),
                  fontweight="bold")
        for below, line in enumerate(lines, start=1):
            axes.text(1.015, top - 0.32 * below, line, transform=axes.transAxes, color=MUTED, fontsize=8.5, va="center")
        axes.yaxis.set_major_locator(MaxNLocator(2))
        axes.margins(y=0.12)
        axes.set_xlim(float(times[0]), float(times[-1]) if len(times) > 1 else float(times[0]) + 1)
        axes.spines["bottom"].set_color(FAINT)
        axes.tick_params(axis="x", length=0)
    grid[-1].tick_params(axis="x", length=3)
    grid[-1].spines["bottom"].set_color(MUTED)
    grid[-1].set_xlabel("time (ms)")
    figure.text(0.062, 1 - 0.16 / figure.get_figheight(), f"rate ({port.unit})", fontsize=8.5, color=INK, va="bottom", ha="left")
    alt = f"Rates of {', '.join(regions.labels[i] for i in chosen)} over time"
    return picture(figure, alt, _caption(first, change, port.unit, regions))


def _caption(stimulus: Stimulus | None, change: NDArray[np.float64] | None, unit: str, regions: Regions) -> str:
    if stimulus is None:
        return f"Rates of the regions that vary most ({unit}); no stimulus acted. Every row has its own scale.{regions.marks()}"
    if change is None:
        return f"Rates of the regions that vary most ({unit}); the stimulus lies outside of what was recorded. Every row has its own scale."
    return (f"Rates around the stimulus ({number(stimulus.onset_ms)}–{number(stimulus.stop_ms)} ms, shaded): replaced and stimulated "
            f"regions, then those whose mean changes most. Change: mean from onset to {number(REACH_MS)} ms after the end, minus the mean "
            f"over the {number(BEFORE_MS)} ms before (dashed). Every row has its own scale. With noise, among {len(regions.labels)} "
            "regions some change by chance.")


def named(regions: Regions) -> Sequence[tuple[int, str, str]]:
    """Return number, name and role of every region, for a table."""
    return [(i, label, regions.role(i)) for i, label in enumerate(regions.labels)]
