"""Read a whole SONATA circuit: cells, projections, and the spikes of its virtual nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cosim.errors import InputError, Problem
from cosim.models.microcircuit.network.sonata.config import SonataConfig, SpikeInput, read_config
from cosim.models.microcircuit.network.sonata.data import SonataCells, SonataCircuit
from cosim.models.microcircuit.network.sonata.edges import read_edges
from cosim.models.microcircuit.network.sonata.nodes import read_nodes
from cosim.models.microcircuit.spike_files.read import read
from cosim.models.microcircuit.spike_files.trains import SpikeTrains, joined
from cosim.registry import did_you_mean

_ALL = {"all", "All"}


def read_circuit(path: Path) -> SonataCircuit:
    """Return the circuit that a circuit configuration describes, or a simulation configuration with its input of spikes.

    Raises
    ------
    InputError
        When a file is missing, cannot be read, or holds something that is not imported.
    """
    config = read_config(path)
    cells = [each for data, types in config.nodes for each in read_nodes(data, types, config.cell_models)]
    names = [each.name for each in cells]
    for number, name in enumerate(names):
        if name in names[:number]:
            raise InputError(Problem(f"there are two populations '{name}' of nodes", where=str(path)))
    if not any(each.model for each in cells):
        raise InputError(Problem("the circuit has no neurons", where=str(path), expected="nodes of model_type point_neuron"))
    for given in config.inputs:
        cells = _with_spikes(cells, given, config)
    projections = [each for data, types in config.edges for each in read_edges(data, types, config.synapse_models, cells)]
    return SonataCircuit(path, tuple(cells), tuple(projections), config.step_ms, config.duration_ms)


def _with_spikes(cells: Sequence[SonataCells], given: SpikeInput, config: SonataConfig) -> list[SonataCells]:
    """Return the cells, virtual ones with the spikes of one more input."""
    chosen = _chosen(cells, given.node_set, config, given.where)
    trains = read(given.path)
    known = dict(trains.populations)
    found = list(cells)
    for number, ids in chosen.items():
        each = cells[number]
        if known and each.population not in known:
            raise InputError(Problem(f"there are no spikes of population '{each.population}'", where=str(given.path),
                                     remedy=did_you_mean(each.population, list(known))))
        own = trains.of(each.population) if known else trains
        at = np.minimum(np.searchsorted(ids, own.ids), len(ids) - 1) if len(ids) else np.zeros(len(own), np.int64)
        here = ids[at] == own.ids if len(ids) else np.zeros(len(own), bool)
        spikes = SpikeTrains(own.times_ms[here], np.searchsorted(each.node_ids, own.ids[here]))
        found[number] = replace(each, spikes=spikes if each.spikes is None else joined(each.spikes, spikes))
    return found


def _chosen(cells: Sequence[SonataCells], node_set: object, config: SonataConfig, where: str,
            above: tuple[str, ...] = ()) -> dict[int, NDArray[np.int64]]:
    """Return the node ids that a node set, found in the sets `above`, takes from each of the virtual cells."""
    rule = node_set
    if isinstance(rule, str):
        if rule in above:
            raise InputError(Problem(f"the node set '{rule}' holds itself", where=where, expected="sets of other sets"))
        above = (*above, rule)
        populations = sorted({each.population for each in cells})
        named = {**{name: {"population": name} for name in populations}, **config.node_sets}
        if rule not in named and rule not in _ALL:
            raise InputError(Problem(f"there is no node set '{rule}'", where=where, remedy=did_you_mean(rule, list(named))))
        rule = named.get(rule, {})
    if isinstance(rule, list):
        if not all(isinstance(each, str) for each in rule):
            raise InputError(Problem(f"the node set is {str(rule)[:60]!r}", where=where, expected="a list of names of node sets"))
        parts = [_chosen(cells, each, config, where, above) for each in rule]
        return {number: np.unique(np.concatenate([part[number] for part in parts if number in part]))
                for number in sorted({number for part in parts for number in part})}
    if rule is not None and not isinstance(rule, Mapping):
        raise InputError(Problem(f"the node set is {str(rule)[:60]!r}", where=where, expected="a name, or a mapping of attributes"))
    return _by_rule(cells, rule or {}, where)


def _by_rule(cells: Sequence[SonataCells], rule: Mapping[str, object], where: str) -> dict[int, NDArray[np.int64]]:
    known = ("population", "model_type", "node_type_id", "node_id")
    for key in rule:
        if key not in known:
            raise InputError(Problem(f"the node set asks for '{key}'", where=where,
                                     expected=", ".join(known) + ": nothing else is looked at"))
    wanted = {key: set(value) if isinstance(value, list) else {value} for key, value in rule.items()}
    found = {}
    for number, each in enumerate(cells):
        facts = {"population": each.population, "model_type": "virtual", "node_type_id": each.node_type_id}
        if each.model is None and all(fact in wanted.get(key, {fact}) for key, fact in facts.items()):
            ids = each.node_ids
            if "node_id" in wanted:
                ids = ids[np.isin(ids, [i for i in wanted["node_id"] if isinstance(i, int)])]
            found[number] = ids
    if not found:
        raise InputError(Problem("the node set holds no virtual nodes", where=where,
                                 expected="virtual nodes, as an input of spikes is theirs"))
    return found
