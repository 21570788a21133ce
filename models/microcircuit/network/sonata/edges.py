"""Read the edges of a SONATA circuit, and sort them by the kinds of cells that they lead between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from cosim.errors import InputError, Problem
from cosim.models.microcircuit.hdf5_file import check_sonata, inner_group, integers, opened, place, same_length, text_of, whole_numbers
from cosim.models.microcircuit.network.sonata.data import SonataCells, SonataProjection
from cosim.models.microcircuit.network.sonata.nodes import attribute, groups_of
from cosim.models.microcircuit.network.sonata.types_table import TypesTable, number_of, parameters_of, read_types
from cosim.registry import did_you_mean

_COLUMNS = ("syn_weight", "delay", "nsyns")
_STATIC = ("static_synapse", "nest:static_synapse", "static_synapse_hpc")
_NEST = {"weight": "syn_weight", "delay": "delay", "receptor_type": "receptor"}


def read_edges(path: Path, types_path: Path | None, models: Path | None, cells: Sequence[SonataCells]) -> list[SonataProjection]:
    """Return the projections of all populations of edges in a file.

    Parameters
    ----------
    path, types_path : Path, Path or None
        The HDF5 file and its table of edge types.
    models : Path or None
        Folder of the files with the parameters of the types.
    cells : sequence of SonataCells
        All cells of the circuit.

    Raises
    ------
    InputError
        When something is missing or wrong, an edge leads to no node or to a virtual one, or a synapse is not static.
    """
    types = read_types(types_path, "edge_type_id")
    with opened(path, "a SONATA file of edges: /edges/POPULATION/source_node_id and target_node_id") as file:
        check_sonata(file)
        root = inner_group(file, "edges")
        return [made for name in root for made in _population(inner_group(root, name), name, types, models, cells)]


def _population(group: h5py.Group, name: str, types: TypesTable, models: Path | None,
                cells: Sequence[SonataCells]) -> list[SonataProjection]:
    type_ids = integers(group, "edge_type_id")
    source_kind, sources = _nodes(group, "source_node_id", cells)
    target_kind, targets = _nodes(group, "target_node_id", cells)
    same_length(group, edge_type_id=type_ids, source_node_id=sources, target_node_id=targets)
    values = _values(group, name, type_ids, types, models)
    keys = ((source_kind * len(cells) + target_kind) * (1 + int(values["receptor"].max(initial=0))) + values["receptor"]).astype(np.int64)
    order = np.argsort(keys, kind="stable")
    found = []
    for part in np.split(order, np.flatnonzero(np.diff(keys[order])) + 1):
        if not len(part):
            continue
        source, target = int(source_kind[part[0]]), int(target_kind[part[0]])
        where = f"{group.file.filename}: {group.name}"
        if cells[target].model is None:
            raise InputError(Problem(f"edge {part[0]} leads to node {cells[target].node_ids[targets[part[0]]]} of {cells[target].name}, "
                                     "which is virtual", where=where, expected="edges to neurons alone"))
        found.append(SonataProjection(source, target, sources[part], targets[part], values["syn_weight"][part], values["delay"][part],
                                      int(values["receptor"][part[0]]), f"{cells[source].name} -> {cells[target].name}", where))
    return found


def _nodes(group: h5py.Group, name: str, cells: Sequence[SonataCells]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return, for each edge, the number of the cells at one end, and the place within them."""
    ids = whole_numbers(group, name)
    if "node_population" not in group[name].attrs:
        raise InputError(Problem("the attribute 'node_population' is missing", where=place(name, group),
                                 expected="the name of the population that the node ids belong to"))
    population = text_of(group[name].attrs["node_population"])
    own = [number for number, each in enumerate(cells) if each.population == population]
    if not own:
        raise InputError(Problem(f"there is no population '{population}' of nodes", where=place(name, group),
                                 remedy=did_you_mean(population, sorted({each.population for each in cells}))))
    all_ids = np.concatenate([cells[number].node_ids for number in own])
    kinds = np.repeat(own, [cells[number].size for number in own])
    places = np.concatenate([np.arange(cells[number].size) for number in own])
    order = np.argsort(all_ids)
    found = np.minimum(np.searchsorted(all_ids, ids, sorter=order), len(all_ids) - 1) if len(all_ids) else np.zeros(len(ids), np.int64)
    missing = all_ids[order[found]] != ids if len(all_ids) else np.ones(len(ids), bool)
    if missing.any():
        at = int(np.argmax(missing))
        raise InputError(Problem(f"edge {at} names node {ids[at]}, and population '{population}' has none of that id",
                                 where=place(name, group)))
    return kinds[order[found]], places[order[found]]


