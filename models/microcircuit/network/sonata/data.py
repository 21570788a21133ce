"""Hold a network that was read from SONATA files, in the words of those files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cosim.models.microcircuit.spike_files.trains import SpikeTrains


@dataclass(frozen=True, slots=True, eq=False)
class SonataCells:
    """Hold the nodes of one SONATA population that share their type, model and parameters.

    Parameters
    ----------
    name : str
        Name of the SONATA population; followed by ``.type`` where the population has several kinds of nodes.
    population : str
        The SONATA population.
    node_type_id : int
        Their type.
    node_ids : (n,) int64
        Node ids in the SONATA population, ascending.
    model : str or None
        Name of the NEST model; None for virtual nodes.
    parameters : mapping of str to float
        Parameters that the files set, by NEST's names and in NEST's units.
    spikes : SpikeTrains or None
        What virtual nodes emit; ids are places in `node_ids`. None where there is no input for them.
    where : str
        Place in the files, for errors.
    """

    name: str
    population: str
    node_type_id: int
    node_ids: NDArray[np.int64]
    model: str | None
    parameters: Mapping[str, float]
    spikes: SpikeTrains | None
    where: str

    @property
    def size(self) -> int:
        """Number of nodes."""
        return len(self.node_ids)


@dataclass(frozen=True, slots=True, eq=False)
class SonataProjection:
    """Hold the edges between two kinds of cells.

    Parameters
    ----------
    source, target : int
        Numbers of the cells in the circuit.
    sources, targets : (n,) int64
        Places in the `node_ids` of source and target.
    weights : (n,) float64
        Weights, in the unit of the target's NEST model (pA, nS or mV); `nsyns` synapses count as one of their summed weight.
    delays_ms : (n,) float64
        Delays, ms.
    receptor : int
        NEST's number of the receptor; 0 where there is only one.
    name, where : str
        How to call it in errors, and its place in the files.
    """

    source: int
    target: int
    sources: NDArray[np.int64]
    targets: NDArray[np.int64]
    weights: NDArray[np.float64]
    delays_ms: NDArray[np.float64]
    receptor: int
    name: str
    where: str


@dataclass(frozen=True, slots=True, eq=False)
class SonataCircuit:
    """Hold a whole network.

    Parameters
    ----------
    path : Path
        The configuration that it was read from.
    cells : tuple of SonataCells
        In the order of the configuration; within a population in the order of the first node of each kind.
    projections : tuple of SonataProjection
        In the order of the configuration.
    step_ms, duration_ms : float or None
        Step and duration that the configuration of the simulation asks for, where there is one.
    """

    path: Path
    cells: tuple[SonataCells, ...]
    projections: tuple[SonataProjection, ...]
    step_ms: float | None
    duration_ms: float | None
