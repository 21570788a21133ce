"""Know the regions of a brain by name and by the part they play, so that all its figures mark them alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cosim.launch.report.drawing import BLUE, GREY, INK, VERMILION
from cosim.launch.report.recorded import Sampled
from cosim.launch.report.run import Run, Stimulus

FEWEST_REGIONS = 4
FEWEST_UNKNOWN_REGIONS = 20


@dataclass(frozen=True, slots=True)
class Regions:
    """Hold the regions of one group.

    Parameters
    ----------
    labels : tuple of str
        Name of each region.
    replaced, stimulated : tuple of int
        Regions whose state comes from another group, and regions that get a stimulus.
    """

    labels: tuple[str, ...]
    replaced: tuple[int, ...] = ()
    stimulated: tuple[int, ...] = ()

    @property
    def marked(self) -> tuple[int, ...]:
        """Replaced, then stimulated regions, each once."""
        return tuple(dict.fromkeys((*self.replaced, *self.stimulated)))

    def role(self, region: int) -> str:
        """Return what a region is besides being a region."""
        parts = [word for word, members in (("replaced", self.replaced), ("stimulated", self.stimulated)) if region in members]
        return ", ".join(parts)

    def colour(self, region: int, otherwise: str = GREY) -> str:
        """Return the colour that marks a region in every figure."""
        return VERMILION if region in self.replaced else BLUE if region in self.stimulated else otherwise

    def text_colour(self, region: int) -> str:
        """Return the colour of a region's name."""
        return self.colour(region, INK)

    def marks(self) -> str:
        """Return a sentence that says which regions are marked, and how; empty where none is."""
        said = [f"{what}: {', '.join(self.labels[i] for i in members)} ({colour})"
                for what, colour, members in (("replaced", "red", self.replaced), ("stimulated", "blue", self.stimulated)) if members]
        return f" Marked are {'; '.join(said)}." if said else ""


def regions_of(run: Run, group: str, size: int, names: tuple[str, ...] = ()) -> Regions:
    """Return the regions of a group that has so many."""
    connectome = run.recorded.connectomes.get(group)
    labels = next((known for known in (connectome.labels if connectome else (), names) if len(known) == size), None)
    labels = labels or tuple(f"region {i}" for i in range(size))
    wanted = [r for s in run.stimuli if s.group == group for r in s.regions]
    found = [r if isinstance(r, int) else labels.index(r) for r in wanted if isinstance(r, int) or r in labels]
    replaced = connectome.replaced if connectome else ()
    return Regions(labels, tuple(i for i in replaced if 0 <= i < size), tuple(dict.fromkeys(i for i in found if 0 <= i < size)))


def brain_ports(run: Run) -> list[Sampled]:
    """Return the port of each group that holds the rates of all its simulated regions."""
    chosen: dict[str, Sampled] = {}
    for port in run.recorded.sampled:
        connectome = run.recorded.connectomes.get(port.group)
        size = port.values.shape[1]
        if port.kind not in {"rate", ""} or size < (FEWEST_UNKNOWN_REGIONS if connectome is None else FEWEST_REGIONS):
            continue
        # Replaced regions are not simulated, so their rates are missing from the port.
        named = connectome is not None and bool(connectome.labels) and set(port.names) <= set(connectome.labels)
        if connectome is not None and not named and connectome.weights is not None and size != len(connectome.weights):
            continue
        if port.group not in chosen or len(port.port) < len(chosen[port.group].port):
            chosen[port.group] = port
    return list(chosen.values())


def intervals(stimuli: tuple[Stimulus, ...]) -> list[tuple[float, float]]:
    """Return when stimuli act, ms, each stretch once."""
    return sorted({(s.onset_ms, s.stop_ms) for s in stimuli})


def settled(times_ms: np.ndarray, longest_ms: float = 200.0) -> np.ndarray:
    """Return which samples lie behind the start of a run: its first tenth, at most `longest_ms`, is left out."""
    if not len(times_ms):
        return np.zeros(0, dtype=bool)
    return np.asarray(times_ms >= times_ms[0] + min(longest_ms, 0.1 * (times_ms[-1] - times_ms[0])))
