"""Rate and regularity of leaky integrate-and-fire neurons under noise, and the fixed point of a network of them.

The input of a neuron is taken for white noise of mean mu and amplitude sigma, such that the free potential would have the mean mu above
rest and the variance sigma^2 / 2. Sources: Siegert 1951, Phys Rev 81:617; Brunel 2000, J Comput Neurosci 8:183, equations 21, 22 and
A.10; for synaptic currents that decay with a short time constant, Fourcaud & Brunel 2002, Neural Comput 14:2057.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erf, exp, inf, pi, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.special import dawsn, erfcx

COLOURED = 2.0652531522312172  # sqrt(2) |zeta(1/2)|
_FAR = 26.0  # beyond, exp(u^2) is too large for a double


@dataclass(frozen=True, slots=True)
class Cell:
    """Hold the parameters of a leaky integrate-and-fire neuron.

    Parameters
    ----------
    tau_m, tau_syn, t_ref : float
        Time constants of the membrane and of the synaptic current (0 for input that jumps), and refractory time, ms.
    threshold, reset : float
        Potentials above rest, mV.
    """

    tau_m: float
    threshold: float
    reset: float
    t_ref: float = 0.0
    tau_syn: float = 0.0

    def bounds(self, mu: float, sigma: float) -> tuple[float, float]:
        """Return the bounds of Siegert's integral, shifted for the time constant of the current."""
        shift = COLOURED / 2 * sqrt(self.tau_syn / self.tau_m)
        return (self.reset - mu) / sigma + shift, (self.threshold - mu) / sigma + shift


def rate(cell: Cell, mu: float, sigma: float) -> float:
    """Return the mean rate of a neuron.

    Parameters
    ----------
    cell : Cell
        The neuron.
    mu, sigma : float
        Mean and amplitude of the input, mV; with sigma 0 the input is constant.

    Returns
    -------
    float
        Rate, Hz.
    """
    if sigma == 0:
        if mu <= cell.threshold:
            return 0.0
        return 1e3 / (cell.t_ref + cell.tau_m * float(np.log((mu - cell.reset) / (mu - cell.threshold))))
    low, high = cell.bounds(mu, sigma)
    if high > _FAR:
        return 0.0
    # erfcx(-u) = 2 exp(u^2) - erfcx(u) for u > 0; the exponential is integrated in closed form and taken out, so that nothing overflows.
    scale = exp(-high * high) if high > 0 else 1.0
    growing = 2 * float(dawsn(high)) if high > 0 else 0.0
    if low > 0:
        growing -= 2 * float(dawsn(low)) * exp(low * low - high * high)
    mild = quad(lambda u: float(erfcx(-u)), low, min(high, 0.0), epsabs=0, epsrel=1e-13)[0] if low < 0 else 0.0
    if high > 0:
        mild -= quad(lambda u: float(erfcx(u)), max(low, 0.0), high, epsabs=0, epsrel=1e-13)[0]
    return 1e3 * scale / (cell.t_ref * scale + cell.tau_m * sqrt(pi) * (growing + mild * scale))


def variation(cell: Cell, mu: float, sigma: float) -> float:
    """Return the coefficient of variation of the intervals between spikes of a neuron whose input is white noise.

    Source: Brunel 2000, equation A.10.
    """
    low, high = (cell.reset - mu) / sigma, (cell.threshold - mu) / sigma

    def inner(x: float) -> float:
        # exp(y^2) (1 + erf y)^2, of which the factor exp(x^2) outside is taken in, so that the product stays small
        return float(quad(lambda y: exp(x * x - y * y) * float(erfcx(-y)) ** 2 if y < 0 else exp(x * x + y * y) * (1 + erf(y)) ** 2,
                          -inf, x, epsabs=0, epsrel=1e-10)[0])
    whole = quad(inner, low, high, epsabs=0, epsrel=1e-9)[0]
    return sqrt(2 * pi * whole) * rate(cell, mu, sigma) * 1e-3 * cell.tau_m


@dataclass(frozen=True, slots=True)
class Populations:
    """Hold populations of like neurons that hear each other at random.

    Parameters
    ----------
    cells : tuple of Cell
        One for each of n populations.
    mean, square : (n, n) float64
        Sum over the synapses that a neuron of the row has from the column: of tau_m J, mV / Hz, and of tau_m J^2, mV^2 / Hz, where J is
        the jump that a spike would cause if all its charge came at once; time in s.
    mean_from_outside, square_from_outside : (n,) float64
        The same of constant currents and of other input, times its rate: mV, mV^2.
    """

    cells: tuple[Cell, ...]
    mean: NDArray[np.float64]
    square: NDArray[np.float64]
    mean_from_outside: NDArray[np.float64]
    square_from_outside: NDArray[np.float64]

    def input(self, rates: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return mean and amplitude of the input at some rates, each (n,) float64, mV."""
        return self.mean @ rates + self.mean_from_outside, np.sqrt(self.square @ rates + self.square_from_outside)

    def answer(self, rates: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the rates with which the populations answer to some rates, (n,) float64, Hz."""
        mu, sigma = self.input(rates)
        return np.array([rate(cell, float(m), float(s)) for cell, m, s in zip(self.cells, mu, sigma, strict=True)])


class NoFixedPoint(Exception):
    """Say that the rates have not settled."""


def fixed_point(populations: Populations, start: NDArray[np.float64] | None = None, share: float = 0.05, steps: int = 20_000,
                precision: float = 1e-9) -> NDArray[np.float64]:
    """Return rates that answer to themselves, found by going a share of the way at a time.

    Parameters
    ----------
    populations : Populations
        The network.
    start : (n,) float64 or None
        Where to begin, Hz; None begins at rest.
    share : float
        Part of the difference that a step covers.
    steps : int
        After so many it gives up.
    precision : float
        Largest difference that is taken for none, Hz.

    Raises
    ------
    NoFixedPoint
        When the rates have not settled.
    """
    rates = np.zeros(len(populations.cells)) if start is None else np.array(start, float)
    for _ in range(steps):
        change = populations.answer(rates) - rates
        rates = rates + share * change
        if float(np.abs(change).max()) < precision:
            return rates
    raise NoFixedPoint(f"after {steps:,} steps the rates still change by {float(np.abs(change).max()):.3g} Hz; take a smaller share")
