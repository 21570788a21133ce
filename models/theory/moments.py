"""Mean, amplitude and correlation time of the potential of a membrane whose synaptic conductances are shot noise.

Each spike adds to the potential a postsynaptic potential whose size is taken at the mean: Campbell's theorem then gives mean and variance,
and the ratio of the squared areas to the variance the time over which the potential stays correlated. Sources: Kuhn et al. 2004,
J Neurosci 24:2345; Zerlaut et al. 2018, J Comput Neurosci 44:45, and di Volo et al. 2019, Neural Comput 31:653, for conductances that
decay exponentially; Lorenzi et al. 2023, PLoS Comput Biol 19:e1011434, for alpha-shaped ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from math import e

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cosim.errors import InputError, Problem, raise_all


class Shape(Enum):
    """Tell how the conductance of a synapse goes in time."""

    EXPONENTIAL = "exponential"
    """It jumps by Q and decays with tau."""
    ALPHA = "alpha"
    """It rises to its peak Q at tau and falls again, e Q t / tau exp(-t / tau)."""
    ALPHA_AS_PUBLISHED = "alpha, as published"
    """Alpha-shaped, with the mean as Lorenzi et al. (2023) compute it: without e in the total conductance, and with e before the leak."""

    @property
    def area(self) -> float:
        """Integral of the conductance over time, in units of Q tau."""
        return 1.0 if self is Shape.EXPONENTIAL else e


@dataclass(frozen=True, slots=True)
class Membrane:
    """Hold the passive part of a neuron.

    Parameters
    ----------
    C_m, g_L, E_L : float
        Capacitance, pF; leak conductance, nS; reversal potential of the leak, mV.
    """

    C_m: float
    g_L: float  # noqa: N815 (the name that neuron models give it)
    E_L: float


@dataclass(frozen=True, slots=True)
class Synapses:
    """Hold the synapses that a neuron has from one source.

    Parameters
    ----------
    number : float
        How many.
    weight : float
        Size Q of the conductance, nS.
    tau : float
        Its time constant, ms.
    reversal : float
        Its reversal potential, mV.
    """

    number: float
    weight: float
    tau: float
    reversal: float


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Hold what the input makes of a membrane; arrays of one shape, float64.

    Parameters
    ----------
    mu, sigma : float64
        Mean and standard deviation of the free potential, mV.
    tau : float64
        Its correlation time T_V, ms.
    conductance : float64
        Total mean conductance, nS.
    """

    mu: NDArray[np.float64]
    sigma: NDArray[np.float64]
    tau: NDArray[np.float64]
    conductance: NDArray[np.float64]


def moments(membrane: Membrane, synapses: Sequence[Synapses], shape: Shape, rates: Sequence[ArrayLike], w: ArrayLike = 0.0) -> Moments:
    """Return the moments of the free potential.

    Parameters
    ----------
    membrane : Membrane
        The passive neuron.
    synapses : sequence of Synapses
        One for each source.
    shape : Shape
        Of all conductances.
    rates : sequence of array_like
        Rate of one neuron of each source, Hz; they are broadcast against each other.
    w : array_like
        Adaptation current, pA.

    Returns
    -------
    Moments
        Where all rates are 0, sigma is 0 and tau the time constant of the membrane.

    Raises
    ------
    InputError
        When there are other rates than sources, or a rate is negative or not finite.
    """
    mu_g, pull, arriving = _means(membrane, synapses, shape, rates, w)
    mu = pull / mu_g
    tau_m = membrane.C_m / mu_g
    squared, variance = np.zeros_like(mu), np.zeros_like(mu)
    for s, per_ms in zip(synapses, arriving, strict=True):
        area = shape.area * s.weight / mu_g * (s.reversal - mu) * s.tau
        squared = squared + per_ms * area**2
        both = s.tau + tau_m
        variance = variance + per_ms * area**2 * (1 / (2 * both) if shape is Shape.EXPONENTIAL else (2 * tau_m + s.tau) / (4 * both**2))
    tau = np.where(variance > 0, 0.5 * squared / np.where(variance > 0, variance, 1.0), tau_m)
    return Moments(mu, np.sqrt(variance), tau, mu_g)


def settled_adaptation(membrane: Membrane, synapses: Sequence[Synapses], shape: Shape, rates: Sequence[ArrayLike], own: ArrayLike,
                       a: float, b_tau_w: float) -> NDArray[np.float64]:
    """Return the adaptation current of a neuron that has fired at a steady rate for long: w = a (mu_V - E_L) + b tau_w nu.

    Parameters
    ----------
    membrane, synapses, shape, rates
        As in `moments`.
    own : array_like
        Rate nu of the neuron itself, Hz.
    a, b_tau_w : float
        Adaptation to the potential, nS; by a spike times its time constant, pA ms.

    Returns
    -------
    float64
        Adaptation current, pA.
    """
    mu_g, pull, _ = _means(membrane, synapses, shape, rates, 0.0)
    spikes = b_tau_w * np.asarray(own, float) * 1e-3
    mu = (pull + a * membrane.E_L - spikes) / (mu_g + a)
    return np.asarray(a * (mu - membrane.E_L) + spikes, np.float64)


def _means(membrane: Membrane, synapses: Sequence[Synapses], shape: Shape, rates: Sequence[ArrayLike],
           w: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64], list[NDArray[np.float64]]]:
    """Return total conductance, nS, the current it pulls with, pA, and the spikes that arrive from each source, 1/ms."""
    if len(rates) != len(synapses):
        raise InputError(Problem(f"{len(rates)} rates are given for {len(synapses)} kinds of synapses", expected="one rate for each"))
    *given, current = np.broadcast_arrays(*(np.asarray(r, float) for r in rates), np.asarray(w, float))
    raise_all(Problem(f"the input rate {float(r[bad][0]):g} Hz is no rate", expected="a finite rate of at least 0 Hz") for r in given
              if (bad := ~(np.isfinite(r) & (r >= 0))).any())
    before_total, before_pull, before_leak = {Shape.EXPONENTIAL: (1.0, 1.0, 1.0), Shape.ALPHA: (e, e, 1.0),
                                              Shape.ALPHA_AS_PUBLISHED: (1.0, e, e)}[shape]
    arriving = [s.number * r * 1e-3 for s, r in zip(synapses, given, strict=True)]
    means = [s.weight * s.tau * per_ms for s, per_ms in zip(synapses, arriving, strict=True)]
    mu_g = membrane.g_L + before_total * np.asarray(sum(means), np.float64)
    pull = before_leak * membrane.g_L * membrane.E_L - current
    pull = pull + before_pull * np.asarray(sum(m * s.reversal for m, s in zip(means, synapses, strict=True)), np.float64)
    return mu_g, pull, arriving
