"""What is computed within one instant, or from delayed states: sums over channels, differences, the LFP proxy, noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cosim.interfaces import Port
from cosim.models.observe.operator import Array, Operator
from cosim.random import normals


class Projection(Operator):
    """Give the channels weighted by a gain matrix: y = G x.

    Products are added in the order of the channels, one by one, so that neither blocks nor the processor change a bit.
    """

    def __init__(self, port: Port, step: int, gain: Array) -> None:
        super().__init__(port, gain.shape[1], step, step)
        self._gain = np.ascontiguousarray(gain.T)

    def _apply(self, values: Array, at: int) -> Array:
        out = np.zeros((len(values), self.port.size))
        product = np.empty_like(out)
        for column, row in zip(values.T, self._gain, strict=True):
            np.multiply(column[:, None], row, out=product)
            out += product
        return out


@dataclass(frozen=True, slots=True)
class Term:
    """Hold one term of a weighted sum.

    Parameters
    ----------
    first : int
        First channel of what is taken.
    weight : float
        Its factor.
    delay : int
        Ticks by which it is delayed; a multiple of the step.
    """

    first: int
    weight: float
    delay: int = 0


class WeightedSum(Operator):
    """Give ``sum_k w_k |x_k(t - d_k)|`` (or without the absolute values) for each channel, or their sum; before the run, x was 0.

    Parameters
    ----------
    width : int
        Channels of each term.
    terms : tuple of Term
        What is added, in this order.
    absolute, pooled : bool
        Whether absolute values are taken, and whether all channels are added up.
    """

    def __init__(self, port: Port, size: int, step: int, width: int, terms: tuple[Term, ...], absolute: bool = False,
                 pooled: bool = False) -> None:
        super().__init__(port, size, step, step)
        self._terms, self._width, self._absolute, self._pooled = terms, width, absolute, pooled
        self._back = max(t.delay for t in terms) // step
        self._past: Array = np.zeros((self._back, size))

    def _apply(self, values: Array, at: int) -> Array:
        rows = np.concatenate((self._past, values))
        self._past = rows[len(rows) - self._back :]
        out = np.zeros((len(values), self._width))
        for term in self._terms:
            late = self._back - term.delay // self.step
            part = rows[late : late + len(values), term.first : term.first + self._width]
            out = out + term.weight * (np.abs(part) if self._absolute else part)
        return np.add.accumulate(out, axis=1)[:, -1:] if self._pooled else out


class Noise(Operator):
    """Add independent Gaussian numbers of a standard deviation; those of a channel at an instant depend on the stream and nothing else."""

    def __init__(self, port: Port, step: int, deviation: float, key: int) -> None:
        super().__init__(port, port.size, step, step)
        self._deviation, self._key = deviation, key

    def _apply(self, values: Array, at: int) -> Array:
        if not len(values):
            return values
        ticks = at + self.step * np.arange(1, len(values) + 1, dtype=np.int64)
        return values + self._deviation * normals(self._key, np.arange(self.size), 0, ticks[:, None])[..., 0]
