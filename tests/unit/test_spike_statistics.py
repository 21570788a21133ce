"""Measures of spike trains against closed forms and against values reckoned by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from cosim.models.observe.spike_statistics import count_correlations, distance, interval_cvs, mean_rates, sampling_distance, subsample


def test_rates_count_the_silent_and_leave_out_other_populations() -> None:
    ids = np.array([4, 9, 5, 4, 4, 7, 2])
    assert mean_rates(ids, 4, 8, 0.5).tolist() == [6, 2, 0, 2]
    assert mean_rates(np.empty(0, np.int64), 0, 2, 1.0).tolist() == [0, 0]


def test_a_regular_train_has_no_variation() -> None:
    times = np.concatenate((np.arange(1, 100) * 7.3, np.arange(1, 50) * 11.1))
    ids = np.repeat([3, 4], [99, 49])
    mixed = np.random.default_rng(1).permutation(len(times))
    assert interval_cvs(times[mixed], ids[mixed], 3, 5) == pytest.approx([0, 0], abs=1e-12)


def test_a_poisson_train_varies_by_one() -> None:
    draw = np.random.default_rng(2)
    times = draw.exponential(10.0, (40, 4000)).cumsum(axis=1)
    cvs = interval_cvs(times.ravel(), np.repeat(np.arange(40), 4000), 0, 40)
    # The standard error of an exponential's coefficient of variation is 1 / sqrt(n).
    assert abs(cvs.mean() - 1) < 4 / np.sqrt(40 * 4000)


def test_two_intervals_by_hand_and_fewer_are_left_out() -> None:
    times, ids = np.array([1.0, 2.0, 5.0, 1.0, 2.0, 8.0]), np.array([1, 1, 1, 0, 0, 2])
    assert interval_cvs(times, ids, 0, 3) == pytest.approx([1 / 2])  # intervals 1 and 3: mean 2, standard deviation 1


def test_identical_trains_correlate_by_one_and_complementary_ones_by_minus_one() -> None:
    even, odd = np.arange(0, 1000, 4) + 1.0, np.arange(2, 1000, 4) + 1.0
    times, ids = np.concatenate((even, even, odd)), np.repeat([5, 6, 8], [len(even), len(even), len(odd)])
    assert count_correlations(times, ids, np.array([5, 6, 7, 8]), 0, 1000).tolist() == [1, -1, -1]


def test_independent_trains_do_not_correlate() -> None:
    draw = np.random.default_rng(3)
    times, ids = draw.uniform(0, 50_000, 30 * 500), np.repeat(np.arange(30), 500)
    found = count_correlations(times, ids, np.arange(30), 0, 50_000)
    assert len(found) == 30 * 29 / 2
    # Each has a standard deviation of 1 / sqrt(bins).
    assert abs(found.mean()) < 4 / np.sqrt(25_000 * len(found))
    assert found.std() == pytest.approx(1 / np.sqrt(25_000), rel=0.15)


def test_correlations_are_those_of_numpy_whatever_the_number_of_bins() -> None:
    draw = np.random.default_rng(4)
    times, ids = draw.uniform(100, 90_100, 3000), draw.integers(0, 12, 3000)
    counts = np.array([np.histogram(times[ids == i], np.arange(100, 90_101, 2))[0] for i in (1, 4, 9)])
    expected = np.corrcoef(counts)[np.triu_indices(3, 1)]
    assert count_correlations(times, ids, np.array([1, 4, 9]), 100, 90_100) == pytest.approx(expected, abs=1e-12)


def test_a_spike_on_the_grid_belongs_to_the_bin_that_it_ends() -> None:
    """Bins (500, 502], (502, 504] ...: in floating point, too."""
    times = np.array([500.0, 502.0, 5021 * 0.1, 5040 * 0.1, 503.0, 504.0, 509.5])
    ids = np.array([0, 0, 0, 0, 1, 1, 0])
    # Counts in four whole bins: neuron 0 [1, 2, 0, 0], neuron 1 [0, 2, 0, 0]; 500 and what lies beyond 508 is outside.
    expected = np.corrcoef([[1, 2, 0, 0], [0, 2, 0, 0]])[0, 1]
    assert count_correlations(times, ids, np.array([0, 1]), 500, 509) == pytest.approx([expected])


def test_the_distance_by_hand() -> None:
    a, b = np.array([1.0, 2.0, 3.0, 4.0]), np.array([3.0, 3.5])
    assert distance(a, b) == 0.5  # below 3: two of four, and none
    assert distance(a, a[::-1]) == 0
    assert distance(a, a + 10) == 1
    assert np.isnan(distance(a, np.empty(0)))


@pytest.mark.filterwarnings("ignore:ks_2samp")  # of the p-value, which is not looked at
@given(st.lists(st.integers(0, 9), min_size=1, max_size=40), st.lists(st.integers(0, 9), min_size=1, max_size=40))
def test_the_distance_is_that_of_scipy(a: list[int], b: list[int]) -> None:
    x, y = np.array(a, float), np.array(b, float)
    assert distance(x, y) == pytest.approx(ks_2samp(x, y).statistic)
    assert distance(x, y) == distance(y, x)


def test_two_samples_of_one_distribution_exceed_the_sampling_distance_in_one_case_of_twenty() -> None:
    draw = np.random.default_rng(5)
    beyond = sum(distance(draw.normal(size=300), draw.normal(size=200)) > sampling_distance(300, 200) for _ in range(1000))
    assert 20 <= beyond <= 75  # large-sample bound: a little fewer than 50, standard deviation 7


def test_a_subsample_is_the_same_for_all_who_ask() -> None:
    assert subsample(10, 20).tolist() == list(range(10, 20))
    many = subsample(1000, 21000)
    assert (len(many), len(set(many.tolist()))) == (250, 250)
    assert (many >= 1000).all() and (many < 21000).all() and (np.diff(many) > 0).all()
    assert np.array_equal(many, subsample(1000, 21000))
