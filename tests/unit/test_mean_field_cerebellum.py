"""The mean field of the cerebellar cortex: figures of its authors, where it rests, its covariance, and what it must say about itself."""

from __future__ import annotations

from math import e as EULER

import numpy as np
import pytest
from scipy.linalg import solve_continuous_lyapunov
from scipy.special import wofz

from cosim.models.theory.published import CEREBELLAR
from cosim.models.wholebrain.dynamics import model
from cosim.models.wholebrain.language.model import Array, Held, everything, slope_of

FIRST, SECOND = model("cerebellum_first_order"), model("cerebellum_second_order")
NAMES = FIRST.variables
# The coefficients of the thresholds are printed with ten decimals.
DIGITS = 5e-11
COEFFICIENTS = [p.name for p in FIRST.parameters if p.name.startswith("P_")]


def with_other_digits(mossy_hz: list[float]) -> dict[str, Array]:
    """Return parameters of rows of regions: as printed, then with one coefficient after the other changed by what print leaves open."""
    n = len(mossy_hz)
    values = {"mossy": np.tile(np.array(mossy_hz) * 1e-3, 1 + len(COEFFICIENTS))}
    for k, name in enumerate(COEFFICIENTS):
        default = next(p.default for p in FIRST.parameters if p.name == name)
        values[name] = np.full(len(values["mossy"]), default)
        values[name][(k + 1) * n : (k + 2) * n] += DIGITS
    return everything(FIRST, values, len(values["mossy"]))


def open_to(found: Array, n: int) -> Array:
    """Return by how much results may differ because of the digits of the coefficients."""
    rows = found.reshape(len(found), -1, n)
    return np.asarray(np.abs(rows[:, 1:] - rows[:, :1]).sum(1))


def rates(values: dict[str, Array], hz: Array) -> Array:
    """Return the four transfer functions, Hz, at rates of the four populations, Hz."""
    return np.asarray(1e3 * slope_of(FIRST, values, hz * 1e-3) * values["T"] + hz)


@pytest.mark.parametrize(("cell", "mossy", "others", "expected"), [
    ("GrC", 4.0, {"GoC": 10.0}, 0.04915704528), ("GrC", 40.0, {"GoC": 20.0}, 14.63860818),
    ("GoC", 4.0, {"GrC": 1.0, "GoC": 10.0}, 6.51237556), ("MLI", 4.0, {"GrC": 1.0, "MLI": 10.0}, 42.41268809),
    ("PC", 4.0, {"GrC": 1.0, "MLI": 15.0}, 55.69851093)])
def test_transfer_functions_are_those_of_the_authors(cell, mossy, others, expected):
    values = with_other_digits([mossy])
    found = rates(values, np.array([[others.get(name, 0.0)] for name in NAMES]) + np.zeros_like(values["mossy"]))
    k = NAMES.index(cell)
    assert found[k, 0] == pytest.approx(expected, abs=float(open_to(found, 1)[k, 0]) + 1e-8)
    assert open_to(found, 1)[k, 0] < 1e-6 * expected


def test_transfer_functions_are_those_that_are_fitted():
    """The model in its language and the theory in NumPy are written apart from each other."""
    draw = np.random.default_rng(1)
    grc, goc, mli, mossy = (draw.uniform(0.5, most, 40) for most in (5.0, 40.0, 40.0, 60.0))
    found = rates(everything(FIRST, {"mossy": mossy * 1e-3}, 40), np.array([grc, goc, mli, np.zeros(40)]))
    sources = {"GrC": (mossy, goc), "GoC": (mossy, grc, goc), "MLI": (grc, mli), "PC": (grc, mli)}
    np.testing.assert_allclose(found, [CEREBELLAR[name].rate(given) for name, given in sources.items()], rtol=1e-13, atol=1e-13)


