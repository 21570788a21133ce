"""A mean field of theta neurons with conductances of second order.

    r' = Delta / pi + 2 V r - g r,    V' = V^2 - (pi r)^2 + eta + (v_syn - V) g + c_r
    g' = alpha q,    q' = alpha (k pi r - g - 2 q)

The time constant of the membrane is 1 ms, so that r is in kHz; the rate port gives 1000 r.
Source: Coombes & Byrne 2019, in Nonlinear dynamics in computational neuroscience, Springer, 1-16.
"""

from __future__ import annotations

from typing import Any

from cosim.models.wholebrain.language.model import Input, Model, Parameter, Received, Sent, Variable


def slope(x: Any, p: Any, c: Any, u: Any) -> Any:
    """Return the derivatives of r, V, g and q."""
    r = p.Delta / 3.141592653589793 + 2.0 * (x.V * x.r) - x.g * x.r
    v = x.V * x.V - 9.869604401089358 * (x.r * x.r) + p.eta + (p.v_syn - x.V) * x.g + c.r + u.V
    return r, v, p.alpha * x.q, p.alpha * (p.k * (3.141592653589793 * x.r) - x.g - 2.0 * x.q)


def rate(x: Any, p: Any, c: Any, u: Any) -> Any:
    """Return the rate, Hz."""
    return 1000.0 * x.r


def from_rate(r: Any, p: Any) -> Any:
    """Return r, kHz, where the rate is given in Hz."""
    return 0.001 * r


MODEL = Model(
    name="coombes_byrne",
    about="Mean field of theta neurons with synaptic conductances of second order.",
    source="Coombes & Byrne 2019, in Nonlinear dynamics in computational neuroscience, Springer, 1-16",
    parameters=(
        Parameter("Delta", "1", 0.5, "half-width of the distribution of excitabilities", least=0.0),
        Parameter("alpha", "1/ms", 0.95, "rate of the synapses", above=0.0),
        Parameter("v_syn", "1", -10.0, "reversal potential of the synapses"),
        Parameter("k", "1", 1.0, "strength of the synapses inside the region"),
        Parameter("eta", "1", 20.0, "centre of the distribution of excitabilities"),
    ),
    state=(Variable("r", "kHz", "firing rate", 0.5, (0.0, 6.0), 0.0), Variable("V", "1", "mean potential", 0.0, (-10.0, 10.0)),
           Variable("g", "1", "synaptic conductance", 1.5, (1.0, 2.0)), Variable("q", "1", "derivative of g over alpha", 0.0, (-0.5, 0.7))),
    sends=(Sent("r", "kHz", "firing rate"), Sent("V", "1", "mean potential")),
    receives=(Received("r", "1", "current", "r"),),
    inputs=(Input("V", "1", "current"),),
    slope=slope,
    rate=rate,
    rate_about="firing rate of the population",
    from_rate=from_rate,
)
