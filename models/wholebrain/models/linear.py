"""The linear model: an Ornstein-Uhlenbeck process where there is noise, a linear map with Euler's scheme and gamma 0."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cosim.models.wholebrain.models.model import Array, Input, Model, PerRegion, Variable, table


@dataclass(frozen=True, slots=True)
class LinearParameters:
    """Hold the parameters of `linear`.

    Parameters
    ----------
    gamma : float, 1/ms
        Slope; negative where the region is stable by itself.
    """

    gamma: PerRegion = -1.0


def _rows(parameters: LinearParameters, _gain: float, weights: Array) -> Array:
    return table([parameters.gamma], len(weights))


def _slope(rows: Array, x: Array, c: Array, u: Array) -> tuple[Array, None]:
    return np.asarray(rows[0] * x + c + u), None


LINEAR = Model(
    "linear",
    0,
    "x' = gamma x + G c + u",
    "Uhlenbeck & Ornstein 1930, Phys Rev 36:823",
    LinearParameters,
    {},
    (),
    (Variable("x", "1", "state", 0.0),),
    (Input("x", "1/ms", "added to the slope"),),
    "x",
    "1",
    None,
    _rows,
    _slope,
)
