"""Hold what one simulator reached with a brain network, and put several rounds together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cosim.launch.bench.figures import Spread, spread


@dataclass(frozen=True, slots=True)
class Figures:
    """Hold what one simulator reached in one round.

    Parameters
    ----------
    who : str
        Which one.
    ns : float
        Wall time of a step of one region after the warm-up, ns.
    cpu_ns : float
        Processor time of the same, which does not count while others have the core; 0 where it is not known.
    """

    who: str
    ns: float
    cpu_ns: float


@dataclass(frozen=True, slots=True)
class Summary:
    """Hold what one simulator reached in all rounds."""

    who: str
    rounds: tuple[Figures, ...]

    @property
    def ns(self) -> Spread:
        """Wall time of a step of one region, ns."""
        return spread([f.ns for f in self.rounds])

    @property
    def cpu_ns(self) -> Spread:
        """Processor time of the same."""
        return spread([f.cpu_ns for f in self.rounds])


def summarised(figures: Sequence[Figures]) -> tuple[Summary, ...]:
    """Return one summary for each simulator, in the order of first appearance."""
    return tuple(Summary(who, tuple(f for f in figures if f.who == who)) for who in dict.fromkeys(f.who for f in figures))


def times(ours: Summary, other: Summary, of: Callable[[Figures], float]) -> Spread | None:
    """Return how many times ours another takes: ratios of the rounds, which were run in turn; None where it is not known."""
    pairs = [(of(o), of(p)) for o, p in zip(ours.rounds, other.rounds, strict=True)]
    return spread([p / o for o, p in pairs]) if all(o > 0 and p > 0 for o, p in pairs) else None


