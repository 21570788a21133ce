"""Networks as data: what a file means, and what is said when it is wrong."""

from dataclasses import astuple
from fractions import Fraction
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from support.microcircuit import CLOCK, MIXED, NEURON, make, run

from cosim.blocks import Spikes
from cosim.errors import InputError, RunError
from cosim.models.microcircuit.component import Microcircuit
from cosim.models.microcircuit.network.file import SHIPPED, find_network, read_network
from cosim.models.microcircuit.network.quantities import quantity
from cosim.models.microcircuit.network.wiring import wiring
from cosim.models.microcircuit.parameters import MicrocircuitParameters
from cosim.models.microcircuit.propagators import exponential, peak_of_exponential, synapses_of_probability
from cosim.timegrid import Clock


def problems(text, folder, **settings):
    with pytest.raises(InputError) as caught:
        make(text, folder, **settings)
    return [str(p) for p in caught.value.problems]


def test_the_shipped_column_has_the_published_numbers():
    network = read_network(find_network("potjans_diesmann_2014", Path()))
    assert (network.neurons, network.synapses, len(network.projections)) == (77169, 298_880_970, 55)
    assert sum(p.count for p in network.projections) == pytest.approx(298_880_969.18, abs=5e-3)
    indegree = np.zeros(8)
    for p in network.projections:
        indegree[p.target] += p.count / network.populations[p.target].size
    assert indegree == pytest.approx([4995.06, 5284.97, 2806.42, 5888.42, 4943.90, 2736.00, 2563.58, 2434.11], abs=6e-3)


def test_every_shipped_network_can_be_described_without_being_built():
    for path in SHIPPED.glob("*.yaml"):
        described = Microcircuit(MicrocircuitParameters(network=path.stem), CLOCK).describe()
        assert described.outputs[0].size > 0 and described.memory_bytes > 0


def test_the_column_describes_itself():
    described = Microcircuit(MicrocircuitParameters(scale=0.1, trace=(0, 5)), Clock(Fraction(1, 20), 2)).describe()
    assert [p.name for p in described.outputs] == ["spikes", "background", "potential", "synaptic_current"]
    assert [(p.name, p.size) for p in described.inputs] == [("background", 1), ("spikes_in", 7717), ("current", 8)]
    assert described.outputs[0].populations[:3] == (("L23E", 0), ("L23I", 2068), ("L4E", 2651))
    assert described.internal_delay == 2 and described.max_ranks == 7717
    assert described.facts["synapses"] == "2,988,807" and described.facts["smallest delay"] == "0.1 ms"


@pytest.mark.parametrize(("text", "unit", "value"), [("0.1 ms", "ms", Fraction(1, 10)), ("2s", "ms", 2000), ("-1.5e-2 V", "mV", -15),
                                                     ("3 kHz", "Hz", 3000), (".5 nA", "pA", 500), ("100 us", "ms", Fraction(1, 10)),
                                                     ("0e999999999 ms", "ms", 0)])
def test_quantities_are_read_exactly(text, unit, value):
    assert quantity(text, unit) == (value, unit)


@pytest.mark.parametrize(("text", "said"), [("5", "has no unit"), (5, "has no unit"), ("5 mV", "unit 'mV'"), ("ms", "no quantity"),
                                          (None, "no quantity"), ("1e999 ms", "too large"), ("-1e16 ms", "too large"),
                                          ("1e999999999 ms", "too large"), ("1e-400 ms", "too small")])
def test_what_is_no_quantity_is_refused(text, said):
    with pytest.raises(ValueError, match=said):
        quantity(text, "ms")


def test_all_problems_are_told_at_once_with_their_lines(tmp_path):
    text = """neuron: {C_m: 250 pF, tau_m: 10 pA, tau_syn: 0.5 ms, t_ref: 2 ms, V_th: -50 mV, V_reset: -65 mV, E_L: -65 mV}
populations:
  E: {size: 0, tau_m: 10 ms}
  I: {size: 10, tau_m: 10 ms, sise: 3}
synapses:
  exc: {weight: 0.3 mV, delay: 1.5}
projections:
  - {source: E, target: J, probability: 0.1, synapse: exc}
  - {source: I, target: E, probability: 2, synapse: ex}
"""
    told = "\n".join(problems(text, tmp_path))
    for line, said in ((1, "'10 pA' has the unit 'pA'"), (3, "size is 0"), (4, "unknown key 'sise'"), (6, "1.5 has no unit"),
                       (8, "there is no 'J'"), (9, "probability is 2"), (9, "there is no 'ex'")):
        assert any(f"network.yaml:{line}: " in part and said in part for part in told.split("\n")), (line, said, told)
    assert "did you mean 'size'" in told and "did you mean 'exc'" in told


