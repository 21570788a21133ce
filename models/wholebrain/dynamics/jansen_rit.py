"""The Jansen-Rit model of a cortical column: pyramidal cells, excitatory and inhibitory interneurons.

    y0'' = A a S(y1 - y2) - 2 a y0' - a^2 y0
    y1'' = A a (mu + a_2 J S(a_1 J y0) + c) - 2 a y1' - a^2 y1
    y2'' = B b a_4 J S(a_3 J y0) - 2 b y2' - b^2 y2,    S(v) = 2 nu_max / (1 + exp(r (v0 - v)))

Source: Jansen & Rit 1995, Biol Cybern 73:357, equations 6; parameters in ms as in The Virtual Brain, whose v0 is 5.52 mV, not 6.
"""

from __future__ import annotations

from typing import Any

from cosim.models.language.functions import exp
from cosim.models.wholebrain.language.model import Input, Model, Parameter, Received, Sent, Variable


def firing(p: Any, v: Any) -> Any:
    """Return the firing rate, 1/ms, at a potential in mV."""
    return 2.0 * p.nu_max / (1.0 + exp(p.r * (p.v0 - v)))


def slope(x: Any, p: Any, c: Any, u: Any) -> Any:
    """Return the derivatives of potentials and their slopes."""
    d3 = p.A * p.a * firing(p, x.y1 - x.y2) - 2.0 * p.a * x.y3 - p.a * p.a * x.y0
    d4 = p.A * p.a * (p.mu + p.a_2 * p.J * firing(p, p.a_1 * p.J * x.y0) + c.pulses + u.pulses) - 2.0 * p.a * x.y4 - p.a * p.a * x.y1
    d5 = p.B * p.b * (p.a_4 * p.J * firing(p, p.a_3 * p.J * x.y0)) - 2.0 * p.b * x.y5 - p.b * p.b * x.y2
    return x.y3, x.y4, x.y5, d3, d4, d5


def sent(x: Any, p: Any) -> Any:
    """Return the firing of the pyramidal cells, and their potentials."""
    return firing(p, x.y1 - x.y2), x.y1, x.y2


def rate(x: Any, p: Any, c: Any, u: Any) -> Any:
    """Return the firing rate of the pyramidal cells, Hz."""
    return 1000.0 * firing(p, x.y1 - x.y2)


def from_rate(r: Any, p: Any) -> Any:
    """Return what is sent, 1/ms, at a rate in Hz."""
    return 0.001 * r


MODEL = Model(
    name="jansen_rit",
    about="Jansen-Rit cortical column of three populations.",
    source="Jansen & Rit 1995, Biol Cybern 73:357, eq. 6",
    parameters=(
        Parameter("A", "mV", 3.25, "largest excitatory postsynaptic potential"),
        Parameter("B", "mV", 22.0, "largest inhibitory postsynaptic potential"),
        Parameter("a", "1/ms", 0.1, "inverse time constant of excitation", above=0.0),
        Parameter("b", "1/ms", 0.05, "inverse time constant of inhibition", above=0.0),
        Parameter("v0", "mV", 5.52, "potential of half the largest firing rate"),
        Parameter("nu_max", "1/ms", 0.0025, "half of the largest firing rate"),
        Parameter("r", "1/mV", 0.56, "slope of the sigmoid"),
        Parameter("J", "1", 135.0, "average number of synapses"),
        Parameter("a_1", "1", 1.0, "share of synapses from pyramidal cells to excitatory interneurons"),
        Parameter("a_2", "1", 0.8, "share of synapses from excitatory interneurons to pyramidal cells"),
        Parameter("a_3", "1", 0.25, "share of synapses from pyramidal cells to inhibitory interneurons"),
        Parameter("a_4", "1", 0.25, "share of synapses from inhibitory interneurons to pyramidal cells"),
        Parameter("mu", "1/ms", 0.22, "mean input firing rate"),
    ),
    state=(Variable("y0", "mV", "potential that pyramidal cells cause in interneurons", 0.1, (-1.0, 1.0)),
           Variable("y1", "mV", "excitatory potential of pyramidal cells", 10.0, (-20.0, 40.0)),
           Variable("y2", "mV", "inhibitory potential of pyramidal cells", 5.0, (-20.0, 40.0)),
           Variable("y3", "mV/ms", "slope of y0", 0.0, (-0.1, 0.1)),
           Variable("y4", "mV/ms", "slope of y1", 0.0, (-2.0, 2.0)),
           Variable("y5", "mV/ms", "slope of y2", 0.0, (-1.0, 1.0))),
    sends=(Sent("firing", "1/ms", "firing rate of the pyramidal cells"), Sent("y1", "mV", "excitatory potential"),
           Sent("y2", "mV", "inhibitory potential")),
    receives=(Received("pulses", "1/ms", "added to the input firing rate", "firing"),),
    inputs=(Input("pulses", "1/ms", "added to the input firing rate"),),
    slope=slope,
    sent=sent,
    rate=rate,
    rate_about="firing rate of the pyramidal cells",
    from_rate=from_rate,
    presets={"tvb": {"v0": 5.52, "mu": 0.22}, "jansen_rit_1995": {"v0": 6.0, "mu": 0.22}},
)
