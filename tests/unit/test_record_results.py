"""Laws of results.h5: only what all groups have completed, everything of it, and never anything else."""

import signal
import subprocess
import sys
import tracemalloc
from fractions import Fraction
from pathlib import Path
from textwrap import dedent

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosim.blocks import Kind, Samples, Spikes
from cosim.errors import InputError, RunError
from cosim.interfaces import Port
from cosim.record.journal import Closed, Completed, Data, Opened
from cosim.record.recording import Recorded
from cosim.record.results import GroupHeader, Header, ResultsWriter, read_results

COLUMN = Port("spikes", Kind.SPIKES, "1", 10, populations=(("E", 0), ("I", 8)))
BRAIN = Port("rV1.rate", Kind.RATE, "Hz", 2, labels=("rV1", "lV1"))
AHEAD = Port("ahead", Kind.STATE, "1", 1, lead=7)
STATIC = {"weights": np.arange(4.0).reshape(2, 2), "labels": np.array(["rV1", "lV1"]), "centre": np.array(3)}


def header(duration: int = 100, **changes: object) -> Header:
    groups = (GroupHeader("column", (Recorded(COLUMN, 1, 1),)),
              GroupHeader("brain", (Recorded(BRAIN, 1, 2), Recorded(AHEAD, 1, 1)), STATIC))
    return Header(**({"tick_ms": Fraction(1, 10), "duration": duration, "seed": 7, "version": "1.2", "groups": groups, "title": "a title",
                      "experiment": "title: a title\n"} | changes))


def spikes(*ticks: int, first_id: int = 0) -> Data:
    return Data(0, Spikes(np.array(ticks, np.int64), first_id + np.arange(len(ticks), dtype=np.int64)))


def samples(port: int, first: int, step: int, *values: float) -> Data:
    size = (BRAIN, AHEAD)[port].size
    return Data(port, Samples(first, step, np.repeat(np.array(values)[:, None], size, axis=1)))


def done(stop: int) -> Completed:
    return Completed(0, 0, stop)


def test_the_file_is_laid_out_as_promised_and_read_by_plain_h5py(tmp_path: Path) -> None:
    with ResultsWriter(tmp_path / "results.h5", header()) as writer:
        writer.take("column", [Opened({}), spikes(3, 3, 8), done(10), Closed()])
        writer.take("brain", [samples(0, 2, 2, 1, 2, 3, 4, 5), samples(1, 1, 1, *range(17)), done(10)])
    with h5py.File(tmp_path / "results.h5") as file:
        assert {name: file.attrs[name] for name in file.attrs} == {
            "tick_ms": 0.1, "duration_ticks": 100, "valid_until_tick": 10, "seed": 7, "cosim_version": "1.2", "title": "a title",
            "experiment": "title: a title\n"}
        column, brain, ahead = (file[f"groups/{name}"] for name in ("column/spikes", "brain/rV1.rate", "brain/ahead"))
        assert column["ticks"][:].tolist() == [3, 3, 8]
        assert column["ids"][:].tolist() == [0, 1, 2]
        assert column["ticks"].dtype == column["ids"].dtype == brain["ticks"].dtype == np.int64
        assert [column.attrs[name] for name in ("kind", "unit", "tick_ms", "valid_until_tick")] == ["spikes", "1", 0.1, 10]
        assert column.attrs["populations"].tolist() == ["E", "I"]
        assert column.attrs["population_first"].tolist() == [0, 8, 10]
        assert brain["ticks"][:].tolist() == [2, 4, 6, 8, 10]
        assert brain["values"][:].tolist() == [[1, 1], [2, 2], [3, 3], [4, 4], [5, 5]]
        assert (brain.attrs["kind"], brain.attrs["unit"], brain.attrs["names"].tolist()) == ("rate", "Hz", ["rV1", "lV1"])
        assert ahead["ticks"][:].tolist() == list(range(1, 11))
        assert file["groups/brain/static/weights"][:].tolist() == [[0, 1], [2, 3]]
        assert file["groups/brain/static/labels"].asstr()[:].tolist() == ["rV1", "lV1"]
        assert file["groups/brain/static/centre"][()] == 3


def test_what_not_all_groups_have_completed_is_held_back_until_they_have(tmp_path: Path) -> None:
    writer = ResultsWriter(tmp_path / "results.h5", header())
    writer.take("column", [spikes(3, 8, 15), done(20)])
    writer.flush()
    assert writer.valid_until == 0
    writer.take("brain", [samples(1, 1, 1, *range(17)), done(10)])
    writer.flush()
    assert writer.valid_until == 10
    writer.close()
    assert read_results(tmp_path).port("column.spikes").ticks().tolist() == [3, 8]
    assert read_results(tmp_path).port("brain.ahead").ticks().tolist() == list(range(1, 11))