@pytest.mark.parametrize(("change", "said"), [
    (("delay: 1 ms", "delay: 1.05 ms"), "the delay of S -> I, 1.05 ms is not a multiple of the tick 0.1 ms"),
    (("delay: 1 ms", "delay: 0 ms"), "the delay is 0 ms"),
    (("delay: 1 ms", "delay: 0.01 ms, delay_sd: 0.001 ms"), "projections[4]: no delay of S -> I, 0.01 ms with"),
    (("delay: 1 ms", "delay: 7 s"), "projections[4]: the longest delay of S -> I, 7000 ms, is more than 60000 steps"),
    (("delay: 1 ms", "delay: 1 s, delay_sd: 1e15 ms"), "the longest delay of S -> I"),
    (("I_e: 400 pA", "I_e: 1e999 pA"), "'1e999 pA' is too large"),
    (("weight: 100 pA", "weight: 1e400 pA"), "'1e400 pA' is too large"),
    (("t_ref: 1 ms", "t_ref: 300000 s"), "the refractory time of I, 300000000 ms, is more than 16,777,216 steps"),
    (("size: 150", "size: 5000000000"), "size is 5000000000"),
    (("number: 2000", "number: 100000000000000000000"), "number is 100000000000000000000"),
    (("t_ref: 1 ms", "t_ref: 1.01 ms"), "the refractory time of I, 1.01 ms is not a multiple"),
    (("weight: 100 pA", "weight: 0.001 pA"), "no 15-bit number holds both"),
    (("rule: one_to_one", "rule: one_to_oen"), "did you mean 'one_to_one'"),
    (("indegree: 20, ", ""), "the rule 'fixed_indegree' is given no number of synapses"),
    (("size: 150", "size: many"), "size is many"),
    (("V_th: -50 mV", "V_th: -70 mV"), "V_reset, -65 mV, is not below V_th, -70 mV"),
    (("probability: 0.1", "probability: 1"), "the number of synapses is infinite"),
    (("populations:", "populations: ["), "no valid YAML"),
])
def test_one_mistake_is_told_in_one_sentence(tmp_path, change, said):
    assert any(said in p for p in problems(MIXED.replace(*change, 1), tmp_path))


def test_more_neurons_than_can_be_numbered_are_refused(tmp_path):
    text = NEURON + "populations: {A: {size: 4000000000}, B: {size: 4000000000}}"
    assert "the network has 8,000,000,000 neurons" in problems(text, tmp_path)[0]
    assert "the network has 80,000,000,000 neurons at scale 10" in problems(text, tmp_path, scale=10.0)[0]
    assert make(text, tmp_path, scale=0.5).describe().memory_bytes > 4e9 * 20


def test_a_probability_between_two_neurons_is_refused(tmp_path):
    text = NEURON + """
populations: {A: {size: 1}, B: {size: 2}}
synapses: {s: {weight: 1 pA, delay: 1 ms}}
projections: [{source: A, target: A, probability: 0.9, synapse: s}, {source: A, target: B, probability: 0.9, synapse: s}]
"""
    told = problems(text, tmp_path)
    assert len(told) == 1 and "projections[0].probability: A and A have one neuron each" in told[0]
    with pytest.raises(ValueError, match="one pair"):
        synapses_of_probability(Fraction(9, 10), 1, 1)


def test_propagators_are_finite_for_all_times_that_can_be_given():
    for tau_m, tau_syn in product((Fraction("1e-15"), Fraction("1e-9"), Fraction(10), Fraction("1e15")), repeat=2):
        cell = Fraction(250), tau_m, tau_syn
        values = astuple(exponential(*cell, Fraction(1, 10)))
        assert np.isfinite([*values, peak_of_exponential(*cell)]).all() and peak_of_exponential(*cell) > 0
    # Exact in these limits: a membrane that forgets at once follows the current, here a constant one; the potential is tau_m / C_m of it.
    quick = Fraction(250), Fraction("1e-5"), Fraction("1e15")
    assert exponential(*quick, Fraction(1, 10)).p21 == pytest.approx(1e-5 / 250, rel=1e-12)


@pytest.mark.parametrize(("settings", "said"), [
    ({"scale": 0.0}, "scale is 0"), ({"scale": -1.0}, "scale is -1"), ({"background": -8.0}, "background rate is -8 Hz"),
    ({"trace": (290,)}, "there is no neuron 290"), ({"precision": "half"}, "precision is 'half'"),
    ({"scale": 0.5, "indegree_scale": 1.0}, "is 'all_to_all'")])
