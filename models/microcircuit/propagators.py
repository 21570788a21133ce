"""Integrate leaky integrate-and-fire neurons exactly: propagators, and the potential that one postsynaptic current causes.

Everything is worked out in decimal numbers of 50 digits and rounded once, so it is the same on every machine.
Source: Rotter & Diesmann 1999, Biol Cybern 81:381.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction

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


def exponential(c_m: Fraction, tau_m: Fraction, tau_syn: Fraction, step_ms: Fraction) -> Propagators:
    """Return the propagators of one step for a current that decays exponentially.

    Parameters
    ----------
    c_m, tau_m, tau_syn : Fraction
        Capacitance, pF; time constants of membrane and current, ms.
    step_ms : Fraction
        Step, ms.

    Notes
    -----
    ``p21 = h / C_m exp(-h / tau_m) (exp(x) - 1) / x`` with ``x = h (1 / tau_m - 1 / tau_syn)``, which has no singularity where the time
    constants are equal.
    """
    with localcontext() as context:
        context.prec = _DIGITS
        h, c, t_m, t_syn = (_decimal(x) for x in (step_ms, c_m, tau_m, tau_syn))
        p11, p22 = (-h / t_syn).exp(), (-h / t_m).exp()
        x = _decimal(step_ms / tau_m - step_ms / tau_syn)
        p21 = h / c * (p22 * ((x.exp() - 1) / x if x else 1) if x < _LARGE else (p11 - p22) / x)
        p20 = t_m / c * (1 - p22)
        return Propagators(float(p11), float(p21), float(p22), float(p22 - 1), float(p20))


def peak_of_exponential(c_m: Fraction, tau_m: Fraction, tau_syn: Fraction) -> float:
    """Return the amplitude of an exponentially decaying current whose potential peaks at 1 mV, pA.

    Notes
    -----
    The peak of the difference of two exponentials; at equal time constants that of an alpha function.
    """
    with localcontext() as context:
        context.prec = _DIGITS
        c, t_m, t_syn = (_decimal(x) for x in (c_m, tau_m, tau_syn))
        if t_m == t_syn:
            return float(c / t_m * Decimal(1).exp())
        slope, ratio = 1 / (t_syn - t_m), (t_m / t_syn).ln()
        peak = t_m * t_syn / c * slope * ((ratio * t_m * slope).exp() - (ratio * t_syn * slope).exp())
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