def test_a_group_that_records_nothing_is_waited_for_all_the_same(tmp_path: Path) -> None:
    groups = (GroupHeader("column", (Recorded(COLUMN, 1, 1),)), GroupHeader("silent"))
    with ResultsWriter(tmp_path / "results.h5", header(groups=groups)) as writer:
        writer.take("column", [spikes(3, 8), done(20)])
        writer.take("silent", [done(5)])
    assert read_results(tmp_path).port("column.spikes").ticks().tolist() == [3]


def test_history_and_what_lies_after_the_end_are_dropped(tmp_path: Path) -> None:
    with ResultsWriter(tmp_path / "results.h5", header(duration=10)) as writer:
        writer.take("column", [spikes(-5, 0, 1, 10), spikes(11), done(10)])
        writer.take("brain", [samples(1, -6, 1, *range(14)), samples(1, 8, 1, *range(10)), done(10)])
    results = read_results(tmp_path)
    assert results.valid_until == 10
    assert results.port("column.spikes").ticks().tolist() == [1, 10]
    assert results.port("brain.ahead").ticks().tolist() == list(range(1, 11))
    assert results.port("brain.ahead").values()[:, 0].tolist() == [*range(7, 14), 0, 1, 2]


def test_a_run_that_ends_early_is_valid_up_to_its_last_complete_window_and_not_filled_up(tmp_path: Path) -> None:
    with ResultsWriter(tmp_path / "results.h5", header()) as writer:
        writer.take("column", [spikes(3), done(6), spikes(9)])
        writer.take("brain", [samples(1, 1, 1, *range(8)), done(6), Closed("killed")])
    results = read_results(tmp_path)
    assert (results.valid_until, results.duration) == (6, 100)
    assert results.port("brain.ahead").ticks().tolist() == [1, 2, 3, 4, 5, 6]


@settings(max_examples=20, deadline=None)
@given(cuts=st.sets(st.integers(1, 99), max_size=8), flushes=st.sets(st.integers(1, 99)))
def test_the_data_do_not_depend_on_windows_or_flushes(tmp_path_factory: pytest.TempPathFactory, cuts: set[int], flushes: set[int]) -> None:
    path = tmp_path_factory.mktemp("run") / "results.h5"
    ticks = np.sort(np.random.default_rng(2).integers(1, 101, 50))
    ids = np.arange(50) % 10
    with ResultsWriter(path, header()) as writer:
        start = 0
        for stop in [*sorted(cuts), 100]:
            inside = (ticks > start) & (ticks <= stop)
            writer.take("column", [Data(0, Spikes(ticks[inside], ids[inside])), done(stop)])
            writer.take("brain", [samples(1, start + 1, 1, *range(start, stop)), done(stop)])
            if stop in flushes:
                writer.flush()
            start = stop
    results = read_results(path)
    assert np.array_equal(results.port("column.spikes").ticks(), ticks)
    assert np.array_equal(results.port("column.spikes").ids(), ids)
    assert np.array_equal(results.port("brain.ahead").values()[:, 0], np.arange(100))


def test_long_recordings_do_not_pile_up_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cosim.record.results._WAITING_BYTES", 1_000_000)
    writer = ResultsWriter(tmp_path / "results.h5", header(duration=2_000_000))
    writer.take("column", [done(2_000_000)])
    tracemalloc.start()
    for start in range(0, 2_000_000, 10_000):
        writer.take("brain", [Data(1, Samples(start + 1, 1, np.zeros((10_000, 1)))), done(start + 10_000)])
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    writer.close()
    assert read_results(tmp_path).port("brain.ahead").length == 2_000_000  # 16 MB
    assert most < 6_000_000


def test_results_that_are_being_written_are_told(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from cosim.record.results import read_results; read_results(Path(sys.argv[1]))"
    with ResultsWriter(tmp_path / "results.h5", header()):
        reading = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False, capture_output=True, text=True)
    assert "is being written" in reading.stderr


