"""Devices drive and show exactly the neurons they are given, with the bits of the plain twin, whatever ranks and windows."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import kstest, poisson
from support.microcircuit import MIXED, NEURON, digest, make, run

from cosim.errors import InputError
from cosim.models.microcircuit.kernel import twin
from cosim.models.microcircuit.network.devices import Course, CurrentInput

DRIVEN = MIXED + """
devices:
  everywhere: {kind: poisson, target: [E, S], rate: 2 kHz, weight: 0.2 mV}
  first: {kind: poisson, target: E, neurons: 0:70, rates: [[0 ms, 0 Hz], [5 ms, 4 kHz], [20 ms, 1 kHz]], weight: 20 pA}
  some: {kind: poisson, target: [E, I], neurons: [1, 3, 66, 69], rate: 1 kHz, weight: -0.2 mV, from: 3 ms, until: 20 ms}
  still: {kind: poisson, target: S, neurons: "::2", rate: 3 kHz, weight: 10 pA, receptor: in}
  ramp: {kind: current, target: [E, S], neurons: 5:66, amplitudes: [[1 ms, 100 pA], [2.5 ms, -50 pA], [10 ms, 300 pA]]}
  pulse: {kind: current, target: E, neurons: [0, 7, 149], amplitude: 250 pA, from: 4 ms, until: 9 ms}
  volts: {kind: multimeter, target: [E, S], neurons: [0, 7, 69], variables: [V_m, I_syn_ex]}
  few: {kind: recorder, target: I, neurons: 0:20}
