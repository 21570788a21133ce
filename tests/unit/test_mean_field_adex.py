"""The mean field of adaptive exponential neurons: where it rests, its derivatives, its covariance, and what it must say about itself."""

from __future__ import annotations

from math import factorial

import numpy as np
import pytest
from scipy.linalg import solve_continuous_lyapunov
from scipy.optimize import root
from scipy.special import wofz

from cosim.models.theory.published import CORTICAL, with_outside
from cosim.models.wholebrain.dynamics import model
from cosim.models.wholebrain.dynamics.adex_first_order import populations
from cosim.models.wholebrain.dynamics.adex_second_order import transfer
from cosim.models.wholebrain.language.model import Array, Held, everything, slope_of

FIRST, SECOND = model("adex_first_order"), model("adex_second_order")
TERMS = ("0", "m", "s", "t", "mm", "ss", "tt", "ms", "mt", "st")


def driven(b_e: list[float], external_hz: list[float]) -> dict[str, Array]:
    """Return parameters of regions with these adaptations and external rates.

    Adaptation is 25 times faster, and stronger by as much: that is soon over, and rests where it did.
    """
    khz = np.array(external_hz) * 1e-3
    return everything(FIRST, {"b_e": 25.0 * np.array(b_e), "tau_w_e": 20.0,
                              "external_input_ex_ex": khz, "external_input_in_ex": khz}, len(b_e))


def rested(values: dict[str, Array], x: Array, steps: int) -> Array:
    """Return the state after steps of 2 ms by the forward Euler scheme, whose fixed points are those of the equations."""
    for _ in range(steps):
        x = np.maximum(x + 2.0 * slope_of(FIRST, values, x), 0.0)
    return x


@pytest.fixture(scope="module")
def rest() -> tuple[dict[str, Array], Array]:
    values = driven([0.0, 5.0, 60.0], [1.0, 1.0, 4.0])
    return values, rested(values, np.array([[1e-3], [1e-3], [0.0], [0.0], [0.0]]) + np.zeros((5, 3)), 600)


def test_it_rests_where_an_independent_computation_found(rest):
    """Hz, Hz and pA; the third was printed from a run that ended 2e-7 before its adaptation, of 500 ms, had settled."""
    values, x = rest
    assert np.abs(slope_of(FIRST, values, x)).max() < 1e-11
    expected = [(0.7896655, 3.9277990, 27.6563469), (0.7002315, 3.6991240, 28.7287650), (2.0452939, 13.6697956, 97.8516792)]
    np.testing.assert_allclose((x[:3] * [[1e3], [1e3], [1.0]]).T, expected, rtol=2e-7)


@pytest.mark.parametrize("k", [0, 1, 2])
def test_it_rests_where_the_definition_of_the_transfer_function_says(rest, k):
    """Rates that reproduce themselves, by a root finder and F written out a second time."""
    values, x = rest
    v = {name: float(value[k]) for name, value in values.items()}

    def off(y: Array) -> list[float]:
        e, i, w = y
        u = v["Q_e"] * v["tau_e"] * 400.0 * (e + 1e-6 + v["external_input_ex_ex"])
        g = v["Q_i"] * v["tau_i"] * 100.0 * (i + 1e-6)
        mu = (u * v["E_e"] + g * v["E_i"] + v["g_L"] * v["E_L_e"] - w) / (v["g_L"] + u + g)
        settled = v["b_e"] * e * v["tau_w_e"] + v["a_e"] * (mu - v["E_L_e"])
        rates = (by_definition(v, "e", u, g, w) - e, by_definition(v, "i", u, g, 0.0) - i)
        return [*(1e3 * float(r.real) for r in rates), settled - w]

    found = root(off, x[:3, k] * 1.001, tol=1e-13)
    np.testing.assert_allclose(x[:3, k], found.x, rtol=1e-10)


def test_the_saturated_state_is_told_from_the_resting_ones(rest):
    """Without adaptation an external rate of 4 Hz drives it out of the fit; 1/T = 50 Hz and 1 / (2 tau) = 100 Hz lie in between."""
    values, x = rest
    assert FIRST.valid(Held(**dict(zip(FIRST.variables, x, strict=True))), Held(**values)).all()
    high = driven([0.0], [4.0])
    saturated = rested(high, np.array([[1e-3], [1e-3], [0.0], [0.0], [0.0]]), 300)
    assert 1e3 * saturated[0, 0] == pytest.approx(192.87, abs=0.005)
    for t in (5.0, 20.0):
        values = high | {"T": np.array([t])}
        assert not FIRST.valid(Held(**dict(zip(FIRST.variables, saturated, strict=True))), Held(**values)).any()


def test_its_transfer_functions_are_those_that_are_fitted():
    """The model in its language and the theory in NumPy are written apart from each other."""
    draw = np.random.default_rng(1)
    e, i, w, c = (draw.uniform(0.0, most, 50) for most in (0.05, 0.05, 150.0, 0.01))
    found = populations(Held(**everything(FIRST, {}, 50)), e, i, w, w, c, 0.0, 0.0)[:2]
    rates = (1e3 * e + 1e-3, 1e3 * i + 1e-3, 1e3 * c)
    np.testing.assert_allclose(found, [1e-3 * with_outside(CORTICAL[name]).rate(rates, w) for name in ("RS", "FS")], rtol=1e-13)


