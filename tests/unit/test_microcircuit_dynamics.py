"""When and how input reaches a neuron: delays, ports, drives, scaling."""

from fractions import Fraction

import numpy as np
import pytest
from support.microcircuit import CLOCK, MIXED, NEURON, digest, make, run

from cosim.blocks import Samples, Spikes
from cosim.errors import InputError, RunError
from cosim.models.microcircuit.component import Microcircuit
from cosim.models.microcircuit.parameters import MicrocircuitParameters
from cosim.models.microcircuit.propagators import exponential, peak_of_exponential
from cosim.timegrid import Clock

PAIR = NEURON + """
populations: {A: {size: 1}, B: {size: 1}}
synapses: {one: {weight: 87.8 pA, delay: DELAY}}
projections: [{source: A, target: B, rule: one_to_one, synapse: one}]
"""
PD14 = (Fraction(250), Fraction(10), Fraction(1, 2))  # capacitance, time constants of membrane and synaptic current


def kick(stop, at, populations=2, pa=1e6):
    """Drive population 0 over the threshold in the step that reaches tick `at`."""
    values = np.zeros((stop + 1, populations))
    values[at - 1, 0] = pa
    return Samples(0, 1, values)


@pytest.mark.parametrize("delay", [1, 4, 15, 300])
def test_spikes_arrive_exactly_one_delay_later(tmp_path, delay):
    given = run(lambda: make(PAIR.replace("DELAY", f"{delay / 10} ms"), tmp_path, trace=(1,), precision="double"), 400, 37,
                {"current": kick(400, 50)})
    assert (given["spikes"].ticks.tolist(), given["spikes"].ids.tolist()) == ([50], [0])
    current = dict(zip(given["synaptic_current"].ticks.tolist(), given["synaptic_current"].values[:, 0].tolist(), strict=True))
    potential = dict(zip(given["potential"].ticks.tolist(), given["potential"].values[:, 0].tolist(), strict=True))
    assert current[50 + delay - 1] == 0 and current[50 + delay] == pytest.approx(87.8, rel=1e-15)
    assert potential[50 + delay] == -65 and potential[50 + delay + 1] > -65


def test_propagators_are_those_of_the_reference():
    k = exponential(*PD14, Fraction(1, 10))
    assert (k.p11, k.p22) == pytest.approx((0.8187307530779818, 0.9900498337491681), rel=1e-15)
    assert (k.p21, k.p20) == pytest.approx((3.6067174878144e-4, 3.98006650e-4), rel=1e-9)
    assert peak_of_exponential(*PD14) == pytest.approx(585.389956861, rel=1e-12)
    assert 0.15 * peak_of_exponential(*PD14) == pytest.approx(87.8084935, rel=1e-9)


def test_propagators_pass_smoothly_through_equal_time_constants():
    def p21(tau_syn):
        return exponential(*PD14[:2], tau_syn, Fraction(1, 10)).p21
    equal = p21(Fraction(10))
    assert equal == pytest.approx(0.1 / 250 * np.exp(-0.01), rel=1e-14)
    for power in (6, 9, 12, 15):
        assert p21(10 + Fraction(1, 10**power)) == pytest.approx(equal, rel=2 * 10.0**-power + 1e-15)


@pytest.mark.parametrize("steps_a_ms", [1, 2, 10, 100])
def test_constant_current_charges_the_membrane_exactly_at_any_step(tmp_path, steps_a_ms):
    text = """neuron: {C_m: 250 pF, tau_m: 10 ms, tau_syn: 2 ms, t_ref: 2 ms, V_th: 100 mV, V_reset: 0 mV, E_L: 0 mV}
populations: {A: {size: 1, I_e: 1 nA}}"""
    given = run(lambda: make(text, tmp_path, Clock(Fraction(1, steps_a_ms), 1), trace=(0,), precision="double"), 500 * steps_a_ms)
    assert given["potential"].values[5 * steps_a_ms - 1, 0] == pytest.approx(15.738773611494663, abs=1e-13)
    assert given["potential"].values[-1, 0] == pytest.approx(40, abs=1e-9)


@pytest.mark.parametrize("drive", ["poisson", "dc"])
@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_a_constant_background_on_the_port_gives_the_bits_of_none(tmp_path, drive, scale):
    text = MIXED.replace(", external_rate: 9 Hz", "").replace("size: 70", "size: 150").replace(
        "  - {source: S, target: I, rule: all_to_all, synapse: fixed}\n", "")
    free = run(lambda: make(text, tmp_path, drive=drive, scale=scale), 1000)
    fed = run(lambda: make(text, tmp_path, drive=drive, scale=scale), 1000, 17, {"background": Samples(0, 1, np.full((1001, 1), 8.0))})
    assert len(free["spikes"].ids) > 50
    assert digest(free) == digest(fed)
    assert digest(run(lambda: make(text, tmp_path, drive=drive, scale=scale, background=8.0), 1000)) == digest(free)


def test_a_change_of_the_background_is_felt_one_step_later_and_not_before(tmp_path):
    rates = np.full((201, 1), 8.0)
    changed = rates.copy()
    changed[100:] = 80.0
    before, after = (run(lambda r=r: make(MIXED, tmp_path, trace=tuple(range(220))), 200, 20, {"background": Samples(0, 1, r)})
                     for r in (rates, changed))
    differs = (before["synaptic_current"].values != after["synaptic_current"].values).any(axis=1)
    assert before["synaptic_current"].ticks[differs][0] == 101
    assert after["background"].values[after["background"].ticks == 100, 0] == 8 and after["background"].values[-1, 0] == 80


