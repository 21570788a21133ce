"""Read results.h5 as a report needs it: whatever is there, up to the last complete window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

MOST_NUMBERS = 20_000_000


@dataclass(frozen=True, slots=True)
class Population:
    """Hold the name of a population and its ids ``[first, stop)``."""

    name: str
    first: int
    stop: int

    @property
    def size(self) -> int:
        """Number of neurons."""
        return self.stop - self.first


@dataclass(frozen=True, slots=True)
class Spiking:
    """Hold the spikes of one port.

    Parameters
    ----------
    group, port : str
        Where they were recorded.
    times_ms : (n_spikes,) float64
        Instant of each spike, ms.
    ids : (n_spikes,) int64
        Who spiked.
    populations : tuple of Population
        In ascending order of ids; at least one unless nothing spiked and the size is not known.
    """

    group: str
    port: str
    times_ms: NDArray[np.float64]
    ids: NDArray[np.int64]
    populations: tuple[Population, ...]


@dataclass(frozen=True, slots=True)
class Sampled:
    """Hold the samples of one port.

    Parameters
    ----------
    group, port, kind, unit : str
        Where they were recorded and what they are.
    times_ms : (n_samples,) float64
        Instant of each sample, ms.
    values : (n_samples, size) float64
        The samples.
    names : tuple of str
        Name of each channel, or empty.
    averaged : int
        How many recorded samples each of these is the mean of.
    """

    group: str
    port: str
    kind: str
    unit: str
    times_ms: NDArray[np.float64]
    values: NDArray[np.float64]
    names: tuple[str, ...]
    averaged: int = 1


@dataclass(frozen=True, slots=True)
class Connectome:
    """Hold what a group says of its regions; every part but the labels may be missing.

    Parameters
    ----------
    weights : (n_regions, n_regions) float64 or None
        Row receives, column sends.
    centres_mm : (n_regions, 3) float64 or None
        Where the regions lie.
    labels : tuple of str
        Names of the regions, or empty.
    replaced : tuple of int
        Regions whose state comes from another group.
    """

    weights: NDArray[np.float64] | None
    centres_mm: NDArray[np.float64] | None
    labels: tuple[str, ...]
    replaced: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Recorded:
    """Hold everything a report takes from results.h5; times are ms, and None where the file does not tell."""

    title: str
    seed: str
    duration_ms: float | None
    valid_until_ms: float | None
    spiking: tuple[Spiking, ...]
    sampled: tuple[Sampled, ...]
    connectomes: dict[str, Connectome]


NOTHING = Recorded("", "", None, None, (), (), {})


def read_recorded(path: Path) -> Recorded:
    """Return what a results file holds.

    Parameters
    ----------
    path : Path
        A ``results.h5``, complete or not.

    Raises
    ------
    OSError
        When it is no HDF5 file, or damaged.
    """
    with h5py.File(path, "r") as file:
        tick_ms = _tick(file.attrs.get("tick_ms"), 1.0)
        valid = file.attrs.get("valid_until_tick")
        spiking: list[Spiking] = []
        sampled: list[Sampled] = []
        connectomes = {}
        for name, group in _groups(file.get("groups")):
            for port_name, port in _groups(group):
                if port_name == "static":
                    connectomes[name] = _connectome(port)
                elif "ids" in port and "ticks" in port:
                    spiking.append(_spiking(name, port_name, port, tick_ms, valid))
                elif "values" in port and "ticks" in port:
                    sampled.append(_sampled(name, port_name, port, tick_ms, valid))
        duration = file.attrs.get("duration_ticks")
        return Recorded(
            title=_text(file.attrs.get("title", "")), seed=_text(file.attrs.get("seed", "")),
            duration_ms=None if duration is None else float(duration) * tick_ms,
            valid_until_ms=None if valid is None else float(valid) * tick_ms,
            spiking=tuple(spiking), sampled=tuple(sampled), connectomes=connectomes)


def _spiking(group: str, name: str, port: h5py.Group, tick_ms: float, valid: Any) -> Spiking:
    tick_ms = _tick(port.attrs.get("tick_ms"), tick_ms)
    n = min(len(port["ticks"]), len(port["ids"]))
    ticks, ids = port["ticks"][:n], port["ids"][:n].astype(np.int64)
    if valid is not None:
        ticks, ids = ticks[ticks <= valid], ids[ticks <= valid]
    names = _texts(port.attrs.get("populations"))
    bounds = [int(b) for b in np.ravel(port.attrs.get("population_first", ()))]
    if names and len(bounds) == len(names):
        bounds.append(max(int(port.attrs.get("size", 0)), int(ids.max(initial=-1)) + 1, bounds[-1]))
    if not names or len(bounds) != len(names) + 1:
        size = max(int(port.attrs.get("size", 0)), int(ids.max(initial=-1)) + 1)
        names, bounds = ("all neurons",), [0, size]
    populations = tuple(Population(p, a, b) for p, a, b in zip(names, bounds, bounds[1:], strict=False) if b > a)
    return Spiking(group, name, ticks.astype(np.float64) * tick_ms, ids, populations)


def _sampled(group: str, name: str, port: h5py.Group, tick_ms: float, valid: Any) -> Sampled:
    tick_ms = _tick(port.attrs.get("tick_ms"), tick_ms)
    data = port["values"]
    size = data.shape[1] if data.ndim == 2 else 1
    n = min(len(port["ticks"]), len(data))
    ticks = port["ticks"][:n]
    if valid is not None:
        n = int(np.searchsorted(ticks, valid, side="right"))
    every = max(1, ceil(n * size / MOST_NUMBERS))
    n -= n % every
    values = np.empty((n // every, size))
    rows = max(every, 1_000_000 // max(size, 1) // every * every)
    for start in range(0, n, rows):
        stop = min(start + rows, n)
        values[start // every:stop // every] = data[start:stop].reshape(-1, every, size).mean(axis=1, dtype=np.float64)
    times = ticks[:n].astype(np.float64).reshape(-1, every).mean(axis=1) * tick_ms
    return Sampled(group, name, _text(port.attrs.get("kind", "")), _text(port.attrs.get("unit", "")), times, values,
                   _texts(port.attrs.get("names")), every)


def _connectome(static: h5py.Group) -> Connectome:
    weights, centres = _array(static, "weights"), _array(static, "centres_mm")
    labels = _texts(static["labels"][()]) if "labels" in static else ()
    square = weights is not None and weights.ndim == 2 and weights.shape[0] == weights.shape[1]
    placed = centres is not None and centres.ndim == 2 and centres.shape[1] == 3
    replaced = static["replaced"][()] if "replaced" in static else ()
    return Connectome(weights if square else None, centres if placed else None, labels, tuple(int(i) for i in np.ravel(replaced)))


def _array(static: h5py.Group, name: str) -> NDArray[np.float64] | None:
    if name not in static:
        return None
    return np.asarray(static[name][()], dtype=np.float64)


def _groups(parent: Any) -> Iterator[tuple[str, h5py.Group]]:
    if isinstance(parent, h5py.Group):
        yield from ((name, child) for name, child in parent.items() if isinstance(child, h5py.Group))


def _tick(value: Any, otherwise: float) -> float:
    return otherwise if value is None else float(Fraction(_text(value)))


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _texts(values: Any) -> tuple[str, ...]:
    return () if values is None else tuple(_text(v) for v in np.ravel(values).tolist())
