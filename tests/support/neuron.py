"""Run neurons of one model in NumPy, without a network."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np

from cosim.models.microcircuit.language.model import Model


def values(model: Model, given: Mapping[str, Any] | None = None) -> dict[str, Fraction]:
    """Return all parameters of a model, with some of them replaced."""
    found = {p.name: Fraction(p.default) for p in model.parameters}
    for name, value in (given or {}).items():
        assert name in found, f"{model.name} has no parameter {name}"
        found[name] = Fraction(str(value))
    return found


class Neurons:
    """Hold neurons of one model and one set of parameters.

    Weights of arrivals are given per receptor, as a network would: the size alone where the receptor has no sign.
    """

    def __init__(self, model: Model, given: Mapping[str, Any] | None = None, step_ms: object = "0.1", size: int = 1,
                 real: Any = np.float64, kernel: int | None = None) -> None:
        self.model, self.values, self.step_ms, self.size = model, values(model, given), Fraction(str(step_ms)), size
        self.real, self.kernel = real, model.kernels[model.kernel(self.values) if kernel is None else kernel]
        self.k = SimpleNamespace(**{name: np.full(size, v, real) for name, v in model.constants(self.values, self.step_ms).items()})
        start = model.initial(self.values)
        self.n = SimpleNamespace(rest=np.zeros(size, real), **{s.name: np.full(size, start.get(s.name, 0.0), real) for s in model.state})
        self.x = SimpleNamespace()

    def set(self, **states: Any) -> Neurons:
        """Set state variables as a user sees them."""
        for name, value in states.items():
            setattr(self.n, name, (np.zeros(self.size) + value - self._base(name)).astype(self.real))
        return self

    def get(self, name: str) -> Any:
        """Return a state variable as a user sees it, (size,) float64."""
        return getattr(self.n, name).astype(np.float64) + self._base(name)

    def _base(self, name: str) -> float:
        above = next(s.above for s in self.model.state if s.name == name)
        return float(self.values[above]) if above else 0.0

    def step(self, direct: Any = 0.0, uniform: Any = None, **arrivals: Any) -> Any:
        """Go one step; `arrivals` are weights that arrive at its end, by receptor; returns who has fired, (size,) bool."""
        zero = np.zeros(self.size)
        for name in set(self.kernel.feeds.values()):
            setattr(self.x, name, zero.astype(self.real))
        for r in self.model.receptors:
            weight = zero + arrivals.pop("inh" if r.name == "in" else r.name, 0.0)
            fed = self.kernel.feeds[r.name]
            setattr(self.x, fed, getattr(self.x, fed) + (weight if r.keeps_sign else np.abs(weight)).astype(self.real))
        assert not arrivals, f"{self.model.name} has no receptors {arrivals}"
        self.x.direct = (zero + direct).astype(self.real)
        self.x.uniform = (zero + (0.5 if uniform is None else uniform)).astype(self.real)
        fired = self.kernel.step(self.n, self.k, self.x)
        for name, value in vars(self.n).items():
            assert value.dtype == self.real, f"{name} has become {value.dtype}"
        return np.asarray(fired)

    def run(self, steps: int, direct: Any = 0.0, record: tuple[str, ...] = (), rng: Any = None) -> tuple[Any, dict[str, Any]]:
        """Go `steps` steps; `direct` may be a function of the step.

        Returns
        -------
        spikes : list of (size_i,) float64
            Spike times of each neuron, ms.
        traces : dict of (steps, size) float64
            State variables at the ends of the steps.
        """
        fired = np.zeros((steps, self.size), bool)
        traces = {name: np.empty((steps, self.size)) for name in record}
        for i in range(steps):
            fired[i] = self.step(direct(i) if callable(direct) else direct, None if rng is None else rng.random(self.size))
            for name in record:
                traces[name][i] = self.get(name)
        return [(np.flatnonzero(fired[:, j]) + 1) * float(self.step_ms) for j in range(self.size)], traces
