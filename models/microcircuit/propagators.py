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
_NEAR = Fraction(1, 1000)  # below it the closed form of an alpha function's integral loses more digits than its series costs


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


@dataclass(frozen=True, slots=True)
class AlphaPropagators:
    """Hold what takes a neuron with an alpha-shaped current from one step to the next.

    Parameters
    ----------
    p11 : float
        Decay of the current and of its slope.
    p21 : float
        Current caused by the slope, ms.
    p31, p32 : float
        Potential caused by the slope, mV ms/pA, and by the current, mV/pA.
    m33 : float
        Decay of the potential, less 1.
    p30 : float
        Potential caused by a constant current, mV/pA.
    jump : float
        What a spike of 1 pA at its peak adds to the slope, pA/ms.
    """

    p11: float
    p21: float
    p31: float
    p32: float
    m33: float
    p30: float
    jump: float


def alpha(c_m: Fraction, tau_m: Fraction, tau_syn: Fraction, step_ms: Fraction) -> AlphaPropagators:
    """Return the propagators of one step for a current ``e / tau_syn t exp(-t / tau_syn)``.

    Notes
    -----
    ``p31 = h^2 / C_m exp(-h / tau_m) Int_0^1 s exp(x s) ds`` with x as in `exponential`; where x is near 0, which it is where the time
    constants are equal, the integral is the series of ``x^k / (k! (k + 2))``.
    """
    k = exponential(c_m, tau_m, tau_syn, step_ms)
    with localcontext() as context:
        context.prec = _DIGITS
        h, c, t_m, t_syn = (_decimal(x) for x in (step_ms, c_m, tau_m, tau_syn))
        p11, p22 = (-h / t_syn).exp(), (-h / t_m).exp()
        exact = step_ms / tau_m - step_ms / tau_syn
        x = _decimal(exact)
        if abs(exact) < _NEAR:
            term, total = Decimal(1), Decimal(0)
            for i in range(20):
                total += term / (i + 2)
                term *= x / (i + 1)
            p31 = h * h / c * p22 * total
        else:
            p31 = h * h / c * ((x - 1) * p11 + p22) / (x * x)
        return AlphaPropagators(k.p11, float(h * p11), float(p31), k.p21, k.m22, k.p20, float(Decimal(1).exp() / t_syn))


def peak_of_alpha(c_m: Fraction, tau_m: Fraction, tau_syn: Fraction) -> float:
    """Return the peak of an alpha-shaped current whose potential peaks at 1 mV, pA.

    Notes
    -----
    The potential peaks where the current equals the leak, which is sought by halving.
    """
    with localcontext() as context:
        context.prec = _DIGITS
        c, t_m, t_syn = (_decimal(x) for x in (c_m, tau_m, tau_syn))
        x = _decimal(1 / tau_m - 1 / tau_syn)

        def potential(t: Decimal) -> Decimal:
            fade, rate = (-t / t_m).exp(), x * t
            if abs(rate) < Decimal("1e-12"):
                return fade * t * t / c * (Decimal(1) / 2 + rate / 3)
            return t * t / c * ((rate - 1) * (-t / t_syn).exp() + fade) / (rate * rate)

        def rises(t: Decimal) -> bool:
            return t * (-t / t_syn).exp() * t_m > potential(t) * c

        low, high = t_syn, 2 * t_syn
        while rises(high):
            low, high = high, 2 * high
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if rises(middle) else (low, middle)
        return float(t_syn / Decimal(1).exp() / potential(low))


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
