"""Find where the whole network rests without noise: delays do not matter there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cosim.models.wholebrain.kernel._engine import STRETCH, Engine, Patch
from cosim.models.wholebrain.linearised import Linearised, Undivided, built_whole, sent_in, undelayed
from cosim.models.wholebrain.network import Array
from cosim.models.wholebrain.patches import Patches, links_of

_STEP_MS = 0.5
_STRETCHES = 160  # 10 s, unless a fast constant asks for shorter steps
_SETTLED, _GOOD_ENOUGH = 1e-14, 1e-12
_LARGEST_NUMBER_OF_ITERATIONS = 40
_LEAST_DECAY = 1e-6  # 1/ms; what decays slower than within 1000 s is not called stable
_LARGEST_SYSTEM = 3000  # state variables for which Newton's method and eigenvalues are tried


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
    return Linearised(s).by_own(states)


def find_rest(s: Undivided) -> Search:
    """Find where the undivided network rests, from its models' start values.

    The kernel itself relaxes the network (Euler). Where that takes too long, because a mode is slow, implicit Euler steps go on, ten times
    longer each time until they are Newton's; then the eigenvalues of the network without delays say whether the state is stable. All
    arithmetic is in a fixed order, so the bits are the same on every processor; only that last yes or no is left to a library.
    """
    states = [np.repeat([[v.start] for v in p.model.state], len(p.regions), axis=1) for p in s.patches.all]
    apart = Linearised(s)
    step, norm = _STEP_MS, apart.fastest(states)
    while step * norm > 1 and step > 1e-9:  # Euler's scheme must follow the fastest constant
        step *= 0.5
    engine, built = _without_delays(s, states, step)
    for stretch in range(_STRETCHES):
        engine.make_room(stretch * STRETCH, STRETCH)
        engine.run(stretch * STRETCH, STRETCH)
        reached = [made.states(STRETCH, STRETCH + 1)[0].copy() for made in built]
        engine.carry_over(STRETCH)
        if not all(np.isfinite(x).all() for x in reached):
            so_far = (stretch + 1) * STRETCH * step
            return Search(None, f"no resting state was reached: the state grew beyond all numbers within {so_far:.3g} ms")
        change = max(float(np.abs(a - b).max()) for a, b in zip(reached, states, strict=True))
        states = reached
        if change <= _SETTLED:
            return Search(_rest(s, apart, states))
    still = _polish(apart, s.patches, states) if sum(x.size for x in states) <= _LARGEST_SYSTEM else None
    if still is None:
        return Search(None, f"no resting state was reached within {_STRETCHES * STRETCH * step / 1000:.3g} s")
    if not float(np.linalg.eigvals(apart.jacobian(still)).real.max()) < -_LEAST_DECAY:
        return Search(None, "the resting state that was found is not stable")
    return Search(_rest(s, apart, still))


def _rest(s: Undivided, apart: Linearised, states: Sequence[Array]) -> Rest:
    return Rest(tuple(states), rates_in(s, states), apart.sent(states))


def _polish(apart: Linearised, patches: Patches, states: Sequence[Array]) -> list[Array] | None:
    """Go on with implicit Euler steps that become Newton's; None where they do not come to an end, or grow beyond all numbers."""
    dt, now = 100.0, list(states)
    for _ in range(_LARGEST_NUMBER_OF_ITERATIONS):
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # what is not finite is looked for below
            slope = np.concatenate([x.ravel() for x in apart.slopes(now)])
            matrix = apart.jacobian(now)
            matrix[np.diag_indices_from(matrix)] -= 1 / dt
            change = _solve(matrix, -slope) if np.isfinite(slope).all() and np.isfinite(matrix).all() else None
        if change is None or not np.isfinite(change).all():
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


def _without_delays(s: Undivided, states: Sequence[Array], step: float) -> tuple[Engine, list[Patch]]:
    still = undelayed(s.net)
    built = built_whole(s, still)
    none, at_once = (links_of(still, s.patches, s.patches.all, part) for part in ("long", "instant"))
    rows = max(1, sum(len(p.regions) for p in s.patches.all) * s.patches.slots)
    engine = Engine(built, rows, [], 1, 1, none, none, at_once, [], 0, step, s.gain, int(s.coupling == 2), s.curve, 0, False, 0)
    engine.start(states, sent_in(s.patches, built, states))
    return engine, built
