"""The generic two-dimensional oscillator.

    V' = d tau (-f V^3 + e V^2 + g V + alpha W + gamma I + gamma c)
    W' = d / tau (c V^2 + b V - beta W + a)

A FitzHugh-Nagumo type of system whose cubic and quadratic nullclines give excitable, oscillating and bistable regions.
Source: Stefanescu & Jirsa 2008, PLoS Comput Biol 4:e1000219; Sanz-Leon et al. 2015, NeuroImage 111:385, equations 7 and 8; the
parameter sets are those that The Virtual Brain documents.
"""

from __future__ import annotations

from typing import Any

from cosim.models.wholebrain.language.model import Input, Model, Parameter, Received, Sent, Variable


def slope(x: Any, p: Any, c: Any, u: Any) -> Any:
    """Return the derivatives of V and W."""
    v2 = x.V * x.V
    v = p.alpha * x.W - p.f * (v2 * x.V) + p.e * v2 + p.g * x.V + p.gamma * (p.I + c.V) + u.V
    w = p.a + p.b * x.V + p.c * v2 - p.beta * x.W + u.W
    return (p.d * p.tau) * v, (p.d * (1.0 / p.tau)) * w


MODEL = Model(
    name="generic_2d_oscillator",
    about="Generic two-dimensional oscillator with a cubic and a quadratic nullcline.",
    source="Stefanescu & Jirsa 2008, PLoS Comput Biol 4:e1000219; Sanz-Leon et al. 2015, NeuroImage 111:385, eq. 7-8",
    parameters=(
        Parameter("tau", "1", 1.0, "separation of the time scales", above=0.0),
        Parameter("I", "1", 0.0, "external current"),
        Parameter("a", "1", -2.0, "vertical shift of the second nullcline"),
        Parameter("b", "1", -10.0, "linear coefficient of the second nullcline"),
        Parameter("c", "1", 0.0, "quadratic coefficient of the second nullcline"),
        Parameter("d", "1/ms", 0.02, "temporal scale factor", above=0.0),
        Parameter("e", "1", 3.0, "coefficient of the quadratic term"),
        Parameter("f", "1", 1.0, "coefficient of the cubic term"),
        Parameter("g", "1", 0.0, "coefficient of the linear term"),
        Parameter("alpha", "1", 1.0, "effect of W on V"),
        Parameter("beta", "1", 1.0, "effect of W on itself"),
        Parameter("gamma", "1", 1.0, "strength of current and coupling"),
    ),
    state=(Variable("V", "1", "fast variable, like a potential", 1.0, (-2.0, 4.0)),
           Variable("W", "1", "slow variable, like a recovery", -3.0, (-6.0, 6.0))),
    sends=(Sent("V", "1", "fast variable"), Sent("W", "1", "slow variable")),
    receives=(Received("V", "1", "enters as a current", "V"),),
    inputs=(Input("V", "1", "added to the fast equation, inside its time scale"),
            Input("W", "1", "added to the slow equation, inside its time scale")),
    slope=slope,
    presets={
        "tvb": {"a": -2.0, "b": -10.0, "c": 0.0, "I": 0.0},
        "oscillating": {"a": 2.0, "b": -10.0, "c": 0.0, "I": 0.0},
        "bistable": {"a": 1.0, "b": 0.0, "c": -5.0, "I": 0.0},
        "morris_lecar_excitable": {"a": 0.5, "b": 0.6, "c": -4.0, "I": 0.0},
        "morris_lecar_oscillating": {"a": 0.5, "b": 0.4, "c": -4.0, "I": 0.0},
        "ghosh_2008": {"a": 1.05, "b": -1.0, "c": 0.0, "d": 0.1, "I": 0.0, "alpha": 1.0, "beta": 0.2, "gamma": -1.0, "e": 0.0, "g": 1.0,
                       "f": 0.3333333333333333, "tau": 1.25},
        "sanz_leon_2013": {"a": -0.5, "b": -10.0, "c": 0.0, "I": 0.0},
    },
)
