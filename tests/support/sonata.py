"""Write small SONATA circuits, as other tools leave them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np

CELL = {"C_m": 250.0, "tau_m": 10.0, "tau_syn_ex": 2.0, "tau_syn_in": 2.0, "t_ref": 2.0, "V_th": -50.0, "V_reset": -65.0, "E_L": -65.0,
        "I_e": 0.0}
NODE_TYPES = ("node_type_id model_type model_template dynamics_params ei\n"
              "100 point_neuron nest:iaf_psc_exp exc.json e\n101 point_process nest:iaf_psc_exp inh.json i\n")
EDGE_TYPES = ("edge_type_id target_query source_query delay syn_weight dynamics_params model_template\n"
              "100 \"ei=='e'\" \"ei=='e'\" 2.0 30.0 static.json static_synapse\n101 * \"ei=='i'\" 1.5 -60.0 NULL nest:static_synapse\n"
              "200 * * 1.0 NULL NULL static_synapse\n")
VIRTUAL_TYPES = "node_type_id model_type\n7 virtual\n"


def mark(file: h5py.File) -> None:
    file.attrs["magic"], file.attrs["version"] = np.uint32(0x0A7A), np.array([0, 1], np.uint32)


def write_nodes(path: Path, name: str, type_ids: Any, node_ids: Any = None, groups: dict[str, Any] | None = None) -> None:
    """Write one population of nodes in one group; `groups` holds its columns, ``dynamics_params/V_m`` too."""
    type_ids = np.asarray(type_ids)
    with h5py.File(path, "a") as file:
        mark(file)
        group = file.create_group(f"nodes/{name}")
        group["node_type_id"], group["node_id"] = type_ids, np.arange(len(type_ids)) if node_ids is None else np.asarray(node_ids)
        group["node_group_id"], group["node_group_index"] = np.zeros(len(type_ids), int), np.arange(len(type_ids))
        group.create_group("0")
        for column, data in (groups or {}).items():
            group[f"0/{column}"] = data


def write_edges(path: Path, name: str, ends: tuple[str, str], sources: Any, targets: Any, type_ids: Any,
                groups: dict[str, Any] | None = None) -> None:
    """Write one population of edges in one group; `groups` holds its columns, one entry an edge."""
    count = len(np.asarray(sources))
    with h5py.File(path, "a") as file:
        mark(file)
        group = file.create_group(f"edges/{name}")
        group["source_node_id"], group["target_node_id"] = np.asarray(sources, np.uint64), np.asarray(targets, np.uint64)
        group["source_node_id"].attrs["node_population"], group["target_node_id"].attrs["node_population"] = ends
        group["edge_type_id"] = np.broadcast_to(type_ids, count)
        group["edge_group_id"], group["edge_group_index"] = np.zeros(count, int), np.arange(count)
        group.create_group("0")
        for column, data in (groups or {}).items():
            group[f"0/{column}"] = np.asarray(data, float)


def write_spikes(path: Path, name: str, times_ms: Any, ids: Any) -> None:
    """Write the spikes of one population."""
    with h5py.File(path, "w") as file:
        mark(file)
        group = file.create_group(f"spikes/{name}")
        group["timestamps"], group["node_ids"] = np.asarray(times_ms, float), np.asarray(ids, np.uint64)
        group["timestamps"].attrs["units"] = "ms"


def write_circuit(folder: Path, *, neurons: int = 10, virtual: int = 5, seed: int = 1, shuffle: int | None = None) -> Path:
    """Write a circuit of two types of neurons, of which every fifth is inhibitory, driven by virtual nodes; return its simulation file.

    `shuffle` is the seed of another order of all rows of all files, which means the same circuit.
    """
    rng = np.random.default_rng(seed)
    for name in ("network", "cells", "synapses", "inputs"):
        (folder / name).mkdir(parents=True)
    (folder / "cells/exc.json").write_text(json.dumps(CELL))
    (folder / "cells/inh.json").write_text(json.dumps({**CELL, "tau_m": 8.0, "I_e": 50.0}))
    (folder / "synapses/static.json").write_text("{}")
    for name, text in (("node", NODE_TYPES), ("edge", EDGE_TYPES), ("virtual", VIRTUAL_TYPES)):
        (folder / f"network/{name}_types.csv").write_text(text)
    order = np.arange if shuffle is None else np.random.default_rng(shuffle).permutation
    ids = order(neurons)
    write_nodes(folder / "network/nodes.h5", "internal", np.where(ids % 5 == 4, 101, 100), ids)
    write_nodes(folder / "network/virtual.h5", "external", np.full(virtual, 7), order(virtual))
    pairs = rng.integers(0, neurons, (3 * neurons, 2))[order(3 * neurons)]
    inhibitory = pairs[:, 0] % 5 == 4
    write_edges(folder / "network/edges.h5", "recurrent", ("internal", "internal"), *pairs.T, np.where(inhibitory, 101, 100))
    count = 4 * neurons
    edges = np.column_stack([rng.integers(0, virtual, count), rng.integers(0, neurons, count), rng.uniform(300, 600, count).round(1),
                             rng.integers(1, 4, count), 0.1 * rng.integers(5, 30, count)])[order(count)]
    write_edges(folder / "network/input.h5", "input", ("external", "internal"), edges[:, 0], edges[:, 1], 200,
                {"syn_weight": edges[:, 2], "nsyns": edges[:, 3], "delay": edges[:, 4]})
    spikes = np.column_stack([0.1 * rng.integers(1, 500, 30 * virtual), rng.integers(0, virtual, 30 * virtual)])[order(30 * virtual)]
    write_spikes(folder / "inputs/spikes.h5", "external", *spikes.T)
    (folder / "circuit_config.json").write_text(json.dumps({
        "manifest": {"$NETWORK_DIR": "$BASE_DIR/network", "$BASE_DIR": ".", "${CELLS}": "${BASE_DIR}/cells"},
        "components": {"point_neuron_models_dir": "${CELLS}", "synaptic_models_dir": "synapses"},
        "networks": {
            "nodes": [{"nodes_file": "$NETWORK_DIR/nodes.h5", "node_types_file": "$NETWORK_DIR/node_types.csv"},
                      {"nodes_file": "$NETWORK_DIR/virtual.h5", "node_types_file": "$NETWORK_DIR/virtual_types.csv"}],
            "edges": [{"edges_file": "$NETWORK_DIR/edges.h5", "edge_types_file": "$NETWORK_DIR/edge_types.csv"},
                      {"edges_file": "$NETWORK_DIR/input.h5", "edge_types_file": "$NETWORK_DIR/edge_types.csv"}]}}, indent=1))
    path = folder / "simulation_config.json"
    path.write_text(json.dumps({
        "network": "circuit_config.json", "target_simulator": "NEST", "run": {"tstop": 60.0, "dt": 0.1},
        "inputs": {"drive": {"input_type": "spikes", "module": "h5", "input_file": "inputs/spikes.h5", "node_set": "external"}}}, indent=1))
    return path
