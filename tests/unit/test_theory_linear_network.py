"""Linear networks under noise do what theory says; simulations and estimators can be held against them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad_vec
from scipy.linalg import expm

from cosim.errors import InputError
from cosim.models.observe.features.connectivity import correlation
from cosim.models.observe.features.divergence import normal
from cosim.models.observe.features.signals import signals
from cosim.models.theory.linear_network import cross_spectrum, cut, response, sampled, stationary_correlation, stationary_covariance

CHAIN = np.array([[-1, 0.4, 0], [0.4, -1, 0.4], [0, 0.4, -1.0]])
ALIKE = np.eye(3)
LINK = ((1, 2), (2, 1))


def test_a_chain_of_three_is_correlated_as_lyapunov_says() -> None:
    fc = stationary_correlation(CHAIN, ALIKE)
    assert fc[0, 1] == pytest.approx(0.43643578, abs=5e-9)
    assert fc[1, 2] == pytest.approx(0.43643578, abs=5e-9)
    assert fc[0, 2] == pytest.approx(0.19047619, abs=5e-9)
    after = stationary_correlation(cut(CHAIN, LINK), ALIKE)
    assert (after[0, 1], after[0, 2], after[1, 2]) == pytest.approx((0.4, 0, 0), abs=1e-12)


def test_the_covariance_of_a_symmetric_network_under_equal_noise_is_minus_half_the_inverse() -> None:
    assert np.abs(stationary_covariance(CHAIN, ALIKE) + np.linalg.inv(CHAIN) / 2).max() < 1e-12


def test_the_covariance_is_what_noise_of_all_the_past_adds_up_to() -> None:
    drift, q = np.array([[-1.0, 0.9], [-0.5, -2.0]]), np.array([[1.0, 0.3], [0.3, 0.5]])
    total = quad_vec(lambda t: expm(drift * t) @ q @ expm(drift * t).T, 0, 40, epsabs=1e-12)[0]
    assert np.abs(stationary_covariance(drift, q) - total).max() < 1e-10


def test_cutting_a_link_moves_the_distribution_so_far() -> None:
    before, after = (stationary_covariance(a, ALIKE) for a in (CHAIN, cut(CHAIN, LINK)))
    assert normal(np.zeros(3), before, np.zeros(3), after) == pytest.approx(0.1296395708, abs=5e-11)


def test_a_kick_spreads_along_the_chain() -> None:
    assert response(CHAIN, np.array([1.0, 0, 0]), 1.0) == pytest.approx((0.39810303, 0.15512640, 0.03022358), abs=5e-9)


def test_the_spectrum_of_one_node_is_closed_and_all_spectra_add_up_to_the_covariance() -> None:
    k, d, f = 3.0, 0.7, np.array([0.1, 1.0, 10.0])
    assert cross_spectrum([[-k]], [[2 * d]], f)[:, 0, 0].real == pytest.approx(2 * 2 * d / (k**2 + (2 * np.pi * f)**2), rel=1e-12)
    total = quad_vec(lambda x: cross_spectrum(CHAIN, ALIKE, np.array([x]))[0].real, 1e-12, np.inf, epsabs=1e-10)[0]
    assert np.abs(total - stationary_covariance(CHAIN, ALIKE)).max() < 1e-8


def test_samples_are_correlated_as_lyapunov_says() -> None:
    n, step = 20_000, 4.0
    fc = correlation(signals(sampled(CHAIN, ALIKE, step, n, np.random.default_rng(5))))
    expected = stationary_correlation(CHAIN, ALIKE)
    # Samples of the slowest mode, of rate 1 - 0.4 sqrt(2), are correlated by exp(-1.74), so n of them are worth n (1 - r^2) / (1 + r^2).
    r = np.exp(-step * (1 - 0.4 * np.sqrt(2)))
    error = (1 - expected**2) / np.sqrt(n * (1 - r**2) / (1 + r**2))
    pairs = np.triu_indices(3, 1)
    assert (np.abs(fc - expected)[pairs] < 4 * error[pairs]).all()


def test_networks_of_which_nothing_can_be_said_are_refused() -> None:
    for call, words in ((lambda: stationary_covariance(CHAIN + np.eye(3), ALIKE), "does not come to rest"),
                        (lambda: stationary_covariance(CHAIN, -ALIKE), "no covariance"),
                        (lambda: stationary_covariance(CHAIN, np.eye(2)), "shapes"),
                        (lambda: stationary_correlation(-np.eye(2), np.diag([1.0, 0])), "no noise reaches node 1"),
                        (lambda: cut(CHAIN, [(1, 1)]), "the link (1, 1)"), (lambda: cut(CHAIN, [(0, 3)]), "the link (0, 3)")):
        with pytest.raises(InputError) as told:
            call()
        assert words in str(told.value)


def test_the_code_of_the_reference_runs_and_prints_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "features.md").read_text()
    code, = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    exec(compile(code, "features.md", "exec"), {})
    *_, said = capsys.readouterr().out.split()
    assert f"{float(said):.5f}" == re.findall(r"# ([\d.]+) nats", code)[0]
