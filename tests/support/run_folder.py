"""Make run folders as a run leaves them, from seeded noise, so that reports can be tested without running anything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np

POPULATIONS = ("L23E", "L23I", "L4E", "L4I", "L5E", "L5I", "L6E", "L6I")
SIZES = np.array((2068, 583, 2191, 548, 485, 106, 1440, 295))
RATES_HZ = np.array((0.4, 2.0, 3.9, 5.0, 6.6, 7.7, 0.8, 7.0))
TICK_MS = 0.1


def make_run_folder(folder: Path, *, duration_ms: float = 2000.0, scale: float = 1.0, n_regions: int = 76, window_ms: float = 1.2,
                    valid_ms: float | None = None, status: str = "finished", cause: str | None = None, title: str = "A column in a brain",
                    seed: int = 1) -> Path:
    """Write a whole run folder: a spiking column, a brain with one replaced and one stimulated region, times and texts."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    valid_ms = duration_ms if valid_ms is None else valid_ms
    with h5py.File(folder / "results.h5", "w") as file:
        file.attrs.update({"tick_ms": TICK_MS, "duration_ticks": round(duration_ms / TICK_MS),
                           "valid_until_tick": round(valid_ms / TICK_MS), "seed": seed, "title": title})
        add_spikes(file, rng, duration_ms, scale)
        add_brain(file, rng, duration_ms, n_regions)
    write_texts(folder, duration_ms)
    write_timing(folder, rng, valid_ms, window_ms, status=status, cause=cause)
    return folder


def add_spikes(file: h5py.File, rng: np.random.Generator, duration_ms: float, scale: float = 1.0, group: str = "column") -> None:
    """Add the spikes of eight populations that follow a slow common wave and answer a pulse halfway."""
    sizes = np.maximum(1, np.round(SIZES * scale).astype(int))
    first = np.concatenate(((0,), np.cumsum(sizes)))
    ticks, ids = [], []
    steps = round(duration_ms / TICK_MS)
    time = np.arange(1, steps + 1)
    wave = 1 + 0.35 * np.sin(2 * np.pi * time / steps * 6) + 1.2 * np.exp(-0.5 * ((time - 0.56 * steps) / (0.02 * steps)) ** 2)
    for population, size in enumerate(sizes):
        n = rng.poisson(RATES_HZ[population] * size * duration_ms / 1000)
        ticks.append(rng.choice(time, n, p=wave / wave.sum()))
        ids.append(first[population] + rng.integers(0, size, n))
    order = np.lexsort((np.concatenate(ids), np.concatenate(ticks)))
    port = file.create_group(f"groups/{group}/spikes")
    port["ticks"], port["ids"] = np.concatenate(ticks)[order], np.concatenate(ids)[order]
    port.attrs.update({"kind": "spikes", "unit": "1", "tick_ms": TICK_MS, "valid_until_tick": file.attrs["valid_until_tick"],
                       "population_first": first})
    port.attrs["populations"] = list(POPULATIONS)


def add_brain(file: h5py.File, rng: np.random.Generator, duration_ms: float, n_regions: int) -> None:
    """Add filtered noise for each region, a pulse in one region that its neighbours answer, a connectome and two more ports."""
    half = n_regions // 2
    labels = [f"{side}{name}" for side in "rl" for name in (["V1"] + [f"A{i}" for i in range(half - 1)])]
    side = rng.normal(size=(half, 3)) * (18, 40, 24) + (34, 0, 0)
    side[:, 0] = np.abs(side[:, 0])
    centres = np.concatenate((side, side * (-1, 1, 1)))
    lengths = np.linalg.norm(centres[:, None] - centres[None], axis=-1)
    weights = np.where(rng.random(lengths.shape) < 0.3, rng.lognormal(size=lengths.shape) * np.exp(-lengths / 40), 0)
    np.fill_diagonal(weights, 0.5)
    n = round(duration_ms)
    values = np.zeros((n, n_regions))
    now = np.zeros(n_regions)
    pulse = np.zeros(n_regions)
    target = 2 * half - 4
    mixing = weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-9)
    for step in range(n):
        pulse[target] = 14.0 if 0.5 * n <= step < 0.6 * n else 0.0
        now = now + 0.05 * (-now + 0.8 * mixing @ now + pulse) + 0.25 * rng.normal(size=n_regions)
        values[step] = np.maximum(3 + now, 0)
    group = file.create_group("groups/brain")
    static = group.create_group("static")
    static["weights"], static["tract_lengths_mm"], static["centres_mm"] = weights, lengths, centres
    static["labels"], static["replaced"] = np.array(labels, dtype="S"), np.array((0,))
    add_samples(file, "brain", "rate", "rate", "Hz", values[:, 1:], labels[1:])
    add_samples(file, "brain", "S_E", "state", "1", 1 / (1 + np.exp(-values[:, 1:] / 4)), labels[1:])
    add_samples(file, "brain", "rV1.afferent_rate", "rate", "Hz", values[:, :1], ["rV1"])
    add_samples(file, "column", "background", "rate", "Hz", 8 + 0.2 * rng.normal(size=(n, 8)), list(POPULATIONS))


