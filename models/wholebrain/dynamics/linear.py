"""The linear model: an Ornstein-Uhlenbeck process where there is noise, a linear map with Euler's scheme and gamma 0.

    x' = gamma x + c + u

Source: Uhlenbeck & Ornstein 1930, Phys Rev 36:823.
"""

from __future__ import annotations

from typing import Any

from cosim.models.wholebrain.language.model import Input, Model, Parameter, Received, Sent, Variable


def slope(x: Any, p: Any, c: Any, u: Any) -> Any:
    """Return the derivative of x."""
    return (p.gamma * x.x + c.x + u.x,)


MODEL = Model(
    name="linear",
    about="Linear node, x' = gamma x + G c + u.",
    source="Uhlenbeck & Ornstein 1930, Phys Rev 36:823",
    parameters=(Parameter("gamma", "1/ms", -1.0, "slope; negative where the region is stable by itself"),),
    state=(Variable("x", "1", "state", 0.0, (-1.0, 1.0)),),
    sends=(Sent("x", "1", "state"),),
    receives=(Received("x", "1/ms", "added to the slope", "x"),),
    inputs=(Input("x", "1/ms", "added to the slope"),),
    slope=slope,
)
