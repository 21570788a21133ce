"""Compute the features that were asked for, and compare those of two runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cosim.errors import InputError, Problem
from cosim.launch.features.structure import RULE, Structure, structure_of
from cosim.launch.report.drawing import number
from cosim.models.observe.features.connectivity import above_diagonal, agreement, correlation
from cosim.models.observe.features.divergence_estimates import Estimate, by_normal
from cosim.models.observe.features.dynamics import Dynamics, connectivity_dynamics
from cosim.models.observe.features.signals import Signals, refuse_band
from cosim.models.observe.features.spectrum import Peak, Spectrum, band_power, peak, spectrum
from cosim.models.observe.features.synchrony import Coherence, Locking, coherence, phase_locking
from cosim.models.observe.spike_statistics import distance
from cosim.registry import did_you_mean

FEATURES = ("fc", "fcd", "psd", "coherence", "plv")
"""What can be asked for."""

BANDS = (("delta", 1.0, 4.0), ("theta", 4.0, 8.0), ("alpha", 8.0, 13.0), ("beta", 13.0, 30.0), ("gamma", 30.0, 80.0))
"""Name and ends of bands whose power is told where the samples reach them, Hz, as is customary for EEG."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Hold what is asked for.

    Parameters
    ----------
    features : tuple of str
        Of `FEATURES`.
    window, every : int
        For `fcd`: length of a window, and from one to the next, in samples.
    segment : int or None
        For `psd` and `coherence`: samples in a segment.
    band_hz : (float, float) or None
        For `psd` the band in which the peak is sought, for `coherence` and `plv` the band over which they are taken, Hz.
    """

    features: tuple[str, ...]
    window: int
    every: int
    segment: int | None
    band_hz: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Found:
    """Hold the features of one run; what was not asked for is None.

    Parameters
    ----------
    name : str
        Of the run.
    signals : Signals
        What they are the features of.
    fc : (n_channels, n_channels) float64 or None
        Correlation.
    fcd : Dynamics or None
        Its dynamics.
    psd : Spectrum or None
        Spectra.
    peak : Peak or None
        Of the mean spectrum.
    bands : tuple of (str, float, float, array)
        Name, ends in Hz, and power of each channel.
    coherence : Coherence or None
        Of every two channels at every frequency of the band.
    plv : Locking or None
        Phase-locking.
    structure : Structure or None
        The connectome beside `fc`; None also where the run has none of these channels.
    """

    name: str
    signals: Signals
    fc: NDArray[np.float64] | None = None
    fcd: Dynamics | None = None
    psd: Spectrum | None = None
    peak: Peak | None = None
    bands: tuple[tuple[str, float, float, NDArray[np.float64]], ...] = ()
    coherence: Coherence | None = None
    plv: Locking | None = None
    structure: Structure | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """Hold how two runs differ; None where a feature was not asked for.

    Parameters
    ----------
    agreement : float or None
        Correlation of their connectivities above the diagonal.
    fcd_distance : float or None
        Kolmogorov-Smirnov distance of the distributions of their dynamics.
    divergence : Estimate or None
        Of the first from the second, taken for normal.
    remark : str
        Why there is no divergence; empty where there is one.
    """

    agreement: float | None
    fcd_distance: float | None
    divergence: Estimate | None
    remark: str


def find(name: str, s: Signals, wanted: Wanted, weights: NDArray[np.float64] | None = None) -> Found:
    """Return the features of one run, beside the connectome of its channels; raise `InputError` when one cannot be computed."""
    unknown = [f for f in wanted.features if f not in FEATURES]
    if unknown:
        raise InputError(Problem(f"there is no feature '{unknown[0]}'", "--features", remedy=did_you_mean(unknown[0], list(FEATURES))))
    if wanted.band_hz:
        refuse_band(s, *wanted.band_hz)
    low, high = wanted.band_hz or (0.0, s.nyquist_hz)
    asked = set(wanted.features)
    psd = spectrum(s, wanted.segment) if "psd" in asked else None
    top: Peak | None = None
    bands: tuple[tuple[str, float, float, NDArray[np.float64]], ...] = ()
    if psd is not None:
        top = peak(psd, psd.density.mean(axis=1), max(low, psd.spacing_hz), high)
        named = (("asked for", low, high), *BANDS) if wanted.band_hz else BANDS
        bands = tuple((n, a, b, band_power(psd, a, b)) for n, a, b in named if b <= s.nyquist_hz and _reached(psd, a, b))
    if "plv" in asked and wanted.band_hz is None:
        raise InputError(Problem("phases are asked for, but not in which band", "--features plv", remedy="add --band '8 Hz' '13 Hz'"))
    fc = correlation(s) if "fc" in asked else None
    return Found(name, s, fc,
                 connectivity_dynamics(s, wanted.window, wanted.every) if "fcd" in asked else None, psd, top, bands,
                 coherence(s, wanted.segment, low, high) if "coherence" in asked else None,
                 phase_locking(s, low, high) if "plv" in asked else None,
                 structure_of(fc, weights) if fc is not None and weights is not None else None)


def _reached(psd: Spectrum, low: float, high: float) -> bool:
    return bool(((psd.frequencies_hz >= low) & (psd.frequencies_hz < high)).any())


def compare(a: Found, b: Found) -> Compared:
    """Return how the features of two runs differ; raise `InputError` when they have different channels."""
    if a.signals.names != b.signals.names:
        other = next((f"'{x}' and '{y}'" for x, y in zip(a.signals.names, b.signals.names, strict=False) if x != y), "")
        said = f": {other} stand in one place" if other else f": {a.signals.size} and {b.signals.size}"
        raise InputError(Problem(f"{a.name} and {b.name} have different channels{said}", "--compare",
                                 remedy="leave out those without a like, with --without"))
    divergence, remark = None, ""
    try:
        divergence = by_normal(a.signals.values, b.signals.values)
    except InputError as error:
        remark = error.problems[0].what
    agreed = agreement(a.fc, b.fc) if a.fc is not None and b.fc is not None and len(a.fc) > 2 else None
    apart = distance(a.fcd.distribution, b.fcd.distribution) if a.fcd and b.fcd else None
    return Compared(agreed, apart, divergence, remark)


def rows(f: Found) -> list[tuple[str, str]]:
    """Return the features of one run as rows of a table: what, and how much."""
    seconds = float(f.signals.length * f.signals.step_ms) / 1000
    told = [("record", f"{number(seconds)} s, {f.signals.length:,} samples of {f.signals.size} channels")]
    if f.fc is not None:
        told.append(("mean correlation of pairs", _spread(above_diagonal(f.fc))))
    if f.structure is not None:
        agreed = f.structure.agreement
        told.append(("agreement with the connectome", f"unknown: {f.structure.remark}" if agreed is None else f"{number(agreed)} ({RULE})"))
    if f.fcd is not None:
        told.append((f"FCD, {len(f.fcd.matrix)} windows, all pairs", _spread(f.fcd.distribution)))
        told.append(("FCD, pairs of windows that share no sample", _spread(f.fcd.apart)))
    if f.psd is not None and f.peak is not None:
        where = "" if f.peak.inside else " (an end of the band, so no peak)"
        told.append(("mean spectrum is highest at", f"{number(f.peak.frequency_hz)} Hz ± {number(f.psd.spacing_hz / 2, 2)} Hz{where}"))
        told += [(f"power, {n} ({a:g} to {b:g} Hz)", f"{number(float(p.mean()))} {_squared(f.signals.unit)}") for n, a, b, p in f.bands]
    if f.coherence is not None and f.signals.size > 1:
        mean = above_diagonal(f.coherence.values.mean(axis=0))
        told.append(("coherence of pairs", f"{_spread(mean)}; by chance {number(f.coherence.by_chance, 2)}"))
    if f.plv is not None and f.signals.size > 1:
        told.append(("phase-locking of pairs", f"{_spread(above_diagonal(f.plv.values))}; by chance {number(f.plv.by_chance, 2)}"))
    return told


def rows_compared(c: Compared) -> list[tuple[str, str]]:
    """Return a comparison as rows of a table."""
    told = []
    if c.agreement is not None:
        told.append(("agreement of connectivities", number(c.agreement)))
    if c.fcd_distance is not None:
        told.append(("Kolmogorov-Smirnov distance of FCD", number(c.fcd_distance)))
    if c.divergence is not None:
        d = c.divergence
        told.append(("Kullback-Leibler divergence, taken for normal",
                     f"{number(d.corrected)} nats: estimated {number(d.value)}, of which {number(d.bias)} are bias; standard error "
                     f"{number(d.standard_error, 2)}"))
    else:
        told.append(("Kullback-Leibler divergence", f"unknown: {c.remark}"))
    return told


def _spread(values: Sequence[float] | NDArray[np.float64]) -> str:
    if not len(values):
        return "there are none"
    low, high = np.percentile(values, (5, 95))
    return f"{number(float(np.mean(values)))} (90 % from {number(float(low))} to {number(float(high))})"


def _squared(unit: str) -> str:
    return "" if unit == "1" else f"({unit})²" if "/" in unit or " " in unit else f"{unit}²"