def test_input_spikes_act_at_their_stamp_in_whatever_order(tmp_path):
    ids = np.random.default_rng(0).integers(0, 290, 300)
    ticks = np.repeat([40, 41, 90], 100)
    backwards = np.concatenate([ids[i:i + 100][::-1] for i in (0, 100, 200)])
    one, other = (run(lambda: make(MIXED, tmp_path, input_weight=33.3, trace=tuple(range(290))), 100, 9, {"spikes_in": Spikes(ticks, i)})
                  for i in (ids, backwards))
    none = run(lambda: make(MIXED, tmp_path, input_weight=33.3, trace=tuple(range(290))), 100, 9)
    assert digest(one) == digest(other)
    at_40 = one["synaptic_current"].values[39] - none["synaptic_current"].values[39]
    assert np.allclose(at_40, 33.3 * np.bincount(ids[:100], minlength=290), atol=1e-3)
    assert np.array_equal(one["synaptic_current"].values[:39], none["synaptic_current"].values[:39])


def test_poisson_input_has_the_right_mean_and_variance_and_no_correlation(tmp_path):
    text = NEURON + """
background: {rate: 8 Hz, weight: 100 pA}
populations: {A: {size: 200, external: 1600, V_th: 1 V}}"""
    given = run(lambda: make(text, tmp_path, trace=tuple(range(200)), precision="double"), 3000)
    current = np.concatenate([np.zeros((1, 200)), given["synaptic_current"].values])
    counts = (current[1:] - exponential(*PD14, Fraction(1, 10)).p11 * current[:-1]) / 100
    assert np.allclose(counts, np.rint(counts), atol=1e-9)
    assert counts.mean() == pytest.approx(1.28, abs=4 * np.sqrt(1.28 / counts.size))
    assert counts.var() == pytest.approx(1.28, rel=0.01)
    between, along = np.corrcoef(counts.T), np.corrcoef(counts[:-1].ravel(), counts[1:].ravel())[0, 1]
    assert abs(between[np.triu_indices(200, 1)].mean()) < 5e-4 and abs(along) < 6e-3
    assert between[np.triu_indices(200, 1)].std() == pytest.approx(1 / np.sqrt(3000), rel=0.03)


def test_down_scaling_keeps_mean_and_variance_of_the_input():
    full, small = (Microcircuit(MicrocircuitParameters(scale=s), CLOCK)._plan.scaled for s in (1.0, 0.1))
    rates = np.array([p.mean_rate for p in full.network.populations])

    def moments(plan, scale):
        mean, variance = plan.direct_pa + 8 * plan.direct_pa_per_hz, np.zeros(8)
        for i, p in enumerate(plan.network.populations):
            mean[i] += 0.5e-3 * p.background.weight * plan.poisson_synapses[i] * 8
            variance[i] += p.background.weight**2 * plan.poisson_synapses[i] * 8
        for p in plan.network.projections:
            indegree = p.count / (full.network.populations[p.target].size * scale)  # as if sizes needed no rounding
            mean[p.target] += 0.5e-3 * p.weight * indegree * rates[p.source]
            variance[p.target] += p.weight**2 * indegree * rates[p.source]
        return mean, variance
    assert np.allclose(moments(full, 1.0), moments(small, 0.1), rtol=1e-12)


def test_the_direct_drive_is_the_mean_of_the_poisson_drive():
    plan = Microcircuit(MicrocircuitParameters(drive="dc"), CLOCK)._plan.scaled
    assert plan.direct_pa + 8 * plan.direct_pa_per_hz == pytest.approx(
        [561.974, 526.851, 737.591, 667.345, 702.468, 667.345, 1018.579, 737.591], abs=5e-4)
    assert not plan.poisson_synapses.any()


@pytest.mark.parametrize(("ranks", "share_memory"), [(1, True), (3, True), (3, False)])
def test_a_neuron_that_diverges_is_named_with_its_tick(tmp_path, ranks, share_memory):
    values = np.zeros((101, 3))
    values[50, 1] = -1e308  # neuron 150 is refractory at that time
    with pytest.raises(RunError, match=r"potential of neuron 151 is no finite number at tick 51"):
        run(lambda: make(MIXED, tmp_path), 100, 10, {"current": Samples(0, 1, values)}, ranks, share_memory)


@pytest.mark.parametrize(("value", "said"), [(np.nan, "nan Hz at tick 30 is not finite"), (-1.0, "-1 Hz at tick 30 is negative"),
                                             (1e6, "1e\\+06 Hz at tick 30 gives each neuron of E 1e\\+05 external spikes")])
def test_a_background_out_of_range_ends_the_run_with_its_tick(tmp_path, value, said):
    rates = np.full((101, 1), 8.0)
    rates[30] = value
    with pytest.raises(RunError, match=said):
        run(lambda: make(MIXED, tmp_path), 100, 20, {"background": Samples(0, 1, rates)})


def test_more_external_spikes_than_can_be_drawn_are_refused_before_the_run(tmp_path):
    with pytest.raises(InputError, match=r"each neuron of E would get 100 external spikes a step \(1000 synapses at 1000 Hz\)"):
        make(MIXED, tmp_path, background=1000.0)


def test_fifty_external_spikes_a_step_can_be_drawn(tmp_path):
    given = run(lambda: make(MIXED, tmp_path, background=500.0), 100)
    assert len(given["spikes"].ids) > 0
