"""Derive one transfer function: measure, leave out what the form cannot express, fit, and say how good it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cosim.errors import InputError, Problem
from cosim.launch.derive.cells import Neuron
from cosim.launch.derive.grid import Grid
from cosim.launch.derive.measure import Measured, Protocol, measure
from cosim.models.theory.siegert import rate
from cosim.models.theory.transfer_fit import Fit, fit, held_out

SATURATED = 0.8
"""Points whose rate is above this part of the largest that the form can express, gain / T_V, are left out."""


@dataclass(frozen=True, slots=True, eq=False)
class Derived:
    """Hold a transfer function and what it was derived from.

    Parameters
    ----------
    neuron : Neuron
        Whose it is.
    grid : Grid
        Where it was measured.
    measured : Measured
        What.
    used : (n,) bool
        The points that were fitted, or held against the theory.
    predicted : (n,) float64
        Rate of the transfer function at all points, Hz.
    fit : Fit or None
        None where theory needs none.
    left : (used,) float64 or None
        Residuals of points that the fit had not seen, Hz.
    published : (n,) float64 or None
        Rate of a transfer function that others have fitted, Hz.
    """

    neuron: Neuron
    grid: Grid
    measured: Measured
    used: NDArray[np.bool_]
    predicted: NDArray[np.float64]
    fit: Fit | None = None
    left: NDArray[np.float64] | None = None
    published: NDArray[np.float64] | None = None

    @property
    def residuals(self) -> NDArray[np.float64]:
        """Predicted less measured rate at all points, (n,) float64, Hz."""
        return self.predicted - self.measured.rates

    @property
    def worst(self) -> int:
        """Number of the point, among those used, with the largest residual."""
        return int(np.argmax(np.where(self.used, np.abs(self.residuals), -1)))

    def place(self, point: int) -> str:
        """Say which point of the grid it is."""
        return ", ".join(f"{a.name} {v:g} Hz" for a, v in zip(self.grid.axes, self.grid.rates[:, point], strict=True))

    def quality(self) -> dict[str, Any]:
        """Return the figures that say how good it is, Hz."""
        found: dict[str, Any] = {
            "points": len(self.used), "points_used": int(self.used.sum()), "rms_hz": _rms(self.residuals[self.used]),
            "worst_hz": float(self.residuals[self.worst]), "worst_point": self.worst,
            "rms_of_measurement_hz": _rms(self.measured.errors[self.used])}
        if self.left is not None:
            found |= {"held_out_rms_hz": _rms(self.left), "held_out_worst_hz": float(self.left[np.argmax(np.abs(self.left))])}
        if self.published is not None:
            found |= {"published_rms_hz": _rms((self.published - self.measured.rates)[self.used])}
        return found

    def written(self) -> dict[str, Any]:
        """Return what `transfer.json` holds of it."""
        sources = {s.axis.name: {"number": s.number, "weight": s.weight, "receptor": s.receptor} for s in self.neuron.sources}
        points: dict[str, Any] = {f"{a.name}_hz": r.tolist() for a, r in zip(self.grid.axes, self.grid.rates, strict=True)}
        points |= {"w_pA": self.measured.adaptation.tolist(), "rate_hz": self.measured.rates.tolist(),
                   "rate_error_hz": self.measured.errors.tolist(), "predicted_hz": self.predicted.tolist(), "used": self.used.tolist()}
        found: dict[str, Any] = {"about": self.neuron.about, "parameters": dict(self.neuron.parameters), "sources": sources,
                                 "error": self.quality(), "points": points, "domain": self._domain()}
        if self.fit is not None:
            t = self.fit.transfer
            found |= {"moments": t.shape.value, "terms": list(t.form.value), "normalisation": _NORMALISATION, "gain": t.gain,
                      "coefficients_V": list(t.coefficients), "errors_V": self.fit.errors.tolist(),
                      "covariance_V2": self.fit.covariance.tolist(), "first_step_V": list(self.fit.first)}
        return found

    def _domain(self) -> Mapping[str, list[float]]:
        """Return lowest and highest of what was fitted; beyond, a polynomial says nothing."""
        given = {f"{a.name}_hz": r for a, r in zip(self.grid.axes, self.grid.rates, strict=True)}
        given |= {"rate_hz": self.measured.rates, "w_pA": self.measured.adaptation}
        return {name: [float(v[self.used].min()), float(v[self.used].max())] for name, v in given.items()}


_NORMALISATION = "V = (mu_V + 60 mV) / 10 mV, S = (sigma_V - 4 mV) / 6 mV, T = T_V g_L / C_m - 0.5"


def derive(neuron: Neuron, grid: Grid, protocol: Protocol, below_hz: float | None = None) -> Derived:
    """Derive the transfer function of a neuron.

    Parameters
    ----------
    neuron : Neuron
        Whose.
    grid : Grid
        At which rates of its inputs it is measured.
    protocol : Protocol
        How long.
    below_hz : float or None
        Points with a higher rate are left out, Hz.

    Returns
    -------
    Derived

    Raises
    ------
    InputError
        When there are too few points, or too few between silence and saturation.
    """
    many = grid.rates.shape[1]
    if neuron.form is None:
        return _theory(neuron, grid, measure(neuron, grid, protocol))
    start = neuron.transfer()
    needed = len(start.coefficients)
    if many < needed:
        raise InputError(Problem(f"{many} points cannot tell {needed} coefficients of {neuron.name}", "--grid", f"at least {needed} points",
                                 "give more rates of the inputs"))
    measured = measure(neuron, grid, protocol)
    rates = grid.rates
    m = start.moments(list(rates), measured.adaptation)
    used = (m.sigma > 0) & (measured.rates < SATURATED * start.gain * 1e3 / m.tau)
    if below_hz is not None:
        used &= measured.rates <= below_hz
    if used.sum() < needed:
        high = many - int(used.sum())
        raise InputError(Problem(f"{high} of {many} points of {neuron.name} are saturated, without noise, or left out by --below", "--grid",
                                 f"at least {needed} others", "lower the excitatory rates, or raise the inhibitory ones"))
    kept, w = list(rates[:, used]), measured.adaptation[used]
    try:
        found = fit(start, kept, measured.rates[used], w)
    except InputError as error:
        raise InputError(*(p.at(neuron.name) for p in error.problems)) from None
    published = neuron.published
    return Derived(neuron, grid, measured, used, found.transfer.rate(list(rates), measured.adaptation), found,
                   held_out(start, kept, measured.rates[used], w),
                   None if published is None else published.rate(list(rates), measured.adaptation))


def _theory(neuron: Neuron, grid: Grid, measured: Measured) -> Derived:
    """Hold what was measured against Siegert's theory."""
    cell, jumps = neuron.integrator()
    per_ms = grid.rates * np.array([s.number for s in neuron.sources])[:, None] * 1e-3
    mu = cell.tau_m * (np.array(jumps) @ per_ms)
    sigma = np.sqrt(cell.tau_m * (np.square(jumps) @ per_ms))
    predicted = np.array([rate(cell, float(a), float(b)) for a, b in zip(mu, sigma, strict=True)])
    return Derived(neuron, grid, measured, np.ones(len(mu), bool), predicted)


def _rms(values: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(np.square(values))))
