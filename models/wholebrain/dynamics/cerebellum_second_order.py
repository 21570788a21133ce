"""The mean field of the cerebellar cortex, second order: rates of four populations, and the covariance that their finite size makes.

    T nu_m' = F_m - nu_m + 1/2 sum over l, k of C_lk d2F_m / (dnu_l dnu_k)
    T C_lk' = delta_lk A_l + (F_l - nu_l) (F_k - nu_k) + sum over m of (C_lm dF_k/dnu_m + C_km dF_l/dnu_m) - 2 C_lk
    A_l = F_l (1/T - F_l) / N_l

F are the transfer functions of `cerebellum_first_order`, peculiarities included; rates are in kHz. Mossy fibres take part as a fifth
population, whose rate is given: with it there are four rates and fifteen covariances, and the rate of mossy fibres, which the authors keep
as a twentieth variable, is an input here. Derivatives are worked out in closed form.

The code of the authors differs from these equations in three terms, by slips: the factor 0.4 in place of 1/2 of one mixed derivative of
Golgi cells, the covariance of granule and Golgi cells, which has a derivative too many, and that of granule and Purkinje cells, which
takes C_GrC,PC where C_GrC,MLI belongs. Here they are as the theory has them.

Source: Lorenzi et al. 2023, PLoS Comput Biol 19:e1011434; El Boustani & Destexhe 2009, Neural Comput 21:46, equation 3.16.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cosim.models.language.functions import erfc, exp, log, maximum, sqrt
from cosim.models.wholebrain.dynamics.cerebellum_first_order import CELLS
from cosim.models.wholebrain.dynamics.cerebellum_first_order import MODEL as FIRST
from cosim.models.wholebrain.language.model import Array, Model, Parameter, Variable


def over(a1: Any, a2: Any, a3: Any, b1: Any, b2: Any, b3: Any, c11: Any, c12: Any, c13: Any, c22: Any, c23: Any, c33: Any) -> Any:
    """Return a C b: what the covariance makes of two gradients. Along with each quantity goes half of C times its second derivatives."""
    return a1 * (c11 * b1 + c12 * b2 + c13 * b3) + a2 * (c12 * b1 + c22 * b2 + c23 * b3) + a3 * (c13 * b1 + c23 * b2 + c33 * b3)


def logs(x: Any, x1: Any, x2: Any, x3: Any, bend: Any, c11: Any, c12: Any, c13: Any, c22: Any, c23: Any, c33: Any) -> Any:
    """Return gradient and bend of log(x)."""
    h = 1.0 / x
    l1 = x1 * h
    l2 = x2 * h
    l3 = x3 * h
    return l1, l2, l3, bend * h - 0.5 * over(l1, l2, l3, l1, l2, l3, c11, c12, c13, c22, c23, c33)


def weighed(a: Any, a1: Any, a2: Any, a3: Any, bend: Any, tau: Any, G: Any, C: Any,  # noqa: N803
            c11: Any, c12: Any, c13: Any, c22: Any, c23: Any, c33: Any) -> Any:
    """Return a (2 C + tau G) / (tau G + C)^2, with gradient and bend."""
    d = 1.0 / (tau * G + C)
    t = tau * d
    w = (2.0 * C + tau * G) * d * d
    w1 = -t * (tau * G + 3.0 * C) * d * d
    half = t * t * (tau * G + 4.0 * C) * d * d
    along = over(1.0, 1.0, 1.0, a1, a2, a3, c11, c12, c13, c22, c23, c33)
    each = over(1.0, 1.0, 1.0, 1.0, 1.0, 1.0, c11, c12, c13, c22, c23, c33)
    return w * a, w * a1 + w1 * a, w * a2 + w1 * a, w * a3 + w1 * a, w * bend + w1 * along + half * a * each


def arriving(g1: Any, g2: Any, g3: Any, q1: Any, q2: Any, q3: Any, l_e: Any, l_i: Any, ee: Any, ei: Any, ie: Any, ii: Any,
             tau1: Any, tau2: Any, tau3: Any, G: Any, C: Any,  # noqa: N803
             c11: Any, c12: Any, c13: Any, c22: Any, c23: Any, c33: Any) -> Any:
    """Return log gradients and bends of n = sum q g L^2 and s = sum q g L^2 (2 C + tau G) / (tau G + C)^2, after both values."""
    l_l = over(ee, ee, ei, ee, ee, ei, c11, c12, c13, c22, c23, c33)
    k_k = over(ie, ie, ii, ie, ie, ii, c11, c12, c13, c22, c23, c33)
    e = l_e * l_e
    i = l_i * l_i
    a = q1 * l_e
    b = q2 * l_e
    c = q3 * l_i
    a1 = a * (l_e + 2.0 * g1 * ee)
    a2 = a * (2.0 * g1 * ee)
    a3 = a * (2.0 * g1 * ei)
    b1 = b * (2.0 * g2 * ee)
    b2 = b * (l_e + 2.0 * g2 * ee)
    b3 = b * (2.0 * g2 * ei)
    i1 = c * (2.0 * g3 * ie)
    i3 = c * (l_i + 2.0 * g3 * ii)
    bend_a = q1 * g1 * l_l + 2.0 * a * (c11 * ee + c12 * ee + c13 * ei)
    bend_b = q2 * g2 * l_l + 2.0 * b * (c12 * ee + c22 * ee + c23 * ei)
    bend_c = q3 * g3 * k_k + 2.0 * c * (c13 * ie + c23 * ie + c33 * ii)
    n = q1 * g1 * e + q2 * g2 * e + q3 * g3 * i
    n1, n2, n3, n_bend = logs(n, a1 + b1 + i1, a2 + b2 + i1, a3 + b3 + i3, bend_a + bend_b + bend_c, c11, c12, c13, c22, c23, c33)
    r, r1, r2, r3, r_bend = weighed(q1 * g1 * e, a1, a2, a3, bend_a, tau1, G, C, c11, c12, c13, c22, c23, c33)
    s, s1, s2, s3, s_bend = weighed(q2 * g2 * e, b1, b2, b3, bend_b, tau2, G, C, c11, c12, c13, c22, c23, c33)
    t, t1, t2, t3, t_bend = weighed(q3 * g3 * i, i1, i1, i3, bend_c, tau3, G, C, c11, c12, c13, c22, c23, c33)
    all_ = r + s + t
    v1, v2, v3, v_bend = logs(all_, r1 + s1 + t1, r2 + s2 + t2, r3 + s3 + t3, r_bend + s_bend + t_bend, c11, c12, c13, c22, c23, c33)
    return n, n1, n2, n3, n_bend, all_, v1, v2, v3, v_bend


def transfer(p: Any, g1: Any, g2: Any, g3: Any, q1: Any, q2: Any, q3: Any, tau1: Any, tau2: Any, tau3: Any, C: Any, g_L: Any,  # noqa: N803
             E_L: Any, alpha: Any, half: Any, share: Any, c0: Any, cm: Any, cs: Any, ct: Any, cg: Any,  # noqa: N803
             c11: Any, c12: Any, c13: Any, c22: Any, c23: Any, c33: Any) -> Any:
    """Return the rate of cells, kHz, its gradient by two excitatory and one inhibitory conductance, nS, and its bend."""
    ee = p.E_e * -1.718281828459045
    ei = p.E_e - 2.718281828459045 * p.E_i
    ie = p.E_i - 2.718281828459045 * p.E_e
    ii = p.E_i * -1.718281828459045
    G = g_L + g1 + g2 + g3  # noqa: N806
    h = 1.0 / G
    mu = 2.718281828459045 * ((g1 + g2) * p.E_e + g3 * p.E_i + g_L * E_L) * h
    n, n1, n2, n3, n_bend, s, s1, s2, s3, s_bend = arriving(
        g1, g2, g3, q1, q2, q3, (p.E_e - mu) * G, (p.E_i - mu) * G, ee, ei, ie, ii, tau1, tau2, tau3, G, C, c11, c12, c13, c22, c23, c33)
    each = over(1.0, 1.0, 1.0, 1.0, 1.0, 1.0, c11, c12, c13, c22, c23, c33) * h * h
    m1 = (2.718281828459045 * p.E_e - mu) * h
    m3 = (2.718281828459045 * p.E_i - mu) * h
    m_bend = -over(1.0, 1.0, 1.0, m1, m1, m3, c11, c12, c13, c22, c23, c33) * h
    # t: logarithm of T_V = 2 n / (s G); d: that of sigma_V = sqrt(s / G^3).
    tau = 2.0 * n / s * h
    t1 = n1 - s1 - h
    t2 = n2 - s2 - h
    t3 = n3 - s3 - h
    t_t = 0.5 * over(t1, t2, t3, t1, t2, t3, c11, c12, c13, c22, c23, c33)
    t_bend = n_bend - s_bend + 0.5 * each
    sigma = sqrt(s * h) * h
    d1 = 0.5 * s1 - 1.5 * h
    d2 = 0.5 * s2 - 1.5 * h
    d3 = 0.5 * s3 - 1.5 * h
    d_bend = 0.5 * s_bend + 0.75 * each + 0.5 * over(d1, d2, d3, d1, d2, d3, c11, c12, c13, c22, c23, c33)
    far = c0 + cm * (mu + 60.0) + cs * (sigma - 4.0) + ct * (tau - half) + cg * log(G * share) - mu
    one = 0.7071067811865476 / sigma
    z = far * one
    by_s = cs * sigma
    by_t = ct * tau
    z1 = ((cm - 1.0) * m1 + by_s * d1 + by_t * t1 + cg * h) * one - z * d1
    z2 = ((cm - 1.0) * m1 + by_s * d2 + by_t * t2 + cg * h) * one - z * d2
    z3 = ((cm - 1.0) * m3 + by_s * d3 + by_t * t3 + cg * h) * one - z * d3
    z_bend = (((cm - 1.0) * m_bend + by_s * d_bend + by_t * (t_bend + t_t) - 0.5 * cg * each) * one - z * d_bend
              - over(d1, d2, d3, z1, z2, z3, c11, c12, c13, c22, c23, c33))
    f = alpha * 0.5 / tau * erfc(z)
    e = alpha * 0.5 / tau * 1.1283791670955126 * exp(-z * z)
    bend = (e * (z * over(z1, z2, z3, z1, z2, z3, c11, c12, c13, c22, c23, c33) - z_bend
                 + over(z1, z2, z3, t1, t2, t3, c11, c12, c13, c22, c23, c33)) + f * (t_t - t_bend))
    return f, -e * z1 - f * t1, -e * z2 - f * t2, -e * z3 - f * t3, bend


def felt(nu: Any) -> Any:
    """Return a rate, kHz, that is not quite silent."""
    return maximum(nu, 1e-12)


def two(p: Any, nu_e: Any, nu_i: Any, k_e: Any, k_i: Any, q_e: Any, q_i: Any, tau_e: Any, tau_i: Any, C: Any, g_L: Any, E_L: Any,  # noqa: N803
        alpha: Any, half: Any, share: Any, c0: Any, cm: Any, cs: Any, ct: Any, cg: Any, c_ee: Any, c_ei: Any, c_ii: Any) -> Any:
    """Return rate, derivatives by the rates of both sources, and bend."""
    f, by_e, _, by_i, bend = transfer(p, k_e * felt(nu_e), 0.0, k_i * felt(nu_i), q_e, 0.0, q_i, tau_e, tau_e, tau_i, C, g_L, E_L, alpha,
                                      half, share, c0, cm, cs, ct, cg, k_e * k_e * c_ee, 0.0, k_e * k_i * c_ei, 0.0, 0.0, k_i * k_i * c_ii)
    return f, k_e * by_e, k_i * by_i, bend


def slope(x: Any, p: Any, c: Any, u: Any) -> Any:
    """Return the derivatives of the four rates, then of the fifteen covariances."""
    more = c.mossy + u.mossy
    parallel = c.parallel + u.parallel
    mossy = felt(p.mossy + more)
    r, r_m, r_o, r_bend = two(p, p.mossy + p.mossy_to_GrC * more, x.GoC, p.k_mossy_GrC, p.k_GoC_GrC, p.q_mossy_GrC, p.q_GoC_GrC,
                              p.tau_mossy_GrC, p.tau_GoC_GrC, p.C_m_GrC, p.g_L_GrC, p.E_L_GrC, p.alpha_GrC, p.half_GrC, 1.0 / p.g_L_GrC,
                              p.GrC_0, p.GrC_m, p.GrC_s, p.GrC_t, p.GrC_g, x.C_mossy_mossy, x.C_mossy_GoC, x.C_GoC_GoC)
    k_m = p.k_mossy_GoC
    k_r = p.k_GrC_GoC
    k_o = p.k_GoC_GoC
    o, g_m, g_r, g_o, o_bend = transfer(
        p, k_m * felt(p.mossy + p.mossy_to_GoC * more), k_r * felt(x.GrC + p.parallel_to_GoC * parallel), k_o * felt(x.GoC), p.q_mossy_GoC,
        p.q_GrC_GoC, p.q_GoC_GoC, p.tau_mossy_GoC, p.tau_GrC_GoC, p.tau_GoC_GoC, p.C_m_GoC, p.g_L_GoC, p.E_L_GoC, p.alpha_GoC, p.half_GoC,
        1.0 / p.g_L_GoC, p.GoC_0, p.GoC_m, p.GoC_s, p.GoC_t, p.GoC_g, k_m * k_m * x.C_mossy_mossy, k_m * k_r * x.C_mossy_GrC,
        k_m * k_o * x.C_mossy_GoC, k_r * k_r * x.C_GrC_GrC, k_r * k_o * x.C_GrC_GoC, k_o * k_o * x.C_GoC_GoC)
    o_m = k_m * g_m
    o_r = k_r * g_r
    o_o = k_o * g_o
    i, i_r, i_i, i_bend = two(p, x.GrC + p.parallel_to_MLI * parallel, x.MLI, p.k_GrC_MLI, p.k_MLI_MLI, p.q_GrC_MLI, p.q_MLI_MLI,
                              p.tau_GrC_MLI, p.tau_MLI_MLI, p.C_m_MLI, p.g_L_MLI, p.E_L_MLI, p.alpha_MLI, p.half_MLI, 1.0 / p.g_L_MLI,
                              p.MLI_0, p.MLI_m, p.MLI_s, p.MLI_t, p.MLI_g, x.C_GrC_GrC, x.C_GrC_MLI, x.C_MLI_MLI)
    f, f_r, f_i, f_bend = two(p, x.GrC + p.parallel_to_PC * parallel, x.MLI, p.k_GrC_PC, p.k_MLI_PC, p.q_GrC_PC, p.q_MLI_PC, p.tau_GrC_PC,
                              p.tau_MLI_PC, p.C_m_PC, p.g_L_PC, p.E_L_PC, p.alpha_PC, p.half_PC, 1.0 / p.g_L_PC, p.PC_0, p.PC_m, p.PC_s,
                              p.PC_t, p.PC_g, x.C_GrC_GrC, x.C_GrC_MLI, x.C_MLI_MLI)
    off_r = r - x.GrC
    off_o = o - x.GoC
    off_i = i - x.MLI
    off_f = f - x.PC
    one = 1.0 / p.T
    return ((off_r + r_bend) * one, (off_o + o_bend) * one, (off_i + i_bend) * one, (off_f + f_bend) * one,
            (r * (one - r) * (1.0 / p.N_GrC) + off_r * off_r + 2.0 * (r_m * x.C_mossy_GrC + r_o * x.C_GrC_GoC - x.C_GrC_GrC)) * one,
            (off_r * off_o + r_m * x.C_mossy_GoC + r_o * x.C_GoC_GoC + o_m * x.C_mossy_GrC + o_r * x.C_GrC_GrC + o_o * x.C_GrC_GoC
             - 2.0 * x.C_GrC_GoC) * one,
            (off_r * off_i + r_m * x.C_mossy_MLI + r_o * x.C_GoC_MLI + i_r * x.C_GrC_GrC + i_i * x.C_GrC_MLI - 2.0 * x.C_GrC_MLI) * one,
            (off_r * off_f + r_m * x.C_mossy_PC + r_o * x.C_GoC_PC + f_r * x.C_GrC_GrC + f_i * x.C_GrC_MLI - 2.0 * x.C_GrC_PC) * one,
            (o * (one - o) * (1.0 / p.N_GoC) + off_o * off_o
             + 2.0 * (o_m * x.C_mossy_GoC + o_r * x.C_GrC_GoC + o_o * x.C_GoC_GoC - x.C_GoC_GoC)) * one,
            (off_o * off_i + o_m * x.C_mossy_MLI + o_r * x.C_GrC_MLI + o_o * x.C_GoC_MLI + i_r * x.C_GrC_GoC + i_i * x.C_GoC_MLI
             - 2.0 * x.C_GoC_MLI) * one,
            (off_o * off_f + o_m * x.C_mossy_PC + o_r * x.C_GrC_PC + o_o * x.C_GoC_PC + f_r * x.C_GrC_GoC + f_i * x.C_GoC_MLI
             - 2.0 * x.C_GoC_PC) * one,
            (i * (one - i) * (1.0 / p.N_MLI) + off_i * off_i + 2.0 * (i_r * x.C_GrC_MLI + i_i * x.C_MLI_MLI - x.C_MLI_MLI)) * one,
            (off_i * off_f + i_r * x.C_GrC_PC + i_i * x.C_MLI_PC + f_r * x.C_GrC_MLI + f_i * x.C_MLI_MLI - 2.0 * x.C_MLI_PC) * one,
            (f * (one - f) * (1.0 / p.N_PC) + off_f * off_f + 2.0 * (f_r * x.C_GrC_PC + f_i * x.C_MLI_PC - x.C_PC_PC)) * one,
            (mossy * (one - mossy) * (1.0 / p.N_mossy) - 2.0 * x.C_mossy_mossy) * one,
            (r_m * x.C_mossy_mossy + r_o * x.C_mossy_GoC - 2.0 * x.C_mossy_GrC) * one,
            (o_m * x.C_mossy_mossy + o_r * x.C_mossy_GrC + o_o * x.C_mossy_GoC - 2.0 * x.C_mossy_GoC) * one,
            (i_r * x.C_mossy_GrC + i_i * x.C_mossy_MLI - 2.0 * x.C_mossy_MLI) * one,
            (f_r * x.C_mossy_GrC + f_i * x.C_mossy_MLI - 2.0 * x.C_mossy_PC) * one)


def rate(x: Any, p: Any, c: Any, u: Any) -> Any:
    """Return the rate of the Purkinje cells, Hz."""
    return 1000.0 * x.PC


def from_rate(r: Any, p: Any) -> Any:
    """Return PC, kHz, where the rate is given."""
    return 0.001 * r


def valid(x: Any, p: Any) -> Any:
    """Return where no cell fires more than once in T, and granule cells as mossy fibres of at most 70 Hz let them."""
    return (x.GrC <= 0.0082) & (x.GoC * p.T < 1.0) & (x.MLI * p.T < 1.0) & (x.PC * p.T < 1.0)


def derived(values: Mapping[str, Array]) -> Mapping[str, Array]:
    """Add what the first order works out."""
    return {} if FIRST.derived is None else FIRST.derived(values)


_AMONG = [(a[0], b[0]) for k, a in enumerate(CELLS) for b in CELLS[k:]]
_WITH_MOSSY = [("mossy", each) for each in ("mossy", *(cell[0] for cell in CELLS))]

MODEL = Model(
    name="cerebellum_second_order",
    about="Rates of granule, Golgi and Purkinje cells and of interneurons of the cerebellar cortex, and their covariance.",
    source="Lorenzi et al. 2023, PLoS Comput Biol 19:e1011434; El Boustani & Destexhe 2009, Neural Comput 21:46, eq. 3.16",
    parameters=(*FIRST.parameters, *(Parameter(f"N_{cell[0]}", "1", cell[-1], f"number of {cell[0]}", above=0.0) for cell in CELLS),
                Parameter("N_mossy", "1", 2336.0, "number of mossy fibres", above=0.0)),
    state=(*FIRST.state, *(Variable(f"C_{a}_{b}", "kHz^2", f"covariance of {a} and {b}" if a != b else f"variance of {a}", 0.0,
                                    (0.0, 1e-6)) for a, b in (*_AMONG, *_WITH_MOSSY))),
    sends=FIRST.sends,
    receives=FIRST.receives,
    inputs=FIRST.inputs,
    slope=slope,
    rate=rate,
    rate_about=FIRST.rate_about,
    from_rate=from_rate,
    derived=derived,
    presets=FIRST.presets,
    valid=valid,
    valid_about=FIRST.valid_about,
)
