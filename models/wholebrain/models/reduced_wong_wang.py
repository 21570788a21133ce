"""The reduced Wong-Wang model of an excitatory and an inhibitory population."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import fsum

import numpy as np

from cosim.models.wholebrain._engine import exponential
from cosim.models.wholebrain.models.model import Array, Input, Model, PerRegion, Variable, table


@dataclass(frozen=True, slots=True)
class ReducedWongWangParameters:
    """Hold the parameters of `reduced_wong_wang`; the defaults are those of Deco et al. 2014, table 1.

    Parameters
    ----------
    a_E, b_E, d_E, a_I, b_I, d_I : float, Hz/nA, Hz, s
        Gain, threshold and curvature of the input-output functions.
    gamma_E, gamma_I : float, 1/(ms Hz)
        Kinetic factors.
    tau_E, tau_I : float, ms
        Decay of NMDA and GABA gating.
    w_p, J_N, J_i : float, 1, nA, nA
        Local excitatory recurrence, excitatory coupling, and local feedback inhibition. J_i may be 'analytic':
        0.75 G strength + 1, the known rule of thumb that keeps every region near 3 Hz; or 'balanced': what lets every region rest at the
        rate that it has by itself with J_i = 1 (3.08 Hz with the other defaults), whatever G.
    I_o, W_E, W_I, I_ext : float, nA, 1, 1, nA
        Effective external input, its share for each population, and further input to the excitatory one.
    lamda : float
        Share of the long-range input that reaches the inhibitory population too (feed-forward inhibition).
    """

    a_E: PerRegion = 310.0  # noqa: N815
    b_E: PerRegion = 125.0  # noqa: N815
    d_E: PerRegion = 0.16  # noqa: N815
    gamma_E: PerRegion = 0.641e-3  # noqa: N815
    tau_E: PerRegion = 100.0  # noqa: N815
    a_I: PerRegion = 615.0  # noqa: N815
    b_I: PerRegion = 177.0  # noqa: N815
    d_I: PerRegion = 0.087  # noqa: N815
    gamma_I: PerRegion = 1e-3  # noqa: N815
    tau_I: PerRegion = 10.0  # noqa: N815
    w_p: PerRegion = 1.4
    J_N: PerRegion = 0.15
    J_i: PerRegion | str = 1.0
    I_o: PerRegion = 0.382
    W_E: PerRegion = 1.0
    W_I: PerRegion = 0.7
    I_ext: PerRegion = 0.0
    lamda: PerRegion = 0.0


_FEEDBACK = 12  # row of J_i


def _rows(p: ReducedWongWangParameters, gain: float, weights: Array) -> Array:
    feedback: PerRegion = 1.0 if isinstance(p.J_i, str) else p.J_i
    rows = table(
        [
            p.a_E,
            p.b_E,
            p.d_E,
            p.gamma_E,
            p.tau_E,
            p.a_I,
            p.b_I,
            p.d_I,
            p.gamma_I,
            p.tau_I,
            p.w_p,
            p.J_N,
            feedback,
            p.I_o,
            p.W_E,
            p.W_I,
            p.I_ext,
            p.lamda,
        ],
        len(weights),
    )
    if p.J_i == "analytic":
        rows[_FEEDBACK] = [0.75 * gain * fsum(row) + 1.0 for row in weights]
    elif p.J_i == "balanced":
        columns = [tuple(float(v) for v in column) for column in rows.T]
        gates = np.array([_resting_gate(column) for column in columns])
        received = [gain * fsum(row * gates) for row in weights]
        rows[_FEEDBACK] = [_balance(*each) for each in zip(columns, gates.tolist(), received, strict=True)]
    return rows


def _balance(column: tuple[float, ...], own: float, received: float) -> float:
    """Return the J_i with which a region rests where it would by itself with J_i = 1, while it receives what the others send at their rest.

    The input that inhibition takes away by itself, plus what comes from others, has to be taken away by the inhibition there is.
    """
    return (_inhibition(column, own, 0.0) + column[11] * received) / _inhibition(column, own, received)


@cache
def _resting_gate(column: tuple[float, ...]) -> float:
    """Return S_E of a region by itself."""
    a_e, b_e, d_e, gamma_e, tau_e, *_, w_p, j_n, _, i_o, w_e, _, i_ext, _ = column

    def slope(gate: float) -> float:
        current = w_p * j_n * gate - _inhibition(column, gate, 0.0) + w_e * i_o + i_ext
        return (1 - gate) * gamma_e * _rate_of(a_e * current - b_e, d_e) - gate / tau_e

    return _falling_root(slope)


@cache
def _inhibition(column: tuple[float, ...], gate: float, received: float) -> float:
    """Return the S_I that goes with an S_E and what is received from others."""
    a_i, b_i, d_i, gamma_i, tau_i = column[5:10]
    j_n, i_o, w_i, lamda = column[11], column[13], column[15], column[17]
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
    return (1 + y / 2) / d if abs(y) < 1e-8 else x / (1 - exponential(-y))


def _rate(x: Array, d: Array) -> Array:
    y = d * x
    small = np.abs(y) < 0.01
    series = (1.0 + y / 2 + y**2 / 12 - y**4 / 720) / d
    return np.where(small, series, x / np.where(small, 1.0, 1.0 - np.exp(-y)))


def _slope(rows: Array, x: Array, c: Array, u: Array) -> tuple[Array, Array]:
    a_e, b_e, d_e, gamma_e, tau_e, a_i, b_i, d_i, gamma_i, tau_i, w_p, j_n, j_i, i_o, w_e, w_i, i_ext, lamda = rows
    s_e, s_i = x
    rate_e = _rate(a_e * (w_p * j_n * s_e - j_i * s_i + w_e * i_o + j_n * c + i_ext + u[0]) - b_e, d_e)
    rate_i = _rate(a_i * (j_n * s_e - s_i + w_i * i_o + lamda * j_n * c + u[1]) - b_i, d_i)
    return np.stack((-s_e / tau_e + (1 - s_e) * gamma_e * rate_e, -s_i / tau_i + gamma_i * rate_i)), rate_e


REDUCED_WONG_WANG = Model(
    "reduced_wong_wang",
    2,
    "excitatory-inhibitory reduced Wong-Wang node",
    "Deco et al. 2014, J Neurosci 34:7886, equations 5 to 10",
    ReducedWongWangParameters,
    {"J_i": ("analytic", "balanced")},
    ("d_E", "gamma_E", "tau_E", "d_I", "gamma_I", "tau_I"),
    (
        Variable("S_E", "1", "open fraction of NMDA channels", 0.16, 0.0, 1.0),
        Variable("S_I", "1", "open fraction of GABA channels", 0.04, 0.0, 1.0),
    ),
    (Input("S_E", "nA", "current into the excitatory population"), Input("S_I", "nA", "current into the inhibitory population")),
    "S_E",
    "1",
    "mean firing rate of the excitatory population",
    _rows,
    _slope,
)
