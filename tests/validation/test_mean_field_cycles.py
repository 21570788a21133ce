"""Cycles of mean-field models, which take long to compute."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from support.mean_field import region, upward


@pytest.mark.validation
def test_the_epileptor_seizes_every_1933_units_of_time():
    times = upward(region("epileptor", "tvb"), [-1.5, -10, 3, -1, 0, 0], 4100, rtol=1e-8, atol=1e-10)
    onsets = times[np.diff(times, prepend=-np.inf) > 300]
    assert onsets == pytest.approx([208.379, 2140.472, 4073.735], abs=2e-3)
    assert onsets[2] - onsets[1] == pytest.approx(1933.263, abs=2e-3)


@pytest.mark.validation
@pytest.mark.parametrize("preset", ["propagation", "healthy"])
def test_an_epileptor_outside_the_zone_of_onset_does_not_seize_alone(preset):
    assert len(upward(region("epileptor", preset), [-1.7, -13, 3.5, -1, 0, 0], 4000, rtol=1e-6, atol=1e-8)) == 0


@pytest.mark.validation
def test_a_jansen_rit_column_makes_alpha_at_220_pulses_a_second():
    slope = region("jansen_rit", "grimbert_faugeras_2006", mu=0.22)
    settled = solve_ivp(slope, (0, 6000), np.zeros(6), method="DOP853", rtol=1e-7, atol=1e-9).y[:, -1]
    times = np.linspace(0, 1000, 20001)
    y = solve_ivp(slope, (0, 1000), settled, method="DOP853", rtol=1e-9, atol=1e-11, t_eval=times).y
    wave = y[1] - y[2]
    assert (wave.min(), wave.max()) == pytest.approx(jansen_rit_in_seconds(), abs=2e-3)
    up = np.flatnonzero((wave[:-1] < 7.5) & (wave[1:] >= 7.5))
    assert 1000 / (np.diff(times[up]).mean()) == pytest.approx(10.935, abs=0.01)


def jansen_rit_in_seconds() -> tuple[float, float]:
    """Return between which potentials the column swings, from the equations as printed: seconds, and one of second order a population."""
    def firing(v):
        return 5 / (1 + np.exp(0.56 * (6 - v)))

    def slope(t, y):
        v, w = y[:3], y[3:]
        gain, rate = np.array([3.25, 3.25, 22]), np.array([100, 100, 50])
        drive = np.array([firing(v[1] - v[2]), 220 + 108 * firing(135 * v[0]), 33.75 * firing(33.75 * v[0])])
        return np.concatenate([w, gain * rate * drive - 2 * rate * w - rate**2 * v])
    settled = solve_ivp(slope, (0, 6), np.zeros(6), method="DOP853", rtol=1e-7, atol=1e-7).y[:, -1]
    y = solve_ivp(slope, (0, 1), settled, method="DOP853", rtol=1e-9, atol=1e-9, t_eval=np.linspace(0, 1, 20001)).y
    return (y[1] - y[2]).min(), (y[1] - y[2]).max()
