"""Find where the whole network rests without noise: delays do not matter there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cosim.models.wholebrain._engine import STRETCH, Engine, source
from cosim.models.wholebrain.models import Model
from cosim.models.wholebrain.network import Array, Network

_STEP_MS = 0.5
_STRETCHES = 160  # 10 s, unless a fast constant asks for shorter steps
_SETTLED, _GOOD_ENOUGH = 1e-14, 1e-12
_LARGEST_NUMBER_OF_ITERATIONS = 40
_DIFFERENCE = 1e-6
_LEAST_DECAY = 1e-6  # 1/ms; what decays slower than within 1000 s is not called stable


@dataclass(frozen=True, slots=True)
class Rest:
    """Hold a state of the undivided network that does not change.

    Parameters
    ----------
    state : (variables, n) float64
        State of every region.
    rates : (n,) float64, Hz, or None
        Rate of every region, where the model has one.
    """

    state: Array
    rates: Array | None


def rates_in(net: Network, model: Model, rows: Array, gain: float, state: Array) -> Array | None:
    """Return the rates of the undivided network in a state that has held for ever, (n,) Hz; None where the model has no rate."""
    if model.rate is None:
        return None
    engine = _without_delays(net, model, rows, gain, state)
    engine.finish(0, 0)
    return engine.rates[0, : engine.n].copy()


@dataclass(frozen=True, slots=True)
class Search:
    """Hold what the search for a resting state came to: the state, or None and why, in words that go on after 'rest: '."""

    rest: Rest | None
    why: str = ""


def find_rest(net: Network, model: Model, rows: Array, gain: float) -> Search:
    """Find where the undivided network rests, from its model's start values.

    The kernel itself relaxes the network (Euler). Where that takes too long, because a mode is slow, implicit Euler steps go on, ten times
    longer each time until they are Newton's; then the eigenvalues of the network without delays say whether the state is stable. All
    arithmetic is in a fixed order, so the bits are the same on every processor; only that last yes or no is left to a library.
    """
    state = np.repeat([[v.start] for v in model.variables], len(net.weights), axis=1)
    apart = _Apart(net, model, rows, gain)
    step, norm = _STEP_MS, float(np.abs(apart.linearise(state)[1]).sum(axis=1).max())
    while step * norm > 1 and step > 1e-9:  # Euler's scheme must follow the fastest constant
        step *= 0.5
    engine = _without_delays(net, model, rows, gain, state, step)
    for stretch in range(_STRETCHES):
        engine.make_room(stretch * STRETCH, STRETCH)
        engine.run(stretch * STRETCH, STRETCH)
        reached = engine.state[:, : engine.n].copy()
        change = float(np.abs(reached - state).max())
        state = reached
        if change <= _SETTLED:
            return Search(Rest(state, rates_in(net, model, rows, gain, state)))
    still = _polish(apart, model, state) if np.isfinite(state).all() else None
    if still is None:
        return Search(None, f"no resting state was reached within {_STRETCHES * STRETCH * step / 1000:.3g} s")
    if not float(np.linalg.eigvals(apart.jacobian(still)).real.max()) < -_LEAST_DECAY:
        return Search(None, "the resting state that was found is not stable")
    return Search(Rest(still, rates_in(net, model, rows, gain, still)))


def _polish(apart: _Apart, model: Model, state: Array) -> Array | None:
    """Go on with implicit Euler steps that become Newton's; None where they do not come to an end."""
    low, high = (np.array([[getattr(v, side)] for v in model.variables]) for side in ("low", "high"))
    dt = 100.0
    for _ in range(_LARGEST_NUMBER_OF_ITERATIONS):
        slope = apart.linearise(state)[0]
        matrix = apart.jacobian(state)
        matrix[np.diag_indices_from(matrix)] -= 1 / dt
        change = _solve(matrix, -slope.ravel())
        if change is None:
            return None
        state = np.clip(state + change.reshape(state.shape), low, high)
        if dt > 1e9 and float(np.abs(change).max()) < _GOOD_ENOUGH:
            return state
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
    """Linearise the network: each region by the kernel with its coupling given, then what couples them."""

    def __init__(self, net: Network, model: Model, rows: Array, gain: float) -> None:
        self._weights, self._model, self._rows, self._gain = net.weights, model, rows, gain
        n, free = len(net.weights), [np.inf] * len(model.variables)
        integers = np.zeros(0, np.int64)
        nothing = (np.zeros(n + 1, np.int64), integers, integers, np.zeros(0))
        zero = np.zeros(n)
        self._engine = Engine(
            model.number,
            0,
            1.0,
            1.0,
            range(n),
            [],
            n,
            1,
            1,
            nothing,
            nothing,
            nothing,
            zero,
            np.zeros(n, np.int64),
            rows,
            [-v for v in free],
            free,
            np.zeros(len(free)),
            len(model.inputs),
            False,
            True,
            0,
        )

    def linearise(self, state: Array) -> tuple[Array, Array, Array]:
        """Return the slopes, (variables, n), 1/ms, and their derivatives by the region's own variables and by its coupling."""
        coupling, size = np.zeros(state.shape[1]), len(state)
        for weights, sent in zip(self._weights.T, self._sent(state), strict=True):
            coupling += weights * sent
        coupling *= self._gain
        by_own = np.empty((size, size, state.shape[1]))  # [v, w]: of the slope of v by w
        for w in range(size):
            step = np.zeros_like(state)
            step[w] = _DIFFERENCE
            by_own[:, w] = (self._slope(state + step, coupling) - self._slope(state - step, coupling)) / (2 * _DIFFERENCE)
        by_coupling = (self._slope(state, coupling + _DIFFERENCE) - self._slope(state, coupling - _DIFFERENCE)) / (2 * _DIFFERENCE)
        return self._slope(state, coupling), by_own, by_coupling

    def jacobian(self, state: Array) -> Array:
        """Return the derivative of all slopes by all variables, (variables * n, variables * n), 1/ms."""
        (size, n), (_, by_own, by_coupling) = state.shape, self.linearise(state)
        whole = np.zeros((size, n, size, n))
        diagonal = np.arange(n)
        for w in range(size):
            step = np.zeros_like(state)
            step[w] = _DIFFERENCE
            sends = (self._sent(state + step) - self._sent(state - step)) / (2 * _DIFFERENCE)
            for v in range(size):
                whole[v, :, w, :] = by_coupling[v][:, None] * (self._gain * self._weights) * sends
                whole[v, diagonal, w, diagonal] += by_own[v, w]
        return whole.reshape(size * n, size * n)

    def _sent(self, state: Array) -> Array:
        return source(self._model.number, self._rows, state)

    def _slope(self, state: Array, coupling: Array) -> Array:
        self._engine.start(state, self._sent(state))
        self._engine.outside[0, : len(coupling)] = coupling
        self._engine.predict(0, 0)
        return self._engine.slope[:, : len(coupling)].copy()


def _without_delays(net: Network, model: Model, rows: Array, gain: float, state: Array, step: float = _STEP_MS) -> Engine:
    n = len(net.weights)
    still = Network(net.weights, np.zeros_like(net.delays), 1)
    everyone, none = list(range(n)), still.links(range(n), "long")
    low, high = [v.low for v in model.variables], [v.high for v in model.variables]
    engine = Engine(
        model.number,
        0,
        step,
        gain,
        everyone,
        [],
        n,
        1,
        1,
        none,
        none,
        still.links(everyone, "instant"),
        np.diag(net.weights),
        np.zeros(n, np.int64),
        rows,
        low,
        high,
        np.zeros(len(low)),
        len(model.inputs),
        False,
        False,
        0,
    )
    engine.start(state, source(model.number, rows, state))
    return engine
