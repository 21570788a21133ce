"""Neurons against theory and against other solvers: closed forms, exact events, bifurcations, orders of convergence."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from support.microcircuit import make, run
from support.neuron import Neurons

from cosim.models.microcircuit.neurons import model
from cosim.models.microcircuit.neurons.hh_psc_alpha import leaving, steady
from cosim.timegrid import Clock

ADEX = {"V_reset": -58, "V_peak": 0, "V_th": -50, "g_L": 11, "tau_w": 300, "E_L": -70, "Delta_T": 2, "a": 3, "b": 0, "C_m": 200}
SQUID = {"E_L": "-54.387"}  # 100 pF stands for 1e-4 cm2


def order(errors: list[float]) -> list[float]:
    return [float(np.log2(a / b)) for a, b in pairwise(errors)]


def steady_potential(ex: float, inh: float) -> float:
    """Run a membrane with conductances that last until it has settled."""
    given = {"C_m": 200, "g_L": 10, "E_L": -70, "E_ex": 0, "E_in": -70, "V_th": 100, "tau_syn_ex": 1e9, "tau_syn_in": 1e9}
    neuron = Neurons(model("iaf_cond_exp"), given).set(g_ex=ex, g_in=inh)
    neuron.run(4000)
    return float(neuron.get("V_m")[0])


def test_inhibition_at_rest_divides():
    alone, shunted = steady_potential(5, 0), steady_potential(5, 20)
    assert alone == pytest.approx(-46.6667, abs=1e-3) and shunted == pytest.approx(-60, abs=1e-3)
    assert (shunted + 70) / (alone + 70) == pytest.approx(15 / 35, rel=1e-4)


@pytest.mark.parametrize(("inhibition", "tau"), [(0, 200 / 15), (20, 200 / 35)])
def test_conductances_shorten_the_time_constant(inhibition, tau):
    given = {"C_m": 200, "g_L": 10, "E_L": -70, "E_in": -70, "V_th": 100, "tau_syn_ex": 1e9, "tau_syn_in": 1e9}
    neuron = Neurons(model("iaf_cond_exp"), given).set(g_ex=5, g_in=inhibition)
    _, traces = neuron.run(60, record=("V_m",))
    away = -70 + 70 * 5 / (15 + inhibition) - traces["V_m"][:, 0]
    assert -0.1 / np.log(away[1:] / away[:-1]) == pytest.approx(np.full(59, tau), rel=1e-5)


def test_currents_superpose_and_conductances_do_not():
    def answer(name: str, given: dict, ex: float, inh: float) -> float:
        neuron = Neurons(model(name), {"V_th": 100, **given})
        neuron.step(ex=ex, inh=inh)
        neuron.run(30)
        return float(neuron.get("V_m")[0] + 70)
    for name, given, scale in (("iaf_psc_exp", {}, 100.0), ("iaf_psc_alpha", {}, 100.0), ("iaf_cond_exp", {"E_in": -75}, 10.0)):
        parts = answer(name, given, scale, 0) + answer(name, given, 0, -scale)
        together = answer(name, given, scale, -scale)
        assert abs(parts - together) < 1e-13 if name != "iaf_cond_exp" else abs(parts - together) > 0.01


@pytest.mark.parametrize("name", ["iaf_cond_exp", "aeif_cond_exp"])
def test_input_is_no_input_where_all_reversal_potentials_are_the_resting_potential(name):
    given = {"E_ex": -70, "E_in": -70, "E_L": -70} | ({"Delta_T": 0} if name == "aeif_cond_exp" else {})
    neuron = Neurons(model(name), given)
    for i in range(200):
        neuron.step(ex=i % 7, inh=i % 5)
    assert neuron.get("V_m")[0] == -70


def test_iaf_cond_exp_is_of_fourth_order():
    given = {"C_m": 100, "tau_syn_ex": 1, "tau_syn_in": 3, "V_th": 100}

    def f(t, y):
        g_ex, g_in = 40 * np.exp(-t / 1), 60 * np.exp(-t / 3)
        return (-16.6667 * (y + 70) - g_ex * y - g_in * (y + 85) + 300) / 100
    exact = solve_ivp(f, (0, 6.4), [-70.0], method="DOP853", rtol=1e-13, atol=1e-13).y[0, -1]
    errors = []
    for h in ("0.8", "0.4", "0.2", "0.1"):
        neuron = Neurons(model("iaf_cond_exp"), given, step_ms=h).set(g_ex=40, g_in=60)
        neuron.run(round(6.4 / float(h)), 300)
        errors.append(abs(float(neuron.get("V_m")[0]) - exact))
    assert order(errors) == pytest.approx([4, 4, 4], abs=0.35)
    assert errors[-1] < 1e-6


def adex_spikes(p: dict, current: float, stop: float, w: float) -> list[float]:
    """Return spike times by an adaptive solver that stops at each: the recipe of Brette & Gerstner's equations."""
    def f(_, y):
        v, w = y
        leak = -p["g_L"] * (v - p["E_L"]) + p["g_L"] * p["Delta_T"] * np.exp((v - p["V_th"]) / p["Delta_T"])
        return [(leak - w + current) / p["C_m"], (p["a"] * (v - p["E_L"]) - w) / p["tau_w"]]

    def peak(_, y):
        return y[0] - p["V_peak"]
    peak.terminal = True
    time, y, found = 0.0, [p["E_L"], w], []
    while True:
        part = solve_ivp(f, (time, stop), y, method="LSODA", rtol=1e-10, atol=1e-10, events=peak)
        if part.status != 1:
            return found
        time, y = part.t[-1], [p["V_reset"], part.y[1, -1] + p["b"]]
        found.append(time)