def add_samples(file: h5py.File, group: str, port: str, kind: str, unit: str, values: np.ndarray, names: list[str],
                every: int = 10) -> None:
    """Add samples of a port, one every so many ticks."""
    into = file.create_group(f"groups/{group}/{port}")
    into["ticks"], into["values"] = every * np.arange(1, len(values) + 1), values
    into.attrs.update({"kind": kind, "unit": unit, "tick_ms": TICK_MS, "valid_until_tick": file.attrs["valid_until_tick"]})
    into.attrs["names"] = names


def write_texts(folder: Path, duration_ms: float, region: str = "lA33") -> None:
    """Write the resolved files and the versions."""
    (folder / "experiment.resolved.yaml").write_text(
        f"title: A column in a brain\nseed: 1\nduration: {duration_ms:g} ms\ngroups:\n"
        "  column:\n    component: microcircuit\n    params: {scale: 0.1}\n"
        "  brain:\n    component: wholebrain\n    params:\n      replaced: [rV1]\n      stimuli:\n"
        f"        - {{regions: [{region}], onset: {duration_ms / 2:g} ms, duration: {duration_ms / 10:g} ms, amplitude: 0.2}}\n"
        "couplings:\n  - {name: drive, from: brain.rV1.afferent_rate, to: column.background, delay: 0 ms, weight: 1.0}\n"
        "  - name: rate\n    from: column.spikes\n    to: brain.rV1.rate\n    delay: 0 ms\n    weight: 1.0\n"
        "    translate: [{spikes_to_rate: {width: 20 ms, populations: [L23E, L5E], pooled: true}}]\n",
        encoding="utf-8")
    (folder / "layout.resolved.yaml").write_text("transport: mpi\ngroups:\n  column: {ranks: 1}\n  brain: {ranks: 1}\n", encoding="utf-8")
    (folder / "versions.json").write_text(json.dumps({"cosim": "0.1.0", "python": "3.11.2", "numpy": "2.3.1"}), encoding="utf-8")


def write_timing(folder: Path, rng: np.random.Generator, valid_ms: float, window_ms: float, *, status: str = "finished",
                 cause: str | None = None) -> None:
    """Write the times of two groups in lock-step: the faster waits for the slower."""
    n = max(0, round(valid_ms / window_ms))
    slow, fast = 0.0022 * rng.lognormal(0, 0.15, n), 0.0009 * rng.lognormal(0, 0.1, n)
    small = {key: 1e-5 * rng.lognormal(0, 0.3, n) for key in ("translate_s", "send_s", "record_s")}
    small["translate_s"] = small["translate_s"] * 12
    small["record_s"][::25] += 0.0006
    cycle = np.maximum(slow, fast) + sum(small.values())
    begin = 0.4 + np.concatenate(((0,), np.cumsum(cycle)[:-1])) if n else np.zeros(0)
    groups: dict[str, Any] = {}
    for name, compute in (("column", slow), ("brain", fast)):
        groups[name] = {"ranks": 1, "window_ms": window_ms, "start_ms": (window_ms * np.arange(n)).tolist(), "begin_s": begin.tolist(),
                        "wait_s": (np.maximum(slow, fast) - compute).tolist(), "compute_s": compute.tolist(),
                        **{key: times.tolist() for key, times in small.items()}}
    wall = float(cycle.sum())
    (folder / "timing.json").write_text(json.dumps({
        "status": status, "cause": cause, "wall_s": wall + 2, "build_s": 1.31, "simulated_ms": valid_ms,
        "real_time_factor": wall / valid_ms * 1000 if valid_ms else None, "peak_memory_bytes": 187_000_000, "groups": groups,
        "couplings": [{"name": "drive", "from": "brain.rV1.afferent_rate", "to": "column.background", "delay_ms": 0.0,
                       "headroom_ms": 1.2, "mode": "lock-step"},
                      {"name": "rate", "from": "column.spikes", "to": "brain.rV1.rate", "delay_ms": 1.2,
                       "headroom_ms": 1.2, "mode": "lock-step"}],
        "facts": {"column": {"neurons": "7,716", "synapses": "2,988,810", "memory": "24 MB"}, "brain": {"regions": "76", "links": "1,494"}},
    }), encoding="utf-8")
