"""Share out the regions of a brain among its models, and say what each model takes from what the others send."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from cosim.models.wholebrain.kernel._engine import Patch, kernels
from cosim.models.wholebrain.language.model import Array, Model, parameter_row
from cosim.models.wholebrain.network import Ints, Links, Network


@dataclass(frozen=True, slots=True)
class PatchSetting:
    """Hold the regions of a brain that have one model.

    Parameters
    ----------
    model : Model
        Their model.
    regions : tuple of int
        Numbers of the regions, ascending.
    values : mapping of str to (n_regions,) float64
        Parameters and what is derived from them.
    sigma : (variables,) float64
        Noise of one step.
    by : tuple of int
        What the noise of each variable is multiplied by: 0 nothing, 1 the variable, 2 its square root.
    """

    model: Model
    regions: tuple[int, ...]
    values: Mapping[str, Array]
    sigma: Array
    by: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """Say what a receiving model makes of one thing that a sending model sends: ``times h + plus``."""

    sent: int
    times: float = 1.0
    plus: float = 0.0


@dataclass(frozen=True, slots=True)
class Patches:
    """Hold the models of a brain and how they hear each other.

    Parameters
    ----------
    all : tuple of PatchSetting
        Every region of the whole brain lies in one of them.
    taken : mapping of (str, str, int) to Taken
        By receiving model, sending model and number of the received sum.
    used : mapping of str to tuple of int
        For each model the numbers of what it sends that anybody takes, ascending.
    """

    all: tuple[PatchSetting, ...]
    taken: Mapping[tuple[str, str, int], Taken]
    used: Mapping[str, tuple[int, ...]]
    _place: Mapping[int, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_place", {region: k for k, p in enumerate(self.all) for region in p.regions})

    @property
    def slots(self) -> int:
        """Rows of the history that each region has."""
        return max((len(u) for u in self.used.values()), default=0)

    def of(self, region: int) -> PatchSetting:
        """Return the patch of a region."""
        return self.all[self._place[region]]

    def row(self, region: int, sent: int) -> int:
        """Return the row of the history in which a region's sent thing lies; -1 where nobody takes it."""
        used = self.used[self.of(region).model.name]
        return region * self.slots + used.index(sent) if sent in used else -1

    def rows(self, regions: Sequence[int]) -> list[int]:
        """Return all rows of some regions."""
        return [self.row(r, s) for r in regions for s in self.used[self.of(r).model.name]]


def used_by(taken: Mapping[tuple[str, str, int], Taken], models: Sequence[Model]) -> dict[str, tuple[int, ...]]:
    """Return for each model what it sends that anybody takes."""
    return {m.name: tuple(sorted({t.sent for (_, sender, _), t in taken.items() if sender == m.name})) for m in models}


@dataclass(frozen=True, slots=True)
class Sources:
    """Hold for every region which row of the history a received sum of one model reads, and with what factor and addition."""

    row: Ints
    times: Array
    plus: Array


def sources(patches: Patches, receiver: str, received: int) -> Sources:
    """Return where a received sum of a model finds what each region sends."""
    n = sum(len(p.regions) for p in patches.all)
    row, times, plus = np.zeros(n, np.int64), np.zeros(n), np.zeros(n)
    for p in patches.all:
        taken, regions = patches.taken[receiver, p.model.name, received], list(p.regions)
        row[regions] = np.array(regions) * patches.slots + patches.used[p.model.name].index(taken.sent)
        times[regions], plus[regions] = taken.times, taken.plus
    return Sources(row, times, plus)


def is_heard(patches: Patches, model: Model, received: int) -> bool:
    """Return whether a received sum changes anything in any region of a model: not where all that multiplies it is 0."""
    by = model.receives[received].by
    values = next(p.values for p in patches.all if p.model is model)
    return not by or any(bool(np.any(values[name])) for name in by)


def links_of(net: Network, patches: Patches, settings: Sequence[PatchSetting], *parts: str) -> Links:
    """Return the links into the targets of some patches, as the engine orders them: by patch, received sum, region.

    Parameters
    ----------
    settings : sequence of PatchSetting
        The patches, perhaps with fewer regions than they have in the whole brain.
    *parts : {'long', 'short', 'instant'}
        See `Network.links`.
    """
    begin, rows, delays, weights = [0], [], [], []
    for p in settings:
        first, source, delay, weight = net.links(p.regions, *parts)
        for r in range(len(p.model.receives)):
            if not is_heard(patches, p.model, r):
                begin += [begin[-1]] * len(p.regions)
                continue
            found = sources(patches, p.model.name, r)
            begin += (first[1:] + begin[-1]).tolist()
            rows.append(found.row[source])
            delays.append(delay)
            weights.append(weight * found.times[source])
    empty = np.zeros(0, np.int64)
    return (np.array(begin, np.int64), np.concatenate([empty, *rows]), np.concatenate([empty, *delays]),
            np.concatenate([np.zeros(0), *weights]))


def part_of(setting: PatchSetting, regions: Sequence[int]) -> PatchSetting | None:
    """Return what of a patch lies in some regions; None where nothing does."""
    wanted = set(regions)
    here = [i for i, r in enumerate(setting.regions) if r in wanted]
    if not here:
        return None
    values = {name: v[here] for name, v in setting.values.items()}
    return PatchSetting(setting.model, tuple(setting.regions[i] for i in here), values, setting.sigma, setting.by)


def build(net: Network, patches: Patches, p: PatchSetting, gain: float, offset: float, is_difference: bool, room: int) -> Patch:
    """Return what the kernel takes for one patch.

    Parameters
    ----------
    gain, offset : float
        Factor G and addition of the coupling.
    is_difference : bool
        Whether a region's own activity is taken away from that of each source.
    room : int
        Steps in a block.
    """
    model, regions = p.model, list(p.regions)
    names = kernels()[model.name][1]
    own = np.zeros((len(model.receives), len(model.sends), len(regions)))
    shift = np.zeros((len(model.receives), len(regions)))
    at_once = np.where(net.delays[regions, regions] == 0, net.weights[regions, regions], 0.0)
    for r in range(len(model.receives)):
        found, taken = sources(patches, model.name, r), patches.taken[model.name, model.name, r]
        own[r, taken.sent] = at_once * taken.times
        if is_difference:
            own[r, taken.sent] -= net.weights[regions].sum(axis=1)
        shift[r] = gain * (net.weights[regions] * found.plus).sum(axis=1) + offset
    row = [[patches.row(i, s) for i in regions] for s in range(len(model.sends))]
    rows = [parameter_row(name, p.values, len(regions)) for name in names]
    low, high = [v.low for v in model.state], [v.high for v in model.state]
    return Patch(model.name, regions, row, rows, own, shift, low, high, p.sigma, p.by, gain, room)


def self_links(net: Network, patches: Patches, settings: Sequence[PatchSetting]) -> list[tuple[int, int, int, int, int, float]]:
    """Return the connections of regions with themselves that have a delay.

    Returns
    -------
    list of (patch, received sum, region of the patch, source row, delay in steps, weight)
    """
    found = []
    for k, p in enumerate(settings):
        for r in range(len(p.model.receives)):
            taken = patches.taken[p.model.name, p.model.name, r]
            if not is_heard(patches, p.model, r):
                continue
            for i, region in enumerate(p.regions):
                weight, delay = float(net.weights[region, region]), int(net.delays[region, region])
                if weight and delay:
                    found.append((k, r, i, patches.row(region, taken.sent), delay, weight * taken.times))
    return found
