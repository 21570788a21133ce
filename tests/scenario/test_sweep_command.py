"""A sweep gives what single runs give, survives being killed, and says what is wrong before it runs anything."""

from __future__ import annotations

import time
from pathlib import Path

import h5py
import numpy as np
import pytest
from support.command import cosim, start
from support.sweep import brain

pytestmark = pytest.mark.timeout(110)

COUPLING = ("--vary", "brain.params.coupling=0:1:0.5", "--vary", "seed=[3, 4]")
KEEP = ("--keep", "brain.V:mean,final,series", "--keep", "brain.r:std")


def kept(path: Path, name: str) -> np.ndarray:
    with h5py.File(path) as file:
        return np.asarray(file[f"kept/{name}"])


def everything(path: Path) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    with h5py.File(path) as file:
        file.visititems(lambda name, data: found.update({name: repr(data[()]).encode() if data.dtype.kind == "O" else data[()].tobytes()})
                        if isinstance(data, h5py.Dataset) else None)
    return found


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep of six points on two processes."""
    folder = tmp_path_factory.mktemp("swept")
    done = cosim("sweep", brain(folder), *COUPLING, *KEEP, "--out", "two", "--workers", "2", cwd=folder)
    assert done.status == 0, done.said
    assert str(Path("two/sweep.h5")) in done.out and "read it with" in done.out and not done.left
    return folder


def test_each_point_has_the_bits_of_a_run_with_the_same_overrides(swept: Path) -> None:
    series = kept(swept / "two/sweep.h5", "brain.V/series")
    for point, coupling, seed in ((1, "0", 4), (2, "0.5", 3)):
        out = f"run{point}"
        done = cosim("run", brain(swept), "--set", f"groups.brain.params.coupling={coupling}", "--set", f"seed={seed}", "--out", out,
                     "--no-report", cwd=swept)
        assert done.status == 0, done.said
        with h5py.File(swept / out / "results.h5") as file:
            values = file["groups/brain/V/values"][:]
        assert series[point].tobytes() == values.tobytes()
    assert len({x.tobytes() for x in series}) == 6


def test_figures_are_those_of_the_series(swept: Path) -> None:
    path = swept / "two/sweep.h5"
    series = kept(path, "brain.V/series")
    assert np.array_equal(kept(path, "brain.V/final"), series[:, -1])
    np.testing.assert_allclose(kept(path, "brain.V/mean"), series.mean(axis=1), rtol=1e-12)


def test_the_number_of_processes_changes_no_bit(swept: Path) -> None:
    done = cosim("sweep", brain(swept), *COUPLING, *KEEP, "--out", "one.h5", "--workers", "1", "--no-page", cwd=swept)
    assert done.status == 0, done.said
    assert everything(swept / "one.h5") == everything(swept / "two/sweep.h5")


def test_points_that_are_run_by_the_launcher_have_the_same_bits(swept: Path) -> None:
    (swept / "layout.yaml").write_text("cosim_layout: 1\ntransport: loopback\ngroups: {brain: {ranks: 1}}\n")
    done = cosim("sweep", brain(swept), "--vary", "brain.params.coupling=[0, 0.5]", *KEEP, "--layout", "layout.yaml",
                 "--out", "launched.h5", "--no-page", cwd=swept)
    assert done.status == 0, done.said
    for name in ("brain.V/mean", "brain.V/series", "brain.r/std"):
        assert np.array_equal(kept(swept / "launched.h5", name), kept(swept / "two/sweep.h5", name)[[0, 2]])


def test_the_file_says_what_was_swept(swept: Path) -> None:
    with h5py.File(swept / "two/sweep.h5") as file:
        assert file.attrs["shape"].tolist() == [3, 2]
        assert file["points/groups.brain.params.coupling"][:].tolist() == [0, 0, 0.5, 0.5, 1, 1]
        assert file["seeds"][:].tolist() == [3, 4] * 3
        assert file["kept/brain.V/mean"].attrs["unit"] == "1" and len(file["kept/brain.V/mean"].attrs["names"]) == 12
        assert "montbrio_pazo_roxin" in file.attrs["experiment"]
    assert "<svg" in (swept / "two/sweep.html").read_text()


def test_a_sweep_that_was_killed_goes_on_and_ends_with_the_same_file(tmp_path: Path) -> None:
    path = brain(tmp_path, "2 s")
    line = ("sweep", path, "--vary", "brain.params.coupling=0:2:0.05", "--keep", "brain.V:mean", "--no-page", "--workers", "2")
    process = start(*line, "--out", "killed.h5", cwd=tmp_path)
    journal = tmp_path / "killed.h5.points"
    _wait_for(lambda: journal.exists() and journal.stat().st_size > 1500, process)
    process.kill()
    process.communicate()
    _wait_for(lambda: not _children(process.pid), None)
    assert not (tmp_path / "killed.h5").exists()
    with journal.open("ab") as file:
        file.write(b"\x07\x00half a record")  # what it was writing when it was killed
    refused = cosim(*line, "--out", "killed.h5", cwd=tmp_path)
    assert refused.status == 2 and "--resume" in refused.err
    other = cosim("sweep", path, "--vary", "brain.params.coupling=0:2:0.1", "--keep", "brain.V:mean", "--out", "killed.h5", "--resume",
                  cwd=tmp_path)
    assert other.status == 2 and "another sweep, which differs in the points" in other.err
    resumed = cosim(*line, "--out", "killed.h5", "--resume", cwd=tmp_path)
    assert resumed.status == 0 and "were done before" in resumed.err, resumed.said
    before = int(resumed.err.split(" of 41 points were done before")[0].split()[-1])
    assert 0 < before < 41 and f"{41 - before} run now" in resumed.err
    whole = cosim(*line, "--out", "whole.h5", cwd=tmp_path)
    assert whole.status == 0
    assert everything(tmp_path / "killed.h5") == everything(tmp_path / "whole.h5")
    assert not journal.exists()
    again = cosim(*line, "--out", "killed.h5", "--resume", cwd=tmp_path)
    assert again.status == 0 and "0 run now" in again.err


def test_a_point_that_fails_does_not_stop_the_others(tmp_path: Path) -> None:
    path = brain(tmp_path)
    done = cosim("sweep", path, "--vary", "brain.params.noise=[0, 1e200]", "--keep", "brain.V:mean", "--out", "some.h5", cwd=tmp_path)
    assert done.status == 1 and "1 of 2 points failed" in done.err and "point 1 (groups.brain.params.noise=1e+200)" in done.err, done.said
    with h5py.File(tmp_path / "some.h5") as file:
        assert file["failed"][:].tolist() == [False, True]
        assert "region" in file["why"].asstr()[1]
        assert np.isfinite(file["kept/brain.V/mean"][0]).all() and np.isnan(file["kept/brain.V/mean"][1]).all()


def _wait_for(condition: object, process: object, limit_s: float = 60) -> None:
    assert callable(condition)
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.01)


def _children(pid: int) -> list[str]:
    """Return what is left of a session that a command began."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == pid and fields[0] != "Z":
            found.append(path.parent.name)
    return found
