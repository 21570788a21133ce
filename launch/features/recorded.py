"""Take signals out of a run's results: samples as they are, spikes counted in bins, population by population."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cosim.blocks import Kind
from cosim.errors import InputError, Problem
from cosim.models.observe.features.signals import Signals, signals
from cosim.record.reading import RecordedPort, read_results
from cosim.timegrid import in_ms, to_ticks


def read_signals(run: Path, name: str, bin_ms: Fraction | None = None, discard_ms: Fraction = Fraction(0),
                 without: Sequence[str] = ()) -> Signals:
    """Return what a run recorded of a port as signals.

    Parameters
    ----------
    run : Path
        The folder, or its ``results.h5``.
    name : str
        ``group.port``.
    bin_ms : Fraction or None
        Width of the bins in which spikes are counted, ms.
    discard_ms : Fraction
        How much of the beginning is left out, ms.
    without : sequence of str
        Channels that are left out.

    Raises
    ------
    InputError
        When it is not recorded, its samples are not evenly spaced or not finite, or spikes have no bin.
    """
    results = read_results(run)
    port = results.port(name)
    try:
        found = _counted(port, results.valid_until, bin_ms) if port.kind is Kind.SPIKES else _sampled(port, bin_ms)
        return found.without(without).after(discard_ms)
    except InputError as error:
        raise InputError(*(p.at(f"{name} of {run}") for p in error.problems)) from None


def _sampled(port: RecordedPort, bin_ms: Fraction | None) -> Signals:
    if bin_ms is not None:
        raise InputError(Problem(f"it holds {port.kind}, which has no spikes to count", "--bin", remedy="leave --bin out"))
    ticks = port.ticks()
    if len(ticks) < 2:
        raise InputError(Problem(f"{len(ticks)} samples were recorded", expected="a record in time", remedy="run longer"))
    step = int(ticks[1] - ticks[0])
    uneven = np.flatnonzero(np.diff(ticks) != step)
    if len(uneven):
        raise InputError(Problem("the samples are not evenly spaced", f"sample {uneven[0] + 1}"))
    return signals(port.values(), step * port.tick_ms, port.names, port.unit)


def _counted(port: RecordedPort, stop: int, bin_ms: Fraction | None) -> Signals:
    if bin_ms is None:
        raise InputError(Problem("it holds spikes, which have no spectrum or correlation before they are counted in bins",
                                 expected="the width of the bins", remedy="add --bin '1 ms', which gives the mean rate of each population"))
    width = to_ticks(bin_ms, port.tick_ms, "the bin")
    if width < 1 or stop // width < 2:
        raise InputError(Problem(f"bins of {in_ms(bin_ms)} in a record of {in_ms(stop * port.tick_ms)}", "--bin",
                                 expected="at least two bins, each longer than 0 ms"))
    populations = port.populations or (("all", 0),)
    firsts = np.array([first for _, first in populations])
    sizes = np.diff([*firsts, port.size])
    kept = np.flatnonzero(sizes > 0)
    number = stop // width
    bins, who = (port.ticks() - 1) // width, np.searchsorted(firsts, port.ids(), side="right") - 1
    inside = (bins >= 0) & (bins < number)
    counts: NDArray[np.int64] = np.bincount(bins[inside] * len(firsts) + who[inside], minlength=number * len(firsts))
    rates = counts.reshape(number, len(firsts)) / (sizes * (float(bin_ms) / 1000) + (sizes == 0))
    return signals(rates[:, kept], bin_ms, tuple(populations[i][0] for i in kept), "Hz")
