"""Find where sources lie: in a file of places, in a connectome, or in the results of a run that had one."""

from __future__ import annotations

import importlib.util
from hashlib import sha256
from pathlib import Path

import h5py
import numpy as np

from cosim.errors import InputError, MissingExtra, Problem
from cosim.models.observe.places import Places, read_places

IN_TVB_DATA = "tvb_data:"
_EXPECTED = "a file with lines 'region x y z', a connectome as .zip or tvb_data:FILE, or the results of a run"


def read_sources(name: Path, folder: Path) -> Places:
    """Return where the sources lie that a user names.

    Parameters
    ----------
    name : Path
        ``tvb_data:FILE`` from the installed tvb-data; the folder of a run or its ``results.h5``, for the centres of its regions; else
        what `read_places` reads.
    folder : Path
        Where relative paths start.

    Raises
    ------
    InputError
        When they cannot be read, or are not told there.
    """
    if str(name).startswith(IN_TVB_DATA):
        return read_places(_in_tvb_data(str(name)))
    path = folder / name
    if path.is_dir() or path.suffix in {".h5", ".hdf5"}:
        return _of_run(path / "results.h5" if path.is_dir() else path)
    return read_places(path)


def sources_digest(name: Path, folder: Path) -> bytes:
    """Return a digest of the sources that a user names."""
    found = read_sources(name, folder)
    told = sha256(repr(found.labels).encode())
    for part in (found.positions, found.normals, found.areas):
        told.update(b"" if part is None else part.tobytes())
    return told.digest()


def _in_tvb_data(name: str) -> Path:
    spec = importlib.util.find_spec("tvb_data")
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtra("data", f"the connectome '{name}'")
    path = Path(next(iter(spec.submodule_search_locations))) / "connectivity" / name.removeprefix(IN_TVB_DATA)
    if not path.exists():
        there = ", ".join(sorted(p.name for p in path.parent.glob("*.zip")))
        raise InputError(Problem(f"tvb-data holds no connectome '{path.name}'", "sources", remedy=f"choose one of {there}"))
    return path


def _of_run(path: Path) -> Places:
    if not path.is_file():
        raise InputError(Problem(f"there are no results at '{path}'", "sources", _EXPECTED,
                                 "correct the path; it is relative to this file"))
    try:
        with h5py.File(path, "r") as file:
            held = {name: group["static"] for name, group in file.get("groups", {}).items() if "centres_mm" in group.get("static", {})}
            known = {name: (tuple(map(str, place["labels"].asstr()[...])), np.asarray(place["centres_mm"], np.float64))
                     for name, place in held.items()}
    except BlockingIOError:
        raise InputError(Problem(f"'{path}' is being written", "sources", remedy="wait until the run has ended")) from None
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, AttributeError) as error:  # HDF5 tells of damage in all of these ways
        text = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(Problem(f"'{path}' cannot be read: {text}", "sources", _EXPECTED)) from None
    if not known:
        raise InputError(Problem(f"no group of the run '{path}' has a connectome that says where regions lie", "sources", _EXPECTED))
    (name, (labels, centres)), *others = known.items()
    for other, (their_labels, their_centres) in others:
        if their_labels != labels or not np.array_equal(their_centres, centres, equal_nan=True):
            raise InputError(Problem(f"groups '{name}' and '{other}' of the run '{path}' have different regions", "sources",
                                     remedy="write a file with lines 'region x y z'"))
    if not np.isfinite(centres).all():
        raise InputError(Problem(f"the connectome of the run '{path}' does not say where its regions lie", "sources", _EXPECTED))
    return Places(labels, centres, None, np.ones(len(labels)))
