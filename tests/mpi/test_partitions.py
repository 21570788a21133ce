"""A group whose work is shared out by edge gives the digest of one process, whatever lies between its ranks."""

from pathlib import Path

import pytest
from support.command import cosim
from support.microcircuit import MIXED

pytestmark = pytest.mark.mpi

EXPERIMENT = """
cosim: 1
duration: 40 ms
step: 0.1 ms
groups:
  column: {component: microcircuit, params: {network: network.yaml}}
record: [column.spikes]
"""


def digest_of(folder: Path, name: str, placement: str, transport: str = "mpi") -> str:
    (folder / "layout.yaml").write_text(f"cosim_layout: 1\ntransport: {transport}\ngroups: {{column: {placement}}}\n")
    done = cosim("run", "e.yaml", "--layout", "layout.yaml", "--out", name, "--no-report", cwd=folder, limit=60)
    assert done.status == 0, done.said
    assert not done.left
    assert ("partition: " + ("edges" if "edges" in placement else "neurons")) in (folder / name / "layout.resolved.yaml").read_text()
    return cosim("digest", name, cwd=folder).out.strip()


@pytest.mark.timeout(200)
def test_one_digest_for_both_partitions(tmp_path: Path) -> None:
    (tmp_path / "network.yaml").write_text(MIXED)
    (tmp_path / "e.yaml").write_text(EXPERIMENT)
    alone = digest_of(tmp_path, "alone", "{ranks: 1}", "loopback")
    assert digest_of(tmp_path, "shared", "{ranks: 2, partition: edges}") == alone
    assert digest_of(tmp_path, "separate", "{ranks: 2, partition: edges, memory: separate}") == alone
