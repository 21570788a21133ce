"""Say which ports a brain network has."""

from __future__ import annotations

from math import fsum

import numpy as np

from cosim.blocks import Kind
from cosim.interfaces import Port
from cosim.models.wholebrain.language.model import Model
from cosim.models.wholebrain.patches import sources
from cosim.models.wholebrain.rest import Rest
from cosim.models.wholebrain.setting import Setting


def regions_with(s: Setting, variable: str) -> tuple[int, ...]:
    """Return the simulated regions whose model has a state variable of that name, ascending."""
    return tuple(i for i in s.simulated if variable in s.patches.of(i).model.variables)


def rated(s: Setting) -> tuple[int, ...]:
    """Return the simulated regions whose model has a rate, ascending."""
    return tuple(i for i in s.simulated if s.patches.of(i).model.rate is not None)


def output_ports(s: Setting, rest: Rest | None, step: int) -> tuple[Port, ...]:
    """Return the outputs: rate, state variables, what replaced regions receive, what regions send that are simulated on their own."""
    found = []
    regions = rated(s)
    if regions:
        about = "; ".join(dict.fromkeys(s.patches.of(i).model.rate_about for i in regions))
        found.append(Port("rate", Kind.RATE, "Hz", len(regions), labels=_labels(s, regions), about=f"{about}, of each simulated region"))
    for name in dict.fromkeys(v for p in s.patches.all for v in p.model.variables):
        regions = regions_with(s, name)
        if regions:
            variables = [v for p in s.patches.all for v in p.model.state if v.name == name]
            found.append(Port(name, Kind.STATE, variables[0].unit, len(regions), labels=_labels(s, regions),
                              about=f"{variables[0].about}, of each simulated region"))
    for r in s.replaced:
        label, total, model = s.connectome.labels[r.region], rate_is_known(s, r.region), s.patches.of(r.region).model
        from_others = np.flatnonzero(s.net.between[r.region])
        weights = s.net.weights[r.region, from_others]
        if model.receives:
            found.append(
                Port(
                    f"{label}.afferent",
                    Kind.STATE,
                    _unit([x.unit for x in model.receives]),
                    len(model.receives),
                    lead=r.lead * step,
                    labels=(label,) if len(model.receives) == 1 else tuple(f"{label}.{x.name}" for x in model.receives),
                    at_rest=_afferent_at_rest(s, rest, r.region) if len(model.receives) == 1 else None,
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
        found += [_coupling(s, i, "what {} sends", 0) for i in s.simulated if s.patches.used[s.patches.of(i).model.name]]
    return tuple(found)


def input_ports(s: Setting, step: int) -> tuple[Port, ...]:
    """Return the inputs: replaced regions, what regions receive that are simulated on their own, drives."""
    found = []
    for r in s.replaced:
        label, model = s.connectome.labels[r.region], s.patches.of(r.region).model
        if r.how == "rate":
            found.append(Port(f"{label}.rate", Kind.RATE, "Hz", 1, lag=r.lag * step, labels=(label,),
                              about=f"{model.rate_about} that stands for {label}"))
        elif s.patches.used[model.name]:
            found.append(_coupling(s, r.region, "what stands for {} sends", r.lag * step))
    if s.alone:
        for i in s.simulated:
            label, model = s.connectome.labels[i], s.patches.of(i).model
            if model.receives:
                found.append(
                    Port(
                        f"{label}.afferent",
                        Kind.STATE,
                        _unit([x.unit for x in model.receives]),
                        len(model.receives),
                        labels=(label,) if len(model.receives) == 1 else tuple(f"{label}.{x.name}" for x in model.receives),
                        about=f"sum over what all other regions send to {label}, without G; its start value where nothing is coupled",
                    )
                )
    for i in s.driven:
        first = s.patches.of(i).model.inputs[0]
        label = s.connectome.labels[i]
        kind = Kind.CURRENT if first.unit == "nA" else Kind.STATE
        found.append(Port(f"{label}.drive", kind, first.unit, 1, labels=(label,), about=first.about))
    return tuple(found)


def rate_is_known(s: Setting, region: int) -> float:
    """Return the sum of the weights into a region from others where all their rates are known here; else 0."""
    unknown = {r.region for r in s.replaced if r.how != "rate"}
    sending = np.flatnonzero(s.net.between[region])
    if unknown & set(sending.tolist()) or any(s.patches.of(int(j)).model.rate is None for j in sending):
        return 0.0
    return fsum(s.net.weights[region, sending])


def _coupling(s: Setting, region: int, about: str, lag: int) -> Port:
    label, model = s.connectome.labels[region], s.patches.of(region).model
    sent = [model.sends[k] for k in s.patches.used[model.name]]
    names = ", ".join(x.about for x in sent)
    return Port(f"{label}.coupling", Kind.STATE, _unit([x.unit for x in sent]), len(sent), lag=lag,
                labels=(label,) if len(sent) == 1 else tuple(f"{label}.{x.name}" for x in sent), about=f"{about.format(label)} ({names})")


def _afferent_at_rest(s: Setting, rest: Rest | None, region: int) -> float | None:
    if rest is None:
        return None
    model: Model = s.patches.of(region).model
    found, others = sources(s.patches, model.name, 0), np.flatnonzero(s.net.between[region])
    return fsum(s.net.weights[region, others] * found.times[others] * rest.sent[found.row[others]])


def _labels(s: Setting, regions: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(s.connectome.labels[i] for i in regions)


def _unit(units: list[str]) -> str:
    return units[0] if len(set(units)) == 1 else "1"
