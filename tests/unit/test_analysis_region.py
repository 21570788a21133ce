"""Fixed points, branches and bifurcations of one region, held against closed forms."""

from __future__ import annotations

from itertools import pairwise
from math import pi

import numpy as np
import pytest
from scipy.optimize import brentq
from support.regions import EPILEPTOR, JANSEN_RIT, MONTBRIO, NORMAL_FORM, PITCHFORK, WILSON_COWAN

from cosim.errors import InputError
from cosim.models.wholebrain.analysis.bifurcations import Bifurcation, bifurcations
from cosim.models.wholebrain.analysis.branches import branches
from cosim.models.wholebrain.analysis.fixed_points import fixed_points, kind_of
from cosim.models.wholebrain.analysis.region import Region, region
from cosim.models.wholebrain.dynamics import model

CONVENTIONS = {  # parameters; P, E, I and Hz of the upper Hopf point; P of the folds (DOP853 and root finding elsewhere)
    "sigmoids less their value at 0, saturating below 1": (
        {"shift": 1, "k_e": 1 - 1 / (1 + np.exp(5.2)), "k_i": 1 - 1 / (1 + np.exp(7.4))},
        (1.87931320, 0.24933825, 0.19822034, 53.0048), (1.087330, 0.908683)),
    "sigmoids less their value at 0": ({"shift": 1}, (1.90925272, 0.25179423, 0.20344020, 53.6236), (1.083016, 0.903197)),
    "plain sigmoids": ({}, (1.82356933, 0.24723067, 0.19412441, 52.3895), (1.017373, 0.877693)),
    "plain sigmoids, slower": ({"tau": 10}, (1.82356933, 0.24723067, 0.19412441, 41.9116), (1.017373, 0.877693)),
    "plain sigmoids, saturating below 1": ({"k_e": 0.994, "k_i": 0.999}, (1.79152018, 0.24458407, 0.18852508, 51.6589),
                                           (1.022583, 0.883749)),
}


def found(of: Region, name: str, start: float, stop: float) -> list[Bifurcation]:
    return [b for branch in branches(of, name, start, stop) for b in bifurcations(of, name, start, stop, branch)]


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_wilson_cowan_oscillates_and_folds_where_other_tools_say(convention: str) -> None:
    given, (p, e, i, hertz), folds = CONVENTIONS[convention]
    points = found(Region(WILSON_COWAN, given), "P", 0.5, 2.5)
    (hopf,) = (b for b in points if b.kind == "Hopf")
    assert hopf.parameter == pytest.approx(p, abs=6e-9)
    assert hopf.state == pytest.approx((e, i), abs=6e-9)
    assert hopf.frequency_hz == pytest.approx(hertz, abs=6e-5)
    assert [b.parameter for b in points if b.kind == "fold"] == pytest.approx(folds, abs=6e-7)


def test_all_three_states_of_the_bistable_montbrio_region_are_found() -> None:
    low, saddle, high = fixed_points(Region(MONTBRIO))
    assert (low.kind, saddle.kind, high.kind) == ("stable node", "saddle", "stable focus")
    for point, r in ((low, 0.08113444195), (saddle, 0.47298034068), (high, 1.03059679884)):
        assert point.state == pytest.approx((r, -1 / (2 * pi * r)), abs=1e-11)
    assert low.eigenvalues == pytest.approx((-2.4487, -5.3977), abs=6e-5)
    assert high.eigenvalues == pytest.approx((-0.30886 + 3.31863j, -0.30886 - 3.31863j), abs=6e-6)


def test_the_bistable_interval_is_that_of_the_closed_form() -> None:
    def turns(r: float) -> float:
        return 15 - 2 * pi**2 * r - 1 / (2 * pi**2 * r**3)

    exact = []
    for low, high in ((0.1, 0.3), (0.5, 1.0)):
        r = brentq(turns, low, high, xtol=1e-15)
        exact.append(pi**2 * r**2 - 15 * r - 1 / (4 * pi**2 * r**2))
    assert [b.parameter for b in found(Region(MONTBRIO), "eta", -8, 0)] == pytest.approx(exact, abs=1e-9)
    assert exact == pytest.approx([-3.136134086, -5.743527162], abs=6e-10)


