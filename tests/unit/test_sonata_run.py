"""A SONATA circuit runs as its files say: as NEST runs it, for any ranks and windows, and as the same network given by rules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from support.command import cosim
from support.microcircuit import CLOCK, digest, make, run
from support.sonata import CELL, write_circuit, write_edges, write_nodes, write_spikes

from cosim.errors import InputError
from cosim.models.microcircuit.component import Microcircuit
from cosim.models.microcircuit.kernel import twin
from cosim.models.microcircuit.parameters import MicrocircuitParameters
from cosim.models.microcircuit.spike_files.nest_text import read_nest_text
from cosim.models.microcircuit.spike_files.read import read

NEST = Path(__file__).parents[1] / "validation" / "data" / "nest_sonata_circuit.dat"
STEPS = 600


def circuit(path: Path, **settings: Any) -> Microcircuit:
    return Microcircuit(MicrocircuitParameters(network=path.name, folder=str(path.parent), **settings), CLOCK)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_circuit(tmp_path_factory.mktemp("sonata") / "circuit", neurons=40)


@pytest.fixture(scope="module")
def expected(config: Path) -> str:
    return digest(run(lambda: circuit(config), STEPS))


def alone(folder: Path, times_ms: list[float], delays_ms: list[float], weights: list[float], cell: dict[str, float] | None = None) -> Path:
    """Write one neuron that hears one virtual node over some synapses."""
    path = write_circuit(folder, neurons=1, virtual=1)
    for name in ("edges", "input", "nodes"):
        (folder / f"network/{name}.h5").unlink()
    (folder / "cells/exc.json").write_text(json.dumps({**CELL, "V_th": 1000.0} if cell is None else cell))
    write_nodes(folder / "network/nodes.h5", "internal", [100])
    write_edges(folder / "network/edges.h5", "recurrent", ("internal", "internal"), [], [], 100)
    n = len(weights)
    write_edges(folder / "network/input.h5", "input", ("external", "internal"), [0] * n, [0] * n, 200,
                {"syn_weight": weights, "delay": delays_ms})
    write_spikes(folder / "inputs/spikes.h5", "external", times_ms, [0] * len(times_ms))
    return path


def test_the_spikes_are_those_of_nest(config: Path, tmp_path: Path) -> None:
    (tmp_path / "e.yaml").write_text(
        "cosim: 1\ntitle: A circuit\nduration: 60 ms\nstep: 0.1 ms\nrecord: [c.spikes]\n"
        f"groups: {{c: {{component: microcircuit, params: {{network: {config}, precision: double}}}}}}\n")
    done = cosim("run", "e.yaml", "--no-report", "--out", "run", cwd=tmp_path)
    assert done.status == 0, done.said
    assert cosim("export-spikes", "run", "--to", "out.h5", cwd=tmp_path).status == 0
    nest, ours = read_nest_text(NEST, first_id=1), read(tmp_path / "out.h5")
    inhibitory = np.arange(40) % 5 == 4
    for name, nodes in (("internal.100", np.flatnonzero(~inhibitory)), ("internal.101", np.flatnonzero(inhibitory))):
        part, here = ours.of(name), np.isin(nest.ids, nodes)
        assert np.array_equal(part.times_ms, nest.times_ms[here])
        assert np.array_equal(nodes[part.ids], nest.ids[here])
    assert len(ours) == len(nest) == 608


@pytest.mark.parametrize("window", [1, 7, 15, 599])
def test_any_window_gives_the_same_bits(config: Path, expected: str, window: int) -> None:
    assert digest(run(lambda: circuit(config), STEPS, window)) == expected


@pytest.mark.parametrize("share_memory", [True, False])
@pytest.mark.parametrize(("ranks", "partition"), [(2, "neurons"), (3, "neurons"), (4, "neurons"), (2, "edges"), (3, "edges")])
def test_any_number_of_ranks_gives_the_same_bits(config: Path, expected: str, ranks: int, partition: str, share_memory: bool) -> None:
    assert digest(run(lambda: circuit(config), STEPS, 50, None, ranks, share_memory, partition=partition)) == expected


def test_the_order_of_rows_does_not_change_a_bit(tmp_path: Path, expected: str) -> None:
    other = write_circuit(tmp_path / "circuit", neurons=40, shuffle=3)
    assert digest(run(lambda: circuit(other), STEPS)) == expected


def test_listed_synapses_give_the_bits_of_the_numpy_twin(tmp_path: Path) -> None:
    config = write_circuit(tmp_path / "circuit", neurons=40)
    for name in ("exc", "inh"):
        (config.parent / f"cells/{name}.json").write_text(json.dumps({**CELL, "I_e": 500.0 if name == "exc" else 420.0}))
    made: list[Microcircuit] = []

    def one() -> Microcircuit:
        made.append(circuit(config.with_name("circuit_config.json")))
        return made[-1]

    given = run(one, STEPS)
    plan = made[0]._plan
    direct = np.tile(plan.scaled.direct_pa, (STEPS, 1))
    spikes, _ = twin.run(plan, 7, "column", np.zeros((STEPS, 2)), direct, np.zeros((STEPS, 40), np.int64))
    assert spikes.sum() > 100
    assert np.array_equal(np.argwhere(spikes) + np.array([1, 0]), np.stack([given["spikes"].ticks, given["spikes"].ids], axis=1))


def test_listed_synapses_are_those_of_a_rule(tmp_path: Path) -> None:
    text = """