def rested(values: dict[str, Array], steps: int) -> Array:
    """Return the state after steps of 0.5 ms by the forward Euler scheme."""
    x = np.array([[v.start] for v in FIRST.state]) + np.zeros_like(values["mossy"])
    for _ in range(steps):
        x = x + 0.5 * slope_of(FIRST, values, x)
    return x


def test_it_rests_where_the_authors_functions_rest():
    expected = np.array([(0, 2.252908, 18.337083, 44.826457), (0.092267, 4.450810, 18.548644, 45.469566),
                         (0.661084, 9.655870, 19.894515, 48.921529), (4.914342, 41.664708, 31.938400, 71.220531)]).T
    values = with_other_digits([0.0, 4.0, 10.0, 40.0])
    x = rested(values, 250)
    assert np.abs(slope_of(FIRST, values, x)).max() < 1e-13
    assert (np.abs(1e3 * x[:, :4] - expected) <= 1e3 * open_to(x, 4) + 5.1e-7).all()
    assert open_to(x, 4).max() < 2e-8, "kHz"


def test_it_says_where_mossy_fibres_drive_it_beyond_70_hz():
    values = everything(FIRST, {"mossy": np.array([4.0, 40.0, 70.0, 72.0, 150.0]) * 1e-3}, 5)
    x = rested(values, 250)
    assert np.asarray(FIRST.valid(Held(**dict(zip(NAMES, x, strict=True))), Held(**values))).tolist() == [True, True, True, False, False]


def test_silent_fibres_do_not_break_it():
    values = everything(SECOND, {"mossy": 0.0}, 1)
    for m, x in ((FIRST, np.zeros((4, 1))), (SECOND, np.zeros((19, 1)))):
        assert np.isfinite(slope_of(m, values, x, np.full((2, 1), -1.0))).all()


def test_without_covariance_both_orders_move_alike():
    draw = np.random.default_rng(2)
    x = np.array([draw.uniform(*v.range, 40) for v in FIRST.state])
    c, u = draw.uniform(0.0, 0.01, (2, 40)), draw.uniform(0.0, 0.01, (2, 40))
    for preset in FIRST.presets.values():
        first = slope_of(FIRST, everything(FIRST, preset, 40), x, c, u)
        second = slope_of(SECOND, everything(SECOND, preset, 40), np.concatenate([x, np.zeros((15, 40))]), c, u)
        np.testing.assert_allclose(second[:4], first, rtol=1e-11, atol=1e-17)


def by_definition(v: dict[str, float], cell: str, sources: tuple[str, ...], khz: list[Array]) -> Array:
    """Return F of complex rates, kHz, straight from the moments as the authors code them."""
    g = [v[f"K_{s}_{cell}"] * v[f"Q_{s}_{cell}"] * v[f"tau_{s}_{cell}"] * r for s, r in zip(sources, khz, strict=True)]
    reversal = [v["E_e"] if s in ("mossy", "GrC") else v["E_i"] for s in sources]
    total = v[f"g_L_{cell}"] + sum(g)
    mu = EULER * (sum(a * b for a, b in zip(g, reversal, strict=True)) + v[f"g_L_{cell}"] * v[f"E_L_{cell}"]) / total
    tau_m = v[f"C_m_{cell}"] / total
    variance, area = 0.0, 0.0
    for s, r, to in zip(sources, khz, reversal, strict=True):
        tau = v[f"tau_{s}_{cell}"]
        one = v[f"Q_{s}_{cell}"] / total * (to - mu) * EULER * tau
        variance = variance + (2 * tau_m + tau) * (one / (2 * (tau + tau_m))) ** 2 * v[f"K_{s}_{cell}"] * r
        area = area + v[f"K_{s}_{cell}"] * r * one**2
    sigma, t_v = np.sqrt(variance), 0.5 * area / variance
    normal = t_v * v[f"g_L_{cell}"] / v[f"C_m_{cell}"] - 0.5
    terms = (1.0, (mu + 60.0) / 10.0, (sigma - 4.0) / 6.0, normal, np.log(total / v[f"g_L_{cell}"]))
    z = (1e3 * sum(v[f"P_{cell}_{k}"] * term for k, term in enumerate(terms)) - mu) / (np.sqrt(2.0) * sigma)
    return np.asarray(v[f"alpha_{cell}"] / (2.0 * t_v) * np.exp(-z * z) * wofz(1j * z))


