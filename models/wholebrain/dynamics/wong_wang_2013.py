"""The reduced Wong-Wang model with one gating variable.

    S' = -S / tau_s + (1 - S) gamma H(I),    I = w J_N S + I_o + J_N c
    H(I) = (a I - b) / (1 - exp(-d (a I - b)))

H is in kHz, so that gamma is a pure number; the rate port gives 1000 H.
Source: Deco et al. 2013, J Neurosci 33:11239, equations 9 and 10; Wong & Wang 2006, J Neurosci 26:1314.
"""

from __future__ import annotations

from typing import Any

from cosim.models.language.functions import exp, where
from cosim.models.wholebrain.language.model import Input, Model, Parameter, Received, Sent, Variable


def response(s: Any, c: Any, u: Any, p: Any) -> Any:
    """Return the rate, kHz; by its series where both sides of the fraction vanish."""
    x = p.a * (p.w * p.J_N * s + p.I_o + p.J_N * c + u) - p.b
    y = p.d * x
    q = y * y
    near = (1.0 + y * 0.5 + q * 0.08333333333333333 - q * q * 0.001388888888888889) * (1.0 / p.d)
    is_near = (y > -0.01) & (y < 0.01)
    return where(is_near, near, x / where(is_near, 1.0, 1.0 - exp(-y)))


def slope(x: Any, p: Any, c: Any, u: Any) -> Any:
    """Return the derivative of S."""
    return (-x.S * (1.0 / p.tau_s) + (1.0 - x.S) * p.gamma * response(x.S, c.S, u.S, p),)


def rate(x: Any, p: Any, c: Any, u: Any) -> Any:
    """Return the rate, Hz."""
    return 1000.0 * response(x.S, c.S, u.S, p)


def follow(h: Any, r: Any, p: Any) -> Any:
    """Return the derivative of S where the rate, Hz, is given."""
    return -h * (1.0 / p.tau_s) + (1.0 - h) * p.gamma * (0.001 * r)


def valid(x: Any, p: Any) -> Any:
    """Return where S lies below what a sustained rate of 500 Hz holds it at.

    At a steady rate H, kHz, 0 = -S / tau_s + (1 - S) gamma H, so S = q / (1 + q) with q = tau_s gamma H: 0.9697 at the default values.
    """
    largest_rate_khz = 0.5  # sustained; cells of the cortex do not fire faster for long
    q = p.tau_s * p.gamma * largest_rate_khz
    return x.S * (1.0 + q) < q


MODEL = Model(
    name="wong_wang_2013",
    about="Reduced Wong-Wang node with one gating variable.",
    source="Deco et al. 2013, J Neurosci 33:11239, eq. 9-10",
    parameters=(
        Parameter("a", "kHz/nA", 0.27, "gain of the response"),
        Parameter("b", "kHz", 0.108, "threshold of the response"),
        Parameter("d", "ms", 154.0, "curvature of the response", above=0.0),
        Parameter("gamma", "1", 0.641, "kinetic factor of NMDA gating", above=0.0),
        Parameter("tau_s", "ms", 100.0, "decay time of NMDA gating", above=0.0),
        Parameter("w", "1", 0.6, "local excitatory recurrence"),
        Parameter("J_N", "nA", 0.2609, "synaptic coupling"),
        Parameter("I_o", "nA", 0.33, "effective external input"),
    ),
    state=(Variable("S", "1", "open fraction of NMDA channels", 0.1, (0.0, 1.0), 0.0, 1.0),),
    sends=(Sent("S", "1", "open fraction of NMDA channels"),),
    receives=(Received("S", "1", "times J_N a current", "S"),),
    inputs=(Input("S", "nA", "current"),),
    slope=slope,
    rate=rate,
    rate_about="mean firing rate of the population",
    follow=follow,
    presets={"tvb": {"w": 0.6, "I_o": 0.33}, "deco_2013": {"w": 0.9, "I_o": 0.3}},
    valid=valid,
    valid_about="S below the value at which a sustained rate of 500 Hz holds it, more than neurons can have",
)
