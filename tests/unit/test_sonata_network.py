"""A SONATA circuit is read as it stands in its files, whatever the order of their rows, and what is wrong with it is a sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from support.sonata import CELL, write_circuit, write_edges, write_nodes, write_spikes

from cosim.errors import InputError
from cosim.models.microcircuit.network.sonata.circuit import read_circuit
from cosim.models.microcircuit.network.sonata.data import SonataCircuit


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_circuit(tmp_path / "circuit")


def edges(circuit: SonataCircuit) -> list[tuple[object, ...]]:
    """Return every edge in words that do not depend on any order."""
    found = []
    for p in circuit.projections:
        source, target = circuit.cells[p.source], circuit.cells[p.target]
        found += zip([source.population] * len(p.sources), source.node_ids[p.sources].tolist(), target.node_ids[p.targets].tolist(),
                     p.weights.tolist(), p.delays_ms.tolist(), strict=True)
    return sorted(found)


def test_nodes_of_a_type_are_cells_of_their_own(config: Path) -> None:
    circuit = read_circuit(config)
    assert [(c.name, c.model) for c in circuit.cells] == [("internal.100", "iaf_psc_exp"), ("internal.101", "iaf_psc_exp"),
                                                          ("external", None)]
    assert circuit.cells[0].node_ids.tolist() == [0, 1, 2, 3, 5, 6, 7, 8]
    assert circuit.cells[1].node_ids.tolist() == [4, 9]
    assert circuit.cells[0].parameters == CELL
    assert circuit.cells[1].parameters == {**CELL, "tau_m": 8.0, "I_e": 50.0}
    assert circuit.cells[2].size == 5
    assert (circuit.step_ms, circuit.duration_ms) == (0.1, 60.0)


def test_edges_are_those_of_the_files(config: Path) -> None:
    wanted: list[tuple[object, ...]] = []
    with h5py.File(config.parent / "network/edges.h5") as file:
        group = file["edges/recurrent"]
        kinds = {100: (30.0, 2.0), 101: (-60.0, 1.5)}
        wanted += [("internal", int(s), int(t), *kinds[k]) for s, t, k in
                   zip(group["source_node_id"], group["target_node_id"], group["edge_type_id"], strict=True)]
    with h5py.File(config.parent / "network/input.h5") as file:
        group = file["edges/input"]
        wanted += [("external", int(s), int(t), w * n, d) for s, t, w, n, d in
                   zip(group["source_node_id"], group["target_node_id"], group["0/syn_weight"], group["0/nsyns"], group["0/delay"],
                       strict=True)]
    assert edges(read_circuit(config)) == sorted(wanted)


def test_spikes_of_virtual_nodes_are_those_of_the_file(config: Path) -> None:
    spikes = read_circuit(config).cells[2].spikes
    with h5py.File(config.parent / "inputs/spikes.h5") as file:
        wanted = sorted(zip(file["spikes/external/timestamps"], file["spikes/external/node_ids"], strict=True))
    assert spikes is not None
    assert list(zip(spikes.times_ms, spikes.ids, strict=True)) == wanted


def test_the_order_of_rows_means_nothing(tmp_path: Path, config: Path) -> None:
    one = read_circuit(config)
    for shuffle in (1, 2):
        other = read_circuit(write_circuit(tmp_path / f"s{shuffle}", shuffle=shuffle))
        assert edges(other) == edges(one)
        for a, b in zip(one.cells, other.cells, strict=True):
            assert (a.name, a.model, a.parameters) == (b.name, b.model, b.parameters)
            assert np.array_equal(a.node_ids, b.node_ids)
            if a.spikes is not None and b.spikes is not None:
                assert np.array_equal(a.spikes.times_ms, b.spikes.times_ms)
                assert np.array_equal(a.spikes.ids, b.spikes.ids)


def test_a_circuit_without_a_simulation_has_silent_virtual_nodes(config: Path) -> None:
    circuit = read_circuit(config.with_name("circuit_config.json"))
    assert circuit.cells[2].spikes is None
    assert circuit.step_ms is None
    assert edges(circuit) == edges(read_circuit(config))


def test_what_stands_beside_a_node_goes_before_its_type(config: Path) -> None:
    with h5py.File(config.parent / "network/nodes.h5", "r+") as file:
        file["nodes/internal/0/dynamics_params/I_e"] = np.array([1.0, 2.0] * 5)
    found = {c.name: (c.parameters["I_e"], c.node_ids.tolist()) for c in read_circuit(config).cells if c.model}
    assert found == {"internal.100.0": (1.0, [0, 2, 6, 8]), "internal.100.1": (2.0, [1, 3, 5, 7]), "internal.101.2": (1.0, [4]),
                     "internal.101.3": (2.0, [9])}


def test_models_may_stand_in_a_library_beside_the_nodes(tmp_path: Path, config: Path) -> None:
    folder = config.parent
    (folder / "network/node_types.csv").write_text("node_type_id model_type\n100 point_neuron\n101 point_neuron\n")
    with h5py.File(folder / "network/nodes.h5", "r+") as file:
        group = file["nodes/internal/0"]
        group["model_template"] = np.array([0, 1] * 5)
        group["@library/model_template"] = [b"nest:iaf_psc_exp", b"nest:iaf_psc_alpha"]
    assert [c.model for c in read_circuit(config).cells if c.model] == ["iaf_psc_exp", "iaf_psc_alpha", "iaf_psc_exp", "iaf_psc_alpha"]


def test_ids_may_have_gaps_and_groups_may_be_left_out(tmp_path: Path, config: Path) -> None:
    folder = config.parent
    (folder / "network/nodes.h5").unlink()
    (folder / "network/edges.h5").unlink()
    (folder / "network/input.h5").unlink()
    write_nodes(folder / "network/nodes.h5", "internal", [100, 101, 100], [700, 20, 3])
    write_edges(folder / "network/edges.h5", "recurrent", ("internal", "internal"), [700, 20], [20, 3], [100, 101])
    write_edges(folder / "network/input.h5", "input", ("external", "internal"), [], [], 200)
    for name, kind in (("nodes", "node"), ("edges", "edge")):
        with h5py.File(folder / f"network/{name}.h5", "r+") as file:
            population, = file[name].values()
            for dropped in (f"{kind}_group_id", f"{kind}_group_index", "0"):
                del population[dropped]
    circuit = read_circuit(config)
    assert [c.node_ids.tolist() for c in circuit.cells[:2]] == [[3, 700], [20]]
    assert edges(circuit) == [("internal", 20, 3, -60.0, 1.5), ("internal", 700, 20, 30.0, 2.0)]


def test_edges_of_several_groups_and_populations_are_all_read(config: Path) -> None:
    path = config.parent / "network/edges.h5"
    path.unlink()
    write_edges(path, "one", ("internal", "internal"), [0, 1, 2], [5, 6, 7], 100)
    write_edges(path, "two", ("internal", "internal"), [3], [8], 100, {"dynamics_params/weight": [7.5]})
    with h5py.File(path, "r+") as file:
        del file["edges/one/edge_group_id"], file["edges/one/edge_group_index"]
        file["edges/one/edge_group_id"], file["edges/one/edge_group_index"] = [0, 3, 3], [0, 1, 0]
        file["edges/one/3/syn_weight"] = [5.0, 6.0]
    recurrent = [edge for edge in edges(read_circuit(config)) if edge[0] == "internal"]
    assert recurrent == [("internal", 0, 5, 30.0, 2.0), ("internal", 1, 6, 6.0, 2.0), ("internal", 2, 7, 5.0, 2.0),
                         ("internal", 3, 8, 7.5, 2.0)]


@pytest.mark.parametrize(("node_set", "ids"), [
    ("external", range(5)), ("all", range(5)), (None, range(5)), ({"population": "external"}, range(5)),
    ({"model_type": "virtual"}, range(5)), ({"population": "external", "node_id": [1, 3]}, [1, 3]), ("few", [0]), ("some", [0, 2]),
    (["few", "other"], [0, 2])])
def test_a_node_set_says_which_nodes_hear_an_input(config: Path, node_set: object, ids: object) -> None:
    data = json.loads(config.read_text())
    data["inputs"]["drive"]["node_set"], data["node_sets_file"] = node_set, "sets.json"
    config.write_text(json.dumps(data))
    config.with_name("sets.json").write_text(json.dumps({"few": {"population": "external", "node_id": 0}, "some": ["few", "other"],
                                                         "other": {"node_type_id": 7, "node_id": [2]}}))
    spikes = read_circuit(config).cells[2].spikes
    assert spikes is not None
    assert set(spikes.ids.tolist()) == set(ids)  # type: ignore[call-overload]


@pytest.mark.parametrize(("sets", "says"), [
    ({"a": ["b"], "b": ["a"]}, "holds itself"), ({"a": ["c"]}, "no node set 'c'"), ({"a": [1]}, "list of names"), ({"a": 3}, "mapping"),
    ({"a": {"ei": "e"}}, "'ei'")])
def test_a_bad_node_set_is_a_sentence(config: Path, sets: dict[str, object], says: str) -> None:
    data = json.loads(config.read_text())
    data["inputs"]["drive"]["node_set"], data["node_sets_file"] = "a", "sets.json"
    config.write_text(json.dumps(data))
    config.with_name("sets.json").write_text(json.dumps(sets))
    with pytest.raises(InputError) as raised:
        read_circuit(config)
    assert f"{config}: inputs.drive" in str(raised.value)
    assert says in str(raised.value)


def test_two_inputs_are_heard_both(config: Path) -> None:
    write_spikes(config.parent / "inputs/more.h5", "external", [100.0, 0.05], [1, 4])
    data = json.loads(config.read_text())
    before = read_circuit(config).cells[2].spikes
    data["inputs"]["more"] = {"input_type": "spikes", "module": "sonata", "input_file": "./inputs/more.h5", "node_set": "external"}
    config.write_text(json.dumps(data))
    spikes = read_circuit(config).cells[2].spikes
    assert before is not None
    assert spikes is not None
    assert spikes.times_ms.tolist() == [0.05, *before.times_ms.tolist(), 100.0]


def test_an_edge_file_that_is_not_enabled_is_left_out(config: Path) -> None:
    path = config.with_name("circuit_config.json")
    data = json.loads(path.read_text())
    data["networks"]["edges"][0]["enabled"] = False
    path.write_text(json.dumps(data))
    assert {edge[0] for edge in edges(read_circuit(config))} == {"external"}


Change = Callable[[Path], None]


def text(name: str, old: str, new: str) -> Change:
    def change(folder: Path) -> None:
        path = folder / name
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new, 1))

    return change


def data(name: str, act: Callable[[h5py.File], object]) -> Change:
    def change(folder: Path) -> None:
        with h5py.File(folder / "network" / name, "r+") as file:
            act(file)

    return change


def put(file: h5py.File, name: str, value: object) -> None:
    if name in file:
        attributes = dict(file[name].attrs)
        del file[name]
    else:
        attributes = {}
    file[name] = value
    file[name].attrs.update(attributes)


NODES, EDGES = "nodes/internal", "edges/recurrent"
BAD: dict[str, tuple[Change, str, str]] = {
    "no file": (lambda folder: (folder / "network/nodes.h5").unlink(), "circuit_config.json", "no file"),
    "no JSON": (text("circuit_config.json", "{", "{,"), "circuit_config.json:1", "no valid JSON"),
    "list": (lambda folder: (folder / "circuit_config.json").write_text("[]") and None, "circuit_config.json", "no mapping"),
    "no networks": (text("circuit_config.json", "networks", "nets"), "circuit_config.json", "no 'networks'"),
    "variable": (text("circuit_config.json", "$NETWORK_DIR/nodes.h5", "$NETWORK_DIRS/nodes.h5"), "networks.nodes[0].nodes_file",
                 "did you mean 'NETWORK_DIR'"),
    "circular": (text("circuit_config.json", '"$BASE_DIR": "."', '"$BASE_DIR": "$NETWORK_DIR"'), "circuit_config.json", "each other"),
    "key": (text("circuit_config.json", "edges_file", "edge_file"), "networks.edges[0]", "'edges_file' is missing"),
    "clamp": (text("simulation_config.json", '"spikes"', '"current_clamp"'), "inputs.drive", "current_clamp"),
    "dt": (text("simulation_config.json", '"dt": 0.1', '"dt": "fast"'), "run", "'fast'"),
    "node set": (text("simulation_config.json", '"node_set": "external"', '"node_set": "externa"'), "inputs.drive", "'external'"),
    "set of neurons": (text("simulation_config.json", '"node_set": "external"', '"node_set": "internal"'), "inputs.drive", "virtual"),
    "spikes": (lambda folder: (folder / "inputs/spikes.h5").write_bytes(b"\0") and None, "inputs/spikes.h5", ""),
    "population of spikes": (lambda folder: write_spikes(folder / "inputs/spikes.h5", "other", [1.0], [0]), "inputs/spikes.h5", "'other'"),
    "no column": (text("network/node_types.csv", "node_type_id", "type"), "node_types.csv:1", "no column 'node_type_id'"),
    "short row": (text("network/node_types.csv", " exc.json e", ""), "node_types.csv:2", "3 columns"),
    "twice": (text("network/node_types.csv", "101", "100"), "node_types.csv:3", "second time"),
    "type id": (text("network/node_types.csv", "101", "x"), "node_types.csv:3", "'x'"),
    "lost type": (text("network/node_types.csv", "101", "102"), "node_types.csv", "no type 101"),
    "biophysical": (text("network/node_types.csv", "point_neuron", "biophysical"), "node_types.csv: type 100", "biophysical"),
    "simulator": (text("network/node_types.csv", "nest:iaf", "pynn:iaf"), "node_types.csv: type 100", "pynn:iaf"),
    "parameters": (lambda folder: (folder / "cells/exc.json").unlink(), "node_types.csv: type 100", "exc.json"),
    "no number": (lambda folder: (folder / "cells/exc.json").write_text('{"C_m": "big"}') and None, "exc.json", "'C_m'"),
    "infinite": (lambda folder: (folder / "cells/exc.json").write_text('{"C_m": Infinity}') and None, "exc.json", "finite"),
    "synapse": (text("network/edge_types.csv", "static_synapse", "stdp_synapse"), "edge_types.csv: type 100", "stdp_synapse"),
    "synapse parameters": (lambda folder: (folder / "synapses/static.json").write_text('{"tau": 1}') and None, "static.json", "'tau'"),
    "weight": (text("network/edge_types.csv", "30.0", "much"), "edge_types.csv: type 100", "'much'"),
    "no weight": (text("network/edge_types.csv", "30.0", "NULL"), "edges.h5: /edges/recurrent", "no weight"),
    "no delay": (text("network/edge_types.csv", "2.0", "NULL"), "edges.h5: /edges/recurrent", "no delay"),
    "zero delay": (text("network/edge_types.csv", "2.0", "0"), "edges.h5: /edges/recurrent", "delay 0 ms"),
    "version": (data("nodes.h5", lambda file: file.attrs.__setitem__("version", [3, 1])), "nodes.h5", "version 3.1"),
    "magic": (data("edges.h5", lambda file: file.attrs.__setitem__("magic", 5)), "edges.h5", "magic"),
    "no type ids": (data("nodes.h5", lambda file: file.pop(f"{NODES}/node_type_id")), "nodes.h5: /nodes/internal", "'node_type_id'"),
    "lengths": (data("nodes.h5", lambda file: put(file, f"{NODES}/node_id", [1, 2])), "nodes.h5", "2"),
    "same id": (data("nodes.h5", lambda file: put(file, f"{NODES}/node_id", [0, 1, 2, 3, 4, 5, 6, 7, 8, 8])), "nodes.h5", "twice"),
    "negative id": (data("nodes.h5", lambda file: put(file, f"{NODES}/node_id", np.arange(-1, 9))), "nodes.h5", "-1"),
    "short group": (data("nodes.h5", lambda file: put(file, f"{NODES}/0/dynamics_params/I_e", [1.0])), "dynamics_params/I_e", "1 entries"),
    "nan": (data("nodes.h5", lambda file: put(file, f"{NODES}/0/dynamics_params/I_e", [np.nan] * 10)), "dynamics_params/I_e", "finite"),
    "no nodes": (data("nodes.h5", lambda file: file.pop("nodes")), "nodes.h5", "no group 'nodes'"),
    "no sources": (data("edges.h5", lambda file: file.pop(f"{EDGES}/source_node_id")), "edges.h5: /edges/recurrent", "'source_node_id'"),
    "no population": (data("edges.h5", lambda file: file[f"{EDGES}/source_node_id"].attrs.pop("node_population")), "source_node_id",
                      "node_population"),
    "lost population": (data("edges.h5", lambda file: file[f"{EDGES}/source_node_id"].attrs.__setitem__("node_population", "intern")),
                        "source_node_id", "'internal'"),
    "lost node": (data("edges.h5", lambda file: put(file, f"{EDGES}/target_node_id", np.arange(30))), "target_node_id", "node 10"),
    "edge lengths": (data("edges.h5", lambda file: put(file, f"{EDGES}/target_node_id", [1])), "edges.h5", "entries"),
    "to virtual": (data("input.h5", lambda file: file["edges/input/target_node_id"].attrs.__setitem__("node_population", "external")
                        or put(file, "edges/input/target_node_id", np.zeros(40, int))), "input.h5", "virtual"),
    "negative delay": (data("input.h5", lambda file: put(file, "edges/input/0/delay", -np.ones(40))), "input.h5", "delay -1 ms"),
    "truncated": (lambda folder: (folder / "network/edges.h5").write_bytes((folder / "network/edges.h5").read_bytes()[:900]) and None,
                  "edges.h5", "truncated"),
    "text": (lambda folder: (folder / "network/edges.h5").write_text("hello") and None, "edges.h5", "no HDF5"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_circuit_is_a_sentence(config: Path, name: str) -> None:
    change, place, says = BAD[name]
    change(config.parent)
    with pytest.raises(InputError) as raised:
        read_circuit(config)
    assert place in str(raised.value)
    assert says in str(raised.value)


def test_all_missing_files_are_told_at_once(config: Path) -> None:
    for name in ("nodes.h5", "input.h5", "edge_types.csv"):
        (config.parent / "network" / name).unlink()
    with pytest.raises(InputError) as raised:
        read_circuit(config)
    assert all(name in str(raised.value) for name in ("nodes.h5", "input.h5", "edge_types.csv"))


def test_a_circuit_without_neurons_is_refused(config: Path) -> None:
    path = config.with_name("circuit_config.json")
    changed = json.loads(path.read_text())
    changed["networks"]["nodes"], changed["networks"]["edges"] = changed["networks"]["nodes"][1:], []
    path.write_text(json.dumps(changed))
    with pytest.raises(InputError, match="no neurons"):
        read_circuit(config)
