"""Step the network slowly in NumPy, one link after another: what the kernel is held against."""

from __future__ import annotations

import numpy as np

from cosim.models.wholebrain.models import Model
from cosim.models.wholebrain.network import Array, Network

EULER, HEUN, HEUN_HELD = range(3)


def coupling(net: Network, sent: Array, k: int, ahead: Array | None = None) -> Array:
    """Return the coupling of every region at step k, in the canonical order.

    Parameters
    ----------
    net : Network
        The whole network.
    sent : (steps, n) float64
        What regions sent at steps 0, 1, ...; before step 0 they sent what they sent at step 0.
    k : int
        The instant.
    ahead : (n,) float64 or None
        What instant links carry, where that is a prediction and not yet history.
    """
    n = len(net.weights)
    total = np.zeros(n)
    begin, source, delay, weight = net.links(range(n), "long", "short", "instant")
    now = sent[k] if ahead is None else ahead
    for i in range(n):
        for e in range(begin[i], begin[i + 1]):
            total[i] += weight[e] * (sent[max(k - delay[e], 0), source[e]] if delay[e] else now[source[e]])
        if net.weights[i, i]:
            total[i] += net.weights[i, i] * (sent[max(k - net.delays[i, i], 0), i] if net.delays[i, i] else now[i])
    return total


def run(
    net: Network,
    model: Model,
    rows: Array,
    gain: float,
    scheme: int,
    dt: float,
    state: Array,
    steps: int,
    noise: Array | None = None,
    held: Array | None = None,
) -> Array:
    """Return the states reached in some steps, (steps, variables, n); the twin of ``brain_run``.

    Parameters
    ----------
    state : (variables, n) float64
        State at step 0 and before.
    noise : (steps, variables, n) float64 or None
        What noise adds in each step.
    held : (steps, inputs, n) float64 or None
        Stimuli.
    """
    n = len(net.weights)
    low, high = (np.array([[getattr(v, side)] for v in model.variables]) for side in ("low", "high"))
    which = model.variable_names.index(model.coupling)
    sent, reached = np.zeros((steps + 1, n)), np.zeros((steps, *state.shape))
    x = state.astype(np.float64)
    sent[0] = x[which]
    for k in range(steps):
        u = np.zeros((len(model.inputs), n)) if held is None else held[k]
        d = np.zeros_like(x) if noise is None else noise[k]
        c = gain * coupling(net, sent, k)
        a, _ = model.slope(rows, x, c, u)
        y = np.clip(x + dt * a + d, low, high)
        if scheme != EULER:
            if scheme == HEUN:
                c = gain * coupling(net, sent, k + 1, y[which])
            b, _ = model.slope(rows, y, c, u)
            y = np.clip(x + 0.5 * dt * (a + b) + d, low, high)
        x = reached[k] = y
        sent[k + 1] = x[which]
    return reached
