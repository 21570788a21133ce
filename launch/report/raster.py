"""Draw spikes: a raster by population, rates over time, and mean rates."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, StrMethodFormatter
from numpy.typing import NDArray

from cosim.launch.report.drawing import FAINT, INK, MUTED, Picture, new_figure, number, picture, population_colours, shade, short, spread
from cosim.launch.report.recorded import Population, Spiking
from cosim.launch.report.regions import intervals
from cosim.launch.report.run import Run

MOST_SPIKES = 20_000
MOST_POPULATIONS = 24
LONGEST_NAME = 12
_BINS_MS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)


def draw_spikes(run: Run, spiking: Spiking, until_ms: float) -> Picture:
    """Draw the spikes of one port up to a time.

    Parameters
    ----------
    run : Run
        For the stimuli.
    spiking : Spiking
        With at least one population.
    until_ms : float
        How far the results reach, ms.
    """
    shown = spiking.populations
    if len(shown) > MOST_POPULATIONS:
        shown = tuple(sorted(sorted(shown, key=lambda p: -p.size)[:MOST_POPULATIONS], key=lambda p: p.first))
    colours = population_colours([p.name for p in shown])
    ridges = max(0.9, 0.34 * len(shown))
    figure = new_figure(4.6 + ridges + 0.75)
    left = 0.036 + 0.009 * max(4, *(len(short(p.name, LONGEST_NAME)) for p in shown))
    grid = figure.add_gridspec(2, 2, width_ratios=(5.2, 1), height_ratios=(4.6, ridges), left=left, right=0.985, wspace=0.2, hspace=0.12,
                               top=1 - 0.3 / figure.get_figheight(), bottom=0.48 / figure.get_figheight())
    dots, rates, bars = (figure.add_subplot(grid[place]) for place in ((0, 0), (1, 0), (1, 1)))
    stimuli = intervals(run.stimuli)
    stride = _draw_dots(dots, spiking, shown, colours)
    bin_ms = _bin(until_ms)
    peak = _draw_rates(rates, spiking, shown, colours, (until_ms, bin_ms))
    _draw_means(bars, spiking, shown, colours, until_ms)
    for axes in (dots, rates):
        shade(axes, stimuli)
        axes.set_xlim(0, until_ms)
    if stimuli:
        dots.text(stimuli[0][0], 1.01, "stimulus in the brain", transform=dots.get_xaxis_transform(), fontsize=8, color=MUTED, va="bottom")
    dots.tick_params(labelbottom=False)
    rates.set_xlabel("time (ms)")
    n_spikes, n_neurons = len(spiking.ids), sum(p.size for p in shown)
    density = ("every spike is a dot" if stride == 1 else
               f"too many to draw: one neuron in {stride:.3g} is shown, the same share of every population, so that densities compare")
    n_all = len(spiking.populations)
    left_out = f" Only the {len(shown)} largest of {n_all} populations are shown." if len(shown) < n_all else ""
    caption = (f"Top: {number(n_spikes)} spikes of {number(n_neurons)} neurons ({density}). Below: rate of each population in bins of "
               f"{number(bin_ms)} ms, each row on its own scale with its peak at the right; bars are mean rates per neuron over "
               f"0–{number(until_ms)} ms, the start included.{_shading(stimuli)}{left_out}")
    alt = (f"Spike raster of {n_neurons} neurons in {len(shown)} populations over {until_ms:g} ms, with population rates; "
           f"highest peak {peak:.3g} Hz")
    return picture(figure, alt, caption)


def _shading(stimuli: list[tuple[float, float]]) -> str:
    return " Shaded: the stimulus, which reaches these neurons only after the conduction delay." if stimuli else ""


def _draw_dots(axes: Axes, spiking: Spiking, shown: tuple[Population, ...], colours: list[str]) -> float:
    stride = max(1.0, len(spiking.ids) / MOST_SPIKES)
    low, high = shown[0].first, shown[-1].stop
    per_neuron_points = 4.6 * 72 / max(high - low, 1)
    size = float(np.clip(per_neuron_points * stride, 2.0, 3.4))
    for population, colour in zip(shown, colours, strict=True):
        mine = (spiking.ids >= population.first) & (spiking.ids < population.stop)
        local = spiking.ids[mine] - population.first
        # Evenly spread over the ids, so a group of neurons that differs from its neighbours is neither lost nor favoured.
        kept = np.floor((local + 1) / stride) > np.floor(local / stride)
        axes.plot(spiking.times_ms[mine][kept], local[kept] + population.first, linestyle="none", marker=".", markersize=size,
                  markeredgewidth=0, color=colour, rasterized=True)
        axes.axhline(population.first, color=FAINT, linewidth=0.6, zorder=0)
    axes.set_ylim(high, low)
    axes.set_ylabel("neuron")
    axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    counts = 1.1 + 0.014 * max(4, *(len(short(p.name, LONGEST_NAME)) for p in shown))
    middles = [1 - ((p.first + p.stop) / 2 - low) / (high - low) for p in shown]
    for population, colour, middle, label in zip(shown, colours, middles, spread(middles, 0.041, 0.015, 0.985), strict=True):
        axes.annotate("", (1.006, middle), (1.03, label), xycoords="axes fraction", annotation_clip=False,
                      arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 2.6, "shrinkA": 0, "shrinkB": 0})
        axes.text(1.036, label, short(population.name, LONGEST_NAME), transform=axes.transAxes, fontweight="bold", va="center")
        axes.text(counts, label, number(population.size), transform=axes.transAxes, color=MUTED, fontsize=8.5, va="center", ha="right")
    axes.text(counts, 1.01, "neurons", transform=axes.transAxes, color=MUTED, fontsize=8, va="bottom", ha="right")
    return stride


def _bin(until_ms: float) -> float:
    return next((float(b) for b in _BINS_MS if b >= until_ms / 200), _BINS_MS[-1])


def population_rate(spiking: Spiking, population: Population, edges_ms: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean rate of a population's neurons in each bin ``(start, stop]``.

    Parameters
    ----------
    spiking : Spiking
        The spikes.
    population : Population
        Whose spikes count.
    edges_ms : (n_bins + 1,) float64
        Ends of the bins, ms.

    Returns
    -------
    (n_bins,) float64
        Spikes per neuron and second, Hz.
    """
    mine = (spiking.ids >= population.first) & (spiking.ids < population.stop)
    # A spike is stamped with the instant its step reached, so it belongs to the bin that ends there. Half a nanosecond keeps
    # decimal times that binary numbers cannot hold on their side of the edge.
    place = np.searchsorted(edges_ms + 5e-7, spiking.times_ms[mine], side="left") - 1
    inside = place[(place >= 0) & (place < len(edges_ms) - 1)]
    counts = np.bincount(inside, minlength=len(edges_ms) - 1)
    return np.asarray(counts / (population.size * np.diff(edges_ms) / 1000.0))


