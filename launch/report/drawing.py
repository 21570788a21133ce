"""Make figures without global state, and write them as inline SVG that follows the page's light or dark colours."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from hashlib import sha256
from io import StringIO
from typing import Any

import numpy as np
from markupsafe import Markup, escape
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

WIDTH = 11.0  # inches; 792 SVG units, shown about a third larger on a wide screen

# Stand-ins that the page's style sheet turns into its own colours.
INK, MUTED, FAINT, PAPER = "#1c2734", "#5c6a79", "#d5dbe2", "#fefefd"
# Okabe and Ito 2008, "Color universal design"; the yellow is left out, it cannot be seen on white.
BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY = "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"
GREY, PLUM = "#8a94a0", "#8a3d74"
CATEGORIES = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, GREY)
# Dark and light of four hues, for layers of excitatory and inhibitory neurons.
PAIRS = ((BLUE, SKY), (GREEN, "#6cc9a8"), (VERMILION, ORANGE), (PLUM, PURPLE), ("#5c6a79", "#a9b2bc"))

_VARIABLES = {INK: "var(--ink)", MUTED: "var(--muted)", FAINT: "var(--faint)", PAPER: "var(--paper)", BLUE: "var(--blue)",
              PLUM: "var(--plum)"}

STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans", "font.size": 9.0, "text.color": INK, "text.parse_math": False,
    "axes.edgecolor": MUTED, "axes.labelcolor": INK, "axes.titlesize": 9.5, "axes.titleweight": "bold", "axes.titlelocation": "left",
    "axes.titlepad": 7.0, "axes.linewidth": 0.7, "axes.spines.top": False, "axes.spines.right": False, "axes.facecolor": "none",
    "axes.unicode_minus": True, "xtick.color": MUTED, "ytick.color": MUTED, "xtick.labelcolor": INK, "ytick.labelcolor": INK,
    "xtick.labelsize": 8.5, "ytick.labelsize": 8.5, "xtick.major.width": 0.7, "ytick.major.width": 0.7, "xtick.major.size": 3.0,
    "ytick.major.size": 3.0, "figure.facecolor": "none", "savefig.facecolor": "none", "legend.frameon": False, "legend.fontsize": 8.5,
    "lines.solid_capstyle": "round", "lines.linewidth": 1.1, "svg.fonttype": "none", "svg.hashsalt": "cosim", "path.simplify": True,
    "path.simplify_threshold": 0.2,
}


@dataclass(frozen=True, slots=True)
class Picture:
    """Hold one drawn figure and the sentence under it."""

    svg: Markup
    caption: str


def style() -> AbstractContextManager[None]:
    """Return the context in which all figures of a report are made and written."""
    return rc_context(STYLE)


def new_figure(height: float) -> Figure:
    """Return an empty figure as wide as the page and so many inches high."""
    return Figure(figsize=(WIDTH, height), dpi=100)


def picture(figure: Figure, alt: str, caption: str) -> Picture:
    """Write a figure as inline SVG.

    Parameters
    ----------
    figure : Figure
        What was drawn; artists marked as rasterized become a PNG within the SVG.
    alt : str
        What a reader who cannot see it should be told.
    caption : str
        What is seen, with units.
    """
    buffer = StringIO()
    salt = sha256(f"{alt}{caption}".encode()).hexdigest()[:8]
    with rc_context({"svg.hashsalt": salt}):
        figure.savefig(buffer, format="svg", dpi=190, metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg"):]
    svg = re.sub(r"<!--.*?-->\s*|<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)
    svg = re.sub(r' xmlns(:xlink)?="[^"]*"', "", svg).replace("xlink:href", "href")
    # Coordinates need no more than two decimals; what stands between the tags is text to be read, and stays as it is.
    svg = re.sub(r"<[^>]+>", lambda tag: re.sub(r"\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}", tag[0]), svg)
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1)
    for stand_in, variable in _VARIABLES.items():
        svg = svg.replace(stand_in, variable)
    # The writer above escapes every text it was given; only our own attributes are added here.
    return Picture(Markup(svg.replace("<svg", f'<svg role="img" aria-label="{escape(alt)}"', 1)), caption)


def population_colours(names: Sequence[str]) -> list[str]:
    """Return a colour for each population: layers of E and I share a hue, anything else takes turns."""
    stems = list(dict.fromkeys(name[:-1] for name in names))
    if len(names) > 2 and all(len(name) > 1 and name[-1] in "EI" for name in names):
        return [PAIRS[stems.index(name[:-1]) % len(PAIRS)][name[-1] == "I"] for name in names]
    return [CATEGORIES[i % len(CATEGORIES)] for i in range(len(names))]


def spread(positions: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Return label positions at least `gap` apart between `low` and `high`, in the same order and as near as they can be.

    Parameters
    ----------
    positions : sequence of float
        Where the labels would like to be, in any order.
    gap, low, high : float
        Smallest distance and the range; where the labels do not fit they are spaced evenly.
    """
    n = len(positions)
    if n > 1 and gap * (n - 1) > high - low:
        gap = (high - low) / (n - 1)
    order = sorted(range(n), key=lambda i: positions[i])
    placed = [0.0] * n
    least = low
    for i in order:
        placed[i] = max(positions[i], least)
        least = placed[i] + gap
    most = high
    for i in reversed(order):
        placed[i] = min(placed[i], most)
        most = placed[i] - gap
    return placed


def thin(times: NDArray[np.float64], values: NDArray[np.float64], most: int = 1600) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a curve with at most about `most` points that looks the same: lowest and highest value of each stretch, in turn."""
    n = len(times)
    if n <= most:
        return times, values
    every = -(-2 * n // most)
    whole = n // every * every
    block = values[:whole].reshape(-1, every)
    first, last = np.sort(np.stack((block.argmin(axis=1), block.argmax(axis=1))), axis=0)
    keep = np.unique(np.concatenate(((np.arange(len(block)) * every + first), (np.arange(len(block)) * every + last), [n - 1])))
    return times[keep], values[keep]


def shade(axes: Axes, intervals_ms: Sequence[tuple[float, float]]) -> None:
    """Shade stretches of time, such as stimuli."""
    for start, stop in intervals_ms:
        axes.axvspan(start, stop, color=ORANGE, alpha=0.22, linewidth=0, zorder=0)


def short(name: str, most: int = 20) -> str:
    """Return a name cut to so many letters, so that it fits its place in a figure."""
    return name if len(name) <= most else name[:most - 1].rstrip() + "…"


def number(value: float, digits: int = 3) -> str:
    """Write a number for reading: so many significant digits, thousands apart."""
    if not np.isfinite(value):
        return str(value)
    if value == 0 or (float(value).is_integer() and abs(value) < 1e15):
        return f"{value:,.0f}"
    if abs(value) >= 10**digits:
        return f"{value:,.0f}"
    return f"{value:.{digits}g}"