def test_a_wrong_setting_is_told(tmp_path, settings, said):
    assert said in problems(MIXED, tmp_path, **settings)[0]


def test_scaling_in_degrees_needs_mean_rates(tmp_path):
    text = MIXED.replace(", mean_rate: 5 Hz", "").replace("rule: all_to_all", "rule: fixed_indegree, indegree: 5")
    told = problems(text, tmp_path, scale=0.5)
    assert "mean rates of E at full scale are not known" in told[0]


SMALL = NEURON.replace("{", "{{").replace("}", "}}") + """
background: {{rate: 8 Hz, weight: 0.3 mV}}
populations:
  A: {{size: {sources}, mean_rate: 7 Hz}}
  B: {{size: {sources}, I_e: 11 pA, external: {external}, mean_rate: 3 Hz}}
synapses: {{s: {{weight: -40 pA, delay: 1 ms}}}}
projections: [{{source: A, target: B, {rule}, synapse: s}}]
"""


@pytest.mark.parametrize("rule", ["number: 40000", "probability: 0.2", "rule: fixed_indegree, indegree: 4",
                                  "rule: fixed_indegree, indegree: 37", "rule: all_to_all", "rule: one_to_one"])
@pytest.mark.parametrize(("sources", "scale"), [(1000, 0.5), (1000, 0.3), (1000, 0.2), (995, 0.3)])
def test_scaling_keeps_mean_and_variance_of_the_input(tmp_path, rule, sources, scale):
    """With the synapses that are there, the total number of a random projection excepted: of it, half a synapse may be missing."""
    def input_of(scale):
        plan = make(SMALL.format(sources=sources, external=1003, rule=rule), tmp_path, scale=scale)._plan
        network = plan.scaled.network
        p, b = network.projections[0], network.populations[1]
        indegree = p.count / (scale * sources) if p.rule == "fixed_total_number" else network.count(p) / b.size
        heard, rate, weights = plan.scaled.poisson_synapses[1], 8.0, (p.weight, b.background.weight)
        mean = (plan.scaled.direct_pa[1] + plan.scaled.direct_pa_per_hz[1] * rate
                + 0.5e-3 * (weights[0] * indegree * 7.0 + weights[1] * heard * rate))
        return mean, weights[0] ** 2 * indegree * 7.0, weights[1] ** 2 * heard * rate
    assert input_of(scale) == pytest.approx(input_of(1.0), rel=1e-12)


def test_scaled_numbers_are_the_nearest_whole_ones(tmp_path):
    text = SMALL.format(sources=996, external=1002, rule="rule: fixed_indegree, indegree: 9")
    network = make(text, tmp_path, scale=0.3)._plan.scaled.network
    assert network.populations[1].background.synapses == 301 and network.populations[0].size == 299
    assert network.count(network.projections[0]) == 3 * 299


def test_an_input_of_which_scaling_leaves_nothing_is_refused_or_comes_as_direct_current(tmp_path):
    told = problems(SMALL.format(sources=100, external=4, rule="rule: fixed_indegree, indegree: 4"), tmp_path, scale=0.1)
    assert "network.yaml" in told[0] and "none of the 4 synapses that each neuron has in A -> B" in told[0]
    assert "none of the 4 external synapses of each neuron of B" in told[1]
    text = SMALL.format(sources=100, external=0, rule="number: 40")
    assert make(text, tmp_path, scale=0.1)._plan.scaled.direct_pa[1] == pytest.approx(11 - 0.5e-3 * 40 * 0.4 * 7, rel=1e-12)
    unknown = text.replace(", mean_rate: 7 Hz", "").replace("number: 40", "number: 4")
    assert "none of the 4 synapses of A -> B" in problems(unknown, tmp_path, scale=0.1, indegree_scale=1.0)[0]


def test_an_unknown_network_is_told(tmp_path):
    with pytest.raises(InputError, match="did you mean 'potjans_diesmann_2014'"):
        Microcircuit(MicrocircuitParameters(network="potjans_diesman_2014"), CLOCK)
    with pytest.raises(InputError, match="there is no network file"):
        Microcircuit(MicrocircuitParameters(network="mine.yaml", folder=str(tmp_path)), CLOCK)


def test_an_input_that_could_overflow_is_refused_with_its_projection(tmp_path):
    text = NEURON + """
populations: {A: {size: 65000}, B: {size: 2}}
synapses: {strong: {weight: 2000 pA, delay: 1 ms}, weak: {weight: 1 pA, delay: 1 ms}}
projections:
  - {source: A, target: B, rule: fixed_indegree, indegree: 800000, synapse: strong}
  - {source: B, target: B, rule: fixed_indegree, indegree: 1, synapse: weak}
"""
    assert "most of it from A -> B" in problems(text, tmp_path)[0]


