"""The exact mean field of quadratic integrate-and-fire neurons with Lorentzian heterogeneity.

    tau r' = (Delta + Gamma tau r) / (pi tau) + 2 r V
    tau V' = V^2 + eta + J tau r + I - (pi tau r)^2 + cr c_r + cv c_V

It holds for infinitely many neurons tau V_j' = V_j^2 + eta_j + J_j tau r + I, all to all, where eta_j and J_j are Lorentzian of half-widths
Delta and Gamma. With tau in ms, r is in kHz: the rate port gives 1000 r.
Source: Montbrio, Pazo & Roxin 2015, Phys Rev X 5:021028, equation 12. Where J_j is Lorentzian too, J_j tau r + eta_j is so,
with half-width Delta + Gamma tau r.
"""

from __future__ import annotations

from typing import Any

from cosim.models.wholebrain.language.model import Input, Model, Parameter, Received, Sent, Variable


def slope(x: Any, p: Any, c: Any, u: Any) -> Any:
    """Return the derivatives of r and V."""
    tr = p.tau * x.r
    spread = (p.Delta + p.Gamma * tr) / (3.141592653589793 * p.tau)
    received = p.cr * c.r + p.cv * c.V + u.V
    v = x.V * x.V - 9.869604401089358 * (tr * tr) + p.eta + p.J * tr + p.I + received
    return (spread + 2.0 * (x.V * x.r)) * (1.0 / p.tau), v * (1.0 / p.tau)


def rate(x: Any, p: Any, c: Any, u: Any) -> Any:
    """Return the rate, Hz."""
    return 1000.0 * x.r


def from_rate(r: Any, p: Any) -> Any:
    """Return r, kHz, where the rate is given in Hz."""
    return 0.001 * r


MODEL = Model(
    name="montbrio_pazo_roxin",
    about="Exact mean field of quadratic integrate-and-fire neurons (Montbrio, Pazo and Roxin).",
    source="Montbrio, Pazo & Roxin 2015, Phys Rev X 5:021028, eq. 12",
    parameters=(
        Parameter("tau", "ms", 1.0, "time constant of the membrane", above=0.0),
        Parameter("I", "1", 0.0, "external current"),
        Parameter("Delta", "1", 1.0, "half-width of the distribution of excitabilities", least=0.0),
        Parameter("J", "1", 15.0, "mean synaptic weight"),
        Parameter("eta", "1", -5.0, "centre of the distribution of excitabilities"),
        Parameter("Gamma", "1", 0.0, "half-width of the distribution of synaptic weights", least=0.0),
        Parameter("cr", "1", 1.0, "weight of what is received by rate"),
        Parameter("cv", "1", 0.0, "weight of what is received by potential"),
    ),
    state=(Variable("r", "kHz", "firing rate", 0.08, (0.0, 2.0), 0.0), Variable("V", "1", "mean potential", -1.96, (-2.0, 1.5))),
    sends=(Sent("r", "kHz", "firing rate"), Sent("V", "1", "mean potential")),
    receives=(Received("r", "1", "times cr a current", "r", ("cr",)), Received("V", "1", "times cv a current", "V", ("cv",))),
    inputs=(Input("V", "1", "current"),),
    slope=slope,
    rate=rate,
    rate_about="firing rate of the population",
    from_rate=from_rate,
)
