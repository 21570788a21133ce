"""The normal form of a supercritical Hopf point, or Stuart-Landau oscillator.

    x' = (a - x^2 - y^2) x - omega y + c_x,    y' = (a - x^2 - y^2) y + omega x + c_y

For a > 0 it turns with angular frequency omega on a circle of radius sqrt(a); for a < 0 it rests at 0.
Source: Deco et al. 2017, Sci Rep 7:3095; Kuznetsov 1998, Elements of applied bifurcation theory.
"""

from __future__ import annotations

from typing import Any

from cosim.models.wholebrain.language.model import Input, Model, Parameter, Received, Sent, Variable


def slope(x: Any, p: Any, c: Any, u: Any) -> Any:
    """Return the derivatives of x and y."""
    growth = p.a - x.x * x.x - x.y * x.y
    return growth * x.x - p.omega * x.y + c.x + u.x, growth * x.y + p.omega * x.x + c.y + u.y


MODEL = Model(
    name="sup_hopf",
    about="Normal form of a supercritical Hopf point (Stuart-Landau oscillator).",
    source="Deco et al. 2017, Sci Rep 7:3095",
    parameters=(Parameter("a", "1/ms", -0.5, "distance from the Hopf point; it oscillates where this is positive"),
                Parameter("omega", "rad/ms", 1.0, "angular frequency")),
    state=(Variable("x", "1", "real part", 0.0, (-5.0, 5.0)), Variable("y", "1", "imaginary part", 0.0, (-5.0, 5.0))),
    sends=(Sent("x", "1", "real part"), Sent("y", "1", "imaginary part")),
    receives=(Received("x", "1/ms", "added to the slope of x", "x"), Received("y", "1/ms", "added to the slope of y", "y")),
    inputs=(Input("x", "1/ms", "added to the slope of x"), Input("y", "1/ms", "added to the slope of y")),
    slope=slope,
)