"""
ALONE = NEURON.replace("{", "{{").replace("}", "}}") + "populations: {{A: {{size: 300}}, B: {{size: 40}}}}\ndevices:\n{devices}"


def problem(devices: str, folder: Path) -> str:
    with pytest.raises(InputError) as caught:
        make(ALONE.format(devices=devices), folder)
    return str(caught.value)


@pytest.mark.parametrize("precision", ["single", "double"])
def test_the_kernel_gives_the_bits_of_its_twin(tmp_path, precision):
    steps = 250
    one = make(DRIVEN, tmp_path, precision=precision, trace=tuple(range(290)))
    given = run(lambda: make(DRIVEN, tmp_path, precision=precision, trace=tuple(range(290))), steps)
    plan, devices = one._plan, one._devices
    rate = np.hstack([np.tile(one._rates, (steps, 1)), devices.rates(0, steps)])
    direct = plan.scaled.direct_pa + plan.scaled.direct_pa_per_hz * np.tile(one._rates, (steps, 1))
    more, first = [], plan.scaled.network.first_ids
    for d in plan.scaled.network.devices:
        if isinstance(d, CurrentInput):
            pa = np.zeros((steps, 290))
            for t in d.targets:
                ids = first[t.population] + t.numbers(plan.scaled.network.populations[t.population].size)
                pa[:, ids] = d.amplitude_pa.on_grid(plan.step_ms, d.name).over(0, steps)[:, None]
            more.append(pa)
    spikes, states = twin.run(plan, 7, "column", rate, direct, np.zeros((steps, 290), np.int64), np.array(more))
    assert spikes.sum() > 100
    assert np.array_equal(np.argwhere(spikes) + np.array([1, 0]), np.stack([given["spikes"].ticks, given["spikes"].ids], axis=1))
    assert np.array_equal(states["V_m"] + -65.0, given["potential"].values)
    assert np.array_equal(states["I_syn_ex"], given["synaptic_current"].values)


@pytest.mark.parametrize(("first", "steps"), [(0, 400), (3, 50), (399, 1), (500, 20)])
def test_a_course_holds_each_value_from_its_instant_on(first, steps):
    course = Course(tuple(Fraction(k, 10) for k in range(5, 400, 3)), tuple(float(k % 17) for k in range(5, 400, 3)))
    given = course.on_grid(Fraction(1, 10), "course").over(first, steps)
    held = np.zeros(1000)
    for begin, value in zip(course.times_ms, course.values, strict=True):
        held[int(begin * 10):] = value
    assert np.array_equal(given, held[first:first + steps])


def test_what_is_shown_is_what_the_network_does(tmp_path):
    given = run(lambda: make(DRIVEN, tmp_path, trace=(0, 7, 69, 220, 227, 289)), 600)
    assert np.array_equal(given["volts.V_m"].values, given["potential"].values)
    assert np.array_equal(given["volts.I_syn_ex"].values, given["synaptic_current"].values)
    spikes, few = given["spikes"], given["few"]
    kept = (spikes.ids >= 150) & (spikes.ids < 170)
    assert kept.sum() > 5 and np.array_equal(few.ids, spikes.ids[kept]) and np.array_equal(few.ticks, spikes.ticks[kept])


@pytest.mark.parametrize(("ranks", "window", "share"), [(1, 37, True), (2, 10_000, True), (3, 100, True), (2, 250, False), (4, 60, False)])
def test_the_bits_do_not_depend_on_ranks_or_windows(tmp_path, ranks, window, share):
    expected = digest(run(lambda: make(DRIVEN, tmp_path), 800))
    assert digest(run(lambda: make(DRIVEN, tmp_path), 800, window, ranks=ranks, share_memory=share)) == expected


@pytest.mark.parametrize("share", [True, False])
def test_the_partition_by_edge_gives_the_same_bits(tmp_path, share):
    expected = digest(run(lambda: make(DRIVEN, tmp_path), 800))
    assert digest(run(lambda: make(DRIVEN, tmp_path), 800, 100, ranks=3, share_memory=share, partition="edges")) == expected


@pytest.mark.parametrize("precision", ["single", "double"])
def test_nothing_but_the_chosen_neurons_hears_a_poisson_device(tmp_path, precision):
    """Each hears its own train of the rate; potentials of all others stay where they are."""
    text = ALONE.format(devices="  noise: {kind: poisson, target: A, neurons: 50:250, rate: 500 Hz, weight: 1 pA, from: 10 ms}")
    given = run(lambda: make(text, tmp_path, precision=precision, trace=tuple(range(340))), 1100)
    current = given["synaptic_current"].values
    heard = np.zeros(340, bool)
    heard[50:250] = True
    assert (current[:, ~heard] == 0).all() and (current[:100] == 0).all()
    arrived = np.rint(current[100:, heard] - np.vstack([np.zeros(200), current[100:-1, heard]]) * np.exp(-0.2)).sum(axis=0)
    assert arrived.mean() == pytest.approx(50, abs=4 * np.sqrt(50 / 200))
    jitter = np.random.default_rng(1).uniform(size=200)
    assert kstest(poisson.cdf(arrived - 1, 50) + jitter * poisson.pmf(arrived, 50), "uniform").pvalue > 1e-3


def test_a_current_moves_the_potential_as_the_membrane_equation_says(tmp_path):
    text = ALONE.format(devices="  step: {kind: current, target: A, neurons: [3], amplitude: 100 pA, from: 2 ms, until: 7 ms}\n"
                                "  v: {kind: multimeter, target: A, neurons: [2, 3]}")
    v = run(lambda: make(text, tmp_path, precision="double"), 150)["v.V_m"].values
    t = np.arange(1, 151) * 0.1
    rise = 4 * (1 - np.exp(-np.clip(t - 2, 0, 5) / 10)) * np.exp(-np.clip(t - 7, 0, None) / 10)
    assert v[:, 1] == pytest.approx(-65 + rise, abs=1e-10) and (v[:, 0] == -65).all()


def test_listed_spikes_arrive_one_delay_later(tmp_path):
    text = ALONE.format(devices="  volley: {kind: spikes, target: [A, B], neurons: [4, 6], times: [2 ms, 5 ms], weight: 10 pA, "
                                "delay: 1.5 ms}\n"
                                "  i: {kind: multimeter, target: [A, B], neurons: [4, 5, 6], variables: I_syn_ex}")
    i = run(lambda: make(text, tmp_path, precision="double"), 100)["i.I_syn_ex"].values
    assert np.argwhere(i[:, 0])[0, 0] == 34 and i[34, 0] == 10 and i[64, 0] == pytest.approx(10 + 10 * np.exp(-3 / 0.5))
    assert (i[:, [1, 4]] == 0).all() and np.array_equal(i[:, 0], i[:, 2]) and np.array_equal(i[:, 0], i[:, 3])


def test_neuron_i_of_a_file_speaks_to_target_i(tmp_path):
    (tmp_path / "in.dat").write_text("0\t1.0\n1\t2.0\n1\t3.0\n")
    text = ALONE.format(devices="  in: {kind: spikes, target: A, neurons: 10:20, file: in.dat, weight: 10 pA, delay: 1 ms}\n"
                                "  i: {kind: multimeter, target: A, neurons: [10, 11, 12], variables: I_syn_ex}")
    i = run(lambda: make(text, tmp_path), 60)["i.I_syn_ex"].values
    assert [np.argwhere(np.diff(i[:, c], prepend=0) > 5)[:, 0].tolist() for c in range(3)] == [[19], [29, 39], []]


@pytest.mark.parametrize(("settings", "says"), [
    ({"input_weight": "2 nS"}, "has a weight in pA"), ({"input_weight": "2"}, "'2' has no unit"),
    ({"input_weight": "2 pA", "input_receptor": "gaba"}, "no receptor 'gaba'"), ({"input_receptor": "ex"}, "no input_weight is given"),
    ({"input_weight": float("nan")}, "input_weight is nan")])
def test_a_wrong_weight_of_the_input_port_is_a_sentence(tmp_path, settings, says):
    with pytest.raises(InputError, match=says):
        make(MIXED, tmp_path, **settings)


def test_the_weight_of_the_input_port_may_carry_its_unit(tmp_path):
    """A peak of 0.15 mV is a current of 87.8 pA in these neurons; a receptor that is named takes it, whatever its sign."""
    plain, peak, named = (make(MIXED, tmp_path, **s)._plan.arrivals for s in (
        {"input_weight": 87.8}, {"input_weight": "0.15 mV"}, {"input_weight": "87.8 pA", "input_receptor": "in"}))
    assert plain == named == ((0, 87.8),) * 3 and [w for _, w in peak] == pytest.approx([87.8] * 3, rel=1e-3)


@pytest.mark.parametrize(("device", "says"), [
    ("kind: poison, target: A", "did you mean 'poisson'"), ("kind: recorder", "'target' is missing"),
    ("kind: recorder, target: C", "there is no population 'C'"), ("kind: recorder, target: A, neurons: [300]", "neuron 300 of"),
    ("kind: recorder, target: A, neurons: 9:9", "reaches no neuron"),
    ("kind: recorder, target: A, neurons: -1", "numbers within the population"),
    ("kind: multimeter, target: A, variables: [V]", "has no state variable 'V'"),
    ("kind: poisson, target: A, rate: 5 Hz", "'weight' is missing"), ("kind: poisson, target: A, weight: 1 pA", "is given neither"),
    ("kind: poisson, target: A, weight: 1 pA, rate: -5 Hz", "the rate is -5 Hz"),
    ("kind: poisson, target: A, weight: 1 nS, rate: 5 Hz", "has a weight in pA"),
    ("kind: poisson, target: A, weight: 1 pA, rate: 5 MHz", "has the unit 'MHz'"),
    ("kind: poisson, target: A, weight: 1 pA, rate: 5000 kHz", "500 spikes a step"),
    ("kind: poisson, target: A, weight: 1 pA, rate: 5 Hz, receptor: gaba", "no receptor 'gaba'"),
    ("kind: current, target: A, amplitude: 5 mV", "has the unit 'mV'"),
    ("kind: current, target: A, amplitude: 5 pA, from: 0.25 ms", "0.25 ms"),
    ("kind: current, target: A, amplitude: 5 pA, from: 5 ms, until: 3 ms", "a later instant"),
    ("kind: current, target: A, amplitudes: [[5 ms, 1 pA], [5 ms, 2 pA]]", "do not ascend"),
    ("kind: current, target: A, amplitudes: [5 ms]", "no instant with a value"),
    ("kind: spikes, target: A, weight: 1 pA, delay: 1 ms", "neither times nor file"),
    ("kind: spikes, target: A, weight: 1 pA, delay: 1 ms, file: none.h5", "there is no file"),
    ("kind: spikes, target: A, weight: 1 pA, delay: 0.01 ms, times: [1 ms]", "0.01 ms"),
    ("kind: spikes, target: A, weight: 1 pA, times: [1 ms]", "'delay' is missing"),
    ("kind: recorder, target: A, rate: 3 Hz", "unknown key 'rate'"),
    ("kind: recorder, target: []", "an empty list"),
    ("kind: recorder, target: A, neurons: [1000000000000000000000000]", "numbers within the population"),
    ("kind: poisson, target: A, weight: 1 pA", "given neither rate nor rates"),
    ("kind: current, target: A, amplitudes: {5 ms: 1 pA}", "a list of [TIME, VALUE]"),
    ("kind: spikes, target: A, weight: 1 pA, delay: 1 ms, times: 5 ms", "a list of times, such as"),
])
def test_a_wrong_device_is_a_sentence(tmp_path, device, says):
    assert says in problem(f"  d: {{{device}}}", tmp_path)


def test_what_has_no_synapses_or_no_input_is_told(tmp_path):
    text = ALONE.format(devices="  d: {kind: current, target: A, amplitude: 1 pA}") + """
