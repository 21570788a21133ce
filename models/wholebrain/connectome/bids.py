"""Read a connectome from a data set in the Brain Imaging Data Structure (BIDS).

No proposal for connectivity has become a part of BIDS yet, so what is followed is what tools write: matrices of BEP017 under its present
and its former name, and the folders of BEP034 as The Virtual Brain's importer reads them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from cosim.errors import Problem, raise_all
from cosim.models.wholebrain.connectome.data import Array, Connectome
from cosim.models.wholebrain.connectome.matrices import read_regions, read_table, with_files
from cosim.models.wholebrain.connectome.parts import Parts, assembled
from cosim.models.wholebrain.connectome.tables import rows_of, text_of

_OLD, _NEW = "conndata-network_connectivity.tsv", re.compile(r"_relmat(\.dense)?\.tsv$")
_WEIGHTS = ("weight", "weights", "streamlinecount", "streamlinedensity", "sc")
_LENGTHS = ("distance", "distances", "tractlength", "tractlengths", "length", "lengths")
_MILLIMETRES = {"mm": 1.0, "millimeter": 1.0, "millimetre": 1.0, "cm": 10.0, "m": 1000.0}


def is_bids(path: Path) -> bool:
    """Return whether a file or folder is named as BIDS names connectivity."""
    if path.is_dir():
        return (path / "net").is_dir() or path.name == "net" or any(_is_matrix(f.name) for f in path.iterdir())
    return _is_matrix(path.name)


def read_bids(path: Path, tract_lengths: str | None, labels: str | None, origin: str, start: Path) -> Connectome:
    """Read a connectome from a file of weights and the files beside it, or from a folder of one subject.

    Parameters
    ----------
    path : Path
        ``*_conndata-network_connectivity.tsv`` or ``*_relmat.dense.tsv`` with the weights, or the folder of either; or a folder
        with ``net/`` and ``coord/``, or ``net`` itself.
    tract_lengths, labels : str or None
        Files to take in place of those of the data set.
    origin, start : str, Path
        How to call it in messages; where relative paths start.

    Raises
    ------
    InputError
        When there is not one connectome, or something is wrong with it; says everything that is wrong.
    """
    problems: list[Problem] = []
    net = path / "net" if (path / "net").is_dir() else path
    if path.is_dir() and not any(_is_matrix(f.name) for f in path.iterdir()):
        weights = _one(sorted(net.glob("*weights.tsv")), "*weights.tsv", origin, problems)
        lengths = _one(sorted(net.glob("*distances.tsv")), None, origin, problems)
    else:
        files = sorted(f for f in (path.iterdir() if path.is_dir() else path.parent.iterdir()) if _is_matrix(f.name))
        chosen = files if path.is_dir() else [path]
        weights = _one([f for f in chosen if _measure(f) in _WEIGHTS] or chosen, "a matrix of weights", origin, problems)
        beside = [f for f in files if _measure(f) in _LENGTHS and weights is not None and _rest(f) == _rest(weights)]
        lengths = _one(beside, None, origin, problems)
    raise_all(problems)
    if weights is None:
        raise AssertionError("a data set without weights has a problem")
    told = _sidecar(weights, origin, problems)
    table, names = read_table(str(weights), "weights", start, problems)
    parts = Parts(weights=_without_diagonal(table, told), labels=names)
    if lengths is not None and tract_lengths is None:
        parts = replace(parts, tract_lengths=_lengths(lengths, origin, start, problems))
    raise_all(problems)
    parts = _regions(parts, weights, told, origin, problems)
    raise_all(problems)
    return assembled(with_files(parts, tract_lengths, labels, start), origin)


def _is_matrix(name: str) -> bool:
    return name.endswith(_OLD) or _NEW.search(name) is not None


def _measure(file: Path) -> str:
    found = re.search(r"(?:^|_)meas-([^_]+)", file.name) or re.search(r"(?:^|_)desc-([^_]+)", file.name)
    return found[1].lower() if found else ""


def _rest(file: Path) -> str:
    """Return the name without what is measured, which is the same for the files of one connectome."""
    key = "meas" if re.search(r"(?:^|_)meas-", file.name) else "desc"
    return re.sub(rf"(?:^|_){key}-[^_]+", "", file.name)


def _one(files: list[Path], wanted: str | None, origin: str, problems: list[Problem]) -> Path | None:
    if len(files) > 1:
        held = ", ".join(f.name for f in files[:8])
        problems.append(Problem(f"there are {len(files)} files that it could be: {held}", origin, remedy="give the path of one of them"))
    elif not files and wanted:
        problems.append(Problem(f"there is no {wanted}", origin))
    return files[0] if files else None


def _sidecar(file: Path, origin: str, problems: list[Problem]) -> Mapping[str, Any]:
    """Return what the JSON files beside a table say, the more special winning: BIDS' principle of inheritance within one folder."""
    stem = file.name.removesuffix(".tsv").removesuffix(".dense")
    shared = "_".join(part for part in stem.split("_") if not part.startswith(("desc-", "meas-")))
    told: dict[str, Any] = {}
    for name in dict.fromkeys((shared, stem)):
        path = file.with_name(f"{name}.json")
        if not path.exists():
            continue
        try:
            read = json.loads(path.read_bytes())
        except (OSError, ValueError, RecursionError) as error:
            problems.append(Problem(f"'{path.name}' cannot be read: {error}", origin))
            continue
        if isinstance(read, dict):
            told |= read
        else:
            problems.append(Problem(f"'{path.name}' holds no JSON object", origin))
    return told


