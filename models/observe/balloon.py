"""The Balloon-Windkessel model: blood flow, volume and deoxyhaemoglobin that follow neural activity, and the BOLD signal of them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np

from cosim._random import exp, log
from cosim.errors import RunError
from cosim.interfaces import Port
from cosim.models.observe.operator import Array, Operator

Output = Literal["nonlinear", "linear"]


@dataclass(frozen=True, slots=True)
class Balloon:
    """Hold the constants of one variant.

    Parameters
    ----------
    decay, feedback : float
        Decay of the flow-inducing signal, and autoregulation of flow, 1/s and 1/s^2 per unit of flow.
    tau_o : float
        Transit time, s.
    alpha : float
        Stiffness of the vessels (Grubb's exponent).
    extraction : float
        Oxygen extraction at rest.
    volume : float
        Resting blood volume, as a fraction, or in per cent where the signal is to be in per cent.
    k1, k2, k3 : float
        Weights of the three terms of the signal.
    source : str
        Where the constants come from.
    """

    decay: float
    feedback: float
    tau_o: float
    alpha: float
    extraction: float
    volume: float
    k1: float
    k2: float
    k3: float
    source: str

    def outflow(self, v: Array) -> Array:
        """Return what leaves the balloon, v^(1/alpha)."""
        return _power(v, 1.0 / self.alpha)

    def extracted(self, f: Array) -> Array:
        """Return the oxygen extracted at a flow f, relative to that at rest: (1 - (1 - E0)^(1/f)) / E0."""
        rest = float(log(np.array([1.0 - self.extraction]))[0])
        return (1.0 - exp(rest / f)) / self.extraction

    def slope(self, state: Array, x: Array) -> Array:
        """Return the time derivative of s, f, v, q, (4, n), 1/s, while the activity is x, (n,)."""
        s, f, v, q = state
        out = self.outflow(v)
        return np.stack((x - self.decay * s - self.feedback * (f - 1.0), s, (f - out) / self.tau_o,
                         (f * self.extracted(f) - out * q / v) / self.tau_o))

    def signal(self, v: Array, q: Array, output: Output = "nonlinear") -> Array:
        """Return the BOLD signal of volume and deoxyhaemoglobin."""
        if output == "linear":
            return self.volume * ((self.k1 + self.k2) * (1.0 - q) + (self.k3 - self.k2) * (1.0 - v))
        return self.volume * (self.k1 * (1.0 - q) + self.k2 * (1.0 - q / v) + self.k3 * (1.0 - v))

    def steady(self, x: Array) -> Array:
        """Return s, f, v, q, (4, n), at which a constant activity x, (n,), holds the model."""
        f = 1.0 + x / self.feedback
        v = _power(f, self.alpha)
        return np.stack((np.zeros_like(f), f, v, v * self.extracted(f)))


_TVB = {"decay": 1 / 1.54, "feedback": 1 / 1.44, "tau_o": 0.98, "alpha": 0.32, "extraction": 0.4, "volume": 4.0}
_FRISTON = {"decay": 0.65, "feedback": 0.41, "tau_o": 0.98, "alpha": 0.32}

VARIANTS = {
    "stephan_2007": Balloon(**_TVB, k1=4.3 * 40.3 * 0.4 * 0.04, k2=0.5 * 25 * 0.4 * 0.04, k3=1 - 0.5,
                            source="Stephan et al. 2007, NeuroImage 38:387, equation 12 with nu0 40.3/s, r0 25/s, TE 40 ms, eps 0.5"),
    "classic": Balloon(**_TVB, k1=7 * 0.4, k2=2 * 0.4, k3=1 - 0.5,
                       source="as stephan_2007, with the coefficients 7 E0, 2 E0, 1 - eps of the signal of Buxton et al. 1998, "
                              "Magn. Reson. Med. 39:855"),
    "friston_2003": Balloon(**_FRISTON, extraction=0.34, volume=0.02, k1=7 * 0.34, k2=2.0, k3=2 * 0.34 - 0.2,
                            source="Friston, Harrison and Penny 2003, NeuroImage 19:1273, table 1; signal of Buxton et al. 1998"),
    "vbi": Balloon(**_FRISTON, extraction=0.4, volume=0.08, k1=4.3 * 40.3 * 0.4 * 0.04, k2=0.34 * 25 * 0.4 * 0.04, k3=1 - 0.34,
                   source="defaults of the Virtual Brain Inference toolbox (ins-amu/vbi): dynamics of friston_2003, signal "
                          "of Stephan et al. 2007, equation 12, with E0 0.4, V0 0.08, eps 0.34"),
}


class BalloonOperator(Operator):
    """Give the BOLD signal every period, from activity that is given at the step of integration.

    Heun's scheme; the activity of a sample is held over the step that ends at its stamp. At instant 0 the vessels are at rest (s = 0,
    f = v = q = 1).
    """

    def __init__(self, port: Port, step: int, every: int, tick_ms: Fraction, variant: Balloon, output: Output = "nonlinear") -> None:
        super().__init__(port, port.size, step, every)
        self._h = float(tick_ms * step / 1000)
        self._model, self._output = variant, output
        self._state: Array = np.stack((np.zeros(port.size), *[np.ones(port.size)] * 3))

    def _apply(self, values: Array, at: int) -> Array:
        out, h, model, state = [], self._h, self._model, self._state
        ratio, number = self.every // self.step, at // self.step
        for x in values:
            number += 1
            k1 = model.slope(state, x)
            ahead = self._sound(state + h * k1, number)
            state = self._sound(state + 0.5 * h * (k1 + model.slope(ahead, x)), number)
            if number % ratio == 0:
                out.append(model.signal(state[2], state[3], self._output))
        self._state = state
        return np.array(out).reshape(len(out), self.size)

    def _sound(self, state: Array, number: int) -> Array:
        sound = (state[1:] > 0).all(axis=0)
        if not sound.all():
            worst = int(np.flatnonzero(~sound)[0])
            name = f"'{self.port.labels[worst]}'" if self.port.labels else f"channel {worst}"
            raise RunError(f"'{self.port.name}': blood flow or volume of {name} is no longer above 0 at {number * self._h:g} s: the "
                           "activity that drives the vessels is too strong or too negative; scale it, or shift it to be 0 at rest")
        return state


def _power(base: Array, exponent: float) -> Array:
    # Not NumPy's power, whose last bit depends on the processor.
    result: Array = exp(exponent * log(base))
    return result
