"""A neuron with precise spike times: what it does between the instants of the grid does not depend on the grid."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import brentq
from support.microcircuit import make
from support.microcircuit import run as run_component
from support.precise import BACKGROUND, KEY, drive, neurons, run

from cosim.models.microcircuit.kernel import precise_twin as twin
from cosim.models.microcircuit.neurons.iaf_psc_exp_ps import MODEL
from cosim.timegrid import Clock

HALVINGS = [Fraction(1, 2**k) for k in range(14)]
FIRST, INTERVAL = -10 * np.log(0.625), 2 - 10 * np.log(0.625)  # 4.700036292457356 ms, and 2 ms of rest


def at(step_ms, *times_ms, neuron=0):
    """Return arrivals at times in ms."""
    steps = [t / float(step_ms) for t in times_ms]
    return [(int(np.ceil(t)), neuron, np.ceil(t) - t) for t in steps]


def kernel(t, tau_m, tau_s, c_m):
    """Return the potential t ms after a current of 1 pA began to decay."""
    return (np.exp(-t / tau_m) - np.exp(-t / tau_s)) / (c_m * (1 / tau_s - 1 / tau_m)) if tau_s != tau_m else t / c_m * np.exp(-t / tau_m)


@pytest.mark.parametrize("step_ms", [*HALVINGS[:11], Fraction(1, 10), Fraction(1, 5), Fraction(1, 100)])
def test_a_direct_current_gives_spikes_at_the_analytic_times(step_ms):
    one = neurons(step_ms)
    times = run(one, drive(one, int(100 / step_ms), direct_pa=1000.0)).times * float(step_ms)
    assert times == pytest.approx(FIRST + INTERVAL * np.arange(len(times)), abs=1e-12, rel=0)
    assert (FIRST, len(times)) == (pytest.approx(4.700036292457356, abs=1e-15), 15)


@pytest.mark.parametrize("step_ms", HALVINGS)
def test_the_potential_under_a_direct_current_is_right_at_every_step(step_ms):
    one = neurons(step_ms, V_th=1000)
    assert run(one, drive(one, int(5 / step_ms), direct_pa=1000.0)).potential[-1, 0] == pytest.approx(15.738773611494663, abs=1e-14, rel=0)
    if step_ms > Fraction(1, 1000):
        assert run(one, drive(one, int(500 / step_ms), direct_pa=1000.0)).potential[-1, 0] == pytest.approx(40, abs=1e-13, rel=0)


@pytest.mark.parametrize("step_ms", HALVINGS[:13])
def test_a_spike_off_the_grid_gives_the_analytic_potential(step_ms):
    one = neurons(step_ms, tau_syn_ex="0.3", V_th=1000)
    v = run(one, drive(one, int(6 / step_ms), arrivals=at(step_ms, 2.132123512), weight=500.0)).potential[:, 0]
    assert v[int(3 / step_ms) - 1] == pytest.approx(0.5328604312276354, abs=1e-14, rel=0)
    assert v[-1] == pytest.approx(0.42014400015624054, abs=1e-14, rel=0)
    assert v[-1] == pytest.approx(500 * kernel(6 - 2.132123512, 10, 0.3, 250), abs=1e-14, rel=0)


@pytest.mark.parametrize(("weight", "expected"), [(55.0, None), (70.0, 4.01442), (90.0, 4.00659)])
def test_no_spike_is_lost_in_a_step_that_ends_below_the_threshold(weight, expected):
    """Krishnan et al. 2018; the figures are those of NEST's test_iaf_psc_exp_ps_neurons.py, which begins 2 ms later."""
    one = neurons(1, above=-49.001 + 70, tau_m=100, tau_syn_ex=1, tau_syn_in=1, V_th=-49)
    given = run(one, drive(one, 6, direct_pa=[[52.5]] * 2 + [[0.0]] * 4, arrivals=[(2, 0, 0.0)], weight=weight))
    start = 21 - 0.001 * np.exp(-0.02)

    def over(t):
        return start * np.exp(-t / 100) + weight * kernel(t, 100, 1, 250) - 21
    if expected is None:
        assert not len(given.times) and over(np.linspace(0, 4, 40001)).max() < 0
        return
    assert given.times + 2 == pytest.approx([expected], abs=5e-6)
    assert given.times - 2 == pytest.approx([brentq(over, 0, np.log(weight / 52.5) / 2, xtol=1e-15)], abs=1e-12)
    assert given.potential[2, 0] == 0 and bool(over(1.0) < 0) is (weight == 70.0)


