"""Check stimuli and turn them into what each region is given in each step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, isfinite, isnan

import numpy as np

from cosim.errors import InputError, Problem
from cosim.models.language.functions import exp
from cosim.models.wholebrain.connectome import Connectome
from cosim.models.wholebrain.courses import Alpha, Constant, Course, Gaussian, Instants, PulseTrain, Ramp, Sampled, Sine
from cosim.models.wholebrain.network import Array
from cosim.models.wholebrain.parameters import Stimulus, WholeBrainParameters
from cosim.models.wholebrain.patches import Patches
from cosim.models.wholebrain.sampled_files import read_sampled
from cosim.registry import did_you_mean
from cosim.timegrid import Clock

# By shape: what must be set, and what may be.
SHAPES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "pulse": ((), ()),
    "pulse_train": (("period", "pulse_width"), ("count",)),
    "sine": (("frequency",), ("phase",)),
    "ramp": ((), ("rise",)),
    "gaussian": (("sigma",), ("peak",)),
    "alpha": (("tau",), ()),
    "file": (("file", "step"), ()),
}
_OF_SHAPES = ("period", "pulse_width", "count", "frequency", "phase", "rise", "sigma", "peak", "tau", "file", "step")
_UNITS = {"frequency": "Hz", "phase": "rad", "count": ""}
_LARGEST_PHASE = 1000.0  # rad: the sine is exact to a few bits for arguments below 10^5
_FARTHEST = 6.0  # widths: beyond it a Gaussian in space is below 2e-8


@dataclass(frozen=True, slots=True, eq=False)
class Stimulation:
    """Hold one stimulus in steps.

    Parameters
    ----------
    number : int
        Its place among the stimuli that the user gave.
    places : tuple of (int, int)
        Regions, and the number of the input of their model that it enters.
    strengths : tuple of float
        Amplitude times weight of each of these regions, in the unit of the input.
    columns : tuple of int
        Which column of the course each of them takes, where that has several.
    start, stop : int
        It is on in the steps ``[start, stop)``.
    course : Course
        What it holds in them.
    """

    number: int
    places: tuple[tuple[int, int], ...]
    strengths: tuple[float, ...]
    columns: tuple[int, ...]
    start: int
    stop: int
    course: Course

    @property
    def regions(self) -> tuple[int, ...]:
        """The regions that it reaches."""
        return tuple(region for region, _ in self.places)

    def held(self, first: int, stop: int, of: Sequence[int]) -> list[Array]:
        """Return what some of its places are given in the steps ``first .. stop - 1``, (steps,) each."""
        values = self.course.held(first, stop)
        return [self.strengths[i] * (values if values.ndim == 1 else values[:, self.columns[i]]) for i in of]


class RegionNames:
    """Find regions by their names, and note those that are not there."""

    def __init__(self, labels: tuple[str, ...], problems: list[Problem]) -> None:
        self._numbers = {label: i for i, label in enumerate(labels)}
        self._problems = problems

    def find(self, name: str, where: str) -> int:
        """Return the number of a region; 0 where there is none of that name."""
        if name not in self._numbers:
            self._problems.append(Problem(f"there is no region '{name}'", where, remedy=did_you_mean(name, list(self._numbers))))
        return self._numbers.get(name, 0)


def read_stimuli(p: WholeBrainParameters, patches: Patches, brain: Connectome, clock: Clock, names: RegionNames,
                 problems: list[Problem]) -> tuple[Stimulation, ...]:
    """Return the stimuli in steps; what is wrong with them is added to `problems`."""
    found = []
    for number, s in enumerate(p.stimuli):
        where, before = f"stimuli[{number}]", len(problems)
        problems += _values(s, where)
        regions, weights = _in_space(s, brain, names, where, problems)
        inputs, kept = _inputs(s, patches, regions, where, problems)
        lost = [r for r in s.regions or _named(s) if r in p.replaced]
        if lost and len(lost) == len(set(s.regions or _named(s))):
            problems.append(
                Problem(
                    f"the stimulus has no effect: {', '.join(lost)} {'is' if len(lost) == 1 else 'are'} replaced",
                    f"{where}.regions",
                    "at least one region that is simulated here",
                    "stimulate what stands in its place, or leave the stimulus out",
                )
            )
        if len(problems) > before:
            continue
        step, onset = clock.tick_ms * clock.step, Fraction(str(s.onset))
        try:
            course, lasts = _course(s, p, Instants(step, onset), regions, where)
        except InputError as error:
            problems += error.problems
            continue
        end = onset + (lasts if s.duration is None else Fraction(str(s.duration)))
        found.append(Stimulation(number, tuple((regions[i], into) for i, into in zip(kept, inputs, strict=True)),
                                 tuple(s.amplitude * weights[i] for i in kept), tuple(kept), ceil(onset / step), ceil(end / step), course))
    return tuple(found)


def _values(s: Stimulus, where: str) -> list[Problem]:
    """Say what is wrong with the numbers of a stimulus by themselves."""
    found = []
    for name, value, least in (("amplitude", s.amplitude, None), ("onset", s.onset, 0.0), ("duration", s.duration, 0.0)):
        if value is None:
            if s.shape != "file" and s.file is None:
                found.append(Problem("the stimulus has no duration", f"{where}.duration", "how long it lasts, in ms"))
        elif not (isfinite(value) and (least is None or value >= least)):
            found.append(Problem(f"the {name} is {value}", f"{where}.{name}", "a finite number" + (", 0 ms or more" if least == 0 else "")))
    shape = _shape(s)
    needed, allowed = SHAPES[shape]
    given = {name: value for name in _OF_SHAPES if (value := getattr(s, name)) is not None}
    for name in given:
        if name not in (*needed, *allowed):
            has = ", ".join((*needed, *allowed)) or "nothing of that kind"
            found.append(Problem(f"'{name}' means nothing for the shape '{shape}', which has {has}", f"{where}.{name}",
                                 remedy="leave it out"))
    found += [Problem(f"the shape '{shape}' needs '{name}'", where, f"{name}: a value") for name in needed if name not in given]
    for name, value in given.items():
        if name in ("file", "peak", "phase"):
            continue
        if not (isfinite(value) and value > 0):
            found.append(Problem(f"the {name} is {value:g} {_UNITS.get(name, 'ms')}".rstrip(), f"{where}.{name}", "a number above 0"))
    if s.peak is not None and not isfinite(s.peak):
        found.append(Problem(f"the peak is {s.peak} ms", f"{where}.peak", "a finite number"))
    if s.phase is not None and not abs(s.phase) <= _LARGEST_PHASE:
        found.append(Problem(f"the phase is {s.phase} rad", f"{where}.phase", f"an angle of at most {_LARGEST_PHASE:g} rad"))
    if shape == "ramp" and s.rise is None and s.duration == 0:
        found.append(Problem("a ramp without duration does not rise", f"{where}.duration", "a time above 0 ms"))
    return found


def _shape(s: Stimulus) -> str:
    return "file" if s.file is not None and s.shape == "pulse" else s.shape


def _named(s: Stimulus) -> tuple[str, ...]:
    return tuple(s.weights) if isinstance(s.weights, Mapping) else ()


def _in_space(s: Stimulus, brain: Connectome, names: RegionNames, where: str, problems: list[Problem]) -> tuple[list[int], list[float]]:
    """Return the regions that a stimulus is meant for, and their weights."""
    if s.weights is not None and s.around is not None:
        problems.append(Problem("'weights' and 'around' are both given", where, "one of them"))
    if s.width is not None and s.around is None:
        problems.append(Problem("a 'width' without 'around' means nothing", f"{where}.width", remedy="name the place that it is around"))
    if isinstance(s.weights, Mapping):
        if s.regions and set(s.regions) != set(s.weights):
            problems.append(Problem("'regions' and 'weights' name different regions", f"{where}.weights", remedy="leave 'regions' out"))
        weighed = {names.find(name, f"{where}.weights"): value for name, value in s.weights.items()}
        regions, weights = list(weighed), list(weighed.values())
    else:
        regions = list(dict.fromkeys(names.find(r, f"{where}.regions") for r in s.regions))
        if not s.regions and s.around is None and s.weights is None:
            problems.append(Problem("the stimulus names no region", f"{where}.regions", "at least one name"))
        regions = regions or list(range(len(brain)))
        if s.weights is not None and len(s.weights) != len(regions):
            problems.append(Problem(f"there are {len(s.weights)} weights for {len(regions)} regions", f"{where}.weights", "one for each"))
        weights = list(s.weights) if s.weights is not None else [1.0] * len(regions)
    if not regions:
        problems.append(Problem("the stimulus names no region", f"{where}.weights", "at least one name"))
    for region, weight in zip(regions, weights, strict=False):
        if not isfinite(weight):
            problems.append(Problem(f"the weight of '{brain.labels[region]}' is {weight}", f"{where}.weights", "a finite number"))
    if s.around is None:
        return regions, weights
    if s.width is None or not (isfinite(s.width) and s.width > 0):
        given = "missing" if s.width is None else f"{s.width:g} mm"
        problems.append(Problem(f"the width is {given}", f"{where}.width", "a distance above 0 mm"))
        return regions, weights
    return _nearby(s.around, s.width, regions, brain, names, where, problems)


def _nearby(around: str | tuple[float, float, float], width: float, regions: list[int], brain: Connectome, names: RegionNames, where: str,
            problems: list[Problem]) -> tuple[list[int], list[float]]:
    """Return the regions within reach of a place, and how much of a Gaussian of their distance they get."""
    at = brain.centres[names.find(around, f"{where}.around")] if isinstance(around, str) else np.array(around, np.float64)
    unknown = [brain.labels[r] for r in regions if not np.isfinite(brain.centres[r]).all()]
    if not isinstance(around, str) and not np.isfinite(at).all():
        problems.append(Problem(f"the place is {around}", f"{where}.around", "three finite numbers, mm"))
    elif unknown or not np.isfinite(at).all():
        problems.append(Problem(f"the connectome does not tell where '{unknown[0] if unknown else around}' lies", f"{where}.around",
                                "a connectome with the centres of its regions", "give 'weights' in place of 'around'"))
    if problems:
        return regions, [1.0] * len(regions)
    away = (brain.centres[regions] - at) / width
    square = away[:, 0] * away[:, 0] + away[:, 1] * away[:, 1] + away[:, 2] * away[:, 2]
    near = [i for i in range(len(regions)) if square[i] <= _FARTHEST**2]
    if not near:
        nearest = width * float(np.sqrt(square.min()))
        problems.append(Problem(f"no region lies within {_FARTHEST:g} widths of {around}; the nearest is {nearest:.4g} mm away",
                                f"{where}.around", "a place near a region, mm"))
    return [regions[i] for i in near], [float(w) for w in np.asarray(exp(-0.5 * square[near]), np.float64)]


def _inputs(s: Stimulus, patches: Patches, regions: list[int], where: str, problems: list[Problem]) -> tuple[list[int], list[int]]:
    """Return which input of its model a stimulus enters, and for which of the regions: those meant by name must have it."""
    into, kept, meant = [], [], bool(s.regions) or isinstance(s.weights, Mapping)
    refused = []
    for i, region in enumerate(regions):
        model = patches.of(region).model
        inputs = [x.name for x in model.inputs]
        if inputs and (s.variable is None or s.variable in inputs):
            into.append(0 if s.variable is None else inputs.index(s.variable))
            kept.append(i)
        elif not inputs:
            refused.append(Problem(f"'{model.name}' takes no stimulus", f"{where}.regions"))
        else:
            refused.append(Problem(f"'{model.name}' takes no stimulus in '{s.variable}'", f"{where}.variable",
                                   remedy=did_you_mean(str(s.variable), inputs)))
    if refused and (meant or not kept):
        problems += dict.fromkeys(refused)
    return into, kept


def _course(s: Stimulus, p: WholeBrainParameters, time: Instants, regions: list[int], where: str) -> tuple[Course, Fraction]:
    """Return the course of a stimulus, and how long it lasts where nothing is said, ms."""
    lasts, exact = Fraction(0), {name: Fraction(str(v)) for name in _OF_SHAPES if isinstance(v := getattr(s, name), float | int)}
    duration = None if s.duration is None else Fraction(str(s.duration))
    shape = _shape(s)
    course: Course = Constant()
    if shape == "pulse_train":
        course = PulseTrain(time, exact["period"], exact["pulse_width"], s.count)
    elif shape == "sine":
        course = Sine(time, 1000 / exact["frequency"], s.phase or 0.0)
    elif shape == "ramp":
        course = Ramp(time, exact.get("rise", duration or Fraction(1)))
    elif shape == "gaussian":
        peak = exact.get("peak", (duration or Fraction(0)) / 2)
        course = Gaussian(Instants(time.step, time.onset + peak), exact["sigma"])
    elif shape == "alpha":
        course = Alpha(time, exact["tau"])
    elif shape == "file":
        samples = _samples(s, p, regions, where)
        course, lasts = Sampled(time, exact["step"], samples), exact["step"] * (len(samples) - 1)
    return course, lasts


def _samples(s: Stimulus, p: WholeBrainParameters, regions: list[int], where: str) -> Array:
    samples = read_sampled(str(s.file), p.folder, f"{where}.file")[""]
    if samples.ndim == 1 or (samples.ndim == 2 and samples.shape[1] == 1):
        samples = samples.reshape(-1)
    if samples.ndim > 2 or (samples.ndim == 2 and (samples.shape[1] != len(regions) or s.around is not None)):
        size = " x ".join(map(str, samples.shape))
        raise InputError(Problem(f"the course in '{s.file}' is a table of {size}", f"{where}.file",
                                 "one column" + ("" if s.around is not None else f", or one for each of the {len(regions)} regions")))
    if len(samples) < 2:
        raise InputError(Problem(f"the course in '{s.file}' has {len(samples)} sample", f"{where}.file", "at least 2"))
    if not np.isfinite(samples).all():
        at = [int(i) for i in np.argwhere(~np.isfinite(samples))[0]]
        what = "not a number" if isnan(samples[tuple(at)]) else f"{samples[tuple(at)]:g}"
        column = f" of column {at[1] + 1}" if len(at) > 1 else ""
        raise InputError(Problem(f"sample {at[0] + 1}{column} in '{s.file}' is {what}", f"{where}.file", "finite numbers"))
    return samples
