"""Spectra hold Parseval's theorem and closed forms; coherence and phase-locking theirs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import coherence as of_scipy

from cosim.errors import InputError
from cosim.models.observe.features.signals import signals
from cosim.models.observe.features.spectrum import band_power, peak, spectrum
from cosim.models.observe.features.synchrony import coherence, phase_locking
from cosim.models.theory.linear_network import cross_spectrum, sampled


def noise(n: int, size: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, size))


@pytest.mark.parametrize("n", [1000, 1001])
def test_the_density_of_a_whole_record_adds_up_to_its_variance(n: int) -> None:
    x = noise(n, 3) + 5
    found = spectrum(signals(x, "0.5"), n, window="boxcar")
    assert found.density.sum(axis=0) * found.spacing_hz == pytest.approx(x.var(axis=0), rel=1e-12)
    assert found.independent == pytest.approx(1)


def test_the_density_of_faded_segments_adds_up_to_their_faded_power() -> None:
    x = noise(1000, 1)
    found = spectrum(signals(x), 200, detrended=False)
    w = np.hanning(201)[:-1]
    power = np.mean([((w * x[b:b + 200, 0])**2).sum() / (w**2).sum() for b in range(0, 801, 100)])
    assert found.segments == 9
    assert found.density.sum() * found.spacing_hz == pytest.approx(power, rel=1e-12)


def test_powers_of_bands_that_meet_add_up() -> None:
    found = spectrum(signals(noise(4000, 2)), 500)
    parts = sum(band_power(found, low, high) for low, high in ((0, 4), (4, 8), (8, 100), (100, 500)))
    assert parts == pytest.approx(found.density.sum(axis=0) * found.spacing_hz, rel=1e-12)


def test_a_sine_has_its_peak_at_its_frequency_and_half_its_squared_amplitude_there() -> None:
    t = np.arange(20_000) / 1000
    found = spectrum(signals(3 * np.sin(2 * np.pi * 10.37 * t)[:, None]), 4000)
    top = peak(found, found.density[:, 0], 1, 100)
    assert top.inside
    assert top.frequency_hz == pytest.approx(10.37, abs=0.1 * found.spacing_hz)
    assert band_power(found, 8, 13)[0] == pytest.approx(4.5, rel=1e-3)
    assert not peak(found, found.density[:, 0], 20, 100).inside


def test_an_ornstein_uhlenbeck_process_has_the_spectrum_of_its_closed_form() -> None:
    k, d, step, channels, n, segment = 50.0, 2.0, 1e-3, 16, 20_000, 1000
    rng = np.random.default_rng(11)
    decay, sd = np.exp(-k * step), np.sqrt(d / k)  # exact in distribution at every sample
    x = np.empty((n, channels))
    x[0] = sd * rng.normal(size=channels)
    kicks = sd * np.sqrt(1 - decay**2) * rng.normal(size=(n, channels))
    for i in range(1, n):
        x[i] = decay * x[i - 1] + kicks[i]
    found = spectrum(signals(x), segment)
    # One-sided, so twice 2D/(k^2+w^2). Above 30 Hz folding raises it by more than (w step)^2 / 12 = 0.3 %; at 0 the mean is missing.
    low = (found.frequencies_hz >= 3) & (found.frequencies_hz <= 30)
    ratio = found.density[low].mean(axis=1) / (2 * 2 * d / (k**2 + (2 * np.pi * found.frequencies_hz[low])**2))
    error = 1 / np.sqrt(channels * found.independent)
    assert error < 0.05
    assert np.abs(ratio - 1).max() < 4 * error + 0.003
    assert abs(ratio.mean() - 1) < 4 * error / np.sqrt(low.sum() / 2) + 0.003  # neighbours of a Hann window are correlated


def test_coherence_is_that_of_scipy_and_of_a_channel_with_itself_is_one() -> None:
    x = noise(3000, 3)
    x[:, 1] += x[:, 0]
    found = coherence(signals(x), 200)
    for i in range(3):
        for j in range(3):
            _, expected = of_scipy(x[:, i], x[:, j], 1000, nperseg=200)
            assert np.abs(found.values[:, i, j] - expected).max() < 1e-12


def test_coherence_of_independent_signals_is_what_it_is_by_chance() -> None:
    found = coherence(signals(noise(40_000, 8)), 400, 50, 450)
    pairs = found.values[:, *np.triu_indices(8, 1)]
    assert pairs.mean() == pytest.approx(found.by_chance, rel=0.05)


def test_coherence_of_a_linear_network_is_that_of_its_spectra() -> None:
    drift, q = np.array([[-40.0, 30.0], [0.0, -60.0]]), np.eye(2)
    found = coherence(signals(sampled(drift, q, 1e-3, 20_000, np.random.default_rng(3))), 500, 4, 40)
    spectra = cross_spectrum(drift, q, found.frequencies_hz)
    expected = np.abs(spectra[:, 0, 1])**2 / (spectra[:, 0, 0] * spectra[:, 1, 1]).real
    # Carter 1987, Proc IEEE 75:236: bias (1 - C)^2 / n, variance 2 C (1 - C)^2 / n.
    bias, error = (1 - expected)**2 * found.by_chance, np.sqrt(2 * expected * found.by_chance) * (1 - expected)
    assert (np.abs(found.values[:, 0, 1] - expected - bias) < 4 * error + found.by_chance).all()


def test_sines_of_one_frequency_are_locked_and_those_of_two_are_not() -> None:
    t = np.arange(10_000) / 1000
    x = np.stack([np.sin(2 * np.pi * 10 * t), 5 * np.cos(2 * np.pi * 10 * t + 1), np.sin(2 * np.pi * 11 * t)], axis=1)
    found = phase_locking(signals(x), 8, 13).values
    assert np.diag(found) == pytest.approx(np.ones(3))
    assert found[0, 1] > 0.999
    assert found[0, 2] < 0.05


def test_phases_of_independent_noise_are_locked_by_chance_only() -> None:
    found = phase_locking(signals(noise(60_000, 10)), 8, 13)
    pairs = found.values[np.triu_indices(10, 1)]
    assert 0.6 < pairs.mean() / found.by_chance < 1.4


def test_what_has_no_spectrum_is_told_in_a_sentence() -> None:
    s, flat = signals(noise(1000, 2)), signals(np.c_[noise(1000, 1), np.ones(1000)], 1, ("a", "b"))
    found = spectrum(s)
    for call, words in (
        (lambda: spectrum(s, 1001), "a segment of 1001 ms (1001 samples) is longer than the record of 1000 ms"),
        (lambda: spectrum(s, 7), "too short for a spectrum"), (lambda: spectrum(signals(noise(5, 2))), "there are 5 samples"),
        (lambda: band_power(found, 10, 600), "600 Hz is asked for, of a spectrum up to 500 Hz"),
        (lambda: band_power(found, 10.1, 10.2), "no frequency of the spectrum is between 10.1 and 10.2 Hz: they are"),
        (lambda: coherence(s, 1000), "there is one segment"), (lambda: coherence(s, 100, 0, 501), "501 Hz is asked for"),
        (lambda: coherence(flat, 100), "channel 'b' is constant"), (lambda: phase_locking(s, 8, 500), "no phase at one end"),
        (lambda: phase_locking(s, 13, 8), "from 13 Hz to 8 Hz"), (lambda: phase_locking(s, 1, 8), "too short for phases at 1 Hz"),
        (lambda: phase_locking(flat, 30, 40), "channel 'b' is constant"),
    ):
        with pytest.raises(InputError) as told:
            call()
        assert words in str(told.value)