@pytest.mark.parametrize("step", ["0.1", "0.05", "0.025"])
def test_adex_spikes_in_the_steps_in_which_the_exact_solution_does(step):
    exact = adex_spikes(ADEX, 420, 95, 5)
    assert exact == pytest.approx([18.71604813, 30.56189997, 42.49708559, 54.52011621, 66.62945365, 78.82351415, 91.10067226], abs=1e-6)
    spikes, _ = Neurons(model("aeif_cond_exp"), ADEX, step_ms=step).set(w=5).run(round(95 / float(step)), 420)
    assert np.rint(spikes[0] / float(step)).astype(int).tolist() == np.ceil(np.array(exact) / float(step)).astype(int).tolist()


@pytest.mark.validation
@pytest.mark.parametrize("current", [700, 1000])
def test_adex_with_spike_adaptation_stays_within_ten_microseconds_of_the_exact_solution_for_a_second(current, tmp_path):
    p = {q.name: float(Fraction(q.default)) for q in model("aeif_cond_exp").parameters}
    exact = np.array(adex_spikes(p, current, 1000, 0))
    text = f"neuron: {{model: aeif_cond_exp}}\npopulations:\n  A: {{size: 1, I_e: {current} pA}}\n"
    found = run(lambda: make(text, tmp_path, precision="double"), 10_000)["spikes"].ticks
    late = found * 0.1 - exact  # between 0 and a step, up to the error
    assert len(found) == len(exact) and late.min() > -0.01 and late.max() < 0.11


@pytest.mark.parametrize("given", [{}, {"tau_syn_ex": 2, "t_ref": 0}])
def test_adex_without_exponential_and_adaptation_is_iaf_cond_exp_bit_for_bit(given):
    shared = {"C_m": 250, "g_L": 16, "E_L": -70, "V_reset": -60, "V_th": -55, "t_ref": 2, "tau_syn_ex": 0.2, **given}
    one = Neurons(model("aeif_cond_exp"), {"Delta_T": 0, "a": 0, "b": 0, **shared})
    other, rng, spikes = Neurons(model("iaf_cond_exp"), shared), np.random.default_rng(1), 0
    for _ in range(2000):
        given_now = {"direct": 240.0, "ex": rng.exponential(4), "inh": rng.exponential(0.2)}
        fired = one.step(**given_now), other.step(**given_now)
        assert fired[0] == fired[1] and one.get("V_m") == other.get("V_m")
        spikes += int(fired[0][0])
    assert spikes > 10


def squid(folder: Path, step: str, current: float, stop: float) -> tuple[np.ndarray, float]:
    """Return the potential of a squid axon from -65 mV, and the step, ms."""
    gates = ", ".join(f"{name}_init: {value!r}" for name, value in steady(-65.0).items())
    text = (f"neuron: {{model: hh_psc_alpha, E_L: -54.387 mV}}\npopulations:\n"
            f"  A: {{size: 1, I_e: {current} pA, V_init: -65 mV, {gates}}}\n")
    clock = Clock(Fraction(step), 1)
    steps = round(stop / float(step))
    found = run(lambda: make(text, folder, clock, precision="double", trace=(0,)), steps, window=steps)["potential"]
    return found.values[:, 0], float(step)


def upcrossings(v: np.ndarray, step: float) -> np.ndarray:
    """Return the times of crossing 0 mV upwards by cubic interpolation between samples, the first at the end of step 1."""
    found = []
    for i in np.flatnonzero((v[:-1] < 0) & (v[1:] >= 0)):
        poly = np.polynomial.Polynomial.fit(np.arange(-1.0, 3), v[i - 1:i + 3], 3)
        root = next(r.real for r in poly.roots() if abs(r.imag) < 1e-9 and 0 <= r.real <= 1)
        found.append((i + 1 + root) * step)
    return np.array(found)


