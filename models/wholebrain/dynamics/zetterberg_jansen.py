"""The Zetterberg-Jansen model: the Jansen-Rit column with inhibition among inhibitory cells and inputs to all three populations.

    v1'' = He ke (gamma_1 S(v2 - v3) + gamma_1T (U + S(c))) - 2 ke v1' - ke^2 v1         to the excitatory interneurons
    v2'' = He ke (gamma_2 S(v1) + gamma_2T (P + S(c))) - 2 ke v2' - ke^2 v2              excitation of the pyramidal cells
    v3'' = Hi ki gamma_4 S(v4 - v5) - 2 ki v3' - ki^2 v3                                 inhibition of the pyramidal cells
    v4'' = He ke (gamma_3 S(v2 - v3) + gamma_3T (Q + S(c))) - 2 ke v4' - ke^2 v4         excitation of the inhibitory cells
    v5'' = Hi ki gamma_5 S(v4 - v5) - 2 ki v5' - ki^2 v5                                 inhibition of the inhibitory cells
    v6' = y2 - y3,    v7' = y4 - y5,    S(v) = 2 e0 / (1 + exp(rho_1 (rho_2 - v)))

y1 to y5 are the derivatives of v1 to v5. The Virtual Brain has ke^2 v5 where ki^2 v5 stands here, as for every other synapse.
Source: Zetterberg, Kristiansson & Mossberg 1978, Biol Cybern 31:15; Spiegler et al. 2010, NeuroImage 52:1041.
"""

from __future__ import annotations

from typing import Any

from cosim.models.language.functions import exp
from cosim.models.wholebrain.language.model import Input, Model, Parameter, Received, Sent, Variable


def firing(v: Any, p: Any) -> Any:
    """Return the firing of a population at a mean potential, 1/ms."""
    return 2.0 * p.e0 / (1.0 + exp(p.rho_1 * (p.rho_2 - v)))


def slope(x: Any, p: Any, c: Any, u: Any) -> Any:
    """Return the derivatives of all state variables."""
    pyramidal = firing(x.v2 - x.v3, p)
    inhibitory = firing(x.v4 - x.v5, p)
    given = firing(c.v6, p)
    e = p.He * p.ke
    i = p.Hi * p.ki
    y1 = e * (p.gamma_1 * pyramidal + p.gamma_1T * (p.U + u.U + given)) - 2.0 * p.ke * x.y1 - p.ke * p.ke * x.v1
    y2 = e * (p.gamma_2 * firing(x.v1, p) + p.gamma_2T * (p.P + u.P + given)) - 2.0 * p.ke * x.y2 - p.ke * p.ke * x.v2
    y3 = i * (p.gamma_4 * inhibitory) - 2.0 * p.ki * x.y3 - p.ki * p.ki * x.v3
    y4 = e * (p.gamma_3 * pyramidal + p.gamma_3T * (p.Q + u.Q + given)) - 2.0 * p.ke * x.y4 - p.ke * p.ke * x.v4
    y5 = i * (p.gamma_5 * inhibitory) - 2.0 * p.ki * x.y5 - p.ki * p.ki * x.v5
    return x.y1, y1, x.y2, y2, x.y3, y3, x.y4, y4, x.y5, y5, x.y2 - x.y3, x.y4 - x.y5


def sent(x: Any, p: Any) -> Any:
    """Return v6 and the firing of the pyramidal cells."""
    return x.v6, firing(x.v2 - x.v3, p)


def rate(x: Any, p: Any, c: Any, u: Any) -> Any:
    """Return the rate of the pyramidal cells, Hz."""
    return 1000.0 * firing(x.v2 - x.v3, p)


MODEL = Model(
    name="zetterberg_jansen",
    about="Zetterberg-Jansen column: Jansen-Rit with inhibition among inhibitory cells.",
    source="Zetterberg, Kristiansson & Mossberg 1978, Biol Cybern 31:15; Spiegler et al. 2010, NeuroImage 52:1041",
    parameters=(
        Parameter("He", "mV", 3.25, "largest excitatory postsynaptic potential"),
        Parameter("Hi", "mV", 22.0, "largest inhibitory postsynaptic potential"),
        Parameter("ke", "1/ms", 0.1, "rate of excitatory synapses", above=0.0),
        Parameter("ki", "1/ms", 0.05, "rate of inhibitory synapses", above=0.0),
        Parameter("e0", "1/ms", 0.0025, "half of the largest firing", above=0.0),
        Parameter("rho_2", "mV", 6.0, "potential at which half of the largest firing is reached"),
        Parameter("rho_1", "1/mV", 0.56, "steepness of the sigmoid"),
        Parameter("gamma_1", "1", 135.0, "synapses from pyramidal to excitatory cells"),
        Parameter("gamma_2", "1", 108.0, "synapses from excitatory to pyramidal cells"),
        Parameter("gamma_3", "1", 33.75, "synapses from pyramidal to inhibitory cells"),
        Parameter("gamma_4", "1", 33.75, "synapses from inhibitory to pyramidal cells"),
        Parameter("gamma_5", "1", 15.0, "synapses among inhibitory cells"),
        Parameter("gamma_1T", "1", 1.0, "weight of what enters the excitatory interneurons from outside"),
        Parameter("gamma_2T", "1", 1.0, "weight of what enters the pyramidal cells from outside"),
        Parameter("gamma_3T", "1", 1.0, "weight of what enters the inhibitory cells from outside"),
        Parameter("P", "1/ms", 0.12, "firing that enters the pyramidal cells from outside"),
        Parameter("U", "1/ms", 0.12, "firing that enters the excitatory interneurons from outside"),
        Parameter("Q", "1/ms", 0.12, "firing that enters the inhibitory cells from outside"),
    ),
    state=(Variable("v1", "mV", "excitation of the excitatory interneurons", 0.0, (0.0, 40.0)),
           Variable("y1", "mV/ms", "derivative of v1", 0.0, (-1.0, 1.0)),
           Variable("v2", "mV", "excitation of the pyramidal cells", 0.0, (0.0, 40.0)),
           Variable("y2", "mV/ms", "derivative of v2", 0.0, (-1.0, 1.0)),
           Variable("v3", "mV", "inhibition of the pyramidal cells", 0.0, (0.0, 40.0)),
           Variable("y3", "mV/ms", "derivative of v3", 0.0, (-1.0, 1.0)),
           Variable("v4", "mV", "excitation of the inhibitory cells", 0.0, (0.0, 40.0)),
           Variable("y4", "mV/ms", "derivative of v4", 0.0, (-1.0, 1.0)),
           Variable("v5", "mV", "inhibition of the inhibitory cells", 0.0, (0.0, 40.0)),
           Variable("y5", "mV/ms", "derivative of v5", 0.0, (-1.0, 1.0)),
           Variable("v6", "mV", "potential of the pyramidal cells, v2 - v3 less that of the beginning", 0.0, (-20.0, 20.0)),
           Variable("v7", "mV", "potential of the inhibitory cells, v4 - v5 less that of the beginning", 0.0, (-20.0, 20.0))),
    sends=(Sent("v6", "mV", "potential of the pyramidal cells"), Sent("firing", "1/ms", "firing of the pyramidal cells")),
    receives=(Received("v6", "mV", "turned into firing, enters all three populations", "v6"),),
    inputs=(Input("P", "1/ms", "added to P"), Input("U", "1/ms", "added to U"), Input("Q", "1/ms", "added to Q")),
    slope=slope,
    sent=sent,
    rate=rate,
    rate_about="mean firing rate of the pyramidal cells",
)
