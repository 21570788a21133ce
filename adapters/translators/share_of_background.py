"""Let a share of a network's background input follow a rate, such that nothing changes while the source rests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from cosim.adapters.translators.invalid import Limit, Policy
from cosim.blocks import Block, Kind, Samples
from cosim.errors import InputError, Problem, ProtocolError, raise_all
from cosim.interfaces import Port, Translator, Unit
from cosim.timegrid import Clock


@dataclass(frozen=True, slots=True)
class ShareOfBackgroundParameters:
    """Say how much of the background follows the source.

    Parameters
    ----------
    share : float
        Fraction of the external synapses that the source stands for, 0 to 1.
    nominal : float
        Rate of one external neuron while the source rests, Hz.
    rest : float or None
        Rate of the source at rest, Hz; None takes it from the source (`Port.at_rest`).
    gain : float
        Factor on the relative change of the source; 0 cuts the coupling.
    invalid : {'error', 'clip'}
        What to do when the result is below 0 or not a number: end the run, or take 0 and count.
    """

    share: float
    nominal: Annotated[float, Unit("Hz")] = 8.0
    rest: Annotated[float, Unit("Hz")] | None = None
    gain: float = 1.0
    invalid: Policy = "error"


class ShareOfBackground(Translator):
    """Give the mean rate of the external neurons when a share of them follows the source.

    A neuron has K external synapses, each fed at `nominal`. A share s of them stands for fibres from the source; these fire in
    proportion to its rate r, normalised such that they fire at `nominal` when the source rests at r0: ``nominal * r / r0``. The other
    (1 - s) K synapses stay at `nominal`. The mean over the K synapses is ::

        (1 - s) nominal + s nominal r / r0 = nominal (1 + s (r / r0 - 1))

    and `gain` g scales the relative change: ``nominal (1 + g s (r / r0 - 1))``. With g = 0, s = 0 or r = r0 this is `nominal`, bit by bit.
    """

    parameters = ShareOfBackgroundParameters

    def __init__(self, parameters: ShareOfBackgroundParameters, clock: Clock) -> None:
        self._parameters = parameters
        self._clock = clock
        p = parameters
        problems = []
        if not 0 <= p.share <= 1:
            problems.append(Problem(f"the share {p.share:g} is no fraction of the external synapses", "share", "a number from 0 to 1"))
        if not (p.nominal >= 0 and isfinite(p.nominal)):
            problems.append(Problem(f"the nominal rate {p.nominal:g} Hz is no rate", "nominal", "a number from 0 up"))
        if p.rest is not None and not (p.rest > 0 and isfinite(p.rest)):
            problems.append(Problem(f"the rate at rest {p.rest:g} Hz cannot be a reference", "rest", "a number above 0"))
        if not isfinite(p.gain):
            problems.append(Problem(f"the gain {p.gain:g} is not finite", "gain", "a number"))
        raise_all(problems)
        self._rest = 0.0
        self._limit: Limit | None = None

    def describe(self, source: Port, target: Port) -> Port:
        """Return the background rate in Hz, a channel for each of the source."""
        rest = self._resting(source)
        at_rest = self._background(np.array([rest if source.at_rest is None else source.at_rest]), rest)
        return replace(source, at_rest=float(at_rest[0]))

    @property
    def runs_at_target(self) -> bool:
        """False: what comes out is as large as what goes in, and may feed another translator at the source."""
        return False

    @property
    def clipped(self) -> int:
        """Values that were below 0 or not a number and have been set to 0."""
        return self._limit.clipped if self._limit else 0

    def prepare(self, source: Port, target: Port, key: int) -> None:
        """Take the rate at rest."""
        self._rest = self._resting(source)
        self._limit = Limit(self._parameters.invalid, "the background rate", source, self._clock)

    def translate(self, block: Block, start: int, stop: int) -> Samples:
        """Turn rates of the source into rates of an external neuron, at the same instants, Hz."""
        if not isinstance(block, Samples) or self._limit is None:
            raise ProtocolError("share_of_background was given spikes instead of samples, or has not been prepared")
        return block.with_values(self._limit.check(block.with_values(self._background(block.values, self._rest))))

    def remarks(self) -> tuple[str, ...]:
        """Return how many values were clipped."""
        return self._limit.remarks() if self._limit else ()

    def save(self, group: Any) -> None:
        """Write how much was clipped."""
        if self._limit is not None:
            self._limit.save(group)

    def restore(self, group: Any) -> None:
        """Take how much was clipped."""
        if self._limit is not None:
            self._limit.restore(group)

    def _background(self, rate: NDArray[np.float64], rest: float) -> NDArray[np.float64]:
        p = self._parameters
        return p.nominal * (1.0 + p.gain * p.share * (rate / rest - 1.0))

    def _resting(self, source: Port) -> float:
        if source.kind is not Kind.RATE or source.unit != "Hz":
            raise InputError(Problem(f"share_of_background cannot translate '{source.name}', which gives {source.kind} in {source.unit}",
                                     expected="a rate in Hz"))
        rest = self._parameters.rest if self._parameters.rest is not None else source.at_rest
        if rest is None:
            raise InputError(Problem(f"'{source.name}' does not know its rate at rest", "rest", remedy="write 'rest: ... Hz'"))
        if not (rest > 0 and isfinite(rest)):
            raise InputError(Problem(f"'{source.name}' rests at {rest:g} Hz, which cannot be a reference", "rest", "a rate above 0",
                                     "write 'rest: ... Hz'"))
        return rest
