"""Draw docs/images/column_in_brain.svg from a run of launch/experiments/column_in_brain.yaml.

Usage: ``python docs/images/column_in_brain.py RUN_FOLDER [SVG]``, needs nothing but what cosim needs.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from cosim.record.reading import RecordedPort, Results, read_results

STIMULATED, REPLACED = "rTCS", "rV1"
STIMULUS_MS = (1000.0, 1200.0)
SHOWN_MS = (700.0, 1700.0)
BEFORE_MS = (200.0, 1000.0)
BIN_MS = 10.0
EXCITATORY, INHIBITORY, OTHER, SHADE = "#0072b2", "#d55e00", "#333333", "#e69f00"


def column_rates(spikes: RecordedPort) -> dict[str, tuple[NDArray[np.float64], float, float]]:
    """Return, by population, the rate in bins of `BIN_MS` and its means before and during the stimulus, Hz."""
    times, ids = spikes.times(), spikes.ids()
    firsts = [first for _, first in spikes.populations] + [spikes.size]
    edges = np.arange(SHOWN_MS[0], SHOWN_MS[1] + BIN_MS, BIN_MS)
    found = {}
    for (name, first), stop in zip(spikes.populations, firsts[1:], strict=True):
        mine = times[(ids >= first) & (ids < stop)]
        # A spike counts in the bin that ends with it.
        counts = np.diff(np.searchsorted(mine, edges, side="right"))
        before, pulse = (np.count_nonzero((mine > a) & (mine <= b)) / (stop - first) / (b - a) * 1e3 for a, b in (BEFORE_MS, STIMULUS_MS))
        found[name] = counts / (stop - first) / BIN_MS * 1e3, before, pulse
    return found


def stand_in_rate(spikes: RecordedPort, width_ms: float = 20.0) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return times and the rate of all excitatory neurons in a boxcar, once a ms: what stands for rV1 in the brain, ms and Hz."""
    times, ids = spikes.times(), spikes.ids()
    firsts = [first for _, first in spikes.populations] + [spikes.size]
    chosen, neurons = np.zeros(spikes.size, bool), 0
    for (name, first), stop in zip(spikes.populations, firsts[1:], strict=True):
        if name.endswith("E"):
            chosen[first:stop] = True
            neurons += stop - first
    mine, at = times[chosen[ids]], np.arange(SHOWN_MS[0], SHOWN_MS[1] + 1.0)
    counts = np.searchsorted(mine, at, side="right") - np.searchsorted(mine, at - width_ms, side="right")
    return at, counts / neurons / width_ms * 1e3


def draw_column(axes: list[Axes], rates: dict[str, tuple[NDArray[np.float64], float, float]]) -> None:
    """Draw one row a population: its rate, its name, its means."""
    middles = np.arange(SHOWN_MS[0], SHOWN_MS[1], BIN_MS) + BIN_MS / 2
    for each, (name, (rate, before, pulse)) in zip(axes, rates.items(), strict=True):
        colour = EXCITATORY if name.endswith("E") else INHIBITORY
        each.fill_between(middles, rate, step="mid", color=colour, linewidth=0)
        each.set_ylim(0, 1.05 * rate.max())
        each.set_yticks([])
        each.set_ylabel(name.replace("L23", "L2/3"), rotation=0, ha="right", va="center", color=colour)
        each.text(1.01, 0.5, f"{before:.1f} → {pulse:.1f} Hz", transform=each.transAxes, va="center", fontsize=8, color=colour)


def draw_brain(axes: list[Axes], results: Results) -> None:
    """Draw the stimulated region, what arrives at the replaced one, and what it gives back."""
    brain, afferent = results.port("brain.rate"), results.port(f"brain.{REPLACED}.afferent_rate")
    at, stand_in = stand_in_rate(results.port("column.spikes"))
    rows = (
        (brain.times(), brain.values()[:, brain.names.index(STIMULATED)], f"{STIMULATED}\nstimulated"),
        (afferent.times(), afferent.values()[:, 0], f"to {REPLACED}\nafferent"),
        (at, stand_in, f"from {REPLACED}\nthe column"),
    )
    for each, (times, values, name) in zip(axes, rows, strict=True):
        shown = (times >= SHOWN_MS[0]) & (times <= SHOWN_MS[1])
        each.plot(times[shown], values[shown], color=OTHER, linewidth=1)
        top = float(values[shown].max())
        each.set_ylim(0, 1.1 * top)
        each.set_yticks([0, round(top)])
        each.set_ylabel(name, rotation=0, ha="right", va="center")
        each.text(1.01, 0.5, "rate, Hz", transform=each.transAxes, va="center", fontsize=8)


def draw(results: Results, path: Path) -> None:
    """Write the picture."""
    plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "cosim", "font.family": "sans-serif", "font.size": 9,
                         "axes.spines.top": False, "axes.spines.right": False})
    rates = column_rates(results.port("column.spikes"))
    figure = plt.figure(figsize=(8, 6.8))
    above, below = figure.add_gridspec(2, 1, left=0.13, right=0.86, top=0.95, bottom=0.08, height_ratios=[3, 4], hspace=0.14)
    brain = [figure.add_subplot(place) for place in above.subgridspec(3, 1, hspace=0.25)]
    column = [figure.add_subplot(place) for place in below.subgridspec(len(rates), 1, hspace=0.25)]
    axes = [*brain, *column]
    for each in axes:
        each.axvspan(*STIMULUS_MS, color=SHADE, alpha=0.25, linewidth=0)
        each.set_xlim(*SHOWN_MS)
        each.tick_params(labelsize=8)
    draw_brain(brain, results)
    draw_column(column, rates)
    for each in axes[:-1]:
        each.tick_params(bottom=False, labelbottom=False)
    brain[0].set_title(f"Brain: 75 mean-field regions, a pulse in {STIMULATED} (shaded)", loc="left", fontsize=9, fontweight="bold")
    column[0].set_title(f"Column in the place of {REPLACED}: {results.port('column.spikes').size:,} spiking neurons; "
                        "mean rates before → during the pulse", loc="left", fontsize=9, fontweight="bold")
    axes[-1].set_xlabel("time, ms")
    figure.savefig(path, format="svg", facecolor="white", metadata={"Date": None, "Creator": None})
    short = re.sub(r"(?<=[ML ])-?\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}", path.read_text())
    path.write_text("\n".join(line.rstrip() for line in short.splitlines()) + "\n")


if __name__ == "__main__":
    draw(read_results(Path(sys.argv[1])), Path(sys.argv[2]) if len(sys.argv) > 2 else Path(__file__).with_suffix(".svg"))
