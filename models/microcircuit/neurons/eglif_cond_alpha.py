"""Extended generalised leaky integrate-and-fire with alpha-shaped synaptic conductances: E-GLIF.

    dV/dt = +(V - E_L) / tau_m + (I_in + I_e - I_adap + I_dep - sum_i g_i (V - E_rev_i)) / C_m
    dI_adap/dt = k_adap (V - E_L) - k_2 I_adap        dI_dep/dt = -k_1 I_dep
    g_i(t) = |w| e / tau_syn_i t exp(-t / tau_syn_i)   for a spike that arrives at 0
    A neuron that is not refractory spikes in a step h with probability 1 - exp(-lambda_0 exp((V - V_th) / tau_V) h)
    At a spike V becomes V_reset and stays there for t_ref, I_dep becomes A1, I_adap grows by A2

The first term has a plus sign: it drives V away from E_L. So it stands in the code that the published parameters were made for (see its
warning); with the minus sign of a leak, the same parameters are another model. Then the membrane is stable at rest only by its adaptation,
and a neuron whose k_2 is below 1 / tau_m is refused. I_in is the source's I_e, which belongs to the type of a neuron; the direct current of
a population adds to it. Source: Geminiani et al. 2018, Front Neuroinform 12:88; Geminiani et al. 2019, Front Comput Neurosci 13:68; code
of the published parameters: dbbs-lab/cerebellar-models, ``eglif_cond_alpha_multisyn``.

Scheme: conductances and I_dep are exact. I_adap goes half a step at the potential of its beginning, half a step at that of its end, each
exactly; between them the membrane goes a whole step with the exact means of its conductances and currents. Second order.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from cosim.models.language.functions import exp, expm1, maximum, minimum, where
from cosim.models.microcircuit.conductances import integral, integral_of_alpha, left, passed
from cosim.models.microcircuit.language.model import Complaint, Kernel, Model, Parameter, Receptor, State, Values

_SYNAPSES = ("1", "2", "3")
_E = 2.718281828459045


def kept(y: Any) -> Any:
    """Return (1 - exp(-y)) / y; what is added changes no bit but where y is 0, which a membrane without a leak can come to."""
    return -expm1(-(y + 1e-30)) / (y + 1e-30)


def step(n: Any, k: Any, x: Any) -> Any:
    """Advance, then draw who fires."""
    v = n.V_m
    adapted = k.half_adap * n.I_adap + k.gain_adap * v
    first = k.mean_1 * n.g_1 + k.ramp_1 * n.dg_1
    second = k.mean_2 * n.g_2 + k.ramp_2 * n.dg_2
    third = k.mean_3 * n.g_3 + k.ramp_3 * n.dg_3
    total = (first + (second + third)) - k.away
    drive = (first * k.E_1 + (second * k.E_2 + third * k.E_3)) + (k.per_C * (x.direct - adapted) + (k.own + k.mean_dep * n.I_dep))
    resting = n.rest > 0
    v = where(resting, v, maximum(v + (drive - total * v) * kept(total), k.V_min))
    adapted = k.half_adap * adapted + k.gain_adap * v
    lost = k.left_dep * n.I_dep
    n.g_1 = k.p21_1 * n.dg_1 + k.p11_1 * n.g_1
    n.dg_1 = k.p11_1 * n.dg_1 + k.jump_1 * x.first
    n.g_2 = k.p21_2 * n.dg_2 + k.p11_2 * n.g_2
    n.dg_2 = k.p11_2 * n.dg_2 + k.jump_2 * x.second
    n.g_3 = k.p21_3 * n.dg_3 + k.p11_3 * n.g_3
    n.dg_3 = k.p11_3 * n.dg_3 + k.jump_3 * x.third
    chance = -expm1(-(k.hazard * exp(minimum((v - k.V_th) * k.per_tau_V, 80))))
    fired = (x.uniform < chance) & (~resting)
    n.V_m = where(fired, k.reset, v)
    n.I_adap = where(fired, adapted + k.A2, adapted)
    n.I_dep = where(fired, k.A1, lost)
    n.rest = where(fired, k.refractory, maximum(n.rest - 1, 0))
    return fired


def constants(p: Values, step_ms: Fraction) -> Mapping[str, float]:
    """Return decays and integrals of one step; potentials count from E_L."""
    rest, per_c, tau_adap, tau_dep = p["E_L"], float(1 / p["C_m"]), 1 / p["k_2"], 1 / p["k_1"]
    found = {"half_adap": left(step_ms / 2, tau_adap), "gain_adap": passed(step_ms / 2, tau_adap) * float(p["k_adap"] / p["k_2"]),
             "away": float(step_ms / p["tau_m"]), "per_C": float(step_ms / p["C_m"]), "own": float(step_ms * p["I_in"] / p["C_m"]),
             "mean_dep": integral(step_ms, tau_dep) * per_c, "left_dep": left(step_ms, tau_dep),
             "hazard": float(p["lambda_0"] * step_ms),
             "per_tau_V": float(1 / p["tau_V"]), "A1": float(p["A1"]), "A2": float(p["A2"]), "refractory": float(p["t_ref"] / step_ms),
             "V_th": float(p["V_th"] - rest), "reset": float(p["V_reset"] - rest), "V_min": float(p["V_min"] - rest)}
    for i in _SYNAPSES:
        tau = p[f"tau_syn{i}"]
        found |= {f"p11_{i}": left(step_ms, tau), f"p21_{i}": float(step_ms) * left(step_ms, tau),
                  f"mean_{i}": integral(step_ms, tau) * per_c, f"ramp_{i}": integral_of_alpha(step_ms, tau) * per_c,
                  f"jump_{i}": _E / float(tau), f"E_{i}": float(p[f"E_rev{i}"] - rest)}
    return found


def complaints(p: Values, step_ms: Fraction) -> tuple[Complaint, ...]:
    """Return what is wrong with the parameters taken together."""
    found = []
    if p["k_2"] * p["tau_m"] < 1:
        found.append(Complaint("k_2", f"k_2, {float(p['k_2']):g} per ms, is below 1 / tau_m, {float(1 / p['tau_m']):g} per ms: with no "
                               "input the potential would run away from rest", "a k_2 of at least 1 / tau_m"))
    found += [Complaint("V_min", f"V_min, {float(p['V_min']):g} mV, is above {name}, {float(p[name]):g} mV", f"a V_min below {name}")
              for name in ("V_reset", "E_L") if p["V_min"] > p[name]]
    shortest = min(p["tau_m"], 1 / p["k_1"], 1 / p["k_2"])
    if 2 * step_ms > shortest:
        found.append(Complaint("", f"the step, {float(step_ms):g} ms, is longer than half of the shortest of tau_m, 1 / k_1 and 1 / k_2, "
                               f"{float(shortest):g} ms, which the scheme must resolve", "a shorter step"))
    return tuple(found)


MODEL = Model(
    name="eglif_cond_alpha",
    about="Extended generalised leaky integrate-and-fire, E-GLIF, with escape noise and alpha-shaped conductances.",
    source="Geminiani et al. 2018, Front Neuroinform 12:88",
    parameters=(
        Parameter("C_m", "pF", "281", "capacitance", above="0"),
        Parameter("tau_m", "ms", "30", "time constant with which the potential leaves E_L", above="0"),
        Parameter("E_L", "mV", "-70.6", "resting potential"),
        Parameter("t_ref", "ms", "0", "refractory time", least="0", on_grid=True),
        Parameter("V_reset", "mV", "-60", "potential after a spike"),
        Parameter("V_th", "mV", "-50.4", "potential at which a spike has the rate lambda_0"),
        Parameter("V_min", "mV", "-150", "lowest potential"),
        Parameter("lambda_0", "1/ms", "0.001", "rate of spikes at V_th", least="0"),
        Parameter("tau_V", "mV", "0.5", "width of the escape noise", above="0"),
        Parameter("k_adap", "nS/ms", "0.05", "growth of adaptation with the potential"),
        Parameter("k_1", "1/ms", "0.1", "decay of the depolarising current", above="0"),
        Parameter("k_2", "1/ms", "0.05", "decay of adaptation", above="0"),
        Parameter("A1", "pA", "100", "depolarising current after a spike"),
        Parameter("A2", "pA", "100", "growth of adaptation by a spike"),
        Parameter("I_in", "pA", "0", "current of the neuron's own; I_e in the source"),
        *(Parameter(f"E_rev{i}", "mV", e, f"reversal potential of receptor {i}") for i, e in (("1", "0"), ("2", "-80"), ("3", "0"))),
        *(Parameter(f"tau_syn{i}", "ms", t, f"rise time of receptor {i}", above="0") for i, t in (("1", "0.2"), ("2", "2"), ("3", "2"))),
    ),
    state=(
        State("V_m", "mV", "membrane potential", above="E_L"),
        State("I_adap", "pA", "adaptation current"),
        State("I_dep", "pA", "depolarising current"),
        *(State(f"g_{i}", "nS", f"conductance of receptor {i}") for i in _SYNAPSES),
        *(State(f"dg_{i}", "nS/ms", f"what drives the conductance of receptor {i}") for i in _SYNAPSES),
    ),
    receptors=(Receptor("1", "nS", "peak of the conductance, excitatory by default", keeps_sign=False),
               Receptor("3", "nS", "peak of the conductance, excitatory by default", keeps_sign=False),
               Receptor("2", "nS", "peak of the conductance, inhibitory by default; the sign of a weight is left out", keeps_sign=False)),
    kernels=(Kernel(step, {"1": "first", "2": "second", "3": "third"}),),
    constants=constants, complaints=complaints)