def test_the_squid_axon_rests_and_its_gates_stand_where_they_should():
    p = {q.name: Fraction(q.default) for q in model("hh_psc_alpha").parameters} | {"E_L": Fraction("-54.387")}
    start = model("hh_psc_alpha").initial(p)
    assert start["V_m"] - 54.387 == pytest.approx(-64.9963793, abs=1e-7)
    assert steady(-65.0) == pytest.approx({"Act_m": 0.0529324853, "Inact_h": 0.5961207535, "Act_n": 0.3176769141}, abs=1e-10)
    assert leaving(p, -59.654144) == pytest.approx(977.5438, abs=1e-3) and leaving(p, -43.058) == pytest.approx(15452.2433, rel=1e-4)


def squid_slopes(_: float, y: list[float]) -> list[float]:
    """Return the derivatives of Hodgkin & Huxley's equations at 10 uA/cm2, written down once more."""
    v, m, h, n = y
    gates = [(0.1 * (v + 40) / -np.expm1(-(v + 40) / 10), 4 * np.exp(-(v + 65) / 18), m),
             (0.07 * np.exp(-(v + 65) / 20), 1 / (1 + np.exp(-(v + 35) / 10)), h),
             (0.01 * (v + 55) / -np.expm1(-(v + 55) / 10), 0.125 * np.exp(-(v + 65) / 80), n)]
    return [10 - 120 * m**3 * h * (v - 50) - 36 * n**4 * (v + 77) - 0.3 * (v + 54.387), *(a * (1 - x) - b * x for a, b, x in gates)]


def test_the_squid_axon_follows_its_equations_with_second_order():
    start = steady(-65.0)
    exact = solve_ivp(squid_slopes, (0, 1.6), [-65.0, *start.values()], method="DOP853", rtol=1e-12, atol=1e-12).y[:, -1]
    errors = []
    for step in ("0.1", "0.05", "0.025"):
        neuron = Neurons(model("hh_psc_alpha"), SQUID, step_ms=step).set(V_m=-65, **start)
        neuron.run(round(1.6 / float(step)), 1000)
        errors.append([abs(float(neuron.get(name)[0]) - e) for name, e in zip(("V_m", *start), exact, strict=True)])
    assert max(errors[0]) < 5e-3
    for each in zip(*errors, strict=True):
        assert order(list(each)) == pytest.approx([2, 2], abs=0.1)


@pytest.mark.validation
def test_the_squid_axon_fires_at_the_rate_of_the_exact_solution(tmp_path):
    times = upcrossings(*squid(tmp_path, "0.05", 1000, 300))
    assert times[0] == pytest.approx(1.9009720, abs=1e-4)
    assert 1000 / np.diff(times)[-5:].mean() == pytest.approx(68.3237, rel=3e-5)


@pytest.mark.validation
@pytest.mark.parametrize(("current", "dies"), [(970, True), (985, False)])
def test_rest_of_the_squid_axon_loses_its_stability_at_the_hopf_bifurcation(current, dies, tmp_path):
    p = {q.name: Fraction(q.default) for q in model("hh_psc_alpha").parameters} | {"E_L": Fraction("-54.387")}
    low, high = -65.0, -55.0
    for _ in range(60):
        low, high = ((low + high) / 2, high) if leaving(p, (low + high) / 2) < current else (low, (low + high) / 2)
    gates = ", ".join(f"{name}_init: {value!r}" for name, value in steady(low).items())
    text = (f"neuron: {{model: hh_psc_alpha, E_L: -54.387 mV}}\npopulations:\n"
            f"  A: {{size: 1, I_e: {current} pA, V_init: {low + 0.01!r} mV, {gates}}}\n")
    v = run(lambda: make(text, tmp_path, precision="double", trace=(0,)), 10_000)["potential"].values[:, 0] - low
    early, later = np.ptp(v[500:1500]), np.ptp(v[-1000:])
    assert later < 0.8 * early if dies else later > 1.2 * early


@pytest.mark.validation
@pytest.mark.parametrize(("current", "spikes"), [(620, 3), (630, 15)])
def test_repetitive_firing_of_the_squid_axon_begins_where_cycles_appear(current, spikes, tmp_path):
    times = upcrossings(*squid(tmp_path, "0.025", current, 300))
    assert len(times) == spikes if current == 620 else len(times) >= spikes
    if current == 630:
        assert 1000 / np.diff(times)[-5:].mean() == pytest.approx(52.371, rel=1e-3)


def test_steps_at_which_spikes_would_be_missed_are_refused(tmp_path):
    from cosim.errors import InputError
    for name, step in (("hh_psc_alpha", "0.2"), ("hh_cond_exp_traub", "0.4")):
        text = f"neuron: {{model: {name}}}\npopulations: {{A: {{size: 1}}}}\n"
        with pytest.raises(InputError, match=r"the step, 0\.[24] ms, is longer than .* spikes are missed"):
            make(text, tmp_path, Clock(Fraction(step), 1))
