"""How mean-field models move: short trajectories of other simulators and seizures."""

from __future__ import annotations

import numpy as np
import pytest
from support.mean_field import heun, region, upward

# The figures of The Virtual Brain's own tests (models_test.py), which are no fixed points: Euler's scheme from the middle of its ranges,
# 2000 steps of which every tenth is kept, so that the last state kept is that after step 1991. The last number is how near that test
# wants Wilson-Cowan, and half of the last digit printed for the others.
AFTER_20_MS = {
    "wilson_cowan": ("tvb", (0.5, 0.5), (0.461, 0.243), 1e-3),
    "generic_2d_oscillator": ("tvb", (1.0, 0.0), (1.048535, -4.507975), 5.1e-7),
    "jansen_rit": ("tvb", (0.0,) * 6, (0.01105518, 4.790847, 0.8826628, 0.001308187, 0.2367387, 0.06615113), 5.1e-7),
    "wong_wang_2013": ("tvb", (0.5,), (0.452846,), 5.1e-7),
    "reduced_wong_wang": ("", (0.5, 0.5), (0.416673, 0.078865), 5.1e-7),
}


@pytest.mark.parametrize("name", list(AFTER_20_MS))
def test_after_20_ms_a_region_is_where_the_virtual_brain_has_it(name):
    preset, start, end, tolerance = AFTER_20_MS[name]
    slope, x, kept = region(name, preset), np.array(start), np.array(start)
    for step in range(2000):
        x = x + 0.01 * slope(0, x)
        kept = x if step % 10 == 0 else kept
    assert kept == pytest.approx(end, rel=0, abs=tolerance)


def test_the_two_dimensional_epileptor_seizes_when_the_virtual_epileptic_patient_does():
    times = upward(region("epileptor_2d", "vep", x0=-1.6), [-2.5, 3.5], 32)
    assert times == pytest.approx([4.48082216, 16.79067, 29.09205], abs=1e-5)


@pytest.mark.parametrize("x0", [-2.05, -2.07, -2.4, -3.65])
def test_it_does_not_seize_below_its_threshold(x0):
    assert len(upward(region("epileptor_2d", "vep", x0=x0), [-2.5, 3.5], 60)) == 0


def test_heun_steps_of_the_two_dimensional_epileptor_are_the_known_ones():
    x = heun(region("epileptor_2d", "vep", x0=-1.6), [-2.5, 3.5], 0.1, 100)[:, 0]
    assert x[[10, 20, 50, 100]] == pytest.approx([-1.72773014, -1.50317255, 0.51926734, -0.91724922], abs=5e-9)
