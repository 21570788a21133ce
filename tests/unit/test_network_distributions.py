"""Weights, delays and initial states spread as they are said to, and what fixed point cannot hold is a sentence."""

from __future__ import annotations

from fractions import Fraction
from math import inf
from pathlib import Path
from re import split

import numpy as np
import pytest
from scipy import stats
from support.microcircuit import NEURON, make

from cosim.errors import InputError
from cosim.models.microcircuit.kernel import build
from cosim.models.microcircuit.kernel.build import initial_values
from cosim.models.microcircuit.network.distribution import Distribution, constant

TEXT = NEURON.replace("{", "{{").replace("}", "}}") + """
populations: {{A: {{size: {size}, {more}}}}}
synapses: {{s: {{weight: {weight}, delay: {delay}}}}}
projections: [{{source: A, target: A, indegree: 10, rule: fixed_indegree, synapse: s}}]
"""
SIGMA = np.sqrt(np.log(1 + 0.5**2))
FAMILIES = [
    ("{normal: [100, 30]}", stats.truncnorm(-100 / 30, inf, 100, 30)),
    ("{normal: [100, 60], redraw: [50, 200]}", stats.truncnorm(-50 / 60, 100 / 60, 100, 60)),
    ("{lognormal: [100, 50]}", stats.lognorm(SIGMA, scale=100 * np.exp(-SIGMA**2 / 2))),
    ("{uniform: [50, 150]}", stats.uniform(50, 100)),
]


def text(weight: str = "100 pA", delay: str = "1 ms", size: int = 20, more: str = "I_e: 0 pA") -> str:
    return TEXT.format(weight=weight, delay=delay, size=size, more=more)


def with_unit(family: str, unit: str) -> str:
    return "".join(f"{part} {unit}" if part.lstrip("-").replace(".", "").isdigit() else part
                                                  for part in split(r"(-?[\d.]+)", family))


def problem(source: str, folder: Path) -> str:
    with pytest.raises(InputError) as caught:
        make(source, folder)
    return str(caught.value)


@pytest.mark.parametrize(("family", "law"), FAMILIES)
@pytest.mark.parametrize("sign", [1, -1])
def test_weights_follow_their_law_up_to_rounding(tmp_path, family, law, sign):
    found = with_unit(family, "pA")
    if sign < 0:
        pairs = {"{normal: [100, 30]}": "{normal: [-100 pA, 30 pA]}", "{lognormal: [100, 50]}": "{lognormal: [-100 pA, 50 pA]}",
                 "{uniform: [50, 150]}": "{uniform: [-150 pA, -50 pA]}",
                 "{normal: [100, 60], redraw: [50, 200]}": "{normal: [-100 pA, 60 pA], redraw: [-200 pA, -50 pA]}"}
        found = pairs[family]
    wires = make(text(weight=found), tmp_path)._plan.wiring
    pa = sign * wires.weights[0] * wires.units[0]
    assert stats.kstest(pa, law.cdf).statistic < 5e-3
    assert pa.mean() == pytest.approx(law.mean(), rel=1e-3) and pa.std() == pytest.approx(law.std(), rel=5e-3)


@pytest.mark.parametrize(("family", "law"), [(f, law) for f, law in FAMILIES if "redraw" not in f])
def test_delays_follow_their_law_in_whole_steps(tmp_path, family, law):
    wires = make(text(delay=with_unit(family, "ms")), tmp_path)._plan.wiring
    steps = (wires.delays[0].astype(int) + wires.least_delay) / 10
    assert stats.kstest(steps, law.cdf).statistic < 5e-3 and steps.min() >= 0.1


def test_what_is_clipped_heaps_up_at_the_bounds_and_what_is_redrawn_does_not(tmp_path):
    for word, share in (("clip", stats.norm.cdf(-1)), ("redraw", 0.0)):
        wires = make(text(weight=f"{{normal: [100 pA, 50 pA], {word}: [50 pA, inf]}}"), tmp_path)._plan.wiring
        pa = wires.weights[0] * wires.units[0]
        assert np.mean(pa < 50.01) == pytest.approx(share, abs=1e-3) and pa.min() > 49.9


def test_the_long_form_of_a_normal_law_is_the_short_one(tmp_path):
    short = make(text(weight="-80 pA, weight_rel_sd: 0.25", delay="1.5 ms, delay_sd: 0.5 ms"), tmp_path)._plan.wiring
    long = make(text(weight="{normal: [-80 pA, 20 pA]}", delay="{normal: [1.5 ms, 0.5 ms]}"), tmp_path)._plan.wiring
    assert (short.weights[0] == long.weights[0]).all() and (short.delays[0] == long.delays[0]).all()


def test_bounds_that_cut_change_the_mean_that_is_told():
    half = Distribution("normal", Fraction(0), Fraction(1), least=0.0)
    assert half.mean == pytest.approx(np.sqrt(2 / np.pi), rel=1e-3) and half.sd == pytest.approx(np.sqrt(1 - 2 / np.pi), rel=1e-3)
    whole = Distribution("normal", Fraction(5), Fraction(1), least=0.0)
    assert whole.mean == 5 and whole.sd == 1 and constant(3).mean == 3
    assert Distribution("uniform", Fraction(-1), Fraction(1)).typical == pytest.approx(0.5)


@pytest.mark.parametrize("d", [Distribution("normal", Fraction(5), Fraction(2), 1.0, 8.0),
                               Distribution("uniform", Fraction(1), Fraction(3)), Distribution("lognormal", Fraction(-5), Fraction(2)),
                               constant(4)])
