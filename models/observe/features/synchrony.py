"""Say how far two signals keep step: coherence at each frequency, and locking of their phases in a band."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, get_window, hilbert, sosfiltfilt

from cosim.errors import InputError, Problem
from cosim.models.observe.features.signals import Signals, refuse_band, refuse_constant
from cosim.models.observe.features.spectrum import independent_segments, segment_of, segments_in
from cosim.timegrid import in_ms

_MOST_VALUES = 1 << 26
_AT_ONCE = 1 << 20
_ORDER = 4
_FEWEST_PERIODS = 4


@dataclass(frozen=True, slots=True)
class Coherence:
    """Hold the coherence of every two channels.

    Parameters
    ----------
    frequencies_hz : (n_frequencies,) float64, Hz
        Within the band that was asked for.
    values : (n_frequencies, n_channels, n_channels) float64, 1
        Squared modulus of the cross-spectrum over the product of the spectra, from 0 to 1.
    segments : int
        How many segments it is averaged over.
    by_chance : float
        What two independent signals have on average, so much too high is every value near 0.
    """

    frequencies_hz: NDArray[np.float64]
    values: NDArray[np.float64]
    segments: int
    by_chance: float


@dataclass(frozen=True, slots=True)
class Locking:
    """Hold the phase-locking of every two channels in a band.

    Parameters
    ----------
    values : (n_channels, n_channels) float64, 1
        Length of the mean of ``exp(i (phase_i - phase_j))``, from 0 to 1.
    by_chance : float
        What two independent signals of such a band and length have on average, about.
    """

    values: NDArray[np.float64]
    by_chance: float


def coherence(s: Signals, segment: int | None = None, low_hz: float = 0.0, high_hz: float | None = None) -> Coherence:
    """Return the magnitude-squared coherence of every two channels by Welch's method, with Hann windows half over each other.

    Parameters
    ----------
    s : Signals
        The signals.
    segment : int or None
        Samples in a segment; None makes fifteen segments.
    low_hz, high_hz : float
        Band of frequencies to keep, both ends in it, Hz; None is half the rate of the samples.

    Raises
    ------
    InputError
        When there is only one segment (every coherence would be 1), a channel is constant, or the band is beyond the samples.

    Notes
    -----
    Source: Carter, Knapp & Nuttall 1973, IEEE Trans Audio Electroacoust 21:337; by chance, ``1 / segments``, from equation 6 there with the
    worth of segments that overlap.
    """
    refuse_band(s, low_hz, s.nyquist_hz if high_hz is None else high_hz)
    refuse_constant(s, "coherence")
    segment = segment_of(s, segment)
    number = segments_in(s.length, segment)
    if number < 2:
        raise InputError(Problem(f"there is one segment of {in_ms(segment * s.step_ms)} in the record of {in_ms(s.length * s.step_ms)}: "
                                 "every coherence would be 1", expected="at least two segments, better ten", remedy="shorten them"))
    frequencies = np.asarray(np.fft.rfftfreq(segment, 1 / s.rate_hz), np.float64)
    kept = np.flatnonzero((frequencies >= low_hz) & (frequencies <= (np.inf if high_hz is None else high_hz)))
    if not len(kept):
        raise InputError(Problem(f"no frequency is between {low_hz:g} and {high_hz:g} Hz: they are {frequencies[1]:g} Hz apart",
                                 remedy="take longer segments, or a wider band"))
    if len(kept) * s.size**2 > _MOST_VALUES:
        raise InputError(Problem(f"coherence at {len(kept)} frequencies of {s.size} x {s.size} channels is too much for the memory",
                                 remedy="take shorter segments, a narrower band or fewer channels"))
    parts = _transforms(s, segment, number, kept)
    values = np.empty((len(kept), s.size, s.size))
    rows = max(1, _AT_ONCE // s.size**2)
    for begin in range(0, len(kept), rows):
        block = parts[begin:begin + rows]
        cross = block @ block.conj().transpose(0, 2, 1)
        power = np.einsum("fii->fi", cross).real
        scale = power[:, :, None] * power[:, None, :]
        values[begin:begin + rows] = np.divide(np.abs(cross)**2, scale, out=np.zeros(scale.shape), where=scale > 0)
    return Coherence(frequencies[kept], values, number, 1 / independent_segments("hann", segment, number))


def _transforms(s: Signals, segment: int, number: int, kept: NDArray[np.intp]) -> NDArray[np.complex128]:
    """Return the Fourier transform of each segment, (n_frequencies, n_channels, n_segments)."""
    fade, step = get_window("hann", segment)[:, None], segment - segment // 2
    parts = np.empty((len(kept), s.size, number), np.complex128)
    for k in range(number):
        cut = s.values[k * step:k * step + segment]
        parts[:, :, k] = np.fft.rfft(fade * (cut - cut.mean(axis=0)), axis=0)[kept]
    return parts


def phase_locking(s: Signals, low_hz: float, high_hz: float) -> Locking:
    """Return the phase-locking value of every two channels in a band.

    Parameters
    ----------
    s : Signals
        The signals.
    low_hz, high_hz : float
        The band, above 0 and below half the rate of the samples, Hz.

    Raises
    ------
    InputError
        When a channel is constant, the band is none, or the record has fewer than four periods of its lower end.

    Notes
    -----
    Phases are those of the analytic signal behind a Butterworth filter of order 4 run both ways, which shifts none; a period of the lower
    end is left out at each side. Source: Lachaux, Rodriguez, Martinerie & Varela 1999, Hum Brain Mapp 8:194. By chance: a signal of
    bandwidth B has about B T independent phases in a time T, and the mean of n independent ones has the mean length ``sqrt(pi / (4 n))``
    (Rayleigh).
    """
    refuse_band(s, low_hz, high_hz)
    if low_hz <= 0 or high_hz >= s.nyquist_hz:
        raise InputError(Problem(f"the band from {low_hz:g} to {high_hz:g} Hz has no phase at one end",
                                 expected=f"above 0 Hz and below {s.nyquist_hz:g} Hz, half the rate of the samples"))
    refuse_constant(s, "phase-locking")
    period = int(np.ceil(s.rate_hz / low_hz))
    if s.length < _FEWEST_PERIODS * period:
        raise InputError(Problem(f"the record of {in_ms(s.length * s.step_ms)} is too short for phases at {low_hz:g} Hz",
                                 expected=f"at least {_FEWEST_PERIODS} periods, {in_ms(_FEWEST_PERIODS * period * s.step_ms)}",
                                 remedy="run longer, or take a higher band"))
    sections = butter(_ORDER, (low_hz, high_hz), "bandpass", fs=s.rate_hz, output="sos")
    filtered = sosfiltfilt(sections, s.values - s.values.mean(axis=0), axis=0, padlen=min(3 * period, s.length - 1))
    analytic = hilbert(filtered, axis=0)[period:-period]
    turned = np.divide(analytic, np.abs(analytic), out=np.zeros(analytic.shape, np.complex128), where=analytic != 0)
    values = np.minimum(np.abs(turned.T @ turned.conj()) / len(turned), 1.0)
    phases = max(1.0, (high_hz - low_hz) * len(turned) / s.rate_hz)
    return Locking(values, float(min(1.0, np.sqrt(np.pi / (4 * phases)))))
