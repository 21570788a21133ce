"""Show transfer functions: a page with pictures and tables, and one picture by itself."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import numpy as np
from jinja2 import Environment, StrictUndefined
from matplotlib.axes import Axes

from cosim.launch.derive.derived import Derived
from cosim.launch.report.drawing import CATEGORIES, FAINT, INK, MUTED, Picture, new_figure, picture, style

MOST_CURVES = 7


def write_page(folder: Path, title: str, how: str, found: Sequence[Derived]) -> list[Path]:
    """Write ``transfer.html`` and ``transfer.svg``.

    Parameters
    ----------
    folder : Path
        Where.
    title, how : str
        What was derived, and from how much.
    found : sequence of Derived
        The transfer functions.

    Returns
    -------
    list of Path
        The two files.
    """
    with style():
        drawn = [_picture(d) for d in found]
        figure = new_figure(3.5 * len(found))
        for part, d in zip(figure.subfigures(len(found), 1, squeeze=False)[:, 0], found, strict=True):
            _draw(part.subplots(1, 3, gridspec_kw=_ROOM), d)
        alone = folder / "transfer.svg"
        figure.savefig(alone, facecolor="white", metadata={"Date": None})
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(files("cosim.launch.derive").joinpath("template.html").read_text(encoding="utf-8"))
    css = files("cosim.launch.report").joinpath("style.css").read_text(encoding="utf-8")
    sections = [{"name": d.neuron.name, "about": d.neuron.about, "drawn": p, "figures": figures(d), "coefficients": coefficients(d)}
                for d, p in zip(found, drawn, strict=True)]
    page = folder / "transfer.html"
    page.write_text(template.render(title=title, how=how, sections=sections, css=css), encoding="utf-8")
    return [page, alone]


_ROOM = {"wspace": 0.42, "left": 0.06, "right": 0.975, "bottom": 0.17, "top": 0.88, "width_ratios": (1.25, 1.25, 1)}


def figures(d: Derived) -> list[tuple[str, str]]:
    """Return what says how good a transfer function is, as pairs of words."""
    q = d.quality()
    against = "the fit" if d.fit is not None else "Siegert's theory"
    rest = "" if d.used.all() else " (the others are saturated, without noise, or left out by --below)"
    rows = [("points", f"{q['points_used']} of {q['points']}{rest}"), (f"error of {against}, rms", f"{q['rms_hz']:.3f} Hz"),
            ("largest", f"{q['worst_hz']:+.3f} Hz, at {d.place(d.worst)}, where {d.measured.rates[d.worst]:.2f} Hz were measured")]
    if d.fit is not None:
        rows.append(("error of points that were held out, rms",
                     f"{q['held_out_rms_hz']:.3f} Hz, largest {q['held_out_worst_hz']:+.3f} Hz" if d.left is not None
                     else "not known: too few points"))
    rows.append(("standard error of the measured rates, rms", f"{q['rms_of_measurement_hz']:.3f} Hz"))
    if d.published is not None:
        rows.append(("error of the published coefficients here, rms", f"{q['published_rms_hz']:.3f} Hz"))
    return rows


def coefficients(d: Derived) -> list[tuple[str, str, str, str]]:
    """Return term, coefficient, its standard error and its value after the first step, mV."""
    if d.fit is None:
        return []
    t = d.fit.transfer
    return [(name, f"{1e3 * c:.4f}", f"{1e3 * e:.4f}", f"{1e3 * f:.4f}")
            for name, c, e, f in zip(t.form.value, t.coefficients, d.fit.errors, d.fit.first, strict=True)]


def _picture(d: Derived) -> Picture:
    figure = new_figure(3.5)
    _draw(figure.subplots(1, 3, gridspec_kw=_ROOM), d)
    kind = "the fit" if d.fit is not None else "Siegert's theory"
    return picture(figure, f"Measured rates of {d.neuron.name} and {kind}, and their difference",
                   f"Left: measured rates (points, with two standard errors; hollow: left out) and {kind} (lines). "
                   f"Middle: {kind} less measured rate; crosses are left out. Right: {kind} against measured rate"
                   + ("; grey crosses: predicted by a fit that had not seen the point." if d.left is not None else "."))


def _draw(axes: Sequence[Axes], d: Derived) -> None:
    curves, error, scatter = axes
    rows, first = d.grid.shape
    labels = d.grid.labels()
    x = np.array(d.grid.axes[0].values)
    rates, predicted, used, errors = (v.reshape(rows, first) for v in (d.measured.rates, d.predicted, d.used, d.measured.errors))
    shown = np.unique(np.linspace(0, rows - 1, min(rows, MOST_CURVES)).round().astype(int))
    for colour, row in zip(CATEGORIES, shown, strict=False):
        curves.plot(x, predicted[row], color=colour, label=labels[row] or None)
        curves.errorbar(x, rates[row], 2 * errors[row], color=colour, linestyle="", elinewidth=0.8)
        for kept, face in ((used[row], colour), (~used[row], "none")):
            curves.plot(x[kept], rates[row][kept], color=colour, marker="o", markersize=3.6, linestyle="", markerfacecolor=face)
    curves.set_title(f"{d.neuron.name}: measured and {'fitted' if d.fit is not None else 'expected'}")
    curves.set_xlabel(f"rate of {d.grid.axes[0].name} (Hz)")
    curves.set_ylabel("rate (Hz)")
    curves.set_ylim(bottom=min(0.0, -0.02 * float(rates.max())))
    if labels[0]:
        curves.legend(fontsize=7, loc="best")
    _errors(error, d, labels)
    _scatter(scatter, d)


def _errors(axes: Axes, d: Derived, labels: Sequence[str]) -> None:
    rows, first = d.grid.shape
    off = np.where(d.used, d.residuals, np.nan).reshape(rows, first)
    most = float(np.nanmax(np.abs(off))) or 1.0
    image = axes.imshow(off, origin="lower", aspect="auto", cmap="RdBu_r", vmin=-most, vmax=most)
    for row, column in zip(*np.nonzero(~d.used.reshape(rows, first)), strict=True):
        axes.plot(column, row, marker="x", color=FAINT, markersize=5)
    axes.set_xticks(range(first), [f"{v:g}" for v in d.grid.axes[0].values], fontsize=7.5)
    every = -(-rows // 14)
    axes.set_yticks(range(0, rows, every), labels[::every], fontsize=7.5 if rows < 10 else 6.5)
    axes.set_xlabel(f"rate of {d.grid.axes[0].name} (Hz)")
    axes.figure.colorbar(image, ax=axes, pad=0.03, label="error (Hz)")
    axes.set_title(f"error, rms {d.quality()['rms_hz']:.2f} Hz")


def _scatter(axes: Axes, d: Derived) -> None:
    measured, most = d.measured.rates[d.used], float(max(d.measured.rates[d.used].max(), d.predicted[d.used].max()))
    axes.plot((0, most), (0, most), color=MUTED, linewidth=0.7)
    if d.left is not None:
        axes.plot(measured, measured + d.left, color=MUTED, marker="x", markersize=4, linestyle="")
    axes.plot(measured, d.predicted[d.used], color=INK, marker="o", markersize=2.8, linestyle="")
    axes.set_xlabel("measured rate (Hz)")
    axes.set_ylabel("fitted rate (Hz)" if d.fit is not None else "expected rate (Hz)")
    axes.set_title("agreement")