SOURCES = {"GrC": ("mossy", "GoC"), "GoC": ("mossy", "GrC", "GoC"), "MLI": ("GrC", "MLI"), "PC": ("GrC", "MLI")}


@pytest.mark.parametrize("cell", NAMES)
def test_the_bend_of_each_transfer_function_is_that_of_cauchys_integral(cell):
    """What a covariance adds to a slope is half its product with second derivatives, here from circles of complex rates."""
    at = {"mossy": 0.02, "GrC": 0.003, "GoC": 0.015, "MLI": 0.02, "PC": 0.05}
    numbers = {k: float(v[0]) for k, v in everything(SECOND, {"mossy": at["mossy"]}, 1).items()}
    sources, turned = SOURCES[cell], np.exp(2j * np.pi * np.arange(128) / 128)

    def second(*along: str) -> float:
        size = [0.2 * at[s] * along.count(s) / max(1, len(along)) for s in sources]
        values = by_definition(numbers, cell, sources, [at[s] + r * turned for s, r in zip(sources, size, strict=True)])
        return float((2.0 * (values * turned**-2).mean()).real)

    x = np.array([[at[name]] for name in NAMES] + [[0.0]] * 15)
    values = everything(SECOND, {"mossy": at["mossy"]}, 1)
    k = NAMES.index(cell)
    still = slope_of(SECOND, values, x)[k, 0]
    for i, a in enumerate(sources):
        for b in sources[i:]:
            unit = 0.2 * at[a] * 0.2 * at[b]
            mixed = second(a) if a == b else 2.0 * second(a, b) - 0.5 * (second(a) + second(b))
            covariance = x.copy()
            name = f"C_{a}_{b}"
            covariance[SECOND.variables.index(name)] = unit
            added = (slope_of(SECOND, values, covariance)[k, 0] - still) * 3.5
            assert added == pytest.approx((0.5 if a == b else 1.0) * mixed, rel=1e-9), name


def test_its_covariance_rests_where_noise_and_relaxation_balance():
    """At rest C solves J C + C J' + A = 0 with J = dF - 1 from differences of the first order: what linear noise theory has."""
    t, h, mossy = 3.5, 1e-6, 0.02
    values = everything(FIRST, {"mossy": mossy}, 1)
    x = rested(values, 250)
    moved = [[rates({**values, "mossy": values["mossy"] + s * h * (k == 0)}, 1e3 * (x + s * h * np.eye(5)[1:, [k]]))[:, 0] * 1e-3
              for s in (2, 1, -1, -2)] for k in range(5)]
    j = np.zeros((5, 5))
    j[1:] = np.array([(8 * (b - c) - a + d) / (12 * h) for a, b, c, d in moved]).T
    j -= np.eye(5)
    nu = np.array([mossy, *x[:, 0]])
    numbers = np.array([2336.0, 28615.0, 70.0, 446.0, 99.0])
    noise = nu * (1 / t - nu) / numbers
    c = solve_continuous_lyapunov(j, -np.diag(noise))
    order = ("mossy", *NAMES)
    state = np.concatenate([x[:, 0], [c[order.index(a), order.index(b)] for a, b in (v.split("_")[1:] for v in SECOND.variables[4:])]])
    slopes = t * slope_of(SECOND, everything(SECOND, {"mossy": mossy}, 1), state[:, None])[4:, 0]
    scale = [np.sqrt(noise[order.index(a)] * noise[order.index(b)]) for a, b in (v.split("_")[1:] for v in SECOND.variables[4:])]
    assert np.abs(slopes / scale).max() < 1e-8
    assert np.linalg.eigvalsh(c).min() > 0
