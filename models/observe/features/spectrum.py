"""Estimate power spectra, and say where their peak is and how much power a band has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import get_window, welch

from cosim.errors import InputError, Problem
from cosim.models.observe.features.signals import Signals, refuse_short
from cosim.timegrid import in_ms

SEGMENTS = 15
"""How many segments, each half over the next, a record is cut into where nobody says otherwise."""

_FEWEST = 8
_FLOOR = 1e-300


@dataclass(frozen=True, slots=True)
class Spectrum:
    """Hold one-sided power spectral densities.

    Parameters
    ----------
    frequencies_hz : (n_frequencies,) float64, Hz
        From 0 up to half the rate of the samples, evenly spaced.
    density : (n_frequencies, n_channels) float64, unit squared/Hz
        Their sum times the spacing is the mean power of the segments.
    segment : int
        Samples in a segment.
    segments : int
        How many there were.
    independent : float
        How many segments without overlap they are worth: the relative standard error of each density is one over its root.
    nyquist_hz : float
        Half the rate of the samples, Hz.
    """

    frequencies_hz: NDArray[np.float64]
    density: NDArray[np.float64]
    segment: int
    segments: int
    independent: float
    nyquist_hz: float

    @property
    def spacing_hz(self) -> float:
        """From one frequency to the next, Hz."""
        return float(self.frequencies_hz[1])


@dataclass(frozen=True, slots=True)
class Peak:
    """Hold where a spectrum is highest in a band.

    Parameters
    ----------
    frequency_hz, density : float
        Place, Hz, between two frequencies of the spectrum where a parabola through the logarithms puts it, and height, unit squared/Hz.
    inside : bool
        Whether the spectrum falls on both sides of it; where not, the highest value is at an end of the band, and no peak.
    """

    frequency_hz: float
    density: float
    inside: bool


def spectrum(s: Signals, segment: int | None = None, *, window: str = "hann", detrended: bool = True) -> Spectrum:
    """Return power spectral densities by Welch's method, of segments each half over the next.

    Parameters
    ----------
    s : Signals
        The signals.
    segment : int or None
        Samples in a segment; None makes fifteen segments.
    window : str
        How a segment fades in and out, as scipy names it; with ``boxcar`` and one segment Parseval's theorem holds exactly.
    detrended : bool
        Whether the mean of each segment is taken away.

    Raises
    ------
    InputError
        When a segment is longer than the record or has fewer than eight samples, or nothing varies.

    Notes
    -----
    Source: Welch 1967, IEEE Trans Audio Electroacoust 15:70; the worth of segments that overlap is from its section on the variance.
    """
    segment = segment_of(s, segment)
    if not np.ptp(s.values, axis=0).any():
        raise InputError(Problem("every channel is constant throughout the record: there is no power at any frequency",
                                 expected="signals that vary"))
    frequencies, density = welch(s.values, s.rate_hz, window=window, nperseg=segment, noverlap=segment // 2, axis=0,
                                 detrend="constant" if detrended else False)
    number = segments_in(s.length, segment)
    return Spectrum(frequencies, density, segment, number, independent_segments(window, segment, number), s.nyquist_hz)


def segment_of(s: Signals, segment: int | None) -> int:
    """Return the samples in a segment: as many as given, or such that there are fifteen; raise `InputError` when that cannot be."""
    refuse_short(s.length, _FEWEST, "a spectrum")
    if segment is None:
        return max(_FEWEST, 2 * (s.length // (SEGMENTS + 1)))
    long = f"a segment of {in_ms(segment * s.step_ms)} ({segment} samples)"
    if segment > s.length:
        raise InputError(Problem(f"{long} is longer than the record of {in_ms(s.length * s.step_ms)} ({s.length} samples)",
                                 expected="at most the record", remedy="take shorter segments, or run longer"))
    if segment < _FEWEST:
        raise InputError(Problem(f"{long} is too short for a spectrum", expected=f"at least {_FEWEST} samples"))
    return segment


def segments_in(length: int, segment: int) -> int:
    """Return how many segments, each half over the next, a record has room for."""
    return (length - segment) // (segment - segment // 2) + 1


def independent_segments(window: str, segment: int, number: int) -> float:
    """Return how many segments without overlap so many that are half over each other are worth (Welch 1967)."""
    w = get_window(window, segment)
    shared, step = float(w @ w), segment - segment // 2
    total = 1.0
    for j in range(1, min(number, -(-segment // step))):
        total += 2 * (1 - j / number) * (float(w[j * step:] @ w[:segment - j * step]) / shared)**2
    return number / total


def peak(found: Spectrum, density: NDArray[np.float64], low_hz: float, high_hz: float) -> Peak:
    """Return the highest point of one density in a band.

    Parameters
    ----------
    found : Spectrum
        Where the frequencies come from.
    density : (n_frequencies,) float64
        Of a channel, or a mean over channels.
    low_hz, high_hz : float
        The band, both ends in it, Hz.

    Raises
    ------
    InputError
        When no frequency of the spectrum is in the band.
    """
    inside = _inside(found, low_hz, high_hz, closed=True)
    at = int(inside[np.argmax(density[inside])])
    f, last = found.frequencies_hz, len(found.frequencies_hz) - 1
    if at in (0, last) or density[at] < max(density[at - 1], density[at + 1]):
        return Peak(float(f[at]), float(density[at]), inside=False)
    left, middle, right = np.log(np.maximum(density[at - 1:at + 2], _FLOOR))
    bend = left - 2 * middle + right
    shift = 0.5 * (left - right) / bend if bend < 0 else 0.0
    return Peak(float(f[at] + shift * found.spacing_hz), float(np.exp(middle - 0.25 * (left - right) * shift)), inside=True)


def band_power(found: Spectrum, low_hz: float, high_hz: float) -> NDArray[np.float64]:
    """Return the power of each channel in a band, so that the powers of bands that meet add up.

    Parameters
    ----------
    found : Spectrum
        The densities.
    low_hz, high_hz : float
        The band, Hz, the upper end left out, unless it is half the rate of the samples.

    Returns
    -------
    (n_channels,) float64, unit squared

    Raises
    ------
    InputError
        When no frequency of the spectrum is in the band.
    """
    inside = _inside(found, low_hz, high_hz, closed=high_hz >= found.nyquist_hz)
    return np.asarray(found.density[inside].sum(axis=0) * found.spacing_hz)


def _inside(found: Spectrum, low_hz: float, high_hz: float, *, closed: bool) -> NDArray[np.intp]:
    f = found.frequencies_hz
    if high_hz > found.nyquist_hz * (1 + 1e-12):
        raise InputError(Problem(f"a frequency of {high_hz:g} Hz is asked for, of a spectrum up to {found.nyquist_hz:g} Hz",
                                 expected=f"at most {found.nyquist_hz:g} Hz, half the rate of the samples", remedy="record more often"))
    inside = np.flatnonzero((f >= low_hz) & ((f <= high_hz) if closed else (f < high_hz)))
    if not len(inside):
        raise InputError(Problem(f"no frequency of the spectrum is between {low_hz:g} and {high_hz:g} Hz: they are {found.spacing_hz:g} Hz "
                                 "apart", remedy="take longer segments, or a wider band"))
    return inside

