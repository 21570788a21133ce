"""The Epileptor: a fast, a slow and a permittivity subsystem that give seizures by themselves.

    x1' = tt (y1 - f1 - z + Iext + Kvf c1),    f1 = a x1^3 - b x1^2 where x1 < 0, else -(slope - x2 + 0.6 (z - 4)^2) x1
    y1' = tt (c - d x1^2 - y1)
    z'  = tt r (s (x1 - x0) - z [- 0.1 z^7 where z < 0] + Ks c1)
    x2' = tt (-y2 + x2 - x2^3 + Iext2 + bb g - 0.3 (z - 3.5) + Kf c2)
    y2' = tt (-y2 + [aa (x2 + 0.25) where x2 >= -0.25]) / tau
    g'  = -0.01 tt (g - 0.1 x1)

c1 and c2 are what is received; with `difference` coupling they are the differences to x1 and x2 that the publication has. What a depth
electrode would see is x2 - x1. Time is that of the publication; `tt` scales it.
Source: Jirsa et al. 2014, Brain 137:2210; Proix et al. 2014, J Neurosci 34:15009. The code of The Virtual Brain, not its text, is followed
where they differ: the sign of the condition on z, and bb g.
"""

from __future__ import annotations

from typing import Any

from cosim.models.language.functions import where
from cosim.models.wholebrain.language.model import Input, Model, Parameter, Received, Sent, Variable


def slope(x: Any, p: Any, c: Any, u: Any) -> Any:
    """Return the derivatives of the six variables."""
    high = x.z - 4.0
    pull = where(x.x1 < 0.0, -p.a * (x.x1 * x.x1) + p.b * x.x1, p.slope - x.x2 + 0.6 * (high * high))
    x1 = p.tt * (x.y1 - x.z + p.Iext + p.Kvf * c.x1 + u.x1 + pull * x.x1)
    y1 = p.tt * (p.c - p.d * (x.x1 * x.x1) - x.y1)
    z3 = x.z * x.z * x.z
    faster = where(x.z < 0.0, -0.1 * (z3 * z3 * x.z), 0.0)
    z = p.tt * (p.r * (p.s * (x.x1 - p.x0) - x.z + faster + p.Ks * c.x1 + u.z))
    x2 = p.tt * (-x.y2 + x.x2 - x.x2 * x.x2 * x.x2 + p.Iext2 + p.bb * x.g - 0.3 * (x.z - 3.5) + p.Kf * c.x2 + u.x2)
    y2 = p.tt * (-x.y2 + where(x.x2 < -0.25, 0.0, p.aa * (x.x2 + 0.25))) / p.tau
    g = p.tt * (-0.01 * (x.g - 0.1 * x.x1))
    return x1, y1, z, x2, y2, g


MODEL = Model(
    name="epileptor",
    about="Epileptor, six variables.",
    source="Jirsa et al. 2014, Brain 137:2210; Proix et al. 2014, J Neurosci 34:15009",
    parameters=(
        Parameter("a", "1", 1.0, "cubic coefficient of the first subsystem"),
        Parameter("b", "1", 3.0, "quadratic coefficient of the first subsystem"),
        Parameter("c", "1", 1.0, "constant of y1"),
        Parameter("d", "1", 5.0, "quadratic coefficient of y1"),
        Parameter("r", "1", 0.00035, "inverse time scale of the permittivity", above=0.0),
        Parameter("s", "1", 4.0, "linear coefficient of the permittivity"),
        Parameter("x0", "1", -1.6, "excitability: seizures above -2.05 or so"),
        Parameter("Iext", "1", 3.1, "input of the first subsystem"),
        Parameter("slope", "1", 0.0, "linear coefficient of the first subsystem where x1 > 0"),
        Parameter("Iext2", "1", 0.45, "input of the second subsystem"),
        Parameter("tau", "1", 10.0, "time constant of y2", above=0.0),
        Parameter("aa", "1", 6.0, "linear coefficient of y2"),
        Parameter("bb", "1", 2.0, "effect of g on the second subsystem"),
        Parameter("Kvf", "1", 0.0, "coupling of the first subsystem"),
        Parameter("Kf", "1", 0.0, "coupling of the second subsystem"),
        Parameter("Ks", "1", 0.0, "coupling of the permittivity; below 0 what is received brings seizures"),
        Parameter("tt", "1/ms", 1.0, "scale of time", above=0.0),
    ),
    state=(Variable("x1", "1", "first fast variable", -1.6, (-2.0, 1.0)),
           Variable("y1", "1", "its recovery", -12.0, (-20.0, 2.0)),
           Variable("z", "1", "permittivity", 3.5, (2.0, 5.0)),
           Variable("x2", "1", "second fast variable", -1.0, (-2.0, 0.0)),
           Variable("y2", "1", "its recovery", 0.0, (0.0, 2.0)),
           Variable("g", "1", "low-pass filtered x1", -0.16, (-1.0, 1.0))),
    sends=(Sent("x1", "1", "first fast variable"), Sent("x2", "1", "second fast variable")),
    receives=(Received("x1", "1", "couples the first subsystem and the permittivity", "x1"),
              Received("x2", "1", "couples the second subsystem", "x2")),
    inputs=(Input("x1", "1", "added to Iext"), Input("z", "1", "added to the permittivity"), Input("x2", "1", "added to Iext2")),
    slope=slope,
    presets={"epileptogenic": {"x0": -1.6}, "propagation": {"x0": -2.1}, "healthy": {"x0": -2.4}},
)
