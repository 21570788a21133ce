"""Hodgkin & Huxley's membrane in one compartment, with alpha-shaped synaptic currents.

    C_m dV/dt = -g_Na m^3 h (V - E_Na) - g_K n^4 (V - E_K) - g_L (V - E_L) + I_syn_ex + I_syn_in + I_e
    dx/dt = alpha_x(V) (1 - x) - beta_x(V) x    for x = m, h, n, in 1/ms with V in mV:
    alpha_m = 0.1 (V + 40) / (1 - exp(-(V + 40) / 10))     beta_m = 4 exp(-(V + 65) / 18)
    alpha_h = 0.07 exp(-(V + 65) / 20)                     beta_h = 1 / (1 + exp(-(V + 35) / 10))
    alpha_n = 0.01 (V + 55) / (1 - exp(-(V + 55) / 10))    beta_n = 0.125 exp(-(V + 65) / 80)
    I_syn(t) = w e / tau_syn t exp(-t / tau_syn)

A spike is a maximum of V at or above 0 mV, stamped with the first step at whose end V has fallen again, and no earlier than t_ref after
the last; nothing is reset. Source: Hodgkin & Huxley 1952, J Physiol 117:500, shifted to rest at -65 mV; conventions are those of NEST's
``hh_psc_alpha``. The squid axon of the source, 120, 36 and 0.3 mS/cm2 at 1 uF/cm2, is the default on an area of 1e-4 cm2, with E_L at
-54.387 mV: 12000, 3600 and 30 nS at 100 pF, and 1 uA/cm2 is 100 pA.

Scheme: a step is cut into 16, each split symmetrically (Strang): half of the gates, the whole of the membrane, half of the gates. Gates
at a given potential, and the potential at given gates, are linear and solved exactly (Rush & Larsen 1978, IEEE Trans Biomed Eng 25:389);
the synaptic current is exact at the middle of each part. Second order. It stays stable up to steps of 4 ms at least; what bounds
the step is that a spike is told by its falling V at the end of a step: see `complaints`.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from cosim.models.language.functions import exp, expm1, maximum, where
from cosim.models.microcircuit.language.model import Complaint, Kernel, Model, Parameter, Receptor, State, Values
from cosim.models.microcircuit.propagators import alpha
from cosim.models.microcircuit.resting import resting_potential

_PARTS = 16
_LONGEST_STEP = Fraction(1, 10)  # at 0.2 ms a fifth of the spikes is missed at 5 nA


def ratio(y: Any) -> Any:
    """Return y / (1 - exp(-y)); what is added changes no bit but where y is 0, and there it gives the limit, 1."""
    return (y + 1e-30) / -expm1(-(y + 1e-30))


def opens_m(v: Any) -> Any:
    """Return alpha_m, 1/ms."""
    return ratio((v + 40) * 0.1)


def shuts_m(v: Any) -> Any:
    """Return beta_m, 1/ms."""
    return 4 * exp((v + 65) * -0.05555555555555555)


def opens_h(v: Any) -> Any:
    """Return alpha_h, 1/ms."""
    return 0.07 * exp((v + 65) * -0.05)


def shuts_h(v: Any) -> Any:
    """Return beta_h, 1/ms."""
    return 1 / (1 + exp((v + 35) * -0.1))


def opens_n(v: Any) -> Any:
    """Return alpha_n, 1/ms."""
    return 0.1 * ratio((v + 55) * 0.1)


def shuts_n(v: Any) -> Any:
    """Return beta_n, 1/ms."""
    return 0.125 * exp((v + 65) * -0.0125)


def moved(gate: Any, opens: Any, shuts: Any, time: Any) -> Any:
    """Return a gate after some time at rates that stay."""
    return gate + (gate - opens / (opens + shuts)) * expm1(-(opens + shuts) * time)


def step(n: Any, k: Any, x: Any) -> Any:
    """Advance in 16 parts."""
    v = n.V_m
    m = n.Act_m
    h = n.Inact_h
    a = n.Act_n
    ex = k.half_p21_ex * n.dI_syn_ex + k.half_p11_ex * n.I_syn_ex
    slope_ex = k.half_p11_ex * n.dI_syn_ex
    inh = k.half_p21_in * n.dI_syn_in + k.half_p11_in * n.I_syn_in
    slope_in = k.half_p11_in * n.dI_syn_in
    up_m = opens_m(v + k.E_L)
    down_m = shuts_m(v + k.E_L)
    up_h = opens_h(v + k.E_L)
    down_h = shuts_h(v + k.E_L)
    up_n = opens_n(v + k.E_L)
    down_n = shuts_n(v + k.E_L)
    for _ in range(16):
        m = moved(m, up_m, down_m, k.half)
        h = moved(h, up_h, down_h, k.half)
        a = moved(a, up_n, down_n, k.half)
        na = k.g_Na * (m * m * m * h)
        ka = k.g_K * (a * a * a * a)
        total = (na + ka) + k.g_L
        drive = (na * k.E_Na + ka * k.E_K) + k.per_C * (x.direct + (ex + inh))
        v = v + (drive - total * v) * (-expm1(-total) / total)
        up_m = opens_m(v + k.E_L)
        down_m = shuts_m(v + k.E_L)
        up_h = opens_h(v + k.E_L)
        down_h = shuts_h(v + k.E_L)
        up_n = opens_n(v + k.E_L)
        down_n = shuts_n(v + k.E_L)
        m = moved(m, up_m, down_m, k.half)
        h = moved(h, up_h, down_h, k.half)
        a = moved(a, up_n, down_n, k.half)
        ex = k.part_p21_ex * slope_ex + k.part_p11_ex * ex
        slope_ex = k.part_p11_ex * slope_ex
        inh = k.part_p21_in * slope_in + k.part_p11_in * inh
        slope_in = k.part_p11_in * slope_in
    fired = (n.V_m > v) & (v >= k.V_spike) & (n.rest <= 0)
    n.I_syn_ex = k.p21_ex * n.dI_syn_ex + k.p11_ex * n.I_syn_ex
    n.dI_syn_ex = k.p11_ex * n.dI_syn_ex + k.jump_ex * x.ex
    n.I_syn_in = k.p21_in * n.dI_syn_in + k.p11_in * n.I_syn_in
    n.dI_syn_in = k.p11_in * n.dI_syn_in + k.jump_in * x.inh
    n.V_m = v
    n.Act_m = m
    n.Inact_h = h
    n.Act_n = a
    n.rest = where(fired, k.refractory, maximum(n.rest - 1, 0))
    return fired


def constants(p: Values, step_ms: Fraction) -> Mapping[str, float]:
    """Return conductances times a part of the step over C_m, potentials above E_L, and the propagators of a step and its parts."""
    part = step_ms / _PARTS
    found = {name: float(p[name] * part / p["C_m"]) for name in ("g_Na", "g_K", "g_L")}
    found |= {"E_Na": float(p["E_Na"] - p["E_L"]), "E_K": float(p["E_K"] - p["E_L"]), "E_L": float(p["E_L"]), "V_spike": float(-p["E_L"]),
              "per_C": float(part / p["C_m"]), "half": float(part / 2), "refractory": float(p["t_ref"] / step_ms)}
    for end in ("ex", "in"):
        for prefix, time in (("", step_ms), ("part_", part), ("half_", part / 2)):
            a = alpha(p["C_m"], p["C_m"] / p["g_L"], p[f"tau_syn_{end}"], time)
            found |= {f"{prefix}p11_{end}": a.p11, f"{prefix}p21_{end}": a.p21}
        found[f"jump_{end}"] = a.jump
    return found


def initial(p: Values) -> Mapping[str, float]:
    """Return the resting potential and the gates at it."""
    ends = [float(p[name]) for name in ("E_Na", "E_K", "E_L")]
    rest = resting_potential(lambda v: leaving(p, v), min(ends), max(ends))
    return {"V_m": rest - float(p["E_L"]), **steady(rest)}


def steady(v: float) -> dict[str, float]:
    """Return the steady gates at a potential."""
    rates = {"Act_m": (opens_m(v), shuts_m(v)), "Inact_h": (opens_h(v), shuts_h(v)), "Act_n": (opens_n(v), shuts_n(v))}
    return {name: float(opens / (opens + shuts)) for name, (opens, shuts) in rates.items()}


def leaving(p: Values, v: float) -> float:
    """Return the current that leaves through the membrane at a potential and its steady gates, pA."""
    m, h, n = (steady(v)[name] for name in ("Act_m", "Inact_h", "Act_n"))
    sodium = float(p["g_Na"]) * (m * m * m * h) * (v - float(p["E_Na"]))
    return sodium + float(p["g_K"]) * (n * n * n * n) * (v - float(p["E_K"])) + float(p["g_L"]) * (v - float(p["E_L"]))


def complaints(_: Values, step_ms: Fraction) -> tuple[Complaint, ...]:
    """Return that the step is too long for the scheme, where it is."""
    if step_ms <= _LONGEST_STEP:
        return ()
    longest = f"{float(_LONGEST_STEP):g} ms"
    return (Complaint("", f"the step, {float(step_ms):g} ms, is longer than {longest}, beyond which spikes are missed: V may fall below "
                      "the threshold within the step of its maximum", f"a step of at most {longest}"),)


def charge(p: Values, receptor: str) -> float:
    """Return the mean current of spikes of 1 pA at 1 per ms, pA: e tau_syn."""
    return 2.718281828459045 * float(p["tau_syn_ex"] if receptor == "ex" else p["tau_syn_in"])


MODEL = Model(
    name="hh_psc_alpha",
    about="Hodgkin & Huxley's membrane in one compartment with alpha-shaped synaptic currents.",
    source="Hodgkin & Huxley 1952, J Physiol 117:500",
    parameters=(
        Parameter("C_m", "pF", "100", "capacitance", above="0"),
        Parameter("g_Na", "nS", "12000", "largest sodium conductance", least="0"),
        Parameter("g_K", "nS", "3600", "largest potassium conductance", least="0"),
        Parameter("g_L", "nS", "30", "leak conductance", above="0"),
        Parameter("E_Na", "mV", "50", "reversal potential of sodium"),
        Parameter("E_K", "mV", "-77", "reversal potential of potassium"),
        Parameter("E_L", "mV", "-54.402", "reversal potential of the leak"),
        Parameter("tau_syn_ex", "ms", "0.2", "rise time of the excitatory current", above="0"),
        Parameter("tau_syn_in", "ms", "2", "rise time of the inhibitory current", above="0"),
        Parameter("t_ref", "ms", "2", "time after a spike in which none is counted", least="0", on_grid=True),
    ),
    state=(
        State("V_m", "mV", "membrane potential", above="E_L"),
        State("Act_m", "1", "activation of sodium, m"),
        State("Inact_h", "1", "inactivation of sodium, h"),
        State("Act_n", "1", "activation of potassium, n"),
        State("I_syn_ex", "pA", "excitatory current"),
        State("dI_syn_ex", "pA/ms", "what drives the excitatory current"),
        State("I_syn_in", "pA", "inhibitory current"),
        State("dI_syn_in", "pA/ms", "what drives the inhibitory current"),
    ),
    receptors=(Receptor("ex", "pA", "peak of the excitatory current"), Receptor("in", "pA", "peak of the inhibitory current")),
    kernels=(Kernel(step, {"ex": "ex", "in": "inh"}),),
    constants=constants, initial=initial, complaints=complaints, charge=charge)
