"""The mean current that synapses make of a rate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from cosim.blocks import Block, Kind, Samples
from cosim.errors import InputError, Problem, ProtocolError
from cosim.interfaces import Port, Translator, Unit
from cosim.timegrid import Clock


@dataclass(frozen=True, slots=True)
class RateToCurrentParameters:
    """Describe the synapses of one neuron.

    Parameters
    ----------
    synapses : float
        How many there are.
    weight : float
        Current that a spike adds, pA.
    tau : float
        Time constant with which it decays, ms.
    """

    synapses: float
    weight: Annotated[float, Unit("pA")]
    tau: Annotated[float, Unit("ms")] = 0.5


class RateToCurrent(Translator):
    """Follow the mean of exponential synapses: tau I'(t) = tau K w r(t) - I(t), with Euler's scheme; the same for every channel."""

    parameters = RateToCurrentParameters

    def __init__(self, parameters: Any, clock: Clock) -> None:
        if not parameters.tau >= clock.step_ms:
            raise InputError(Problem(f"the time constant {parameters.tau:g} ms is shorter than the source's step {clock.step_ms:g} ms",
                                     "tau", remedy="write a longer 'tau', or a shorter 'step' for the source"))
        self._p = parameters
        self._share = clock.step_ms / parameters.tau
        self._pa_per_hz = parameters.tau * 1e-3 * parameters.synapses * parameters.weight
        self._current: float | None = None

    def describe(self, source: Port, target: Port) -> Port:
        """Return a current for each channel of the target."""
        if source.kind is not Kind.RATE or source.unit != "Hz" or source.size != 1:
            raise InputError(Problem(f"rate_to_current cannot translate '{source.name}': {source.size} x {source.kind} in {source.unit}",
                                     expected="one rate in Hz"))
        rest = None if source.at_rest is None else source.at_rest * self._pa_per_hz
        return replace(source, kind=Kind.CURRENT, unit="pA", size=target.size, labels=target.labels, at_rest=rest)

    @property
    def runs_at_target(self) -> bool:
        """True: one rate becomes many currents."""
        return True

    def prepare(self, source: Port, target: Port, key: int) -> None:
        """Remember how many channels to fill; the state comes with the first sample."""
        self._size = target.size

    def translate(self, block: Block, start: int, stop: int) -> Samples:
        """Turn rates stamped in ``(start, stop]`` into currents at the same instants."""
        if not isinstance(block, Samples):
            raise ProtocolError("rate_to_current was given spikes instead of samples")
        rows: NDArray[np.float64] = np.empty((len(block.values), self._size))
        for k, rate in enumerate(block.values[:, 0]):
            aim = self._pa_per_hz * float(rate)
            # Before the first sample the rate held its value for ever: the current has settled.
            self._current = aim if self._current is None else self._current + self._share * (aim - self._current)
            rows[k] = self._current
        return block.with_values(rows)

    def save(self, group: Any) -> None:
        """Write the current."""
        if self._current is not None:
            group.attrs["current"] = self._current

    def restore(self, group: Any) -> None:
        """Take the current."""
        self._current = float(group.attrs["current"]) if "current" in group.attrs else None
