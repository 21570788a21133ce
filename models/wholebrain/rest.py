"""Find where the whole network rests without noise: delays do not matter there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from cosim.models.language.functions import exp
from cosim.models.wholebrain.kernel._engine import STRETCH, Engine, Patch
from cosim.models.wholebrain.network import Array, Network
from cosim.models.wholebrain.patches import Patches, build, links_of, sources

_STEP_MS = 0.5
_STRETCHES = 160  # 10 s, unless a fast constant asks for shorter steps
_SETTLED, _GOOD_ENOUGH = 1e-14, 1e-12
_LARGEST_NUMBER_OF_ITERATIONS = 40
_DIFFERENCE = 1e-6
_LEAST_DECAY = 1e-6  # 1/ms; what decays slower than within 1000 s is not called stable
_LARGEST_SYSTEM = 3000  # state variables for which Newton's method and eigenvalues are tried


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
class Rest:
    """Hold a state of the undivided network that does not change.

    Parameters
    ----------
    states : tuple of (variables, n_regions) float64
        State of every region, by patch.
    rates : (n,) float64, Hz, or None
        Rate of every region, not a number where its model has none; None where no model has one.
    sent : (rows,) float64
        What the rows of the history hold.
    """

    states: tuple[Array, ...]
    rates: Array | None
    sent: Array


@dataclass(frozen=True, slots=True)
class Search:
    """Hold what the search for a resting state came to: the state, or None and why, in words that go on after 'rest: '.

    Parameters
    ----------
    rest : Rest or None
        The state.
    why : str
        Why there is none.
    """

    rest: Rest | None
    why: str = ""


def sent_in(patches: Patches, built: Sequence[Patch], states: Sequence[Array]) -> Array:
    """Return what the rows of the history hold in a state of all regions, (rows,)."""
    found = np.zeros(max(1, sum(len(p.regions) for p in patches.all) * patches.slots))
    for p, made, state in zip(patches.all, built, states, strict=True):
        sent, used = made.send(state), patches.used[p.model.name]
        for slot, s in enumerate(used):
            found[np.array(p.regions) * patches.slots + slot] = sent[s]
    return found


def built_whole(s: Undivided, net: Network) -> list[Patch]:
    """Return the patches of the whole network for the kernel."""
    return [build(net, s.patches, p, s.gain, s.offset, s.coupling == 1, 1) for p in s.patches.all]


def rates_in(s: Undivided, states: Sequence[Array]) -> Array | None:
    """Return the rates of the undivided network in a state that has held for ever, (n,) Hz; None where no model has a rate."""
    if all(p.model.rate is None for p in s.patches.all):
        return None
    engine, built = _without_delays(s, states, _STEP_MS)
    engine.finish(0, 0)
    rates = np.full(sum(len(p.regions) for p in s.patches.all), np.nan)
    for p, made in zip(s.patches.all, built, strict=True):
        if p.model.rate is not None:
            rates[list(p.regions)] = made.rates(0, 1)[0]
    return rates


def own_derivatives(s: Undivided, states: Sequence[Array]) -> list[Array]:
    """Return for each patch the derivatives of the slope of v by variable w, (v, w, n_regions), 1/ms, with what is received held."""
    return _Apart(s).by_own(states)


def find_rest(s: Undivided) -> Search:
    """Find where the undivided network rests, from its models' start values.

    The kernel itself relaxes the network (Euler). Where that takes too long, because a mode is slow, implicit Euler steps go on, ten times
    longer each time until they are Newton's; then the eigenvalues of the network without delays say whether the state is stable. All
    arithmetic is in a fixed order, so the bits are the same on every processor; only that last yes or no is left to a library.
    """
    states = [np.repeat([[v.start] for v in p.model.state], len(p.regions), axis=1) for p in s.patches.all]
    apart = _Apart(s)
    step, norm = _STEP_MS, apart.fastest(states)
    while step * norm > 1 and step > 1e-9:  # Euler's scheme must follow the fastest constant
        step *= 0.5
    engine, built = _without_delays(s, states, step)
    for stretch in range(_STRETCHES):
        engine.make_room(stretch * STRETCH, STRETCH)
        engine.run(stretch * STRETCH, STRETCH)
        reached = [made.states(STRETCH, STRETCH + 1)[0].copy() for made in built]
        engine.carry_over(STRETCH)
        change = max(float(np.abs(a - b).max()) for a, b in zip(reached, states, strict=True))
        states = reached
        if not np.isfinite(change):
            break
        if change <= _SETTLED:
            return Search(_rest(s, apart, states))
    finite = all(np.isfinite(x).all() for x in states)
    small = sum(x.size for x in states) <= _LARGEST_SYSTEM
    still = _polish(apart, s.patches, states) if finite and small else None
    if still is None:
        return Search(None, f"no resting state was reached within {_STRETCHES * STRETCH * step / 1000:.3g} s")
    if not float(np.linalg.eigvals(apart.jacobian(still)).real.max()) < -_LEAST_DECAY:
        return Search(None, "the resting state that was found is not stable")
    return Search(_rest(s, apart, still))


def _rest(s: Undivided, apart: _Apart, states: Sequence[Array]) -> Rest:
    return Rest(tuple(states), rates_in(s, states), apart.sent(states))


def _polish(apart: _Apart, patches: Patches, states: Sequence[Array]) -> list[Array] | None:
    """Go on with implicit Euler steps that become Newton's; None where they do not come to an end."""
    dt, now = 100.0, list(states)
    for _ in range(_LARGEST_NUMBER_OF_ITERATIONS):
        slope = np.concatenate([x.ravel() for x in apart.slopes(now)])
        matrix = apart.jacobian(now)
        matrix[np.diag_indices_from(matrix)] -= 1 / dt
        change = _solve(matrix, -slope)
        if change is None:
            return None
        parts = np.split(change, np.cumsum([x.size for x in now])[:-1])
        for k, (p, part) in enumerate(zip(patches.all, parts, strict=True)):
            low, high = (np.array([[getattr(v, side)] for v in p.model.state]) for side in ("low", "high"))
            now[k] = np.clip(now[k] + part.reshape(now[k].shape), low, high)
        if dt > 1e9 and float(np.abs(change).max()) < _GOOD_ENOUGH:
            return now
        dt *= 10.0
    return None