def _values(group: h5py.Group, name: str, type_ids: NDArray[np.int64], types: TypesTable,
            models: Path | None) -> dict[str, NDArray[np.float64]]:
    """Return weight, delay and receptor of each edge: what stands beside the edge goes before what its type says."""
    columns = (*_COLUMNS, "receptor")
    values = {column: np.full(len(type_ids), np.nan) for column in columns}
    distinct, inverse = np.unique(type_ids, return_inverse=True)
    for number, type_id in enumerate(distinct):
        where = f"{types.path}: type {type_id}" if types.path else f"{group.file.filename}: {group.name}"
        for column, value in _type_values(types.of(name, int(type_id)), models, where).items():
            values[column][inverse.ravel() == number] = value
    for attributes, here, rows in groups_of(group, "edge", len(type_ids)):
        for inner, names in ((attributes, {c: c for c in _COLUMNS}), (attributes and attributes.get("dynamics_params"), _NEST)):
            if isinstance(inner, h5py.Group):
                for given, column in names.items():
                    if isinstance(inner.get(given), h5py.Dataset):
                        values[column][here] = attribute(inner, given, rows)
    for column, unit in (("syn_weight", "weight"), ("delay", "delay")):
        lacking = np.isnan(values[column])
        if lacking.any():
            at = int(np.argmax(lacking))
            raise InputError(Problem(f"edge {at}, of type {type_ids[at]}, has no {unit}", where=f"{group.file.filename}: {group.name}",
                                     expected=f"'{column}' in the file of edges or in the table of edge types"))
    values["receptor"] = np.nan_to_num(values["receptor"])
    counts = np.nan_to_num(values.pop("nsyns"), nan=1.0)
    for bad, what in ((values["delay"] <= 0, "delay"), (counts < 0, "number of synapses"),
                      ((values["receptor"] < 0) | (values["receptor"] % 1 != 0), "receptor")):
        if bad.any():
            at, of = int(np.argmax(bad)), {"delay": values["delay"], "receptor": values["receptor"]}.get(what, counts)
            raise InputError(Problem(f"edge {at} has the {what} {of[at]:g}" + (" ms" if what == "delay" else ""),
                                     where=f"{group.file.filename}: {group.name}", expected="a value above 0"))
    values["syn_weight"] = values["syn_weight"] * counts
    return values


def _type_values(row: Mapping[str, str], models: Path | None, where: str) -> dict[str, float]:
    template = row.get("model_template", _STATIC[0])
    if template not in _STATIC:
        raise InputError(Problem(f"the model_template is '{template}'", where=where,
                                 expected="static_synapse: no other synapse is imported"))
    if row.get("weight_function", "default_weight_fnc") != "default_weight_fnc":
        raise InputError(Problem(f"the weights are to be made by the function '{row['weight_function']}'", where=where,
                                 remedy="write the weights into 'syn_weight' of the file of edges"))
    found = {column: value for column in _COLUMNS if (value := number_of(row, column, where)) is not None}
    for name, value in parameters_of(row, models, where).items():
        if name not in _NEST:
            raise InputError(Problem(f"there is no '{name}' in a static synapse", where=f"{where}: {row['dynamics_params']}",
                                     remedy=did_you_mean(name, list(_NEST))))
        found[_NEST[name]] = value
    return found
