"""Siegert's theory gives the figures of NEST, of Brunel and of plain integration."""

import json
from dataclasses import replace
from math import log
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import erfcx

from cosim.models.microcircuit.mean_field import reduced
from cosim.models.microcircuit.network.distribution import constant
from cosim.models.microcircuit.network.file import SHIPPED, read_network
from cosim.models.theory.siegert import COLOURED, Cell, NoFixedPoint, Populations, fixed_point, rate, variation

NEST = json.loads((Path(__file__).parents[1] / "validation" / "data" / "nest_siegert.json").read_text())
CELL = Cell(tau_m=10, threshold=15, reset=0, t_ref=2)


@pytest.mark.parametrize("row", NEST["rows"], ids=lambda r: f"{r['mu_mV']}, {r['sigma_mV']}, {r['tau_syn_ms']}")
def test_rates_are_those_of_nest(row):
    cell = Cell(10, 15, 0, 2, row["tau_syn_ms"])
    assert rate(cell, row["mu_mV"], row["sigma_mV"]) == pytest.approx(row["nest_siegert_rate_hz"], rel=1e-9)


def test_rate_is_the_plain_integral_wherever_that_can_be_done():
    for mu in (-20.0, 0.0, 14.0, 15.0, 16.0, 40.0):
        for sigma in (2.0, 5.0, 20.0):
            plain = quad(lambda u: float(erfcx(-u)), *CELL.bounds(mu, sigma), epsabs=0, epsrel=1e-12, limit=200)[0]
            assert rate(CELL, mu, sigma) == pytest.approx(1e3 / (2 + 10 * np.sqrt(np.pi) * plain), rel=1e-9)


def test_rate_passes_smoothly_into_that_of_constant_input():
    assert rate(CELL, 22.5, 0) == pytest.approx(1e3 / (2 + 10 * log(3)), rel=1e-14) == pytest.approx(77.00528, rel=1e-6)
    assert rate(CELL, 22.5, 0.015) == pytest.approx(77.0053, rel=1e-6)
    assert rate(CELL, 15, 0) == rate(CELL, 10, 0) == rate(CELL, 0, 0.5) == 0


def test_intervals_vary_as_the_theory_says():
    assert variation(CELL, 15, np.sqrt(1.5)) == pytest.approx(0.3007082, rel=1e-6)
    assert variation(CELL, 10, 5) == pytest.approx(0.7248802, rel=1e-6)


def test_shift_of_the_bounds_is_that_of_the_zeta_function():
    assert pytest.approx(np.sqrt(2) * 1.4603545088095868, rel=1e-12) == COLOURED


@pytest.mark.parametrize(("reset", "g", "eta", "expected"), [
    (0, 5, 2, 32.0331), (0, 5, 1.5, 20.5809), (0, 6, 4, 49.1479), (10, 6, 4, 55.841), (10, 5, 2, 37.950), (10, 4.5, 0.9, 6.517),
    (10, 3, 2, 327.0)])
def test_brunels_network_settles_where_brunel_says(reset, g, eta, expected):
    """All neurons alike: C_E = 1000, C_I = 250, J = 0.1 mV, tau 20 ms, theta 20 mV, and eta times the rate that just reaches it."""
    tau, jump, outside = 0.02, 0.1, eta * 20 / 0.1 / 0.02
    one = Populations((Cell(20, 20, reset, 2),), np.array([[tau * jump * (1000 - g * 250)]]),
                      np.array([[tau * jump**2 * (1000 + g**2 * 250)]]), np.array([tau * jump * outside]),
                      np.array([tau * jump**2 * outside]))
    assert fixed_point(one, np.array([500.0 if g == 3 else 0.0]))[0] == pytest.approx(expected, rel=2e-4)


def test_the_cortical_column_settles_at_its_known_rates():
    """Those figures take every weight for its mean; a spread of a tenth adds a hundredth to the variance."""
    column = read_network(SHIPPED / "potjans_diesmann_2014.yaml")
    alike = replace(column, projections=tuple(replace(p, weights=constant(p.weight)) for p in column.projections))
    rates = fixed_point(reduced(alike))
    assert rates == pytest.approx([0.7543, 2.7940, 4.4406, 5.8232, 7.1531, 8.4703, 1.1594, 7.7560], abs=1e-4)
    spread = fixed_point(reduced(column))
    assert spread[0] > rates[0] and spread == pytest.approx(rates, rel=0.005)


def test_a_network_that_does_not_settle_is_told():
    wild = Populations((CELL,), np.array([[-50.0]]), np.array([[0.0]]), np.array([100.0]), np.array([1.0]))
    with pytest.raises(NoFixedPoint, match="after 50 steps"):
        fixed_point(wild, share=1.0, steps=50)
