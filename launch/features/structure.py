"""Hold functional connectivity against the connectome that a run was made with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cosim.errors import InputError
from cosim.models.observe.features.connectivity import agreement
from cosim.models.observe.features.signals import Signals
from cosim.record.reading import Results, read_results

RULE = "Pearson's r over pairs, with weights averaged over both directions"


@dataclass(frozen=True, slots=True)
class Structure:
    """Hold the connectome of the channels, and how far their functional connectivity agrees with it.

    Parameters
    ----------
    weights : (n_channels, n_channels) float64
        Mean of both directions, in the order of the channels.
    agreement : float or None
        Pearson's correlation of weights and functional connectivity over what stands above their diagonals.
    remark : str
        Why there is no such number; empty where there is one.
    """

    weights: NDArray[np.float64]
    agreement: float | None
    remark: str


def connectome_of(run: Path, port: str, s: Signals) -> NDArray[np.float64] | None:
    """Return the weights between the channels, the mean of both directions; None where the run has no connectome of all of them.

    Parameters
    ----------
    run : Path
        The folder, or its ``results.h5``.
    port : str
        Of which the signals are; the connectome of its own group goes before those of others.
    s : Signals
        Their channels are found in it by name.
    """
    results = read_results(run)
    own = port.partition(".")[0]
    for group in (own, *(g for g in results.groups if g != own)):
        found = _between(results, group, s.names)
        if found is not None:
            return found
    return None


def structure_of(functional: NDArray[np.float64], weights: NDArray[np.float64]) -> Structure:
    """Return how far functional connectivity agrees with weights in the same order of channels."""
    try:
        return Structure(weights, agreement(functional, weights), "")
    except InputError as error:
        return Structure(weights, None, error.problems[0].what)


def _between(results: Results, group: str, names: tuple[str, ...]) -> NDArray[np.float64] | None:
    static = results.static(group)
    if "weights" not in static or "labels" not in static:
        return None
    place = {str(label): i for i, label in enumerate(static["labels"])}
    if not all(name in place for name in names):
        return None
    here = [place[name] for name in names]
    weights = np.asarray(static["weights"], np.float64)[np.ix_(here, here)]
    return (weights + weights.T) / 2
