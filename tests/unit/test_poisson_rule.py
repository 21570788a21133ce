"""Where a translator and the microcircuit draw the same Poisson spikes."""

import numpy as np

from cosim.adapters.translators import _poisson
from cosim.models.microcircuit.kernel.twin import background_counts


def test_the_translator_and_the_background_of_a_column_draw_by_one_rule() -> None:
    key, neurons, step, mean = 99, 300, 17, 1.28
    ticks, ids = _poisson.events(key, np.array([step]), np.array([[mean]]), np.array([0, neurons]))
    assert set(ticks) == {step}
    assert np.array_equal(np.bincount(ids, minlength=neurons), background_counts(key, mean, 0, neurons, step))
