"""The mean field of adaptive exponential neurons, first order: mean rates of an excitatory and an inhibitory population.

    T E' = F_e - E,    T I' = F_i - I
    W' = -W / tau_w + b nu + a (mu_V - E_L) / tau_w,    ou_drift' = -ou_drift / tau_OU
    F = erfc((V_thre - mu_V) / (sqrt(2) sigma_V)) / (2 T_V)

mu_V, sigma_V and T_V are mean, standard deviation and correlation time of the potential under shot noise, V_thre a polynomial of them that
was fitted to single neurons. Rates are in kHz.

Source: Zerlaut et al. 2018, J Comput Neurosci 44:45, equations 4 to 11; di Volo et al. 2019, Neural Comput 31:653, with adaptation; the
parameters of the default are those of The Virtual Brain. Stimuli are bounded below by 0 together with what other regions send.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cosim.models.language.functions import erfc, maximum, minimum, sqrt
from cosim.models.wholebrain.language.model import Array, Input, Model, Parameter, Received, Sent, Variable, family


def threshold(m: Any, s: Any, t: Any, c0: Any, cm: Any, cs: Any, ct: Any, cmm: Any, css: Any, ctt: Any, cms: Any, cmt: Any,
              cst: Any) -> Any:
    """Return the effective threshold, mV, from mean, standard deviation and correlation time, less those it was fitted around."""
    return c0 + m * (cm + cmm * m + cms * s + cmt * t) + s * (cs + css * s + cst * t) + t * (ct + ctt * t)


def moments(p: Any, g_e: Any, g_i: Any, W: Any, E_L: Any) -> Any:  # noqa: N803 (the names of the publication)
    """Return mean, standard deviation, mV, and correlation time, ms, of the potential, given mean synaptic conductances, nS."""
    h = 1.0 / (p.g_L + g_e + g_i)
    mu = (g_e * p.E_e + g_i * p.E_i + p.g_L * E_L - W) * h
    pull_e = h * (p.E_e - mu)
    pull_i = h * (p.E_i - mu)
    n_e = g_e * p.q_e * (pull_e * pull_e)
    n_i = g_i * p.q_i * (pull_i * pull_i)
    s = n_e / (p.tau_e + p.C_m * h) + n_i / (p.tau_i + p.C_m * h)
    return mu, sqrt(0.5 * s), (n_e + n_i) / s


def fired(mu: Any, sigma: Any, tau: Any, v: Any) -> Any:
    """Return the rate, kHz, of a potential of this mean, deviation and correlation time with this threshold."""
    return erfc((v - mu) / (1.4142135623730951 * sigma)) * 0.5 / tau


def populations(p: Any, E: Any, I: Any, W_e: Any, W_i: Any, drive: Any, more_e: Any, more_i: Any) -> Any:  # noqa: N803, E741
    """Return the rates that follow, kHz, and the mean potentials, mV, of both populations."""
    own_e = (E + 1e-6) * p.w_e
    own_i = (I + 1e-6) * p.w_i
    mu_e, sigma_e, tau_e = moments(p, own_e + p.k_e * (maximum(drive + more_e, 0.0) + p.external_input_ex_ex),
                                   own_i + p.k_i * p.external_input_ex_in, W_e, p.E_L_e)
    mu_i, sigma_i, tau_i = moments(p, own_e + p.k_e * (maximum(drive + more_i, 0.0) + p.external_input_in_ex),
                                   own_i + p.k_i * p.external_input_in_in, W_i, p.E_L_i)
    v_e = threshold(mu_e + 60.0, sigma_e - 4.0, tau_e - p.tau_half, p.e_0, p.e_m, p.e_s, p.e_t, p.e_mm, p.e_ss, p.e_tt, p.e_ms, p.e_mt,
                    p.e_st)
    v_i = threshold(mu_i + 60.0, sigma_i - 4.0, tau_i - p.tau_half, p.i_0, p.i_m, p.i_s, p.i_t, p.i_mm, p.i_ss, p.i_tt, p.i_ms, p.i_mt,
                    p.i_st)
    return fired(mu_e, sigma_e, tau_e, v_e), fired(mu_i, sigma_i, tau_i, v_i), mu_e, mu_i


def slope(x: Any, p: Any, c: Any, u: Any) -> Any:
    """Return the derivatives of E, I, W_e, W_i and ou_drift."""
    f_e, f_i, mu_e, mu_i = populations(p, x.E, x.I, x.W_e, x.W_i, c.E + p.weight_noise * x.ou_drift, u.E, u.I)
    return ((f_e - x.E) * (1.0 / p.T), (f_i - x.I) * (1.0 / p.T),
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
    """Add conductances per rate, and the polynomials in mV of quantities in mV and ms."""
    v = values
    q_e, q_i, halves = v["Q_e"] * v["tau_e"], v["Q_i"] * v["tau_i"], v["C_m"] / v["g_L"]
    scales = {"m": 0.1 * np.ones_like(q_e), "s": np.ones_like(q_e) / 6.0, "t": 1.0 / halves}
    out = {"q_e": q_e, "q_i": q_i, "k_e": q_e * v["K_ext_e"], "k_i": q_i * v["K_ext_i"], "tau_half": 0.5 * halves,
           "w_e": q_e * ((1.0 - v["g"]) * v["p_connect_e"] * v["N_tot"]), "w_i": q_i * (v["g"] * v["p_connect_i"] * v["N_tot"])}
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
    name="adex_first_order",
    about="Mean rates of excitatory and inhibitory adaptive exponential neurons, with adaptation.",
    source="Zerlaut et al. 2018, J Comput Neurosci 44:45; di Volo et al. 2019, Neural Comput 31:653",
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
    ),
    state=(Variable("E", "kHz", "rate of the excitatory population", 0.001, (0.0, 0.05), 0.0),
           Variable("I", "kHz", "rate of the inhibitory population", 0.001, (0.0, 0.05), 0.0),
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
             "kusch_2024": {f"P_{cell}_{k}": value for cell, fit in (("e", KUSCH_E), ("i", KUSCH_I)) for k, value in enumerate(fit)}},
    valid=valid,
    valid_about="both rates below 1/T, where a neuron fires at most once in T as the theory assumes, and below half of the highest rate "
                "that synaptic noise admits, 1 / (2 tau_syn), beyond which the mean potential is above threshold (a saturated state)",
)
