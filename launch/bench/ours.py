"""Measure our own engine, on the way that every run takes."""

from __future__ import annotations

import json
import shutil
import tempfile
from bisect import bisect_left
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from cosim.launch.bench.case import GROUP, Case, Census
from cosim.launch.bench.figures import Figures, from_spikes
from cosim.launch.bench.resident import ResidentWatch
from cosim.launch.folder import RunFolder
from cosim.launch.run import run
from cosim.record.reading import read_results


def measure_ours(case: Case, seed: int, network: Census, keep: Path | None) -> Figures:
    """Run the case once and return what it reached.

    It is what ``cosim run`` does with this experiment and layout: the spikes are recorded, and the launching process writes them to
    results.h5 while the ranks compute. The real-time factor is taken from the windows' own times, from the instant at which rank 0 began
    the first window after the warm-up to the end of the last.

    Parameters
    ----------
    case : Case
        What to run.
    seed : int
        With which seed.
    network : Census
        How many neurons and synapses there are.
    keep : Path or None
        Where to leave the run folder; None removes it.
    """
    with tempfile.TemporaryDirectory(prefix="cosim-bench-") as name:
        folder = Path(name)
        experiment, layout = folder / "experiment.yaml", folder / "layout.yaml"
        experiment.write_text(case.experiment(seed), encoding="utf-8")
        layout.write_text(case.layout(), encoding="utf-8")
        with ResidentWatch(RunFolder(folder / "run").board, case.ranks) as watch:
            left = run(experiment, Console(quiet=True), (), layout, folder / "run", report=False)
        timing = json.loads(left.timing.read_text())
        start_ms, rtf = after_warmup(timing, 1000 * case.warmup)
        spikes = read_results(left.path).port(f"{GROUP}.spikes")
        ids = spikes.ids()[np.searchsorted(spikes.times(), start_ms + 1e-6):]
        seconds = (timing["simulated_ms"] - start_ms) / 1000
        if keep is not None:
            shutil.move(left.path, keep)
    ranks = f"cosim, {case.ranks} rank{'s' * (case.ranks > 1)}"
    return from_spikes(ranks, rtf, float(timing["build_s"]), watch.peak_bytes, ids, seconds, network)


def after_warmup(timing: dict[str, Any], warmup_ms: float) -> tuple[float, float]:
    """Return where the first window after the warm-up begins, ms, and the real-time factor from there on."""
    windows = timing["groups"][GROUP]
    first = bisect_left(windows["start_ms"], warmup_ms - 1e-6)
    start_ms, begun_s = float(windows["start_ms"][first]), float(windows["begin_s"][first])
    return start_ms, 1000 * (timing["simulation_s"] - begun_s) / (timing["simulated_ms"] - start_ms)
