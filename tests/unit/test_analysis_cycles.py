"""Cycles, delays and explicit steps, held against closed forms and integration."""

from __future__ import annotations

import numpy as np
import pytest
from support.regions import EPILEPTOR, NORMAL_FORM, WILSON_COWAN

from cosim.models.wholebrain.analysis.bifurcations import bifurcations
from cosim.models.wholebrain.analysis.branches import Line, branches
from cosim.models.wholebrain.analysis.cycles import Cycle, Family, cycle_at, families
from cosim.models.wholebrain.analysis.delays import delayed_eigenvalues
from cosim.models.wholebrain.analysis.region import Region
from cosim.models.wholebrain.analysis.stiffness import largest_stable_step
from cosim.models.wholebrain.language.model import Model


def followed(model: Model, name: str, start: float, stop: float, at: float, **given: float) -> tuple[tuple[Family, ...], Cycle]:
    one = Region(model, given)
    line = Line(one, name, start, stop)
    found = families(line, [b for branch in branches(one, name, start, stop) for b in bifurcations(one, name, start, stop, branch)
                            if b.kind == "Hopf"])
    exact = cycle_at(line, found[0].at(at)[0], at)
    assert exact is not None
    return found, exact


def test_the_cycle_of_wilson_cowan_has_the_period_and_reach_of_integration() -> None:
    (family,), cycle = followed(WILSON_COWAN, "P", 0.95, 2.0, 1.25)
    assert cycle.stable
    assert cycle.period_ms == pytest.approx(34.99865, abs=6e-6)
    assert (cycle.low[0], cycle.high[0]) == pytest.approx((0.118275, 0.267465), abs=6e-6)
    assert family.end == "its period grows without bound"


def test_the_cycle_of_the_epileptor_has_the_period_of_its_seizures() -> None:
    _, cycle = followed(EPILEPTOR, "x0", -2.2, -1.2, -1.6)
    assert cycle.period_ms == pytest.approx(12.3014, abs=6e-5)


def test_the_cycles_of_the_normal_form_are_circles_and_unstable_where_the_hopf_point_is_subcritical() -> None:
    for cubic, at, stable in ((-1.0, 0.25, True), (1.0, -0.25, False)):
        _, cycle = followed(NORMAL_FORM, "mu", -0.5, 0.6, at, l=cubic)
        assert cycle.stable is stable
        assert cycle.period_ms == pytest.approx(np.pi, abs=1e-9)
        assert np.hypot(*cycle.states.T) == pytest.approx(np.full(len(cycle.states), 0.5), abs=1e-8)


def test_a_delay_makes_a_linear_system_turn_at_the_known_delays() -> None:
    one, critical = np.array([[-1.0]]), (np.pi - np.arccos(0.5)) / np.sqrt(3)
    assert critical == pytest.approx(1.2091995762, abs=6e-11)
    lead = delayed_eigenvalues(one, [np.array([[-2.0]])], [critical])[0]
    assert abs(lead - 1j * np.sqrt(3)) < 1e-12
    lead = delayed_eigenvalues(0 * one, [np.array([[-2.0]])], [np.pi / 4])[0]
    assert abs(lead - 2j) < 1e-12
    for delay, grows in ((critical - 1e-6, False), (critical + 1e-6, True)):
        assert (delayed_eigenvalues(one, [np.array([[-2.0]])], [delay])[0].real > 0) is np.bool_(grows)


def test_without_delay_the_eigenvalues_are_those_of_the_sum() -> None:
    a, b = np.array([[-1.0, 0.5], [0.0, -3.0]]), np.array([[0.0, 0.0], [2.0, 0.0]])
    expected = np.sort(np.linalg.eigvals(a + b))[::-1]
    assert delayed_eigenvalues(a, [b], [0.0]) == pytest.approx(expected, abs=1e-13)
    assert delayed_eigenvalues(a, [b], [1e-9])[:2] == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize(("scheme", "bound"), [("euler", 2.0), ("heun", 2.0), ("rk4", 2.785293563405282)])
def test_explicit_schemes_reach_their_textbook_bounds_on_the_negative_axis(scheme: str, bound: float) -> None:
    found = largest_stable_step([[-1.0, -0.1], [-4.0, -2.0], [0.5, -0.3]], scheme)
    assert found.step_ms == pytest.approx(bound / 4, rel=1e-12)
    assert (found.eigenvalue, found.region) == (-4.0, 1)
    assert "B forbids more" in found.sentence("ABC", scheme)


def test_the_step_is_the_last_at_which_a_turning_mode_does_not_grow() -> None:
    mode = -0.1 + 2.0j
    for scheme, growth in (("euler", lambda z: abs(1 + z)), ("heun", lambda z: abs(1 + z + z * z / 2)),
                           ("rk4", lambda z: abs(1 + z + z**2 / 2 + z**3 / 6 + z**4 / 24))):
        step = largest_stable_step([mode], scheme).step_ms
        assert growth(0.999 * step * mode) < 1 < growth(1.001 * step * mode)
    assert largest_stable_step([mode], "euler").step_ms == pytest.approx(0.2 / abs(mode) ** 2, rel=1e-12)


def test_what_grows_in_truth_sets_no_bound() -> None:
    assert largest_stable_step([0.5, 1j], "euler").step_ms == np.inf
