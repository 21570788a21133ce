"""Step the network slowly in NumPy, one link after another: what the kernel is held against."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cosim.models.language.functions import exp, log
from cosim.models.wholebrain.language.model import Array, sent_of, slope_of
from cosim.models.wholebrain.patches import PatchSetting, links_of, sources
from cosim.models.wholebrain.setting import Setting

EULER, HEUN, HEUN_HELD, RK4 = range(4)


def normals(words: Array) -> Array:
    """Return four standard normal numbers from the four words of a block, (..., 4) from (..., 4) uint32; the twin of ``noise.h``."""
    f = np.float32
    pairs = words.astype(np.uint32).reshape(*words.shape[:-1], 2, 2)
    radius, angle = pairs[..., 0], pairs[..., 1]
    r = np.sqrt(f(-2) * log((radius >> np.uint32(1)).astype(np.int32).astype(f) * f(2**-31) + f(2**-32)))
    t = (angle << np.uint32(2)).view(np.int32).astype(f) * f(f(2**-32) * f(1.57079632679489662))
    z = t * t
    s = t * (f(1) + z * (f(-1.66666666667e-1) + z * (f(8.33333333333e-3) + z * (f(-1.98412698413e-4) + z * f(2.75573192240e-6)))))
    c = f(1) + z * (f(-0.5) + z * (f(4.16666666667e-2) + z * (f(-1.38888888889e-3) + z * f(2.48015873016e-5))))
    odd, back = (angle >> np.uint32(30)) & 1 == 1, angle >> np.uint32(31) == 1
    x, y = np.where(odd, -s, c), np.where(odd, c, s)
    both = np.stack((r * np.where(back, -x, x), r * np.where(back, -y, y)), axis=-1)
    return both.reshape(words.shape).astype(np.float64)


class _Slow:
    """Hold the network for the slow steps."""

    def __init__(self, s: Setting, steps: int, states: Sequence[Array]) -> None:
        self.s, self.rows = s, max(1, len(s.connectome) * s.patches.slots)
        self.history = np.zeros((steps + 1, self.rows))
        self.history[0] = self.sent(states)

    def sent(self, states: Sequence[Array]) -> Array:
        """Return what all rows hold in a state."""
        found = np.zeros(self.rows)
        for p, x in zip(self.s.patches.all, states, strict=True):
            for slot, c in enumerate(self.s.patches.used[p.model.name]):
                found[np.array(p.regions) * self.s.patches.slots + slot] = sent_of(p.model, p.values, x)[c]
        return found

    def received(self, k: int, states: Sequence[Array], ahead: Array | None = None, is_halfway: bool = False) -> list[Array]:
        """Return what each patch receives at step k, in the canonical order.

        `ahead` is what instant links carry where it is a prediction; halfway to the next step, delayed links carry the mean of both ends.
        """
        s, now = self.s, self.history[k] if ahead is None else ahead

        def sent_at(step: int, row: int) -> float:
            first = float(self.history[max(step, 0), row])
            return 0.5 * (first + float(self.history[max(step + 1, 0), row])) if is_halfway else first

        begin, source, delay, weight = links_of(s.net, s.patches, s.patches.all, "long", "short", "instant")
        found, target = [], 0
        for p, x in zip(s.patches.all, states, strict=True):
            total, sent = np.zeros((len(p.model.receives), len(p.regions))), sent_of(p.model, p.values, x)
            for r in range(len(total)):
                taken, from_ = s.patches.taken[p.model.name, p.model.name, r], sources(s.patches, p.model.name, r)
                for i, region in enumerate(p.regions):
                    for e in range(begin[target], begin[target + 1]):
                        total[r, i] += weight[e] * (sent_at(k - delay[e], source[e]) if delay[e] else now[source[e]])
                    own, lag = s.net.weights[region, region] * taken.times, s.net.delays[region, region]
                    if own and lag:
                        total[r, i] += own * sent_at(k - lag, s.patches.row(region, taken.sent))
                        own = 0.0
                    if s.coupling == 1:
                        own -= s.net.weights[region].sum()
                    total[r, i] += own * sent[taken.sent, i]
                    target += 1
                if s.coupling == 2:
                    low, high, middle, slope, width = s.curve
                    total[r] = low + (high - low) / (1.0 + exp(-slope * ((total[r] - middle) / width)))
                total[r] = s.gain * total[r] + s.gain * (s.net.weights[list(p.regions)] * from_.plus).sum(axis=1) + s.offset
            found.append(total)
        return found


def _scale(p: PatchSetting, x: Array) -> Array:
    """Return what the noise of each variable is multiplied by in a state."""
    rows = [np.ones(x.shape[1]) if by == 0 else x[v] if by == 1 else np.sqrt(np.maximum(x[v], 0.0)) for v, by in enumerate(p.by)]
    return np.array(rows)


def run(s: Setting, dt: float, states: Sequence[Array], steps: int, noise: Sequence[Array] | None = None) -> list[Array]:
    """Return the states reached in some steps, (steps, variables, n_regions) of each patch; the twin of ``brain_run``.

    Parameters
    ----------
    s : Setting
        A network that nothing comes into from outside.
    dt : float
        Step, ms.
    states : sequence of (variables, n_regions) float64
        State at step 0 and before, of each patch.
    noise : sequence of (steps, variables, n_regions) float64 or None
        What noise adds in each step where it is not multiplied by anything.
    """
    slow, now = _Slow(s, steps, states), [x.astype(np.float64) for x in states]
    reached = [np.zeros((steps, *x.shape)) for x in states]
    clip = [(np.array([[v.low] for v in p.model.state]), np.array([[v.high] for v in p.model.state])) for p in s.patches.all]

    def slopes(x: Sequence[Array], c: Sequence[Array]) -> list[Array]:
        return [slope_of(p.model, p.values, a, b) for p, a, b in zip(s.patches.all, x, c, strict=True)]

    def moved(x: Sequence[Array], h: float, d: Sequence[Array], add: Sequence[Array]) -> list[Array]:
        return [np.clip(a + h * b + e, *bounds) for a, b, e, bounds in zip(x, d, add, clip, strict=True)]

    for k in range(steps):
        nothing = [np.zeros_like(x) for x in now]
        drawn = nothing if noise is None else [n[k] for n in noise]
        add = [_scale(p, x) * d for p, x, d in zip(s.patches.all, now, drawn, strict=True)]
        c0 = slow.received(k, now)
        a = slopes(now, c0)
        if s.scheme == RK4:
            y = moved(now, 0.5 * dt, a, nothing)
            b = slopes(y, slow.received(k, y, is_halfway=True))
            y = moved(now, 0.5 * dt, b, nothing)
            c = slopes(y, slow.received(k, y, is_halfway=True))
            y = moved(now, dt, c, nothing)
            d = slopes(y, slow.received(k + 1, y, slow.history[k]))
            now = moved(now, dt / 6, [(p + z) + 2.0 * (q + r) for p, q, r, z in zip(a, b, c, d, strict=True)], add)
        else:
            y = moved(now, dt, a, add)
            if s.scheme != EULER:
                c1 = slow.received(k + 1, y, slow.sent(y)) if s.scheme == HEUN else c0
                b = slopes(y, c1)
                both = [0.5 * (_scale(p, x) + _scale(p, z)) * d for p, x, z, d in zip(s.patches.all, now, y, drawn, strict=True)]
                y = moved(now, 0.5 * dt, [p + q for p, q in zip(a, b, strict=True)], both)
            now = y
        for out, x in zip(reached, now, strict=True):
            out[k] = x
        slow.history[k + 1] = slow.sent(now)
    return reached
