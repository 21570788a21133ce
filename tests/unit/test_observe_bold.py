"""BOLD against closed forms and against The Virtual Brain."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from support.observe import bound, fed, port

from cosim.errors import RunError
from cosim.models.observe.balloon import VARIANTS
from cosim.models.observe.parameters import BalloonWindkessel, Observation, Volterra
from cosim.models.observe.volterra import KERNELS

DATA = Path(__file__).parents[1] / "validation" / "data"
MONITOR = json.loads((DATA / "tvb_bold_monitor.json").read_text())
BALLOON = json.loads((DATA / "tvb_balloon.json").read_text())
CASES = {"first_order_volterra": "FirstOrderVolterra", "gamma": "Gamma", "double_exponential": "DoubleExponential",
         "mixture_of_gammas": "MixtureOfGammas"}


def waves(t_ms: np.ndarray, channels: int) -> np.ndarray:
    """Return the activity that the files of The Virtual Brain were made with."""
    i = np.arange(channels)
    return 0.5 + 0.4 * np.sin(2 * np.pi * t_ms[:, None] / (4000 + 3000 * i) + 0.3 * i)


def volterra(kernel: str, alignment: str, period: int, x: np.ndarray) -> np.ndarray:
    spec = Volterra(period=Fraction(period), kernel=kernel, alignment=alignment)  # type: ignore[arg-type]
    return fed(bound(Observation(volterra=spec), port(x.shape[1])), x).values


@pytest.mark.parametrize("kernel", CASES)
def test_volterra_as_the_virtual_brain_does_it(kernel: str) -> None:
    case, t = MONITOR["cases"][CASES[kernel]], np.arange(1, 60001.0)
    expected = np.array(case["bold"])
    np.testing.assert_allclose(volterra(kernel, "tvb", 2000, waves(t, 5)), expected, rtol=0, atol=1e-10)
    plain = volterra(kernel, "plain", 2000, waves(t, 5))
    assert np.abs(plain - expected).max() == pytest.approx(case["max_abs_dev_of_plain_convolution"], rel=1e-9)
    box = (t[:30000, None] <= 1000) * 1.0
    np.testing.assert_allclose(volterra(kernel, "tvb", 500, box)[:, 0], case["impulse_1s_box"]["bold_node0"], rtol=0, atol=1e-10)


@pytest.mark.parametrize("kernel", CASES)
def test_responses_are_those_of_the_virtual_brain(kernel: str) -> None:
    case = MONITOR["cases"][CASES[kernel]]
    h = KERNELS[kernel].sampled(case["hrf_len"], case["hrf_sample_step_ms"])
    np.testing.assert_allclose(h[::25], case["hrf_every_25_samples_(100ms)"], rtol=1e-12, atol=1e-15)
    assert h.sum() == pytest.approx(case["hrf_sum"], rel=1e-12)


def test_the_first_order_response_has_its_closed_form_peak_and_integral() -> None:
    t = np.arange(0, 60, 1e-4)
    h = KERNELS["first_order_volterra"].response(t)
    omega = np.sqrt(1 / 0.4 - 1 / (4 * 0.8**2))
    peak = np.arctan2(omega, 1 / (2 * 0.8)) / omega
    assert t[h.argmax()] == pytest.approx(peak, abs=1e-4)
    assert h.max() == pytest.approx(0.1277291064, abs=1e-9)
    assert h.sum() * 1e-4 == pytest.approx(0.4 / 3, abs=1e-8)


def test_steady_activity_gives_the_integral_of_the_response() -> None:
    x = np.full((40000, 1), 0.7)
    settled = volterra("first_order_volterra", "plain", 2000, x)[-1, 0]
    assert settled == pytest.approx(5.6 * 0.02 * (0.7 * KERNELS["first_order_volterra"].sampled(5000, 4.0).sum() - 1), rel=1e-13)


def test_the_unit_of_the_signal_does_not_depend_on_the_step() -> None:
    fine = Observation(volterra=Volterra(Fraction(2000)))
    coarse = fed(bound(fine, port(1), step_ms="10"), waves(np.arange(10, 60001, 10.0), 1)).values
    exact = fed(bound(fine, port(1), step_ms="1"), waves(np.arange(1, 60001.0), 1)).values
    assert np.abs(coarse - exact).max() < 0.01 * np.ptp(exact)


def balloon(variant: str, x: np.ndarray, step_ms: str = "10", **more: object) -> np.ndarray:
    spec = BalloonWindkessel(variant=variant, **{"period": Fraction(1000), **more})  # type: ignore[arg-type]
    return fed(bound(Observation(balloon=spec), port(x.shape[1]), step_ms=step_ms), x).values


@pytest.mark.parametrize("signal", ["nonlinear", "linear"])
def test_balloon_as_the_virtual_brain_does_it(signal: str) -> None:
    t = np.arange(10.0, 40000, 10)
    x = np.column_stack((waves(t, 2), (t >= 5000) & (t < 15000)))
    expected = np.array(BALLOON["cases"][f"RBM_True_{signal}"]["bold_every_100_samples_(1s)"])[1:]
    np.testing.assert_allclose(balloon("stephan_2007", x, signal=signal), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("variant", "strength", "signal"), [
    ("stephan_2007", 0.1, 0.6572611191), ("stephan_2007", 0.5, 2.5231983836), ("classic", 0.5, 3.4073152397),
    ("friston_2003", 0.1, 0.0108640223), ("friston_2003", 0.5, 0.0338749171)])
def test_steady_activity_gives_the_closed_form_signal(variant: str, strength: float, signal: float) -> None:
    x = np.full((2500, 1), strength)
    assert balloon(variant, x, step_ms="40")[-1, 0] == pytest.approx(signal, abs=1e-9)


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_steady_state_is_one(variant: str) -> None:
    model, x = VARIANTS[variant], np.array([0.0, 0.1, 0.5, 2.0])
    state = model.steady(x)
    np.testing.assert_allclose(model.slope(state, x), 0, atol=1e-14)
    assert abs(model.signal(state[2], state[3])[0]) < 1e-15 * model.volume
    linear = model.signal(1 + 1e-6 * (state[2] - 1), 1 + 1e-6 * (state[3] - 1), "linear") / 1e-6
    full = model.signal(1 + 1e-6 * (state[2] - 1), 1 + 1e-6 * (state[3] - 1)) / 1e-6
    np.testing.assert_allclose(linear, full, rtol=1e-4, atol=1e-12)


def test_heun_is_of_second_order() -> None:
    x = np.tile([0.1, 0.4, 0.8], (4000, 1))
    steps = [balloon("stephan_2007", x, step_ms="1", step=Fraction(h)) for h in (5, 10, 20)]
    coarse, fine = (np.linalg.norm(steps[i + 1] - steps[i]) for i in (1, 0))
    assert coarse / fine == pytest.approx(4, rel=0.05)


def test_activity_that_empties_the_vessels_ends_with_a_sentence() -> None:
    with pytest.raises(RunError, match="blood flow or volume of channel 1 is no longer above 0"):
        balloon("stephan_2007", np.tile([0.1, -60.0], (500, 1)))
