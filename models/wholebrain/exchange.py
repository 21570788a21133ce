"""Read what the models of one brain take from each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cosim.errors import Problem
from cosim.models.wholebrain.language.model import Model, Received
from cosim.models.wholebrain.parameters import Exchange
from cosim.models.wholebrain.patches import Taken
from cosim.registry import did_you_mean


def read_taken(models: Sequence[Model], takes: Mapping[str, Mapping[str, str]], exchange: Sequence[Exchange],
               problems: list[Problem]) -> dict[tuple[str, str, int], Taken]:
    """Return what each model takes from each, by receiving model, sending model and number of the received sum.

    Parameters
    ----------
    models : sequence of Model
        Those that regions have.
    takes : mapping of str to mapping of str to str
        By model, what it receives, and which of the things sent that sums, where it is not the usual one.
    exchange : sequence of Exchange
        What models take from others.
    problems : list of Problem
        Takes what is wrong; then some of the result is missing.
    """
    by_name = {m.name: m for m in models}
    for k, e in enumerate(exchange):
        problems += _wrong(e, k, by_name)
    told = {(e.target, e.source, e.received): e for e in exchange}
    found: dict[tuple[str, str, int], Taken] = {}
    for target in models:
        received_names = [r.name for r in target.receives]
        problems += [Problem(f"'{target.name}' receives no '{name}'", "takes", remedy=did_you_mean(name, received_names))
                     for name in takes[target.name] if name not in received_names]
        for source in models:
            for r, received in enumerate(target.receives):
                usual = takes[target.name].get(received.name, received.takes)
                taken = _choose(target, source, received, usual, told.get((target.name, source.name, received.name)), problems)
                if taken is not None:
                    found[target.name, source.name, r] = taken
    return found


def _choose(target: Model, source: Model, received: Received, usual: str, told: Exchange | None, problems: list[Problem]) -> Taken | None:
    sent = [s.name for s in source.sends]
    if told is not None:
        return Taken(sent.index(told.sent), told.times, told.plus) if told.sent in sent else None
    if usual in sent:
        return Taken(sent.index(usual))
    if source is target:
        problems.append(Problem(f"'{source.name}' sends no '{usual}'", "takes", remedy=did_you_mean(usual, sent)))
    else:
        problems.append(Problem(
            f"it is not said what '{received.name}' of '{target.name}' takes from regions with '{source.name}', which sends "
            + ", ".join(sent),
            "exchange",
            remedy=f"add {{source: {source.name}, target: {target.name}, received: {received.name}, sent: {sent[0]}, times: 1.0}}"))
    return None


def _wrong(e: Exchange, number: int, by_name: Mapping[str, Model]) -> list[Problem]:
    where = f"exchange[{number}]"
    found = [Problem(f"no region has the model '{name}'", f"{where}.{role}", remedy=did_you_mean(name, list(by_name)))
             for role, name in (("source", e.source), ("target", e.target)) if name not in by_name]
    if found:
        return found
    received, sent = [r.name for r in by_name[e.target].receives], [s.name for s in by_name[e.source].sends]
    if e.received not in received:
        found.append(Problem(f"'{e.target}' receives no '{e.received}'", f"{where}.received", remedy=did_you_mean(e.received, received)))
    if e.sent not in sent:
        found.append(Problem(f"'{e.source}' sends no '{e.sent}'", f"{where}.sent", remedy=did_you_mean(e.sent, sent)))
    return found