def _solve(matrix: Array, right: Array) -> Array | None:
    """Solve linear equations by elimination with row pivoting; unlike a library's, its order of arithmetic is the same everywhere."""
    a = np.concatenate((matrix, right[:, None]), axis=1)
    n = len(a)
    for k in range(n):
        pivot = k + int(np.argmax(np.abs(a[k:, k])))
        if not (np.isfinite(a[pivot, k]) and a[pivot, k]):
            return None
        a[[k, pivot]] = a[[pivot, k]]
        a[k + 1 :, k + 1 :] -= (a[k + 1 :, k] / a[k, k])[:, None] * a[k, k + 1 :]
    x = a[:, n].copy()
    for k in range(n - 1, -1, -1):
        x[k] /= a[k, k]
        x[:k] -= a[:k, k] * x[k]
    return x


class _Apart:
    """Linearise the network: each region by the kernel with what it receives given, then what couples them."""

    def __init__(self, s: Undivided) -> None:
        self._s, self._net = s, _undelayed(s.net)
        self._built = built_whole(s, self._net)

    def sent(self, states: Sequence[Array]) -> Array:
        """Return what all rows of the history hold."""
        return sent_in(self._s.patches, self._built, states)

    def received(self, states: Sequence[Array]) -> list[tuple[Array, Array]]:
        """Return for each patch what it receives, (received, n_regions), and by how much that grows with the sum over sources."""
        s, rows, found = self._s, self.sent(states), []
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
        found = []
        for made, x, (c, _) in zip(self._built, states, self.received(states), strict=True):
            nothing = np.zeros((made.inputs, made.n))
            own = np.empty((len(x), len(x), x.shape[1]))
            for w in range(len(x)):
                step = np.zeros_like(x)
                step[w] = _DIFFERENCE
                own[:, w] = (made.evaluate(x + step, c, nothing)[0] - made.evaluate(x - step, c, nothing)[0]) / (2 * _DIFFERENCE)
            found.append(own)
        return found

    def jacobian(self, states: Sequence[Array]) -> Array:
        """Return the derivative of all slopes by all variables, 1/ms, by patch, variable and region."""
        s, total = self._s, sum(x.size for x in states)
        first = np.cumsum([0, *(x.size for x in states)])
        whole = np.zeros((total, total))
        sends = [self._by_state(k, x) for k, x in enumerate(states)]
        received = self.received(states)
        for k, (p, made, x, own) in enumerate(zip(s.patches.all, self._built, states, self.by_own(states), strict=True)):
            n, nothing, c = len(p.regions), np.zeros((made.inputs, made.n)), received[k][0]
            at = np.arange(n)
            for v in range(len(x)):
                for w in range(len(x)):
                    whole[first[k] + v * n + at, first[k] + w * n + at] += own[v, w]
            for r in range(len(c)):
                step = np.zeros_like(c)
                step[r] = _DIFFERENCE
                by = (made.evaluate(x, c + step, nothing)[0] - made.evaluate(x, c - step, nothing)[0]) / (2 * _DIFFERENCE)
                by *= received[k][1][r]
                for q, other in enumerate(s.patches.all):
                    taken, m = s.patches.taken[p.model.name, other.model.name, r], len(other.regions)
                    weights = s.net.weights[np.ix_(p.regions, other.regions)] * taken.times
                    if s.coupling == 1 and q == k:
                        weights[at, at] -= s.net.weights[list(p.regions)].sum(axis=1)
                    for v in range(len(x)):
                        for w in range(len(states[q])):
                            block = by[v][:, None] * weights * sends[q][taken.sent, w]
                            whole[first[k] + v * n : first[k] + (v + 1) * n, first[q] + w * m : first[q] + (w + 1) * m] += block
        return whole

    def _by_state(self, k: int, x: Array) -> Array:
        """Return the derivatives of what a patch sends by its variables, (sent, w, n_regions)."""
        made = self._built[k]
        found = np.zeros((made.sends, len(x), x.shape[1]))
        for w in range(len(x)):
            step = np.zeros_like(x)
            step[w] = _DIFFERENCE
            found[:, w] = (made.send(x + step) - made.send(x - step)) / (2 * _DIFFERENCE)
        return found


def _undelayed(net: Network) -> Network:
    return Network(net.weights, np.zeros_like(net.delays), 1)


def _without_delays(s: Undivided, states: Sequence[Array], step: float) -> tuple[Engine, list[Patch]]:
    still = _undelayed(s.net)
    built = built_whole(s, still)
    none, at_once = (links_of(still, s.patches, s.patches.all, part) for part in ("long", "instant"))
    rows = max(1, sum(len(p.regions) for p in s.patches.all) * s.patches.slots)
    engine = Engine(built, rows, [], 1, 1, none, none, at_once, [], 0, step, s.gain, int(s.coupling == 2), s.curve, 0, False, 0)
    engine.start(states, sent_in(s.patches, built, states))
    return engine, built
