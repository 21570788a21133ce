"""The Epileptor: seizures that begin and end by themselves.

    x1' = tt (y1 - f1 x1 - z + Iext + Kvf c_x1),    f1 = a x1^2 - b x1 for x1 < 0, x2 - 0.6 (z - 4)^2 - slope elsewhere
    y1' = tt (c - d x1^2 - y1)
    z'  = tt r (h - z + Ks c_x1),    h = s (x1 - x0) - 0.1 z^7 [z < 0], or x0 + 3 / (1 + exp(-(x1 + 0.5) / 0.1)) where modification is 1
    x2' = tt (-y2 + x2 - x2^3 + Iext2 + bb g - 0.3 (z - 3.5) + Kf c_x2)
    y2' = tt (-y2 + aa (x2 + 0.25) [x2 >= -0.25]) / tau
    g'  = -0.01 tt (g - 0.1 x1)

It seizes by itself where x0 lies above about -2.06. The term in z^7 acts where z is negative and pushes it up; published accounts that put
its condition on x1 are slips. What is received is meant to be differences: `coupling_function: difference`. x2 - x1 is the field potential.
Source: Jirsa et al. 2014, Brain 137:2210, table 1; coupling: Proix et al. 2014, J Neurosci 34:15009.
"""

from __future__ import annotations

from typing import Any

from cosim.models.language.functions import exp, where
from cosim.models.wholebrain.language.model import Input, Model, Parameter, Received, Sent, Variable


def slope(x: Any, p: Any, c: Any, u: Any) -> Any:
    """Return the derivatives of all state variables."""
    far = x.z - 4.0
    bend = where(x.x1 < 0.0, p.b * x.x1 - p.a * (x.x1 * x.x1), p.slope - x.x2 + 0.6 * (far * far))
    x1 = x.y1 - x.z + p.Iext + p.Kvf * c.x1 + u.x1 + bend * x.x1
    y1 = p.c - p.d * (x.x1 * x.x1) - x.y1
    z2 = x.z * x.z
    lift = where(x.z < 0.0, -0.1 * (z2 * z2 * z2 * x.z), 0.0)
    h = where(p.modification > 0.0, p.x0 + 3.0 / (1.0 + exp((x.x1 + 0.5) / -0.1)), p.s * (x.x1 - p.x0) + lift)
    z = p.r * (h - x.z + p.Ks * c.x1)
    x2 = x.x2 - x.y2 - x.x2 * x.x2 * x.x2 + p.Iext2 + p.bb * x.g - 0.3 * (x.z - 3.5) + p.Kf * c.x2 + u.x2
    y2 = (where(x.x2 < -0.25, 0.0, p.aa * (x.x2 + 0.25)) - x.y2) * (1.0 / p.tau)
    return p.tt * x1, p.tt * y1, p.tt * z, p.tt * x2, p.tt * y2, p.tt * (-0.01 * (x.g - 0.1 * x.x1))


def sent(x: Any, p: Any) -> Any:
    """Return x1, x2 and the field potential."""
    return x.x1, x.x2, x.x2 - x.x1


MODEL = Model(
    name="epileptor",
    about="Epileptor: seizures with onset, offset, spikes and waves, driven by a slow permittivity.",
    source="Jirsa et al. 2014, Brain 137:2210, table 1; Proix et al. 2014, J Neurosci 34:15009",
    parameters=(
        Parameter("a", "1", 1.0, "coefficient of the cubic term of x1"),
        Parameter("b", "1", 3.0, "coefficient of the quadratic term of x1"),
        Parameter("c", "1", 1.0, "constant in the slope of y1"),
        Parameter("d", "1", 5.0, "coefficient of x1^2 in the slope of y1"),
        Parameter("r", "1/ms", 0.00035, "rate of the permittivity", above=0.0),
        Parameter("s", "1", 4.0, "effect of x1 on the permittivity"),
        Parameter("x0", "1", -1.6, "epileptogenicity; a region seizes by itself above about -2.06"),
        Parameter("Iext", "1", 3.1, "current into the first population"),
        Parameter("slope", "1", 0.0, "linear coefficient of x1 where x1 is not negative"),
        Parameter("Iext2", "1", 0.45, "current into the second population"),
        Parameter("tau", "1", 10.0, "time constant of y2, in units of the fast time", above=0.0),
        Parameter("aa", "1", 6.0, "effect of x2 on y2"),
        Parameter("bb", "1", 2.0, "effect of g on x2"),
        Parameter("Kvf", "1", 0.0, "weight of what x1 receives, fast"),
        Parameter("Kf", "1", 0.0, "weight of what x2 receives, fast"),
        Parameter("Ks", "1", 0.0, "weight of what the permittivity receives, slow; negative where seizures spread"),
        Parameter("tt", "1", 1.0, "scale of time", above=0.0),
        Parameter("modification", "1", 0.0, "1 where x1 acts on the permittivity through a sigmoid, 0 where it does in proportion",
                  least=0.0, most=1.0),
    ),
    state=(Variable("x1", "1", "fast variable of the first population", -1.5, (-2.0, 1.0)),
           Variable("y1", "1", "recovery of the first population", -10.0, (-20.0, 2.0)),
           Variable("z", "1", "permittivity, slow", 3.0, (2.0, 5.0)),
           Variable("x2", "1", "fast variable of the second population", -1.0, (-2.0, 0.0)),
           Variable("y2", "1", "recovery of the second population", 0.0, (0.0, 2.0)),
           Variable("g", "1", "x1, low-pass filtered", 0.0, (-1.0, 1.0))),
    sends=(Sent("x1", "1", "fast variable of the first population"), Sent("x2", "1", "fast variable of the second population"),
           Sent("lfp", "1", "field potential, x2 - x1")),
    receives=(Received("x1", "1", "times Kvf added to the slope of x1, times r Ks to that of z", "x1", ("Kvf", "Ks")),
              Received("x2", "1", "times Kf added to the slope of x2", "x2", ("Kf",))),
    inputs=(Input("x1", "1", "current into the first population"), Input("x2", "1", "current into the second population")),
    slope=slope,
    sent=sent,
    presets={"tvb": {"x0": -1.6}, "epileptogenic": {"x0": -1.6}, "propagation": {"x0": -2.4}, "healthy": {"x0": -3.65}},
)
