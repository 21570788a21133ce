"""Draw what a sweep kept along the parameters that it varied: curves along one, a map over two."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from cosim.launch.report.drawing import BLUE, VERMILION, Picture, new_figure, number, picture, short

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Axis:
    """Hold a parameter that was varied: its key, the value at each point, and whether these are numbers."""

    key: str
    unit: str
    values: Array
    texts: tuple[str, ...]

    @property
    def label(self) -> str:
        """How to call it in a picture."""
        name = self.key.removeprefix("groups.").replace(".params.", ".").replace(".model_parameters.", ".")
        return f"{name} ({self.unit})" if self.unit else name


@dataclass(frozen=True, slots=True)
class Kept:
    """Hold one thing kept: its name, unit, and mean, least and greatest over the channels, one a point."""

    name: str
    unit: str
    middle: Array
    least: Array
    greatest: Array
    channels: int


def read(path: Path) -> tuple[tuple[Axis, ...], tuple[Kept, ...]]:
    """Return what was varied and took several values, and what was kept that a picture can show."""
    with h5py.File(path, "r") as file:
        axes = [_axis(file, key) for key in file.attrs["keys"]]
        found: list[Kept] = []

        def visit(name: str, data: Any) -> None:
            if isinstance(data, h5py.Dataset) and data.ndim <= 2:
                values = data[:].reshape(len(data), -1)
                if values.shape[1]:
                    found.append(Kept(name, data.attrs["unit"], *_over_channels(values), values.shape[1]))

        file["kept"].visititems(visit)
    return tuple(a for a in axes if len(np.unique(a.values)) > 1), tuple(found)


def draw(axes: tuple[Axis, ...], kept: Kept) -> Picture:
    """Draw one thing kept along the parameters of which there are most values; over the others means are taken."""
    most = sorted(axes, key=lambda a: -len(np.unique(a.values)))
    numbers = [a for a in most if a.texts == ()]
    chosen = [a for a in axes if a in (numbers or most)[:2]]
    others = [a.label for a in axes if a not in chosen]
    figure = new_figure(4.2)
    frame = figure.subplots()
    if len(chosen) == 2 and _is_grid(chosen[0].values, chosen[1].values):
        _map(figure, frame, chosen[0], chosen[1], kept)
        what = f"Mean over {kept.channels} channels" if kept.channels > 1 else "Value"
    else:
        _curve(frame, chosen[0], kept)
        what = f"Mean over {kept.channels} channels, and from the least to the greatest of them" if kept.channels > 1 else "Value"
        others = [a.label for a in axes if a is not chosen[0]]
    figure.tight_layout()
    also = f"; mean over {', '.join(others)}" if others else ""
    return picture(figure, f"{kept.name} along {' and '.join(a.label for a in chosen)}", f"{what}{also}. Points that failed are left out.")


def _axis(file: h5py.File, key: str) -> Axis:
    data = file["points"][key]
    if data.dtype.kind == "f":
        return Axis(key, data.attrs["unit"], data[:], ())
    texts = tuple(data.asstr()[:])
    places = {text: i for i, text in enumerate(dict.fromkeys(texts))}
    return Axis(key, "", np.array([float(places[t]) for t in texts]), tuple(places))


def _over_channels(values: Array) -> tuple[Array, Array, Array]:
    return values.mean(axis=1), values.min(axis=1), values.max(axis=1)


def _is_grid(x: Array, y: Array) -> bool:
    return len({*zip(x.tolist(), y.tolist(), strict=True)}) == len(np.unique(x)) * len(np.unique(y))


def _curve(frame: Axes, axis: Axis, kept: Kept) -> None:
    x = np.unique(axis.values)
    rows = [np.array([_mean(of[axis.values == v]) for v in x]) for of in (kept.middle, kept.least, kept.greatest)]
    if kept.channels > 1:
        frame.fill_between(x, rows[1], rows[2], color=BLUE, alpha=0.18, linewidth=0)
    frame.plot(x, rows[0], color=VERMILION, marker="o" if len(x) < 60 else "", markersize=3.5)
    if axis.texts:
        frame.set_xticks(x, [short(axis.texts[int(v)]) for v in x])
    frame.set_xlabel(axis.label)
    frame.set_ylabel(kept.name if kept.unit == "1" else f"{kept.name} ({kept.unit})")


def _map(figure: Figure, frame: Axes, x: Axis, y: Axis, kept: Kept) -> None:
    across, up = np.unique(x.values), np.unique(y.values)
    cells = np.array([[_mean(kept.middle[(x.values == a) & (y.values == b)]) for a in across] for b in up])
    mesh = frame.pcolormesh(np.arange(len(across) + 1), np.arange(len(up) + 1), cells, cmap="viridis", rasterized=True)
    for ticks, values, axis in ((frame.set_xticks, across, x), (frame.set_yticks, up, y)):
        shown = np.unique(np.linspace(0, len(values) - 1, min(len(values), 9)).round().astype(int))
        ticks([i + 0.5 for i in shown], [short(axis.texts[int(values[i])]) if axis.texts else number(float(values[i])) for i in shown])
    frame.set_xlabel(x.label)
    frame.set_ylabel(y.label)
    bar = figure.colorbar(mesh, ax=frame)
    bar.set_label(kept.name if kept.unit == "1" else f"{kept.name} ({kept.unit})")


def _mean(values: Array) -> float:
    good = values[np.isfinite(values)]
    return float(good.mean()) if len(good) else float("nan")
