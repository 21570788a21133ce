"""The Wilson-Cowan model with refractory terms, in the conventions that are in use.

    tau_e E' = -E + (K_e - r_e E) S_e(alpha_e (c_ee E - c_ei I + P - theta_e + c))
    tau_i I' = -I + (K_i - r_i I) S_i(alpha_i (c_ie E - c_ii I + Q - theta_i))
    S(x) = c (1 / (1 + exp(-a (x - b))) - shift S_0),    S_0 = 1 / (1 + exp(a b))

`K` is `k`, or what S reaches at infinity where `reaches` is 1. Source: Wilson & Cowan 1972, Biophys J 12:1, equations 11 and 12.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cosim.models.language.functions import exp
from cosim.models.wholebrain.language.model import Array, Input, Model, Parameter, Received, Sent, Variable


def slope(x: Any, p: Any, c: Any, u: Any) -> Any:
    """Return the derivatives of E and I."""
    y = p.alpha_e * (p.c_ee * x.E - p.c_ei * x.I + p.P - p.theta_e + c.E + u.E)
    z = p.alpha_i * (p.c_ie * x.E - p.c_ii * x.I + p.Q - p.theta_i + u.I)
    s_e = p.c_e * (1.0 / (1.0 + exp(-p.a_e * (y - p.b_e))) - p.shift_e)
    s_i = p.c_i * (1.0 / (1.0 + exp(-p.a_i * (z - p.b_i))) - p.shift_i)
    return (-x.E + (p.K_e - p.r_e * x.E) * s_e) * (1.0 / p.tau_e), (-x.I + (p.K_i - p.r_i * x.I) * s_i) * (1.0 / p.tau_i)


def derived(p: Mapping[str, Array]) -> Mapping[str, Array]:
    """Return what the sigmoids are at 0, and what the responses reach at most."""
    found = {}
    for s in "ei":
        at_zero = 1.0 / (1.0 + exp(p[f"a_{s}"] * p[f"b_{s}"]))
        found[f"shift_{s}"] = p["shift"] * at_zero
        found[f"K_{s}"] = np.where(p["reaches"] > 0, p[f"c_{s}"] * (1.0 - at_zero), p[f"k_{s}"])
    return found


_1972 = {"c_ee": 16.0, "c_ei": 12.0, "c_ie": 15.0, "c_ii": 3.0, "a_e": 1.3, "b_e": 4.0, "a_i": 2.0, "b_i": 3.7, "tau_e": 8.0, "tau_i": 8.0,
         "k_e": 1.0, "k_i": 1.0, "shift": 0.0, "reaches": 0.0}

MODEL = Model(
    name="wilson_cowan",
    about="Wilson-Cowan with refractory terms, an excitatory and an inhibitory population.",
    source="Wilson & Cowan 1972, Biophys J 12:1, eq. 11-12",
    parameters=(
        Parameter("c_ee", "1", 16.0, "weight from E to E"),
        Parameter("c_ei", "1", 12.0, "weight from I to E"),
        Parameter("c_ie", "1", 15.0, "weight from E to I"),
        Parameter("c_ii", "1", 3.0, "weight from I to I"),
        Parameter("tau_e", "ms", 8.0, "time constant of E", above=0.0),
        Parameter("tau_i", "ms", 8.0, "time constant of I", above=0.0),
        Parameter("a_e", "1", 1.3, "slope of the sigmoid of E"),
        Parameter("b_e", "1", 4.0, "position of the sigmoid of E"),
        Parameter("c_e", "1", 1.0, "height of the sigmoid of E"),
        Parameter("theta_e", "1", 0.0, "threshold taken from the input of E"),
        Parameter("a_i", "1", 2.0, "slope of the sigmoid of I"),
        Parameter("b_i", "1", 3.7, "position of the sigmoid of I"),
        Parameter("c_i", "1", 1.0, "height of the sigmoid of I"),
        Parameter("theta_i", "1", 0.0, "threshold taken from the input of I"),
        Parameter("r_e", "1", 1.0, "refractory term of E"),
        Parameter("r_i", "1", 1.0, "refractory term of I"),
        Parameter("k_e", "1", 1.0, "largest response of E"),
        Parameter("k_i", "1", 1.0, "largest response of I"),
        Parameter("P", "1", 0.0, "external input to E"),
        Parameter("Q", "1", 0.0, "external input to I"),
        Parameter("alpha_e", "1", 1.0, "scale of the input of E"),
        Parameter("alpha_i", "1", 1.0, "scale of the input of I"),
        Parameter("shift", "1", 0.0, "1 where the sigmoids vanish without input, 0 where they are logistic functions", least=0.0, most=1.0),
        Parameter("reaches", "1", 0.0, "1 where the largest response is what the sigmoid reaches, 0 where it is k", least=0.0, most=1.0),
    ),
    state=(Variable("E", "1", "active fraction of the excitatory population", 0.1, (0.0, 0.5)),
           Variable("I", "1", "active fraction of the inhibitory population", 0.05, (0.0, 0.5))),
    sends=(Sent("E", "1", "active fraction of the excitatory population"), Sent("I", "1", "active fraction of the inhibitory population")),
    receives=(Received("E", "1", "added to P", "E"),),
    inputs=(Input("E", "1", "added to P"), Input("I", "1", "added to Q")),
    slope=slope,
    derived=derived,
    preset_word="convention",
    presets={
        "plain": _1972,
        "wilson_cowan_1972": _1972 | {"shift": 1.0, "reaches": 1.0},
        "shifted": _1972 | {"shift": 1.0},
        "plain_10_ms": _1972 | {"tau_e": 10.0, "tau_i": 10.0},
        "vbi": _1972 | {"k_e": 0.994, "k_i": 0.999},
        "tvb": {"c_ee": 12.0, "c_ei": 4.0, "c_ie": 13.0, "c_ii": 11.0, "a_e": 1.2, "b_e": 2.8, "a_i": 1.0, "b_i": 4.0, "tau_e": 10.0,
                "tau_i": 10.0, "k_e": 1.0, "k_i": 1.0, "shift": 1.0, "reaches": 0.0},
    },
)
