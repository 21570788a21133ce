"""The reduced Wong-Wang model of an excitatory and an inhibitory population."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

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
        0.75 G strength + 1, which keeps every region near 3 Hz (Herzog et al. 2024, Netw Neurosci 8:590).
    I_o, W_E, W_I, I_ext : float, nA, 1, 1, nA
        Effective external input, its share for each population, and further input to the excitatory one.
    lamda : float
        Share of the long-range input that reaches the inhibitory population too (feed-forward inhibition).
    """

    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {"J_i": ("analytic",)}

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


def _rows(p: ReducedWongWangParameters, gain: float, strengths: Array) -> Array:
    feedback: PerRegion = tuple(0.75 * gain * float(s) + 1.0 for s in strengths) if isinstance(p.J_i, str) else p.J_i
    return table([p.a_E, p.b_E, p.d_E, p.gamma_E, p.tau_E, p.a_I, p.b_I, p.d_I, p.gamma_I, p.tau_I, p.w_p, p.J_N, feedback,
                  p.I_o, p.W_E, p.W_I, p.I_ext, p.lamda], len(strengths))


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
    "reduced_wong_wang", 2, "excitatory-inhibitory reduced Wong-Wang node", "Deco et al. 2014, J Neurosci 34:7886, equations 5 to 10",
    ReducedWongWangParameters,
    (Variable("S_E", "1", "open fraction of NMDA channels", 0.16, 0.0, 1.0), Variable("S_I", "1", "open fraction of GABA channels", 0.04, 0.0, 1.0)),
    (Input("S_E", "nA", "current into the excitatory population"), Input("S_I", "nA", "current into the inhibitory population")),
    "S_E", "1", "mean firing rate of the excitatory population", _rows, _slope)
