"""Draw features: matrices with the names of channels, distributions, spectra."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, StrMethodFormatter
from numpy.typing import NDArray

from cosim.launch.features.found import Found
from cosim.launch.features.structure import RULE
from cosim.launch.report.drawing import BLUE, FAINT, GREY, INK, MUTED, VERMILION, Picture, new_figure, number, picture, short
from cosim.models.observe.features.connectivity import above_diagonal

_COLOURS = (BLUE, VERMILION)
_MOST_NAMES = 90
_MOST_LINES = 120
_SMALL = 40
_Named = Sequence[tuple[str, NDArray[np.float64]]]


def draw_connectivity(found: Sequence[Found]) -> Picture:
    """Draw the correlation of every two channels of each run, and how the values are distributed."""
    matrices = [(f.name, f.fc) for f in found if f.fc is not None]
    figure = _matrices(matrices, found[0].signals.names, "r", -1.0, 1.0, "RdBu_r", "correlation r")
    return picture(figure, f"Functional connectivity of {found[0].signals.size} channels as a matrix of correlations",
                   "Functional connectivity: Pearson's correlation of every two channels over the whole record; right, of all pairs.")


def draw_structure(found: Sequence[Found]) -> Picture:
    """Draw the correlation of every two channels over the weight of their link, a panel a run."""
    each = [(f, f.fc, f.structure) for f in found if f.fc is not None and f.structure is not None]
    figure = new_figure(4.2)
    places = figure.subplots(1, len(each), squeeze=False, sharex=True, sharey=True)[0]
    for place, (f, fc, structure), colour in zip(places, each, _COLOURS, strict=False):
        place.plot(above_diagonal(structure.weights), above_diagonal(fc), ".", color=colour, markersize=5, alpha=0.4, markeredgewidth=0,
                   rasterized=True)
        agreed = "unknown" if structure.agreement is None else number(structure.agreement)
        place.set_title(f"{short(f.name, 40)}: agreement {agreed}")
        place.set_xlabel("weight of the link")
    places[0].set_ylabel("correlation r")
    figure.tight_layout()
    return picture(figure, "Functional connectivity of every two channels over the weight of the link between them",
                   "Each pair of channels: its correlation over the weight of its link in the connectome of the run; at 0 pairs without "
                   f"one. Agreement: {RULE}.")


def draw_coherence(found: Sequence[Found]) -> Picture:
    """Draw the mean coherence of every two channels, and the mean of all pairs along frequency."""
    each = [(f, f.coherence) for f in found if f.coherence is not None]
    figure, axes = _with_matrices([(f.name, c.values.mean(axis=0)) for f, c in each], found[0].signals.names, "C", 0.0, 1.0, "viridis")
    for (f, c), colour in zip(each, _COLOURS, strict=False):
        pairs = c.values[:, *np.triu_indices(f.signals.size, 1)]
        axes.fill_between(c.frequencies_hz, *np.percentile(pairs, (5, 95), axis=1), color=colour, alpha=0.15, linewidth=0)
        axes.plot(c.frequencies_hz, pairs.mean(axis=1), color=colour, label=f.name)
        axes.axhline(c.by_chance, color=MUTED, linewidth=0.8, linestyle=":")
    axes.set_ylim(0, 1)
    axes.set_xlim(each[0][1].frequencies_hz[0], each[0][1].frequencies_hz[-1])
    axes.set_xlabel("frequency (Hz)")
    axes.set_title("mean of pairs, 90 % of pairs", fontweight="normal")
    _legend(axes, len(each))
    c = each[0][1]
    return picture(figure, "Coherence of every two channels as a matrix, and along frequency",
                   f"Magnitude-squared coherence, {c.segments} segments half over each other; matrix: mean from "
                   f"{number(float(c.frequencies_hz[0]))} to {number(float(c.frequencies_hz[-1]))} Hz. Dotted: what independent signals "
                   f"have, {number(c.by_chance, 2)}.")


def draw_locking(found: Sequence[Found]) -> Picture:
    """Draw the phase-locking of every two channels in a band."""
    each = [(f.name, f.plv.values) for f in found if f.plv is not None]
    figure = _matrices(each, found[0].signals.names, "PLV", 0.0, 1.0, "viridis", "phase-locking value")
    chance = next(f.plv.by_chance for f in found if f.plv is not None)
    return picture(figure, "Phase-locking of every two channels as a matrix",
                   "Length of the mean of exp(i difference of phases) in the band asked for; "
                   f"independent signals have about {number(chance, 2)}.")


def draw_dynamics(found: Sequence[Found]) -> Picture:
    """Draw the correlation of connectivity between every two windows, and how the values are distributed."""
    each = [(f, f.fcd) for f in found if f.fcd is not None]
    low = max(-1.0, min(np.floor(10 * float(d.matrix.min())) / 10 for _, d in each))
    figure, axes = _with_matrices([(f.name, d.matrix) for f, d in each], None, "r", low, 1.0, "viridis",
                                  [(float(d.centres_ms[0]) / 1000, float(d.centres_ms[-1]) / 1000) for _, d in each])
    for (f, d), colour in zip(each, _COLOURS, strict=False):
        _histogram(axes, d.distribution, colour, f.name, low)
        if len(d.apart):
            _histogram(axes, d.apart, colour, "", low, dashed=True)
    axes.set_xlabel("correlation of patterns, of pairs of windows")
    _legend(axes, len(each))
    f, d = each[0]
    step = float(f.signals.step_ms) / 1000
    return picture(figure, f"Functional connectivity dynamics of {len(d.matrix)} windows as a matrix",
                   "Functional connectivity dynamics: correlation of the pattern of connectivity in one window of "
                   f"{number(d.window * step)} s with that in another, a window every {number(d.every * step)} s, placed by its middle. "
                   "Windows near the diagonal share samples, and are alike for that alone; dashed: pairs of windows that share none.")


def draw_spectra(found: Sequence[Found]) -> Picture:
    """Draw the spectrum of every channel, and their mean with its peak, on logarithmic axes."""
    each = [(f, f.psd, f.peak) for f in found if f.psd is not None and f.peak is not None]
    figure = new_figure(4.2)
    places = figure.subplots(1, len(each), squeeze=False, sharex=True, sharey=True)[0]
    unit = each[0][0].signals.unit
    for place, (f, psd, top), colour in zip(places, each, _COLOURS, strict=False):
        shown = psd.frequencies_hz > 0
        stride = -(-f.signals.size // _MOST_LINES)
        place.plot(psd.frequencies_hz[shown], psd.density[shown][:, ::stride], color=GREY, linewidth=0.5, alpha=0.35, rasterized=True)
        mean = psd.density[shown].mean(axis=1)
        place.plot(psd.frequencies_hz[shown], mean, color=colour, linewidth=1.7)
        for name, low, high, _ in f.bands:
            if name != "asked for":
                place.axvline(low, color=FAINT, linewidth=0.8, zorder=0)
                place.text(np.sqrt(low * high), 1.0, name, transform=place.get_xaxis_transform(), color=MUTED, fontsize=8, ha="center",
                           va="bottom")
        if top.inside:
            place.plot(top.frequency_hz, top.density, "o", color=INK, markersize=4.5)
            place.annotate(f"{number(top.frequency_hz)} Hz", (top.frequency_hz, top.density), (6, 6), textcoords="offset points", color=INK)
        place.set_xscale("log")
        place.set_yscale("log")
        place.set_xlim(psd.spacing_hz, psd.nyquist_hz)
        place.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        place.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        place.set_xlabel("frequency (Hz)")
        place.set_title(short(f.name, 40), pad=16.0)
    positive = [p.density[p.density > 0] for _, p, _ in each]
    places[0].set_ylim(min(float(np.percentile(d, 0.5)) for d in positive) / 2, max(float(d.max()) for d in positive) * 2)
    places[0].set_ylabel("density (1/Hz)" if unit == "1" else f"density ({unit}²/Hz)")
    figure.tight_layout()
    psd = each[0][1]
    return picture(figure, "Power spectral densities of all channels, and their mean",
                   f"Power spectral density of each channel (grey) and their mean (coloured): {psd.segments} segments, worth "
                   f"{number(psd.independent)} independent ones, so that one channel's line has a relative standard error of "
                   f"{100 / np.sqrt(psd.independent):.0f} %.")


def _matrices(each: _Named, names: Sequence[str], title: str, low: float, high: float, colours: str, label: str) -> Figure:
    figure, axes = _with_matrices(each, names, title, low, high, colours)
    for (name, matrix), colour in zip(each, _COLOURS, strict=False):
        _histogram(axes, above_diagonal(matrix), colour, name, low)
    axes.set_xlabel(f"{label}, of pairs")
    _legend(axes, len(each))
    return figure


def _with_matrices(each: _Named, names: Sequence[str] | None, title: str, low: float, high: float, colours: str,
                   spans: Sequence[tuple[float, float]] = ()) -> tuple[Figure, Axes]:
    """Return a figure with a matrix a run, one scale of colour, and room beside or below for something else."""
    two = len(each) > 1
    large = names is not None and len(names) > _SMALL
    figure = new_figure(7.8 if two else 7.0 if large else 4.8)
    grid: dict[str, Any] = {"width_ratios": (1, 1, 0.03)} if two else {"width_ratios": (1.9 if large else 1.15, 0.03, 1)}
    if two:
        places = figure.add_gridspec(2, 3, height_ratios=(1, 0.42), **grid)
        frames = [figure.add_subplot(places[0, i]) for i in range(2)]
        bar, rest = figure.add_subplot(places[0, 2]), figure.add_subplot(places[1, :])
    else:
        places = figure.add_gridspec(1, 3, **grid)
        frames, bar, rest = [figure.add_subplot(places[0, 0])], figure.add_subplot(places[0, 1]), figure.add_subplot(places[0, 2])
    for i, (frame, (name, matrix)) in enumerate(zip(frames, each, strict=True)):
        shown: dict[str, Any] = {}
        if spans:
            half = (spans[i][1] - spans[i][0]) / (2 * max(len(matrix) - 1, 1))
            ends = (spans[i][0] - half, spans[i][1] + half)
            shown = {"extent": (*ends, *ends[::-1])}
            frame.set_xlabel("middle of the window (s)")
            frame.set_ylabel("middle of the window (s)")
        image = frame.imshow(matrix, interpolation="nearest", cmap=colours, vmin=low, vmax=high, **shown)
        frame.set_title(short(name, 36))
        if names is not None:
            _names(frame, names, 300 if two else 380, first=i == 0)
    figure.colorbar(image, cax=bar).outline.set_visible(False)
    bar.set_title(title, fontsize=8.5, fontweight="normal", loc="center")
    figure.set_layout_engine("constrained", wspace=0.05)
    return figure, rest


def _names(frame: Axes, names: Sequence[str], room: float, *, first: bool) -> None:
    every = -(-len(names) // _MOST_NAMES)
    at, size = range(0, len(names), every), max(3.4, min(8.0, room / len(names)))
    said = [short(n, 14) for n in names[::every]]
    frame.set_xticks(at, said, rotation=90, fontsize=size)
    frame.set_yticks(at, said if first else [], fontsize=size)
    frame.tick_params(length=1.5, pad=1.5)


def _histogram(axes: Axes, values: NDArray[np.float64], colour: str, name: str, low: float, *, dashed: bool = False) -> None:
    axes.hist(values, bins=np.linspace(low, 1, 61).tolist(), density=True, histtype="step", color=colour, label=short(name, 30) or None,
              linestyle=(0, (3, 2)) if dashed else "-", linewidth=1.3)
    axes.set_ylabel("density")
    axes.xaxis.set_major_locator(MaxNLocator(5))


def _legend(axes: Axes, runs: int) -> None:
    if runs > 1:
        axes.legend(loc="upper left")
