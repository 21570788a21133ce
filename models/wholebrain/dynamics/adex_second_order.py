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
from cosim.models.wholebrain.language.model import Array, Input, Model, Parameter, Received, Sent, Variable, family


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
            (p.a_e * (mu_e - p.E_L_e) - x.W_e) / p.tau_w_e + p.b_e * x.E,
            (p.a_i * (mu_i - p.E_L_i) - x.W_i) / p.tau_w_i + p.b_i * x.I,
            -x.ou_drift / p.tau_OU)


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
    """Add conductances per rate, one over the numbers of neurons, and the polynomials in mV of quantities in mV and ms."""
    v = values
    q_e, q_i, halves = v["Q_e"] * v["tau_e"], v["Q_i"] * v["tau_i"], v["C_m"] / v["g_L"]
    scales = {"m": 0.1 * np.ones_like(q_e), "s": np.ones_like(q_e) / 6.0, "t": 1.0 / halves}
    out = {"q_e": q_e, "q_i": q_i, "k_e": q_e * v["K_ext_e"], "k_i": q_i * v["K_ext_i"], "tau_half": 0.5 * halves,
           "w_e": q_e * ((1.0 - v["g"]) * v["p_connect_e"] * v["N_tot"]), "w_i": q_i * (v["g"] * v["p_connect_i"] * v["N_tot"]),
           "one_e": 1.0 / ((1.0 - v["g"]) * v["N_tot"]), "one_i": 1.0 / (v["g"] * v["N_tot"])}
    of_unit = np.where(v["consistent"] > 0.5, 1.0, 1e-3)
    out |= {"d_e": of_unit * out["w_e"], "d_i": of_unit * out["w_i"]}
    for cell in "ei":
        for k, term in enumerate(("0", "m", "s", "t", "mm", "ss", "tt", "ms", "mt", "st")):
            coefficient = 1e3 * v[f"P_{cell}_{k}"]
            for of in term.strip("0"):
                coefficient = coefficient * scales[of]
            out[f"{cell}_{term}"] = coefficient
    return out


P_E = (-0.04983106, 0.005063550882777035, -0.023470121807314552, 0.0022951513725067503, -0.0004105302652029825, 0.010547051343547399,
       -0.03659252821136933, 0.007437487505797858, 0.001265064721846073, -0.04072161294490446)
P_I = (-0.05149122024209484, 0.004003689190271077, -0.008352013668528155, 0.0002414237992765705, -0.0005070645080016026,
       0.0014345394104282397, -0.014686689498949967, 0.004502706285435741, 0.0028472190352532454, -0.015357804594594548)
KUSCH_E = (-0.05059317, 0.0036078, 0.01794401, 0.00467008, 0.00098553, 0.0082953, -0.00985289, -0.02600252, -0.00274499, -0.01051463)
KUSCH_I = (-0.0596722865, 0.00715675508, 0.00428252163, 0.00925089702, 1.16632197e-6, -0.010065931, 0.00389257235, 0.000445787751,
           0.00420050937, 0.00437359879)

