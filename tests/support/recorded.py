"""Write results as a run leaves them, of signals whose features are known."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

TICK_MS = 0.1


def write_signals(folder: Path, values: NDArray[np.float64], names: list[str], every_ticks: int = 100, port: str = "brain/rate",
                  unit: str = "Hz") -> Path:
    """Write one port of samples, the first at `every_ticks`."""
    with _opened(folder, len(values) * every_ticks) as file:
        place = file.create_group(f"groups/{port}")
        place["ticks"], place["values"] = np.arange(1, len(values) + 1) * every_ticks, values
        place.attrs.update({"kind": "rate", "unit": unit, "names": names})
    return folder


def write_spikes(folder: Path, ticks: NDArray[np.int64], ids: NDArray[np.int64], populations: list[str], firsts: list[int],
                 stop: int) -> Path:
    """Write one port of spikes of populations that begin at `firsts`, of which the last is the number of neurons."""
    with _opened(folder, stop) as file:
        place = file.create_group("groups/column/spikes")
        place["ticks"], place["ids"] = ticks, ids
        place.attrs.update({"kind": "spikes", "unit": "1", "names": np.zeros(0, "S1"), "populations": populations,
                            "population_first": firsts})
    return folder


def _opened(folder: Path, stop: int) -> h5py.File:
    folder.mkdir(parents=True, exist_ok=True)
    file = h5py.File(folder / "results.h5", "w")
    file.attrs.update({"tick_ms": TICK_MS, "duration_ticks": stop, "valid_until_tick": stop, "seed": 1, "cosim_version": "0.1.0",
                       "title": "Known signals", "experiment": ""})
    return file
