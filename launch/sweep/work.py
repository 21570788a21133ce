"""Check and run single points, in whatever process."""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from cosim.blocks import Samples
from cosim.errors import CosimError, InputError, Problem, RunError
from cosim.experiment.experiment import Experiment
from cosim.experiment.faults import Refused
from cosim.experiment.parameters import read_dataclass
from cosim.experiment.read import MOST_SEED, experiment_of
from cosim.experiment.source import Keys, Source, find_keys, plain_scalar, read_source
from cosim.launch.ready import describe, make_components
from cosim.launch.run import run
from cosim.launch.sweep.kept import Kept
from cosim.launch.sweep.observed import Figures, Observed
from cosim.launch.sweep.points import SEED, Points
from cosim.models.wholebrain.repeated import Repeated
from cosim.record.reading import read_results
from cosim.schedule.plan import make_plan
from cosim.timegrid import windows

STEPS = 2048
"""Steps in a block of samples; a multiple of the steps that the kernel takes at once."""

BRAIN = "wholebrain"


@dataclass(frozen=True, slots=True)
class Task:
    """Say what is to be done at all points.

    Parameters
    ----------
    path, layout : Path
        The experiment and, where one was given, its layout.
    overrides : tuple of str
        What is set at all points.
    points : Points
        The points.
    kept : tuple of Kept
        What is kept of each.
    discard_ms : Fraction
        How much of the beginning is left out, ms.
    """

    path: Path
    layout: Path | None
    overrides: tuple[str, ...]
    points: Points
    kept: tuple[Kept, ...]
    discard_ms: Fraction


