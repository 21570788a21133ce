"""Small models of one region whose fixed points and bifurcations are known in other ways; they are the tests' own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cosim.models.language.functions import exp
from cosim.models.wholebrain.language.model import Input, Model, Parameter, Received, Sent, Variable


def made(name: str, parameters: Mapping[str, float], ranges: Mapping[str, tuple[float, float]], slope: Callable[..., Any],
         low: float | None = None) -> Model:
    """Return a model that sends and receives its first variable."""
    first = next(iter(ranges))
    bounds = {} if low is None else {"low": low}
    return Model(name=name, about=name, source="tests", parameters=tuple(Parameter(k, "1", v, k) for k, v in parameters.items()),
                 state=tuple(Variable(k, "1", k, sum(r) / 2, r, **(bounds if k == first else {})) for k, r in ranges.items()),
                 sends=(Sent(first, "1", first),), receives=(Received(first, "1", first, first),), inputs=(Input(first, "1", first),),
                 slope=slope)


def sigmoid(x: Any, slope: Any, threshold: Any) -> Any:
    return 1.0 / (1.0 + exp(-slope * (x - threshold)))


def wilson_cowan_slope(x: Any, p: Any, c: Any, u: Any) -> Any:
    e = sigmoid(p.c_ee * x.E - p.c_ei * x.I + p.P + c.E, p.a_e, p.theta_e) - p.shift * sigmoid(0.0, p.a_e, p.theta_e)
    i = sigmoid(p.c_ie * x.E - p.c_ii * x.I, p.a_i, p.theta_i) - p.shift * sigmoid(0.0, p.a_i, p.theta_i)
    return (-x.E + (p.k_e - x.E) * e) / p.tau, (-x.I + (p.k_i - x.I) * i) / p.tau


WILSON_COWAN = made("wilson_cowan_of_the_tests", {"c_ee": 16, "c_ei": 12, "c_ie": 15, "c_ii": 3, "a_e": 1.3, "a_i": 2, "theta_e": 4,
                                                  "theta_i": 3.7, "P": 1.25, "tau": 8, "k_e": 1, "k_i": 1, "shift": 0},
                    {"E": (0.0, 0.5), "I": (0.0, 0.5)}, wilson_cowan_slope)


def montbrio_slope(x: Any, p: Any, c: Any, u: Any) -> Any:
    pi_r = 3.141592653589793 * p.tau * x.r
    return (p.D / (3.141592653589793 * p.tau) + 2.0 * x.r * x.v) / p.tau, (x.v * x.v + p.eta + p.J * p.tau * x.r - pi_r * pi_r) / p.tau


MONTBRIO = made("montbrio_of_the_tests", {"tau": 1, "D": 1, "J": 15, "eta": -5}, {"r": (0.0, 2.0), "v": (-2.0, 1.5)}, montbrio_slope, 0.0)


def jansen_rit_slope(x: Any, p: Any, c: Any, u: Any) -> Any:
    def s(v: Any) -> Any:
        return 5.0 / (1.0 + exp(0.56 * (6.0 - v)))

    return (x.y3, x.y4, x.y5, 325.0 * s(x.y1 - x.y2) - 200.0 * x.y3 - 10_000.0 * x.y0,
            325.0 * (p.p + 108.0 * s(135.0 * x.y0)) - 200.0 * x.y4 - 10_000.0 * x.y1,
            1100.0 * 33.75 * s(33.75 * x.y0) - 100.0 * x.y5 - 2500.0 * x.y2)


JANSEN_RIT = made("jansen_rit_in_seconds", {"p": 120.0}, {"y0": (0.0, 0.2), "y1": (0.0, 40.0), "y2": (0.0, 40.0), "y3": (-10.0, 10.0),
                                                          "y4": (-1000.0, 1000.0), "y5": (-1000.0, 1000.0)}, jansen_rit_slope)


def epileptor_slope(x: Any, p: Any, c: Any, u: Any) -> Any:
    return 1.0 - x.x * x.x * x.x - 2.0 * x.x * x.x - x.z + 3.1, (4.0 * (x.x - p.x0) - x.z) / p.tau


EPILEPTOR = made("epileptor_of_the_tests", {"x0": -1.6, "tau": 10.0}, {"x": (-2.0, 2.0), "z": (0.0, 5.0)}, epileptor_slope)


def normal_form_slope(x: Any, p: Any, c: Any, u: Any) -> Any:
    r2 = x.x * x.x + x.y * x.y
    return p.mu * x.x - p.omega * x.y + p.l * x.x * r2 + c.x, p.omega * x.x + p.mu * x.y + p.l * x.y * r2


NORMAL_FORM = made("hopf_normal_form", {"mu": 0.25, "omega": 2.0, "l": -1.0}, {"x": (-0.5, 0.5), "y": (-0.5, 0.5)}, normal_form_slope)


def pitchfork_slope(x: Any, p: Any, c: Any, u: Any) -> Any:
    return (p.mu * x.x - x.x * x.x * x.x + c.x,)


PITCHFORK = made("pitchfork", {"mu": 1.0}, {"x": (-2.0, 2.0)}, pitchfork_slope)