def test_weights_that_are_multiples_of_the_smallest_are_exact(tmp_path):
    text = MIXED.replace("weight_rel_sd: 0.1, ", "").replace("weight: 100 pA", "weight: 0.9 mV")
    plan = make(text, tmp_path)._plan
    for p, units in zip(plan.scaled.network.projections, plan.wiring.weights, strict=True):
        assert units.size == 1
        assert units[0] * plan.wiring.units[p.target] == pytest.approx(p.weight, rel=1e-15)


def test_drawn_weights_and_delays_have_their_moments():
    network = read_network(find_network("potjans_diesmann_2014", Path()))
    wires = wiring(network, Fraction(1, 10))
    for p, units, ages in zip(network.projections, wires.weights, wires.delays, strict=True):
        pa, steps = units * wires.units[p.target], ages.astype(float) + wires.least_delay
        assert pa.mean() == pytest.approx(p.weight, rel=1e-5) and pa.std() == pytest.approx(0.1 * abs(p.weight), rel=1e-3)
        assert np.median(steps) == pytest.approx(p.delays.mean * 10, abs=0.5) and steps.min() == 1


def test_delays_follow_the_truncated_normal_distribution():
    """Redrawn where they would round to no step, never clipped: one step of 0.1 ms has the share 0.0096, not 0.036."""
    from scipy.stats import norm
    network = read_network(find_network("potjans_diesmann_2014", Path()))
    wires = wiring(network, Fraction(1, 10))
    for p, ages in zip(network.projections, wires.delays, strict=True):
        steps = ages.astype(int) + wires.least_delay
        below = norm.cdf((np.arange(steps.max() + 1) + 0.5) / 10, p.delays.mean, p.delays.sd)
        expected = np.diff(below) / (1 - below[0])
        # A share of 65536 quantiles is whole; at each end of the bin one more or less may fall in.
        assert np.bincount(steps)[1:] / steps.size == pytest.approx(expected, abs=2 / steps.size)


def test_weights_follow_the_truncated_normal_distribution(tmp_path):
    from scipy.stats import truncnorm
    text = NEURON + """
populations: {A: {size: 10}}
synapses: {wide: {weight: -100 pA, weight_rel_sd: 1, delay: 1 ms}}
projections: [{source: A, target: A, number: 30, synapse: wide}]
"""
    wires = make(text, tmp_path)._plan.wiring
    pa = -wires.weights[0] * wires.units[0]
    expected = truncnorm(-1, np.inf, 100, 100)
    assert pa.mean() == pytest.approx(expected.mean(), rel=1e-3) and pa.std() == pytest.approx(expected.std(), rel=1e-3)
    share = np.searchsorted(np.sort(pa), (20, 100, 250)) / pa.size
    assert share == pytest.approx(expected.cdf((20, 100, 250)), abs=1e-3)


def test_populations_that_hear_no_background_need_not_understand_its_weight(tmp_path):
    text = NEURON + """
background: {rate: 8 Hz, weight: 0.3 mV}
populations: {A: {size: 4, external: 100}, C: {size: 4, model: iaf_cond_exp}}
"""
    backgrounds = [p.background for p in make(text, tmp_path)._plan.scaled.network.populations]
    assert backgrounds[0].weight > 0 and (backgrounds[1].synapses, backgrounds[1].weight) == (0, 0)
    assert "a weight in nS" in problems(text.replace("model:", "external: 3, model:"), tmp_path)[0]


def test_spikes_to_a_population_without_a_weight_are_refused(tmp_path):
    text = NEURON + "populations: {A: {size: 4, external_weight: 1 mV}, B: {size: 4}}"
    for ids, settings in (([2], {}), ([2, 6], {"input_weight": "20 pA"}), ([6], {"input_weight": "0 pA"})):
        run(lambda s=settings: make(text, tmp_path, **s), 10, inputs={"spikes_in": Spikes(np.array([5] * len(ids)), np.array(ids))})
    with pytest.raises(RunError, match=r"the spike to neuron 6 at tick 5 has no weight: B has no background .* set 'input_weight'"):
        run(lambda: make(text, tmp_path), 10, inputs={"spikes_in": Spikes(np.array([5, 5]), np.array([2, 6]))})


def test_rates_below_zero_are_refused(tmp_path):
    text = NEURON + "populations: {A: {size: 4, mean_rate: -1 Hz, external_rate: -2 Hz}}"
    assert [p.split(": ")[2].split("\n")[0] for p in problems(text, tmp_path)] == ["external_rate is -2 Hz", "mean_rate is -1 Hz"]
