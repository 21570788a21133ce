"""The Larter-Breakspear model: a conductance-based population with slow inhibition, which can be chaotic.

    V' = t_scale (-(gCa + (1 - C) rNMDA aee Q_V + C rNMDA aee c) m_Ca (V - VCa) - gK W (V - VK) - gL (V - VL)
                  - (gNa m_Na + (1 - C) aee Q_V + C aee c) (V - VNa) - aie Z Q_Z + ane Iext)
    W' = t_scale phi (m_K - W) / tau_K
    Z' = t_scale b (ani Iext + aei V Q_V)
    m = (1 + tanh((V - T) / d)) / 2,    Q_V = QV_max (1 + tanh((V - VT) / d_V)) / 2,    Q_Z = QZ_max (1 + tanh((Z - ZT) / d_Z)) / 2

What is received should be a mean of Q_V over sources: weights whose rows sum to 1 and G = 1. All quantities are dimensionless; t_scale
says how many of the model's units of time there are in 1 ms.
Source: Breakspear, Terry & Friston 2003, Network 14:703; Larter et al. 1999, Chaos 9:795; Alstott et al. 2009, PLoS Comput Biol 5:e1000408.
"""

from __future__ import annotations

from typing import Any

from cosim.models.language.functions import tanh
from cosim.models.wholebrain.language.model import Input, Model, Parameter, Received, Sent, Variable


def opened(v: Any, threshold: Any, width: Any) -> Any:
    """Return a sigmoid between 0 and 1."""
    return 0.5 * (1.0 + tanh((v - threshold) / width))


def slope(x: Any, p: Any, c: Any, u: Any) -> Any:
    """Return the derivatives of V, W and Z."""
    q_v = p.QV_max * opened(x.V, p.VT, p.d_V)
    q_z = p.QZ_max * opened(x.Z, p.ZT, p.d_Z)
    excited = (1.0 - p.C) * p.aee * q_v + p.C * p.aee * c.Q
    calcium = (p.gCa + p.rNMDA * excited) * opened(x.V, p.TCa, p.d_Ca) * (x.V - p.VCa)
    sodium = (p.gNa * opened(x.V, p.TNa, p.d_Na) + excited) * (x.V - p.VNa)
    others = p.gK * x.W * (x.V - p.VK) + p.gL * (x.V - p.VL)
    v = p.ane * p.Iext + u.V - calcium - sodium - others - p.aie * x.Z * q_z
    w = p.phi * (opened(x.V, p.TK, p.d_K) - x.W) * (1.0 / p.tau_K)
    z = p.b * (p.ani * p.Iext + p.aei * x.V * q_v)
    return p.t_scale * v, p.t_scale * w, p.t_scale * z


def sent(x: Any, p: Any) -> Any:
    """Return the firing of the excitatory population and V."""
    return p.QV_max * opened(x.V, p.VT, p.d_V), x.V


MODEL = Model(
    name="larter_breakspear",
    about="Larter-Breakspear: conductance-based population with slow inhibition; limit cycles and chaos.",
    source="Breakspear, Terry & Friston 2003, Network 14:703; Larter et al. 1999, Chaos 9:795",
    parameters=(
        Parameter("gCa", "1", 1.1, "conductance of calcium channels"),
        Parameter("gK", "1", 2.0, "conductance of potassium channels"),
        Parameter("gL", "1", 0.5, "leak conductance"),
        Parameter("phi", "1", 0.7, "temperature factor of potassium channels", above=0.0),
        Parameter("gNa", "1", 6.7, "conductance of sodium channels"),
        Parameter("TK", "1", 0.0, "threshold of potassium channels"),
        Parameter("TCa", "1", -0.01, "threshold of calcium channels"),
        Parameter("TNa", "1", 0.3, "threshold of sodium channels"),
        Parameter("VCa", "1", 1.0, "reversal potential of calcium"),
        Parameter("VK", "1", -0.7, "reversal potential of potassium"),
        Parameter("VL", "1", -0.5, "reversal potential of the leak"),
        Parameter("VNa", "1", 0.53, "reversal potential of sodium"),
        Parameter("d_K", "1", 0.3, "width of the threshold of potassium channels", above=0.0),
        Parameter("tau_K", "1", 1.0, "time constant of potassium channels", above=0.0),
        Parameter("d_Na", "1", 0.15, "width of the threshold of sodium channels", above=0.0),
        Parameter("d_Ca", "1", 0.15, "width of the threshold of calcium channels", above=0.0),
        Parameter("aei", "1", 2.0, "weight from E to I"),
        Parameter("aie", "1", 2.0, "weight from I to E"),
        Parameter("b", "1", 0.1, "rate of the inhibitory population", above=0.0),
        Parameter("C", "1", 0.1, "share of excitation that comes from other regions", least=0.0, most=1.0),
        Parameter("ane", "1", 1.0, "weight of the unspecific input to E"),
        Parameter("ani", "1", 0.4, "weight of the unspecific input to I"),
        Parameter("aee", "1", 0.4, "weight from E to E"),
        Parameter("Iext", "1", 0.3, "unspecific input from below the cortex"),
        Parameter("rNMDA", "1", 0.25, "ratio of NMDA to AMPA receptors"),
        Parameter("VT", "1", 0.0, "threshold of excitatory neurons"),
        Parameter("d_V", "1", 0.65, "width of the threshold of excitatory neurons", above=0.0),
        Parameter("ZT", "1", 0.0, "threshold of inhibitory neurons"),
        Parameter("d_Z", "1", 0.7, "width of the threshold of inhibitory neurons", above=0.0),
        Parameter("QV_max", "1", 1.0, "largest firing of excitatory neurons", above=0.0),
        Parameter("QZ_max", "1", 1.0, "largest firing of inhibitory neurons", above=0.0),
        Parameter("t_scale", "1/ms", 1.0, "units of time of the model in 1 ms", above=0.0),
    ),
    state=(Variable("V", "1", "mean potential of the excitatory population", 0.0, (-1.5, 1.5)),
           Variable("W", "1", "open fraction of potassium channels", 0.0, (-1.5, 1.5)),
           Variable("Z", "1", "mean potential of the inhibitory population", 0.0, (-1.5, 1.5))),
    sends=(Sent("Q", "1", "firing of the excitatory population, Q_V"), Sent("V", "1", "mean potential of the excitatory population")),
    receives=(Received("Q", "1", "mean firing of other regions, weighted with C", "Q"),),
    inputs=(Input("V", "1", "current into the excitatory population"),),
    slope=slope,
    sent=sent,
    presets={"tvb": {"gCa": 1.1, "aee": 0.4, "d_V": 0.65, "d_Z": 0.7},
             "alstott_2009": {"gCa": 1.0, "aee": 0.36, "d_V": 0.65, "d_Z": 0.65}},
)