def oracle(stop, excited, inhibited, weights, dc, tau=(10.0, 2.0, 5.0), t_ref=2.0, threshold=15.0, c_m=250.0):
    """Return the spike times of a neuron from the sum over all that arrived since its last rest: sampled densely, then Brent's method."""
    spikes, begin = [], 0.0
    arrived = [np.array(excited), np.array(inhibited)]
    while True:
        charge = [w * np.exp(-(begin - a[a <= begin]) / s).sum() for a, w, s in zip(arrived, weights, tau[1:], strict=True)]
        later = [a[a > begin] for a in arrived]

        def over(t, begin=begin, charge=charge, later=later):
            v = dc * tau[0] / c_m * (1 - np.exp(-(t - begin) / tau[0])) - threshold
            for a, w, s, i in zip(later, weights, tau[1:], charge, strict=True):
                v += i * kernel(t - begin, tau[0], s, c_m) + w * sum(kernel(t - x, tau[0], s, c_m) for x in a[a < t])
            return v
        low = begin
        for high in np.arange(begin + 0.02, stop, 0.02):
            if over(high) >= 0:
                break
            low = high
        else:
            return np.array(spikes)
        spikes.append(brentq(over, low, high, xtol=1e-14, rtol=1e-15))
        begin = spikes[-1] + t_ref


STEPS = [Fraction(1), Fraction(1, 2), Fraction(1, 10), Fraction(1, 100)]


@pytest.mark.parametrize("step_ms", STEPS)
def test_a_driven_neuron_fires_when_an_independent_solution_does_at_every_step(step_ms):
    times = np.sort(np.random.default_rng(4).uniform(0, 150, 225))
    one = neurons(step_ms, tau_syn_in=5)
    given = run(one, drive(one, int(150 / step_ms), direct_pa=150.0, arrivals=at(step_ms, *times), weight=150.0))
    expected = oracle(150, times, [], (150.0, 0.0), 150.0)
    assert len(expected) > 10
    assert given.times * float(step_ms) == pytest.approx(expected, abs=1e-10, rel=0)


