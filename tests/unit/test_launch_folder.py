"""A run folder belongs to one run, holds nothing else's, and goes away with a run that could not begin."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim.errors import InputError
from cosim.launch import folder as module
from cosim.launch.folder import RunFolder, make_run_folder, make_temporary

EXPERIMENT = Path("somewhere/my.experiment.yaml")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def everything() -> set[str]:
    return {str(p) for p in Path().rglob("*")}


def test_without_a_wish_the_next_free_number_is_taken() -> None:
    assert [str(make_run_folder(None, EXPERIMENT).path) for _ in range(2)] == ["runs/my-001", "runs/my-002"]
    Path("runs/my-041").mkdir()
    Path("runs/my-hello").mkdir()
    Path("runs/other-099").mkdir()
    assert make_run_folder(None, EXPERIMENT).path == Path("runs/my-042")


def test_a_name_that_looks_like_a_pattern_is_a_name() -> None:
    assert [make_run_folder(None, Path("a[b]*.yaml")).path.name for _ in range(2)] == ["a[b]*-001", "a[b]*-002"]


def test_a_number_that_is_taken_meanwhile_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.glob
    monkeypatch.setattr(Path, "glob", lambda self, pattern: iter(()) if self == Path("runs") else real(self, pattern))
    assert [make_run_folder(None, EXPERIMENT).path.name for _ in range(3)] == ["my-001", "my-002", "my-003"]


def test_folders_above_are_made() -> None:
    folder = make_run_folder(Path("a/b/c"), EXPERIMENT)
    assert folder.made == (Path("a"), Path("a/b"), Path("a/b/c"))
    assert folder.live.is_dir()
    assert folder.log.is_dir()


def test_a_folder_that_is_there_and_holds_other_things_is_taken() -> None:
    Path("out").mkdir()
    Path("out/notes.txt").write_text("mine")
    folder = make_run_folder(Path("out"), EXPERIMENT)
    folder.results.write_text("x")
    folder.discard()
    assert everything() == {"out", "out/notes.txt"}


@pytest.mark.parametrize("out", [None, Path("out"), Path("a/b/c")])
def test_of_a_run_that_could_not_begin_nothing_stays(out: Path | None) -> None:
    folder = make_run_folder(out, EXPERIMENT)
    folder.results.write_text("x")
    folder.board.write_text("x")
    folder.work.mkdir()
    folder.discard()
    assert everything() == set()


def test_only_one_of_two_runs_gets_a_folder() -> None:
    first = make_run_folder(Path("out"), EXPERIMENT)
    with pytest.raises(InputError, match="another run is going on in it"):
        make_run_folder(Path("out"), EXPERIMENT)
    assert first.live.is_dir()


def test_a_run_that_loses_the_race_leaves_the_winner_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.path.lexists
    make_run_folder(Path("out"), EXPERIMENT).board.write_text("x")
    monkeypatch.setattr(module.os.path, "lexists", lambda p: real(p) and ".live" not in str(p) and "log" not in str(p))
    with pytest.raises(InputError, match="another run is going on in it"):
        make_run_folder(Path("out"), EXPERIMENT)
    assert Path("out/.live/board").exists()


def test_every_file_of_a_run_lies_in_its_folder() -> None:
    folder = RunFolder(Path("out"))
    assert all(p.parent == Path("out") for p in folder.everything)
    assert {folder.journal("a").parent, folder.board.parent} == {folder.live}
    assert {folder.rank_log("a", 0).parent, folder.failure("x").parent} == {folder.log}
    assert len({folder.rank_log("a", 0), folder.rank_log("a", 1), folder.rank_log("b", 0)}) == 3


@given(st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,20}", fullmatch=True))
def test_no_group_name_leads_out_of_the_folder(group: str) -> None:
    folder = RunFolder(Path("/out"))
    assert folder.journal(group).resolve().parent == folder.live
    assert folder.rank_log(group, 3).resolve().parent == folder.log


def test_temporary_folders_of_launchers_that_are_gone_are_removed(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.os, "access", lambda *_: False)
    monkeypatch.setattr(module.tempfile, "gettempdir", lambda: str(here))
    gone, mine, other = here / "cosim-run-999999999-x", here / f"cosim-run-{os.getpid()}-x", here / "cosim-run-of-somebody"
    for path in (gone, mine, other):
        path.mkdir()
    made = make_temporary()
    assert made.parent == here
    assert not gone.exists()
    assert mine.exists()
    assert other.exists()


def test_without_a_place_for_temporary_files_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.os, "access", lambda *_: False)
    monkeypatch.setattr(module.tempfile, "gettempdir", lambda: "/nonexistent")
    with pytest.raises(InputError, match="set TMPDIR"):
        make_temporary()
