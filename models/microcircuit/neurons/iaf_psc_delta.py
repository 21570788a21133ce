"""Leaky integrate-and-fire whose potential jumps with each arriving spike, by exact integration.

    tau_m dV/dt = -(V - E_L) + tau_m / C_m I_e + tau_m sum_k w_k delta(t - t_k)

A neuron whose potential reaches V_th, by itself or by a jump, is reset to V_reset and held there for t_ref; spikes that arrive
meanwhile are lost. Source: Rotter & Diesmann 1999, Biol Cybern 81:381; the refractory convention is that of NEST's ``iaf_psc_delta``
with ``refractory_input: False``.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from cosim.models.language.functions import maximum, where
from cosim.models.microcircuit.language.model import Kernel, Model, Parameter, Receptor, State, Values, reset_below_threshold
from cosim.models.microcircuit.propagators import exponential


def step(n: Any, k: Any, x: Any) -> Any:
    """Let the potential decay, then jump."""
    v = n.V_m + (k.m22 * n.V_m + k.p20 * x.direct) + x.jump
    v = where(n.rest > 0, n.V_m, v)
    fired = v >= k.threshold
    n.V_m = where(fired, k.reset, v)
    n.rest = where(fired, k.refractory, maximum(n.rest - 1, 0))
    return fired


def constants(p: Values, step_ms: Fraction) -> Mapping[str, float]:
    """Return the propagators of one step, threshold and reset above E_L, and the refractory time in steps."""
    k = exponential(p["C_m"], p["tau_m"], p["tau_m"], step_ms)
    return {"m22": k.m22, "p20": k.p20, "threshold": float(p["V_th"] - p["E_L"]), "reset": float(p["V_reset"] - p["E_L"]),
            "refractory": float(p["t_ref"] / step_ms)}


def peak(_: Values, __: str) -> float:
    """Return 1: a weight is the jump itself, mV."""
    return 1.0


def charge(p: Values, _: str) -> float:
    """Return the current that moves the potential as much as jumps of 1 mV at 1 per ms do, pA."""
    return float(p["C_m"])


MODEL = Model(
    name="iaf_psc_delta",
    about="Leaky integrate-and-fire whose potential jumps with each spike, integrated exactly.",
    source="Rotter & Diesmann 1999, Biol Cybern 81:381",
    parameters=(
        Parameter("C_m", "pF", "250", "capacitance", above="0"),
        Parameter("tau_m", "ms", "10", "time constant of the membrane", above="0"),
        Parameter("t_ref", "ms", "2", "refractory time", least="0", on_grid=True),
        Parameter("E_L", "mV", "-70", "resting potential"),
        Parameter("V_reset", "mV", "-70", "potential after a spike"),
        Parameter("V_th", "mV", "-55", "threshold"),
    ),
    state=(State("V_m", "mV", "membrane potential", above="E_L"),),
    receptors=(Receptor("delta", "mV", "jump of the potential"),),
    kernels=(Kernel(step, {"delta": "jump"}),),
    constants=constants, complaints=reset_below_threshold, peak=peak, charge=charge)
