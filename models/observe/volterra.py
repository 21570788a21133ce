"""BOLD as activity convolved with a haemodynamic response: the first term of a Volterra series."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from cosim._random import exp, log
from cosim.interfaces import Port
from cosim.models.observe.averaging import History
from cosim.models.observe.operator import Array, Operator

SAMPLE_MS = 4
"""Kernels are sampled this finely where the step allows; signals are in units of it, as those of The Virtual Brain are."""

Alignment = Literal["plain", "tvb"]


@dataclass(frozen=True, slots=True)
class Kernel:
    """Hold one haemodynamic response.

    Parameters
    ----------
    response : callable
        Its value at some times, (n,) s -> (n,).
    scale, shift : float
        The signal is ``scale (sum - shift)``.
    peak : float or None
        The largest of the response's values at multiples of 4 ms up to 20 s, where the response is scaled to have it there.
    source : str
        Where it comes from.
    """

    response: Callable[[Array], Array]
    scale: float = 1.0
    shift: float = 0.0
    peak: float | None = None
    source: str = ""

    def sampled(self, count: int, sample_ms: float) -> Array:
        """Return the response at ``0, sample, ...``, (count,)."""
        values = self.response(np.arange(count, dtype=np.float64) * (sample_ms / 1000.0))
        if self.peak is None:
            return values
        return np.asarray(values / self.response(np.arange(5000.0) * (SAMPLE_MS / 1000.0)).max() * self.peak)


def first_order_volterra(t: Array, tau_s: float = 0.8, tau_f: float = 0.4) -> Array:
    """Return exp(-t / (2 tau_s)) sin(w t) / (3 w), w^2 = 1/tau_f - 1/(4 tau_s^2); its integral is tau_f / 3 s."""
    omega = np.sqrt(1.0 / tau_f - 1.0 / (4.0 * tau_s**2))
    return np.asarray(exp(-0.5 * t / tau_s) * np.sin(omega * t) / omega / 3.0)


def gamma(t: Array, tau: float = 1.08, n: int = 3) -> Array:
    """Return (t / tau)^(n - 1) exp(-t / tau) / (tau (n - 1)!)."""
    return (t / tau) ** (n - 1) * exp(-t / tau) / (tau * float(np.prod(np.arange(1, n))))


def double_exponential(t: Array) -> Array:
    """Return the difference of two damped sines of 0.03 and 0.12 Hz that decay with 7.22 and 7.4 s."""
    slow = 0.1 * exp(-t / 7.22) * np.sin(2.0 * np.pi * 0.03 * t)
    return slow - 0.1 * exp(-t / 7.4) * np.sin(2.0 * np.pi * 0.12 * t)


def mixture_of_gammas(t: Array) -> Array:
    """Return the response t^5 exp(-t) / 5! less 0.4 of the undershoot t^12 exp(-t) / 12!."""
    grows = log(np.where(t > 0, t, 1.0))
    parts = [np.where(t > 0, exp(power * grows - t), 0.0) / float(np.prod(np.arange(1.0, power + 1))) for power in (5, 12)]
    return parts[0] - 0.4 * parts[1]


KERNELS = {
    "first_order_volterra": Kernel(first_order_volterra, 5.6 * 0.02, 1.0, source="Friston et al. 2000, NeuroImage 12:466; k1 5.6, V0 0.02"),
    "gamma": Kernel(gamma, peak=0.1, source="Boynton et al. 1996, J. Neurosci. 16:4207"),
    "double_exponential": Kernel(double_exponential, peak=0.1, source="Polonsky et al. 2000, Nat. Neurosci. 3:1153"),
    "mixture_of_gammas": Kernel(mixture_of_gammas, source="Glover 1999, NeuroImage 9:416"),
}


class VolterraOperator(Operator):
    """Give activity convolved with a response every period.

    ``plain``: y(t) = scale (sum_k h(k d) x(t - k d) d / 4 ms - shift), with x the mean over each d. ``tvb``: the newest sample meets the
    last value of the response instead of the first, and every other sample the value of one d less than its age, which is what
    The Virtual Brain 2.10 does.

    Parameters
    ----------
    length : int
        Ticks that the response is long.
    sample_ms : float
        The step d of what is taken, ms.
    before : float
        Activity before the run.
    """

    def __init__(self, port: Port, step: int, every: int, kernel: Kernel, length: int, sample_ms: float, alignment: Alignment,
                 before: float) -> None:
        super().__init__(port, port.size, step, every)
        count = length // step
        response = kernel.sampled(count, sample_ms)
        oldest_first = np.append(response[-2::-1], response[-1]) if alignment == "tvb" else response[::-1]
        self._weights: Array = np.ascontiguousarray(oldest_first)[:, None] * (sample_ms / SAMPLE_MS)
        self._kernel, self._history = kernel, History(count, port.size, before)
        self._count = count

    def _apply(self, values: Array, at: int) -> Array:
        out, ratio = [], self.every // self.step
        begin, due = 0, ratio - (at // self.step) % ratio
        while begin < len(values):
            stop = min(due, begin + self._count, len(values))
            self._history.append(values[begin:stop])
            if stop == due:
                summed = (self._weights * self._history.last()).sum(axis=0)
                out.append(self._kernel.scale * (summed - self._kernel.shift))
                due += ratio
            begin = stop
        return np.array(out).reshape(len(out), self.size)
