"""The Jansen-Rit model of a cortical column.

    y0'' = A a S(y1 - y2) - 2 a y0' - a^2 y0
    y1'' = A a (mu + c + a_2 J S(a_1 J y0)) - 2 a y1' - a^2 y1
    y2'' = B b a_4 J S(a_3 J y0) - 2 b y2' - b^2 y2
    S(v) = 2 nu_max / (1 + exp(r (v0 - v)))

y3, y4 and y5 are the derivatives of y0, y1 and y2; all rates are 1/ms, where the papers have 1/s.
Source: Jansen & Rit 1995, Biol Cybern 73:357; Grimbert & Faugeras 2006, Neural Comput 18:3052, whose v0 is 6 mV.
"""

from __future__ import annotations

from typing import Any

from cosim.models.language.functions import exp
from cosim.models.wholebrain.language.model import Input, Model, Parameter, Received, Sent, Variable


def firing(v: Any, p: Any) -> Any:
    """Return the firing of a population at a mean potential, 1/ms."""
    return 2.0 * p.nu_max / (1.0 + exp(p.r * (p.v0 - v)))


def slope(x: Any, p: Any, c: Any, u: Any) -> Any:
    """Return the derivatives of y0 to y5."""
    pyramidal = firing(x.y1 - x.y2, p)
    excitatory = firing(p.a_1 * p.J * x.y0, p)
    inhibitory = firing(p.a_3 * p.J * x.y0, p)
    given = p.mu + p.a_2 * p.J * excitatory + c.firing + u.firing
    y3 = p.A * p.a * pyramidal - 2.0 * p.a * x.y3 - p.a * p.a * x.y0
    y4 = p.A * p.a * given - 2.0 * p.a * x.y4 - p.a * p.a * x.y1
    y5 = p.B * p.b * (p.a_4 * p.J * inhibitory) - 2.0 * p.b * x.y5 - p.b * p.b * x.y2
    return x.y3, x.y4, x.y5, y3, y4, y5


def sent(x: Any, p: Any) -> Any:
    """Return the firing of the pyramidal cells, y1 and y2."""
    return firing(x.y1 - x.y2, p), x.y1, x.y2


def rate(x: Any, p: Any, c: Any, u: Any) -> Any:
    """Return the rate of the pyramidal cells, Hz."""
    return 1000.0 * firing(x.y1 - x.y2, p)


def from_rate(r: Any, p: Any) -> Any:
    """Return the firing, 1/ms, that a rate in Hz is."""
    return 0.001 * r


MODEL = Model(
    name="jansen_rit",
    about="Jansen-Rit column: pyramidal cells, excitatory and inhibitory interneurons; alpha rhythm.",
    source="Jansen & Rit 1995, Biol Cybern 73:357; Grimbert & Faugeras 2006, Neural Comput 18:3052",
    parameters=(
        Parameter("A", "mV", 3.25, "largest excitatory postsynaptic potential"),
        Parameter("B", "mV", 22.0, "largest inhibitory postsynaptic potential"),
        Parameter("a", "1/ms", 0.1, "rate of excitatory synapses", above=0.0),
        Parameter("b", "1/ms", 0.05, "rate of inhibitory synapses", above=0.0),
        Parameter("v0", "mV", 5.52, "potential at which half of the largest firing is reached"),
        Parameter("nu_max", "1/ms", 0.0025, "half of the largest firing, as in the papers (e0)", above=0.0),
        Parameter("r", "1/mV", 0.56, "steepness of the sigmoid"),
        Parameter("J", "1", 135.0, "mean number of synapses"),
        Parameter("a_1", "1", 1.0, "share of J from pyramidal to excitatory cells"),
        Parameter("a_2", "1", 0.8, "share of J from excitatory to pyramidal cells"),
        Parameter("a_3", "1", 0.25, "share of J from pyramidal to inhibitory cells"),
        Parameter("a_4", "1", 0.25, "share of J from inhibitory to pyramidal cells"),
        Parameter("mu", "1/ms", 0.22, "mean firing that enters from outside (p of the papers)"),
    ),
    state=(Variable("y0", "mV", "potential that pyramidal cells evoke in the interneurons, for one synapse", 0.0, (0.0, 0.15)),
           Variable("y1", "mV", "excitatory potential of the pyramidal cells", 0.0, (0.0, 40.0)),
           Variable("y2", "mV", "inhibitory potential of the pyramidal cells", 0.0, (0.0, 30.0)),
           Variable("y3", "mV/ms", "derivative of y0", 0.0, (-0.01, 0.01)),
           Variable("y4", "mV/ms", "derivative of y1", 0.0, (-1.0, 1.0)),
           Variable("y5", "mV/ms", "derivative of y2", 0.0, (-1.0, 1.0))),
    sends=(Sent("firing", "1/ms", "firing of the pyramidal cells"), Sent("y1", "mV", "excitatory potential of the pyramidal cells"),
           Sent("y2", "mV", "inhibitory potential of the pyramidal cells")),
    receives=(Received("firing", "1/ms", "added to mu", "firing"),),
    inputs=(Input("firing", "1/ms", "added to mu"),),
    slope=slope,
    sent=sent,
    rate=rate,
    rate_about="mean firing rate of the pyramidal cells",
    from_rate=from_rate,
    presets={"tvb": {"v0": 5.52, "mu": 0.22}, "grimbert_faugeras_2006": {"v0": 6.0, "mu": 0.22}},
)
