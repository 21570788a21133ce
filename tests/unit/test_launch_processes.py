"""The lines that start processes say exactly what the layout says."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cosim.errors import InputError
from cosim.experiment.layout import Layout, Placement, Transport
from cosim.launch import processes
from cosim.launch.processes import MEMORY_FOLDER, end, environment, is_open_mpi, mpiexec_line, srun_line, start, start_line, worker_line
from cosim.transport.mpi import cores

ONE = Layout(Transport.LOOPBACK, {"a": Placement("a"), "b": Placement("b")})
HERE = Layout(Transport.MPI, {"a": Placement("a"), "b": Placement("b", 2)})
FAR = Layout(Transport.MPI, {"a": Placement("a", 1, hosts=(("n1", 1),)), "b": Placement("b", 3, hosts=(("n1", 1), ("n2", 2)))})
WORKER = worker_line(Path("out"))


def program(folder: Path, text: str) -> str:
    path = folder / "mpiexec"
    path.write_text(f"#!/bin/sh\necho '{text}'\n")
    path.chmod(0o755)
    return str(path)


def test_one_process_needs_no_starter() -> None:
    assert start_line(ONE, Path("out")) == WORKER == [sys.executable, "-m", "cosim.launch.worker", "out"]


def test_open_mpi_is_told_to_allow_what_a_laptop_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mpiexec = program(tmp_path, "mpiexec (Open MPI) 5.0.8")
    monkeypatch.setattr(processes, "_user", lambda: 0)
    root = mpiexec_line(HERE, Path("out"), mpiexec)
    assert root == [mpiexec, "--oversubscribe", "--allow-run-as-root", "--bind-to", "none", "-n", "3", *WORKER]
    monkeypatch.setattr(processes, "_user", lambda: 1000)
    assert "--allow-run-as-root" not in mpiexec_line(HERE, Path("out"), mpiexec)


def test_another_mpi_is_told_nothing_that_it_does_not_know(tmp_path: Path) -> None:
    mpiexec = program(tmp_path, "HYDRA build details: Version 4.2")
    assert mpiexec_line(HERE, Path("out"), mpiexec) == [mpiexec, "-n", "3", *WORKER]
    assert not is_open_mpi(str(tmp_path / "nothing"))


def test_hosts_are_named_in_the_order_of_the_ranks(tmp_path: Path) -> None:
    line = mpiexec_line(FAR, Path("out"), program(tmp_path, "HYDRA"))
    assert line[1:5] == ["--host", "n1:1,n1:1,n2:2", "-n", "4"]
    srun = srun_line(FAR, Path("out"))
    assert srun == ["srun", "--kill-on-bad-exit=1", "--cpu-bind=none", "--ntasks=4", "--distribution=arbitrary",
                    "--nodelist=n1,n1,n2,n2", *WORKER]
    assert srun_line(HERE, Path("out")) == ["srun", "--kill-on-bad-exit=1", "--cpu-bind=none", "--ntasks=3", *WORKER]


@pytest.mark.parametrize(("job", "has_srun", "first"), [("7", True, "srun"), ("7", False, "mpiexec"), ("", True, "mpiexec")])
def test_srun_is_used_inside_an_allocation_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, job: str, has_srun: bool,
                                                first: str) -> None:
    program(tmp_path, "HYDRA")
    if has_srun:
        (tmp_path / "mpiexec").rename(tmp_path / "srun")
        program(tmp_path, "HYDRA")
        (tmp_path / "srun").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(processes.sys, "executable", str(tmp_path / "python"))
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    if job:
        monkeypatch.setenv("SLURM_JOB_ID", job)
    assert Path(start_line(HERE, Path("out"))[0]).name == first
    assert processes.can_start_ranks()


def test_without_any_starter_the_remedy_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(processes.sys, "executable", str(tmp_path / "python"))
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    assert not processes.can_start_ranks()
    with pytest.raises(InputError, match=r"pip install 'cosim\[mpi\]'"):
        start_line(HERE, Path("out"))


def test_a_line_survives_being_copied() -> None:
    line = start_line(ONE, Path("my runs/a 'quoted' one"))
    assert shlex.split(shlex.join(line)) == line


def test_workers_know_where_temporary_things_go_and_whether_to_give_way(tmp_path: Path) -> None:
    few, many = environment(tmp_path, ONE), environment(tmp_path, Layout(Transport.MPI, {"a": Placement("a", len(cores()) + 1)}))
    assert few["TMPDIR"] == str(tmp_path)
    assert few[MEMORY_FOLDER].startswith(str(tmp_path))
    assert (few["OMPI_MCA_mpi_yield_when_idle"], many["OMPI_MCA_mpi_yield_when_idle"]) == ("0", "1")
    assert few["OMPI_MCA_btl"] == "self,sm"
    assert "OMPI_MCA_btl" not in environment(tmp_path, FAR) or "OMPI_MCA_btl" in os.environ


def test_processes_that_will_not_end_are_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "GRACE_S", 0.3)
    stubborn = "trap '' TERM; sleep 60 & echo $!; wait"
    process = start(["sh", "-c", stubborn], os.environ, tmp_path / "log")
    limit = time.monotonic() + 10
    while not (tmp_path / "log").read_text().strip():
        assert time.monotonic() < limit
        time.sleep(0.02)
    child = int((tmp_path / "log").read_text())
    end(process)
    assert process.poll() == -signal.SIGKILL
    while Path(f"/proc/{child}").exists() and "Z" not in Path(f"/proc/{child}/stat").read_text().rpartition(")")[2]:
        assert time.monotonic() < limit
        time.sleep(0.02)


def test_a_process_ends_with_who_started_it(tmp_path: Path) -> None:
    code = ("import os, sys, time; from pathlib import Path; from cosim.launch.processes import start; "
            "p = start(['sleep', '60'], os.environ, Path('log')); time.sleep(0.5); print(p.pid, flush=True); time.sleep(60)")
    launcher = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert launcher.stdout is not None
    child = int(launcher.stdout.readline())
    launcher.kill()
    launcher.communicate()
    limit = time.monotonic() + 10
    while Path(f"/proc/{child}").exists() and "Z" not in Path(f"/proc/{child}/stat").read_text().rpartition(")")[2]:
        assert time.monotonic() < limit, "it outlived its launcher"
        time.sleep(0.02)
