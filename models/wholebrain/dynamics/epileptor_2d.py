"""The two-dimensional Epileptor, in two conventions.

    x1' = tt (c - z + Iext + Kvf c_x1 - f x1),    f = a x1^2 + (d - b) x1, or d x1 - slope - 0.6 (z - 4)^2 where x1 >= 0 and switches is 1
    z'  = tt r (h - z + Ks c_x1),    h = 4 (x1 - x0) - 0.1 z^7 [z < 0, switches], or x0 + 3 / (1 + exp(-(x1 + 0.5) / 0.1))

`vep` and `proix_2014` are x' = 1 - x^3 - 2 x^2 - z + Iext and z' = (4 (x - x0) - z - c) / tau with 1 / r = tau = 10 and 2857; `tvb` is what
The Virtual Brain has, whose nullcline switches. A region seizes by itself where x0 lies above a Hopf point that depends on
tau: 3 x^2 + 4 x + 1 / tau = 0 gives x0 = -2.0368705 for tau = 10, -2.0619495 for 1 / 0.00035, and -2.0620370 where tau is infinite.
What is received is meant to be differences: `coupling_function: difference`.
Source: Proix et al. 2014, J Neurosci 34:15009; Hashemi et al. 2020, NeuroImage 217:116839.
"""

from __future__ import annotations

from typing import Any

from cosim.models.language.functions import exp, where
from cosim.models.wholebrain.language.model import Input, Model, Parameter, Received, Sent, Variable


def slope(x: Any, p: Any, c: Any, u: Any) -> Any:
    """Return the derivatives of x1 and z."""
    switches = p.switches > 0.0
    far = x.z - 4.0
    cubic = p.a * (x.x1 * x.x1) + (p.d - p.b) * x.x1
    bend = where(switches & (x.x1 >= 0.0), p.d * x.x1 - p.slope - 0.6 * (far * far), cubic)
    x1 = p.c - x.z + p.Iext + p.Kvf * c.x1 + u.x1 - bend * x.x1
    z2 = x.z * x.z
    lift = where(switches & (x.z < 0.0), -0.1 * (z2 * z2 * z2 * x.z), 0.0)
    h = where(p.modification > 0.0, p.x0 + 3.0 / (1.0 + exp((x.x1 + 0.5) / -0.1)), 4.0 * (x.x1 - p.x0) + lift)
    return p.tt * x1, p.tt * (p.r * (h - x.z + p.Ks * c.x1))


MODEL = Model(
    name="epileptor_2d",
    about="Two-dimensional Epileptor: the envelope of seizures, as the Virtual Epileptic Patient has it.",
    source="Proix et al. 2014, J Neurosci 34:15009; Hashemi et al. 2020, NeuroImage 217:116839",
    parameters=(
        Parameter("a", "1", 1.0, "coefficient of the cubic term of x1"),
        Parameter("b", "1", 3.0, "coefficient of the quadratic term of x1"),
        Parameter("c", "1", 1.0, "constant in the slope of x1"),
        Parameter("d", "1", 5.0, "coefficient of x1^2 in the slope of x1"),
        Parameter("r", "1/ms", 0.00035, "rate of the permittivity, 1 / tau", above=0.0),
        Parameter("x0", "1", -1.6, "epileptogenicity (eta in the Virtual Epileptic Patient)"),
        Parameter("Iext", "1", 3.1, "current into the population"),
        Parameter("slope", "1", 0.0, "linear coefficient of x1 where x1 is not negative"),
        Parameter("Kvf", "1", 0.0, "weight of what x1 receives, fast"),
        Parameter("Ks", "1", 0.0, "weight of what the permittivity receives, slow; negative where seizures spread"),
        Parameter("tt", "1", 1.0, "scale of time", above=0.0),
        Parameter("switches", "1", 1.0, "1 where the nullcline changes at x1 = 0 and z is held positive, 0 where it is cubic",
                  least=0.0, most=1.0),
        Parameter("modification", "1", 0.0, "1 where x1 acts on the permittivity through a sigmoid, 0 where it does in proportion",
                  least=0.0, most=1.0),
    ),
    state=(Variable("x1", "1", "fast variable", -1.5, (-2.0, 1.0)), Variable("z", "1", "permittivity, slow", 3.0, (2.0, 5.0))),
    sends=(Sent("x1", "1", "fast variable"),),
    receives=(Received("x1", "1", "times Kvf added to the slope of x1, times r Ks to that of z", "x1", ("Kvf", "Ks")),),
    inputs=(Input("x1", "1", "current"),),
    slope=slope,
    preset_word="convention",
    presets={"tvb": {"r": 0.00035, "Ks": 0.0, "switches": 1.0}, "vep": {"r": 0.1, "Ks": -1.0, "switches": 0.0},
             "proix_2014": {"r": 0.00035001750087504374, "Ks": -1.0, "switches": 0.0}},
)
