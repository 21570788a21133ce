"""Rate of a spiking neuron as a function of the rates of its inputs, in a form of which only the threshold is fitted.

A neuron is said to fire when its free potential, a Gaussian with the moments of shot noise, is above an effective threshold:

    F = gain / (2 T_V) erfc((V_thre - mu_V) / (sqrt(2) sigma_V))

The threshold is a polynomial of the moments, whose coefficients are fitted to rates that were measured. Sources: Zerlaut et al. 2018,
J Comput Neurosci 44:45, equations 6 to 10; di Volo et al. 2019, Neural Comput 31:653; Lorenzi et al. 2023, PLoS Comput Biol 19:e1011434.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from math import pi, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import erfc, erfcinv

from cosim.errors import InputError, Problem
from cosim.models.theory.moments import Membrane, Moments, Shape, Synapses, moments


class Form(Enum):
    """Tell of which terms the polynomial of the threshold is made.

    Potentials are normalised as V = (mu_V + 60 mV) / 10 mV, S = (sigma_V - 4 mV) / 6 mV, T = T_V g_L / C_m - 0.5.
    """

    QUADRATIC = ("1", "V", "S", "T", "V^2", "S^2", "T^2", "V S", "V T", "S T")
    """All up to the second degree, in the order of Zerlaut's coefficients."""
    CONDUCTANCE = ("1", "V", "S", "T", "log(g/g_L)")
    """Linear, with the logarithm of the total conductance: Lorenzi's."""

    def terms(self, m: Moments, membrane: Membrane) -> NDArray[np.float64]:
        """Return the terms at some moments, (..., number of terms) float64."""
        v, s, t = (m.mu + 60.0) / 10.0, (m.sigma - 4.0) / 6.0, m.tau * membrane.g_L / membrane.C_m - 0.5
        one = np.ones_like(v)
        if self is Form.CONDUCTANCE:
            return np.stack([one, v, s, t, np.log(m.conductance / membrane.g_L)], axis=-1)
        return np.stack([one, v, s, t, v * v, s * s, t * t, v * s, v * t, s * t], axis=-1)


@dataclass(frozen=True, slots=True)
class Transfer:
    """Hold a transfer function.

    Parameters
    ----------
    membrane : Membrane
        The passive neuron.
    synapses : tuple of Synapses
        One for each source, in the order in which rates are given.
    shape : Shape
        Of the conductances.
    form : Form
        Of the threshold.
    coefficients : tuple of float
        Of the threshold, V, one for each term.
    gain : float
        Factor before the rate.
    """

    membrane: Membrane
    synapses: tuple[Synapses, ...]
    shape: Shape
    form: Form
    coefficients: tuple[float, ...]
    gain: float = 1.0

    def moments(self, rates: Sequence[ArrayLike], w: ArrayLike = 0.0) -> Moments:
        """Return the moments of the free potential at some rates, Hz, and an adaptation current, pA."""
        return moments(self.membrane, self.synapses, self.shape, rates, w)

    def threshold(self, m: Moments) -> NDArray[np.float64]:
        """Return the effective threshold at some moments, mV."""
        if len(self.coefficients) != len(self.form.value):
            raise InputError(Problem(f"the threshold has {len(self.coefficients)} coefficients",
                                     expected=f"{len(self.form.value)}: {', '.join(self.form.value)}"))
        return np.asarray(1e3 * (self.form.terms(m, self.membrane) @ np.asarray(self.coefficients)), np.float64)

    def rate(self, rates: Sequence[ArrayLike], w: ArrayLike = 0.0) -> NDArray[np.float64]:
        """Return the rate of the neuron.

        Parameters
        ----------
        rates : sequence of array_like
            Rate of one neuron of each source, Hz.
        w : array_like
            Adaptation current, pA.

        Returns
        -------
        float64
            Rate, Hz, in the shape that rates and current broadcast to.
        """
        m = self.moments(rates, w)
        return rate_above(self.threshold(m), m, self.gain)

    def with_coefficients(self, coefficients: Sequence[float] | NDArray[np.float64]) -> Transfer:
        """Return the same neuron with another threshold."""
        return replace(self, coefficients=tuple(map(float, coefficients)))


def rate_above(threshold: NDArray[np.float64], m: Moments, gain: float = 1.0) -> NDArray[np.float64]:
    """Return the rate of a neuron with an effective threshold, mV, at some moments, Hz; without noise all or nothing."""
    some = m.sigma > 0
    far = (threshold - m.mu) / (sqrt(2) * np.where(some, m.sigma, 1.0))
    tail = np.where(some, erfc(far), np.where(far < 0, 2.0, 0.0))
    return np.asarray(1e3 * gain * tail / (2 * m.tau), np.float64)


def slope(threshold: NDArray[np.float64], m: Moments, gain: float = 1.0) -> NDArray[np.float64]:
    """Return by how much the rate changes with the threshold, Hz / mV; 0 without noise."""
    width = sqrt(2) * np.where(m.sigma > 0, m.sigma, np.inf)
    return np.asarray(-1e3 * gain / (sqrt(pi) * m.tau * width) * np.exp(-((threshold - m.mu) / width) ** 2), np.float64)


def effective_threshold(rate: ArrayLike, m: Moments, gain: float = 1.0) -> NDArray[np.float64]:
    """Return the threshold that a neuron with a measured rate must have.

    Parameters
    ----------
    rate : array_like
        Measured, Hz.
    m : Moments
        Of the free potential at the same inputs.
    gain : float
        Factor before the rate.

    Returns
    -------
    float64
        Threshold, mV; not a number where there is none: at rate 0, from gain / T_V on, and without noise.
    """
    share = 2 * m.tau * np.asarray(rate, float) * 1e-3 / gain
    known = (share > 0) & (share < 2) & (m.sigma > 0)
    return np.where(known, m.mu + sqrt(2) * m.sigma * erfcinv(np.where(known, share, 1.0)), np.nan)
