"""Draw what was observed: a picture of each output, beside the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from cosim.launch.report.drawing import CATEGORIES, style
from cosim.record.reading import RecordedPort, read_results

_MOST_LINES = 12
_MOST_ROWS = 4000
_MOST_NAMES = 40
_AT_ONCE = 1 << 22


def draw_all(path: Path) -> list[Path]:
    """Draw every output in a file that `cosim observe` wrote; return the pictures, PNG."""
    return [_draw(port, path.with_name(f"{path.stem}.{port.name.partition('.')[2]}.png")) for port in read_results(path).ports.values()]


def _draw(port: RecordedPort, to: Path) -> Path:
    """Draw up to twelve channels as lines, more as a carpet."""
    stride = max(1, port.length // _MOST_ROWS)
    rows = stride * max(1, _AT_ONCE // (stride * port.size))
    seen = [(port.times(i, i + rows)[::stride], port.values(i, i + rows)[::stride]) for i in range(0, port.length, rows)]
    seconds, values = np.concatenate([t for t, _ in seen]) / 1000, np.concatenate([v for _, v in seen])
    names = port.names or tuple(str(i) for i in range(port.size))
    unit = "" if port.unit == "1" else f" ({port.unit})"
    with style():
        figure = Figure(figsize=(9.0, 4.2), dpi=120, layout="constrained")
        axes = figure.add_subplot()
        if port.size <= _MOST_LINES:
            for i, name in enumerate(names):
                axes.plot(seconds, values[:, i], color=CATEGORIES[i % len(CATEGORIES)], label=name, marker="o" if len(seconds) < 60 else "",
                          markersize=2.5)
            axes.set_ylabel(f"{port.name.partition('.')[2]}{unit}")
            if port.size > 1:
                axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
        else:
            half = (seconds[1] - seconds[0]) / 2 if len(seconds) > 1 else seconds[0] / 2
            image = axes.imshow(values.T, aspect="auto", interpolation="nearest", cmap="viridis",
                                extent=(seconds[0] - half, seconds[-1] + half, port.size - 0.5, -0.5))
            figure.colorbar(image, ax=axes, label=f"{port.name.partition('.')[2]}{unit}")
            every = -(-port.size // _MOST_NAMES)
            axes.set_yticks(range(0, port.size, every), names[::every], fontsize=5.5)
        axes.set_xlabel("time (s)")
        axes.set_title(f"{port.name}: {port.size} channel{'s' if port.size > 1 else ''}")
        figure.savefig(to, facecolor="white")
    return to
