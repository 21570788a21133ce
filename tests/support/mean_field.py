"""One region by itself, for solvers of differential equations and of roots."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.integrate import solve_ivp

from cosim.models.wholebrain.dynamics import model
from cosim.models.wholebrain.language.model import Array, everything, slope_of


def region(name: str, preset: str = "", /, **parameters: float) -> Callable[[float, Array], Array]:
    """Return the slope f(t, x) of one region that receives nothing."""
    m = model(name)
    values = everything(m, (dict(m.presets[preset]) if preset else {}) | parameters, 1)
    return lambda t, x: slope_of(m, values, np.asarray(x, np.float64)[:, None])[:, 0]


def jacobian(slope: Callable[[float, Array], Array], x: Array, step: float = 1e-6) -> Array:
    """Return the derivatives of a slope by central differences."""
    return np.stack([(slope(0, x + d) - slope(0, x - d)) / (2 * step) for d in step * np.eye(len(x))], axis=1)


def heun(slope: Callable[[float, Array], Array], x: Array, dt: float, steps: int) -> Array:
    """Return the states of Heun's scheme, (steps + 1, variables)."""
    states = [np.asarray(x, np.float64)]
    for _ in range(steps):
        now = slope(0, states[-1])
        states.append(states[-1] + 0.5 * dt * (now + slope(0, states[-1] + dt * now)))
    return np.array(states)


def upward(slope: Callable[[float, Array], Array], start: list[float], end: float, rtol: float = 1e-10, atol: float = 1e-12) -> Array:
    """Return the times at which the first variable crosses 0 upwards."""
    def crossing(t: float, x: Array) -> float:
        return float(x[0])
    crossing.direction = 1  # type: ignore[attr-defined]
    found: Array = solve_ivp(slope, (0, end), start, method="LSODA", events=crossing, rtol=rtol, atol=atol).t_events[0]
    return found
