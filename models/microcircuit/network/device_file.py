"""Read the devices of a network file: what drives and what observes populations, or parts of them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from re import fullmatch

import numpy as np

from cosim.errors import InputError
from cosim.models.microcircuit.network.cells import WEIGHT_UNITS, Cell, weight_in
from cosim.models.microcircuit.network.data import MOST_NEURONS, Population, Replay, edges
from cosim.models.microcircuit.network.devices import Course, CurrentInput, Device, Multimeter, PoissonInput, Recorder, Subset, ids_of
from cosim.models.microcircuit.network.quantities import quantity
from cosim.models.microcircuit.network.section import Section
from cosim.models.microcircuit.spike_files.read import read
from cosim.models.microcircuit.spike_files.trains import SpikeTrains, spike_trains

KINDS = ("poisson", "current", "spikes", "multimeter", "recorder")
_PORTS = ("spikes", "background", "potential", "synaptic_current")


def devices_of(section: Section, populations: Sequence[Population]) -> tuple[tuple[Device, ...], tuple[Replay, ...]]:
    """Return the devices of a network, and the spikes that are known beforehand."""
    devices: list[Device] = []
    replays: list[Replay] = []
    for name, part in section.sections().items():
        made = _device(name, part, populations)
        if isinstance(made, tuple):
            replays.extend(made)
        elif made is not None:
            try:
                ids_of(made, [p.size for p in populations])
                devices.append(made)
            except InputError as error:
                part.problems.extend(error.problems)
    return tuple(devices), tuple(replays)


def _device(name: str, part: Section, populations: Sequence[Population]) -> Device | tuple[Replay, ...] | None:
    before = len(part.problems)
    kind = part.choice("kind", list(KINDS))
    targets = _targets(part, [p.name for p in populations])
    if name in _PORTS or "." in name:
        part.blame("", f"a device cannot be called '{name}'", f"a name without points, and none of {', '.join(_PORTS)}")
    made: Device | tuple[Replay, ...] | None = None
    if kind == "recorder":
        made = Recorder(name, part.where(), targets)
    elif kind == "multimeter":
        made = Multimeter(name, part.where(), targets, _variables(part, [populations[t.population] for t in targets]))
    elif kind == "current":
        made = CurrentInput(name, part.where(), targets, _course(part, "amplitude", "amplitudes", "pA"))
    elif kind in ("poisson", "spikes"):
        acting = _acting(part, [populations[t.population] for t in targets])
        if kind == "spikes":
            made = _replays(name, part, targets, populations, acting)
        else:
            course = _course(part, "rate", "rates", "Hz")
            if min(course.values, default=0.0) < 0:
                part.blame("rate", f"the rate is {min(course.values):g} Hz", "a rate of at least 0 Hz")
            made = PoissonInput(name, part.where(), targets, course, tuple(a[0] for a in acting), tuple(a[1] for a in acting))
    if kind:
        part.finish()
    return made if len(part.problems) == before else None


def _targets(part: Section, names: list[str]) -> tuple[Subset, ...]:
    part.take("target", "neurons")
    given = part.data.get("target")
    if given is None:
        part.blame("", "'target' is missing", "the name of a population, or a list of names")
        return ()
    wanted = [str(name) for name in given] if isinstance(given, list) else [str(given)]
    if not wanted:
        part.blame("target", "'target' is an empty list", "the name of a population, or a list of names")
    chosen = _neurons(part) if part.has("neurons") else slice(None)
    found = []
    for name in wanted:
        if name not in names:
            part.blame("target", f"there is no population '{name}'", f"one of {', '.join(names)}")
        elif chosen is not None:
            found.append(Subset(names.index(name), chosen))
    return tuple(dict.fromkeys(found)) if all(not isinstance(f.part, slice) for f in found) else tuple(found)


def _neurons(part: Section) -> slice | tuple[int, ...] | None:
    given = part.data["neurons"]
    match = fullmatch(r"\s*(\d*):(\d*)(?::(\d+))?\s*", given) if isinstance(given, str) else None
    if match and match[3] != "0":
        return slice(*(int(word) if word else None for word in match.groups()))
    items = given if isinstance(given, list) else [given]
    if items and all(isinstance(i, int) and not isinstance(i, bool) and 0 <= i < MOST_NEURONS for i in items):
        return tuple(int(i) for i in items)
    part.blame("neurons", f"neurons is {given}", "numbers within the population, such as [0, 5], or a range such as 0:100 or ::2")
    return None


def _variables(part: Section, populations: list[Population]) -> tuple[str, ...]:
    given = part.data.get("variables", ["V_m"])
    part.take("variables")
    names = [str(v) for v in given] if isinstance(given, list) else [str(given)]
    for name in names:
        for p in populations:
            known = [s.name for s in p.model.state]
            if name not in known:
                part.blame("variables", f"{p.model.name} ('{p.name}') has no state variable '{name}'", f"one of {', '.join(known)}")
    return tuple(names)


def _course(part: Section, one: str, several: str, unit: str) -> Course:
    """Return a constant between 'from' and 'until', or a list of instants and values."""
    begin, end = part.quantity("from", "ms", Fraction(0)), part.optional("until", "ms")
    part.take(one, several)
    if part.has(one) == part.has(several):
        both = f"both {one} and {several}" if part.has(one) else f"neither {one} nor {several}"
        part.blame("", f"a '{part.data.get('kind')}' is given {both}",
                   f"{one}: a quantity in {unit}, or {several}: [[0 ms, 1 {unit}], [100 ms, 2 {unit}]]")
        return Course((), ())
    points = [(begin, float(part.quantity(one, unit)))] if part.has(one) else []
    pair = f"[TIME, VALUE], such as [100 ms, 1 {unit}]"
    for item in part.list(several, f"a list of {pair}"):
        if not isinstance(item, list) or len(item) != 2:
            part.blame(several, f"{item} is no instant with a value", pair)
            return Course((), ())
        try:
            points.append((quantity(item[0], "ms")[0], float(quantity(item[1], unit)[0])))
        except ValueError as error:
            part.blame(several, f"{item} is no instant with a value: {error}", pair)
            return Course((), ())
    if part.has(several) and part.has("from"):
        part.blame("from", f"'from' stands beside '{several}'", "the first instant of the list")
    times = [t for t, _ in points]
    if not times or times[0] < 0 or any(b <= a for a, b in pairwise(times)):
        part.blame(several, "the instants do not ascend from 0 on", "later instants behind earlier ones")
        return Course((), ())
    if end is not None:
        if end <= times[-1]:
            part.blame("until", f"until is {float(end):g} ms, and the last change is at {float(times[-1]):g} ms", "a later instant")
        points.append((end, 0.0))
    return Course(tuple(t for t, _ in points), tuple(v for _, v in points))


def _acting(part: Section, populations: list[Population]) -> list[tuple[str, float]]:
    weight, receptor = part.either("weight", *WEIGHT_UNITS), part.text("receptor", "") or None
    if weight is None:
        if not part.has("weight"):
            part.blame("", "'weight' is missing", "such as 87.8 pA, 6 nS, or a peak potential such as 0.15 mV")
        return [("", 0.0)] * len(populations)
    found = [weight_in(part, "weight", weight, receptor, Cell(p.model, p.parameters), p.name) for p in populations]
    return [f or ("", 0.0) for f in found]


def _replays(name: str, part: Section, targets: tuple[Subset, ...], populations: Sequence[Population],
             acting: list[tuple[str, float]]) -> tuple[Replay, ...]:
    """Return spikes to some neurons: times for all of them, or a file whose neuron i speaks to the i-th of them."""
    delay = part.quantity("delay", "ms")
    if delay <= 0 and part.has("delay"):
        part.blame("delay", f"the delay is {float(delay):g} ms", "a delay above 0")
    trains = _trains(part)
    if trains is None:
        return ()
    made = []
    for target, (receptor, weight) in zip(targets, acting, strict=True):
        numbers = target.numbers(populations[target.population].size)
        if len(numbers) and numbers[-1] >= populations[target.population].size:
            part.blame("neurons", f"'{name}' names neuron {numbers[-1]} of a population of {populations[target.population].size}",
                       f"numbers from 0 to {populations[target.population].size - 1}")
            continue
        senders = np.arange(len(numbers)) if part.has("file") else np.zeros(len(numbers), np.int64)
        if len(trains.ids) and trains.ids.max() > senders.max(initial=0):
            part.blame("file", f"there is a spike of neuron {trains.ids.max()}, and {len(numbers)} neurons hear the file",
                       "neuron i of the file for the i-th target", "choose a population or shift the numbers")
            continue
        listed = edges(senders, numbers, np.full(len(numbers), weight), np.full(len(numbers), float(delay)))
        made.append(Replay(trains.times_ms, trains.ids, target.population, receptor, listed, name, part.where()))
    return tuple(made)


def _trains(part: Section) -> SpikeTrains | None:
    part.take("times", "file", "source", "port", "first_id")
    if part.has("times") == part.has("file"):
        part.blame("", f"'spikes' are given by {'both times and file' if part.has('times') else 'neither times nor file'}",
                   "times: [10 ms, 20 ms], or file: a file of spikes")
        return None
    if part.has("times"):
        times_ms = "a list of times, such as [10 ms, 20 ms]"
        try:
            times = np.array([float(quantity(t, "ms")[0]) for t in part.list("times", times_ms)])
        except ValueError as error:
            part.blame("times", str(error), times_ms)
            return None
        if (times <= 0).any():
            part.blame("times", f"a spike is sent at {times.min():g} ms", "times above 0")
        return spike_trains(times, np.zeros(len(times), np.int64))
    try:
        found = read(part.path.parent / part.text("file", ""), part.text("port", "") or None, part.integer("first_id", 0))
        return found.of(part.text("source", "")) if part.has("source") else found
    except InputError as error:
        part.problems.extend(p if p.where else p.at(part.where("file")) for p in error.problems)
        return None
