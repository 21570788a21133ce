"""The mean field of quadratic integrate-and-fire neurons with Lorentzian excitability, exact for infinitely many of them.

    tau r' = Delta / (pi tau) + 2 r V
    tau V' = V^2 + eta + J tau r + I - (pi tau r)^2 + cr c_r + cv c_V

Source: Montbrio, Pazo & Roxin 2015, Phys Rev X 5:021028, equations 12; coupling and `Gamma` as in The Virtual Brain.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cosim.models.wholebrain.language.model import Input, Model, Parameter, Received, Sent, Variable


def slope(x: Any, p: Any, c: Any, u: Any) -> Any:
    """Return the derivatives of rate and mean potential."""
    r = (p.Delta / (3.141592653589793 * p.tau) + 2.0 * x.V * x.r) / p.tau
    turn = 3.141592653589793 * p.tau * x.r
    v = (x.V * x.V - turn * turn + p.eta + p.J * p.tau * x.r + p.I + p.cr * c.r + p.cv * c.V + u.V) / p.tau
    return r, v


def rate(x: Any, p: Any, c: Any, u: Any) -> Any:
    """Return the rate in Hz: r counts spikes a ms."""
    return 1000.0 * x.r


def from_rate(r: Any, p: Any) -> Any:
    """Return r, 1/ms, of a rate in Hz."""
    return 0.001 * r


MODEL = Model(
    name="montbrio_pazo_roxin",
    about="Exact mean field of quadratic integrate-and-fire neurons.",
    source="Montbrio, Pazo & Roxin 2015, Phys Rev X 5:021028, eq. 12",
    parameters=(
        Parameter("tau", "ms", 1.0, "membrane time constant", above=0.0),
        Parameter("I", "1", 0.0, "external current"),
        Parameter("Delta", "1", 1.0, "half width of the distribution of excitabilities", least=0.0),
        Parameter("J", "1", 15.0, "synaptic weight of the population on itself"),
        Parameter("eta", "1", -5.0, "centre of the distribution of excitabilities"),
        Parameter("cr", "1", 1.0, "weight of the rates received"),
        Parameter("cv", "1", 0.0, "weight of the potentials received"),
    ),
    state=(Variable("r", "1/ms", "population rate", 0.1, (0.0, 2.0), 0.0, np.inf),
           Variable("V", "1", "mean membrane potential", -2.0, (-2.0, 1.5))),
    sends=(Sent("r", "1/ms", "population rate"), Sent("V", "1", "mean membrane potential")),
    receives=(Received("r", "1/ms", "times cr a current", "r"), Received("V", "1", "times cv a current", "V")),
    inputs=(Input("V", "1", "current into the population"),),
    slope=slope,
    rate=rate,
    rate_about="population rate",
    from_rate=from_rate,
)
