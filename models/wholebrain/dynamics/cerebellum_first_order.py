"""The mean field of the cerebellar cortex, first order: mean rates of granule, Golgi and Purkinje cells and of interneurons.

    T nu' = F(rates of the sources) - nu,    F = alpha / (2 T_V) erfc((V_thre - mu_V) / (sqrt(2) sigma_V))

Mossy fibres excite granule and Golgi cells, granule cells all others through parallel fibres; Golgi cells inhibit granule cells and
each other, interneurons of the molecular layer (MLI) each other and Purkinje cells (PC). Rates are in kHz.

The moments are those of alpha-shaped conductances **as the authors code them**: the total conductance lacks the factor e of the area of an
alpha function, and in the mean potential e multiplies the leak too, mu_V = e (sum g_s E_s + g_L E_L) / (g_L + sum g_s). At rest mu_V is
then e E_L, some -160 mV. The thresholds were fitted with these moments and only go with them; so it is kept. alpha is 5 for MLI and PC, as
their code runs, while the names of their fits say 1.8 and 2.5.

Source: Lorenzi et al. 2023, PLoS Comput Biol 19:e1011434, equations 1 to 11 and tables 1 to 3, and its code, RobertaMLo/CRBL_MF.
Where all sources of a population are silent nothing varies and F has no value: rates below 10^-9 Hz count as 10^-9 Hz.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cosim.models.language.functions import erfc, log, maximum, sqrt
from cosim.models.wholebrain.language.model import Array, Input, Model, Parameter, Received, Sent, Variable, family


def variance(g: Any, q: Any, tau: Any, pull: Any, h: Any, t_m: Any) -> Any:
    """Return what one source adds to the variance, mV^2.

    It is given by its mean conductance, e^2 Q tau / 4, time constant and distance from the mean potential to its reversal potential, with
    1 / G and C / G.
    """
    both = tau + t_m
    return g * q * (pull * h) * (pull * h) * ((t_m + both) / (both * both))


def area(g: Any, q: Any, pull: Any, h: Any) -> Any:
    """Return what one source adds to the squared area of what arrives, over 4, mV^2 ms."""
    return g * q * (pull * h) * (pull * h)


def fired(G: Any, mu: Any, s: Any, n: Any, alpha: Any, half: Any, share: Any, c0: Any, cm: Any, cs: Any, ct: Any, cg: Any) -> Any:  # noqa: N803
    """Return the rate, kHz, given conductance, mean potential, variance, area of what arrives; half of C / g_L, and 1 / g_L."""
    sigma = sqrt(s)
    tau = 2.0 * n / s
    v = c0 + cm * (mu + 60.0) + cs * (sigma - 4.0) + ct * (tau - half) + cg * log(G * share)
    return alpha * 0.5 / tau * erfc((v - mu) / (1.4142135623730951 * sigma))


def two(p: Any, g_e: Any, g_i: Any, q_e: Any, q_i: Any, tau_e: Any, tau_i: Any, C: Any, g_L: Any, E_L: Any, alpha: Any,  # noqa: N803
        half: Any, share: Any, c0: Any, cm: Any, cs: Any, ct: Any, cg: Any) -> Any:
    """Return the rate, kHz, of cells with one excitatory and one inhibitory source of these mean conductances, nS."""
    G = g_L + g_e + g_i  # noqa: N806
    h = 1.0 / G
    mu = 2.718281828459045 * (g_e * p.E_e + g_i * p.E_i + g_L * E_L) * h
    s = variance(g_e, q_e, tau_e, p.E_e - mu, h, C * h) + variance(g_i, q_i, tau_i, p.E_i - mu, h, C * h)
    return fired(G, mu, s, area(g_e, q_e, p.E_e - mu, h) + area(g_i, q_i, p.E_i - mu, h), alpha, half, share, c0, cm, cs, ct, cg)


def three(p: Any, g_m: Any, g_g: Any, g_i: Any) -> Any:
    """Return the rate, kHz, of Golgi cells, given the mean conductances from mossy fibres, granule and Golgi cells, nS."""
    G = p.g_L_GoC + g_m + g_g + g_i  # noqa: N806
    h = 1.0 / G
    t_m = p.C_m_GoC * h
    mu = 2.718281828459045 * ((g_m + g_g) * p.E_e + g_i * p.E_i + p.g_L_GoC * p.E_L_GoC) * h
    s = (variance(g_m, p.q_mossy_GoC, p.tau_mossy_GoC, p.E_e - mu, h, t_m) + variance(g_g, p.q_GrC_GoC, p.tau_GrC_GoC, p.E_e - mu, h, t_m)
         + variance(g_i, p.q_GoC_GoC, p.tau_GoC_GoC, p.E_i - mu, h, t_m))
    n = area(g_m, p.q_mossy_GoC, p.E_e - mu, h) + area(g_g, p.q_GrC_GoC, p.E_e - mu, h) + area(g_i, p.q_GoC_GoC, p.E_i - mu, h)
    return fired(G, mu, s, n, p.alpha_GoC, p.half_GoC, 1.0 / p.g_L_GoC, p.GoC_0, p.GoC_m, p.GoC_s, p.GoC_t, p.GoC_g)


def felt(nu: Any) -> Any:
    """Return a rate, kHz, that is not quite silent."""
    return maximum(nu, 1e-12)


def slope(x: Any, p: Any, c: Any, u: Any) -> Any:
    """Return the derivatives of GrC, GoC, MLI and PC."""
    mossy = c.mossy + u.mossy
    parallel = c.parallel + u.parallel
    goc = felt(x.GoC)
    mli = felt(x.MLI)
    grc = two(p, p.k_mossy_GrC * felt(p.mossy + p.mossy_to_GrC * mossy), p.k_GoC_GrC * goc, p.q_mossy_GrC, p.q_GoC_GrC, p.tau_mossy_GrC,
              p.tau_GoC_GrC, p.C_m_GrC, p.g_L_GrC, p.E_L_GrC, p.alpha_GrC, p.half_GrC, 1.0 / p.g_L_GrC, p.GrC_0, p.GrC_m, p.GrC_s, p.GrC_t,
              p.GrC_g)
    f_goc = three(p, p.k_mossy_GoC * felt(p.mossy + p.mossy_to_GoC * mossy), p.k_GrC_GoC * felt(x.GrC + p.parallel_to_GoC * parallel),
                  p.k_GoC_GoC * goc)
    f_mli = two(p, p.k_GrC_MLI * felt(x.GrC + p.parallel_to_MLI * parallel), p.k_MLI_MLI * mli, p.q_GrC_MLI, p.q_MLI_MLI, p.tau_GrC_MLI,
                p.tau_MLI_MLI, p.C_m_MLI, p.g_L_MLI, p.E_L_MLI, p.alpha_MLI, p.half_MLI, 1.0 / p.g_L_MLI, p.MLI_0, p.MLI_m, p.MLI_s,
                p.MLI_t, p.MLI_g)
    pc = two(p, p.k_GrC_PC * felt(x.GrC + p.parallel_to_PC * parallel), p.k_MLI_PC * mli, p.q_GrC_PC, p.q_MLI_PC, p.tau_GrC_PC,
             p.tau_MLI_PC, p.C_m_PC, p.g_L_PC, p.E_L_PC, p.alpha_PC, p.half_PC, 1.0 / p.g_L_PC, p.PC_0, p.PC_m, p.PC_s, p.PC_t, p.PC_g)
    one = 1.0 / p.T
    return (grc - x.GrC) * one, (f_goc - x.GoC) * one, (f_mli - x.MLI) * one, (pc - x.PC) * one


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
    """Add conductances per rate, e^2 Q tau / 4, half of C / g_L, and the thresholds in mV of quantities in mV and ms."""
    v = values
    out: dict[str, Array] = {}
    for name, *_ in SYNAPSES:
        charge = v[f"Q_{name}"] * v[f"tau_{name}"]
        out |= {f"k_{name}": v[f"K_{name}"] * charge, f"q_{name}": 2.718281828459045 * 2.718281828459045 * 0.25 * charge}
    for name, *_ in CELLS:
        scales: tuple[float | Array, ...] = (1e3, 1e2, 1e3 / 6.0, 1e3 * v[f"g_L_{name}"] / v[f"C_m_{name}"], 1e3)
        out[f"half_{name}"] = 0.5 * v[f"C_m_{name}"] / v[f"g_L_{name}"]
        out |= {f"{name}_{term}": s * v[f"P_{name}_{k}"] for k, (term, s) in enumerate(zip("0mstg", scales, strict=True))}
    return out


# Name; leak conductance, its reversal potential, capacitance; alpha; coefficients of the threshold; number of cells.
CELLS = (
    ("GrC", 0.2899, -62.0, 7.0, 2.0, (-0.4257668171, 0.006907239, 0.0226774157, 0.481953868, 0.2162020132), 28615.0),
    ("GoC", 3.2955, -62.0, 145.0, 1.3, (-0.1439093113, 0.0039331886, 0.0114113179, 0.0312578655, 0.0106887142), 70.0),
    ("MLI", 1.6, -68.0, 14.6, 5.0, (-0.1278835884, -0.0012298669, 0.0121505968, -0.0931119366, -0.0631832844), 446.0),
    ("PC", 7.1064, -59.0, 334.0, 5.0, (-0.0799993322, 0.0084720043, 0.0042341723, 0.0062240391, 0.0137617122), 99.0),
)
# From and to; number of synapses K, conductance Q of one, its time constant.
SYNAPSES = (("mossy_GrC", 4.0, 0.23, 1.9), ("GoC_GrC", 2.5, 0.336, 4.5), ("mossy_GoC", 35.0, 0.24, 5.0), ("GrC_GoC", 501.98, 0.437, 1.25),
            ("GoC_GoC", 16.2, 1.12, 5.0), ("GrC_MLI", 243.96, 0.154, 0.64), ("MLI_MLI", 14.2, 0.532, 2.0), ("GrC_PC", 374.5, 1.126, 1.1),
            ("MLI_PC", 10.28, 1.244, 2.8))

MODEL = Model(
    name="cerebellum_first_order",
    about="Mean rates of granule, Golgi and Purkinje cells and of interneurons of the cerebellar cortex.",
    source="Lorenzi et al. 2023, PLoS Comput Biol 19:e1011434",
    parameters=(
        *(each for name, g_l, e_l, c_m, alpha, fit, _ in CELLS for each in (
            Parameter(f"g_L_{name}", "nS", g_l, f"leak conductance of {name}", above=0.0),
            Parameter(f"E_L_{name}", "mV", e_l, f"reversal potential of the leak of {name}"),
            Parameter(f"C_m_{name}", "pF", c_m, f"capacitance of the membrane of {name}", above=0.0),
            Parameter(f"alpha_{name}", "1", alpha, f"factor before the rate of {name}", above=0.0),
            *family(f"P_{name}", "V", fit, f"coefficient of the threshold of {name}"))),
        *(each for name, k, q, tau in SYNAPSES for each in (
            Parameter(f"K_{name}", "1", k, f"number of synapses {name.replace('_', ' to ')}", least=0.0),
            Parameter(f"Q_{name}", "nS", q, f"conductance of a synapse {name.replace('_', ' to ')}", above=0.0),
            Parameter(f"tau_{name}", "ms", tau, f"time constant of synapses {name.replace('_', ' to ')}", above=0.0))),
        Parameter("E_e", "mV", 0.0, "reversal potential of excitatory synapses"),
        Parameter("E_i", "mV", -80.0, "reversal potential of inhibitory synapses"),
        Parameter("T", "ms", 3.5, "time over which rates are counted", above=0.0),
        Parameter("mossy", "kHz", 0.004, "rate of mossy fibres, before what is received", least=0.0),
        Parameter("mossy_to_GrC", "1", 1.0, "share of what mossy fibres bring from other regions that granule cells get"),
        Parameter("mossy_to_GoC", "1", 1.0, "share of what mossy fibres bring from other regions that Golgi cells get"),
        Parameter("parallel_to_GoC", "1", 0.0, "share of what parallel fibres bring from other regions that Golgi cells get"),
        Parameter("parallel_to_MLI", "1", 0.0, "share of what parallel fibres bring from other regions that interneurons get"),
        Parameter("parallel_to_PC", "1", 0.0, "share of what parallel fibres bring from other regions that Purkinje cells get"),
    ),
    state=(Variable("GrC", "kHz", "rate of granule cells", 0.0005, (0.0, 0.005), 0.0),
           Variable("GoC", "kHz", "rate of Golgi cells", 0.005, (0.0, 0.05), 0.0),
           Variable("MLI", "kHz", "rate of interneurons of the molecular layer", 0.015, (0.01, 0.04), 0.0),
           Variable("PC", "kHz", "rate of Purkinje cells", 0.038, (0.03, 0.08), 0.0)),
    sends=(Sent("PC", "kHz", "rate of Purkinje cells, the only output of the cerebellar cortex; it inhibits the nuclei, which are no part "
                "of the model"),
           Sent("GrC", "kHz", "rate of granule cells"), Sent("GoC", "kHz", "rate of Golgi cells"),
           Sent("MLI", "kHz", "rate of interneurons")),
    receives=(Received("mossy", "kHz", "adds to the rate of mossy fibres", "PC"),
              Received("parallel", "kHz", "adds to the rate of granule cells as those feel it that parallel fibres excite", "GrC")),
    inputs=(Input("mossy", "kHz", "added to what mossy fibres bring"), Input("parallel", "kHz", "added to what parallel fibres bring")),
    slope=slope,
    rate=rate,
    rate_about="mean firing rate of the Purkinje cells",
    from_rate=from_rate,
    derived=derived,
    presets={"lorenzi_2023": {"mossy_to_GrC": 1.0},
             "lorenzi_2025": {"mossy_to_GrC": 0.97, "mossy_to_GoC": 0.03, "parallel_to_GoC": 0.14, "parallel_to_MLI": 0.55,
                              "parallel_to_PC": 0.31}},
    valid=valid,
    valid_about="granule cells fire at 8.2 Hz at most, as mossy fibres of 70 Hz make them, beyond which the authors do not trust the "
                "thresholds; all other rates are below 1/T",
)
