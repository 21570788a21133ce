"""Izhikevich's neuron: a quadratic membrane with a recovery variable.

    dV/dt = 0.04 V^2 + 5 V + 140 - U + I_e + sum_k w_k delta(t - t_k)    dU/dt = a (b V - U)    in mV and ms; 1 pA counts as 1 mV/ms
    V >= V_th: V becomes c, U grows by d

Source: Izhikevich 2003, IEEE Trans Neural Netw 14:1569. Conventions are those of NEST's ``izhikevich`` with
``consistent_integration: True``: forward Euler for both variables, which is first order, with the arrivals of the step added to V before
the threshold is looked at. The scheme of the publication (two half steps for V, then U with the new V, at 1 ms) is not offered: its results
depend on that step.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from cosim.models.language.functions import maximum, where
from cosim.models.microcircuit.language.model import Complaint, Kernel, Model, Parameter, Receptor, State, Values

_LONGEST_STEP = Fraction(1)


def step(n: Any, k: Any, x: Any) -> Any:
    """Advance by Euler's rule, then jump."""
    v = n.V_m
    u = n.U_m
    slope = (0.04 * v * v + 5 * v) + ((140 - u) + x.direct)
    w = maximum((v + k.step * slope) + x.jump, k.V_min)
    u = u + k.pace * (k.b * v - u)
    fired = w >= k.V_th
    n.V_m = where(fired, k.c, w)
    n.U_m = where(fired, u + k.d, u)
    return fired


def constants(p: Values, step_ms: Fraction) -> Mapping[str, float]:
    """Return the parameters, and the step, ms."""
    return {name: float(p[name]) for name in ("b", "c", "d", "V_th", "V_min")} | {"step": float(step_ms), "pace": float(p["a"] * step_ms)}


def initial(p: Values) -> Mapping[str, float]:
    """Return the lower fixed point; where there is none, c and b c."""
    linear = 5 - float(p["b"])
    under = linear * linear - 4 * 0.04 * 140
    v = (-linear - float(np.sqrt(under))) / 0.08 if under >= 0 else float(p["c"])
    return {"V_m": v, "U_m": float(p["b"]) * v}


def complaints(p: Values, step_ms: Fraction) -> tuple[Complaint, ...]:
    """Return what is wrong with the parameters taken together."""
    found = [Complaint(name, f"{name}, {float(p[name]):g} mV, is not below V_th, {float(p['V_th']):g} mV", f"a {name} below V_th")
             for name in ("c", "V_min") if p[name] >= p["V_th"]]
    if step_ms > _LONGEST_STEP:
        found.append(Complaint("", f"the step, {float(step_ms):g} ms, is longer than {float(_LONGEST_STEP):g} ms, the longest that this "
                               "model was made for: Euler's rule is of first order", f"a step of at most {float(_LONGEST_STEP):g} ms"))
    return tuple(found)


def peak(_: Values, __: str) -> float:
    """Return 1: a weight is the jump itself, mV."""
    return 1.0


def charge(_: Values, __: str) -> float:
    """Return the current that moves the potential as much as jumps of 1 mV at 1 per ms do, pA."""
    return 1.0


MODEL = Model(
    name="izhikevich",
    about="Izhikevich's quadratic neuron with recovery, by Euler's rule as in NEST.",
    source="Izhikevich 2003, IEEE Trans Neural Netw 14:1569",
    parameters=(
        Parameter("a", "1/ms", "0.02", "pace of recovery", above="0"),
        Parameter("b", "1/ms", "0.2", "sensitivity of recovery to the potential"),
        Parameter("c", "mV", "-65", "potential after a spike"),
        Parameter("d", "mV/ms", "8", "growth of recovery by a spike"),
        Parameter("V_th", "mV", "30", "potential of a spike"),
        Parameter("V_min", "mV", "-1000000", "lowest potential"),
    ),
    state=(State("V_m", "mV", "membrane potential"), State("U_m", "mV/ms", "recovery")),
    receptors=(Receptor("delta", "mV", "jump of the potential"),),
    kernels=(Kernel(step, {"delta": "jump"}),),
    constants=constants, initial=initial, complaints=complaints, peak=peak, charge=charge)
