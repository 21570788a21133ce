"""Find where the whole network rests without noise: delays do not matter there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cosim.models.wholebrain._engine import STRETCH, Engine, source
from cosim.models.wholebrain.models import Model
from cosim.models.wholebrain.network import Array, Network

_STEP_MS = 0.5
_STRETCHES = 160  # 10 s
_SETTLED, _GOOD_ENOUGH = 1e-14, 1e-9


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


def find_rest(net: Network, model: Model, rows: Array, gain: float) -> Rest | None:
    """Return where the undivided network comes to rest from its model's start values; None when it does not within 10 s.

    The kernel itself relaxes it (Euler), so the bits are the same on every processor.
    """
    state = np.repeat([[v.start] for v in model.variables], len(net.weights), axis=1)
    engine = _without_delays(net, model, rows, gain, state)
    change = np.inf
    for stretch in range(_STRETCHES):
        engine.make_room(stretch * STRETCH, STRETCH)
        engine.run(stretch * STRETCH, STRETCH)
        reached = engine.state[:, : engine.n].copy()
        change = float(np.abs(reached - state).max())
        state = reached
        if not change > _SETTLED:
            break
    if not change < _GOOD_ENOUGH:
        return None
    return Rest(state, rates_in(net, model, rows, gain, state))


def _without_delays(net: Network, model: Model, rows: Array, gain: float, state: Array) -> Engine:
    n = len(net.weights)
    still = Network(net.weights, np.zeros_like(net.delays), 1)
    everyone, none = list(range(n)), still.links(range(n), "long")
    low, high = [v.low for v in model.variables], [v.high for v in model.variables]
    engine = Engine(
        model.number,
        0,
        _STEP_MS,
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
