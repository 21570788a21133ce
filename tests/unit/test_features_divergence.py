"""Divergences are those of closed forms; estimates say how far they are off, and are no further off than that."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from cosim.errors import InputError
from cosim.models.observe.features.divergence import exponential, normal, poisson
from cosim.models.observe.features.divergence_estimates import Estimate, by_histogram, by_neighbours, by_normal, of_counts
from cosim.models.theory.linear_network import cut, stationary_covariance

CHAIN = np.array([[-1, 0.4, 0], [0.4, -1, 0.4], [0, 0.4, -1.0]])


def test_closed_forms_give_the_figures_of_the_literature() -> None:
    assert normal(0, 1, 1, 1) == pytest.approx(0.5, abs=1e-15)
    assert exponential(1, 2) == pytest.approx(0.3068528194, abs=5e-11)
    assert poisson(5, 8) == pytest.approx(0.6499818538, abs=5e-11)


def test_a_distribution_does_not_diverge_from_itself_and_every_other_does() -> None:
    a, b = np.array([[2, 0.3], [0.3, 1]]), np.array([[1, -0.2], [-0.2, 1.5]])
    assert normal([1, 2], a, [1, 2], a) == pytest.approx(0, abs=1e-15)
    assert exponential(3, 3) == poisson(3, 3) == 0
    assert min(normal([1, 2], a, [1, 2], b), exponential(3, 2), exponential(2, 3), poisson(3, 2), poisson(2, 3)) > 0


def test_the_divergence_of_normal_distributions_does_not_depend_on_the_coordinates() -> None:
    a, b, m = np.array([[2, 0.3], [0.3, 1]]), np.array([[1, -0.2], [-0.2, 1.5]]), np.array([[1, 5], [-2, 3.0]])
    mean, other = np.array([1.0, 2.0]), np.array([0.5, -1.0])
    assert normal(m @ mean, m @ a @ m.T, m @ other, m @ b @ m.T) == pytest.approx(normal(mean, a, other, b), rel=1e-12)


def test_the_bias_of_counts_is_what_many_histograms_are_too_high_by() -> None:
    p, q, n, m = np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.3, 0.5]), 400, 300
    rng, truth = np.random.default_rng(2), float(p @ np.log(p / q))
    found = np.array([of_counts(rng.multinomial(n, p).astype(float), rng.multinomial(m, q).astype(float)) for _ in range(4000)])
    error = found[:, 0].std() / np.sqrt(len(found))
    assert abs(found[:, 0].mean() - truth - found[:, 1].mean()) < 4 * error
    assert found[:, 1].mean() > 4 * error  # so that the test could fail


REPETITIONS, SAMPLES = 12, 600
CASES: list[tuple[str, Callable[[np.random.Generator], Estimate], float]] = [
    ("neighbours, normal", lambda r: by_neighbours(r.normal(0, 1, SAMPLES), r.normal(1, 1, SAMPLES)), normal(0, 1, 1, 1)),
    ("neighbours, exponential", lambda r: by_neighbours(r.exponential(1, SAMPLES), r.exponential(0.5, SAMPLES)), exponential(1, 2)),
    ("histogram, normal", lambda r: by_histogram(r.normal(0, 1, SAMPLES), r.normal(1, 1, SAMPLES)), normal(0, 1, 1, 1)),
    ("histogram, Poisson", lambda r: by_histogram(r.poisson(5, SAMPLES), r.poisson(8, SAMPLES)), poisson(5, 8)),
    ("normal, network before and after a cut", lambda r: by_normal(
        r.multivariate_normal(np.zeros(3), stationary_covariance(CHAIN, np.eye(3)), SAMPLES),
        r.multivariate_normal(np.zeros(3), stationary_covariance(cut(CHAIN, [(1, 2), (2, 1)]), np.eye(3)), SAMPLES)), 0.1296395708)]


@pytest.mark.parametrize(("estimate", "truth"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_estimates_are_as_far_off_as_they_say(estimate: Callable[[np.random.Generator], Estimate], truth: float) -> None:
    found = [estimate(np.random.default_rng(seed)) for seed in range(REPETITIONS)]
    corrected = np.array([e.corrected for e in found])
    error = corrected.std(ddof=1) / np.sqrt(REPETITIONS)
    assert abs(corrected.mean() - truth) < 3 * error + 0.01
    told, scatter = np.mean([e.standard_error for e in found]), np.std([e.value for e in found], ddof=1)
    assert 1 / 2 < told / scatter < 2  # twelve values tell a deviation to about 20 %


def test_an_estimate_is_the_same_again() -> None:
    x, y = np.random.default_rng(1).normal(size=(2, 100, 2))
    assert by_neighbours(x, y) == by_neighbours(x, y)


def test_what_cannot_be_estimated_is_told_in_a_sentence() -> None:
    x = np.random.default_rng(1).normal(size=200)
    for call, words in (
        (lambda: by_neighbours(np.round(x), x), "some samples are equal"), (lambda: by_neighbours(x[:20], x), "20 and 200 samples"),
        (lambda: by_neighbours(x, x), "some samples are equal"), (lambda: by_neighbours(x, np.c_[x, x]), "shapes"),
        (lambda: by_histogram(x, np.full(200, 3.0)), "fewer than two"), (lambda: by_histogram(np.c_[x, x], np.c_[x, x]), "2 variables"),
        (lambda: by_normal(np.c_[x, x], np.c_[x, x]), "not of full rank"),
        (lambda: by_normal(np.tile(x[:50], (60, 1)).T, x[:, None]), "shapes"),
        (lambda: of_counts(np.array([3.0, 1]), np.array([4.0, 0])), "bin 1 holds 1 of the first samples alone"),
        (lambda: by_histogram(x * np.nan, x), "not finite"), (lambda: poisson(0, 1), "0 is no rate"),
        (lambda: normal(0, -1, 0, 1), "not of full rank"), (lambda: normal(0, 1, [0, 0], 1), "of one size"),
    ):
        with pytest.raises(InputError) as told:
            call()
        assert words in str(told.value)
