"""The ranks of a group exchange the same, whatever lies between them."""

import subprocess
import sys
from pathlib import Path

import pytest

from cosim.experiment.layout import Layout, Placement, Transport
from cosim.launch.processes import environment, mpiexec, mpiexec_line

pytestmark = pytest.mark.mpi


@pytest.mark.parametrize("kind", ["memory", "messages"])
@pytest.mark.parametrize("size", [1, 3])
def test_ranks_gather_broadcast_and_share(tmp_path: Path, kind: str, size: int) -> None:
    layout = Layout(Transport.MPI, {"group": Placement("group", size)})
    line = mpiexec_line(layout, Path(), mpiexec())
    line = [*line[:line.index(sys.executable)], sys.executable, str(Path(__file__).with_name("ranks_together.py")), kind, str(tmp_path)]
    done = subprocess.run(line, env=environment(tmp_path, layout), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("well") == size