@pytest.mark.parametrize("size", [0, 1, 76, 5000, 40000])
def test_ports_of_any_size_are_recorded(tmp_path: Path, size: int) -> None:
    labels = tuple(f"a channel with a long name, number {i}" for i in range(size))
    groups = (GroupHeader("g", (Recorded(Port("x", Kind.STATE, "1", size, labels=labels), 1, 1),)),)
    values = np.random.default_rng(1).random((3, size))
    with ResultsWriter(tmp_path / "results.h5", header(groups=groups)) as writer:
        writer.take("g", [Data(0, Samples(1, 1, values)), done(3)])
    port = read_results(tmp_path).port("g.x")
    assert (port.size, port.length, port.names) == (size, 3, labels)
    assert np.array_equal(port.values(), values)


def test_a_run_without_spikes_or_samples_gives_empty_data(tmp_path: Path) -> None:
    with ResultsWriter(tmp_path / "results.h5", header()) as writer:
        writer.take("column", [spikes(), done(100)])
        writer.take("brain", [done(100)])
    results = read_results(tmp_path)
    assert results.port("column.spikes").times().tolist() == []
    assert results.port("column.spikes").ids().dtype == np.int64
    assert results.port("brain.rV1.rate").values().shape == (0, 2)


def test_times_are_the_nearest_numbers_to_the_exact_times(tmp_path: Path) -> None:
    with ResultsWriter(tmp_path / "results.h5", header()) as writer:
        writer.take("column", [spikes(3, 6, 7), done(100)])
        writer.take("brain", [done(100)])
    assert read_results(tmp_path).port("column.spikes").times().tolist() == [0.3, 0.6, 0.7]


def test_results_are_read_by_name_and_in_parts(tmp_path: Path) -> None:
    with ResultsWriter(tmp_path / "results.h5", header()) as writer:
        writer.take("column", [spikes(3, 6, 7), done(10)])
        writer.take("brain", [samples(1, 1, 1, *range(10)), done(10)])
    results = read_results(tmp_path / "results.h5")
    assert (results.groups, list(results.ports)) == (("brain", "column"), ["brain.ahead", "brain.rV1.rate", "column.spikes"])
    assert results.port("brain.ahead").values(2, 4).tolist() == [[2], [3]]
    assert results.port("brain.ahead").ticks(8).tolist() == [9, 10]
    assert results.port("column.spikes").populations == (("E", 0), ("I", 8))
    assert (results.static("brain")["labels"].tolist(), results.static("column")) == (["rV1", "lV1"], {})
    assert (results.seed, results.version, results.title, results.experiment) == (7, "1.2", "a title", "title: a title\n")
    with pytest.raises(InputError, match=r"nothing of 'column.spike'\n.*did you mean 'column.spikes'"):
        results.port("column.spike")
    with pytest.raises(InputError, match="holds rate, which have no ids"):
        results.port("brain.rV1.rate").ids()


@pytest.mark.parametrize(("port", "first", "second"), [
    (0, spikes(3, 8).block, spikes(7).block), (0, spikes(3, 8).block, Spikes(np.array([9, 8]), np.array([1, 1])))])
def test_spikes_out_of_order_are_an_error(tmp_path: Path, port: int, first: Spikes, second: Spikes) -> None:
    writer = ResultsWriter(tmp_path / "results.h5", header())
    with writer, pytest.raises(RunError, match=r"'column.spikes' gave data .* up to tick 8"):
        writer.take("column", [Data(port, first), Data(port, second)])


@pytest.mark.parametrize("second", [samples(1, 5, 1, 1.0), samples(1, 3, 1, 1.0), samples(1, 4, 2, 1.0, 2.0)])
def test_samples_with_a_gap_or_an_overlap_are_an_error(tmp_path: Path, second: Data) -> None:
    writer = ResultsWriter(tmp_path / "results.h5", header())
    with writer, pytest.raises(RunError, match=r"'brain.ahead' gave data .* up to tick 3"):
        writer.take("brain", [samples(1, 1, 1, 1.0, 2.0, 3.0), second])


def test_channels_that_the_port_does_not_have_are_an_error(tmp_path: Path) -> None:
    with ResultsWriter(tmp_path / "results.h5", header()) as writer:
        with pytest.raises(RunError, match="spike of channel 10, but its channels go from 0 to 9"):
            writer.take("column", [spikes(3, first_id=10)])
        with pytest.raises(RunError, match="samples of 3 channels, but it has 2"):
            writer.take("brain", [Data(0, Samples(2, 2, np.zeros((1, 3))))])


def test_results_are_never_written_over(tmp_path: Path) -> None:
    ResultsWriter(tmp_path / "results.h5", header()).close()
    with pytest.raises(InputError, match=r"it exists already\n.*--out"):
        ResultsWriter(tmp_path / "results.h5", header())