def test_without_covariance_both_orders_move_alike():
    draw = np.random.default_rng(2)
    x = np.array([draw.uniform(*v.range, 40) for v in FIRST.state])
    c, u = draw.uniform(0.0, 0.01, (1, 40)), draw.uniform(0.0, 0.01, (2, 40))
    first = slope_of(FIRST, everything(FIRST, {}, 40), x, c, u)
    second = slope_of(SECOND, everything(SECOND, {}, 40), np.concatenate([x[:2], np.zeros((3, 40)), x[2:]]), c, u)
    np.testing.assert_allclose(second[[0, 1, 5, 6, 7]], first, rtol=1e-12, atol=1e-18)


def test_inhibition_from_outside_silences_but_never_makes_rates_negative():
    x = np.array([[0.005], [0.01], [50.0], [0.0], [0.0]])
    values = everything(FIRST, {}, 1)
    silent = slope_of(FIRST, values, x, np.zeros((1, 1)))
    assert np.array_equal(slope_of(FIRST, values, x, np.full((1, 1), -0.3)), silent)
    assert np.array_equal(slope_of(FIRST, values, x, np.full((1, 1), 0.1), np.full((2, 1), -0.3)), silent)


def by_definition(v: dict[str, float], cell: str, u: Array, i: Array, w: float) -> Array:
    """Return F of complex conductances, straight from the definition of the moments."""
    total = v["g_L"] + u + i
    mu = (u * v["E_e"] + i * v["E_i"] + v["g_L"] * v[f"E_L_{cell}"] - w) / total
    tau_m = v["C_m"] / total
    areas = [u / (v["Q_e"] * v["tau_e"]) * (v["Q_e"] / total * (v["E_e"] - mu) * v["tau_e"]) ** 2,
             i / (v["Q_i"] * v["tau_i"]) * (v["Q_i"] / total * (v["E_i"] - mu) * v["tau_i"]) ** 2]
    over = areas[0] / (v["tau_e"] + tau_m) + areas[1] / (v["tau_i"] + tau_m)
    sigma, tau = np.sqrt(over / 2.0), (areas[0] + areas[1]) / over
    a, s, t = (mu + 60.0) / 10.0, (sigma - 4.0) / 6.0, tau * v["g_L"] / v["C_m"] - 0.5
    terms = (1.0, a, s, t, a * a, s * s, t * t, a * s, a * t, s * t)
    z = (1e3 * sum(v[f"P_{cell}_{k}"] * term for k, term in enumerate(terms)) - mu) / (np.sqrt(2.0) * sigma)
    return np.asarray(np.exp(-z * z) * wofz(1j * z) / (2.0 * tau))


@pytest.mark.parametrize("taus", [(5.0, 5.0), (3.0, 7.0)])
@pytest.mark.parametrize("cell", ["e", "i"])
@pytest.mark.parametrize(("u", "i", "w"), [(4.0, 3.0, 20.0), (30.0, 12.0, 0.0), (55.0, 40.0, 120.0)])
def test_derivatives_in_closed_form_are_those_of_cauchys_integral(cell, taus, u, i, w):
    """F is analytic: its mean over a circle of complex conductances, turned back n times, is its n-th derivative without a difference."""
    parameters = {"tau_e": taus[0], "tau_i": taus[1]}
    held = Held(**everything(SECOND, parameters, 1))
    numbers = {k: float(v[0]) for k, v in everything(SECOND, parameters, 1).items()}
    turned = np.exp(2j * np.pi * np.arange(128) / 128)
    radius = 0.2 * i

    def along(n: int, du: float, di: float) -> float:
        values = by_definition(numbers, cell, u + du * radius * turned, i + di * radius * turned, w)
        return float((factorial(n) / radius**n * (values * turned**-n).mean()).real)

    f_uu, f_vv = along(2, 1.0, 0.0), along(2, 0.0, 1.0)
    expected = (along(0, 1.0, 0.0), along(1, 1.0, 0.0), along(1, 0.0, 1.0), f_uu, (along(2, 1.0, 1.0) - f_uu - f_vv) / 2.0, f_vv)
    found = transfer(held, np.array([u]), np.array([i]), w, getattr(held, f"E_L_{cell}"), *(getattr(held, f"{cell}_{k}") for k in TERMS))
    np.testing.assert_allclose(np.concatenate(found[:6]), expected, rtol=1e-10)


def test_its_covariance_rests_where_noise_and_relaxation_balance(rest):
    """At rest C solves J C + C J' + A = 0 with J = dF - 1 from differences of the first order: what linear noise theory has."""
    values, x = rest
    n, h, t = x.shape[1], 1e-7, 20.0
    moved = [[slope_of(FIRST, values, x + s * h * np.eye(5)[:, [k]])[:2] for s in (2, 1, -1, -2)] for k in range(2)]
    j = t * np.array([(8 * (b - c) - a + d) / (12 * h) for a, b, c, d in moved]).transpose(2, 1, 0)
    a = np.stack([x[0] * (1 / t - x[0]) / 8000.0, x[1] * (1 / t - x[1]) / 2000.0])
    c = np.array([solve_continuous_lyapunov(j[k], -np.diag(a[:, k])) for k in range(n)])
    state = np.concatenate([x[:2], c[:, 0, 0][None], c[:, 0, 1][None], c[:, 1, 1][None], x[2:]])
    given = {k: v for k, v in values.items() if k in SECOND.parameter_names}
    slopes = t * slope_of(SECOND, everything(SECOND, given | {"consistent": 1.0}, n), state)[2:5]
    assert np.abs(slopes / np.stack([a[0], np.sqrt(a[0] * a[1]), a[1]])).max() < 1e-8
    assert np.linalg.eigvalsh(c).min() > 0
    coded = t * slope_of(SECOND, everything(SECOND, given, n), state)[2:5]
    assert np.abs(coded / np.stack([a[0], np.sqrt(a[0] * a[1]), a[1]])).min() > 1e-3, "The Virtual Brain's rests elsewhere"
