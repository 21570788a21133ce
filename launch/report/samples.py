"""Draw every other recorded sampled port as a small trace."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from cosim.launch.report.drawing import CATEGORIES, MUTED, PLUM, Picture, new_figure, number, picture, shade, short, thin
from cosim.launch.report.recorded import Sampled
from cosim.launch.report.regions import intervals
from cosim.launch.report.run import Run

MOST_PORTS = 24
CURVES = (*CATEGORIES, PLUM)
MOST_CURVES = len(CURVES)


def draw_samples(run: Run, ports: Sequence[Sampled]) -> Picture | None:
    """Draw ports, two a row; None where no port holds a sample."""
    filled = [p for p in ports if p.values.size]
    shown = filled[:MOST_PORTS]
    if not shown:
        return None
    columns = min(2, len(shown))
    rows = -(-len(shown) // columns)
    height = 1.72 * rows + 0.5
    figure = new_figure(height)
    grid = figure.subplots(rows, columns, squeeze=False)
    figure.subplots_adjust(left=0.062, right=0.985, top=1 - 0.42 / height, bottom=0.46 / height, hspace=0.72, wspace=0.16)
    places = list(grid.flat)
    for axes, port in zip(places, shown, strict=False):
        shade(axes, intervals(run.stimuli))
        _draw_port(axes, port)
        _name(axes, port)
    for axes in places[len(shown):]:
        axes.remove()
    for axes in places[max(0, len(shown) - 2):len(shown)]:
        axes.set_xlabel("time (ms)")
    wide = any(p.values.shape[1] > MOST_CURVES for p in shown)
    caption = ("Other recorded ports over time, each with its unit."
               + (f" Ports with more than {MOST_CURVES} channels: a row each, the first at the top, from dark (low) to bright (high)."
                  if wide else "")
               + (" Shaded: the stimulus." if run.stimuli else "")
               + (f" {len(filled) - len(shown)} more ports are not shown." if len(filled) > len(shown) else ""))
    return picture(figure, f"Traces of {len(shown)} other recorded ports", caption)


def _draw_port(axes: Axes, port: Sampled) -> None:
    size = port.values.shape[1]
    if size > MOST_CURVES:
        every = max(1, len(port.times_ms) // 800)
        low, high = _colours(port)
        ends = float(port.times_ms[0]), max(float(port.times_ms[-1]), float(port.times_ms[0]) + 1e-9)
        axes.imshow(port.values[::every].T, aspect="auto", interpolation="nearest", cmap="viridis", vmin=low, vmax=high,
                    extent=(*ends, size - 0.5, -0.5))
    else:
        for channel in range(size):
            axes.plot(*thin(port.times_ms, port.values[:, channel], 1000), color=CURVES[channel], linewidth=0.8)
    axes.set_xlim(min(0.0, float(port.times_ms[0])), max(float(port.times_ms[-1]), 1e-9))
    axes.yaxis.set_major_locator(MaxNLocator(3))
    axes.xaxis.set_major_locator(MaxNLocator(6))


def _colours(port: Sampled) -> tuple[float, float]:
    """Return from what to what the colours of a port with many channels go: all but the outermost values."""
    known = port.values[np.isfinite(port.values)]
    low, high = np.percentile(known, (0.5, 99.5)) if known.size else (0.0, 0.0)
    return float(low), float(high)


def _name(axes: Axes, port: Sampled) -> None:
    size = port.values.shape[1]
    named = 1 < size <= MOST_CURVES and len(port.names) == size
    axes.set_title(short(f"{port.group} · {port.port}", 36), pad=17 if named else 5)
    said = port.unit if port.unit not in {"", "1"} else "no unit"
    if size > MOST_CURVES:
        low, high = _colours(port)
        said = f"{size} channels, {number(low)} to {number(high)}" + (f" {said}" if said != "no unit" else "")
    axes.text(1, 1.035, said, transform=axes.transAxes, ha="right", color=MUTED, fontsize=8.5)
    at = 0.0
    for name, colour in zip(port.names if named else (), CURVES, strict=False):
        axes.text(at, 1.035, short(name, 10), transform=axes.transAxes, color=colour, fontsize=8, fontweight="bold")
        at += 0.018 * len(short(name, 10)) + 0.03
