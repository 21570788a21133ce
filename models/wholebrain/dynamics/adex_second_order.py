"""The mean field of adaptive exponential neurons, second order: rates of two populations, and the covariance that their finite size makes.

    T nu_m' = F_m - nu_m + 1/2 sum over l, k of C_lk d2F_m / (dnu_l dnu_k)
    T C_lk' = delta_lk F_l (1/T - F_l) / N_l + (F_l - nu_l) (F_k - nu_k) + sum over m of (C_lm dF_k/dnu_m + C_km dF_l/dnu_m) - 2 C_lk
    W' = -W / tau_w + b nu + a (mu_V - E_L) / tau_w,    ou_drift' = -ou_drift / tau_OU

F is the transfer function of `adex_first_order`; rates are in kHz. Its derivatives are worked out in closed form.

With `consistent` = 0, the default, this is what The Virtual Brain runs, in which two things differ from the equations above. It divides
differences of F in kHz by differences of nu in Hz, so that first derivatives are 10^3 and second ones 10^6 times smaller than those that go
with the kHz of its covariances; and the covariance between the populations takes the derivatives by the wrong rates, C_ee dF_e/dnu_e +
C_ei (dF_i/dnu_e + dF_e/dnu_i) + C_ii dF_i/dnu_i, by which even populations that do not know of each other are correlated. With
`consistent` = 1, or the preset di_volo_2019, the equations are those above.

Source: El Boustani & Destexhe 2009, Neural Comput 21:46, equation 3.16; Zerlaut et al. 2018, J Comput Neurosci 44:45, equations 4 to 11;
di Volo et al. 2019, Neural Comput 31:653; the parameters of the default are those of The Virtual Brain.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cosim.models.language.functions import erfc, exp, maximum, minimum, sqrt, where
from cosim.models.wholebrain.dynamics.adex_first_order import MODEL as FIRST
from cosim.models.wholebrain.language.model import Array, Model, Parameter, Variable


def logs(q: Any, q_u: Any, q_v: Any, q_uu: Any, q_uv: Any, q_vv: Any) -> Any:
    """Return the derivatives of log(q)."""
    one = 1.0 / q
    l_u = q_u * one
    l_v = q_v * one
    return l_u, l_v, q_uu * one - l_u * l_u, q_uv * one - l_u * l_v, q_vv * one - l_v * l_v


def arriving(p: Any, u: Any, v: Any, G: Any, l_e: Any, l_i: Any) -> Any:  # noqa: N803
    """Return the terms q and r of variance and area, and the derivatives of their logarithms.

    With G = g_L + u + v, the distances of mu_V to the reversal potentials times G are linear: l_e of v alone, l_i of u alone. The area
    squared of what arrives is q / G^4 and its variance r / (2 G^3), with q = q_e u l_e^2 + q_i v l_i^2 and r the same terms over
    tau G + C_m.
    """
    w = p.E_e - p.E_i
    e_u = p.q_e * l_e * l_e
    e = e_u * u
    e_uv = 2.0 * p.q_e * l_e * w
    e_v = e_uv * u
    e_vv = 2.0 * p.q_e * u * w * w
    i_v = p.q_i * l_i * l_i
    i = i_v * v
    i_uv = -2.0 * p.q_i * l_i * w
    i_u = i_uv * v
    i_uu = 2.0 * p.q_i * v * w * w
    d_e = 1.0 / (p.tau_e * G + p.C_m)
    d_i = 1.0 / (p.tau_i * G + p.C_m)
    # Each derivative of one over a denominator brings a factor -t.
    t_e = p.tau_e * d_e
    t_i = p.tau_i * d_i
    a_u = e_u * d_e
    a_v = e_v * d_e
    b_u = i_u * d_i
    b_v = i_v * d_i
    r = e * d_e + i * d_i
    t = t_e * (e * d_e) + t_i * (i * d_i)
    tt = 2.0 * (t_e * t_e * (e * d_e) + t_i * t_i * (i * d_i))
    r_u, r_v, r_uu, r_uv, r_vv = logs(r, a_u + b_u - t, a_v + b_v - t, i_uu * d_i - 2.0 * (t_e * a_u + t_i * b_u) + tt,
                                      e_uv * d_e + i_uv * d_i - t_e * (a_u + a_v) - t_i * (b_u + b_v) + tt,
                                      e_vv * d_e - 2.0 * (t_e * a_v + t_i * b_v) + tt)
    q = e + i
    q_u, q_v, q_uu, q_uv, q_vv = logs(q, e_u + i_u, e_v + i_v, i_uu, e_uv + i_uv, e_vv)
    return q, q_u, q_v, q_uu, q_uv, q_vv, r, r_u, r_v, r_uu, r_uv, r_vv


def moments(p: Any, u: Any, v: Any, W: Any, E_L: Any) -> Any:  # noqa: N803 (the names of the publication)
    """Return mu_V, sigma_V, T_V, mV and ms, with derivatives by u and v: of mu_V itself, of the logarithms of the others."""
    w = p.E_e - p.E_i
    G = p.g_L + u + v  # noqa: N806
    h = 1.0 / G
    hh = h * h
    l_e = p.g_L * (p.E_e - E_L) + v * w + W
    l_i = p.g_L * (p.E_i - E_L) - u * w + W
    q, q_u, q_v, q_uu, q_uv, q_vv, r, r_u, r_v, r_uu, r_uv, r_vv = arriving(p, u, v, G, l_e, l_i)
    m_u = l_e * hh
    m_v = l_i * hh
    return ((u * p.E_e + v * p.E_i + p.g_L * E_L - W) * h, m_u, m_v, -2.0 * m_u * h, -(m_u + m_v) * h, -2.0 * m_v * h,
            sqrt(0.5 * r * h) * h, 0.5 * r_u - 1.5 * h, 0.5 * r_v - 1.5 * h, 0.5 * r_uu + 1.5 * hh, 0.5 * r_uv + 1.5 * hh,
            0.5 * r_vv + 1.5 * hh,
            q * h / r, q_u - r_u - h, q_v - r_v - h, q_uu - r_uu + hh, q_uv - r_uv + hh, q_vv - r_vv + hh)


def transfer(p: Any, u: Any, v: Any, W: Any, E_L: Any, c0: Any, cm: Any, cs: Any, ct: Any, cmm: Any, css: Any, ctt: Any,  # noqa: N803
             cms: Any, cmt: Any, cst: Any) -> Any:
    """Return the rate, kHz, its derivatives by the mean excitatory and inhibitory conductance u and v, nS, and the mean potential, mV."""
    mu, m_u, m_v, m_uu, m_uv, m_vv, sigma, s_u, s_v, s_uu, s_uv, s_vv, tau, t_u, t_v, t_uu, t_uv, t_vv = moments(p, u, v, W, E_L)
    s_uu = s_uu + s_u * s_u
    s_uv = s_uv + s_u * s_v
    s_vv = s_vv + s_v * s_v
    m = mu + 60.0
    s = sigma - 4.0
    t = tau - p.tau_half
    # The threshold less mu_V, its derivatives by mu_V and by the logarithms, and along u and v.
    far = c0 + m * (cm + cmm * m + cms * s + cmt * t) + s * (cs + css * s + cst * t) + t * (ct + ctt * t) - mu
    by_m = cm + 2.0 * cmm * m + cms * s + cmt * t - 1.0
    by_s = (cs + 2.0 * css * s + cms * m + cst * t) * sigma
    by_t = (ct + 2.0 * ctt * t + cmt * m + cst * s) * tau
    d_u = sigma * s_u
    d_v = sigma * s_v
    k_u = tau * t_u
    k_v = tau * t_v
    bend_m = cmm * m_u + cms * d_u + cmt * k_u
    bend_s = css * d_u + cst * k_u
    f_uu = by_m * m_uu + by_s * s_uu + by_t * (t_uu + t_u * t_u) + 2.0 * (m_u * bend_m + d_u * bend_s + ctt * k_u * k_u)
    f_uv = (by_m * m_uv + by_s * s_uv + by_t * (t_uv + t_u * t_v) + m_v * (bend_m + cmm * m_u) + d_v * (cms * m_u + bend_s + css * d_u)
            + k_v * (cmt * m_u + cst * d_u + 2.0 * ctt * k_u))
    f_vv = (by_m * m_vv + by_s * s_vv + by_t * (t_vv + t_v * t_v)
            + 2.0 * (m_v * (cmm * m_v + cms * d_v + cmt * k_v) + d_v * (css * d_v + cst * k_v) + ctt * k_v * k_v))
    one = 0.7071067811865476 / sigma
    z = far * one
    z_u = (by_m * m_u + by_s * s_u + by_t * t_u) * one - z * s_u
    z_v = (by_m * m_v + by_s * s_v + by_t * t_v) * one - z * s_v
    z_uu = f_uu * one - 2.0 * s_u * z_u - z * s_uu
    z_uv = f_uv * one - s_u * z_v - s_v * z_u - z * s_uv
    z_vv = f_vv * one - 2.0 * s_v * z_v - z * s_vv
    rates = 0.5 / tau
    f = erfc(z) * rates
    g = exp(-z * z) * (1.1283791670955126 * rates)
    g_u = g * z_u
    g_v = g * z_v
    zz = z + z
    return (f, -g_u - f * t_u, -g_v - f * t_v,
            zz * g_u * z_u - g * z_uu + 2.0 * t_u * g_u + f * (t_u * t_u - t_uu),
            zz * g_u * z_v - g * z_uv + t_u * g_v + t_v * g_u + f * (t_u * t_v - t_uv),
            zz * g_v * z_v - g * z_vv + 2.0 * t_v * g_v + f * (t_v * t_v - t_vv), mu)


def slope(x: Any, p: Any, c: Any, u: Any) -> Any:
    """Return the derivatives of E, I, C_ee, C_ei, C_ii, W_e, W_i and ou_drift."""
    noise = p.weight_noise * x.ou_drift
    own_e = (x.E + 1e-6) * p.w_e
    own_i = (x.I + 1e-6) * p.w_i
    f_e, e_u, e_v, e_uu, e_uv, e_vv, mu_e = transfer(
        p, own_e + p.k_e * maximum(c.E + u.E + p.external_input_ex_ex + noise, 0.0), own_i + p.k_i * p.external_input_ex_in, x.W_e,
        p.E_L_e, p.e_0, p.e_m, p.e_s, p.e_t, p.e_mm, p.e_ss, p.e_tt, p.e_ms, p.e_mt, p.e_st)
    f_i, i_u, i_v, i_uu, i_uv, i_vv, mu_i = transfer(
        p, own_e + p.k_e * maximum(p.S_i * c.E + u.I + p.external_input_in_ex + noise, 0.0), own_i + p.k_i * p.external_input_in_in, x.W_i,
        p.E_L_i, p.i_0, p.i_m, p.i_s, p.i_t, p.i_mm, p.i_ss, p.i_tt, p.i_ms, p.i_mt, p.i_st)
    v_ee = 0.5 * x.C_ee * p.d_e * p.d_e
    v_ei = x.C_ei * p.d_e * p.d_i
    v_ii = 0.5 * x.C_ii * p.d_i * p.d_i
    ee = e_u * p.d_e
    ei = e_v * p.d_i
    ie = i_u * p.d_e
    ii = i_v * p.d_i
    off_e = f_e - x.E
    off_i = f_i - x.I
    one = 1.0 / p.T
    is_consistent = p.consistent > 0.5
    across = where(is_consistent, x.C_ee * ie + x.C_ei * (ee + ii) + x.C_ii * ei, x.C_ee * ee + x.C_ei * (ie + ei) + x.C_ii * ii)
    return ((off_e + v_ee * e_uu + v_ei * e_uv + v_ii * e_vv) * one,
            (off_i + v_ee * i_uu + v_ei * i_uv + v_ii * i_vv) * one,
            (f_e * (one - f_e) * p.one_e + off_e * off_e + 2.0 * (x.C_ee * ee + x.C_ei * ei - x.C_ee)) * one,
            (off_e * off_i + across - 2.0 * x.C_ei) * one,
            (f_i * (one - f_i) * p.one_i + off_i * off_i + 2.0 * (x.C_ii * ii + x.C_ei * ie - x.C_ii)) * one,
            (p.a_e * (mu_e - p.E_L_e) - x.W_e) * (1.0 / p.tau_w_e) + p.b_e * x.E,
            (p.a_i * (mu_i - p.E_L_i) - x.W_i) * (1.0 / p.tau_w_i) + p.b_i * x.I,
            -x.ou_drift * (1.0 / p.tau_OU))


def rate(x: Any, p: Any, c: Any, u: Any) -> Any:
    """Return the rate of the excitatory population, Hz."""
    return 1000.0 * x.E


def from_rate(r: Any, p: Any) -> Any:
    """Return E, kHz, where the rate is given."""
    return 0.001 * r


def valid(x: Any, p: Any) -> Any:
    """Return where both rates are below 1 / T, and below half of what the correlation time of synaptic noise admits."""
    most = minimum(1.0 / p.T, 0.5 / minimum(p.tau_e, p.tau_i))
    return (most > x.E) & (most > x.I)


def derived(values: Mapping[str, Array]) -> Mapping[str, Array]:
    """Add to what the first order works out one over the numbers of neurons, and conductances per rate as derivatives count them."""
    out = {} if FIRST.derived is None else dict(FIRST.derived(values))
    of_unit = np.where(values["consistent"] > 0.5, 1.0, 1e-3)
    return out | {"one_e": 1.0 / ((1.0 - values["g"]) * values["N_tot"]), "one_i": 1.0 / (values["g"] * values["N_tot"]),
                  "d_e": of_unit * out["w_e"], "d_i": of_unit * out["w_i"]}


MODEL = Model(
    name="adex_second_order",
    about="Rates and covariance of excitatory and inhibitory adaptive exponential neurons, with adaptation.",
    source="El Boustani & Destexhe 2009, Neural Comput 21:46; Zerlaut et al. 2018, J Comput Neurosci 44:45; di Volo et al. 2019, "
           "Neural Comput 31:653",
    parameters=(
        *FIRST.parameters,
        Parameter("S_i", "1", 1.0, "by which the inhibitory population weighs what other regions send"),
        Parameter("consistent", "1", 0.0, "1: derivatives in the unit of the covariances, and the covariance that follows from "
                  "them; 0: as The Virtual Brain", least=0.0, most=1.0),
    ),
    state=(*FIRST.state[:2],
           Variable("C_ee", "kHz^2", "variance of E", 0.0, (0.0, 1e-5)),
           Variable("C_ei", "kHz^2", "covariance of E and I", 0.0, (-1e-5, 1e-5)),
           Variable("C_ii", "kHz^2", "variance of I", 0.0, (0.0, 1e-5)),
           *FIRST.state[2:]),
    sends=FIRST.sends,
    receives=FIRST.receives,
    inputs=FIRST.inputs,
    slope=slope,
    rate=rate,
    rate_about=FIRST.rate_about,
    from_rate=from_rate,
    derived=derived,
    presets={**FIRST.presets, "di_volo_2019": {"consistent": 1.0}},
    valid=valid,
    valid_about=FIRST.valid_about,
)
