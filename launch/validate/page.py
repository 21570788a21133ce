"""Write the comparison as a page: the distributions of every population, and the distances with their verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import numpy as np
from jinja2 import Environment, StrictUndefined
from matplotlib.axes import Axes
from numpy.typing import NDArray

from cosim.launch.report.drawing import BLUE, MUTED, Picture, new_figure, picture, short, style
from cosim.launch.validate.compare import Comparison, Measured, Quantity
from cosim.launch.validate.table import TABLE_HEAD, table_row

MOST_POPULATIONS = 24
_LABELS = {Quantity.RATE: "rate (Hz)", Quantity.CV: "CV of interspike intervals", Quantity.CORRELATION: "correlation of 2 ms counts"}


def write_page(path: Path, title: str, stretch: str, names: Sequence[str], measured: Sequence[Measured],
               comparisons: Sequence[Comparison]) -> None:
    """Write the page.

    Parameters
    ----------
    path : Path
        Where.
    title, stretch : str
        What was compared, and over which stretch of time.
    names : sequence of str
        Ours, then the references.
    measured : sequence of Measured
        In the same order.
    comparisons : sequence of Comparison
        What was found.
    """
    with style():
        drawn = _draw(names, measured)
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(files("cosim.launch.validate").joinpath("template.html").read_text(encoding="utf-8"))
    css = files("cosim.launch.report").joinpath("style.css").read_text(encoding="utf-8")
    path.write_text(template.render(title=title, stretch=stretch, drawn=drawn, rows=[table_row(c) for c in comparisons], head=TABLE_HEAD,
                                    css=css), encoding="utf-8")


def _draw(names: Sequence[str], measured: Sequence[Measured]) -> Picture:
    """Draw a row of three cumulative distributions for each population; ours in colour over the references in grey."""
    populations = list(dict.fromkeys(p for p, _ in measured[0].values))[:MOST_POPULATIONS]
    figure = new_figure(1.55 * len(populations) + 0.6)
    axes = figure.subplots(len(populations), 3, squeeze=False)
    for row, population in zip(axes, populations, strict=True):
        for place, quantity in zip(row, Quantity, strict=True):
            for values, colour, width in [*((m.values[population, quantity], MUTED, 0.9) for m in measured[1:]),
                                          (measured[0].values[population, quantity], BLUE, 1.6)]:
                _cumulative(place, values, colour, width)
            place.set_ylim(0, 1.02)
            place.set_yticks((0, 0.5, 1))
            _limit(place, [m.values[population, quantity] for m in measured])
        row[0].set_ylabel(short(population, 12), rotation=0, ha="right", va="center")
    for place, quantity in zip(axes[-1], Quantity, strict=True):
        place.set_xlabel(_LABELS[quantity])
    figure.tight_layout(h_pad=0.6)
    return picture(figure, "Cumulative distributions of rate, interval variation and correlation of each population",
                   f"Cumulative distributions over neurons (rate, CV) and pairs of neurons (correlation); blue: {names[0]}; "
                   f"grey: {', '.join(names[1:])}.")


def _cumulative(place: Axes, values: NDArray[np.float64], colour: str, width: float) -> None:
    if len(values):
        shown = np.quantile(values, np.linspace(0, 1, min(len(values), 400)))
        place.plot(shown, np.linspace(0, 1, len(shown)), color=colour, linewidth=width)


def _limit(place: Axes, samples: Sequence[NDArray[np.float64]]) -> None:
    """Show all but the outermost half per cent on either side, which would press the rest together."""
    there = [s for s in samples if len(s)]
    if there:
        low, high = min(np.quantile(s, 0.005) for s in there), max(np.quantile(s, 0.995) for s in there)
        room = 0.05 * (high - low) or 0.5
        place.set_xlim(low - room, high + room)
