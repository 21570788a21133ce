"""The exact mean field of an excitatory and an inhibitory population of quadratic integrate-and-fire neurons with synaptic currents.

    tau_a r_a' = Delta_a / (pi tau_a) + 2 r_a V_a
    tau_a V_a' = V_a^2 + eta_a + I_a - (pi tau_a r_a)^2 + tau_a (s_ae - s_ai),    a = e, i
    tau_s s_ab' = -s_ab + J_ab r_b    (+ c_r for ee, + Gamma c_r for ie)

With time constants in ms, rates are in kHz; the rate port gives 1000 r_e.
Source: Dumont & Gutkin 2019, PLoS Comput Biol 15:e1007019.
"""

from __future__ import annotations

from typing import Any

from cosim.models.wholebrain.language.model import Input, Model, Parameter, Received, Sent, Variable


def population(r: Any, v: Any, current: Any, tau: Any, delta: Any) -> Any:
    """Return the derivatives of the rate and the potential of one population."""
    tr = tau * r
    return (delta / (3.141592653589793 * tau) + 2.0 * (v * r)) / tau, (v * v - 9.869604401089358 * (tr * tr) + current) / tau


def slope(x: Any, p: Any, c: Any, u: Any) -> Any:
    """Return the derivatives of all state variables."""
    r_e, v_e = population(x.r_e, x.V_e, p.eta_e + p.I_e + u.V_e + p.tau_e * (x.s_ee - x.s_ei), p.tau_e, p.Delta_e)
    r_i, v_i = population(x.r_i, x.V_i, p.eta_i + p.I_i + u.V_i + p.tau_i * (x.s_ie - x.s_ii), p.tau_i, p.Delta_i)
    s_ee = (p.J_ee * x.r_e + c.r_e - x.s_ee) * (1.0 / p.tau_s)
    s_ei = (p.J_ei * x.r_i - x.s_ei) * (1.0 / p.tau_s)
    s_ie = (p.J_ie * x.r_e + p.Gamma * c.r_e - x.s_ie) * (1.0 / p.tau_s)
    s_ii = (p.J_ii * x.r_i - x.s_ii) * (1.0 / p.tau_s)
    return r_e, v_e, s_ee, s_ei, r_i, v_i, s_ie, s_ii


def rate(x: Any, p: Any, c: Any, u: Any) -> Any:
    """Return the rate of the excitatory population, Hz."""
    return 1000.0 * x.r_e


def from_rate(r: Any, p: Any) -> Any:
    """Return r_e, kHz, where the rate is given in Hz."""
    return 0.001 * r


MODEL = Model(
    name="dumont_gutkin",
    about="Exact mean field of excitatory and inhibitory quadratic integrate-and-fire neurons with synaptic currents.",
    source="Dumont & Gutkin 2019, PLoS Comput Biol 15:e1007019",
    parameters=(
        Parameter("I_e", "1", 0.0, "external current into E"),
        Parameter("Delta_e", "1", 1.0, "half-width of the distribution of excitabilities of E", least=0.0),
        Parameter("eta_e", "1", -5.0, "centre of the distribution of excitabilities of E"),
        Parameter("tau_e", "ms", 10.0, "time constant of the membrane of E", above=0.0),
        Parameter("I_i", "1", 0.0, "external current into I"),
        Parameter("Delta_i", "1", 1.0, "half-width of the distribution of excitabilities of I", least=0.0),
        Parameter("eta_i", "1", -5.0, "centre of the distribution of excitabilities of I"),
        Parameter("tau_i", "ms", 10.0, "time constant of the membrane of I", above=0.0),
        Parameter("tau_s", "ms", 1.0, "time constant of the synapses", above=0.0),
        Parameter("J_ee", "1", 0.0, "weight from E to E"),
        Parameter("J_ei", "1", 10.0, "weight from I to E"),
        Parameter("J_ie", "1", 0.0, "weight from E to I"),
        Parameter("J_ii", "1", 15.0, "weight from I to I"),
        Parameter("Gamma", "1", 5.0, "weight of what I receives, over that of E"),
    ),
    state=(Variable("r_e", "kHz", "firing rate of E", 0.01, (0.0, 2.0), 0.0),
           Variable("V_e", "1", "mean potential of E", -1.0, (-2.0, 1.5)),
           Variable("s_ee", "kHz", "synaptic current from E to E", 0.0, (-1.0, 1.0)),
           Variable("s_ei", "kHz", "synaptic current from I to E", 0.0, (-1.0, 1.0)),
           Variable("r_i", "kHz", "firing rate of I", 0.01, (0.0, 2.0), 0.0),
           Variable("V_i", "1", "mean potential of I", -1.0, (-2.0, 1.5)),
           Variable("s_ie", "kHz", "synaptic current from E to I", 0.0, (-1.0, 1.0)),
           Variable("s_ii", "kHz", "synaptic current from I to I", 0.0, (-1.0, 1.0))),
    sends=(Sent("r_e", "kHz", "firing rate of E"), Sent("V_e", "1", "mean potential of E"), Sent("r_i", "kHz", "firing rate of I"),
           Sent("V_i", "1", "mean potential of I")),
    receives=(Received("r_e", "kHz", "into the synaptic currents from E, times Gamma into that of I", "r_e"),),
    inputs=(Input("V_e", "1", "current into E"), Input("V_i", "1", "current into I")),
    slope=slope,
    rate=rate,
    rate_about="firing rate of the excitatory population",
    from_rate=from_rate,
)