@dataclass(frozen=True, slots=True)
class Checked:
    """Say what a point was found to be: what is wrong with it, or what is kept of it; and what was read from files."""

    problems: tuple[Problem, ...] = ()
    figures: Figures = field(default_factory=dict)
    files: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Hold what a point gave, or why it gave nothing."""

    results: Mapping[str, NDArray[np.float64]]
    failure: str = ""


class Work:
    """Check and run points; what they have in common is read once."""

    def __init__(self, task: Task) -> None:
        self._task = task
        problems: list[Problem] = []
        self._source: Source = read_source(task.path, problems)
        self._base = experiment_of(self._source, task.overrides, problems)
        self._brains = Repeated()
        self._keys = [find_keys(self._base.source.data, key) for key in task.points.keys]
        self._values: dict[str, Any] = {}
        self._light = self._is_light()

    @property
    def base(self) -> Experiment:
        """The experiment without what is swept."""
        return self._base

    @property
    def is_alone(self) -> bool:
        """Whether points are run in this process: one brain that nothing is coupled to."""
        groups = list(self._base.groups.values())
        alone = len(groups) == 1 and groups[0].component == BRAIN and not self._base.couplings and self._task.layout is None
        return alone and Repeated.fits(groups[0].parameters)

    def check(self, point: int) -> Checked:
        """Return what a point will give, or everything that is wrong with it."""
        try:
            experiment = self._experiment(point)
            if self._runs_here(experiment):
                read = self._brains.files(next(iter(experiment.groups.values())).parameters)
                return Checked((), self._check_brain(experiment, self._task.points.is_outermost(point)), read)
            descriptions = describe(experiment, make_components(experiment))
            make_plan(experiment, descriptions)
            ports = {f"{g}.{p.name}": p for g, d in descriptions.items() for p in d.outputs}
            files = "".join(f"{g}:{d.files} " for g, d in descriptions.items() if d.files)
            return Checked((), self._observed(experiment, ports).figures, files)
        except InputError as error:
            return Checked(error.problems)

    def run(self, point: int) -> Outcome:
        """Return what a point gives."""
        try:
            experiment = self._experiment(point)
            with np.errstate(over="ignore", invalid="ignore"):
                found = self._run_brain(experiment) if self._runs_here(experiment) else self._launch(experiment, point)
            return Outcome(found)
        except CosimError as error:
            return Outcome({}, str(error))

    def _runs_here(self, experiment: Experiment) -> bool:
        return self.is_alone and Repeated.fits(next(iter(experiment.groups.values())).parameters)

    def _experiment(self, point: int) -> Experiment:
        if self._light:
            name, group = next(iter(self._base.groups.items()))
            data = dict(self._base.source.data)
            params = deepcopy(data["groups"][name].get("params") or {})
            for keys, text in zip(self._keys, self._task.points.rows[point], strict=True):
                value = deepcopy(self._value(text))
                if keys == (SEED,):
                    data[SEED] = value
                else:
                    _put(params, keys[3:], value)
            try:
                read = read_dataclass(type(group.parameters), params, self._base.source.path.parent)
                seed = data.get(SEED, 0)
                if isinstance(seed, int) and not isinstance(seed, bool) and 0 <= seed <= MOST_SEED:
                    return _with(self._base, name, read, seed)
            except (CosimError, Refused):
                pass
        # What is wrong is said with its place by who reads the whole file.
        return experiment_of(self._source, (*self._task.overrides, *self._task.points.overrides(point)))

    def _value(self, text: str) -> Any:
        if text not in self._values:
            self._values[text] = plain_scalar(text)
        return self._values[text]

    def _is_light(self) -> bool:
        """Return whether only parameters of one brain and seeds are swept, so that the rest of the file need not be read again."""
        if not self.is_alone:
            return False
        place = ("groups", next(iter(self._base.groups)), "params")
        params = self._base.source.data["groups"][place[1]].get("params") or {}
        return all(k == (SEED,) or (len(k) > 3 and k[:3] == place and _is_mapping(params, k[3:-1])) for k in self._keys)

    def _observed(self, experiment: Experiment, ports: Mapping[str, Any]) -> Observed:
        clocks = {name: experiment.clock(name) for name in experiment.groups}
        return Observed(self._task.kept, ports, clocks, experiment.duration, self._task.discard_ms, experiment.seed)

    def _check_brain(self, experiment: Experiment, with_step: bool) -> Figures:
        name, group = next(iter(experiment.groups.items()))
        try:
            ports = self._brains.check(group.parameters, experiment.clock(name), with_step)
        except InputError:
            describe(experiment, make_components(experiment))  # it says where in the file
            raise
        return self._observed(experiment, {f"{name}.{p.name}": p for p in ports}).figures

    def _run_brain(self, experiment: Experiment) -> dict[str, NDArray[np.float64]]:
        name, group = next(iter(experiment.groups.items()))
        clock = experiment.clock(name)
        observed = self._observed(experiment, {f"{name}.{p.name}": p for p in self._brains.ports(group.parameters, clock)})
        wanted = tuple(port.partition(".")[2] for port in observed.ports)
        brain = self._brains.make(group.parameters, clock, name, experiment.seed, wanted)
        for window in windows(experiment.duration, STEPS * clock.step):
            observed.take({f"{name}.{port}": block for port, block in brain.advance(window).items()})
        return observed.results()

    def _launch(self, experiment: Experiment, point: int) -> dict[str, NDArray[np.float64]]:
        """Run a point as ``cosim run`` does, and reduce what it recorded."""
        out = Path(tempfile.mkdtemp(prefix=f"cosim-sweep-{point}-"))
        ports = dict.fromkeys(f"{k.group}.{k.port}" for k in self._task.kept)
        record = f"record=[{', '.join(ports)}]"
        quiet = Console(file=io.StringIO())
        try:
            run(self._task.path, quiet, (*self._task.overrides, *self._task.points.overrides(point), record), self._task.layout, out, False)
            results = read_results(out)
            descriptions = describe(experiment, make_components(experiment))
            given = {f"{g}.{p.name}": p for g, d in descriptions.items() for p in d.outputs}
            observed = self._observed(experiment, given)
            steps = {name: given[name].period or experiment.groups[name.partition(".")[0]].step for name in observed.ports}
            for blocks in _blocks({name: results.port(name) for name in observed.ports}, steps):
                observed.take(blocks)
            return observed.results()
        except OSError as error:
            raise RunError(f"the run could not be made: {error}") from error
        finally:
            shutil.rmtree(out, ignore_errors=True)


def _is_mapping(data: Any, keys: Keys) -> bool:
    """Return whether all that stands on the way to a key is mappings, or is to be made."""
    for key in keys:
        if not isinstance(data, dict):
            return False
        data = data.get(key, {})
    return isinstance(data, dict)


def _put(data: Any, keys: Keys, value: Any) -> None:
    *above, last = keys
    for key in above:
        data = data.setdefault(key, {})
    data[last] = value


def _with(base: Experiment, name: str, parameters: Any, seed: int) -> Experiment:
    group = base.groups[name]
    changed = type(group)(group.name, group.component, group.step, parameters, group.place)
    return Experiment(base.title, base.about, seed, base.tick_ms, base.duration, base.window, {name: changed}, (), base.records,
                      base.source)


def _blocks(ports: Mapping[str, Any], steps: Mapping[str, int]) -> Iterator[dict[str, Samples]]:
    """Yield what was recorded in the blocks in which a brain in this process gives it."""
    length = max(port.length for port in ports.values())
    for begin in range(0, length, STEPS):
        found = {}
        for name, port in ports.items():
            step = steps[name]
            values = port.values(min(begin, port.length), min(begin + STEPS, port.length))
            found[name] = Samples(step * (begin + 1), step, values)
        yield found
