"""The Epileptor reduced to two variables by averaging its fast subsystem.

    x' = tt (1 - x^3 - 2 x^2 - z + I + Kvf c)
    z' = tt (4 (x - x0) - z + Ks c) / tau

where x is the fast variable and z the slow permittivity. With `difference` coupling and
Ks = -1 a region pulls its neighbours into seizures.
Source: Proix et al. 2014, J Neurosci 34:15009, equations 5 and 6; tau 10 and I 3.1 as in the virtual epileptic patient.
"""

from __future__ import annotations

from typing import Any

from cosim.models.wholebrain.language.model import Input, Model, Parameter, Received, Sent, Variable


def slope(x: Any, p: Any, c: Any, u: Any) -> Any:
    """Return the derivatives of x and z."""
    x2 = x.x * x.x
    fast = 1.0 - x2 * x.x - 2.0 * x2 - x.z + p.I + p.Kvf * c.x + u.x
    slow = 4.0 * (x.x - p.x0) - x.z + p.Ks * c.x + u.z
    return p.tt * fast, p.tt * slow / p.tau


MODEL = Model(
    name="epileptor_2d",
    about="Epileptor reduced to two variables.",
    source="Proix et al. 2014, J Neurosci 34:15009, eq. 5-6",
    parameters=(
        Parameter("x0", "1", -1.6, "excitability: seizures above -2.037 with tau 10, above -2.062 with slow permittivity"),
        Parameter("tau", "1", 10.0, "time constant of the permittivity", above=0.0),
        Parameter("I", "1", 3.1, "input of the fast variable"),
        Parameter("Kvf", "1", 0.0, "coupling of the fast variable"),
        Parameter("Ks", "1", -1.0, "coupling of the permittivity"),
        Parameter("tt", "1/ms", 1.0, "scale of time", above=0.0),
    ),
    state=(Variable("x", "1", "fast variable", -2.5, (-2.5, 1.5)), Variable("z", "1", "permittivity", 3.5, (2.0, 5.5))),
    sends=(Sent("x", "1", "fast variable"),),
    receives=(Received("x", "1", "couples the permittivity and the fast variable", "x"),),
    inputs=(Input("x", "1", "added to I"), Input("z", "1", "added to the permittivity")),
    slope=slope,
    presets={"epileptogenic": {"x0": -1.6}, "propagation": {"x0": -2.4}, "healthy": {"x0": -3.65}},
)
