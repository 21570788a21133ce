"""The whole network without delays as a function of its state, and its derivatives, region by region and as a whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from cosim.models.language.functions import exp
from cosim.models.wholebrain.analysis.differences import emissions, jacobians, receptions
from cosim.models.wholebrain.kernel._engine import Patch
from cosim.models.wholebrain.network import Array, Network
from cosim.models.wholebrain.patches import Patches, PatchSetting, build, sources

_DIFFERENCE = 1e-6


class Undivided(Protocol):
    """What of a setting the whole network without delays is made of."""

    @property
    def net(self) -> Network:
        """The network."""

    @property
    def patches(self) -> Patches:
        """The models of its regions."""

    @property
    def gain(self) -> float:
        """The factor G."""

    @property
    def offset(self) -> float:
        """What is added to what is received."""

    @property
    def coupling(self) -> int:
        """Number of the coupling function: 0 linear, 1 difference, 2 sigmoidal."""

    @property
    def curve(self) -> tuple[float, ...]:
        """Constants of sigmoidal coupling."""


@dataclass(frozen=True, slots=True)
class Derivatives:
    """Hold how the regions of one patch answer to small changes.

    Parameters
    ----------
    own : (variables, variables, n_regions) float64
        The slope of the first by the second, with what is received held, 1/ms.
    heard : (variables, received, n_regions) float64
        The slope of a variable by the sum over sources that it receives, before the factor G and the coupling function.
    said : (sent, variables, n_regions) float64
        What is sent by a variable.
    """

    own: Array
    heard: Array
    said: Array


def sent_in(patches: Patches, built: Sequence[Patch], states: Sequence[Array]) -> Array:
    """Return what the rows of the history hold in a state of all regions, (rows,)."""
    found = np.zeros(max(1, sum(len(p.regions) for p in patches.all) * patches.slots))
    for p, made, state in zip(patches.all, built, states, strict=True):
        sent, used = made.send(state), patches.used[p.model.name]
        for slot, s in enumerate(used):
            found[np.array(p.regions) * patches.slots + slot] = sent[s]
    return found


def built_whole(s: Undivided, net: Network) -> list[Patch]:
    """Return the patches of the whole network for the kernel, without noise."""
    return [build(net, s.patches, replace(p, sigma=np.zeros_like(p.sigma)), s.gain, s.offset, s.coupling == 1, 1) for p in s.patches.all]


def undelayed(net: Network) -> Network:
    """Return a network in which everything arrives at once."""
    return Network(net.weights, np.zeros_like(net.delays), 1)


class Linearised:
    """Linearise the network: each region by the kernel with what it receives given, then what couples them.

    A state is an array, (variables, n_regions), a patch; a vector or matrix of the whole has the patches one after the other, in each of
    them the variables, in each of these the regions.

    Parameters
    ----------
    setting : Undivided
        The network.
    fine : bool
        Take derivatives of the kernel's slow twin by differences of sixth order, with steps of a part of a variable's usual range, good to
        about 1e-13, and not the plain ones of the kernel that Newton's method can do with.
    """

    def __init__(self, setting: Undivided, fine: bool = False) -> None:
        self.setting, self._fine = setting, fine
        self._built = built_whole(setting, undelayed(setting.net))

    def sent(self, states: Sequence[Array]) -> Array:
        """Return what all rows of the history hold."""
        return sent_in(self.setting.patches, self._built, states)

    def received(self, states: Sequence[Array]) -> list[tuple[Array, Array]]:
        """Return for each patch what it receives, (received, n_regions), and by how much that grows with the sum over sources."""
        s, rows, found = self.setting, self.sent(states), []
        for p, made, state in zip(s.patches.all, self._built, states, strict=True):
            own, here = made.send(state), list(p.regions)
            c, by = np.zeros((len(p.model.receives), len(here))), np.zeros((len(p.model.receives), len(here)))
            for r in range(len(c)):
                source = sources(s.patches, p.model.name, r)
                for weights, times, sent in zip(s.net.weights[here].T, source.times, rows[source.row], strict=True):
                    c[r] += weights * times * sent
                if s.coupling == 1:
                    c[r] -= s.net.weights[here].sum(axis=1) * own[s.patches.taken[p.model.name, p.model.name, r].sent]
                by[r] = s.gain
                if s.coupling == 2:
                    low, high, middle, slope, width = s.curve
                    part = 1.0 / (1.0 + exp(-slope * ((c[r] - middle) / width)))
                    by[r] *= (high - low) * slope / width * part * (1.0 - part)
                    c[r] = low + (high - low) * part
                c[r] = s.gain * c[r] + s.gain * (s.net.weights[here] * source.plus).sum(axis=1) + s.offset
            found.append((c, by))
        return found

    def slopes(self, states: Sequence[Array]) -> list[Array]:
        """Return the slopes of every patch, (variables, n_regions), 1/ms."""
        return [made.evaluate(x, c, np.zeros((made.inputs, made.n)))[0]
                for made, x, (c, _) in zip(self._built, states, self.received(states), strict=True)]

    def fastest(self, states: Sequence[Array]) -> float:
        """Return the largest sum of what a slope changes with the region's own variables, 1/ms."""
        return max(float(np.abs(own).sum(axis=1).max()) for own in self.by_own(states))

    def by_own(self, states: Sequence[Array]) -> list[Array]:
        """Return for each patch the derivatives of the slope of v by variable w, (v, w, n_regions), with what is received held."""
        return [self._by_own(p, made, x, c)
                for p, made, x, (c, _) in zip(self.setting.patches.all, self._built, states, self.received(states), strict=True)]

    def derivatives(self, states: Sequence[Array]) -> list[Derivatives]:
        """Return the derivatives of every patch."""
        found = []
        for p, made, x, (c, by) in zip(self.setting.patches.all, self._built, states, self.received(states), strict=True):
            if self._fine:
                heard = np.moveaxis(receptions(p.model, p.values, x, c), 0, 2)
                said = np.moveaxis(emissions(p.model, p.values, x), 0, 2)
            else:
                heard, said = _by_received(made, x, c), _differences(made.send, x)
            found.append(Derivatives(self._by_own(p, made, x, c), heard * by, said))
        return found

    def jacobian(self, states: Sequence[Array]) -> Array:
        """Return the derivative of all slopes by all variables, 1/ms, by patch, variable and region."""
        s, each = self.setting, self.derivatives(states)
        first = np.cumsum([0, *(x.size for x in states)])
        whole = np.zeros((int(first[-1]), int(first[-1])))
        for k, (p, x) in enumerate(zip(s.patches.all, states, strict=True)):
            n = len(p.regions)
            at = np.arange(n)
            for v in range(len(x)):
                for w in range(len(x)):
                    whole[first[k] + v * n + at, first[k] + w * n + at] += each[k].own[v, w]
            for r in range(len(p.model.receives)):
                for q, other in enumerate(s.patches.all):
                    taken, m = s.patches.taken[p.model.name, other.model.name, r], len(other.regions)
                    weights = s.net.weights[np.ix_(p.regions, other.regions)] * taken.times
                    if s.coupling == 1 and q == k:
                        weights[at, at] -= s.net.weights[list(p.regions)].sum(axis=1)
                    for v in range(len(x)):
                        for w in range(len(states[q])):
                            block = each[k].heard[v, r][:, None] * weights * each[q].said[taken.sent, w]
                            whole[first[k] + v * n : first[k] + (v + 1) * n, first[q] + w * m : first[q] + (w + 1) * m] += block
        return whole

    def _by_own(self, p: PatchSetting, made: Patch, x: Array, c: Array) -> Array:
        if self._fine:
            return np.moveaxis(jacobians(p.model, p.values, x, c), 0, 2)
        nothing = np.zeros((made.inputs, made.n))
        return _differences(lambda z: made.evaluate(z, c, nothing)[0], x)


def _by_received(made: Patch, x: Array, c: Array) -> Array:
    nothing = np.zeros((made.inputs, made.n))
    return _differences(lambda z: made.evaluate(x, z, nothing)[0], c)


def _differences(f: Callable[[Array], Array], x: Array) -> Array:
    """Return the derivatives of f, (results, rows, n_regions), by each row of x, (rows, n_regions)."""
    found = []
    for row in range(len(x)):
        step = np.zeros_like(x)
        step[row] = _DIFFERENCE
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite stays so, and whoever asks looks for it
            found.append((f(x + step) - f(x - step)) / (2 * _DIFFERENCE))
    return np.stack(found, axis=1)
