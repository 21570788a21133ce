"""Read a connectome from a zip file in the layout of The Virtual Brain, and check it."""

from __future__ import annotations

import bz2
import importlib.util
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cosim.errors import InputError, MissingExtra, Problem, raise_all

Array = NDArray[np.float64]
IN_TVB_DATA = "tvb_data:"


@dataclass(frozen=True, slots=True)
class Connectome:
    """Hold the regions of a brain and what connects them.

    Parameters
    ----------
    origin : str
        Where it comes from, for the user.
    labels : tuple of str
        Names of the regions.
    weights : (n, n) float64
        ``weights[i, j]`` is the strength of the connection from region j to region i.
    tract_lengths : (n, n) float64, mm
        Lengths in the same order.
    centres : (n, 3) float64, mm
        Positions of the regions.
    """

    origin: str
    labels: tuple[str, ...]
    weights: Array
    tract_lengths: Array
    centres: Array

    def __len__(self) -> int:
        return len(self.labels)


def problems_of(connectome: Connectome) -> list[Problem]:
    """Return everything that is wrong with a connectome."""
    found = []
    where = connectome.origin
    n = len(connectome.labels)
    for name, matrix, unit in (("weights", connectome.weights, ""), ("tract lengths", connectome.tract_lengths, " mm")):
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
            found.append(Problem(f"the {name} are a table of {_size(matrix)}", where, "a square table, one row and one column a region"))
            continue
        if len(matrix) != n:
            found.append(Problem(f"the {name} are a table of {_size(matrix)}, but the centres name {n} regions", where, f"{n} x {n}"))
        for what, wrong in (("not a finite number", ~np.isfinite(matrix)), ("negative", matrix < 0)):
            if wrong.any():
                i, j = (int(k) for k in np.argwhere(wrong)[0])
                found.append(
                    Problem(
                        f"{int(wrong.sum())} of the {name} are {what}, the first in row {i + 1}, column {j + 1}: {matrix[i, j]:g}{unit}",
                        where,
                        f"{name} of 0{unit} or more",
                    )
                )
    if n < 2:
        found.append(Problem(f"there are {n} regions", where, "at least 2"))
    if connectome.centres.shape != (n, 3) or not np.isfinite(connectome.centres).all():
        found.append(Problem("the centres are not three finite numbers for each region", where, "lines of: label x y z"))
    twice = sorted({label for label in connectome.labels if connectome.labels.count(label) > 1})
    if twice:
        found.append(
            Problem(
                f"{len(twice)} labels name more than one region: " + ", ".join(f"'{t}'" for t in twice), where, "a name of its own for each"
            )
        )
    return found


def read_tvb_zip(path: Path, origin: str = "") -> Connectome:
    """Read ``weights.txt``, ``tract_lengths.txt`` and ``centres.txt`` from a zip file, each perhaps compressed with bzip2.

    Parameters
    ----------
    path : Path
        The zip file. Its members may lie in a folder; ``centers.txt`` will do; missing tract lengths are the distances of the centres.
    origin : str
        How to call it in messages; the path where empty.

    Raises
    ------
    InputError
        When it cannot be read or holds what no connectome can be; says everything that is wrong.
    """
    origin = origin or str(path)
    try:
        with zipfile.ZipFile(path) as archive:
            members = {Path(name).name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
    except FileNotFoundError as error:
        raise InputError(
            Problem(f"there is no file '{path}'", remedy="give the path of a connectome, relative to the experiment file")
        ) from error
    except (zipfile.BadZipFile, OSError) as error:
        raise InputError(Problem(f"'{path}' cannot be read as a zip file: {error}")) from error
    problems: list[Problem] = []
    texts = {name: _text(members, name, origin, problems) for name in ("weights.txt", "tract_lengths.txt", "centres.txt", "centers.txt")}
    centres = texts["centres.txt"] if texts["centres.txt"] is not None else texts["centers.txt"]
    for name, text in (("weights.txt", texts["weights.txt"]), ("centres.txt", centres)):
        if text is None:
            problems.append(Problem(f"the member '{name}' is missing", origin, remedy="it holds " + ", ".join(sorted(members))))
    weights = _matrix(texts["weights.txt"], "weights.txt", origin, problems)
    lengths = _matrix(texts["tract_lengths.txt"], "tract_lengths.txt", origin, problems)
    labels, points = _centres(centres, origin, problems)
    raise_all(problems)
    if lengths is None:
        lengths = np.sqrt(((points[:, None] - points[None]) ** 2).sum(axis=2))
    connectome = Connectome(origin, labels, np.zeros((0, 0)) if weights is None else weights, lengths, points)
    raise_all(problems_of(connectome))
    return connectome


def find(name: str, folder: Path | None) -> Connectome:
    """Read the connectome that a user names: ``tvb_data:FILE`` from the installed tvb-data, or the path of a zip file.

    Raises
    ------
    MissingExtra
        When tvb-data is asked for and not installed.
    InputError
        When there is no such file, or something is wrong with it.
    """
    if not name.startswith(IN_TVB_DATA):
        return read_tvb_zip(Path(folder or ".") / name, name)
    spec = importlib.util.find_spec("tvb_data")
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtra("data", f"the connectome '{name}'")
    file = name.removeprefix(IN_TVB_DATA)
    path = Path(next(iter(spec.submodule_search_locations))) / "connectivity" / file
    if not path.exists():
        there = ", ".join(sorted(p.name for p in path.parent.glob("*.zip")))
        raise InputError(Problem(f"tvb-data holds no connectome '{file}'", remedy=f"choose one of {there}"))
    return read_tvb_zip(path, name)


def _size(matrix: Array) -> str:
    return " x ".join(str(s) for s in matrix.shape)


def _text(members: dict[str, bytes], name: str, origin: str, problems: list[Problem]) -> str | None:
    try:
        if name in members:
            return members[name].decode()
        if f"{name}.bz2" in members:
            return bz2.decompress(members[f"{name}.bz2"]).decode()
    except (OSError, ValueError) as error:
        problems.append(Problem(f"the member '{name}' cannot be read: {error}", origin))
    return None


def _matrix(text: str | None, name: str, origin: str, problems: list[Problem]) -> Array | None:
    if text is None:
        return None
    rows = [line.replace(",", " ").split() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if len({len(r) for r in rows}) != 1:
        problems.append(Problem(f"the rows of '{name}' have {sorted({len(r) for r in rows})} columns", origin, "rows of one length"))
        return None
    try:
        return np.array([[float(v) for v in row] for row in rows])
    except ValueError as error:
        problems.append(Problem(f"'{name}' holds something that is no number: {error}", origin))
        return None


def _centres(text: str | None, origin: str, problems: list[Problem]) -> tuple[tuple[str, ...], Array]:
    lines = [line.replace(",", " ").split() for line in (text or "").splitlines() if line.strip() and not line.lstrip().startswith("#")]
    try:
        points = np.array([[float(v) for v in parts[1:4]] for parts in lines])
    except ValueError as error:
        problems.append(Problem(f"'centres.txt' holds something that is no number: {error}", origin, "lines of: label x y z"))
        return tuple(parts[0] for parts in lines), np.zeros((len(lines), 3))
    return tuple(parts[0] for parts in lines), points.reshape(len(lines), 3) if points.size == 3 * len(lines) else points
