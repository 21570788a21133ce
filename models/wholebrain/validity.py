"""Notice where states leave the range that their model was made for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cosim.errors import RunError
from cosim.interfaces import Ranks
from cosim.models.wholebrain.kernel._engine import Patch
from cosim.models.wholebrain.language.model import valid_of
from cosim.models.wholebrain.network import Array
from cosim.models.wholebrain.parameters import WholeBrainParameters
from cosim.models.wholebrain.patches import PatchSetting
from cosim.models.wholebrain.setting import Setting
from cosim.timegrid import Clock

EVERY = 128  # steps from one look to the next
_NAMED = 3


def outside(patches: Sequence[PatchSetting], labels: Sequence[str], states: Sequence[Array], what: str) -> tuple[str, ...]:
    """Return a sentence for each model of the whole brain that a state lies outside the range of in some regions.

    Parameters
    ----------
    patches : sequence of PatchSetting
        All regions, by model.
    labels : sequence of str
        Names of all regions of the brain.
    states : sequence of (variables, n_regions) float64
        By patch.
    what : str
        What the state is called, such as 'the resting state'.
    """
    found = []
    for p, x in zip(patches, states, strict=True):
        here = [f"'{labels[p.regions[i]]}'" for i in np.flatnonzero(~valid_of(p.model, p.values, x))]
        if here:
            more = f" and {len(here) - _NAMED} more" if len(here) > _NAMED else ""
            found.append(f"{what} of {len(here)} of {len(p.regions)} regions of '{p.model.name}' lies outside what the model was made for: "
                         f"{', '.join(here[:_NAMED])}{more}; inside: {p.model.valid_about}")
    return tuple(found)


def strange_start(p: WholeBrainParameters, s: Setting, rest: Sequence[Array] | None, start: Sequence[Array]) -> tuple[str, ...]:
    """Return where a run starts outside the range of a model, or would rest there, and what helps.

    Parameters
    ----------
    rest : sequence of (variables, n_regions) float64, or None
        The resting state by patch, where it is known.
    start : sequence of (variables, n_regions) float64
        State at instant 0 by patch.
    """
    known = () if rest is None else outside(s.patches.all, s.connectome.labels, rest, "the resting state")
    if rest is None or any(not np.array_equal(a, b) for a, b in zip(rest, start, strict=True)):
        known += outside(s.patches.all, s.connectome.labels, start, "the start")
    if not known or not (s.gain and s.net.weights.any()):
        return known
    remedy = "a smaller 'coupling'" if p.normalise == "max_row_sum" else "'normalise: max_row_sum' or a smaller 'coupling'"
    return (*known, f"{remedy} may help")


class Watch:
    """Look at the states of one rank's regions at every instant that is a multiple of `EVERY` steps, whatever the windows are.

    Parameters
    ----------
    patches : sequence of PatchSetting
        The regions of this rank, by model.
    built : sequence of Patch
        The same for the kernel.
    labels : tuple of str
        Names of all regions of the brain.
    clock : Clock
        Turns steps into ms.
    is_error : bool
        Whether a state outside ends the run.
    """

    def __init__(self, patches: Sequence[PatchSetting], built: Sequence[Patch], labels: tuple[str, ...], clock: Clock,
                 is_error: bool) -> None:
        self._watched = [(p, made, np.zeros((2, len(p.regions)), np.int64)) for p, made in zip(patches, built, strict=True)
                         if p.model.valid is not None]
        self._labels, self._clock, self._is_error = labels, clock, is_error
        self._looks = 0

    def look(self, k: int, steps: int) -> None:
        """Look at what a stretch of steps from instant k reached, where a look is due.

        Raises
        ------
        RunError
            Where a state lies outside and that is an error.
        """
        at = -k % EVERY or EVERY
        if at > steps or not self._watched:
            return
        self._looks += 1
        for p, made, seen in self._watched:
            left = ~made.inside(at)
            if not left.any():
                continue
            if self._is_error:
                i = int(np.argmax(left))
                raise RunError(
                    f"region '{self._labels[p.regions[i]]}': the state of '{p.model.name}' lies outside what the model was made for at "
                    f"{self._ms(k + at)} ms ({_state(p, made.states(at, at + 1)[0][:, i])}); inside: {p.model.valid_about}; "
                    f"look at its input, or go on with 'outside: tell'"
                )
            seen[0] += left
            seen[1] = np.where(left & (seen[0] == 1), k + at, seen[1])

    def remarks(self, ranks: Ranks, patches: Sequence[PatchSetting]) -> tuple[str, ...]:
        """Return a sentence for each model of the whole brain that some regions left the range of; every rank of the group must ask."""
        if all(p.model.valid is None for p in patches):
            return ()
        mine = np.zeros((len(self._labels), 2), np.int64)
        for p, _, seen in self._watched:
            mine[list(p.regions)] = seen.T
        every = ranks.gather(np.concatenate((np.full((1, 2), self._looks), mine))).reshape(ranks.size, -1, 2)
        looks, found = int(every[:, 0, 0].max()), every[:, 1:].sum(axis=0)
        return tuple(self._sentence(p, found[list(p.regions)], looks) for p in patches if found[list(p.regions), 0].any())

    def _sentence(self, p: PatchSetting, seen: np.ndarray[tuple[int, int], np.dtype[np.int64]], looks: int) -> str:
        order = [int(i) for i in np.lexsort((seen[:, 1], -seen[:, 0])) if seen[i, 0]]
        told = [f"'{self._labels[p.regions[i]]}' for {_share(int(seen[i, 0]), looks)} of the time, first at {self._ms(int(seen[i, 1]))} ms"
                for i in order[:_NAMED]]
        more = f"; and {len(order) - _NAMED} more" if len(order) > _NAMED else ""
        return (f"{len(order)} of {len(p.regions)} regions of '{p.model.name}' left what the model was made for: {'; '.join(told)}{more}; "
                f"inside: {p.model.valid_about}")

    def _ms(self, k: int) -> str:
        return f"{self._clock.ms(k * self._clock.step):.6g}"


def _share(count: int, looks: int) -> str:
    return "all" if count == looks else f"{100 * count / looks:.2g} %"


def _state(p: PatchSetting, x: Array) -> str:
    return ", ".join(f"{name} = {value:.4g}" for name, value in zip(p.model.variables, x, strict=True))
