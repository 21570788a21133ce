"""Read a file of spikes, whichever of the known formats it is in."""

from __future__ import annotations

from pathlib import Path

import h5py

from cosim.errors import InputError, Problem
from cosim.models.microcircuit.hdf5_file import opened
from cosim.models.microcircuit.spike_files.nest_text import read_nest_text
from cosim.models.microcircuit.spike_files.results import read_recorded_spikes
from cosim.models.microcircuit.spike_files.sonata import read_sonata_spikes
from cosim.models.microcircuit.spike_files.trains import SpikeTrains

_EXPECTED = "spikes in SONATA's format, as text of NEST, or in the results.h5 of a run"


def read(path: Path, port: str | None = None, first_id: int = 0, resolution_ms: float | None = None) -> SpikeTrains:
    """Return the spikes of a file; its content says in which format it is, not its name.

    Parameters
    ----------
    path : Path
        SONATA spikes, text of NEST, or the results of a run (or its folder).
    port : str or None
        For results of a run: ``group.port``, see `read_recorded_spikes`.
    first_id : int
        For text of NEST: id of the first neuron, see `read_nest_text`.
    resolution_ms : float or None
        For text of NEST with times in steps: length of a step, ms.

    Raises
    ------
    InputError
        When the file is in none of these formats, or something in it is wrong.
    """
    if path.is_dir():
        return read_recorded_spikes(path, port)
    if not path.is_file():
        raise InputError(Problem(f"there is no file '{path}'", expected=_EXPECTED))
    if not h5py.is_hdf5(path):
        return read_nest_text(path, first_id, resolution_ms)
    with opened(path, _EXPECTED) as file:
        is_sonata, is_ours = "spikes" in file, "groups" in file
    if is_sonata:
        return read_sonata_spikes(path)
    if is_ours:
        return read_recorded_spikes(path, port)
    raise InputError(Problem(f"{path} holds neither 'spikes' nor 'groups'", expected=_EXPECTED))
