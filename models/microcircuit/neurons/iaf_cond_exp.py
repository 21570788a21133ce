"""Leaky integrate-and-fire with exponentially decaying synaptic conductances.

    C_m dV/dt = -g_L (V - E_L) - g_ex (V - E_ex) - g_in (V - E_in) + I_e
    tau_syn dg/dt = -g + tau_syn sum_k |w_k| delta(t - t_k)

A neuron whose potential reaches V_th is reset to V_reset and held there for t_ref, while its conductances go on decaying and summing.
Source: Meffin, Burkitt & Grayden 2004, J Comput Neurosci 16:159; conventions are those of NEST's ``iaf_cond_exp``.

Scheme: conductances decay exactly. The membrane is linear in V with coefficients that depend on time; over a step it goes the way of the
Magnus series of two terms, whose integrals are known exactly: towards S / A with exp(-A), where A and S are the integrals of total
conductance and drive over C_m, the latter with the commutator of both. That is of fourth order, exact for constant conductances, and
stable for any step. Source: Magnus 1954, Comm Pure Appl Math 7:649; Blanes, Casas, Oteo & Ros 2009, Phys Rep 470:151.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from cosim.models.language.functions import expm1, maximum, where
from cosim.models.microcircuit.conductances import commutators, integral, left
from cosim.models.microcircuit.language.model import Kernel, Model, Parameter, Receptor, State, Values, reset_below_threshold


def step(n: Any, k: Any, x: Any) -> Any:
    """Advance the membrane with the conductances of this step, then let those decay and add what arrives."""
    v = n.V_m
    ex = k.mean_ex * n.g_ex
    inh = k.mean_in * n.g_in
    across = n.g_ex * (k.turn_ex * (k.pull_ex - x.direct)) + n.g_in * (k.turn_in * (k.pull_in - x.direct)) + k.turn_both * (n.g_ex * n.g_in)
    total = k.leak + (ex + inh)
    drive = ((ex * k.E_ex + inh * k.E_in) + k.drive * x.direct) + across
    v = where(n.rest > 0, v, v + (drive - total * v) * (-expm1(-total) / total))
    n.g_ex = k.p11_ex * n.g_ex + x.ex
    n.g_in = k.p11_in * n.g_in + x.inh
    fired = v >= k.threshold
    n.V_m = where(fired, k.reset, v)
    n.rest = where(fired, k.refractory, maximum(n.rest - 1, 0))
    return fired


def constants(p: Values, step_ms: Fraction) -> Mapping[str, float]:
    """Return decays and integrals of one step; potentials count from E_L."""
    rest, c = p["E_L"], p["C_m"]
    turn = commutators(p["tau_syn_ex"], p["tau_syn_in"], step_ms)
    per_c, per_c2 = float(1 / c), float(1 / (c * c))
    return {"leak": float(p["g_L"] * step_ms / c), "drive": float(step_ms / c),
            "mean_ex": integral(step_ms, p["tau_syn_ex"]) * per_c, "mean_in": integral(step_ms, p["tau_syn_in"]) * per_c,
            "p11_ex": left(step_ms, p["tau_syn_ex"]), "p11_in": left(step_ms, p["tau_syn_in"]),
            "E_ex": float(p["E_ex"] - rest), "E_in": float(p["E_in"] - rest),
            "pull_ex": float(p["g_L"] * (p["E_ex"] - rest)), "pull_in": float(p["g_L"] * (p["E_in"] - rest)),
            "turn_ex": turn.ex * per_c2, "turn_in": turn.inh * per_c2, "turn_both": turn.both * per_c2 * float(p["E_in"] - p["E_ex"]),
            "threshold": float(p["V_th"] - rest), "reset": float(p["V_reset"] - rest), "refractory": float(p["t_ref"] / step_ms)}


MODEL = Model(
    name="iaf_cond_exp",
    about="Leaky integrate-and-fire with exponential synaptic conductances, by a Magnus scheme of fourth order.",
    source="Meffin et al. 2004, J Comput Neurosci 16:159",
    parameters=(
        Parameter("C_m", "pF", "250", "capacitance", above="0"),
        Parameter("g_L", "nS", "16.6667", "leak conductance", above="0"),
        Parameter("E_L", "mV", "-70", "reversal potential of the leak"),
        Parameter("E_ex", "mV", "0", "reversal potential of excitation"),
        Parameter("E_in", "mV", "-85", "reversal potential of inhibition"),
        Parameter("tau_syn_ex", "ms", "0.2", "decay time of the excitatory conductance", above="0"),
        Parameter("tau_syn_in", "ms", "2", "decay time of the inhibitory conductance", above="0"),
        Parameter("t_ref", "ms", "2", "refractory time", least="0", on_grid=True),
        Parameter("V_reset", "mV", "-60", "potential after a spike"),
        Parameter("V_th", "mV", "-55", "threshold"),
    ),
    state=(
        State("V_m", "mV", "membrane potential", above="E_L"),
        State("g_ex", "nS", "excitatory conductance"),
        State("g_in", "nS", "inhibitory conductance"),
    ),
    receptors=(Receptor("ex", "nS", "jump of the excitatory conductance", keeps_sign=False),
               Receptor("in", "nS", "jump of the inhibitory conductance; the sign of a weight is left out", keeps_sign=False)),
    kernels=(Kernel(step, {"ex": "ex", "in": "inh"}),),
    constants=constants, complaints=reset_below_threshold)
