"""A network with precise spike times gives the same bits on any ranks and in any windows, and its step has no part in its spikes."""

from fractions import Fraction

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import erfcx
from support.precise import KEY, drive, neurons, run

from cosim.models.microcircuit.kernel import precise_twin as twin


def brunel(step_ms=Fraction(1, 2), excitatory=80, inhibitory=20, synapses=10, g=5, seed=1, **changes):
    """Return a sparse network: every neuron hears `synapses` excitatory and a fourth as many inhibitory ones, delay 1.5 ms."""
    rng = np.random.default_rng(seed)
    total, delay = excitatory + inhibitory, int(Fraction(3, 2) / step_ms)
    wires = [(source, target, delay, 180 if source < excitatory else -180 * g) for target in range(total)
             for source in (*rng.integers(0, excitatory, synapses), *rng.integers(excitatory, total, synapses // 4))]
    above = rng.uniform(0, 14, total)
    return neurons(step_ms, sizes=(excitatory, inhibitory), above=above, wires=wires, background=90.0, synapses=1000,
                   **{"tau_syn_ex": "0.5", "tau_syn_in": "0.5", "t_ref": 2, "tau_m": 20} | changes)


@pytest.fixture(scope="module")
def driven():
    rng = np.random.default_rng(5)
    direct = rng.uniform(0, 60, (400, 2))
    times = rng.uniform(0, 400, 300)
    arrivals = [(int(np.ceil(t)), int(i), float(np.ceil(t) - t)) for t, i in zip(times, rng.integers(0, 100, 300), strict=True)]
    return drive(brunel(), 400, 7.0, direct, arrivals)


@pytest.fixture(scope="module")
def alone(driven):
    given = run(brunel(), driven)
    assert len(given.times) > 300
    return given


@pytest.mark.parametrize("share_memory", [True, False])
@pytest.mark.parametrize("ranks", [2, 3, 4])
def test_any_number_of_ranks_gives_the_same_bits(driven, alone, ranks, share_memory):
    given = run(brunel(), driven, 70, ranks, share_memory)
    assert given.raw == alone.raw


@pytest.mark.parametrize("window", [1, 2, 7, 64])
def test_any_window_gives_the_same_bits(driven, alone, window):
    assert run(brunel(), driven, window).raw == alone.raw


def test_the_order_in_which_synapses_are_listed_changes_no_bit(driven, alone):
    network = brunel()
    order = np.random.default_rng(0).permutation(len(network.source))
    for name in ("source", "target", "channel", "delay", "weight"):
        array = getattr(network, name)
        array[:] = array[order]
    assert run(network, driven).raw == alone.raw


def test_another_stream_is_another_background(driven, alone):
    assert run(brunel(), driven, key=KEY + 1).raw != alone.raw


def test_a_recurrent_network_does_what_its_plain_twin_does(driven):
    network, steps = brunel(excitatory=24, inhibitory=6), 60
    rates, direct = np.full((steps, 2), 7.0), driven.direct_pa[:steps]
    given = run(network, drive(network, steps, rates, direct))
    spikes, traced = twin.run(network, KEY, rates, direct)
    assert len(spikes) > 15 and [i for _, i, _ in spikes] == given.ids.tolist()
    assert given.times == pytest.approx(np.array([k - o for k, _, o in spikes]), abs=1e-9, rel=0)
    assert given.potential == pytest.approx(traced[0], abs=1e-9, rel=0)


@pytest.mark.parametrize("step_ms", [Fraction(1, 4), Fraction(1, 10), Fraction(1, 100)])
def test_the_step_has_no_part_in_the_spikes_of_a_network(step_ms):
    def spikes(step):
        network = brunel(step)
        given = run(network, drive(network, int(100 / step), direct_pa=230.0))
        order = np.lexsort((given.ids, given.times))
        return given.ids[order], given.times[order] * float(step)
    ids, times = spikes(Fraction(1, 2))
    other_ids, other_times = spikes(step_ms)
    assert len(ids) > 200 and np.array_equal(ids, other_ids)
    assert other_times == pytest.approx(times, abs=1e-10, rel=0)


def test_a_spike_arrives_exactly_one_delay_later_wherever_it_lies_in_its_step():
    pair = neurons(1, sizes=(1, 1), wires=[(0, 1, 3, 400)])
    given = run(pair, drive(pair, 12, direct_pa=[[1000.0, 0.0]]))
    fired, tau_s, tau_m = -10 * np.log(0.625), 2.0, 10.0
    after = 12 - (fired + 3) - np.array([0.0, 6.700036292457356])
    expected = sum(400 / 250 / (1 / tau_s - 1 / tau_m) * (np.exp(-t / tau_m) - np.exp(-t / tau_s)) for t in after if t > 0)
    assert given.potential[-1, 1] == pytest.approx(expected, abs=1e-13, rel=0)


def siegert(mean, spread, tau, tau_s, t_ref=2.0):
    """Return the rate (Hz) of a neuron under white noise, reset 15 mV below its threshold (SCIENCE.md section 3)."""
    shift = 2.0652531 / 2 * np.sqrt(tau_s / tau)
    low, high = -mean / spread + shift, (15 - mean) / spread + shift
    return 1e3 / (t_ref + tau * np.sqrt(np.pi) * quad(lambda u: erfcx(-u), low, high, limit=200)[0])


def test_neurons_under_a_poisson_drive_fire_at_the_rate_of_their_theory():
    tau, tau_s, weight, spikes = 20.0, 0.05, 30.0, 8.0  # per ms
    network = neurons(Fraction(1, 2), sizes=(200,), above=np.random.default_rng(0).uniform(0, 14, 200), background=weight, synapses=1000,
                      tau_m=tau, tau_syn_ex=tau_s)
    given = run(network, drive(network, 2400, spikes, 92.5))
    jump = weight * tau_s / 250
    theory = siegert(tau * spikes * jump + 92.5 * tau / 250, np.sqrt(tau * spikes) * jump, tau, tau_s)
    assert (given.times > 400).sum() / 200 == pytest.approx(theory, rel=0.05)


def test_a_small_brunel_network_fires_irregularly_at_the_rate_that_its_own_input_gives():
    """Brunel 2000, inhibition-dominated; the network's own rates, put into the theory, must come out again."""
    tau, tau_s, unit, external = 20.0, 0.05, 500.0, 3.4
    rng, delay, steps = np.random.default_rng(3), 3, 2400
    wires = [(s, t, delay, 2 if s < 400 else -10) for t in range(500)
             for s in (*rng.integers(0, 400, 40), *rng.integers(400, 500, 10))]
    network = neurons(Fraction(1, 2), sizes=(400, 100), above=rng.uniform(0, 14, 500), wires=wires, unit_pa=unit, background=2 * unit,
                      synapses=1000, tau_m=tau, tau_syn_ex=tau_s, tau_syn_in=tau_s)
    given = run(network, drive(network, steps, external))
    late = given.times > 400
    rate = late.sum() / 500
    jump = 2 * unit * tau_s / 250
    mean = tau * jump * (external + (40 - 5 * 10) * rate * 1e-3)
    theory = siegert(mean, np.sqrt(tau * (external + (40 + 25 * 10) * rate * 1e-3)) * jump, tau, tau_s)
    assert rate == pytest.approx(theory, rel=0.1)
    gaps = [np.diff(given.times[late & (given.ids == i)]) for i in range(500)]
    assert np.mean([g.std() / g.mean() for g in gaps if len(g) > 4]) > 0.4