@pytest.mark.parametrize("factor", [2.5, -0.5])
def test_a_multiple_of_a_quantity_has_multiples_of_its_values(d, factor):
    assert np.allclose(np.sort(d.values() * factor), d.times(factor).values(), rtol=1e-12, atol=0)


@pytest.mark.parametrize(("family", "law"), [
    ("{uniform: [-65 mV, -55 mV]}", stats.uniform(-65, 10)), ("{normal: [-60 mV, 3 mV]}", stats.norm(-60, 3)),
    ("{normal: [-60 mV, 5 mV], redraw: [-62 mV, -51 mV]}", stats.truncnorm(-0.4, 1.8, -60, 5))])
def test_initial_potentials_follow_their_law(tmp_path, family, law):
    network = make(text(size=4000, more=f"V_init: {family}"), tmp_path)._plan.scaled.network
    start = initial_values(network, 7, "column", 1) - 65
    assert stats.kstest(start, law.cdf).pvalue > 1e-3
    assert not np.array_equal(start, initial_values(network, 8, "column", 1) - 65)


def test_listed_values_are_a_function_of_the_neuron_alone(tmp_path):
    """Whoever stands behind a neuron has no part in what it draws."""
    few, many = (initial_values(make(text(size=n, more="V_init: {normal: [-60 mV, 5 mV], redraw: [-61 mV, -59 mV]}"),
                                     tmp_path)._plan.scaled.network, 7, "column", 1) for n in (50, 400))
    assert (few == many[:50]).all()


def test_bounds_that_leave_little_are_met_after_few_draws(tmp_path, monkeypatch):
    """One value in ten thousand lies above the bound: to redraw until it comes would take a hundred thousand rounds."""
    draws = []
    monkeypatch.setattr(build._random, "normals", lambda *a, normals=build._random.normals: draws.append(a) or normals(*a))
    network = make(text(size=3000, more="V_init: {normal: [-60 mV, 3 mV], redraw: [-49 mV, inf]}"), tmp_path)._plan.scaled.network
    start = initial_values(network, 7, "column", 1) - 65
    likely = network.populations[0].initial["V_m"].values() - 65
    assert len(draws) <= 100 and len(likely) < 20
    counts = np.bincount(np.searchsorted(likely, start.clip(likely[0], likely[-1])), minlength=len(likely))
    assert (start >= -49).all() and counts.min() > 0 and stats.chisquare(counts).pvalue > 1e-6


@pytest.mark.parametrize(("weight", "says"), [
    ("{normal: [100 pA, 10 pA], uniform: [1 pA, 2 pA]}", "given by normal and uniform"),
    ("{normal: [100 pA, 10 pA], clip: [1 pA, 2 pA], redraw: [1 pA, 2 pA]}", "given by normal and clip and redraw"),
    ("{gauss: [100 pA, 10 pA]}", "given by gauss"), ("{normal: [100 pA]}", "'normal' has 1 numbers"),
    ("{normal: [100 pA, 10 mV]}", "mixes mV and pA"), ("{normal: [100, 10 pA]}", "100 has no unit"),
    ("{normal: [100 pA, -10 pA]}", "the standard deviation is -10"), ("{lognormal: [0 pA, 10 pA]}", "the mean is 0"),
    ("{uniform: [3 pA, 2 pA]}", "the least value, 3, is above the most, 2"),
    ("{normal: [100 pA, 1 pA], redraw: [300 pA, inf]}", "no value lies between 300 and inf"),
    ("{normal: [100 pA, 1 pA], clip: [3 pA, 2 pA]}", "the lower bound, 3, is above the upper, 2"),
    ("{normal: [100 pA, 1 pA]}, weight_rel_sd: 0.1", "a distribution and weight_rel_sd"),
    ("{lognormal: [1 pA, 1000 pA]}", "no 15-bit number holds both"),
])
def test_a_wrong_distribution_is_a_sentence(tmp_path, weight, says):
    assert says in problem(text(weight=weight), tmp_path)


@pytest.mark.parametrize(("delay", "says"), [
    ("{uniform: [0 ms, 1 ms]}", "a delay above 0"), ("{uniform: [0.001 ms, 0.01 ms]}", "is as long as the step"),
    ("{lognormal: [3 s, 3 s]}", "is more than 60000 steps"), ("{normal: [1 ms, 1 ms]}, delay_sd: 1 ms", "one of them")])
def test_delays_that_no_step_can_hold_are_sentences(tmp_path, delay, says):
    assert says in problem(text(delay=delay), tmp_path)


def test_weights_that_all_round_to_none_are_a_sentence(tmp_path):
    (tmp_path / "edges.csv").write_text("source,target,weight\n" + "".join(f"{i},{i},1e-7\n" for i in range(19)) + "19,19,0\n")
    (tmp_path / "more.csv").write_text("source,target,weight\n0,0,1e-7\n1,1,1\n")
    source = text().replace("indegree: 10, rule: fixed_indegree, synapse: s}",
                            "edges: edges.csv, synapse: s}, {source: A, target: A, edges: more.csv, synapse: s}")
    told = problem(source, tmp_path)
    assert "A -> A" in told and ("round to 0" in told or "differ by more than" in told)


@pytest.mark.parametrize(("v", "says"), [
    ("V_init: {lognormal: [-60 mV, 3 mV]}", "V_init is lognormal"), ("V_init: {uniform: [1 ms, 2 ms]}", "has the unit 'ms'"),
    ("V_init: {normal: [-60 mV, 3 mV]}, V_init_sd: 1 mV", "one of them")])
def test_a_wrong_initial_state_is_a_sentence(tmp_path, v, says):
    assert says in problem(text(more=v), tmp_path)