def _draw_rates(axes: Axes, spiking: Spiking, shown: tuple[Population, ...], colours: list[str], grid: tuple[float, float]) -> float:
    until_ms, bin_ms = grid
    edges = np.arange(0.0, until_ms + 1e-9, bin_ms)
    if until_ms - edges[-1] > bin_ms / 2:
        edges = np.append(edges, until_ms)
    if len(edges) < 2:
        edges = np.array((0.0, max(until_ms, bin_ms)))
    highest = 0.0
    for row, (population, colour) in enumerate(zip(shown, colours, strict=True)):
        rate = population_rate(spiking, population, edges)
        peak = float(rate.max(initial=0.0))
        base = len(shown) - 1.0 - row
        axes.axhline(base, color=FAINT, linewidth=0.6)
        axes.stairs(base + 0.86 * rate / (peak or 1.0), edges, baseline=base, fill=True, color=colour, linewidth=0, alpha=0.9)
        axes.text(1.01, base + 0.3, f"{number(peak)} Hz", transform=axes.get_yaxis_transform(), color=MUTED, fontsize=8, va="center")
        highest = max(highest, peak)
    axes.text(1.01, 1.0, "peak", transform=axes.transAxes, color=MUTED, fontsize=8, va="bottom")
    axes.set_ylim(-0.06, len(shown))
    axes.set_yticks([len(shown) - 1 - row + 0.3 for row in range(len(shown))], [short(p.name, LONGEST_NAME) for p in shown])
    axes.tick_params(axis="y", length=0)
    for label in axes.get_yticklabels():
        label.set_fontweight("bold")
    axes.spines["left"].set_visible(False)
    return highest


def _draw_means(axes: Axes, spiking: Spiking, shown: tuple[Population, ...], colours: list[str], until_ms: float) -> None:
    seconds = max(until_ms, 1e-9) / 1000.0
    means = [np.count_nonzero((spiking.ids >= p.first) & (spiking.ids < p.stop)) / p.size / seconds for p in shown]
    places = [len(shown) - 1 - row + 0.4 for row in range(len(shown))]
    axes.barh(places, means, height=0.62, color=colours)
    widest = max(means) or 1.0
    for place, mean in zip(places, means, strict=True):
        axes.text(mean + 0.03 * widest, place, f"{mean:.2f}", va="center", fontsize=8.5, color=INK)
    axes.set_xlim(0, widest * 1.28)
    axes.set_ylim(-0.06, len(shown))
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(3))
    axes.set_xlabel("mean rate (Hz)")
