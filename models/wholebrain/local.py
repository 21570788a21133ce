"""Read which model each region has, with its parameters, and how different models hear each other."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from math import sqrt
from typing import Any

import numpy as np

from cosim.errors import Problem
from cosim.models.wholebrain.by_region import NO_NAMES, Names, given, spread
from cosim.models.wholebrain.dynamics import model as find_model
from cosim.models.wholebrain.dynamics import names as model_names
from cosim.models.wholebrain.exchange import read_taken
from cosim.models.wholebrain.language.model import Array, Model, everything
from cosim.models.wholebrain.parameters import WholeBrainParameters
from cosim.models.wholebrain.patches import Patches, PatchSetting, used_by
from cosim.registry import did_you_mean
from cosim.timegrid import Clock

_BY = {"state": 1, "root": 2}


def read_patches(p: WholeBrainParameters, labels: tuple[str, ...], weights: Array, clock: Clock, problems: list[Problem]) -> Patches | None:
    """Return the models of all regions; None, and what is wrong in `problems`, where that cannot be told."""
    before, n = len(problems), len(labels)
    numbers = {label: i for i, label in enumerate(labels)}
    owner: dict[int, int] = {}
    asked: list[tuple[str, str, Mapping[str, Any], Mapping[str, str]]] = [("", p.model, p.model_parameters, p.takes)]
    for k, other in enumerate(p.other_models):
        where = f"other_models[{k}]"
        asked.append((f"{where}.", other.model, other.model_parameters, other.takes))
        if not other.regions:
            problems.append(Problem("no region is named that has this model", f"{where}.regions", "at least one name"))
        for name in other.regions:
            if name not in numbers:
                problems.append(Problem(f"there is no region '{name}'", f"{where}.regions", remedy=did_you_mean(name, list(numbers))))
            elif owner.setdefault(numbers[name], k + 1) != k + 1:
                problems.append(Problem(f"region '{name}' is given two models", f"{where}.regions", "one model for each region"))
    known = model_names()
    for where, name, _, _ in asked:
        if name not in known:
            problems.append(Problem(f"there is no mean-field model '{name}'", f"{where}model", remedy=did_you_mean(name, list(known))))
    problems += _twice(p)
    if len(problems) > before:
        return None
    chosen = [(where, find_model(name), told, takes) for where, name, told, takes in asked]
    names = Names.of(labels, p.regions)
    found = []
    for k, (where, model, told, _) in enumerate(chosen):
        regions = tuple(i for i in range(n) if owner.get(i, 0) == k)
        values = read_values(model, told, regions, n, p.coupling, weights, where, problems, names)
        sigma, by = _noise(p, model, [m for _, m, _, _ in chosen], clock, problems if k == 0 else [])
        if regions:
            found.append(PatchSetting(model, regions, values, sigma, by))
    models = [m for _, m, _, _ in chosen if any(f.model is m for f in found)]
    taken = read_taken(models, {m.name: takes for _, m, _, takes in chosen}, p.exchange, problems)
    complete = len(taken) == sum(len(target.receives) for target in models) * len(models)
    return Patches(tuple(found), taken, used_by(taken, models)) if complete else None


def _twice(p: WholeBrainParameters) -> list[Problem]:
    """Refuse a model that is named twice, and show how to write what was meant."""
    found, before = [], {p.model: ("model", "model_parameters")}
    for k, other in enumerate(p.other_models):
        where = f"other_models[{k}]"
        if other.model in before:
            key, holder = before[other.model]
            name, value = next(((n, f"{v:g}") for n, v in other.model_parameters.items() if isinstance(v, int | float)), ("NAME", "NUMBER"))
            meant = ", ".join(f"{region}: {value}" for region in other.regions[:2]) + ", ..." * (len(other.regions) > 2)
            add = "" if key == "model" else f", add its regions to '{key.removesuffix('.model')}.regions',"
            found.append(Problem(f"the same model is named twice: '{key}' is '{other.model}' too", f"{where}.model",
                                 "each model once; its parameters may differ between regions",
                                 f"leave this entry out{add} and write '{name}: {{{meant}}}' into '{holder}'"))
        before.setdefault(other.model, (f"{where}.model", f"{where}.model_parameters"))
    return found


def read_values(model: Model, told: Mapping[str, Any], regions: Sequence[int], n: int, gain: float, weights: Array, where: str,
                problems: list[Problem], names: Names = NO_NAMES) -> dict[str, Array]:
    """Return parameters and what is derived from them, (n_regions,) each.

    Parameters
    ----------
    told : mapping of str to number, sequence of numbers, mapping of str to number, or str
        What the user set; a list holds a number for each region of the model, or for each of the brain, a mapping some by name.
    regions : sequence of int
        The regions that have the model, of `n` in the brain.
    names : Names
        Names of all regions of the brain; may be missing where nothing is given by name.
    """
    here = list(regions)
    numbers: dict[str, Array | float] = {}
    words: dict[str, str] = {}
    known = {x.name: x for x in model.parameters}
    many = {name.rsplit("_", 1)[0] for name in known if name.rsplit("_", 1)[-1].isdigit()} - set(known)
    plain = next(iter(model.presets.values()), {})
    numbers |= _preset(model, told, where, problems)
    for name, value in told.items():
        at = f"{where}model_parameters.{name}"
        if name in preset_words(model):
            continue
        if name in many:
            numbers |= _vector(name, value, sum(x.rsplit("_", 1)[0] == name for x in known), at, problems)
            continue
        if name not in known:
            problems.append(Problem(f"'{model.name}' has no parameter '{name}'", at, remedy=_meant(model, name, [*known, *many])))
            continue
        if isinstance(value, str):
            allowed = model.words.get(name, ())
            if value not in allowed:
                remedy = did_you_mean(value, list(allowed)) if allowed else ""
                problems.append(Problem(f"{value!r} is no value for '{name}'", at, "" if allowed else "a number", remedy))
            words[name] = value
            continue
        usual = numbers.get(name, plain.get(name, known[name].default))
        row = spread(value, names, here, usual, at, problems) if isinstance(value, Mapping) else _row(value)
        wrong = _misfit(name, value, row, {1, len(here), n}, len(here), at)
        if wrong:
            problems += wrong
            continue
        numbers[name] = row[here] if len(row) == n and len(here) != n else row if len(row) > 1 else float(row[0])
        problems += _outside(known[name], row, at)
    if problems:
        return everything(model, {}, len(here))  # the run is refused; these only let the rest be checked
    values = everything(model, numbers, len(here))
    for name, word in words.items():
        assert model.resolve is not None, f"{model.name} takes words and cannot resolve them"
        numbers[name] = model.resolve(name, word, values, gain, weights[np.ix_(here, here)])
    return everything(model, numbers, len(here)) if words else values


def preset_words(model: Model) -> tuple[str, ...]:
    """Return by which words a user may name a set of parameters: its own and 'preset'; none where the model has no sets."""
    return tuple(dict.fromkeys((model.preset_word, "preset"))) if model.presets else ()


def _meant(model: Model, name: str, known: list[str]) -> str:
    """Return what a user may have meant by a name that is no parameter, and by which word a set of parameters is chosen."""
    words = preset_words(model)
    if not words:
        return "leave it out: the model has one set of parameters only" if name == "preset" else did_you_mean(name, known)
    meant = did_you_mean(name, [*known, *words])
    quoted = " or ".join(f"'{word}'" for word in words)
    return f"{meant}{'' if meant.endswith('?') else ';'} a set of parameters is chosen by {quoted}"


def _preset(model: Model, told: Mapping[str, Any], where: str, problems: list[Problem]) -> dict[str, float]:
    """Return the set of parameters that the user named; nothing where none is named, or it is not known."""
    given = {word: told[word] for word in preset_words(model) if word in told}
    if len(given) > 1:
        problems.append(Problem(f"a set of parameters is named twice: {' and '.join(f'{w}: {n}' for w, n in given.items())}",
                                f"{where}model_parameters", "one of the two, which mean the same"))
        return {}
    for word, name in given.items():
        if name in model.presets:
            return dict(model.presets[name])
        problems.append(Problem(f"'{model.name}' has no set of parameters '{name}'", f"{where}model_parameters.{word}",
                                remedy=did_you_mean(str(name), list(model.presets))))
    return {}


def _row(value: Any) -> Array:
    return np.atleast_1d(np.asarray(value, np.float64))


def _vector(name: str, value: Any, size: int, where: str, problems: list[Problem]) -> dict[str, float]:
    """Return the parameters NAME_0, NAME_1 ... of one that is a list of its own."""
    row = np.zeros(0) if isinstance(value, str | Mapping) else _row(value)
    if row.shape != (size,):
        remedy = f"name regions in each of {name}_0, {name}_1 ..." if isinstance(value, Mapping) else ""
        problems.append(Problem(f"'{name}' is {given(value)}", where, f"a list of {size} numbers", remedy))
    return {f"{name}_{i}": float(v) for i, v in enumerate(row[:size])}


def _misfit(name: str, value: Any, row: Array, sizes: Container[int], wanted: int, where: str) -> list[Problem]:
    if row.ndim != 1 or len(row) not in sizes:
        return [Problem(f"'{name}' is {given(value)}", where, f"a finite number, or one for each of the {wanted} regions",
                        "to name the regions that differ write {default: 1.0, REGION: 2.0}")]
    if not np.isfinite(row).all():
        k = int(np.argmin(np.isfinite(row)))
        place = f" in place {k + 1} of {len(row)}" if len(row) > 1 else ""
        return [Problem(f"'{name}' is {row[k]}{place}", where, "a finite number")]
    return []


def _outside(parameter: Any, row: Array, where: str) -> list[Problem]:
    found = []
    unit = "" if parameter.unit == "1" else f" {parameter.unit}"
    for limit, wrong, words in ((parameter.above, row <= (parameter.above if parameter.above is not None else -np.inf), "above"),
                                (parameter.least, row < (parameter.least if parameter.least is not None else -np.inf), "of at least"),
                                (parameter.most, row > (parameter.most if parameter.most is not None else np.inf), "of at most")):
        if limit is not None and wrong.any():
            found.append(Problem(f"'{parameter.name}' is {row[wrong][0]:g}{unit}", where, f"a number {words} {limit:g}{unit}"))
    return found


def _noise(p: WholeBrainParameters, model: Model, models: Sequence[Model], clock: Clock,
           problems: list[Problem]) -> tuple[Array, tuple[int, ...]]:
    by_name = dict(p.noise) if isinstance(p.noise, Mapping) else dict.fromkeys(model.variables, p.noise)
    everybody = [v for m in models for v in m.variables]
    for name, value in by_name.items():
        if name not in everybody:
            problems.append(Problem(f"'{model.name}' has no variable '{name}'", "noise", remedy=did_you_mean(name, everybody)))
        elif not (np.isfinite(value) and value >= 0):
            problems.append(Problem(f"the noise of '{name}' is {value}", "noise", "a number, 0 or more"))
    problems += [Problem(f"'{model.name}' has no variable '{name}'", "noise_by", remedy=did_you_mean(name, everybody))
                 for name in p.noise_by if name not in everybody]
    sigma = np.array([sqrt(clock.step_ms) * by_name.get(v, 0.0) for v in model.variables])
    return sigma, tuple(_BY[p.noise_by[v]] if v in p.noise_by else 0 for v in model.variables)
