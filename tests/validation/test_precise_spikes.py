"""A neuron with precise spike times fires when NEST's lossless one does."""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from support.precise import drive, neurons, run


@pytest.mark.parametrize("step_ms", [Fraction(1), Fraction(1, 10), Fraction(1, 100)])
def test_a_neuron_under_both_kinds_of_input_fires_when_nest_says(step_ms):
    data = json.loads((Path(__file__).parent / "data" / "nest_iaf_psc_exp_ps_lossless.json").read_text())
    steps = int(500 / step_ms)
    arrive, weight = (np.array(data["sent_ms"]) + 1) / float(step_ms), np.array(data["weight_pa"])
    stamps = np.ceil(arrive).astype(np.int64)
    inside = stamps <= steps
    stamps, arrive, weight = stamps[inside], arrive[inside], weight[inside]
    one = neurons(step_ms)
    upto = np.searchsorted(stamps, np.arange(steps + 1), side="right").astype(np.int64)
    driven = drive(one, steps, direct_pa=300.0)._replace(
        arrivals=(upto, np.zeros(len(stamps), np.int64), (weight < 0).astype(np.uint32), weight, stamps - arrive))
    assert run(one, driven).times * float(step_ms) == pytest.approx(data["spikes_ms"], abs=1e-12, rel=0)
