"""Work out what a step needs of things that decay: what is left, what has passed, and what a decaying conductance does on average.

Everything is worked out in decimal numbers of 50 digits and rounded once, so it is the same on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction

_DIGITS = 50


def left(time: Fraction, tau: Fraction) -> float:
    """Return ``exp(-time / tau)``: what is left of something that decays."""
    with localcontext() as context:
        context.prec = _DIGITS
        return float(_exp(-time / tau))


def passed(time: Fraction, tau: Fraction) -> float:
    """Return ``1 - exp(-time / tau)``: the part of the way to its aim that something has gone."""
    with localcontext() as context:
        context.prec = _DIGITS
        return float(1 - _exp(-time / tau))


def integral(time: Fraction, tau: Fraction) -> float:
    """Return the integral of ``exp(-t / tau)`` from 0 to `time`, ms."""
    with localcontext() as context:
        context.prec = _DIGITS
        return float(_decimal(tau) * (1 - _exp(-time / tau)))


def integral_of_alpha(time: Fraction, tau: Fraction) -> float:
    """Return the integral of ``t exp(-t / tau)`` from 0 to `time`, ms^2."""
    with localcontext() as context:
        context.prec = _DIGITS
        x = time / tau
        return float(_decimal(tau * tau) * (1 - (1 + _decimal(x)) * _exp(-x)))


@dataclass(frozen=True, slots=True)
class Commutators:
    """Hold the integrals of the second term of the Magnus series for a membrane with two decaying conductances.

    Parameters
    ----------
    ex, inh : float
        That of a constant conductance with the excitatory, with the inhibitory one, ms^2.
    both : float
        That of the excitatory with the inhibitory one, ms^2.
    """

    ex: float
    inh: float
    both: float


def commutators(tau_ex: Fraction, tau_in: Fraction, step_ms: Fraction) -> Commutators:
    """Return the integrals over one step.

    Notes
    -----
    For two time courses f and g, ``1/2 Int_0^h Int_0^t (f(s) g(t) - f(t) g(s)) ds dt``. Source: Magnus 1954, Comm Pure Appl Math 7:649.
    """
    with localcontext() as context:
        context.prec = _DIGITS
        ex, inh = (_with_constant(tau, step_ms) for tau in (tau_ex, tau_in))
        t_ex, t_in = _decimal(tau_ex), _decimal(tau_in)
        rate = 1 / tau_ex + 1 / tau_in
        shared = (1 - _exp(-step_ms * rate)) / _decimal(rate)
        both = (t_ex * t_in * (_exp(-step_ms / tau_ex) - _exp(-step_ms / tau_in)) - (t_ex - t_in) * shared) / 2
        return Commutators(float(ex), float(inh), float(both))


def _with_constant(tau: Fraction, step_ms: Fraction) -> Decimal:
    x = step_ms / tau
    return _decimal(tau * tau) * (2 - _decimal(x) - (2 + _decimal(x)) * _exp(-x)) / 2


def _exp(x: Fraction) -> Decimal:
    return _decimal(x).exp()


def _decimal(x: Fraction) -> Decimal:
    return Decimal(x.numerator) / Decimal(x.denominator)
