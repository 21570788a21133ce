"""Write an experiment with everything that was left to defaults, and say in short what determines its results."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.representer import RoundTripRepresenter

from cosim.experiment.experiment import Coupling, Experiment
from cosim.experiment.file_format import VERSION
from cosim.experiment.quantities import text
from cosim.experiment.written import parameters_written


def resolved_text(experiment: Experiment) -> str:
    """Return an experiment file with everything spelled out; read from any folder, it gives an equal experiment."""
    return yaml_text(resolved(experiment))


def resolved(experiment: Experiment) -> dict[str, Any]:
    """Return the plain data of an experiment file with everything spelled out."""

    def time(ticks: int) -> str:
        return text(Fraction(ticks) * experiment.tick_ms, "ms")

    def coupling(c: Coupling) -> dict[str, Any]:
        found = {"name": c.name, "from": c.source, "to": c.target, "delay": time(c.delay), "weight": c.weight}
        if c.initial is not None:
            found["initial"] = str(c.initial)
        if c.translators:
            found["translate"] = [{t.name: parameters_written(t.parameters)} for t in c.translators]
        return found

    return {
        "cosim": VERSION,
        "title": experiment.title,
        "about": experiment.about,
        "seed": experiment.seed,
        "duration": time(experiment.duration),
        "tick": text(experiment.tick_ms, "ms"),
        "run": {"window": "auto" if experiment.window is None else time(experiment.window)},
        "groups": {g.name: {"component": g.component, "step": time(g.step), "params": parameters_written(g.parameters)}
                   for g in experiment.groups.values()},
        "couplings": [coupling(c) for c in experiment.couplings],
        "record": [{"port": f"{r.group}.{r.port}"} | ({} if r.every is None else {"every": time(r.every)}) for r in experiment.records],
    }


def fingerprint(experiment: Experiment) -> dict[str, str]:
    """Return everything that the results depend on, as text by key; `Experiment.place` finds the keys in the file.

    What is said for people, the window, and folders (where a file lies says nothing about what is in it) are left out.
    """
    data = {key: value for key, value in resolved(experiment).items() if key not in {"title", "about", "run"}}
    return {key: value for key, value in _flat(data, "") if key.split(".")[-1] != "folder"}


class _Representer(RoundTripRepresenter):
    """Write nothing as a word, and text of several lines as lines."""

    def nothing(self, _: None) -> Any:
        return self.represent_scalar("tag:yaml.org,2002:null", "null")

    def text(self, data: str) -> Any:
        lines = data.split("\n")
        plain = len(lines) > 1 and lines[0] and all(line.isprintable() and line == line.strip() for line in lines)
        return self.represent_scalar("tag:yaml.org,2002:str", data, style="|" if plain else None)


_Representer.add_representer(type(None), _Representer.nothing)
_Representer.add_representer(str, _Representer.text)


def yaml_text(data: Any) -> str:
    """Write plain data as YAML, in their own order."""
    yaml = YAML()
    yaml.Representer = _Representer
    yaml.width = 120
    stream = StringIO()
    yaml.dump(data, stream)
    return stream.getvalue()


def _flat(data: Any, above: str) -> Iterator[tuple[str, str]]:
    items = list(data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ())
    if not items:
        yield above, json.dumps(data, sort_keys=True, ensure_ascii=False)
    for key, value in items:
        yield from _flat(value, f"{above}.{key}" if above else str(key))
