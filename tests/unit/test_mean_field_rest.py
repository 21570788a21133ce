"""Where mean-field models rest, and where rest is lost: closed forms and published figures."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq, root
from support.mean_field import jacobian, region

RESTS = {"node": (0.08113444195, -1.96161998859), "saddle": (0.47298034068, -0.33649378082), "focus": (1.03059679884, -0.15442988303)}


@pytest.mark.parametrize(("kind", "place"), RESTS.items())
def test_quadratic_neurons_rest_at_three_points_of_the_kinds_in_the_paper(kind, place):
    slope = region("montbrio_pazo_roxin", Delta=1, J=15, eta=-5)
    assert np.abs(slope(0, np.array(place))).max() < 1e-8
    eigenvalues = np.linalg.eigvals(jacobian(slope, np.array(place)))
    assert (np.abs(eigenvalues.imag) > 1).all() == (kind == "focus")
    assert (eigenvalues.real > 0).sum() == (kind == "saddle")


@pytest.mark.parametrize("current", [1.0, 3.0])
def test_without_synapses_the_rate_of_quadratic_neurons_is_that_of_the_average(current):
    # tau r = sqrt(eta + sqrt(eta^2 + Delta^2)) / (sqrt(2) pi): the mean of sqrt(eta_j) / pi over a Lorentzian.
    slope, tau = region("montbrio_pazo_roxin", J=0, eta=current, Delta=0.7, tau=12), 12
    r = np.sqrt(current + np.hypot(current, 0.7)) / (np.sqrt(2) * np.pi) / tau
    v = -0.7 / (2 * np.pi * tau * r)
    assert np.abs(slope(0, np.array([r, v]))).max() < 1e-15


def test_a_spread_of_weights_acts_as_a_spread_of_currents():
    r, v = 0.3, -0.4
    wide = region("montbrio_pazo_roxin", Gamma=2, Delta=1, tau=3)(0, np.array([r, v]))
    assert wide == pytest.approx(region("montbrio_pazo_roxin", Delta=1 + 2 * 3 * r, tau=3)(0, np.array([r, v])), rel=1e-14)


@pytest.mark.parametrize(("w", "current", "s"), [(0.6, 0.33, 0.0980184532), (0.9, 0.3, 0.0343550569), (1.0, 0.382, 0.7564503666)])
def test_the_single_gate_of_wong_and_wang_rests_at_its_known_points(w, current, s):
    slope = region("wong_wang_2013", w=w, I_o=current)
    assert brentq(lambda x: slope(0, np.array([x]))[0], s - 1e-3, s + 1e-3, xtol=1e-13) == pytest.approx(s, abs=5e-11)


def jansen_rit_at(y0: float) -> tuple[float, np.ndarray]:
    """Return the input, 1/s, with which a column rests at y0, and the state there; all else follows from y0."""
    def firing(v: float) -> float:
        return 0.005 / (1 + np.exp(0.56 * (6 - v)))
    y2 = 22 / 0.05 * 33.75 * firing(33.75 * y0)
    difference = 6 - np.log(0.005 / (0.1 * y0 / 3.25) - 1) / 0.56
    y1 = y2 + difference
    mu = 0.1 * y1 / 3.25 - 108 * firing(135 * y0)
    return 1000 * mu, np.array([y0, y1, y2, 0, 0, 0])


@pytest.mark.parametrize(("low", "high", "p", "frequency"), [(0.06, 0.13, 89.8291016, 10.3771), (0.11, 0.16, 315.6964316, 11.1636)])
def test_alpha_begins_and_ends_at_the_hopf_points_of_grimbert_and_faugeras(low, high, p, frequency):
    def leading(y0: float) -> complex:
        mu, state = jansen_rit_at(y0)
        slope = region("jansen_rit", "grimbert_faugeras_2006", mu=mu / 1000)
        assert np.abs(slope(0, state)).max() < 1e-14
        values = np.linalg.eigvals(jacobian(slope, state))
        turning = values[values.imag > 0.03]
        return turning[np.argmax(turning.real)] if len(turning) else complex(values.real.max())
    grid = np.linspace(low, high, 60)
    growth = [leading(y).real for y in grid]
    roots = [brentq(lambda y: leading(y).real, a, b, xtol=1e-12)
             for a, b, g, h in zip(grid[:-1], grid[1:], growth[:-1], growth[1:], strict=True) if g * h < 0]
    nearest = min(roots, key=lambda y: abs(jansen_rit_at(y)[0] - p))
    assert jansen_rit_at(nearest)[0] == pytest.approx(p, abs=2e-4)
    assert 1000 * leading(nearest).imag / (2 * np.pi) == pytest.approx(frequency, abs=2e-4)


def test_the_low_state_of_wilson_and_cowan():
    slope = region("wilson_cowan", P=1.0)
    found = root(lambda x: slope(0, x), [0.05, 0.0], tol=1e-12).x
    assert found == pytest.approx([0.04653797, 0.00242179], abs=5e-9)
    assert (np.linalg.eigvals(jacobian(slope, found)).real < 0).all()


@pytest.mark.parametrize(("r", "critical"), [(0.1, -2.0368705), (0.00035, -2.0619495)])
def test_the_two_dimensional_epileptor_loses_rest_where_its_trace_vanishes(r, critical):
    x = (-4 - np.sqrt(16 - 12 * r)) / 6  # 3 x^2 + 4 x + r = 0
    z = 1 - x * x * x - 2 * x * x + 3.1
    x0 = x - z / 4
    assert x0 == pytest.approx(critical, abs=5e-8)
    slope = region("epileptor_2d", "vep", r=r, x0=x0)
    assert np.abs(slope(0, np.array([x, z]))).max() < 1e-14
    assert abs(np.trace(jacobian(slope, np.array([x, z])))) < 1e-8


def test_a_stuart_landau_oscillator_turns_on_a_circle_at_its_frequency():
    slope, phase = region("sup_hopf", a=0.04, omega=0.3), np.linspace(0, 6, 7)
    for x, y in zip(0.2 * np.cos(phase), 0.2 * np.sin(phase), strict=True):
        assert slope(0, np.array([x, y])) == pytest.approx([-0.3 * y, 0.3 * x], abs=1e-16)


def test_the_restoring_term_of_the_permittivity_acts_where_it_is_negative():
    state = np.array([-1.5, -10, -1.2, -1, 0, 0])
    for name, at in (("epileptor", state), ("epileptor_2d", state[[0, 2]])):
        free = 0.00035 * (4 * (-1.5 + 1.6) + 1.2)
        assert region(name)(0, at)[list(at).index(-1.2)] == pytest.approx(free + 0.00035 * 0.1 * 1.2**7, rel=1e-13)
