"""Adaptive exponential integrate-and-fire with exponentially decaying synaptic conductances.

    C_m dV/dt = -g_L (V - E_L) + g_L Delta_T exp((V - V_th) / Delta_T) - g_ex (V - E_ex) - g_in (V - E_in) - w + I_e
    tau_w dw/dt = a (V - E_L) - w
    tau_syn dg/dt = -g + tau_syn sum_k |w_k| delta(t - t_k)

At V = V_peak the neuron spikes: V becomes V_reset, w grows by b, V is held for t_ref while all else goes on. With Delta_T = 0 there is no
exponential and the neuron spikes at V_th. Source: Brette & Gerstner 2005, J Neurophysiol 94:3637; conventions are those of NEST's
``aeif_cond_exp``: the spike is stamped with the end of its step, but V is reset at the spike, inside the step. A neuron that reaches V_peak
more than once in a step, which needs t_ref = 0, is counted once.

Scheme: a step is cut into 8, and each of these split symmetrically (Strang): half of the linear part (midpoint rule, conductances at
their exact values at the middle), all of the exponential part, half of the linear part. The exponential part alone,
``dV/dt = g_L Delta_T / C_m exp((V - V_th) / Delta_T)``, is solved exactly: ``exp(-(V - V_th) / Delta_T)`` falls linearly, and so the time
at which V reaches V_peak, however steeply, is exact too; what is left of the sub-step then goes on from V_reset. Second order, spike times
included. With Delta_T = 0 the membrane goes the way of ``iaf_cond_exp``, between two halves of w, with one step and a reset at its end.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from cosim.models.language.functions import exp, expm1, log, maximum, minimum, where
from cosim.models.microcircuit.conductances import commutators, integral, left, passed
from cosim.models.microcircuit.language.model import Complaint, Kernel, Model, Parameter, Receptor, State, Values

_PARTS = 8
_LARGEST_EXPONENT = 80  # as in the step: exp of it is finite in single precision


def flow(v: Any, w: Any, ex: Any, inh: Any, direct: Any, g_l: Any, e_ex: Any, e_in: Any) -> Any:
    """Return the current of the linear part, pA."""
    return (direct - w) - (g_l * v + (ex * (v - e_ex) + inh * (v - e_in)))


def climbed(y: Any) -> Any:
    """Return -log(1 - y), accurate near 0."""
    return (y - (1 - (1 - y))) / (1 - y) - log(1 - y)


def step(n: Any, k: Any, x: Any) -> Any:
    """Advance neurons with an exponential in 8 parts."""
    v = n.V_m
    w = n.w
    held = n.rest > 0
    fired = held & (~held)
    ex = n.g_ex * k.quarter_ex
    inh = n.g_in * k.quarter_in
    for _ in range(8):
        # Half of the linear part.
        far = where(held, 0.0, k.quarter)
        middle = v + far * flow(v, w, ex, inh, x.direct, k.g_L, k.E_ex, k.E_in)
        w_middle = w + k.quarter_w * (k.a * v - w)
        v = v + (far + far) * flow(middle, w_middle, ex, inh, x.direct, k.g_L, k.E_ex, k.E_in)
        w = w + (k.quarter_w + k.quarter_w) * (k.a * middle - w_middle)
        ex = ex * k.half_ex
        inh = inh * k.half_in
        # The exponential part; `steep` is by how much of itself exp(-(V - V_th) / Delta_T) falls in it.
        grown = exp(minimum((v - k.V_th) * k.per_Delta_T, 80))
        steep = k.fall * grown
        peaks = (steep >= 1 - k.at_peak * grown) & (~held)
        spent = maximum((1 - k.at_peak * grown) / maximum(steep, 1e-30), 0)
        since = where(peaks, 1 - spent, 0.0)
        v_free = v + k.Delta_T * climbed(where(peaks | held, 0.0, steep))
        w = where(peaks, w + k.b, w)
        # A neuron that has peaked has its share of both parts from V_reset on; the half of the linear part that follows is one half of it.
        again = k.reset + k.Delta_T * climbed(minimum(k.fall_at_reset * since, 0.5))
        linear = flow(k.reset, w, ex, inh, x.direct, k.g_L, k.E_ex, k.E_in)
        again = where(k.refractory > 0, k.reset, again + ((since - 0.5) * (4 * k.quarter)) * linear)
        v = where(peaks, again, v_free)
        fired = fired | peaks
        held = held | (peaks & (k.refractory > 0))
        # The other half of the linear part.
        far = where(held, 0.0, k.quarter)
        middle = v + far * flow(v, w, ex, inh, x.direct, k.g_L, k.E_ex, k.E_in)
        w_middle = w + k.quarter_w * (k.a * v - w)
        v = v + (far + far) * flow(middle, w_middle, ex, inh, x.direct, k.g_L, k.E_ex, k.E_in)
        w = w + (k.quarter_w + k.quarter_w) * (k.a * middle - w_middle)
        ex = ex * k.half_ex
        inh = inh * k.half_in
    n.V_m = v
    n.w = w
    n.g_ex = k.p11_ex * n.g_ex + x.ex
    n.g_in = k.p11_in * n.g_in + x.inh
    n.rest = where(fired, k.refractory, maximum(n.rest - 1, 0))
    return fired


def step_linear(n: Any, k: Any, x: Any) -> Any:
    """Advance neurons without an exponential, Delta_T = 0."""
    v = n.V_m
    w = k.half_w * n.w + k.gain_w * v
    ex = k.mean_ex * n.g_ex
    inh = k.mean_in * n.g_in
    direct = x.direct - w
    across = n.g_ex * (k.turn_ex * (k.pull_ex - direct)) + n.g_in * (k.turn_in * (k.pull_in - direct)) + k.turn_both * (n.g_ex * n.g_in)
    total = k.leak + (ex + inh)
    drive = ((ex * k.E_ex + inh * k.E_in) + k.drive * direct) + across
    v = where(n.rest > 0, v, v + (drive - total * v) * (-expm1(-total) / total))
    w = k.half_w * w + k.gain_w * v
    n.g_ex = k.p11_ex * n.g_ex + x.ex
    n.g_in = k.p11_in * n.g_in + x.inh
    fired = v >= k.V_th
    n.V_m = where(fired, k.reset, v)
    n.w = where(fired, w + k.b, w)
    n.rest = where(fired, k.refractory, maximum(n.rest - 1, 0))
    return fired


def constants(p: Values, step_ms: Fraction) -> Mapping[str, float]:
    """Return what both kernels read; potentials count from E_L."""
    rest, c, width = p["E_L"], p["C_m"], p["Delta_T"]
    taus = {"ex": p["tau_syn_ex"], "in": p["tau_syn_in"]}
    found = {name: float(p[name]) for name in ("g_L", "a", "b", "Delta_T")}
    found |= {"E_ex": float(p["E_ex"] - rest), "E_in": float(p["E_in"] - rest), "V_th": float(p["V_th"] - rest),
              "reset": float(p["V_reset"] - rest), "refractory": float(p["t_ref"] / step_ms)}
    found |= {f"p11_{end}": left(step_ms, tau) for end, tau in taus.items()}
    if not width:
        turn, per_c2 = commutators(taus["ex"], taus["in"], step_ms), float(1 / (c * c))
        half_w = passed(step_ms / 2, p["tau_w"])
        return found | {"leak": float(p["g_L"] * step_ms / c), "drive": float(step_ms / c),
                        "mean_ex": integral(step_ms, taus["ex"]) * float(1 / c), "mean_in": integral(step_ms, taus["in"]) * float(1 / c),
                        "pull_ex": float(p["g_L"] * (p["E_ex"] - rest)), "pull_in": float(p["g_L"] * (p["E_in"] - rest)),
                        "turn_ex": turn.ex * per_c2, "turn_in": turn.inh * per_c2,
                        "turn_both": turn.both * per_c2 * float(p["E_in"] - p["E_ex"]),
                        "half_w": left(step_ms / 2, p["tau_w"]), "gain_w": half_w * float(p["a"])}
    part = step_ms / _PARTS
    fall = part * p["g_L"] / c
    at_reset = exp(min(float((p["V_reset"] - p["V_th"]) / width), _LARGEST_EXPONENT))
    found |= {f"quarter_{end}": left(part / 4, tau) for end, tau in taus.items()}
    found |= {f"half_{end}": left(part / 2, tau) for end, tau in taus.items()}
    return found | {"quarter": float(part / 4 / c), "quarter_w": float(part / 4 / p["tau_w"]), "per_Delta_T": float(1 / width),
                    "fall": float(fall), "fall_at_reset": float(fall) * float(at_reset),
                    "at_peak": float(exp(-float((p["V_peak"] - p["V_th"]) / width)))}


def kernel(p: Values) -> int:
    """Return 1 where there is no exponential."""
    return int(p["Delta_T"] == 0)


def complaints(p: Values, step_ms: Fraction) -> tuple[Complaint, ...]:
    """Return what is wrong with the parameters taken together."""
    found = []
    top = "V_peak" if p["Delta_T"] else "V_th"
    if p["V_peak"] < p["V_th"]:
        found.append(Complaint("V_peak", f"V_peak, {float(p['V_peak']):g} mV, is below V_th, {float(p['V_th']):g} mV",
                               "a peak at or above the threshold"))
    if p["V_reset"] >= p[top]:
        found.append(Complaint("V_reset", f"V_reset, {float(p['V_reset']):g} mV, is not below {top}, {float(p[top]):g} mV",
                               f"a reset below {top}"))
    for name, what, tau in (("g_L", "membrane, C_m / g_L", p["C_m"] / p["g_L"]), ("tau_w", "adaptation, tau_w", p["tau_w"])):
        if step_ms > tau:
            found.append(Complaint(name, f"the step, {float(step_ms):g} ms, is longer than the time constant of the {what}, "
                                   f"{float(tau):g} ms", "a shorter step"))
    return tuple(found)


MODEL = Model(
    name="aeif_cond_exp",
    about="Adaptive exponential integrate-and-fire with exponential synaptic conductances, spikes located inside the step.",
    source="Brette & Gerstner 2005, J Neurophysiol 94:3637",
    parameters=(
        Parameter("C_m", "pF", "281", "capacitance", above="0"),
        Parameter("g_L", "nS", "30", "leak conductance", above="0"),
        Parameter("E_L", "mV", "-70.6", "reversal potential of the leak"),
        Parameter("V_th", "mV", "-50.4", "threshold of the exponential; of the neuron where Delta_T is 0"),
        Parameter("Delta_T", "mV", "2", "width of the exponential; 0 for none", least="0"),
        Parameter("V_peak", "mV", "0", "potential of a spike"),
        Parameter("V_reset", "mV", "-60", "potential after a spike"),
        Parameter("t_ref", "ms", "0", "refractory time", least="0", on_grid=True),
        Parameter("a", "nS", "4", "adaptation to the potential"),
        Parameter("b", "pA", "80.5", "adaptation by a spike"),
        Parameter("tau_w", "ms", "144", "time constant of adaptation", above="0"),
        Parameter("E_ex", "mV", "0", "reversal potential of excitation"),
        Parameter("E_in", "mV", "-85", "reversal potential of inhibition"),
        Parameter("tau_syn_ex", "ms", "0.2", "decay time of the excitatory conductance", above="0"),
        Parameter("tau_syn_in", "ms", "2", "decay time of the inhibitory conductance", above="0"),
    ),
    state=(
        State("V_m", "mV", "membrane potential", above="E_L"),
        State("w", "pA", "adaptation current"),
        State("g_ex", "nS", "excitatory conductance"),
        State("g_in", "nS", "inhibitory conductance"),
    ),
    receptors=(Receptor("ex", "nS", "jump of the excitatory conductance", keeps_sign=False),
               Receptor("in", "nS", "jump of the inhibitory conductance; the sign of a weight is left out", keeps_sign=False)),
    kernels=(Kernel(step, {"ex": "ex", "in": "inh"}), Kernel(step_linear, {"ex": "ex", "in": "inh"})),
    constants=constants, kernel=kernel, complaints=complaints)
