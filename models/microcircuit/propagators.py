"""Integrate `iaf_psc_exp` exactly: propagators, and the potential that one postsynaptic current causes.

Everything is worked out in decimal numbers of 50 digits and rounded once, so it is the same on every machine.
Source: Rotter & Diesmann 1999, Biol Cybern 81:381.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction

from cosim.models.microcircuit.network.data import Neuron

_DIGITS = 50
_LARGE = 1000  # from here on exp(x) - 1 is exp(x) to all digits, and later too large to be held


@dataclass(frozen=True, slots=True)
class Propagators:
    """Hold what takes a neuron from one step to the next.

    Parameters
    ----------
    p11, p22 : float
        Decay of the synaptic current and of the potential.
    m22 : float
        ``p22 - 1``.
    p21, p20 : float
        Potential caused by the synaptic and by a constant current, mV/pA.
    """

    p11: float
    p21: float
    p22: float
    m22: float
    p20: float


def propagators(neuron: Neuron, step_ms: Fraction) -> Propagators:
    """Return the propagators of one step.

    Notes
    -----
    ``p21 = h / C_m exp(-h / tau_m) (exp(x) - 1) / x`` with ``x = h (1 / tau_m - 1 / tau_syn)``, which has no singularity where the time
    constants are equal.
    """
    with localcontext() as context:
        context.prec = _DIGITS
        h, c_m, tau_m, tau_syn = (_decimal(x) for x in (step_ms, neuron.c_m, neuron.tau_m, neuron.tau_syn))
        p11, p22 = (-h / tau_syn).exp(), (-h / tau_m).exp()
        x = _decimal(step_ms / neuron.tau_m - step_ms / neuron.tau_syn)
        p21 = h / c_m * (p22 * ((x.exp() - 1) / x if x else 1) if x < _LARGE else (p11 - p22) / x)
        p20 = tau_m / c_m * (1 - p22)
        return Propagators(float(p11), float(p21), float(p22), float(p22 - 1), float(p20))


def current_of_potential(neuron: Neuron) -> float:
    """Return the amplitude of a postsynaptic current whose potential peaks at 1 mV, pA.

    Notes
    -----
    The peak of the difference of two exponentials; at equal time constants that of an alpha function.
    """
    with localcontext() as context:
        context.prec = _DIGITS
        c_m, tau_m, tau_syn = (_decimal(x) for x in (neuron.c_m, neuron.tau_m, neuron.tau_syn))
        if tau_m == tau_syn:
            return float(c_m / tau_m * Decimal(1).exp())
        slope, ratio = 1 / (tau_syn - tau_m), (tau_m / tau_syn).ln()
        peak = tau_m * tau_syn / c_m * slope * ((ratio * tau_m * slope).exp() - (ratio * tau_syn * slope).exp())
        return float(1 / peak)


def synapses_of_probability(probability: Fraction, sources: int, targets: int) -> float:
    """Return the number of synapses at which two neurons are connected with a probability below 1, where multapses are allowed.

    Raises
    ------
    ValueError
        When there is but one pair of neurons: any number of synapses connects it with certainty.

    Notes
    -----
    ``ln(1 - C) / ln(1 - 1 / (N_pre N_post))``. Source: Potjans & Diesmann 2014, Cereb Cortex 24:785.
    """
    if sources * targets == 1:
        raise ValueError("one pair of neurons is connected with probability 0 or 1")
    with localcontext() as context:
        context.prec = _DIGITS
        return float((1 - _decimal(probability)).ln() / (1 - 1 / Decimal(sources * targets)).ln())


def _decimal(x: Fraction) -> Decimal:
    return Decimal(x.numerator) / Decimal(x.denominator)
