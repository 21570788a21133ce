"""Leaky integrate-and-fire with alpha-shaped synaptic currents, by exact integration.

    tau_m dV/dt = -(V - E_L) + tau_m / C_m (I_syn_ex + I_syn_in + I_e)
    I_syn(t) = w e / tau_syn t exp(-t / tau_syn)   for a spike that arrives at 0: its peak, w, comes tau_syn later

A neuron whose potential reaches V_th is reset to V_reset and held there for t_ref, while its currents go on. Each current is kept with
its slope, ``dI/dt + I / tau_syn``; arrivals add to the slope at the end of the step. Source: Rotter & Diesmann 1999, Biol Cybern 81:381.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from cosim.models.language.functions import maximum, where
from cosim.models.microcircuit.language.model import Kernel, Model, Parameter, Receptor, State, Values, reset_below_threshold
from cosim.models.microcircuit.propagators import alpha, peak_of_alpha


def step(n: Any, k: Any, x: Any) -> Any:
    """Advance neurons whose two currents have time constants of their own."""
    v = n.V_m
    ex = k.p31_ex * n.dI_syn_ex + k.p32_ex * n.I_syn_ex
    inh = k.p31_in * n.dI_syn_in + k.p32_in * n.I_syn_in
    v = where(n.rest > 0, v, v + ((k.m33 * v + (ex + inh)) + k.p30 * x.direct))
    n.I_syn_ex = k.p21_ex * n.dI_syn_ex + k.p11_ex * n.I_syn_ex
    n.dI_syn_ex = k.p11_ex * n.dI_syn_ex + k.jump_ex * x.ex
    n.I_syn_in = k.p21_in * n.dI_syn_in + k.p11_in * n.I_syn_in
    n.dI_syn_in = k.p11_in * n.dI_syn_in + k.jump_in * x.inh
    fired = v >= k.threshold
    n.V_m = where(fired, k.reset, v)
    n.rest = where(fired, k.refractory, maximum(n.rest - 1, 0))
    return fired


def step_one_current(n: Any, k: Any, x: Any) -> Any:
    """Advance neurons whose excitation and inhibition have one time constant: one current holds both."""
    v = n.V_m + ((k.m33 * n.V_m + (k.p31_ex * n.dI_syn_ex + k.p32_ex * n.I_syn_ex)) + k.p30 * x.direct)
    v = where(n.rest > 0, n.V_m, v)
    n.I_syn_ex = k.p21_ex * n.dI_syn_ex + k.p11_ex * n.I_syn_ex
    n.dI_syn_ex = k.p11_ex * n.dI_syn_ex + k.jump_ex * x.syn
    fired = v >= k.threshold
    n.V_m = where(fired, k.reset, v)
    n.rest = where(fired, k.refractory, maximum(n.rest - 1, 0))
    return fired


def constants(p: Values, step_ms: Fraction) -> Mapping[str, float]:
    """Return the propagators of one step, threshold and reset above E_L, and the refractory time in steps."""
    found = {"threshold": float(p["V_th"] - p["E_L"]), "reset": float(p["V_reset"] - p["E_L"]), "refractory": float(p["t_ref"] / step_ms)}
    for end in ("ex", "in"):
        a = alpha(p["C_m"], p["tau_m"], p[f"tau_syn_{end}"], step_ms)
        found |= {"m33": a.m33, "p30": a.p30, f"p11_{end}": a.p11, f"p21_{end}": a.p21, f"p31_{end}": a.p31, f"p32_{end}": a.p32,
                  f"jump_{end}": a.jump}
    return found


def kernel(p: Values) -> int:
    """Return 1 where one current can hold both."""
    return int(p["tau_syn_ex"] == p["tau_syn_in"])


def _tau(p: Values, receptor: str) -> Fraction:
    return p["tau_syn_ex"] if receptor == "ex" else p["tau_syn_in"]


def peak(p: Values, receptor: str) -> float:
    """Return the current whose potential peaks at 1 mV, pA."""
    return peak_of_alpha(p["C_m"], p["tau_m"], _tau(p, receptor))


def charge(p: Values, receptor: str) -> float:
    """Return the mean current of spikes of 1 pA at 1 per ms, pA: e tau_syn."""
    return 2.718281828459045 * float(_tau(p, receptor))


MODEL = Model(
    name="iaf_psc_alpha",
    about="Leaky integrate-and-fire with alpha-shaped synaptic currents, integrated exactly.",
    source="Rotter & Diesmann 1999, Biol Cybern 81:381",
    parameters=(
        Parameter("C_m", "pF", "250", "capacitance", above="0"),
        Parameter("tau_m", "ms", "10", "time constant of the membrane", above="0"),
        Parameter("tau_syn_ex", "ms", "2", "rise time of the excitatory current", above="0"),
        Parameter("tau_syn_in", "ms", "2", "rise time of the inhibitory current", above="0"),
        Parameter("t_ref", "ms", "2", "refractory time", least="0", on_grid=True),
        Parameter("E_L", "mV", "-70", "resting potential"),
        Parameter("V_reset", "mV", "-70", "potential after a spike"),
        Parameter("V_th", "mV", "-55", "threshold"),
    ),
    state=(
        State("V_m", "mV", "membrane potential", above="E_L"),
        State("I_syn_ex", "pA", "excitatory current; both currents where they have one time constant"),
        State("dI_syn_ex", "pA/ms", "what drives the excitatory current"),
        State("I_syn_in", "pA", "inhibitory current; 0 where both have one time constant"),
        State("dI_syn_in", "pA/ms", "what drives the inhibitory current"),
    ),
    receptors=(Receptor("ex", "pA", "peak of the excitatory current"), Receptor("in", "pA", "peak of the inhibitory current")),
    kernels=(Kernel(step, {"ex": "ex", "in": "inh"}), Kernel(step_one_current, {"ex": "syn", "in": "syn"})),
    constants=constants, kernel=kernel, complaints=reset_below_threshold, peak=peak, charge=charge)
