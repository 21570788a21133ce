"""Read an experiment file into frozen data, and tell everything that is wrong with it at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from functools import partial
from math import lcm
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cosim.errors import InputError, Problem, raise_all
from cosim.experiment.experiment import Coupling, Experiment, Group, Record, TranslatorSpec
from cosim.experiment.faults import Refused
from cosim.experiment.file_format import VERSION, CouplingKeys, ExperimentKeys, GroupKeys, RecordKeys, RunKeys
from cosim.experiment.overrides import with_overrides
from cosim.experiment.parameters import read_dataclass, read_fields
from cosim.experiment.plugins import component_parameters, translator_parameters
from cosim.experiment.quantities import Quantity, read_any_quantity, shown, text
from cosim.experiment.source import Keys, Source, check_sort, item_name, read_source
from cosim.registry import did_you_mean
from cosim.timegrid import common_tick, in_ms, to_ticks

MOST_TICKS = 1 << 53
"""Times of more ticks cannot be told apart in double precision: ticks are written to files and turned into ms as such."""

MOST_SEED = (1 << 63) - 1
"""The largest seed that results can hold."""

_GROUP_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_COUPLING_NAME = re.compile(r"[A-Za-z_][^\s/]*")


def read_experiment(path: str | Path, overrides: Iterable[str] = ()) -> Experiment:
    """Read an experiment file.

    Parameters
    ----------
    path : str or Path
        The file.
    overrides : iterable of str
        Keys to set to other values, each ``key=value``; see `with_overrides`.

    Returns
    -------
    Experiment

    Raises
    ------
    InputError
        With every problem of the file and the overrides. Ports are not checked: only the components know them.
    """
    problems: list[Problem] = []
    source = read_source(Path(path), problems)
    return experiment_of(source, overrides, problems)


def experiment_of(source: Source, overrides: Iterable[str] = (), problems: Iterable[Problem] = ()) -> Experiment:
    """Return the experiment that a file means which has been read already; see `read_experiment`.

    Parameters
    ----------
    source : Source
        What the file says; it stays as it is.
    overrides : iterable of str
        Keys to set to other values.
    problems : iterable of Problem
        What was wrong with the file.
    """
    problems = list(problems)
    check_sort(source, "cosim", "cosim_layout", "experiment")
    source = with_overrides(source, overrides, problems)
    experiment = _Reader(source, problems).experiment()
    raise_all(problems)
    assert experiment is not None  # nothing is left out without a problem
    return experiment


class _Reader:
    """Turn plain data into an experiment; what is wrong goes to the problems, and reading goes on."""

    def __init__(self, source: Source, problems: list[Problem]) -> None:
        self.source, self.problems, self.folder = source, problems, source.path.parent
        self.values = self.fields(ExperimentKeys, source.data, ())
        self.names = list(self.mapping("groups"))
        self.steps: dict[str, Fraction] = {}
        self.step_keys: dict[str, Keys] = {}
        self.tick = Fraction(1)

    def experiment(self) -> Experiment | None:
        values = self.values
        self.check_version()
        groups = self.groups()
        couplings = [self.fields(CouplingKeys, item, ("couplings", i)) for i, item in enumerate(values.get("couplings") or ())]
        self.tick = self.common_tick([v["delay"] for v in couplings if "delay" in v])
        duration = self.ticks(values.get("duration"), ("duration",), self.names)
        window = values.get("run", RunKeys()).window
        window = None if window == "auto" else self.ticks(window, ("run", "window"), self.names)
        seed = values.get("seed", 0)
        if not 0 <= seed <= MOST_SEED:
            what = f"the seed {seed} is negative" if seed < 0 else f"the seed is too large, it has {len(str(seed))} digits"
            self.complain(("seed",), what, f"a whole number from 0 to {MOST_SEED}")
        made = tuple(self.coupling(v, ("couplings", i)) for i, v in enumerate(couplings))
        records = tuple(self.record(item, ("record", i)) for i, item in enumerate(values.get("record") or ()))
        self.check_unique(("couplings",), [(c.name if c else "") for c in made], "coupling", "give one of them another 'name'")
        self.check_unique(("record",), [(f"{r.group}.{r.port}" if r else "") for r in records], "record of", "remove one of them")
        if self.problems:
            return None
        made_groups = {name: Group(name, component, int(self.steps[name] / self.tick), parameters, self.source.place(("groups", name)))
                       for name, (component, parameters) in groups.items()}
        return Experiment(values["title"], values["about"], values["seed"], self.tick, duration, window, MappingProxyType(made_groups),
                          tuple(c for c in made if c), tuple(r for r in records if r), self.source)

    def complain(self, keys: Keys, what: str, expected: str = "", remedy: str = "") -> None:
        self.problems.append(Problem(what, self.source.where(keys), expected, remedy))

    def attempt(self, keys: Keys, read: Callable[[], Any]) -> Any:
        """Return what a function returns; where it refuses, note why and return None."""
        try:
            return read()
        except Refused as error:
            self.problems += [problem.at(self.source.where((*keys, *below))) for below, problem in error.faults]
        except InputError as error:
            self.problems += [problem.at(self.source.where(keys)) for problem in error.problems]
        return None

    def fields(self, cls: type, data: Any, keys: Keys) -> dict[str, Any]:
        values, faults = read_fields(cls, data, self.folder)
        self.problems += [problem.at(self.source.where((*keys, *below))) for below, problem in faults]
        return values

    def mapping(self, key: str) -> Mapping[str, Any]:
        data = self.source.data.get(key)
        return data if isinstance(data, dict) else {}

    def check_version(self) -> None:
        version = self.values.get("cosim", VERSION)
        if version != VERSION:
            self.complain(("cosim",), f"the file has the format version {version}, this cosim reads version {VERSION}",
                          remedy="install a newer cosim" if version > VERSION else f"write 'cosim: {VERSION}'")

    def check_unique(self, keys: Keys, names: list[str], noun: str, remedy: str) -> None:
        for i, name in enumerate(names):
            if name and name in names[:i]:
                first = self.source.place((*keys, names.index(name)))
                self.complain((*keys, i), f"there is a {noun} '{name}' already, at {first}", remedy=remedy)

    def groups(self) -> dict[str, tuple[str, Any]]:
        """Return component and parameters of every group, and note the steps."""
        found = {}
        if "groups" in self.values and not self.names:
            self.complain(("groups",), "there are no groups", "at least one group, such as 'brain: {component: wholebrain}'")
        for name in self.names:
            keys: Keys = ("groups", name)
            if not _GROUP_NAME.fullmatch(name):
                self.complain(keys, f"a group cannot be called '{name}'", "a letter, then letters, digits, '_' and '-'")
            values = self.fields(GroupKeys, self.mapping("groups")[name], keys)
            own = values.get("step")
            self.step_keys[name] = ("step",) if own is None else (*keys, "step")
            step = self.values.get("step") if own is None else own
            if step is not None and self.above_zero(step, self.step_keys[name]):
                self.steps[name] = step
            elif step is None and "step" in values and "step" in self.values:
                self.complain(keys, f"the group '{name}' has no time step", remedy="write 'step: 0.1 ms' here, or at the top for all")
            if "component" in values:
                component = values["component"]
                cls = self.attempt((*keys, "component"), partial(component_parameters, component))
                if cls and "params" in values:
                    read = self.attempt((*keys, "params"), partial(read_dataclass, cls, values["params"], self.folder))
                    found[name] = (component, read)
        return found

    def coupling(self, values: dict[str, Any], keys: Keys) -> Coupling | None:
        data = self.source.data["couplings"][keys[1]]
        source, target = (self.port(values.get(field), (*keys, field.removesuffix("_"))) for field in ("from_", "to"))
        delay = self.ticks(values.get("delay"), (*keys, "delay"), [p[0] for p in (source, target) if p], zero=True)
        name = item_name(data)
        if values.get("name") and not _COUPLING_NAME.fullmatch(name):
            self.complain((*keys, "name"), f"a coupling cannot be called '{name}'", "a letter, then no blanks and no '/'")
        initial: Quantity | None = None
        if values.get("initial") is not None:
            initial = self.attempt((*keys, "initial"), partial(read_any_quantity, values["initial"]))
        translators = self.translators(values.get("translate"), (*keys, "translate"))
        if not (source and target and "weight" in values):
            return None
        return Coupling(name, *source, *target, delay, values["weight"], initial, translators, self.source.place(keys))

    def translators(self, data: Any, keys: Keys) -> tuple[TranslatorSpec, ...]:
        if data is None:
            return ()
        entries = [((*keys, i), entry) for i, entry in enumerate(data)] if isinstance(data, list) else [(keys, data)]
        return tuple(filter(None, (self.translator(entry, where) for where, entry in entries)))

    def translator(self, data: Any, keys: Keys) -> TranslatorSpec | None:
        name, parameters = data, None
        if isinstance(data, dict) and len(data) == 1:
            (name, parameters), = data.items()
            keys = (*keys, name)
        if not isinstance(name, str):
            remedy = "write one list item for each, in order from the source" if isinstance(data, dict) and data else ""
            self.complain(keys, f"{shown(data)} is no translator", "a name, {name: parameters}, or a list of these", remedy)
            return None
        cls = self.attempt(keys, partial(translator_parameters, name))
        read = self.attempt(keys, partial(read_dataclass, cls, parameters, self.folder)) if cls else None
        return TranslatorSpec(name, read, self.source.place(keys))

    def record(self, data: Any, keys: Keys) -> Record | None:
        values = self.fields(RecordKeys, {"port": data} if isinstance(data, str) else data, keys)
        port = self.port(values.get("port"), keys if isinstance(data, str) else (*keys, "port"))
        if not port:
            return None
        every = values.get("every")
        ticks = None if every is None else self.ticks(every, (*keys, "every"), [port[0]])
        return Record(*port, ticks, self.source.place(keys))

    def port(self, name: str | None, keys: Keys) -> tuple[str, str] | None:
        """Take group and port apart."""
        if name is None:
            return None
        group, _, port = name.partition(".")
        if not port:
            self.complain(keys, f"'{name}' names no port", "'group.port'")
        elif group not in self.names:
            self.complain(keys, f"there is no group '{group}' for '{name}'", remedy=did_you_mean(group, self.names))
        else:
            return group, port
        return None

    # Times

    def above_zero(self, time: Fraction, keys: Keys) -> bool:
        if time <= 0:
            self.once(keys, f"the time {text(time, 'ms')} is not above zero", "a time above 0 ms")
        return time > 0

    def once(self, keys: Keys, what: str, expected: str) -> None:
        problem = Problem(what, self.source.where(keys), expected)
        if problem not in self.problems:
            self.problems.append(problem)

    def common_tick(self, delays: list[Fraction]) -> Fraction:
        """Return the tick that the file asks for, or the longest that fits; steps that do not fit are left out."""
        wanted = self.values.get("tick")
        if wanted is None or not self.above_zero(wanted, ("tick",)):
            return common_tick([*self.steps.values(), *delays]) if any(self.steps.values()) else Fraction(1)
        for name, step in list(self.steps.items()):
            if self.attempt(self.step_keys[name], partial(to_ticks, step, wanted, f"the step of group '{name}',")) is None:
                del self.steps[name]
        return Fraction(wanted)

    def ticks(self, time: Fraction | None, keys: Keys, groups: list[str], *, zero: bool = False) -> int:
        """Return a time in ticks; complain where it is no multiple of the steps of some groups. Without a time, 0."""
        if time is None or not (self.above_zero(time, keys) if not zero else self.at_least_zero(time, keys)):
            return 0
        steps = {name: self.steps[name] for name in groups if name in self.steps}
        off = [name for name, step in steps.items() if (time / step).denominator != 1]
        if off:
            common = self.tick * lcm(*(int(step / self.tick) for step in steps.values()))
            below = time // common * common
            legal = [text(t, "ms") for t in (below, below + common) if t > 0 or zero]
            which = " and ".join(f"the step {text(steps[name], 'ms')} of group '{name}'" for name in off)
            self.complain(keys, f"the {keys[-1]} {text(time, 'ms')} is not a multiple of {which}", remedy=f"write {' or '.join(legal)}")
        if time / self.tick > MOST_TICKS:
            self.complain(keys, f"the {keys[-1]} is more than {MOST_TICKS} ticks of {in_ms(self.tick)}", f"at most {MOST_TICKS} ticks",
                          "write a shorter time, or longer steps and delays")
        return int(time / self.tick)

    def at_least_zero(self, time: Fraction, keys: Keys) -> bool:
        if time < 0:
            self.once(keys, f"the time {text(time, 'ms')} is negative", "a time of 0 ms or more")
        return time >= 0
