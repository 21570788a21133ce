"""Follow functional connectivity through time: how alike its pattern is in any two windows of a record."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from cosim.errors import InputError, Problem
from cosim.models.observe.features.connectivity import above_diagonal, refuse_few
from cosim.models.observe.features.signals import Signals, refuse_constant
from cosim.timegrid import in_ms

_FEWEST = 3
_MOST_WINDOWS = 8000


@dataclass(frozen=True, slots=True)
class Dynamics:
    """Hold functional connectivity dynamics.

    Parameters
    ----------
    matrix : (n_windows, n_windows) float64, 1
        Correlation of the pattern of connectivity in one window with that in another.
    centres_ms : (n_windows,) float64, ms
        Middle of each window, from the beginning of the record.
    patterns : (n_windows, n_pairs) float64, 1
        Connectivity above the diagonal in each window.
    window, every : int
        Length of a window, and from one to the next, in samples.
    """

    matrix: NDArray[np.float64]
    centres_ms: NDArray[np.float64]
    patterns: NDArray[np.float64]
    window: int
    every: int

    @property
    def distribution(self) -> NDArray[np.float64]:
        """Values above the diagonal, of all pairs of windows."""
        return above_diagonal(self.matrix)

    @property
    def apart(self) -> NDArray[np.float64]:
        """Values of those pairs of windows alone that share no sample, and so are not alike merely because they are the same data."""
        n, gap = len(self.matrix), -(-self.window // self.every)
        return np.asarray(self.matrix[np.triu_indices(n, gap)]) if gap < n else np.zeros(0)


def connectivity_dynamics(s: Signals, window: int, every: int) -> Dynamics:
    """Return functional connectivity dynamics.

    Parameters
    ----------
    s : Signals
        At least three channels.
    window, every : int
        Length of a window, and from the beginning of one to that of the next, in samples.

    Raises
    ------
    InputError
        When a window has fewer than three samples, there are fewer than two windows, or a channel is constant in one (both are named).

    Notes
    -----
    Windows begin at samples 0, `every`, 2 `every`, ... as long as they are whole. Source: Hansen, Battaglia, Spiegler, Deco & Jirsa 2015,
    NeuroImage 105:525, section "Functional connectivity dynamics".
    """
    refuse_few(s.size, "functional connectivity dynamics")
    _refuse(s, window, every)
    begins = np.arange(0, s.length - window + 1, every)
    patterns = np.empty((len(begins), s.size * (s.size - 1) // 2))
    for row, begin in enumerate(begins):
        part = Signals(s.values[begin:begin + window], s.step_ms, s.names, s.unit)
        refuse_constant(part, "functional connectivity", f"the window from {_at(s, begin)} to {_at(s, begin + window)}")
        patterns[row] = above_diagonal(np.atleast_2d(np.corrcoef(part.values, rowvar=False)))
    centres = (begins + window / 2) * float(s.step_ms)
    return Dynamics(np.atleast_2d(np.corrcoef(patterns)), np.asarray(centres, np.float64), patterns, window, every)


def _refuse(s: Signals, window: int, every: int) -> None:
    if every < 1:
        raise InputError(Problem(f"windows are {every} samples apart", expected="at least one sample"))
    if window < _FEWEST:
        raise InputError(Problem(f"the window of {_long(s, window)} is too short for a correlation",
                                 expected=f"at least {_FEWEST} samples, here {in_ms(_FEWEST * s.step_ms)}"))
    if window > s.length:
        raise InputError(Problem(f"the window of {_long(s, window)} is longer than the record of {_long(s, s.length)}",
                                 expected="several windows in the record", remedy="run longer, or take a shorter window"))
    number = (s.length - window) // every + 1
    if number < 2:
        raise InputError(Problem(f"there is one window of {_long(s, window)} in the record of {_long(s, s.length)}, as they are "
                                 f"{_long(s, every)} apart", expected="at least two", remedy="take shorter windows, or more of them"))
    if number > _MOST_WINDOWS:
        raise InputError(Problem(f"there are {number} windows, {_long(s, every)} apart", expected=f"at most {_MOST_WINDOWS}",
                                 remedy=f"take a window every {_long(s, -(-(s.length - window) // (_MOST_WINDOWS - 1)))} or more"))


def _long(s: Signals, samples: int) -> str:
    return f"{in_ms(samples * s.step_ms)} ({samples} sample{'s' * (samples != 1)})"


def _at(s: Signals, sample: int | np.integer) -> str:
    return in_ms(Fraction(int(sample)) * s.step_ms)