def jansen_rit_hopf() -> list[float]:
    """Return p at the Hopf points, from the branch in closed form and the Jacobian by hand."""
    def s(v: float) -> float:
        return 5 / (1 + np.exp(0.56 * (6 - v)))

    def steep(v: float) -> float:
        return 0.56 * s(v) * (1 - s(v) / 5)

    def growth(y: float) -> float:
        m, y0 = np.zeros((6, 6)), 0.0325 * s(y)
        m[:3, 3:] = np.eye(3)
        m[3] = [-1e4, 325 * steep(y), -325 * steep(y), -200, 0, 0]
        m[4] = [325 * 108 * 135 * steep(135 * y0), -1e4, 0, 0, -200, 0]
        m[5] = [1100 * 33.75**2 * steep(33.75 * y0), 0, -2500, 0, 0, -100]
        e = np.linalg.eigvals(m)
        return float(e[np.abs(e.imag) > 1].real.max())

    def drive(y: float) -> float:
        y0 = 0.0325 * s(y)
        return (y + 22 / 50 * 33.75 * s(33.75 * y0)) * 100 / 3.25 - 108 * s(135 * y0)

    ys = np.arange(5.5, 11.0, 0.05)
    return [drive(brentq(growth, a, b, xtol=1e-14)) for a, b in pairwise(ys) if growth(a) * growth(b) < 0]


def test_jansen_rit_oscillates_between_its_known_hopf_points() -> None:
    points = found(Region(JANSEN_RIT), "p", -50, 400)
    hopf = sorted((b for b in points if b.kind == "Hopf"), key=lambda b: b.parameter)
    assert [b.parameter for b in hopf] == pytest.approx(jansen_rit_hopf(), abs=1e-7)
    assert [b.frequency_hz / 1000 for b in hopf] == pytest.approx([7.2395, 10.3771, 11.1636], abs=6e-5)  # the model runs in seconds
    assert [b.criticality for b in hopf] == ["subcritical", "supercritical", "supercritical"]  # Grimbert & Faugeras 2006, section 4
    assert [b.parameter for b in points if b.kind == "fold"] == pytest.approx([113.5863, -41.3014], abs=6e-5)


@pytest.mark.parametrize("tau", [10.0, 50.0, 1 / 0.00035])
def test_the_epileptor_starts_to_seize_at_the_root_of_its_trace(tau: float) -> None:
    x = (-4 - np.sqrt(16 - 12 / tau)) / 6
    exact = x - (4.1 - x**3 - 2 * x**2) / 4
    points = found(Region(EPILEPTOR, {"tau": tau}), "x0", -2.4, -1.7)
    assert [b.kind for b in points] == ["Hopf"]
    assert points[0].parameter == pytest.approx(exact, abs=1e-9)
    assert exact == pytest.approx({10.0: -2.0368705, 1 / 0.00035: -2.0619495}.get(tau, exact), abs=6e-8)


@pytest.mark.parametrize(("cubic", "criticality"), [(-1.0, "supercritical"), (0.5, "subcritical")])
def test_the_first_lyapunov_coefficient_is_that_of_the_normal_form(cubic: float, criticality: str) -> None:
    (point,) = found(Region(NORMAL_FORM, {"l": cubic}), "mu", -0.5, 0.6)
    assert point.criticality == criticality
    assert abs(point.parameter) < 1e-10
    assert point.frequency_hz == pytest.approx(2000 / (2 * pi), rel=1e-9)
    assert point.lyapunov == pytest.approx(cubic, rel=1e-6)  # 2 l / omega, as eigenvectors have length 1


def test_a_pitchfork_is_a_branch_point_with_three_branches() -> None:
    found_branches = branches(Region(PITCHFORK), "mu", -1, 2)
    kinds = [b.kind for branch in found_branches for b in bifurcations(Region(PITCHFORK), "mu", -1, 2, branch)]
    assert "branch point" in kinds
    assert len(fixed_points(Region(PITCHFORK))) == 3


def test_eigenvalues_are_named_as_in_textbooks() -> None:
    for e, name in (([-1, -2], "stable node"), ([-1 + 1j, -1 - 1j], "stable focus"), ([1, -1], "saddle"), ([2, 1], "unstable node"),
                    ([1 + 1j, 1 - 1j], "unstable focus"), ([1 + 1j, 1 - 1j, -3], "saddle focus"), ([1j, -1j], "marginal"),
                    ([-1, -2 + 1j, -2 - 1j], "stable node")):
        assert kind_of(np.array(e, complex)) == name


def test_wrong_parameters_are_told_at_once_with_what_was_meant() -> None:
    with pytest.raises(InputError) as error:
        region(model("generic_2d_oscillator"), None, {"alhpa": 1.0, "tau": -1.0})
    assert "did you mean 'alpha'" in str(error.value)
    assert "tau of generic_2d_oscillator is -1" in str(error.value)
    assert "above 0" in str(error.value)


def test_an_empty_interval_and_an_unknown_parameter_are_refused() -> None:
    with pytest.raises(InputError, match="--from 0 --to 3"):
        branches(Region(model("generic_2d_oscillator")), "I", 3, 0)
    with pytest.raises(InputError, match="no parameter 'J'"):
        branches(Region(model("generic_2d_oscillator")), "J", 0, 1)
