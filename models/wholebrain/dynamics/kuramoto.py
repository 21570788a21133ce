"""Kuramoto's phase oscillators.

    theta_i' = omega_i + G sum_j W[i, j] sin(theta_j(t - D[i, j]) - theta_i)

A region sends the sine and the cosine of its phase and puts the difference together itself, so that delayed sums stay linear. A factor
1 / n belongs into G. Source: Kuramoto 1984, Chemical Oscillations, Waves, and Turbulence; Cabral et al. 2011, NeuroImage 57:130.
"""

from __future__ import annotations

from typing import Any

from cosim.models.language.functions import cos, sin
from cosim.models.wholebrain.language.model import Input, Model, Parameter, Received, Sent, Variable


def slope(x: Any, p: Any, c: Any, u: Any) -> Any:
    """Return the derivative of the phase."""
    return (p.omega + (c.sine * cos(x.theta) - c.cosine * sin(x.theta)) + u.theta,)


def sent(x: Any, p: Any) -> Any:
    """Return sine and cosine of the phase."""
    return sin(x.theta), cos(x.theta)


MODEL = Model(
    name="kuramoto",
    about="Kuramoto phase oscillator.",
    source="Kuramoto 1984; Cabral et al. 2011, NeuroImage 57:130",
    parameters=(Parameter("omega", "rad/ms", 1.0, "angular frequency of the region by itself"),),
    state=(Variable("theta", "rad", "phase", 0.0, (0.0, 6.283185307179586)),),
    sends=(Sent("sine", "1", "sine of the phase"), Sent("cosine", "1", "cosine of the phase")),
    receives=(Received("sine", "rad/ms", "pulls the phase", "sine"), Received("cosine", "rad/ms", "pulls the phase", "cosine")),
    inputs=(Input("theta", "rad/ms", "added to the frequency"),),
    slope=slope,
    sent=sent,
)
