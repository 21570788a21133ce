"""Which steps an explicit scheme may take: as long as no mode that dies out in truth grows in the computer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

# |R(z)| of a scheme, z = eigenvalue times step: Hairer & Wanner, Solving Ordinary Differential Equations II, section IV.2.
GROWTH: dict[str, tuple[float, ...]] = {
    "euler": (1.0, 1.0),
    "heun": (1.0, 1.0, 0.5),
    "heun_held": (1.0, 1.0, 0.5),
    "rk4": (1.0, 1.0, 0.5, 1 / 6, 1 / 24),
}


@dataclass(frozen=True, slots=True)
class StableStep:
    """Hold the largest step of a scheme, and the eigenvalue that sets it.

    Parameters
    ----------
    step_ms : float
        Infinite where nothing decays.
    eigenvalue : complex
        1/ms.
    region : int
        Row of the eigenvalues that it stands in; -1 where there is none.
    """

    step_ms: float
    eigenvalue: complex
    region: int

    def sentence(self, labels: Sequence[str], scheme: str) -> str:
        """Say which step is the largest and which region forbids more."""
        if self.region < 0:
            return f"{scheme} is stable at every step: no mode decays"
        e = self.eigenvalue
        turns = f" +- {abs(e.imag):.4g}i" if e.imag else ""
        return (f"{scheme} is stable up to steps of {self.step_ms:.4g} ms; {labels[self.region]} forbids more, with the eigenvalue "
                f"{e.real:.4g}{turns} /ms")


def largest_stable_step(eigenvalues: ArrayLike, scheme: str) -> StableStep:
    """Return the largest step up to which an explicit scheme does not amplify any decaying mode.

    Parameters
    ----------
    eigenvalues : (regions, variables) or (variables,) complex
        Of the Jacobian of each region, 1/ms; those that do not decay set no bound.
    scheme : str
        One of `GROWTH`.
    """
    rows = np.atleast_2d(np.asarray(eigenvalues, np.complex128))
    bounds = np.full(rows.shape, np.inf)
    decays = (rows.real < 0) & np.isfinite(rows)
    # The bound depends on how fast a mode turns for its size, not on the sense; most modes share that with others.
    turns, which = np.unique((rows.real[decays] + 1j * np.abs(rows.imag[decays])) / np.abs(rows[decays]), return_inverse=True)
    bounds[decays] = np.array([_bound(complex(turn), GROWTH[scheme]) for turn in turns])[which] / np.abs(rows[decays])
    where = np.unravel_index(int(np.argmin(bounds)), bounds.shape)
    step = float(bounds[where])
    return StableStep(step, complex(rows[where]), int(where[0])) if np.isfinite(step) else StableStep(np.inf, 0j, -1)


def _bound(turn: complex, polynomial: tuple[float, ...]) -> float:
    """Return the first step at which the growth of a mode of size 1 passes 1; all these regions lie within |z| < 4."""

    def excess(z: NDArray[np.float64]) -> NDArray[np.float64]:
        # (|R|^2 - 1) / z, worked out so that nothing is lost near z = 0, where |R| is 1.
        rest = np.polynomial.polynomial.polyval(z * turn, polynomial[1:]) * turn
        return np.asarray(2 * rest.real + z * (rest.real**2 + rest.imag**2))

    grid = np.linspace(0.0, 4.0, 401)
    values = excess(grid)
    first = 1 + int(np.argmax(values[1:] > 0))
    if values[first - 1] > 0:
        return 0.0
    low, high = grid[first - 1], grid[first]
    for _ in range(60):  # halving: SciPy's search would take longer to import than a brain to check
        middle = 0.5 * (low + high)
        low, high = (low, middle) if excess(middle) > 0 else (middle, high)
    return float(high)