neuron: {C_m: 250 pF, tau_m: 10 ms, tau_syn: 2 ms, t_ref: 2 ms, V_th: -50 mV, V_reset: -65 mV, E_L: -65 mV}
populations: {A: {size: 30, I_e: 450 pA}, B: {size: 30, tau_m: 8 ms, I_e: 480 pA}}
synapses: {exc: {weight: 20 pA, delay: 1.5 ms}, inh: {weight: -60 pA, delay: 0.7 ms}}
projections:
  - {source: A, target: B, rule: all_to_all, synapse: exc}
  - {source: B, target: A, rule: one_to_one, synapse: inh}
"""
    folder = write_circuit(tmp_path / "circuit").parent
    for name in ("nodes", "edges", "input"):
        (folder / f"network/{name}.h5").unlink()
    (folder / "cells/exc.json").write_text(json.dumps({**CELL, "I_e": 450.0}))
    (folder / "cells/inh.json").write_text(json.dumps({**CELL, "I_e": 480.0, "tau_m": 8.0}))
    write_nodes(folder / "network/nodes.h5", "internal", [100] * 30 + [101] * 30)
    each = np.arange(30)
    sources = np.concatenate([np.repeat(each, 30), each + 30])
    targets = np.concatenate([np.tile(each, 30) + 30, each])
    weights = np.where(sources < 30, 20.0, -60.0)
    write_edges(folder / "network/edges.h5", "recurrent", ("internal", "internal"), sources, targets, 200,
                {"syn_weight": weights, "delay": np.where(sources < 30, 1.5, 0.7)})
    write_edges(folder / "network/input.h5", "input", ("external", "internal"), [], [], 200)
    ruled = run(lambda: make(text, tmp_path), 1000)["spikes"]
    listed = run(lambda: circuit(folder / "circuit_config.json"), 1000)["spikes"]
    assert len(ruled.ids) > 200
    assert np.array_equal(listed.ticks, ruled.ticks)
    assert np.array_equal(listed.ids, ruled.ids)


def test_a_spike_from_a_file_arrives_exactly_one_delay_later(tmp_path: Path) -> None:
    path = alone(tmp_path / "c", [2.0, 3.01, 6.0, 6.0], [1.5, 0.7], [10.0, 7.0])
    current = run(lambda: circuit(path, precision="double", trace=(0,)), 100)["synaptic_current"]
    decay = np.exp(-0.1 / 2)
    jumps = np.diff(current.values[:, 0], prepend=0.0) + (1 - decay) * np.concatenate([[0.0], current.values[:-1, 0]])
    found = {current.first + int(k): round(float(jumps[k]), 9) for k in np.flatnonzero(np.abs(jumps) > 1e-9)}
    assert found == {27: 7.0, 35: 10.0, 38: 7.0, 46: 10.0, 67: 14.0, 75: 20.0}


def test_negative_weights_act_on_the_inhibitory_receptor(tmp_path: Path) -> None:
    path = alone(tmp_path / "c", [1.0], [1.0], [-10.0], {**CELL, "tau_syn_in": 5.0})
    potential = run(lambda: circuit(path, precision="double", trace=(0,)), 400)["potential"].values[:, 0]
    assert (int(potential.argmin()) - 20) * 0.1 == pytest.approx(np.log(2) * 10, abs=0.2)  # the peak for 5 and 10 ms


@pytest.mark.parametrize(("text", "says"), [
    ({"C_m": -1.0}, "C_m is -1 pF"), ({"tau_sym_ex": 1.0}, "did you mean 'tau_syn_ex'"), ({"delta": 1.0}, "no parameter 'delta'"),
    ({"V_reset": 0.0}, "not below V_th"), ({"t_ref": 0.05}, "multiple")])
def test_parameters_that_a_model_cannot_have_are_refused(tmp_path: Path, text: dict[str, float], says: str) -> None:
    path = alone(tmp_path / "c", [1.0], [1.0], [10.0], {**CELL, **text})
    with pytest.raises(InputError, match=says):
        circuit(path)


def test_parameters_without_effect_and_those_not_given_are_taken_as_in_nest(tmp_path: Path) -> None:
    path = alone(tmp_path / "c", [1.0], [1.0], [10.0], {"tau_minus": 30.0, "delta": 0.0, "V_m": -60.0})
    made = circuit(path, trace=(0,))
    population, = made._plan.scaled.network.populations
    assert {name: float(value) for name, value in population.parameters.items()} == {
        "C_m": 250, "tau_m": 10, "tau_syn_ex": 2, "tau_syn_in": 2, "t_ref": 2, "E_L": -70, "V_reset": -70, "V_th": -55}
    potential = run(lambda: circuit(path, trace=(0,), precision="double"), 1)["potential"].values[0, 0]
    assert potential == pytest.approx(-70 + 10 * np.exp(-0.01))


def test_what_cannot_run_is_a_sentence(tmp_path: Path) -> None:
    path = alone(tmp_path / "c", [1.0], [1.0], [10.0])
    with pytest.raises(InputError, match="listed one by one"):
        circuit(path, scale=0.5)
    with pytest.raises(InputError, match=r"from 0 to 0 has a delay of 0\.04 ms, 0 steps of 0\.1 ms"):
        circuit(alone(tmp_path / "short", [1.0], [0.04], [10.0]))
    with pytest.raises(InputError, match="is sent at 0 ms"):
        circuit(alone(tmp_path / "zero", [0.0, 1.0], [1.0], [10.0]))
    with pytest.raises(InputError, match=r"there is no network file '.*none\.json'"):
        circuit(tmp_path / "none.json")
    types = path.parent / "network/node_types.csv"
    types.write_text(types.read_text().replace("iaf_psc_exp", "iaf_psc_expo", 1))
    with pytest.raises(InputError, match="did you mean 'iaf_psc_exp'"):
        circuit(path)
    (path.parent / "synapses/static.json").write_text('{"receptor_type": 2}')
    types.write_text(types.read_text().replace("iaf_psc_expo", "iaf_psc_exp", 1))
    with h5py.File(path.parent / "network/input.h5", "r+") as file:
        del file["edges/input/edge_type_id"]
        file["edges/input/edge_type_id"] = [100]
    with pytest.raises(InputError, match="receptor 2 of iaf_psc_exp"):
        circuit(path)