@pytest.mark.parametrize("step_ms", STEPS)
def test_excitation_and_inhibition_from_other_neurons_give_the_times_of_an_independent_solution_at_every_step(step_ms):
    one = neurons(step_ms, sizes=(1, 1, 1), tau_syn_in=5, wires=[(0, 2, int(1 / step_ms), 400), (1, 2, int(2 / step_ms), -150)])
    given = run(one, drive(one, int(200 / step_ms), direct_pa=[[1000.0, 700.0, 420.0]]))
    first = [-10 * np.log(1 - 15 / (pa / 25)) for pa in (1000, 700)]
    excited, inhibited = (t + (t + 2) * np.arange(200 // (t + 2)) + d for t, d in zip(first, (1, 2), strict=True))
    expected = oracle(200, excited, inhibited, (400.0, -150.0), 420.0)
    assert len(expected) > 5
    assert given.times[given.ids == 2] * float(step_ms) == pytest.approx(expected, abs=1e-10, rel=0)


def test_a_crossing_is_found_wherever_a_dense_sampling_sees_one_and_nowhere_else():
    """Two neurons that begin above the threshold fire at once; it reaches a third one, held below it, a step of 20 ms later."""
    rng = np.random.default_rng(8)
    hidden = fires = misses = 0
    t = np.linspace(0, 20, 20001)
    for _ in range(250):
        v, dc = rng.uniform(8, 15), rng.uniform(0, 400)
        excitation, inhibition = int(rng.integers(0, 3000)), -int(rng.integers(0, 4000))
        taus = dict(zip(("tau_syn_ex", "tau_syn_in"), rng.permutation(["3", "1.5"]).tolist(), strict=True))
        one = neurons(20, above=[16, 16, v], sizes=(2, 1), wires=[(0, 2, 1, excitation), (1, 2, 1, inhibition)], t_ref=20, **taus)
        given = run(one, drive(one, 2, direct_pa=[[0, 25 * v], [0, dc]]))
        found = given.times[given.ids == 2]
        curve = v * np.exp(-t / 10) + dc / 25 * (1 - np.exp(-t / 10))
        for weight, tau in ((excitation, taus["tau_syn_ex"]), (inhibition, taus["tau_syn_in"])):
            curve += weight * kernel(t, 10, float(tau), 250)
        seen = np.flatnonzero(curve >= 15)
        if len(seen):
            fires += 1
            hidden += curve[-1] < 15
            assert len(found) == 1 and t[seen[0]] - 0.001 <= found[0] * 20 - 20 <= t[seen[0]] + 1e-9
        elif curve.max() < 15 - 1e-6:
            misses += 1
            assert not len(found)
    assert fires > 50 and misses > 50 and hidden > 30


def test_the_refractory_time_ends_off_the_grid():
    one = neurons(1, t_ref="2.3456")
    times = run(one, drive(one, 50, direct_pa=1000.0)).times
    assert np.diff(times) == pytest.approx(np.full(len(times) - 1, FIRST + 2.3456), abs=1e-12, rel=0)


def test_a_neuron_that_begins_above_the_threshold_fires_at_once():
    one = neurons(1, above=16.0)
    assert run(one, drive(one, 3)).times == pytest.approx([0.0], abs=1e-15)


def test_equal_time_constants_are_no_special_case():
    def last(tau_syn):
        one = neurons(1, V_th=1000, tau_syn_ex=tau_syn)
        return run(one, drive(one, 30, arrivals=at(1, 0.3), weight=500.0)).potential[-1, 0]
    assert last(10) == pytest.approx(500 * 29.7 / 250 * np.exp(-2.97), abs=1e-13, rel=0)
    assert last("10.000000001") == pytest.approx(last(10), abs=1e-7, rel=0)
    assert last("10.000000001") - last(10) == pytest.approx(last(10) - last("9.999999999"), abs=1e-13, rel=0)


def test_what_arrives_at_one_instant_is_summed_whatever_its_order():
    one = neurons(1, sizes=(3,), wires=[(0, 2, 1, 30), (1, 2, 1, -7), (0, 2, 1, -20), (1, 2, 1, 11)])
    shuffled = neurons(1, sizes=(3,), wires=[(1, 2, 1, 11), (0, 2, 1, -20), (1, 2, 1, -7), (0, 2, 1, 30)])
    driven = drive(one, 40, direct_pa=1000.0, arrivals=[(3, 2, 0.5)] * 40 + [(3, 2, 0.25)] * 3, weight=0.1)
    assert run(one, driven).raw == run(shuffled, driven).raw


def test_poisson_spikes_superpose_to_the_analytic_sum():
    step, steps, rate = Fraction(1, 2), 12, 16000.0
    one = neurons(step, V_th=1000, background=5.0, synapses=1)
    given = run(one, drive(one, steps, rate_hz=rate))
    times = [0.5 * (k + 1 - offset) for k in range(steps) for offset in twin.background(KEY, 0, rate * 5e-4, k)]
    assert 50 < len(times) < 150
    assert given.potential[-1, 0] == pytest.approx(sum(5.0 * kernel(6 - t, 10, 2, 250) for t in times), abs=1e-13, rel=0)


def test_the_background_is_poisson_in_number_and_uniform_in_time():
    from scipy.stats import kstest
    offsets = [twin.background(1, slot, 2.0, 0) for slot in range(4000)]
    counts = np.array([len(o) for o in offsets])
    assert counts.mean() == pytest.approx(2, abs=0.09) and counts.var() == pytest.approx(2, abs=0.25)
    assert kstest(np.concatenate(offsets), "uniform").pvalue > 1e-3


def test_the_kernel_does_what_its_plain_twin_does():
    rng = np.random.default_rng(2)
    one = neurons(Fraction(1, 2), sizes=(3, 2), tau_syn_in=5, background=90.0, synapses=1000, above=rng.uniform(0, 14, 5))
    one.constants[1, [BACKGROUND, BACKGROUND + 1]] = -20.0, 1
    rates, direct = rng.uniform(0, 9, (300, 2)), rng.uniform(300, 600, (300, 2))
    times = rng.uniform(0, 300, 60)
    arrivals = sorted((int(np.ceil(t)), int(i), float(np.ceil(t) - t)) for t, i in zip(times, rng.integers(0, 5, 60), strict=True))
    given = run(one, drive(one, 300, rates, direct, arrivals, -300.0))
    spikes, traced = twin.run(one, KEY, rates, direct, [(*a, 1, -300.0) for a in arrivals])
    assert len(spikes) > 60 and [i for _, i, _ in spikes] == given.ids.tolist()
    assert given.times == pytest.approx(np.array([k - o for k, _, o in spikes]), abs=1e-11, rel=0)
    assert given.potential == pytest.approx(traced[0], abs=1e-11, rel=0)
    assert given.currents == pytest.approx(traced[1:], abs=1e-10, rel=0)


@pytest.mark.parametrize("spikes", [1, 5])
def test_the_grid_is_late_by_at_most_a_step_for_each_spike(tmp_path: Path, spikes):
    text = """
neuron: {C_m: 250 pF, tau_m: 10 ms, tau_syn: 2 ms, t_ref: 2 ms, V_th: -55 mV, V_reset: -70 mV, E_L: -70 mV}
populations: {A: {size: 1, V_init: -70 mV, I_e: 1000 pA}}
projections: []
"""
    late = {}
    for parts in (1, 2, 4, 8, 16, 32):
        given = run_component(lambda parts=parts: make(text, tmp_path, Clock(Fraction(1, parts), 1), precision="double"), 40 * parts)
        late[parts] = given["spikes"].ticks[spikes - 1] / parts - (FIRST + (spikes - 1) * INTERVAL)
    assert all(0 < error <= spikes / parts for parts, error in late.items())
    assert late[32] > 1e-4


def test_a_neuron_that_leaves_the_finite_numbers_is_told_with_its_step():
    one = neurons(1, sizes=(2,))
    given = run(one, drive(one, 5, arrivals=[(3, 1, 0.5)] * 3, weight=1e308))
    assert given.failure[0, :2].tolist() == [2, 3]


def test_a_refractory_time_is_cut_into_whole_steps_and_what_is_left_without_an_error():
    parameters = {p.name: Fraction(p.default) for p in MODEL.parameters} | {"t_ref": Fraction("2.34")}
    found = MODEL.constants(parameters, Fraction("0.1"))
    assert (found["rest_whole"], found["rest_part"]) == (23.0, 0.4)
