"""Say which model of The Virtual Brain each of ours is, and what its parameters are called there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cosim.models.wholebrain.dynamics import model


@dataclass(frozen=True, slots=True)
class Match:
    """Hold how one of our models is set up for a benchmark, and what it is in The Virtual Brain.

    Parameters
    ----------
    theirs : str
        Name of the class.
    gain : float
        The factor G, for weights of which no region's afferents sum to more than 1: large enough that regions feel each other.
    set_here : mapping of str to float
        Parameters that are not those of the set 'tvb' or the defaults.
    ours_only : tuple of str
        Parameters that have no counterpart there, and whose value is what The Virtual Brain does.
    renamed : mapping of str to str
        Names there, where they differ.
    added : mapping of str to float
        Parameters that only they have.
    """

    theirs: str
    gain: float
    set_here: Mapping[str, float] = field(default_factory=dict)
    ours_only: tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    added: Mapping[str, float] = field(default_factory=dict)


MATCHES = {
    "generic_2d_oscillator": Match("Generic2dOscillator", 0.5),
    "wilson_cowan": Match("WilsonCowan", 1.0, ours_only=("shift", "reaches")),
    "reduced_wong_wang": Match("ReducedWongWangExcInh", 0.5, added={"G": 1.0},
                               renamed={f"{n}_{s.upper()}": f"{n}_{s}" for s in "ei" for n in ("a", "b", "d", "gamma", "tau", "W")}),
    "wong_wang_2013": Match("ReducedWongWang", 0.1),
    "jansen_rit": Match("JansenRit", 10.0),
    "montbrio_pazo_roxin": Match("MontbrioPazoRoxin", 1.0),
    "epileptor": Match("Epileptor", 1.0, {"Ks": -0.2}, ours_only=("modification",)),
    "adex_second_order": Match("ZerlautAdaptationSecondOrder", 0.2, ours_only=("consistent",)),
}
SCHEMES = {"euler": "Euler", "heun": "Heun", "heun_held": "Heun"}
"""Their schemes by ours; theirs takes what is received at the start of a step for both stages, as `heun_held`."""


def our_parameters(name: str) -> dict[str, float]:
    """Return the values of all parameters of a model: the defaults, those of The Virtual Brain's set, and what is set here."""
    m = model(name)
    return {p.name: p.default for p in m.parameters} | dict(m.presets.get("tvb", {})) | dict(MATCHES[name].set_here)


def their_parameters(name: str) -> dict[str, float | list[float]]:
    """Return the same for The Virtual Brain: parameters NAME_0, NAME_1 ... are one array there."""
    match, found = MATCHES[name], dict[str, Any](MATCHES[name].added)
    for ours, value in our_parameters(name).items():
        stem, _, number = ours.rpartition("_")
        if ours in match.ours_only:
            continue
        if number.isdecimal() and stem.startswith("P_"):
            found.setdefault(stem, []).append(value)
        else:
            found[match.renamed.get(ours, ours)] = value
    return found


def their_coupling(name: str) -> tuple[str, dict[str, float]]:
    """Return the name and the parameters of the coupling that sums as the model does here."""
    gain, p = MATCHES[name].gain, our_parameters(name)
    if name == "jansen_rit":  # its regions send firing, a sigmoid of two state variables
        return "SigmoidalJansenRit", {"cmin": 0.0, "cmax": 2.0 * p["nu_max"], "midpoint": p["v0"], "r": p["r"], "a": gain}
    return "Linear", {"a": gain, "b": 0.0}
