"""Points, what is kept of them, and the journal of a sweep."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from support.sweep import brain

from cosim.blocks import Kind, Samples
from cosim.errors import InputError
from cosim.interfaces import Port
from cosim.launch.sweep.command import sweep_command
from cosim.launch.sweep.journal import Entry, Journal
from cosim.launch.sweep.kept import read_kept
from cosim.launch.sweep.observed import Observed
from cosim.launch.sweep.points import grid, table, unit_of
from cosim.launch.sweep.reducing import Call, reduction
from cosim.launch.sweep.spec import values_of
from cosim.timegrid import Clock


def test_a_range_is_decimal_and_holds_its_stop_where_the_steps_meet_it() -> None:
    assert values_of("0:0.3:0.1") == ("0", "0.1", "0.2", "0.3")
    assert values_of("0:0.35:0.1 mV") == ("0 mV", "0.1 mV", "0.2 mV", "0.3 mV")
    assert values_of("3:1:-1") == ("3", "2", "1")


def test_spaced_values_have_both_ends() -> None:
    assert values_of("linspace(0, 1, 3)") == ("0.0", "0.5", "1.0")
    assert values_of("logspace(-1, 1, 3)") == ("0.1", "1.0", "10.0")


def test_the_last_key_of_a_grid_runs_fastest() -> None:
    points = grid(["a=[1, 2]", "b=0:2:1"])
    assert points.rows == (("1", "0"), ("1", "1"), ("1", "2"), ("2", "0"), ("2", "1"), ("2", "2"))
    assert points.overrides(4) == ("a=2", "b=1")


def test_a_table_is_taken_row_by_row(tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text("seed, brain.params.coupling\n1, 0.1\n\n2, 0.2\n")
    points = table(tmp_path / "points.csv").renamed({"seed": 1, "groups": {"brain": {}}})
    assert points.keys == ("seed", "groups.brain.params.coupling")
    assert points.rows == (("1", "0.1"), ("2", "0.2")) and points.seeds(0) == (1, 2)


def test_seeds_of_points_differ_and_stay_when_points_are_added() -> None:
    few, more = (grid([f"a=0:{n}:1"]).with_seeds(5).seeds(0) for n in (3, 6))
    assert more[:4] == few and len(set(more)) == 7


def test_a_column_is_numbers_where_all_have_one_unit() -> None:
    assert unit_of(("1 mV", "2.5 mV")) == "mV" and unit_of(("1", "2")) == "" and unit_of(("1 mV", "2 V")) is None


@pytest.mark.parametrize(("name", "law"), [
    ("mean", lambda x: x.mean(axis=0)), ("std", lambda x: x.std(axis=0)), ("min", lambda x: x.min(axis=0)),
    ("max", lambda x: x.max(axis=0)), ("final", lambda x: x[-1]), ("series", lambda x: x), ("fc", lambda x: np.corrcoef(x.T))])
def test_blocks_are_reduced_to_what_the_whole_gives(name: str, law: object) -> None:
    assert callable(law)
    values = np.random.default_rng(1).standard_normal((1000, 5)) + 1e3
    made = reduction(Call(name, ()), Port("V", Kind.STATE, "mV", 5), Fraction(1))
    for rows in np.split(values, (1, 400, 400, 777)):
        made.take(rows)
    np.testing.assert_allclose(made.result(), law(values), rtol=1e-10)


def test_of_a_port_that_holds_its_values_each_is_kept_once() -> None:
    values = np.random.default_rng(1).standard_normal((40, 3))
    observed = Observed(read_kept(["scanner.ta:series", "scanner.ta:average(20 ms)->series"], {}),
                        {"scanner.ta": Port("ta", Kind.STATE, "1", 3, period=10)}, {"scanner": Clock(Fraction(1), 1)}, 400, Fraction(0), 1)
    assert [figure.shape for figure in observed.figures.values()] == [(40, 3), (20, 3)]
    observed.take({"scanner.ta": Samples(10, 10, values)})
    series, averaged = observed.results().values()
    assert np.array_equal(series, values)
    np.testing.assert_allclose(averaged, values.reshape(20, 2, 3).mean(axis=1), rtol=1e-14)


def test_a_journal_gives_back_what_was_added_and_cuts_off_half_a_record(tmp_path: Path) -> None:
    path, entries = tmp_path / "j", [Entry(3, b"12345678", True), Entry(1, b"why", False), Entry(0, b"", True)]
    with Journal(path, {"the points": "a"}) as journal:
        for entry in entries:
            journal.add(entry)
    whole = path.read_bytes()
    for end in range(len(whole) - 21, len(whole)):
        path.write_bytes(whole[:end])
        with Journal(path, {"the points": "a"}) as journal:
            assert list(journal.entries())[:2] == entries[:2]
            assert set(journal.done) == {1, 3}
            journal.add(Entry(7, b"x", True))
            assert list(journal.entries())[-1] == Entry(7, b"x", True)


def test_a_journal_of_another_sweep_is_refused(tmp_path: Path) -> None:
    with Journal(tmp_path / "j", {"the points": "a", "what is kept": "b"}) as journal, \
            pytest.raises(InputError, match="another sweep is writing"):
        Journal(journal.path, {"the points": "a", "what is kept": "b"})
    with pytest.raises(InputError, match="differs in what is kept"):
        Journal(tmp_path / "j", {"the points": "a", "what is kept": "c"})
    (tmp_path / "k").write_text("something else\n")
    with pytest.raises(InputError, match="no journal of a sweep"):
        Journal(tmp_path / "k", {"the points": "a"})


@pytest.mark.parametrize(("arguments", "said"), [
    (["--vary", "brain.params.couplin=0:1:0.5", "--keep", "brain.V:mean"], "coupling"),
    (["--vary", "brian.params.coupling=0:1:0.5", "--keep", "brain.V:mean"], "brian"),
    (["--vary", "brain.params.speed=[3 mm/ms, -1 mm/ms]", "--keep", "brain.V:mean"], "the speed is -1"),
    (["--vary", "brain.params.coupling=0:1:-0.5", "--keep", "brain.V:mean"], "never reaches its stop"),
    (["--vary", "brain.params.coupling=many", "--keep", "brain.V:mean"], "does not say which values"),
    (["--vary", "brain.params.coupling=[]", "--keep", "brain.V:mean"], "without values"),
    (["--vary", "brain.params.coupling=0:1:0.5", "--keep", "brain.W:mean"], "no output 'W'"),
    (["--vary", "brain.params.coupling=0:1:0.5", "--keep", "brian.V:mean"], "no group 'brian'"),
    (["--vary", "brain.params.coupling=0:1:0.5", "--keep", "brain.V:meen"], "did you mean 'mean'"),
    (["--vary", "brain.params.coupling=0:1:0.5", "--keep", "brain.V"], "what is kept of which port"),
    (["--vary", "brain.params.coupling=0:1:0.5", "--keep", "brain.V:mean", "--discard", "1 s"], "nothing is left"),
    (["--vary", "brain.params.coupling=0:1:0.5", "--keep", "brain.V:mean", "--discard", "soon"], "soon"),
    (["--vary", "brain.params.coupling=0:1:0.5", "--keep", "brain.V:mean", "--workers", "0"], "at least 1"),
    (["--vary", "brain.params.coupling=0:1:0.5", "--keep", "brain.V:mean", "--resume"], "--out"),
    (["--vary", "step=[0.1 ms, 40 ms]", "--keep", "brain.V:mean"], "too long"),
    (["--keep", "brain.V:mean"], "no points"),
    (["--table", "none.csv", "--keep", "brain.V:mean"], "no such file"),
    (["--table", "empty.csv", "--keep", "brain.V:mean"], "has no point"),
    (["--table", "ragged.csv", "--keep", "brain.V:mean"], "ragged.csv:3"),
])
def test_what_is_wrong_is_a_sentence_before_anything_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str],
                                                          said: str) -> None:
    brain(tmp_path)
    (tmp_path / "empty.csv").write_text("seed\n")
    (tmp_path / "ragged.csv").write_text("seed,brain.params.coupling\n1,0.1\n2\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as refused:
        sweep_command(["brain.yaml", *arguments], standalone_mode=False)
    assert said in str(refused.value)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["brain.yaml", "empty.csv", "ragged.csv"]
