"""Say how synapses change: the parameters of the rules of plasticity, and how they stand in a network file."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from cosim.models.microcircuit.network.section import Section

PAIRINGS = ("all_to_all", "nearest")
_LARGEST = 1000


@dataclass(frozen=True, slots=True)
class Stdp:
    """Hold the parameters of spike-timing dependent plasticity by pairs of spikes.

    Each pair changes the weight w, with x = w / w_max: by ``w_max lambda (1 - x)^mu_plus exp(-dt / tau_plus)`` where the postsynaptic
    spike comes dt later, by ``-w_max alpha lambda x^mu_minus exp(-dt / tau_minus)`` where the presynaptic one does.
    Source: Guetig et al. 2003, J Neurosci 23:3697, equations 1 and 2; pairings as in Morrison et al. 2008, Biol Cybern 98:459, section 4.

    Parameters
    ----------
    w_max : float
        Bound of the weight, in the unit of the receptor, of the sign of the weight.
    tau_plus, tau_minus : Fraction
        Time constants of potentiation and depression, ms.
    rate : float
        The parameter ``lambda``: step of potentiation, as a part of w_max.
    alpha : float
        Steps of depression to those of potentiation.
    mu_plus, mu_minus : float
        How the steps depend on the weight: 0 not at all (additive), 1 in proportion (multiplicative).
    pairing : str
        ``all_to_all``: all pairs count; ``nearest``: each spike is paired with the last one of the other side alone.
    """

    w_max: float
    tau_plus: Fraction
    tau_minus: Fraction
    rate: float
    alpha: float
    mu_plus: float
    mu_minus: float
    pairing: str

    def with_bound(self, w_max: float) -> Stdp:
        """Return the same rule with another bound of the weight."""
        return Stdp(w_max, self.tau_plus, self.tau_minus, self.rate, self.alpha, self.mu_plus, self.mu_minus, self.pairing)


@dataclass(frozen=True, slots=True)
class TsodyksMarkram:
    """Hold the parameters of short-term plasticity.

    A spike delivers ``w u x``. From one spike to the next, h later, ``x <- 1 + (x - x u - 1) exp(-h / tau_rec)``, then
    ``u <- U + u (1 - U) exp(-h / tau_fac)``; the first spike finds x = 1, u = U.
    Source: Maass & Markram 2002, Neural Netw 15:155, equations 1 and 2, after Tsodyks, Uziel & Markram 2000, J Neurosci 20:RC50.

    Parameters
    ----------
    use : float
        The parameter ``U``: part of the resources that a spike uses at rest.
    tau_rec, tau_fac : Fraction
        Time constants of recovery and of facilitation, ms; 0 for none.
    """

    use: float
    tau_rec: Fraction
    tau_fac: Fraction


Plasticity = Stdp | TsodyksMarkram
Weight = tuple[Fraction, str]


def plasticity_of(part: Section, weight_units: tuple[str, ...]) -> tuple[Plasticity | None, Weight | None]:
    """Return what a section ``plasticity`` describes, and the bound of the weight with its unit.

    Parameters
    ----------
    part : Section
        Its mapping; empty where there is none.
    weight_units : tuple of str
        Units that a weight may have.

    Returns
    -------
    plasticity : Stdp, TsodyksMarkram or None
        The bound of `Stdp` is still to be set: it depends on the target. None without plasticity, or where something is wrong.
    w_max : (Fraction, str) or None
    """
    before = len(part.problems)
    found: Plasticity | None = None
    w_max = None
    if part.has("stdp") and part.has("tsodyks_markram"):
        part.blame("tsodyks_markram", "a synapse has two rules of plasticity", "'stdp' or 'tsodyks_markram'")
    if part.has("stdp"):
        found, w_max = _stdp(part.section("stdp"), weight_units)
    if part.has("tsodyks_markram"):
        found = _tsodyks_markram(part.section("tsodyks_markram"))
    part.take("stdp", "tsodyks_markram")
    part.finish()
    return (found, w_max) if len(part.problems) == before else (None, None)


def _stdp(part: Section, weight_units: tuple[str, ...]) -> tuple[Stdp, Weight | None]:
    before = len(part.problems)
    w_max = part.either("w_max", *weight_units)
    if w_max is None and len(part.problems) == before:
        part.blame("", "'w_max' is missing", "the bound of the weight, such as 200 pA")
    elif w_max is not None and w_max[0] == 0:
        part.blame("w_max", "w_max is 0", "a weight of the sign of 'weight'")
    rule = Stdp(0.0, _positive(part, "tau_plus", Fraction(20)), _positive(part, "tau_minus", Fraction(20)),
                float(part.number("lambda", Fraction(1, 100), 0, 1)), float(part.number("alpha", Fraction(1), 0, _LARGEST)),
                float(part.number("mu_plus", Fraction(1), 0, _LARGEST)), float(part.number("mu_minus", Fraction(1), 0, _LARGEST)),
                part.choice("pairing", list(PAIRINGS), PAIRINGS[0]))
    part.finish()
    return rule, w_max


def _tsodyks_markram(part: Section) -> TsodyksMarkram:
    rule = TsodyksMarkram(float(part.number("U", Fraction(1, 2), 0, 1)), _positive(part, "tau_rec", Fraction(800)),
                          part.quantity("tau_fac", "ms", Fraction(0)))
    if rule.tau_fac < 0:
        part.blame("tau_fac", f"tau_fac is {float(rule.tau_fac):g} ms", "a value of at least 0")
    part.finish()
    return rule


def _positive(part: Section, key: str, default: Fraction) -> Fraction:
    before = len(part.problems)
    value = part.quantity(key, "ms", default)
    if value <= 0 and len(part.problems) == before:
        part.blame(key, f"{key} is {float(value):g} ms", "a value above 0")
    return value
