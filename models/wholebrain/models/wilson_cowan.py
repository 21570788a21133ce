"""The Wilson-Cowan model with refractory terms, in the conventions that are in use."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import cast

import numpy as np

from cosim.models.wholebrain._engine import exponential
from cosim.models.wholebrain.models.model import Array, Input, Model, PerRegion, Variable, table

_WC72 = {
    "c_ee": 16.0,
    "c_ei": 12.0,
    "c_ie": 15.0,
    "c_ii": 3.0,
    "a_e": 1.3,
    "b_e": 4.0,
    "a_i": 2.0,
    "b_i": 3.7,
    "tau_e": 8.0,
    "tau_i": 8.0,
    "k_e": 1.0,
    "k_i": 1.0,
}
_TVB = {
    "c_ee": 12.0,
    "c_ei": 4.0,
    "c_ie": 13.0,
    "c_ii": 11.0,
    "a_e": 1.2,
    "b_e": 2.8,
    "a_i": 1.0,
    "b_i": 4.0,
    "tau_e": 10.0,
    "tau_i": 10.0,
    "k_e": 1.0,
    "k_i": 1.0,
}
# What a convention gives to what the user leaves open; whether the sigmoids are shifted to vanish at 0; whether k is what they reach.
CONVENTIONS: dict[str, tuple[dict[str, float], bool, bool]] = {
    "wilson_cowan_1972": (_WC72, True, True),
    "shifted": (_WC72, True, False),
    "plain": (_WC72, False, False),
    "plain_10_ms": (_WC72 | {"tau_e": 10.0, "tau_i": 10.0}, False, False),
    "vbi": (_WC72 | {"k_e": 0.994, "k_i": 0.999}, False, False),
    "tvb": (_TVB, True, False),
}


@dataclass(frozen=True, slots=True)
class WilsonCowanParameters:
    """Hold the parameters of `wilson_cowan`; None takes the value of the convention.

    Parameters
    ----------
    convention : str
        'wilson_cowan_1972' (S(x) - S(0), k = S at infinity), 'shifted' (S(x) - S(0), k = 1), 'plain' (logistic, k = 1),
        'plain_10_ms' (plain with time constants of 10 ms instead of 8), 'vbi' (plain, k = 0.994 and 0.999), 'tvb' (shifted, with the
        default parameters of The Virtual Brain). They put the upper Hopf point of the 1972 parameters at different P.
    c_ee, c_ei, c_ie, c_ii : float
        Local weights; ``c_ei`` is I to E.
    tau_e, tau_i : float, ms
        Time constants.
    a_e, b_e, c_e, a_i, b_i, c_i : float
        Slope, position and height of the sigmoids.
    theta_e, theta_i, alpha_e, alpha_i : float
        Offset and scale of their arguments.
    r_e, r_i : float
        Refractory terms: (k - r E) S.
    k_e, k_i : float
        Largest values of the response.
    P, Q : float
        External input to E and to I.
    """

    convention: str = "plain"
    c_ee: PerRegion | None = None
    c_ei: PerRegion | None = None
    c_ie: PerRegion | None = None
    c_ii: PerRegion | None = None
    tau_e: PerRegion | None = None
    tau_i: PerRegion | None = None
    a_e: PerRegion | None = None
    b_e: PerRegion | None = None
    c_e: PerRegion = 1.0
    theta_e: PerRegion = 0.0
    a_i: PerRegion | None = None
    b_i: PerRegion | None = None
    c_i: PerRegion = 1.0
    theta_i: PerRegion = 0.0
    r_e: PerRegion = 1.0
    r_i: PerRegion = 1.0
    k_e: PerRegion | None = None
    k_i: PerRegion | None = None
    P: PerRegion = 0.0
    Q: PerRegion = 0.0
    alpha_e: PerRegion = 1.0
    alpha_i: PerRegion = 1.0


_ORDER = [f.name for f in fields(WilsonCowanParameters) if f.name != "convention"]


def _rows(p: WilsonCowanParameters, _gain: float, weights: Array) -> Array:
    defaults, shifted, reaches_k = CONVENTIONS[p.convention]
    n = len(weights)
    given = {name: cast("PerRegion | None", getattr(p, name)) for name in _ORDER}
    rows = dict(zip(_ORDER, table([defaults[name] if v is None else v for name, v in given.items()], n), strict=True))
    at_zero = {
        s: np.array([1.0 / (1.0 + exponential(float(a) * float(b))) for a, b in zip(rows[f"a_{s}"], rows[f"b_{s}"], strict=True)])
        for s in "ei"
    }
    for s in "ei":
        if reaches_k and given[f"k_{s}"] is None:
            rows[f"k_{s}"] = rows[f"c_{s}"] * (1.0 - at_zero[s])
    return np.array([*rows.values(), *((at_zero[s] if shifted else np.zeros(n)) for s in "ei")])


def _slope(rows: Array, x: Array, c: Array, u: Array) -> tuple[Array, None]:
    (
        c_ee,
        c_ei,
        c_ie,
        c_ii,
        tau_e,
        tau_i,
        a_e,
        b_e,
        c_e,
        theta_e,
        a_i,
        b_i,
        c_i,
        theta_i,
        r_e,
        r_i,
        k_e,
        k_i,
        p,
        q,
        alpha_e,
        alpha_i,
        shift_e,
        shift_i,
    ) = rows
    e, i = x
    y = alpha_e * (c_ee * e - c_ei * i + p - theta_e + c + u[0])
    z = alpha_i * (c_ie * e - c_ii * i + q - theta_i + u[1])
    s_e = c_e * (1 / (1 + np.exp(-a_e * (y - b_e))) - shift_e)
    s_i = c_i * (1 / (1 + np.exp(-a_i * (z - b_i))) - shift_i)
    return np.stack(((-e + (k_e - r_e * e) * s_e) / tau_e, (-i + (k_i - r_i * i) * s_i) / tau_i)), None


WILSON_COWAN = Model(
    "wilson_cowan",
    1,
    "Wilson-Cowan with refractory terms",
    "Wilson & Cowan 1972, Biophys J 12:1, equations 11 and 12",
    WilsonCowanParameters,
    {"convention": tuple(CONVENTIONS)},
    ("tau_e", "tau_i"),
    (
        Variable("E", "1", "active fraction of the excitatory population", 0.1),
        Variable("I", "1", "active fraction of the inhibitory population", 0.05),
    ),
    (Input("E", "1", "added to P"), Input("I", "1", "added to Q")),
    "E",
    "1",
    None,
    _rows,
    _slope,
)
