"""Find the connectome that a user names, in whichever format it is."""

from __future__ import annotations

import importlib.util
from dataclasses import fields
from pathlib import Path

from cosim.errors import InputError, MissingExtra, Problem
from cosim.models.wholebrain.connectome.arrays import BINARY
from cosim.models.wholebrain.connectome.bids import is_bids, read_bids
from cosim.models.wholebrain.connectome.data import Connectome
from cosim.models.wholebrain.connectome.matrices import TEXT, kind_of, read_folder, read_matrices, split_variable, with_files
from cosim.models.wholebrain.connectome.parts import Parts, assembled
from cosim.models.wholebrain.connectome.tvb_h5 import read_tvb_h5
from cosim.models.wholebrain.connectome.tvb_zip import read_tvb_zip

IN_TVB_DATA = "tvb_data:"


def find(name: str, folder: Path | None, tract_lengths: str | None = None, labels: str | None = None) -> Connectome:
    """Read the connectome that a user names: ``tvb_data:FILE`` from the installed tvb-data, or a path whose ending tells the format.

    Parameters
    ----------
    name : str
        ``.zip``: The Virtual Brain; ``.h5``: its HDF5; a folder: matrices, or BIDS; ``_relmat.dense.tsv`` and
        ``_conndata-network_connectivity.tsv``: BIDS; ``.txt``, ``.csv``, ``.tsv``, ``.npy``, ``.npz``, ``.mat``: weights.
    folder : Path or None
        Where relative paths start.
    tract_lengths, labels : str or None
        Files with these, in place of those that come with the connectome.

    Raises
    ------
    MissingExtra
        When tvb-data is asked for and not installed.
    InputError
        When there is no such file, or something is wrong with it.
    """
    start = Path(folder or ".")
    if name.startswith(IN_TVB_DATA):
        return _with_files(read_tvb_zip(_in_tvb_data(name), name), tract_lengths, labels, start)
    path, _ = split_variable(name, start)
    kind = kind_of(path)
    try:
        if path.is_dir():
            reader = read_bids if is_bids(path) else read_folder
            return reader(path, tract_lengths, labels, name, start)
        if not path.exists():
            raise InputError(Problem(f"there is no file '{path}'", remedy="give the path of a connectome, relative to the experiment file"))
        if kind == ".tsv" and is_bids(path):
            return read_bids(path, tract_lengths, labels, name, start)
    except (OSError, ValueError) as error:
        raise InputError(Problem(f"'{path}' cannot be read: {error}")) from error
    if kind in (".h5", ".hdf5") and path == start / name:
        return _with_files(read_tvb_h5(path, name), tract_lengths, labels, start)
    if kind in TEXT + BINARY:
        return read_matrices(name, tract_lengths, labels, start)
    if kind != ".zip" and path.suffix:
        raise InputError(
            Problem(
                f"the connectome '{name}' is of a kind '{path.suffix}' that cannot be read",
                expected="a folder, or a file that ends in .zip, .h5, .txt, .csv, .tsv, .npy, .npz or .mat",
            )
        )
    return _with_files(read_tvb_zip(path, name), tract_lengths, labels, start)


def _in_tvb_data(name: str) -> Path:
    spec = importlib.util.find_spec("tvb_data")
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtra("data", f"the connectome '{name}'")
    file = name.removeprefix(IN_TVB_DATA)
    path = Path(next(iter(spec.submodule_search_locations))) / "connectivity" / file
    if not path.exists():
        there = ", ".join(sorted(p.name for p in path.parent.glob("*.zip")))
        raise InputError(Problem(f"tvb-data holds no connectome '{file}'", remedy=f"choose one of {there}"))
    return path


def _with_files(connectome: Connectome, tract_lengths: str | None, labels: str | None, folder: Path) -> Connectome:
    if tract_lengths is None and labels is None:
        return connectome
    held = Parts(**{f.name: getattr(connectome, f.name) for f in fields(Parts)})
    return assembled(with_files(held, tract_lengths, labels, folder), connectome.origin)