synapses: {s: {weight: 1 pA, delay: 1 ms}}
projections: [{source: A, target: B, number: 0, synapse: s}, {source: A, target: A, number: 5, synapse: s}]
"""
    facts = make(text, tmp_path).describe().facts
    assert facts["projections without synapses"] == "A -> B" and facts["populations without input"] == "B"
    assert "populations without input" not in make(MIXED, tmp_path).describe().facts


def test_spikes_after_the_end_of_time_disturb_no_others(tmp_path):
    text = ALONE.format(devices="  in: {kind: spikes, target: A, neurons: 0:1, file: in.dat, weight: 1 nA, delay: 1 ms}\n"
                                "  v: {kind: multimeter, target: A, neurons: [0], variables: I_syn_ex}")
    found = []
    for more in ("", "0 1e300\n"):
        (tmp_path / "in.dat").write_text("0 2.0\n" + more)
        found.append(run(lambda: make(text, tmp_path), 50)["v.I_syn_ex"].values)
    assert found[0].max() > 100 and np.array_equal(*found)


def test_a_device_has_a_name_of_its_own_and_so_many_fit(tmp_path):
    assert "cannot be called 'spikes'" in problem("  spikes: {kind: recorder, target: A}", tmp_path)
    many = "\n".join(f"  p{i}: {{kind: poisson, target: B, rate: 5 Hz, weight: 1 pA}}" for i in range(17))
    assert "more than 15 Poisson devices drive B" in problem(many, tmp_path)
