"""A network file may name `iaf_psc_exp_ps`: the component then gives spikes with offsets, the same on any ranks and in any windows."""

from fractions import Fraction

import numpy as np
import pytest
from support.microcircuit import digest, make, run

from cosim.blocks import Samples, Spikes
from cosim.errors import InputError, RunError
from cosim.timegrid import Clock

CLOCK = Clock(Fraction(1, 10), 5)
NET = """
neuron: {model: iaf_psc_exp_ps, C_m: 250 pF, tau_m: 10 ms, tau_syn: 0.5 ms, t_ref: 2 ms, V_th: -50 mV, V_reset: -65 mV, E_L: -65 mV}
background: {rate: 8 Hz, weight: 0.3 mV}
populations:
  E: {size: 90, external: 1000, V_init: -58 mV, V_init_sd: 5 mV}
  I: {size: 40, external: 900, V_init: -60 mV, V_init_sd: 5 mV, t_ref: 1.03 ms, tau_syn_in: 2 ms}
synapses:
  exc: {weight: 0.3 mV, weight_rel_sd: 0.1, delay: 1.5 ms, delay_sd: 0.75 ms}
  inh: {weight: -1.2 mV, weight_rel_sd: 0.1, delay: 1 ms, delay_sd: 0.4 ms}
projections:
  - {source: E, target: E, probability: 0.1, synapse: exc}
  - {source: E, target: I, indegree: 20, rule: fixed_indegree, synapse: exc}
  - {source: I, target: E, number: 1000, synapse: inh}
"""
DC = """
neuron: {model: iaf_psc_exp_ps}
populations: {A: {size: 3, V_init: -70 mV, I_e: 1000 pA}}
projections: []
"""


@pytest.fixture(scope="module")
def inputs():
    rng = np.random.default_rng(3)
    ticks, ids = np.sort(5 * rng.integers(1, 401, 500)), rng.integers(0, 130, 500)
    return {"background": Samples(0, 5, rng.uniform(4, 12, (401, 1))), "current": Samples(0, 5, rng.normal(0, 50, (401, 2))),
            "spikes_in": Spikes.sort(ticks, ids, rng.uniform(0, 5, 500))}


@pytest.fixture(scope="module")
def alone(tmp_path_factory, inputs):
    return run(lambda: make(NET, tmp_path_factory.mktemp("net"), CLOCK, trace=(0, 89, 90, 129)), 2000, inputs=inputs)


@pytest.mark.parametrize(("ranks", "share_memory", "window"), [(1, True, 5), (2, True, 35), (3, False, 500), (4, True, 2000),
                                                               (4, False, 10)])
def test_ranks_and_windows_change_no_bit(tmp_path, inputs, alone, ranks, share_memory, window):
    given = run(lambda: make(NET, tmp_path, CLOCK, trace=(0, 89, 90, 129)), 2000, window, inputs, ranks, share_memory)
    assert len(alone["spikes"].ids) > 100 and digest(given) == digest(alone)


def test_offsets_are_within_a_step_and_spikes_sorted(alone):
    spikes = alone["spikes"]
    assert spikes.offsets.min() >= 0 and 4 < spikes.offsets.max() < 5
    assert np.array_equal(np.lexsort((spikes.ids, spikes.ticks)), np.arange(len(spikes.ids)))


@pytest.mark.parametrize("step", [1, 5, 20])
def test_spike_times_do_not_depend_on_the_step(tmp_path, step):
    spikes = run(lambda: make(DC, tmp_path, Clock(Fraction(1, 10), step)), 1000)["spikes"]
    times = ((spikes.ticks - spikes.offsets) / 10)[spikes.ids == 1]
    assert times == pytest.approx(-10 * np.log(0.625) + (2 - 10 * np.log(0.625)) * np.arange(len(times)), abs=1e-12, rel=0)
    assert len(times) == 15


def test_input_spikes_arrive_between_the_instants_of_the_grid(tmp_path):
    text = DC.replace(", I_e: 1000 pA", "")
    spikes = Spikes(np.array([20]), np.array([1]), np.array([7.5]))
    given = run(lambda: make(text, tmp_path, Clock(Fraction(1, 10), 10), trace=(1, 2), input_weight=500.0), 60,
                inputs={"spikes_in": spikes})
    after = 6 - 1.25
    expected = 500 / 250 / (1 / 2 - 1 / 10) * (np.exp(-after / 10) - np.exp(-after / 2)) - 70
    assert given["potential"].values[-1] == pytest.approx([expected, -70], abs=1e-13, rel=0)


def test_input_spikes_of_a_coarser_step_are_refused(tmp_path):
    spikes = Spikes(np.array([20]), np.array([1]), np.array([7.5]))
    with pytest.raises(RunError, match=r"the spike stamped 20 happened 7\.5 ticks before, which is not within its step of 5 ticks"):
        run(lambda: make(DC, tmp_path, CLOCK), 100, inputs={"spikes_in": spikes})


def test_what_the_check_tells(tmp_path):
    facts = make(NET, tmp_path, CLOCK).describe().facts
    assert (facts["spike times"], facts["precision"]) == ("precise", "double")


def test_precise_spike_times_are_not_mixed_with_others(tmp_path):
    with pytest.raises(InputError, match=r"the spikes of E \(iaf_psc_exp_ps\) lie between the instants of the grid, those of I"):
        make(NET.replace("I: {size: 40,", "I: {size: 40, model: iaf_psc_exp,").replace("t_ref: 1.03 ms, ", ""), tmp_path, CLOCK)


def test_a_refractory_time_below_one_step_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"t_ref, 1\.03 ms, is shorter than the step, 1\.5 ms"):
        make(NET.replace("delay: 1 ms", "delay: 1.5 ms"), tmp_path, Clock(Fraction(1, 10), 15))


def test_a_neuron_that_diverges_is_told(tmp_path):
    with pytest.raises(RunError, match="neuron 1 is no finite number at tick 20"):
        run(lambda: make(DC, tmp_path, CLOCK, input_weight=1e308), 100,
            inputs={"spikes_in": Spikes(np.array([20, 20, 20]), np.array([1, 1, 1]))})


def test_precise_networks_can_only_be_shared_out_by_neuron(tmp_path):
    one = make(NET, tmp_path, CLOCK)
    assert one.describe().partitions == ("neurons",)
    assert [(b.partition, len(b.load)) for b in one.balance(2)] == [("neurons", 2)]
