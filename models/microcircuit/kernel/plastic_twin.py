"""Do plainly, synapse by synapse from its first spike on, what ``plastic.h`` does; tests hold it against this, bit for bit."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from cosim.models.language.functions import exp
from cosim.models.microcircuit.network.plasticity import Stdp, TsodyksMarkram


def transmitted(rule: Stdp | TsodyksMarkram, step_ms: float, start: int, unit: float, pre: NDArray[np.int64], post: NDArray[np.int64],
                delay: int) -> float:
    """Return the weight that the last presynaptic spike carries, in units, not yet rounded.

    Parameters
    ----------
    rule : Stdp or TsodyksMarkram
        How the weight changes.
    step_ms : float
        Time step, ms.
    start : int
        Initial weight, units.
    unit : float
        Weight of one unit.
    pre, post : (n,) int64
        Stamps of all spikes up to the last presynaptic one, steps, ascending.
    delay : int
        Delay, all of it dendritic, steps.
    """
    if isinstance(rule, TsodyksMarkram):
        return start * _efficacy(rule, step_ms, pre)
    nearest, up, down = rule.pairing == "nearest", step_ms / float(rule.tau_plus), step_ms / float(rule.tau_minus)
    w = max(min(start * (unit / rule.w_max), 1.0), 0.0)
    heard, before = 0.0, -1
    for stamp in pre:
        arrived = [p for p in post if p <= stamp - delay]
        for p in arrived:
            if before >= 0 and p > before - delay:
                w = min(w + rule.rate * _power(1 - w, rule.mu_plus) * (heard * _decay(up, p + delay - before)), 1.0)
        trace = _trace([p for p in arrived if p < stamp - delay], down, nearest)
        at = max((p for p in arrived if p < stamp - delay), default=0)
        w = max(w - rule.alpha * rule.rate * _power(w, rule.mu_minus) * (trace * _decay(down, stamp - delay - at)), 0.0)
        heard = (0.0 if nearest or before < 0 else heard * _decay(up, stamp - before)) + 1
        before = stamp
    return w * (rule.w_max / unit)


def _trace(spikes: list[int], rate: float, nearest: bool) -> float:
    trace, last = 0.0, 0
    for p in spikes:
        trace = (0.0 if nearest or not trace else trace * _decay(rate, p - last)) + 1
        last = p
    return trace


def _efficacy(rule: TsodyksMarkram, step_ms: float, pre: NDArray[np.int64]) -> float:
    x, u = 1.0, rule.use
    for gap in np.diff(pre):
        x = 1 + (x - x * u - 1) * _decay(step_ms / float(rule.tau_rec), gap)
        u = rule.use + u * (1 - rule.use) * (_decay(step_ms / float(rule.tau_fac), gap) if rule.tau_fac else 0.0)
    return x * u


def _decay(rate: float, steps: int) -> float:
    return float(exp(np.float64(-rate * float(steps))))


def _power(x: float, mu: float) -> float:
    if mu in (0, 1):
        return x if mu else 1.0
    return 0.0 if x < np.finfo(float).tiny else float(exp(np.float64(mu * _log(x))))


def _log(x: float) -> float:
    """Return the logarithm as ``cosim_log`` in ``cosim/elementary.h`` does."""
    m, e = math.frexp(x)
    m, e = m * 2, e - 1
    if m > 1.4142135623730951:
        m, e = m * 0.5, e + 1
    f = m - 1.0
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    k, half = float(e), 0.5 * f * f
    r = (z * (6.666666666666735130e-01 + w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01)))
         + w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01)))
    return k * 6.93147180369123816490e-01 - ((half - (s * (half + r) + k * 1.90821492927058770002e-10)) - f)