MODEL = Model(
    name="adex_second_order",
    about="Rates and covariance of excitatory and inhibitory adaptive exponential neurons, with adaptation.",
    source="El Boustani & Destexhe 2009, Neural Comput 21:46; Zerlaut et al. 2018, J Comput Neurosci 44:45; di Volo et al. 2019, "
           "Neural Comput 31:653",
    parameters=(
        Parameter("g_L", "nS", 10.0, "leak conductance", above=0.0),
        Parameter("E_L_e", "mV", -65.0, "reversal potential of the leak of excitatory neurons"),
        Parameter("E_L_i", "mV", -65.0, "reversal potential of the leak of inhibitory neurons"),
        Parameter("C_m", "pF", 200.0, "capacitance of the membrane", above=0.0),
        Parameter("b_e", "pA", 60.0, "adaptation of excitatory neurons by a spike", least=0.0),
        Parameter("a_e", "nS", 4.0, "adaptation of excitatory neurons to the potential"),
        Parameter("b_i", "pA", 0.0, "adaptation of inhibitory neurons by a spike", least=0.0),
        Parameter("a_i", "nS", 0.0, "adaptation of inhibitory neurons to the potential"),
        Parameter("tau_w_e", "ms", 500.0, "time constant of the adaptation of excitatory neurons", above=0.0),
        Parameter("tau_w_i", "ms", 1.0, "time constant of the adaptation of inhibitory neurons", above=0.0),
        Parameter("E_e", "mV", 0.0, "reversal potential of excitatory synapses"),
        Parameter("E_i", "mV", -80.0, "reversal potential of inhibitory synapses"),
        Parameter("Q_e", "nS", 1.5, "conductance that an excitatory spike opens", above=0.0),
        Parameter("Q_i", "nS", 5.0, "conductance that an inhibitory spike opens", above=0.0),
        Parameter("tau_e", "ms", 5.0, "decay time of excitatory synapses", above=0.0),
        Parameter("tau_i", "ms", 5.0, "decay time of inhibitory synapses", above=0.0),
        Parameter("N_tot", "1", 10000.0, "number of neurons", above=0.0),
        Parameter("p_connect_e", "1", 0.05, "probability of a connection from an excitatory neuron", above=0.0, most=1.0),
        Parameter("p_connect_i", "1", 0.05, "probability of a connection from an inhibitory neuron", above=0.0, most=1.0),
        Parameter("g", "1", 0.2, "share of inhibitory neurons", above=0.0, most=0.999),
        Parameter("K_ext_e", "1", 400.0, "number of excitatory synapses from outside", least=0.0),
        Parameter("K_ext_i", "1", 0.0, "number of inhibitory synapses from outside", least=0.0),
        Parameter("T", "ms", 20.0, "time over which rates are counted", above=0.0),
        *family("P_e", "V", P_E, "coefficient of the threshold of excitatory neurons"),
        *family("P_i", "V", P_I, "coefficient of the threshold of inhibitory neurons"),
        Parameter("external_input_ex_ex", "kHz", 0.0, "rate of each synapse K_ext_e of excitatory neurons", least=0.0),
        Parameter("external_input_ex_in", "kHz", 0.0, "rate of each synapse K_ext_i of excitatory neurons", least=0.0),
        Parameter("external_input_in_ex", "kHz", 0.0, "rate of each synapse K_ext_e of inhibitory neurons", least=0.0),
        Parameter("external_input_in_in", "kHz", 0.0, "rate of each synapse K_ext_i of inhibitory neurons", least=0.0),
        Parameter("tau_OU", "ms", 5.0, "correlation time of ou_drift", above=0.0),
        Parameter("weight_noise", "kHz", 10.5, "by which ou_drift is multiplied before it adds to the drive"),
        Parameter("S_i", "1", 1.0, "by which the inhibitory population weighs what other regions send"),
        Parameter("consistent", "1", 0.0, "1: derivatives in the unit of the covariances, and the covariance that follows from "
                  "them; 0: as The Virtual Brain", least=0.0, most=1.0),
    ),
    state=(Variable("E", "kHz", "rate of the excitatory population", 0.001, (0.0, 0.05), 0.0),
           Variable("I", "kHz", "rate of the inhibitory population", 0.001, (0.0, 0.05), 0.0),
           Variable("C_ee", "kHz^2", "variance of E", 0.0, (0.0, 1e-5)),
           Variable("C_ei", "kHz^2", "covariance of E and I", 0.0, (-1e-5, 1e-5)),
           Variable("C_ii", "kHz^2", "variance of I", 0.0, (0.0, 1e-5)),
           Variable("W_e", "pA", "adaptation current of excitatory neurons", 0.0, (0.0, 200.0)),
           Variable("W_i", "pA", "adaptation current of inhibitory neurons", 0.0, (0.0, 10.0)),
           Variable("ou_drift", "1", "Ornstein-Uhlenbeck process, which noise drives", 0.0, (-0.001, 0.001))),
    sends=(Sent("E", "kHz", "rate of the excitatory population"), Sent("I", "kHz", "rate of the inhibitory population")),
    receives=(Received("E", "kHz", "rate of each synapse K_ext_e of both populations", "E"),),
    inputs=(Input("E", "kHz", "added to what the excitatory population receives"),
            Input("I", "kHz", "added to what the inhibitory population receives")),
    slope=slope,
    rate=rate,
    rate_about="mean firing rate of the excitatory population",
    from_rate=from_rate,
    derived=derived,
    presets={"tvb": {"b_e": 60.0}, "b_0": {"b_e": 0.0}, "b_5": {"b_e": 5.0},
             "kusch_2024": {f"P_{cell}_{k}": value for cell, fit in (("e", KUSCH_E), ("i", KUSCH_I)) for k, value in enumerate(fit)},
             "di_volo_2019": {"consistent": 1.0}},
    valid=valid,
    valid_about="both rates below 1/T, where a neuron fires at most once in T as the theory assumes, and below half of the highest rate "
                "that synaptic noise admits, 1 / (2 tau_syn), beyond which the mean potential is above threshold (a saturated state)",
)
