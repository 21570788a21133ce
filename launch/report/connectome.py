"""Draw a connectome: its matrix, and where its regions lie."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from cosim.launch.report.drawing import FAINT, GREY, MUTED, PAPER, VERMILION, Picture, new_figure, number, picture, short
from cosim.launch.report.recorded import Connectome
from cosim.launch.report.regions import Regions

MOST_LINKS = 250
MOST_OWN_LINKS = 20
_DIVISORS = {"max": "the largest of them", "max_row_sum": "the largest sum that reaches a region"}
_MAPS = 0.425  # part of the page's width that both maps share


def draw_connectome(connectome: Connectome, regions: Regions, normalised: str = "") -> Picture | None:
    """Draw the weights as a matrix and the strongest links between the centres; None where neither is known.

    `normalised` says by what the weights were divided: ``max``, ``max_row_sum``, or nothing.
    """
    weights, centres = connectome.weights, connectome.centres_mm
    size = len(regions.labels)
    if centres is not None and (len(centres) != size or not np.isfinite(centres).all()):
        centres = None
    if weights is None:
        return None
    figure = new_figure(4.5 if centres is not None else 4.9)
    said = _draw_matrix(figure, weights, regions, normalised, centred=centres is None)
    if centres is not None:
        said += " " + _draw_centres(figure, weights, centres, regions)
    alt = f"Connectome of {size} regions: weight matrix" + (" and two projections of its centres" if centres is not None else "")
    return picture(figure, alt, said + regions.marks())


def _draw_matrix(figure: Figure, weights: NDArray[np.float64], regions: Regions, normalised: str, *, centred: bool) -> str:
    left = 0.28 if centred else 0.05
    axes = figure.add_axes((left, 0.105, 0.83 * figure.get_figheight() / figure.get_figwidth(), 0.83))
    shown = np.where(weights > 0, weights, np.nan)
    present = shown[np.isfinite(shown)]
    # A few links that are much weaker than all others must not take most of the colours.
    low, high = (float(np.percentile(present, 5)), float(present.max())) if len(present) else (0.0, 1.0)
    logarithmic = low > 0 and high / low > 30
    norm = LogNorm(low, high) if logarithmic else Normalize(0, high)
    image = axes.imshow(shown, interpolation="nearest", cmap="viridis", norm=norm)
    axes.add_patch(Rectangle((0, 0), 1, 1, transform=axes.transAxes, color=FAINT, alpha=0.45, linewidth=0, zorder=-1))
    axes.set_xlabel("from region (number)")
    axes.set_ylabel("to region (number)")
    mark_matrix(axes, regions)
    box = axes.get_position()
    bar = figure.add_axes((box.x1 + 0.012, box.y0, 0.011, box.height))
    colours = figure.colorbar(image, cax=bar, format="{x:g}", extend="min" if logarithmic and present.min() < low else "neither")
    colours.minorticks_off()
    colours.outline.set_visible(False)
    bar.set_title(weight_name(bool(normalised)), fontsize=8, fontweight="normal", loc="left", x=-1.5 if normalised else 0)
    n, own = weights.shape[0], int(np.count_nonzero(np.diag(weights)))
    links = int(np.count_nonzero(weights)) - own
    filled = links / max(n * (n - 1), 1)
    return (f"Matrix: weight of each of {number(links)} links between {n} regions ({100 * filled:.0f} % of the possible ones"
            + (f"; {own} more of regions to themselves" if own else "") + f"), {'logarithmic' if logarithmic else 'linear'} colours; "
            "grey: no link." + (f" Weights are normalised as the experiment asks: divided by {_DIVISORS.get(normalised, normalised)}."
                                if normalised else ""))


def weight_name(normalised: bool) -> str:
    """Return how to call weights in a figure."""
    return "normalised weight" if normalised else "weight"


def mark_matrix(axes: Axes, regions: Regions) -> None:
    """Frame the rows and columns of the marked regions in a matrix plot, and take the frame of the plot away."""
    size = len(regions.labels)
    for region in regions.marked:
        for corner, width, height in (((-0.5, region - 0.5), size, 1), ((region - 0.5, -0.5), 1, size)):
            axes.add_patch(Rectangle(corner, width, height, fill=False, edgecolor=regions.colour(region), linewidth=0.9, clip_on=False))
        axes.text(size - 0.5 + 0.01 * size, region, "◂", color=regions.colour(region), va="center", ha="left", fontsize=8, clip_on=False)
    for spine in axes.spines.values():
        spine.set_visible(True)
        spine.set_color(FAINT)


def strongest(weights: NDArray[np.float64], most: int = MOST_LINKS) -> tuple[NDArray[np.intp], NDArray[np.intp], float]:
    """Return the ends of the strongest links, weaker first, and the smallest weight among them.

    Links that go both ways count once, with the larger weight. All links of the smallest weight are in, so that none is preferred; where
    even the largest weight occurs more than `most` times, all links of that weight are in.
    """
    both = np.triu(np.maximum(weights, weights.T), 1)
    present = np.sort(both[both > 0])[::-1]
    if not len(present):
        return np.empty(0, np.intp), np.empty(0, np.intp), 0.0
    limit = float(present[min(most, len(present)) - 1])
    if np.count_nonzero(present >= limit) > most and present[0] > limit:
        limit = float(present[present > limit].min())
    source, target = np.nonzero(both >= limit)
    order = np.argsort(both[source, target], kind="stable")
    return source[order], target[order], limit


def _range(coordinates_mm: NDArray[np.float64]) -> tuple[float, float]:
    low, high = float(coordinates_mm.min()), float(coordinates_mm.max())
    margin = 0.08 * (high - low) + 4.0
    return low - margin, high + margin


def _share_page(figure: Figure, centres: NDArray[np.float64]) -> list[tuple[float, float, float, float]]:
    """Return the places of two maps, side by side, in which a millimetre is equally long."""
    x, y, z = (high - low for low, high in map(_range, centres.T))
    wide, high = figure.get_figwidth(), figure.get_figheight()
    scale = min(_MAPS * wide / (x + y), 0.83 * high / max(y, z))
    left = 0.5 + (_MAPS * wide - scale * (x + y)) / wide / 2
    return [(place, 0.105 + (0.83 - tall * scale / high) / 2, width * scale / wide, tall * scale / high)
            for place, width, tall in ((left, x, y), (left + scale * x / wide + 0.06, y, z))]


def _draw_centres(figure: Figure, weights: NDArray[np.float64], centres: NDArray[np.float64], regions: Regions) -> str:
    known = np.nan_to_num(weights)
    source, target, limit = strongest(known)
    own = np.zeros_like(known)
    own[list(regions.replaced)], own[:, list(regions.replaced)] = known[list(regions.replaced)], known[:, list(regions.replaced)]
    own_source, own_target, own_limit = strongest(own, MOST_OWN_LINKS)
    strength = known.sum(axis=1)
    areas = 6 + 44 * strength / (strength.max(initial=0.0) or 1.0)
    marked = list(regions.marked)
    other = [i for i in range(len(centres)) if i not in marked]
    for place, (across, up) in zip(_share_page(figure, centres), ((0, 1), (1, 2)), strict=True):
        axes = figure.add_axes(place)
        flat = centres[:, (across, up)]
        for a, b, colour, alpha in ((source, target, GREY, 0.45), (own_source, own_target, VERMILION, 0.9)):
            width = 0.25 + 0.85 * np.maximum(known, known.T)[a, b] / (known.max(initial=0.0) or 1.0)
            ends = list(np.stack((flat[a], flat[b]), axis=1))
            axes.add_collection(LineCollection(ends, linewidths=width, colors=colour, alpha=alpha, zorder=1))
        axes.scatter(flat[other, 0], flat[other, 1], s=areas[other], color=MUTED, edgecolor=PAPER, linewidth=0.5, zorder=3)
        for region in marked:
            x, y = float(flat[region, 0]), float(flat[region, 1])
            axes.scatter(x, y, s=max(float(areas[region]), 34.0), color=regions.colour(region), edgecolor=PAPER, linewidth=0.8, zorder=4)
            axes.annotate(short(regions.labels[region]), (x, y), xytext=(0, 9), textcoords="offset points", ha="center", fontweight="bold",
                          color=regions.colour(region), fontsize=9, zorder=5,
                          bbox={"facecolor": PAPER, "edgecolor": "none", "alpha": 0.75, "pad": 0.6})
        axes.set_xlim(*_range(centres[:, across]))
        axes.set_ylim(*_range(centres[:, up]))
        axes.xaxis.set_major_locator(MaxNLocator(4))
        axes.yaxis.set_major_locator(MaxNLocator(6))
        axes.set_xlabel(f"{'xyz'[across]} (mm)")
        axes.set_ylabel(f"{'xyz'[up]} (mm)", labelpad=1)
    reds = ""
    if len(own_source):
        reds = f"; in red the {len(own_source)} strongest of the replaced region (weight {number(own_limit)} or more)"
    return (f"Maps: centres of the regions along two axes, with the {number(len(source))} strongest links (weight {number(limit)} or more)"
            f"{reds}; thicker: stronger. The area of a dot grows with the summed weight that reaches the region.")
