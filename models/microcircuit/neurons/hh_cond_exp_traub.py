"""Traub & Miles' hippocampal membrane in one compartment, with exponentially decaying synaptic conductances.

    C_m dV/dt = -g_Na m^3 h (V - E_Na) - g_K n^4 (V - E_K) - g_L (V - E_L) - g_ex (V - E_ex) - g_in (V - E_in) + I_e
    dx/dt = alpha_x(u) (1 - x) - beta_x(u) x    for x = m, h, n, in 1/ms, with u = V - V_T in mV:
    alpha_m = 0.32 (u - 13) / (1 - exp(-(u - 13) / 4))    beta_m = 0.28 (40 - u) / (1 - exp(-(40 - u) / 5))
    alpha_h = 0.128 exp(-(u - 17) / 18)                   beta_h = 4 / (1 + exp(-(u - 40) / 5))
    alpha_n = 0.032 (u - 15) / (1 - exp(-(u - 15) / 5))   beta_n = 0.5 exp(-(u - 10) / 40)
    tau_syn dg/dt = -g + tau_syn sum_k |w_k| delta(t - t_k)

A spike is a maximum of V at or above V_T + 30 mV, stamped with the first step at whose end V has fallen again, and no earlier than t_ref
after the last; nothing is reset. With the default parameters there is no stable rest: the neuron fires by itself. It starts at E_L with
the gates that are steady there (NEST starts with those that are steady at V_T + E_L). Source: Traub & Miles 1991, Neuronal Networks of the
Hippocampus; Brette et al. 2007, J Comput Neurosci 23:349; conventions are those of NEST's ``hh_cond_exp_traub``.

Scheme: a step is cut into 16, each split symmetrically (Strang): half of the gates, the whole of the membrane, half of the gates. Gates
at a given potential, and the potential at given gates, are linear and solved exactly (Rush & Larsen 1978, IEEE Trans Biomed Eng 25:389);
the synaptic conductances are exact at the middle of each part. Second order. It stays stable up to steps of 4 ms at least; what bounds
the step is that a spike is told by its falling V at the end of a step: see `complaints`.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from cosim.models.language.functions import exp, expm1, maximum, where
from cosim.models.microcircuit.conductances import left
from cosim.models.microcircuit.language.model import Complaint, Kernel, Model, Parameter, Receptor, State, Values

_PARTS = 16
_LONGEST_STEP = Fraction(1, 4)  # at 0.4 ms a third of the spikes is missed at 50 pA


def ratio(y: Any) -> Any:
    """Return y / (1 - exp(-y)); what is added changes no bit but where y is 0, and there it gives the limit, 1."""
    return (y + 1e-30) / -expm1(-(y + 1e-30))


def opens_m(u: Any) -> Any:
    """Return alpha_m, 1/ms."""
    return 1.28 * ratio((u - 13) * 0.25)


def shuts_m(u: Any) -> Any:
    """Return beta_m, 1/ms."""
    return 1.4 * ratio((40 - u) * 0.2)


def opens_h(u: Any) -> Any:
    """Return alpha_h, 1/ms."""
    return 0.128 * exp((17 - u) * 0.05555555555555555)


def shuts_h(u: Any) -> Any:
    """Return beta_h, 1/ms."""
    return 4 / (1 + exp((40 - u) * 0.2))


def opens_n(u: Any) -> Any:
    """Return alpha_n, 1/ms."""
    return 0.16 * ratio((u - 15) * 0.2)


def shuts_n(u: Any) -> Any:
    """Return beta_n, 1/ms."""
    return 0.5 * exp((10 - u) * 0.025)


def moved(gate: Any, opens: Any, shuts: Any, time: Any) -> Any:
    """Return a gate after some time at rates that stay."""
    return gate + (gate - opens / (opens + shuts)) * expm1(-(opens + shuts) * time)


def step(n: Any, k: Any, x: Any) -> Any:
    """Advance in 16 parts."""
    v = n.V_m
    m = n.Act_m
    h = n.Inact_h
    a = n.Act_n
    ex = k.half_ex * n.g_ex
    inh = k.half_in * n.g_in
    up_m = opens_m(v + k.from_V_T)
    down_m = shuts_m(v + k.from_V_T)
    up_h = opens_h(v + k.from_V_T)
    down_h = shuts_h(v + k.from_V_T)
    up_n = opens_n(v + k.from_V_T)
    down_n = shuts_n(v + k.from_V_T)
    for _ in range(16):
        m = moved(m, up_m, down_m, k.half)
        h = moved(h, up_h, down_h, k.half)
        a = moved(a, up_n, down_n, k.half)
        na = k.g_Na * (m * m * m * h)
        ka = k.g_K * (a * a * a * a)
        total = ((na + ka) + k.g_L) + k.per_C * (ex + inh)
        drive = (na * k.E_Na + ka * k.E_K) + k.per_C * (x.direct + (ex * k.E_ex + inh * k.E_in))
        v = v + (drive - total * v) * (-expm1(-total) / total)
        up_m = opens_m(v + k.from_V_T)
        down_m = shuts_m(v + k.from_V_T)
        up_h = opens_h(v + k.from_V_T)
        down_h = shuts_h(v + k.from_V_T)
        up_n = opens_n(v + k.from_V_T)
        down_n = shuts_n(v + k.from_V_T)
        m = moved(m, up_m, down_m, k.half)
        h = moved(h, up_h, down_h, k.half)
        a = moved(a, up_n, down_n, k.half)
        ex = k.part_ex * ex
        inh = k.part_in * inh
    fired = (n.V_m > v) & (v >= k.V_spike) & (n.rest <= 0)
    n.g_ex = k.p11_ex * n.g_ex + x.ex
    n.g_in = k.p11_in * n.g_in + x.inh
    n.V_m = v
    n.Act_m = m
    n.Inact_h = h
    n.Act_n = a
    n.rest = where(fired, k.refractory, maximum(n.rest - 1, 0))
    return fired


def constants(p: Values, step_ms: Fraction) -> Mapping[str, float]:
    """Return conductances times a part of the step over C_m, potentials above E_L, and the decays of a step, a part and half a part."""
    part = step_ms / _PARTS
    found = {name: float(p[name] * part / p["C_m"]) for name in ("g_Na", "g_K", "g_L")}
    found |= {name: float(p[name] - p["E_L"]) for name in ("E_Na", "E_K", "E_ex", "E_in")}
    found |= {"from_V_T": float(p["E_L"] - p["V_T"]), "per_C": float(part / p["C_m"]), "half": float(part / 2),
              "V_spike": float(p["V_T"] + 30 - p["E_L"]), "refractory": float(p["t_ref"] / step_ms)}
    for end in ("ex", "in"):
        tau = p[f"tau_syn_{end}"]
        found |= {f"p11_{end}": left(step_ms, tau), f"part_{end}": left(part, tau), f"half_{end}": left(part / 2, tau)}
    return found


def initial(p: Values) -> Mapping[str, float]:
    """Return E_L and the gates that are steady there."""
    return steady(float(p["E_L"] - p["V_T"]))


def steady(u: float) -> dict[str, float]:
    """Return the steady gates at a potential above V_T."""
    rates = {"Act_m": (opens_m(u), shuts_m(u)), "Inact_h": (opens_h(u), shuts_h(u)), "Act_n": (opens_n(u), shuts_n(u))}
    return {name: float(opens / (opens + shuts)) for name, (opens, shuts) in rates.items()}


def complaints(_: Values, step_ms: Fraction) -> tuple[Complaint, ...]:
    """Return that the step is too long for the scheme, where it is."""
    if step_ms <= _LONGEST_STEP:
        return ()
    longest = f"{float(_LONGEST_STEP):g} ms"
    return (Complaint("", f"the step, {float(step_ms):g} ms, is longer than {longest}, beyond which spikes are missed: V may fall below "
                      "the threshold within the step of its maximum", f"a step of at most {longest}"),)


MODEL = Model(
    name="hh_cond_exp_traub",
    about="Traub & Miles' membrane in one compartment with exponential synaptic conductances.",
    source="Traub & Miles 1991; Brette et al. 2007, J Comput Neurosci 23:349",
    parameters=(
        Parameter("C_m", "pF", "200", "capacitance", above="0"),
        Parameter("g_Na", "nS", "20000", "largest sodium conductance", least="0"),
        Parameter("g_K", "nS", "6000", "largest potassium conductance", least="0"),
        Parameter("g_L", "nS", "10", "leak conductance", above="0"),
        Parameter("E_Na", "mV", "50", "reversal potential of sodium"),
        Parameter("E_K", "mV", "-90", "reversal potential of potassium"),
        Parameter("E_L", "mV", "-60", "reversal potential of the leak"),
        Parameter("V_T", "mV", "-63", "potential that the rates of the gates count from"),
        Parameter("E_ex", "mV", "0", "reversal potential of excitation"),
        Parameter("E_in", "mV", "-80", "reversal potential of inhibition"),
        Parameter("tau_syn_ex", "ms", "5", "decay time of the excitatory conductance", above="0"),
        Parameter("tau_syn_in", "ms", "10", "decay time of the inhibitory conductance", above="0"),
        Parameter("t_ref", "ms", "2", "time after a spike in which none is counted", least="0", on_grid=True),
    ),
    state=(
        State("V_m", "mV", "membrane potential", above="E_L"),
        State("Act_m", "1", "activation of sodium, m"),
        State("Inact_h", "1", "inactivation of sodium, h"),
        State("Act_n", "1", "activation of potassium, n"),
        State("g_ex", "nS", "excitatory conductance"),
        State("g_in", "nS", "inhibitory conductance"),
    ),
    receptors=(Receptor("ex", "nS", "jump of the excitatory conductance", keeps_sign=False),
               Receptor("in", "nS", "jump of the inhibitory conductance; the sign of a weight is left out", keeps_sign=False)),
    kernels=(Kernel(step, {"ex": "ex", "in": "inh"}),),
    constants=constants, initial=initial, complaints=complaints)