def test_closing_twice_is_harmless(tmp_path: Path) -> None:
    writer = ResultsWriter(tmp_path / "results.h5", header())
    writer.close()
    writer.close()


def test_an_interrupted_flush_can_be_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = ResultsWriter(tmp_path / "results.h5", header())
    writer.take("column", [spikes(3, 8), done(10)])
    writer.take("brain", [samples(1, 1, 1, *range(10)), done(10)])
    write, calls = h5py.Dataset.__setitem__, iter(range(100))

    def interrupted(self: h5py.Dataset, place: object, values: object) -> None:
        write(self, place, values)
        if next(calls) == 2:
            raise KeyboardInterrupt
    monkeypatch.setattr(h5py.Dataset, "__setitem__", interrupted)
    with pytest.raises(KeyboardInterrupt):
        writer.flush()
    writer.close()
    results = read_results(tmp_path)
    assert results.port("column.spikes").ticks().tolist() == [3, 8]
    assert results.port("brain.ahead").values()[:, 0].tolist() == list(range(10))


def test_a_writer_that_is_killed_leaves_what_it_had_flushed(tmp_path: Path) -> None:
    code = dedent("""
        import os, signal, sys
        import numpy as np
        from fractions import Fraction
        from pathlib import Path
        from cosim.blocks import Kind, Samples
        from cosim.interfaces import Port
        from cosim.record.journal import Completed, Data
        from cosim.record.recording import Recorded
        from cosim.record.results import GroupHeader, Header, ResultsWriter
        port = Recorded(Port("x", Kind.STATE, "1", 1), 1, 1)
        writer = ResultsWriter(Path(sys.argv[1]), Header(Fraction(1), 10, 0, "", (GroupHeader("g", (port,)),)))
        writer.take("g", [Data(0, Samples(1, 1, np.zeros((4, 1)))), Completed(0, 0, 4)])
        writer.flush()
        os.kill(os.getpid(), signal.SIGKILL)
    """)
    ended = subprocess.run([sys.executable, "-c", code, str(tmp_path / "results.h5")], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert read_results(tmp_path).port("g.x").ticks().tolist() == [1, 2, 3, 4]


def test_missing_results_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"there are no results at .*results.h5"):
        read_results(tmp_path)


def test_a_file_that_is_no_hdf5_is_told(tmp_path: Path) -> None:
    (tmp_path / "results.h5").write_text("no")
    with pytest.raises(InputError, match="it is no HDF5 file"):
        read_results(tmp_path)


def test_truncated_results_are_told(tmp_path: Path) -> None:
    with ResultsWriter(tmp_path / "results.h5", header()) as writer:
        writer.take("column", [done(100)])
        writer.take("brain", [samples(1, 1, 1, *range(100)), done(100)])
    whole = (tmp_path / "results.h5").read_bytes()
    (tmp_path / "results.h5").write_bytes(whole[:len(whole) // 2])
    with pytest.raises(InputError, match="it is truncated"):
        read_results(tmp_path)


def test_results_of_something_else_are_told(tmp_path: Path) -> None:
    h5py.File(tmp_path / "results.h5", "w").close()
    with pytest.raises(InputError, match="was not written by cosim"):
        read_results(tmp_path)


def test_spikes_between_the_instants_of_the_grid_are_read_at_their_times(tmp_path: Path) -> None:
    def precise(offset: float, *ticks: int) -> Data:
        return Data(0, Spikes(np.array(ticks, np.int64), np.arange(len(ticks), dtype=np.int64), np.full(len(ticks), offset)))
    with ResultsWriter(tmp_path / "results.h5", header()) as writer:
        writer.take("column", [spikes(1, 2), done(4), precise(0.25, 5, 8), done(10), Closed()])
        writer.take("brain", [done(4), done(10), Closed()])
    port = read_results(tmp_path).port("column.spikes")
    assert port.is_precise and port.offsets().tolist() == [0, 0, 0.25, 0.25]
    assert port.times(1).tolist() == pytest.approx([0.2, 0.475, 0.775])


def test_spikes_on_the_grid_have_no_offsets_in_the_file(tmp_path: Path) -> None:
    with ResultsWriter(tmp_path / "results.h5", header()) as writer:
        writer.take("column", [spikes(1, 2), done(4), Closed()])
        writer.take("brain", [done(4), Closed()])
    port = read_results(tmp_path).port("column.spikes")
    assert not port.is_precise and port.offsets().tolist() == [0, 0]
    with h5py.File(tmp_path / "results.h5") as file:
        assert "offsets" not in file["groups/column/spikes"]
