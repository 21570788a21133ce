"""All processes of a run build what its launcher has checked, or none does."""

from pathlib import Path

import numpy as np
import pytest
from support.microcircuit import MIXED, make

from cosim.errors import RunError
from cosim.launch.folder import RunFolder
from cosim.launch.ready import make_ready
from cosim.launch.running import Running
from cosim.launch.worker import refuse_changed_files
from cosim.models.microcircuit.network.digest import network_digest
from cosim.models.microcircuit.network.file import read_network

EXPERIMENT = """
cosim: 1
duration: 10 ms
step: 0.1 ms
groups: {small: {component: microcircuit, params: {network: network.yaml}}}
"""
LISTED = """
populations: {A: {size: 3}}
projections: [{source: A, target: A, edges: edges.npz, synapse: {weight: 1 pA, delay: 1 ms}}]
devices: {in: {kind: spikes, target: A, file: in.dat, weight: 1 pA, delay: 1 ms}, volts: {kind: multimeter, target: A}}
"""


def test_a_network_that_changes_after_the_check_is_not_run(tmp_path, monkeypatch):
    monkeypatch.setattr("cosim.launch.running.start", lambda *_: None)
    (tmp_path / "network.yaml").write_text(MIXED)
    (tmp_path / "experiment.yaml").write_text(EXPERIMENT)
    folder = RunFolder(tmp_path / "run")
    folder.log.mkdir(parents=True)
    folder.live.mkdir()
    running = Running(make_ready(tmp_path / "experiment.yaml"), folder)
    running._held.close()
    refuse_changed_files(folder, make_ready(folder.experiment).plan)
    (tmp_path / "network.yaml").write_text(MIXED.replace("indegree: 20", "indegree: 21"))
    with pytest.raises(RunError, match="a file that group 'small' is built from has changed since the run began"):
        refuse_changed_files(folder, make_ready(folder.experiment).plan)


def test_a_digest_tells_networks_apart_wherever_their_files_lie(tmp_path):
    found = []
    for name, target, spike, scale in (("a", 1, 5.0, ""), ("b", 1, 5.0, ""), ("c", 2, 5.0, ""), ("d", 1, 6.0, ""), ("e", 1, 5.0, " ")):
        folder = tmp_path / name
        folder.mkdir()
        np.savez(folder / "edges.npz", source=np.array([0]), target=np.array([target]))
        (folder / "in.dat").write_text(f"0 {spike}\n")
        (folder / "network.yaml").write_text(LISTED.replace("1 pA", "2 pA") if scale else LISTED)
        found.append(network_digest(read_network(folder / "network.yaml")))
    assert found[0] == found[1] and len(set(found)) == 4
    small = make(MIXED, tmp_path, scale=0.5).describe().files
    assert small and small != make(MIXED, tmp_path).describe().files


def test_a_run_folder_without_digests_is_taken_as_it_is(tmp_path: Path):
    (tmp_path / "network.yaml").write_text(MIXED)
    (tmp_path / "experiment.yaml").write_text(EXPERIMENT)
    refuse_changed_files(RunFolder(tmp_path), make_ready(tmp_path / "experiment.yaml").plan)
