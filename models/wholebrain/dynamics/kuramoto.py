"""The Kuramoto model: a phase, coupled through the sine of differences.

    theta_i' = omega_i + G sum_j W_ij sin(theta_j - theta_i)

The sine of a difference is what two sums give: of the sines, times cos(theta_i), less that of the cosines, times sin(theta_i). So delays
and couplings are those of all models. Coupling that is divided by the number of regions is a G divided by it.
Source: Kuramoto 1984, Chemical oscillations, waves, and turbulence; Cabral et al. 2011, NeuroImage 57:130.
"""

from __future__ import annotations

from typing import Any

from cosim.models.language.functions import cos, sin
from cosim.models.wholebrain.language.model import Input, Model, Parameter, Received, Sent, Variable


def slope(x: Any, p: Any, c: Any, u: Any) -> Any:
    """Return the derivative of the phase."""
    return (p.omega + c.sine * cos(x.theta) - c.cosine * sin(x.theta) + u.theta,)


def sent(x: Any, p: Any) -> Any:
    """Return the sine and the cosine of the phase."""
    return sin(x.theta), cos(x.theta)


MODEL = Model(
    name="kuramoto",
    about="Kuramoto phase oscillator, coupled through the sine of differences of phase.",
    source="Kuramoto 1984; Cabral et al. 2011, NeuroImage 57:130",
    parameters=(Parameter("omega", "rad/ms", 1.0, "angular frequency by itself"),),
    state=(Variable("theta", "rad", "phase; not wrapped", 0.0, (0.0, 6.283185307179586)),),
    sends=(Sent("sin", "1", "sine of the phase"), Sent("cos", "1", "cosine of the phase")),
    receives=(Received("sine", "1/ms", "sum of sines, times cos(theta)", "sin"),
              Received("cosine", "1/ms", "sum of cosines, times -sin(theta)", "cos")),
    inputs=(Input("theta", "rad/ms", "added to the angular frequency"),),
    slope=slope,
    sent=sent,
    presets={"tvb": {"omega": 1.0}, "cabral_2011": {"omega": 0.3769911184307752}},
)
