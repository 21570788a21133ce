"""Read the nodes of a SONATA circuit, and sort them into kinds that share model and parameters."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from cosim.errors import InputError, Problem
from cosim.models.microcircuit.hdf5_file import (
    check_sonata,
    floats,
    inner_group,
    integers,
    opened,
    place,
    same_length,
    text_of,
    whole_numbers,
)
from cosim.models.microcircuit.network.sonata.data import SonataCells
from cosim.models.microcircuit.network.sonata.types_table import TypesTable, parameters_of, read_types
from cosim.registry import did_you_mean

_MOST_KINDS = 1000
_POINT = ("point_neuron", "point_process")


def read_nodes(path: Path, types_path: Path | None, models: Path | None) -> list[SonataCells]:
    """Return the cells of all populations in a file of nodes.

    Parameters
    ----------
    path, types_path : Path, Path or None
        The HDF5 file and its table of node types.
    models : Path or None
        Folder of the files with the parameters of the types.

    Raises
    ------
    InputError
        When something is missing or wrong, or a node is neither a point neuron of NEST nor virtual.
    """
    types = read_types(types_path, "node_type_id")
    with opened(path, "a SONATA file of nodes: /nodes/POPULATION/node_type_id") as file:
        check_sonata(file)
        root = inner_group(file, "nodes")
        return [cells for name in root for cells in _population(inner_group(root, name), name, types, models)]


def groups_of(group: h5py.Group, prefix: str, length: int) -> list[tuple[h5py.Group | None, NDArray[np.int64], NDArray[np.int64]]]:
    """Return each group of attributes with the places of its nodes or edges, and the row that each has in the group."""
    if f"{prefix}_group_id" not in group:
        rows = np.arange(length)
        return [(inner_group(group, "0") if "0" in group else None, rows, rows)]
    ids = whole_numbers(group, f"{prefix}_group_id")
    rows = whole_numbers(group, f"{prefix}_group_index")
    same_length(group, **{f"{prefix}_type_id": np.empty(length, bool), f"{prefix}_group_id": ids, f"{prefix}_group_index": rows})
    found: list[tuple[h5py.Group | None, NDArray[np.int64], NDArray[np.int64]]] = []
    for number in np.unique(ids):
        here = np.flatnonzero(ids == number)
        there = group.get(str(number))
        found.append((there if isinstance(there, h5py.Group) else None, here, rows[here]))
    return found


def attribute(group: h5py.Group, name: str, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return what some rows of a group of attributes hold, (n,) float64."""
    column = floats(group, name)
    if len(rows) and rows.max() >= len(column):
        raise InputError(Problem(f"there are {len(column):,} entries, and entry {rows.max()} is asked for", where=place(name, group)))
    return column[rows]


def _population(group: h5py.Group, name: str, types: TypesTable, models: Path | None) -> list[SonataCells]:
    type_ids = integers(group, "node_type_id")
    node_ids = whole_numbers(group, "node_id") if "node_id" in group else np.arange(len(type_ids))
    same_length(group, node_type_id=type_ids, node_id=node_ids)
    if len(np.unique(node_ids)) < len(node_ids):
        raise InputError(Problem("a node id stands here twice", where=place("node_id", group)))
    kinds: list[tuple[int, NDArray[np.int64], dict[str, str], dict[str, float]]] = []
    for attributes, here, rows in groups_of(group, "node", len(type_ids)):
        kinds += _kinds(attributes, type_ids[here], node_ids[here], rows, f"{group.file.filename}: {group.name}")
    if len(kinds) > _MOST_KINDS:
        raise InputError(Problem(f"the nodes have {len(kinds):,} different sets of parameters", where=place("", group).rstrip("/"),
                                 expected=f"at most {_MOST_KINDS:,}", remedy="give neurons of one type the same parameters"))
    kinds.sort(key=lambda kind: int(kind[1][0]))
    cells = []
    for number, (type_id, ids, words, numbers) in enumerate(kinds):
        row = {**types.of(name, type_id), **words}
        where = f"{types.path}: type {type_id}" if types.path else f"{group.file.filename}: {group.name}: type {type_id}"
        model = _model(row, where)
        parameters = {**parameters_of(row, models, where), **numbers} if model else {}
        several = sum(k[0] == type_id for k in kinds) > 1
        suffix = f".{type_id}" + (f".{number}" if several else "")
        cells.append(SonataCells(name if len(kinds) == 1 else name + suffix, name, type_id, ids, model, parameters, None, where))
    return cells


def _kinds(attributes: h5py.Group | None, type_ids: NDArray[np.int64], node_ids: NDArray[np.int64], rows: NDArray[np.int64],
           where: str) -> list[tuple[int, NDArray[np.int64], dict[str, str], dict[str, float]]]:
    """Return type, node ids, words and numbers of the nodes that share them all, within one group of attributes."""
    words, numbers = {}, {}
    if attributes is not None:
        words = {name: _words(attributes, name, rows) for name in ("model_type", "model_template", "dynamics_params")
                 if isinstance(attributes.get(name), h5py.Dataset)}
        own = attributes.get("dynamics_params")
        if isinstance(own, h5py.Group):
            numbers = {name: attribute(own, name, rows) for name in own}
    coded = {name: np.unique(column, return_inverse=True) for name, column in words.items()}
    table = np.column_stack([type_ids.astype(np.float64), *(code for _, code in coded.values()), *numbers.values()])
    if not len(table):
        return []
    _, first, inverse = np.unique(table, axis=0, return_index=True, return_inverse=True)
    if len(first) > _MOST_KINDS:
        raise InputError(Problem(f"the nodes have {len(first):,} different sets of parameters ({', '.join(numbers)})", where=where,
                                 expected=f"at most {_MOST_KINDS:,}", remedy="give neurons of one type the same parameters"))
    order = np.argsort(inverse.ravel(), kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(inverse.ravel()))[:-1])
    return [(int(type_ids[at]), np.sort(node_ids[part]), {name: str(column[at]) for name, column in words.items()},
             {name: float(column[at]) for name, column in numbers.items()}) for at, part in zip(first, parts, strict=True)]


def _words(attributes: h5py.Group, name: str, rows: NDArray[np.int64]) -> NDArray[np.str_]:
    """Return a column of text; numbers stand for entries of the group's ``@library``."""
    data = attributes[name][:]
    if data.dtype.kind in "iu":
        library = inner_group(attributes, "@library").get(name)
        if library is None:
            raise InputError(Problem(f"the entries are numbers, and '@library' does not say what '{name}' they stand for",
                                     where=place(name, attributes)))
        data = library[:][data]
    return np.array([text_of(entry) for entry in data], np.str_)[rows]


def _model(row: Mapping[str, str], where: str) -> str | None:
    """Return the name of the NEST model that a type has; None for virtual nodes."""
    kind = row.get("model_type", "")
    if kind == "virtual":
        return None
    if kind not in _POINT:
        raise InputError(Problem(f"the model_type is '{kind}'" if kind else "there is no model_type", where=where,
                                 expected="point_neuron, point_process or virtual: no other kind of neuron is imported",
                                 remedy=did_you_mean(kind, [*_POINT, "virtual"]) if kind else ""))
    schema, _, name = row.get("model_template", "").rpartition(":")
    if not name or schema not in {"", "nest"}:
        raise InputError(Problem(f"the model_template is '{row.get('model_template', '')}'", where=where,
                                 expected="a model of NEST, such as nest:iaf_psc_exp"))
    return name
