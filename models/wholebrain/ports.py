"""Say which ports a brain network has."""

from __future__ import annotations

from math import fsum

import numpy as np

from cosim.blocks import Kind
from cosim.interfaces import Port
from cosim.models.wholebrain._engine import source
from cosim.models.wholebrain.rest import Rest
from cosim.models.wholebrain.setting import Setting


def output_ports(s: Setting, rest: Rest | None, step: int) -> tuple[Port, ...]:
    """Return the outputs: rate, state variables, what replaced regions receive, what regions send that are simulated on their own."""
    names = tuple(s.connectome.labels[i] for i in s.simulated)
    found = []
    if s.model.rate is not None:
        found.append(Port("rate", Kind.RATE, "Hz", len(names), labels=names, about=s.model.rate + " of each simulated region"))
    found += [
        Port(v.name, Kind.STATE, v.unit, len(names), labels=names, about=v.about + ", of each simulated region") for v in s.model.variables
    ]
    sent = source(s.model.number, s.rows, rest.state) if rest else None
    for r in s.replaced:
        label, total = s.connectome.labels[r.region], rate_is_known(s, r.region)
        from_others = np.flatnonzero(s.net.between[r.region])
        weights = s.net.weights[r.region, from_others]
        found.append(
            Port(
                f"{label}.afferent",
                Kind.STATE,
                s.model.coupling_unit,
                1,
                lead=r.lead * step,
                labels=(label,),
                at_rest=None if sent is None else fsum(weights * sent[from_others]),
                about=f"delayed sum over what other regions send to {label}, each times its weight, without G",
            )
        )
        if total:
            found.append(
                Port(
                    f"{label}.afferent_rate",
                    Kind.RATE,
                    "Hz",
                    1,
                    lead=r.lead * step,
                    labels=(label,),
                    at_rest=None if rest is None or rest.rates is None else fsum(weights * rest.rates[from_others]) / total,
                    about=f"delayed mean rate of the regions that project to {label}, weighted by their connections",
                )
            )
    if s.alone:
        found += [
            Port(
                f"{label}.coupling", Kind.STATE, s.model.coupling_unit, 1, labels=(label,), about=f"what {label} sends ({s.model.coupling})"
            )
            for label in names
        ]
    return tuple(found)


def input_ports(s: Setting, step: int) -> tuple[Port, ...]:
    """Return the inputs: replaced regions, what regions receive that are simulated on their own, drives."""
    found = []
    for r in s.replaced:
        label = s.connectome.labels[r.region]
        if r.how == "rate":
            found.append(
                Port(
                    f"{label}.rate", Kind.RATE, "Hz", 1, lag=r.lag * step, labels=(label,), about=f"{s.model.rate} that stands for {label}"
                )
            )
        else:
            found.append(
                Port(
                    f"{label}.coupling",
                    Kind.STATE,
                    s.model.coupling_unit,
                    1,
                    lag=r.lag * step,
                    labels=(label,),
                    about=f"{s.model.coupling} that stands for {label}",
                )
            )
    if s.alone:
        found += [
            Port(
                f"{label}.afferent",
                Kind.STATE,
                s.model.coupling_unit,
                1,
                labels=(label,),
                about=f"sum over what all other regions send to {label}, without G; its start value where nothing is coupled",
            )
            for label in (s.connectome.labels[i] for i in s.simulated)
        ]
    first = s.model.inputs[0]
    found += [
        Port(
            f"{s.connectome.labels[i]}.drive",
            Kind.CURRENT if first.unit == "nA" else Kind.STATE,
            first.unit,
            1,
            labels=(s.connectome.labels[i],),
            about=first.about,
        )
        for i in s.driven
    ]
    return tuple(found)


def rate_is_known(s: Setting, region: int) -> float:
    """Return the sum of the weights into a region from others where all their rates are known here; else 0."""
    unknown = {r.region for r in s.replaced if r.how != "rate"}
    sources = np.flatnonzero(s.net.between[region])
    if s.model.rate is None or unknown & set(sources.tolist()):
        return 0.0
    return fsum(s.net.weights[region, sources])
