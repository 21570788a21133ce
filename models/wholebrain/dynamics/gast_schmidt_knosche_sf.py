"""The exact mean field of quadratic integrate-and-fire neurons with spike-frequency adaptation.

    tau r' = Delta / (pi tau) + 2 r V
    tau V' = V^2 + eta + J tau r - A + I - (pi tau r)^2 + cr c_r + cv c_V
    tau_A A' = B,    tau_A B' = alpha r - 2 B - A

With tau in ms, r is in kHz: the rate port gives 1000 r.
Source: Gast, Schmidt & Knosche 2020, Neural Comput 32:1615.
"""

from __future__ import annotations

from typing import Any

from cosim.models.wholebrain.language.model import Input, Model, Parameter, Received, Sent, Variable


def slope(x: Any, p: Any, c: Any, u: Any) -> Any:
    """Return the derivatives of r, V, A and B."""
    tr = p.tau * x.r
    received = p.cr * c.r + p.cv * c.V + u.V
    r = p.Delta / (3.141592653589793 * p.tau) + 2.0 * (x.V * x.r)
    v = x.V * x.V - 9.869604401089358 * (tr * tr) + p.eta + p.J * tr - x.A + p.I + received
    return r * (1.0 / p.tau), v * (1.0 / p.tau), x.B * (1.0 / p.tau_A), (p.alpha * x.r - 2.0 * x.B - x.A) * (1.0 / p.tau_A)


def rate(x: Any, p: Any, c: Any, u: Any) -> Any:
    """Return the rate, Hz."""
    return 1000.0 * x.r


def from_rate(r: Any, p: Any) -> Any:
    """Return r, kHz, where the rate is given in Hz."""
    return 0.001 * r


MODEL = Model(
    name="gast_schmidt_knosche_sf",
    about="Mean field of quadratic integrate-and-fire neurons; bursts through spike-frequency adaptation.",
    source="Gast, Schmidt & Knosche 2020, Neural Comput 32:1615",
    parameters=(
        Parameter("tau", "ms", 1.0, "time constant of the membrane", above=0.0),
        Parameter("tau_A", "ms", 10.0, "time constant of adaptation", above=0.0),
        Parameter("alpha", "ms", 10.0, "effect of the rate on the adaptation", least=0.0),
        Parameter("I", "1", 0.0, "external current"),
        Parameter("Delta", "1", 2.0, "half-width of the distribution of excitabilities", least=0.0),
        Parameter("J", "1", 21.2132, "synaptic weight"),
        Parameter("eta", "1", 1.0, "centre of the distribution of excitabilities"),
        Parameter("cr", "1", 1.0, "weight of what is received by rate"),
        Parameter("cv", "1", 0.0, "weight of what is received by potential"),
    ),
    state=(Variable("r", "kHz", "firing rate", 0.1, (0.0, 2.0), 0.0), Variable("V", "1", "mean potential", -1.0, (-2.0, 1.5)),
           Variable("A", "1", "adaptation current", 0.0, (-1.0, 1.0)),
           Variable("B", "1", "tau_A times the derivative of A", 0.0, (-1.0, 1.0))),
    sends=(Sent("r", "kHz", "firing rate"), Sent("V", "1", "mean potential")),
    receives=(Received("r", "1", "times cr a current", "r", ("cr",)), Received("V", "1", "times cv a current", "V", ("cv",))),
    inputs=(Input("V", "1", "current"),),
    slope=slope,
    rate=rate,
    rate_about="firing rate of the population",
    from_rate=from_rate,
)
