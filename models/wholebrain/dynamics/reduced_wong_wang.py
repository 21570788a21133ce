"""The reduced Wong-Wang model of an excitatory and an inhibitory population.

    S_E' = -S_E / tau_E + (1 - S_E) gamma_E r_E,    S_I' = -S_I / tau_I + gamma_I r_I
    r = H(a I - b),    H(y) = y / (1 - exp(-d y))
    I_E = w_p J_N S_E - J_i S_I + W_E I_o + J_N c + I_ext,    I_I = J_N S_E - S_I + W_I I_o + lamda J_N c

Source: Deco et al. 2014, J Neurosci 34:7886, equations 5 to 10, parameters of table 1. Feedback inhibition control: `J_i` may be a word.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from math import fsum
from typing import Any

import numpy as np

from cosim.models.language.functions import exp, where
from cosim.models.wholebrain.language.model import Array, Input, Model, Parameter, Received, Sent, Variable


def response(x: Any, d: Any, inverse: Any) -> Any:
    """Return x / (1 - exp(-d x)), by its series where both sides of the fraction vanish; `inverse` is 1 / d."""
    y = d * x
    q = y * y
    near = (1.0 + y * 0.5 + q * 0.08333333333333333 - q * q * 0.001388888888888889) * inverse
    is_near = (y > -0.01) & (y < 0.01)
    return where(is_near, near, x / where(is_near, 1.0, 1.0 - exp(-y)))


def excitation(p: Any, s_e: Any, s_i: Any, c: Any, u: Any) -> Any:
    """Return the rate of the excitatory population, Hz."""
    current = p.w_p * (p.J_N * s_e) - p.J_i * s_i + p.W_E * p.I_o + p.J_N * c + p.I_ext + u
    return response(p.a_E * current - p.b_E, p.d_E, 1.0 / p.d_E)


def slope(x: Any, p: Any, c: Any, u: Any) -> Any:
    """Return the derivatives of S_E and S_I."""
    rate_e = excitation(p, x.S_E, x.S_I, c.S_E, u.S_E)
    current = p.J_N * x.S_E - x.S_I + p.W_I * p.I_o + p.lamda * (p.J_N * c.S_E) + u.S_I
    rate_i = response(p.a_I * current - p.b_I, p.d_I, 1.0 / p.d_I)
    return -x.S_E * (1.0 / p.tau_E) + (1.0 - x.S_E) * p.gamma_E * rate_e, -x.S_I * (1.0 / p.tau_I) + p.gamma_I * rate_i


def rate(x: Any, p: Any, c: Any, u: Any) -> Any:
    """Return the rate of the excitatory population, Hz."""
    return excitation(p, x.S_E, x.S_I, c.S_E, u.S_E)


def follow(h: Any, r: Any, p: Any) -> Any:
    """Return the derivative of S_E where the rate is given."""
    return -h * (1.0 / p.tau_E) + (1.0 - h) * p.gamma_E * r


def resolve(parameter: str, word: str, values: Mapping[str, Array], gain: float, weights: Array) -> Array:
    """Return the feedback inhibition that a word stands for: 'analytic' or 'balanced'."""
    assert parameter == "J_i"
    if word == "analytic":
        return np.array([0.75 * gain * fsum(row) + 1.0 for row in weights])
    columns = [tuple(float(values[name][i]) for name in _NAMES) for i in range(len(weights))]
    gates = np.array([_resting_gate(column) for column in columns])
    received = [gain * fsum(row * gates) for row in weights]
    return np.array([_balance(*each) for each in zip(columns, gates.tolist(), received, strict=True)])


def valid(x: Any, p: Any) -> Any:
    """Return where S_E lies below what a sustained rate of 500 Hz holds it at.

    At a steady rate r, 0 = -S_E / tau_E + (1 - S_E) gamma_E r, so S_E = q / (1 + q) with q = tau_E gamma_E r: 0.9697 at the default values.
    """
    largest_rate_hz = 500.0  # sustained; cells of the cortex do not fire faster for long
    q = p.tau_E * p.gamma_E * largest_rate_hz
    return x.S_E * (1.0 + q) < q


_NAMES = ("a_E", "b_E", "d_E", "gamma_E", "tau_E", "a_I", "b_I", "d_I", "gamma_I", "tau_I", "w_p", "J_N", "I_o", "W_E", "W_I", "I_ext",
          "lamda")


def _balance(column: tuple[float, ...], own: float, received: float) -> float:
    """Return the J_i with which a region rests where it would by itself with J_i = 1, while it receives what the others send at their rest.

    The input that inhibition takes away by itself, plus what comes from others, has to be taken away by the inhibition there is.
    """
    return (_inhibition(column, own, 0.0) + column[11] * received) / _inhibition(column, own, received)


@cache
def _resting_gate(column: tuple[float, ...]) -> float:
    """Return S_E of a region by itself."""
    a_e, b_e, d_e, gamma_e, tau_e, *_, w_p, j_n, i_o, w_e, _, i_ext, _ = column

    def slope_of_gate(gate: float) -> float:
        current = w_p * j_n * gate - _inhibition(column, gate, 0.0) + w_e * i_o + i_ext
        return (1 - gate) * gamma_e * _rate_of(a_e * current - b_e, d_e) - gate / tau_e

    return _falling_root(slope_of_gate)


@cache
def _inhibition(column: tuple[float, ...], gate: float, received: float) -> float:
    """Return the S_I that goes with an S_E and what is received from others."""
    a_i, b_i, d_i, gamma_i, tau_i = column[5:10]
    j_n, i_o, w_i, lamda = column[11], column[12], column[14], column[16]
    return _falling_root(lambda s: tau_i * gamma_i * _rate_of(a_i * (j_n * gate - s + w_i * i_o + lamda * j_n * received) - b_i, d_i) - s)


def _falling_root(f: Callable[[float], float]) -> float:
    """Return where a falling function crosses zero between 0 and 1, by bisection: the bits are the same on every processor."""
    low, high = 0.0, 1.0
    for _ in range(55):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if f(middle) > 0 else (low, middle)
    return 0.5 * (low + high)


def _rate_of(x: float, d: float) -> float:
    y = d * x
    return (1 + y / 2) / d if abs(y) < 1e-8 else x / (1 - float(exp(-y)))


MODEL = Model(
    name="reduced_wong_wang",
    about="Reduced Wong-Wang node with an excitatory and an inhibitory population.",
    source="Deco et al. 2014, J Neurosci 34:7886, eq. 5-10",
    parameters=(
        Parameter("a_E", "Hz/nA", 310.0, "gain of the excitatory response"),
        Parameter("b_E", "Hz", 125.0, "threshold of the excitatory response"),
        Parameter("d_E", "s", 0.16, "curvature of the excitatory response", above=0.0),
        Parameter("gamma_E", "1/(ms Hz)", 0.641e-3, "kinetic factor of NMDA gating", above=0.0),
        Parameter("tau_E", "ms", 100.0, "decay time of NMDA gating", above=0.0),
        Parameter("a_I", "Hz/nA", 615.0, "gain of the inhibitory response"),
        Parameter("b_I", "Hz", 177.0, "threshold of the inhibitory response"),
        Parameter("d_I", "s", 0.087, "curvature of the inhibitory response", above=0.0),
        Parameter("gamma_I", "1/(ms Hz)", 1e-3, "kinetic factor of GABA gating", above=0.0),
        Parameter("tau_I", "ms", 10.0, "decay time of GABA gating", above=0.0),
        Parameter("w_p", "1", 1.4, "local excitatory recurrence"),
        Parameter("J_N", "nA", 0.15, "excitatory synaptic coupling"),
        Parameter("J_i", "nA", 1.0, "local feedback inhibition; 'analytic' is 0.75 G strength + 1, 'balanced' lets every region rest at "
                  "the rate that it has by itself with J_i = 1, whatever G"),
        Parameter("I_o", "nA", 0.382, "effective external input"),
        Parameter("W_E", "1", 1.0, "share of the external input that excitation gets"),
        Parameter("W_I", "1", 0.7, "share of the external input that inhibition gets"),
        Parameter("I_ext", "nA", 0.0, "further input to excitation"),
        Parameter("lamda", "1", 0.0, "share of the long-range input that reaches inhibition too"),
    ),
    state=(Variable("S_E", "1", "open fraction of NMDA channels", 0.16, (0.0, 1.0), 0.0, 1.0),
           Variable("S_I", "1", "open fraction of GABA channels", 0.04, (0.0, 0.3), 0.0, 1.0)),
    sends=(Sent("S_E", "1", "open fraction of NMDA channels"),),
    receives=(Received("S_E", "1", "times J_N a current into excitation", "S_E"),),
    inputs=(Input("S_E", "nA", "current into the excitatory population"), Input("S_I", "nA", "current into the inhibitory population")),
    slope=slope,
    rate=rate,
    rate_about="mean firing rate of the excitatory population",
    follow=follow,
    words={"J_i": ("analytic", "balanced")},
    resolve=resolve,
    valid=valid,
    valid_about="S_E below the value at which a sustained excitatory rate of 500 Hz holds it, more than neurons can have",
)
