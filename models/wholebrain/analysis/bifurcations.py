"""Where a branch of fixed points gains or loses stability: folds, branch points and Hopf points."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import pi

import numpy as np
from scipy.optimize import brentq

from cosim.models.wholebrain.analysis.branches import Branch, Curve, Line, Place
from cosim.models.wholebrain.analysis.differences import widths
from cosim.models.wholebrain.analysis.hopf import first_lyapunov
from cosim.models.wholebrain.analysis.region import Region
from cosim.models.wholebrain.language.model import Array

_NEAR = 1e-6  # of the length of a branch: how far apart two bifurcations must be to be told apart


@dataclass(frozen=True, slots=True)
class Bifurcation:
    """Hold one value of the parameter at which the number of growing modes changes.

    Parameters
    ----------
    kind : {'fold', 'branch point', 'Hopf'}
        Two fixed points meet and vanish; branches cross; a cycle is born.
    parameter : float
        The value.
    state : tuple of float
        The fixed point there.
    eigenvalues : tuple of complex
        1/ms.
    frequency_hz : float
        Of the cycle that is born, Hz; 0 but for Hopf points.
    lyapunov : float
        First Lyapunov coefficient, in usual ranges of the variables: below 0 the cycle is stable where the fixed point is not
        (supercritical); 0 but for Hopf points.
    """

    kind: str
    parameter: float
    state: tuple[float, ...]
    eigenvalues: tuple[complex, ...]
    frequency_hz: float = 0.0
    lyapunov: float = 0.0

    @property
    def criticality(self) -> str:
        """What the first Lyapunov coefficient says of the cycle."""
        return "" if self.kind != "Hopf" else "supercritical" if self.lyapunov < 0 else "subcritical"


def bifurcations(region: Region, name: str, start: float, stop: float, branch: Branch) -> tuple[Bifurcation, ...]:
    """Return the bifurcations along a branch, in its order.

    Between two points with different numbers of growing modes, the real part that changes its sign is brought to 0 by Brent's method
    along the arc, so that folds, where the parameter turns, are found as exactly as Hopf points.
    """
    line = Line(region, name, start, stop)
    found = []
    for a, b in zip(branch.places, branch.places[1:], strict=False):
        reach = float(a.tangent @ (b.z - a.z))
        found += [_described(line, z, a) for z in crossings(line, a, 0.0, reach)]
    return tuple(found)


def crossings(line: Curve, a: Place, low: float, high: float, accuracy: float = 1e-14) -> Iterator[Array]:
    """Yield the points between two places of the arc at which a real part passes 0; the arc starts at `a`."""
    ends = [_point(line, a, s) for s in (low, high)]
    if ends[0] is None or ends[1] is None:
        return
    growing = [int(np.sum(line.eigenvalues(z).real > 0)) for z in ends if z is not None]
    if growing[0] == growing[1] or high - low < _NEAR:
        return
    rank = min(growing)

    def real_part(s: float) -> float:
        z = _point(line, a, s)
        return float(line.eigenvalues(z)[rank].real) if z is not None else np.nan

    try:
        s = float(brentq(real_part, low, high, xtol=accuracy, rtol=1e-14))
    except ValueError:  # the arc is lost on the way, as where many branches meet at once
        return
    z = _point(line, a, s)
    yield from crossings(line, a, low, s - _NEAR, accuracy)
    if z is not None:
        yield z
    yield from crossings(line, a, s + _NEAR, high, accuracy)


def _point(line: Curve, a: Place, s: float) -> Array | None:
    settled = line.corrected(a.z + s * a.tangent, a.tangent)
    return None if settled is None else settled[0]


def _described(line: Line, z: Array, a: Place) -> Bifurcation:
    e = line.eigenvalues(z)
    critical = e[int(np.argmin(np.abs(e.real)))]
    state = z[:-1] * widths(line.region.model)
    value = float(line.parameter(z[-1]))
    kept = (value, tuple(float(v) for v in state), tuple(complex(v) for v in e))
    if abs(critical.imag) > 1e-6 * float(np.abs(e).max()):
        return Bifurcation("Hopf", *kept, abs(critical.imag) * 1000 / (2 * pi), first_lyapunov(line.region.at(line.name, value), state))
    return Bifurcation("fold" if abs(line.tangent(z, a.tangent)[-1]) < 1e-3 else "branch point", *kept)
