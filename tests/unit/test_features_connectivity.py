"""Functional connectivity and its dynamics are those of other tools and of theory; what has none is told by name."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from cosim.errors import InputError
from cosim.models.observe.features.connectivity import agreement, correlation, covariance, partial_correlation
from cosim.models.observe.features.dynamics import connectivity_dynamics
from cosim.models.observe.features.signals import signals
from cosim.models.observe.spike_statistics import distance

FIGURES = json.loads((Path(__file__).parents[1] / "validation" / "data" / "tvb_fc.json").read_text())
TIME, CHANNEL = np.arange(600)[:, None], np.arange(8)
ARRAY = (np.sin(2 * np.pi * TIME / (40 + 7 * CHANNEL)) + 0.5 * np.cos(0.05 * TIME * (1 + 0.1 * CHANNEL)) + 0.001 * CHANNEL * TIME)


def noise(n: int, size: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, size))


def test_correlation_and_covariance_are_those_of_the_reference() -> None:
    s = signals(ARRAY)
    assert np.abs(correlation(s) - FIGURES["fc_pearson"]).max() < 1e-12
    assert np.abs(covariance(s) - FIGURES["fc_cov_ddof1"]).max() < 1e-12


def test_dynamics_are_those_of_the_reference() -> None:
    found = connectivity_dynamics(signals(ARRAY), FIGURES["fcd"]["window"], FIGURES["fcd"]["step"])
    assert np.abs(found.matrix - FIGURES["fcd"]["matrix"]).max() < 1e-12
    assert abs(found.distribution.mean() - FIGURES["fcd"]["upper_triangle_mean"]) < 1e-12


def test_connectivity_does_not_depend_on_scale_sign_aside_or_offset() -> None:
    x = noise(300, 5)
    factors = np.array([1.0, 1e6, 1e-6, 3.0, -2.0])
    changed = correlation(signals(x * factors + 7.0))
    assert np.abs(changed - correlation(signals(x)) * np.outer(np.sign(factors), np.sign(factors))).max() < 1e-9


def test_partial_correlation_is_that_of_what_regression_leaves() -> None:
    x = noise(400, 4) @ np.array([[1, 0.8, 0, 0.2], [0, 1, 0.5, 0], [0, 0, 1, 0.7], [0, 0, 0, 1.0]])
    found = partial_correlation(signals(x))
    others = np.column_stack((np.ones(400), x[:, 2:]))
    left = x[:, :2] - others @ np.linalg.lstsq(others, x[:, :2], rcond=None)[0]
    assert abs(found[0, 1] - np.corrcoef(left.T)[0, 1]) < 1e-12
    assert np.array_equal(np.diag(found), np.ones(4))


def test_a_pattern_agrees_with_itself_and_not_with_its_negative() -> None:
    a = correlation(signals(noise(50, 6)))
    b = 2 * np.eye(6) - a
    assert agreement(a, a) == pytest.approx(1, abs=1e-12)
    assert agreement(a, b) == pytest.approx(-1, abs=1e-12)


def test_a_signal_that_repeats_has_the_same_pattern_in_every_window() -> None:
    found = connectivity_dynamics(signals(np.tile(noise(40, 5), (6, 1))), 40, 40)
    assert np.abs(found.matrix - 1).max() < 1e-12
    assert len(found.distribution) == len(found.apart) == 15


def test_pairs_of_windows_apart_share_no_sample() -> None:
    found = connectivity_dynamics(signals(noise(200, 4), 2), 50, 20)
    assert found.matrix.shape == (8, 8)
    assert len(found.apart) == sum(b - a >= 3 for a in range(8) for b in range(a, 8))
    assert found.centres_ms[:2].tolist() == [50, 90]


def test_dynamics_of_two_regimes_lie_further_apart_than_halves_of_one() -> None:
    x = noise(2400, 4)
    switching = x.copy()
    mixed = (np.arange(2400) // 300 % 2 == 1)
    switching[mixed, 1] = switching[mixed, 0] + 0.1 * switching[mixed, 1]
    plain, other, regimes = (connectivity_dynamics(signals(v), 100, 50).distribution for v in (x, noise(2400, 4, 2), switching))
    assert distance(plain, regimes) > 2 * distance(plain, other)


@pytest.mark.parametrize(("window", "every", "words"), [
    (601, 10, "the window of 60100 ms (601 samples) is longer than the record of 60000 ms (600 samples)"),
    (2, 1, "the window of 200 ms (2 samples) is too short"), (100, 0, "windows are 0 samples apart"), (600, 1, "there is one window"),
    (3, 10**6, "there is one window")])
def test_windows_that_do_not_fit_are_refused(window: int, every: int, words: str) -> None:
    with pytest.raises(InputError, match="window") as told:
        connectivity_dynamics(signals(ARRAY, 100), window, every)
    assert words in str(told.value)


def test_a_constant_channel_is_named_throughout_and_within_a_window() -> None:
    x = noise(100, 3)
    x[:, 1] = 0.1
    named = signals(x, 1, ("rA1", "rV1", "rM1"))
    for measure in (correlation, partial_correlation):
        with pytest.raises(InputError, match=r"channel 'rV1' is constant throughout the record.*"):
            measure(named)
    x[:50, 1] = noise(50, 1)[:, 0]
    with pytest.raises(InputError, match="'rV1' is constant throughout the window from 50 ms to 70 ms"):
        connectivity_dynamics(signals(x, 1, named.names), 20, 10)


def test_too_little_to_correlate_is_told() -> None:
    for call, words in ((lambda: correlation(signals(noise(2, 3))), "there are 2 samples"),
                        (lambda: connectivity_dynamics(signals(noise(50, 2)), 10, 5), "there are 2 channels"),
                        (lambda: partial_correlation(signals(noise(5, 5))), "there are 5 samples"),
                        (lambda: partial_correlation(signals(noise(50, 3) @ np.array([[1, 0, 1], [0, 1, 1], [0, 0, 0]]))), "follow from"),
                        (lambda: agreement(np.eye(3), np.eye(4)), "(3, 3) and (4, 4)"),
                        (lambda: agreement(np.eye(3), np.eye(3)), "the same in")):
        with pytest.raises(InputError) as told:
            call()
        assert words in str(told.value)


def test_what_is_not_finite_is_named_with_its_sample() -> None:
    x = noise(10, 3)
    x[7, 2] = np.nan
    x[4, 0] = np.inf
    with pytest.raises(InputError, match="channels 'a', 'c' are not finite: a is inf at sample 4"):
        signals(x, 1, ("a", "b", "c"))


def test_the_beginning_and_channels_can_be_left_out() -> None:
    s = signals(ARRAY, "0.1")
    assert np.array_equal(s.after(Fraction("1.05")).values, ARRAY[11:])
    assert s.without(["channel 3"]).names == tuple(f"channel {i}" for i in (0, 1, 2, 4, 5, 6, 7))
    for call in (lambda: s.after(Fraction(60)), lambda: s.after(Fraction(-1)), lambda: s.without(["chanel 3"])):
        with pytest.raises(InputError):
            call()