def _without_diagonal(table: Array | None, told: Mapping[str, Any]) -> Array | None:
    if table is not None and told.get("ValidDiagonal") is False and table.ndim == 2 and table.shape[0] == table.shape[1]:
        np.fill_diagonal(table, 0.0)
    return table


def _lengths(file: Path, origin: str, start: Path, problems: list[Problem]) -> Array | None:
    told = _sidecar(file, origin, problems)
    unit = told.get("MeasureUnits") or told.get("LengthUnit") or told.get("Units") or "mm"
    table, _ = read_table(str(file), "tract_lengths", start, problems)
    if str(unit) not in _MILLIMETRES:
        problems.append(Problem(f"the unit of the tract lengths is '{unit}'", f"{origin}: {file.name}", "mm, cm or m"))
        return None
    return table if table is None else table * _MILLIMETRES[str(unit)]


def _regions(parts: Parts, weights: Path, told: Mapping[str, Any], origin: str, problems: list[Problem]) -> Parts:
    """Return parts with the names and places of the regions, from the files that the sidecar names or that usually hold them."""
    for file in _region_files(weights, told):
        text = file.name.lower()
        if text.endswith("_nodeindices.tsv"):
            parts = _node_indices(parts, file, origin, problems)
            continue
        names, points = read_regions(file, origin, problems, plain=True)
        parts = replace(parts, labels=names or parts.labels, centres=parts.centres if points is None else points)
    nodes = told.get("Nodes")
    if isinstance(nodes, dict) and parts.centres is None:
        parts = _nodes_of_json(parts, nodes, origin, problems)
    return parts


def _region_files(weights: Path, told: Mapping[str, Any]) -> list[Path]:
    named = [name for name in told["CoordsRows"] if isinstance(name, str)] if isinstance(told.get("CoordsRows"), list) else []
    axes = told["Axes"] if isinstance(told.get("Axes"), list) else []
    named += [a["NodeFile"] for a in axes if isinstance(a, dict) and isinstance(a.get("NodeFile"), str)][:1]
    files = [weights.parent / re.sub(r"\.json$", ".tsv", name) for name in named if "\0" not in name]
    if not files:
        subject = weights.name.split("_")[0]
        places = (weights.parent, weights.parent.parent / "coord", weights.parent.parent / "anat")
        patterns = ("*labels.tsv", "*nodes.tsv", "*_nodeindices.tsv", f"{subject}*_desc-centroid_morph.tsv")
        files = [f for pattern in patterns for place in places if place.is_dir() for f in sorted(place.glob(pattern))[:1]]
    return [f for f in files if f.is_file()]


def _node_indices(parts: Parts, file: Path, origin: str, problems: list[Problem]) -> Parts:
    """Return parts with the labels of a table whose ``matrix_index`` says, from 0, to which row of the matrix a line belongs."""
    named, _ = read_regions(file, origin, problems)
    text = text_of(file.read_bytes(), file.name, origin, problems)
    rows = rows_of(text or "")
    head = [f.lower() for f in rows[0]] if rows else []
    if named is None or not {"label", "name"} & set(head):
        return parts
    if "matrix_index" in head:
        places = [row[head.index("matrix_index")] for row in rows[1:]]
        if sorted(places) != sorted(str(k) for k in range(len(named))):
            wanted = f"0 to {len(named) - 1}"
            problems.append(Problem(f"the column 'matrix_index' of '{file.name}' does not count the rows", origin, wanted))
            return parts
        of_row = dict(zip(places, named, strict=True))
        named = tuple(of_row[str(k)] for k in range(len(named)))
    return replace(parts, labels=named)


def _nodes_of_json(parts: Parts, nodes: Mapping[str, Any], origin: str, problems: list[Problem]) -> Parts:
    names = nodes.get("ID")
    axes = [nodes.get(f"Center{axis}") for axis in "XYZ"]
    try:
        if isinstance(names, list):
            parts = replace(parts, labels=tuple(str(n) for n in names))
        if all(isinstance(a, list) for a in axes):
            parts = replace(parts, centres=np.array(axes, np.float64).T)
    except (ValueError, TypeError) as error:
        problems.append(Problem(f"'Nodes' holds something that is no number: {error}", origin))
    return parts
