"""Leaky integrate-and-fire with exponentially decaying synaptic currents, by exact integration.

    tau_m dV/dt = -(V - E_L) + tau_m / C_m (I_syn_ex + I_syn_in + I_e)
    tau_syn dI_syn/dt = -I_syn + tau_syn sum_k w_k delta(t - t_k)

A neuron whose potential reaches V_th is reset to V_reset and held there for t_ref, while its currents go on decaying and summing. The
potential of a step uses the currents before this step's arrivals. Source: Rotter & Diesmann 1999, Biol Cybern 81:381.

What is added to the potential is computed from m22 = p22 - 1, not p22: rounding p22 would change the time constant by a thousand times
as much in single precision.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from cosim.models.language.functions import maximum, where
from cosim.models.microcircuit.language.model import Kernel, Model, Parameter, Receptor, State, Values, reset_below_threshold
from cosim.models.microcircuit.propagators import exponential, peak_of_exponential


def step(n: Any, k: Any, x: Any) -> Any:
    """Advance neurons whose two currents have time constants of their own."""
    v = n.V_m + ((k.m22 * n.V_m + (k.p21_ex * n.I_syn_ex + k.p21_in * n.I_syn_in)) + k.p20 * x.direct)
    v = where(n.rest > 0, n.V_m, v)
    n.I_syn_ex = k.p11_ex * n.I_syn_ex + x.ex
    n.I_syn_in = k.p11_in * n.I_syn_in + x.inh
    fired = v >= k.threshold
    n.V_m = where(fired, k.reset, v)
    n.rest = where(fired, k.refractory, maximum(n.rest - 1, 0))
    return fired


def step_one_current(n: Any, k: Any, x: Any) -> Any:
    """Advance neurons whose excitation and inhibition decay alike: one current holds both."""
    v = n.V_m + ((k.m22 * n.V_m + k.p21_ex * n.I_syn_ex) + k.p20 * x.direct)
    v = where(n.rest > 0, n.V_m, v)
    n.I_syn_ex = k.p11_ex * n.I_syn_ex + x.syn
    fired = v >= k.threshold
    n.V_m = where(fired, k.reset, v)
    n.rest = where(fired, k.refractory, maximum(n.rest - 1, 0))
    return fired


def constants(p: Values, step_ms: Fraction) -> Mapping[str, float]:
    """Return the propagators of one step, threshold and reset above E_L, and the refractory time in steps."""
    ex, inh = (exponential(p["C_m"], p["tau_m"], p[tau], step_ms) for tau in ("tau_syn_ex", "tau_syn_in"))
    return {"m22": ex.m22, "p20": ex.p20, "p11_ex": ex.p11, "p21_ex": ex.p21, "p11_in": inh.p11, "p21_in": inh.p21,
            "threshold": float(p["V_th"] - p["E_L"]), "reset": float(p["V_reset"] - p["E_L"]), "refractory": float(p["t_ref"] / step_ms)}


def kernel(p: Values) -> int:
    """Return 1 where one current can hold both."""
    return int(p["tau_syn_ex"] == p["tau_syn_in"])


def _tau(p: Values, receptor: str) -> Fraction:
    return p["tau_syn_ex"] if receptor == "ex" else p["tau_syn_in"]


def peak(p: Values, receptor: str) -> float:
    """Return the current whose potential peaks at 1 mV, pA."""
    return peak_of_exponential(p["C_m"], p["tau_m"], _tau(p, receptor))


def charge(p: Values, receptor: str) -> float:
    """Return the mean current of spikes of 1 pA at 1 per ms, pA."""
    return float(_tau(p, receptor))


MODEL = Model(
    name="iaf_psc_exp",
    about="Leaky integrate-and-fire with exponential synaptic currents, integrated exactly.",
    source="Rotter & Diesmann 1999, Biol Cybern 81:381",
    parameters=(
        Parameter("C_m", "pF", "250", "capacitance", above="0"),
        Parameter("tau_m", "ms", "10", "time constant of the membrane", above="0"),
        Parameter("tau_syn_ex", "ms", "2", "decay time of the excitatory current", above="0"),
        Parameter("tau_syn_in", "ms", "2", "decay time of the inhibitory current", above="0"),
        Parameter("t_ref", "ms", "2", "refractory time", least="0", on_grid=True),
        Parameter("E_L", "mV", "-70", "resting potential"),
        Parameter("V_reset", "mV", "-70", "potential after a spike"),
        Parameter("V_th", "mV", "-55", "threshold"),
    ),
    state=(
        State("V_m", "mV", "membrane potential", above="E_L"),
        State("I_syn_ex", "pA", "excitatory current; both currents where they decay alike"),
        State("I_syn_in", "pA", "inhibitory current; 0 where both decay alike"),
    ),
    receptors=(Receptor("ex", "pA", "amplitude of the excitatory current"), Receptor("in", "pA", "amplitude of the inhibitory current")),
    kernels=(Kernel(step, {"ex": "ex", "in": "inh"}), Kernel(step_one_current, {"ex": "syn", "in": "syn"})),
    constants=constants, kernel=kernel, complaints=reset_below_threshold, peak=peak, charge=charge)
