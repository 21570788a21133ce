"""Apply the stated policy to rates that are negative or not a number."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cosim.blocks import Samples
from cosim.errors import RunError
from cosim.interfaces import Port
from cosim.timegrid import Clock

Policy = Literal["error", "clip"]


class Limit:
    """Refuse rates below 0 and NaN, or set them to 0 and count them; an infinite rate is always refused.

    Parameters
    ----------
    policy : {'error', 'clip'}
        What to do.
    what : str
        How to call the rate in the error.
    port : Port
        Where the rates come from; gives the names of the channels.
    clock : Clock
        Turns ticks into ms in the error.
    """

    def __init__(self, policy: Policy, what: str, port: Port, clock: Clock) -> None:
        self.clipped = 0
        self._first_clipped: int | None = None
        self._policy = policy
        self._what = what
        self._port = port
        self._clock = clock

    def check(self, samples: Samples) -> NDArray[np.float64]:
        """Return the values of samples, none of them below 0, (n_samples, size) float64.

        Raises
        ------
        RunError
            When the policy is 'error' and a value is below 0 or NaN, or when one is infinite; names channel, value and time.
        """
        values = samples.values
        wrong, infinite = ~(values >= 0), np.isinf(values)
        refused = wrong | infinite if self._policy == "error" else infinite
        if refused.any():
            row, channel = (int(i) for i in np.argwhere(refused)[0])
            remedy = "; 'invalid: clip' would set it to 0 and count it" if wrong[row, channel] and not infinite[row, channel] else ""
            raise self.refusal(samples, row, channel, f"it must be a number from 0 up{remedy}")
        if not wrong.any():
            return values
        self.clipped += int(wrong.sum())
        if self._first_clipped is None:
            self._first_clipped = samples.first + int(np.flatnonzero(wrong.any(axis=1))[0]) * samples.step
        return np.where(wrong, 0.0, values)

    def remarks(self) -> tuple[str, ...]:
        """Return how many values were set to 0, and when the first was; nothing, where none was."""
        if self._first_clipped is None:
            return ()
        values = "1 value was" if self.clipped == 1 else f"{self.clipped} values were"
        return (f"{values} set to 0, because {self._what} of '{self._port.name}' was below 0 or not a number ('invalid: clip'); "
                f"the first at tick {self._first_clipped} ({self._clock.ms(self._first_clipped):.12g} ms)",)

    def save(self, group: Any) -> None:
        """Write how much was clipped."""
        group.attrs["clipped"] = self.clipped
        if self._first_clipped is not None:
            group.attrs["first_clipped"] = self._first_clipped

    def restore(self, group: Any) -> None:
        """Take how much was clipped."""
        self.clipped = int(group.attrs["clipped"])
        self._first_clipped = int(group.attrs["first_clipped"]) if "first_clipped" in group.attrs else None

    def refusal(self, samples: Samples, row: int, channel: int, expected: str) -> RunError:
        """Return the error for one value of samples: what, where, when, and what was expected."""
        labels = self._port.labels
        name = f"channel {channel} ('{labels[channel]}')" if labels else f"channel {channel}"
        tick = samples.first + row * samples.step
        return RunError(f"{self._what} in {name} of '{self._port.name}' is {samples.values[row, channel]:.6g} {self._port.unit} "
                        f"at tick {tick} ({self._clock.ms(tick):.12g} ms); {expected}")
