"""Make brain networks and step them as the interfaces ask: blocks in, blocks out, window after window."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from cosim.blocks import Samples
from cosim.interfaces import Context, Ranks
from cosim.models.wholebrain.component import WholeBrain
from cosim.models.wholebrain.connectome import Connectome
from cosim.models.wholebrain.parameters import WholeBrainParameters
from cosim.timegrid import Clock, Window, windows
from cosim.transport.loopback import SoloRanks


def brain(ranks: Ranks | None = None, dt: str = "0.1", seed: int = 1, group: str = "brain", tick: int = 1, **parameters: Any) -> WholeBrain:
    made = WholeBrain(WholeBrainParameters(**parameters), Clock(Fraction(dt) / tick, tick))
    made.prepare(Context(group, seed, 10**9, ranks or SoloRanks(), Path()))
    return made


def run(b: WholeBrain, stop: int, length: int, inputs: Callable[[Window], Mapping[str, Samples]] = lambda w: {}) -> dict[str, np.ndarray]:
    """Return everything that each port gave, joined."""
    found: dict[str, list[np.ndarray]] = {}
    for window in windows(stop, length):
        for name, block in b.advance(window, inputs(window)).items():
            found.setdefault(name, []).append(block.values)
    return {name: np.concatenate(parts) for name, parts in found.items()}


class Wire:
    """Carry samples from an output to an input: holds everything, extends the beginning backwards, cuts what a window needs."""

    def __init__(self, initial: Samples) -> None:
        self._first, self._step, self._rows = initial.first, initial.step, [initial.values]

    def put(self, block: Samples) -> None:
        assert block.first == self._first + self._step * sum(len(r) for r in self._rows)
        self._rows.append(block.values)
        if len(self._rows) > 200:
            self._rows = [np.concatenate(self._rows)]

    def cut(self, start: int, stop: int) -> Samples:
        rows = np.concatenate(self._rows)
        at = (np.arange(start, stop + 1, self._step) - self._first) // self._step
        assert at.max() < len(rows), f"what is stamped {stop} is not known yet"
        return Samples(start, self._step, rows[np.maximum(at, 0)])


def write_zip(
    path: Path, weights: np.ndarray, lengths: np.ndarray | None = None, labels: tuple[str, ...] = (), centres: str | None = None
) -> Path:
    names = labels or tuple(f"r{i}" for i in range(len(weights)))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("weights.txt", "\n".join(" ".join(repr(float(v)) for v in row) for row in weights))
        if lengths is not None:
            archive.writestr("tract_lengths.txt", "\n".join(" ".join(repr(float(v)) for v in row) for row in lengths))
        archive.writestr("centres.txt", centres if centres is not None else "\n".join(f"{n} {i} {i * i} 0" for i, n in enumerate(names)))
    return path


def random_connectome(n: int, seed: int, longest_mm: float = 30.0, zero: float = 0.0) -> Connectome:
    draw = np.random.default_rng(seed)
    weights = draw.lognormal(size=(n, n)) * (draw.random((n, n)) < 0.6)
    lengths = draw.random((n, n)) * longest_mm * (draw.random((n, n)) >= zero)
    return Connectome("random", tuple(f"r{i}" for i in range(n)), weights, lengths, draw.random((n, 3)))
