"""The reduced Wong-Wang model of one excitatory population.

    S' = -S / tau_s + (1 - S) gamma H(x),    H(x) = (a x - b) / (1 - exp(-d (a x - b))),    x = w J_N S + I_o + J_N c

H is in kHz, as a is in 1/(nA ms), b in 1/ms and d in ms. Source: Deco et al. 2013, J Neurosci 33:11239, equations 1 to 3.
"""

from __future__ import annotations

from typing import Any

from cosim.models.language.functions import exp, where
from cosim.models.wholebrain.language.model import Input, Model, Parameter, Received, Sent, Variable


def response(p: Any, s: Any, received: Any, added: Any) -> Any:
    """Return the rate in kHz, by its series where both sides of the fraction vanish."""
    z = p.a * (p.w * p.J_N * s + p.I_o + p.J_N * received + added) - p.b
    y = p.d * z
    q = y * y
    near = (1.0 + y * 0.5 + q * 0.08333333333333333 - q * q * 0.001388888888888889) / p.d
    is_near = (y > -0.01) & (y < 0.01)
    return where(is_near, near, z / where(is_near, 1.0, 1.0 - exp(-y)))


def slope(x: Any, p: Any, c: Any, u: Any) -> Any:
    """Return the derivative of S."""
    return (-(x.S / p.tau_s) + (1.0 - x.S) * response(p, x.S, c.S, u.S) * p.gamma,)


def rate(x: Any, p: Any, c: Any, u: Any) -> Any:
    """Return the rate in Hz."""
    return 1000.0 * response(p, x.S, c.S, u.S)


def follow(h: Any, r: Any, p: Any) -> Any:
    """Return the derivative of S where the rate is given."""
    return -(h / p.tau_s) + (1.0 - h) * (0.001 * r) * p.gamma


MODEL = Model(
    name="wong_wang_2013",
    about="Reduced Wong-Wang node with one excitatory population.",
    source="Deco et al. 2013, J Neurosci 33:11239, eq. 1-3",
    parameters=(
        Parameter("a", "1/(nA ms)", 0.27, "gain of the response"),
        Parameter("b", "1/ms", 0.108, "threshold of the response"),
        Parameter("d", "ms", 154.0, "curvature of the response", above=0.0),
        Parameter("gamma", "1", 0.641, "kinetic factor", above=0.0),
        Parameter("tau_s", "ms", 100.0, "decay time of NMDA gating", above=0.0),
        Parameter("w", "1", 0.6, "local recurrence"),
        Parameter("J_N", "nA", 0.2609, "synaptic coupling"),
        Parameter("I_o", "nA", 0.33, "external input"),
    ),
    state=(Variable("S", "1", "open fraction of NMDA channels", 0.1, (0.0, 1.0), 0.0, 1.0),),
    sends=(Sent("S", "1", "open fraction of NMDA channels"),),
    receives=(Received("S", "1", "times J_N a current", "S"),),
    inputs=(Input("S", "nA", "current into the population"),),
    slope=slope,
    rate=rate,
    rate_about="mean firing rate of the population",
    follow=follow,
)
