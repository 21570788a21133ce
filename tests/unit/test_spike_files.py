"""Spikes of other tools come in exactly, ours go out exactly, and what is wrong with a file is a sentence that names it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.command import cosim
from support.run_folder import POPULATIONS, make_run_folder

from cosim.errors import InputError
from cosim.models.microcircuit.spike_files.nest_text import read_nest_text
from cosim.models.microcircuit.spike_files.read import read
from cosim.models.microcircuit.spike_files.results import read_recorded_spikes
from cosim.models.microcircuit.spike_files.sonata import read_sonata_spikes, write_sonata_spikes
from cosim.models.microcircuit.spike_files.trains import SpikeTrains, joined, spike_trains

# What NEST 3.10.0 wrote of iaf_psc_exp and iaf_psc_delta_ps neurons at a resolution of 0.1 ms, with and without 'time_in_steps'.
NEST_MS = "# NEST version: 3.10.0\n# RecordingBackendASCII version: 2\nsender\ttime_ms\n3\t13.900\n2\t18.000\n7\t17.918\n1\t27.800\n"
NEST_STEPS = ("# NEST version: 3.10.0\n# RecordingBackendASCII version: 2\nsender\ttime_step\ttime_offset\n"
              "3\t139\t0.000\n2\t180\t0.000\n7\t180\t0.082\n1\t278\t0.000\n")


def same(a: SpikeTrains, b: SpikeTrains) -> bool:
    return np.array_equal(a.times_ms, b.times_ms) and np.array_equal(a.ids, b.ids) and a.populations == b.populations


def sonata_file(path: Path, populations: dict[str, tuple[object, object]], unit: str | None = "ms") -> Path:
    with h5py.File(path, "w") as file:
        file.attrs["magic"], file.attrs["version"] = np.uint32(0x0A7A), np.array([0, 1], np.uint32)
        file.create_group("spikes")
        for name, (times, ids) in populations.items():
            group = file.create_group(f"spikes/{name}")
            group["timestamps"], group["node_ids"] = np.asarray(times, float), np.asarray(ids)
            if unit:
                group["timestamps"].attrs["units"] = unit
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_run_folder(tmp_path / "run", duration_ms=400, scale=0.2, n_regions=6)


spikes = st.lists(st.tuples(st.floats(0, 1e6, allow_nan=False), st.integers(0, 99)), max_size=60)


@settings(max_examples=40, deadline=None)
@given(spikes)
def test_what_is_written_as_sonata_is_read_back_exactly(tmp_path_factory: pytest.TempPathFactory, drawn: list[tuple[float, int]]) -> None:
    path = tmp_path_factory.mktemp("spikes") / "spikes.h5"
    times, ids = np.array([t for t, _ in drawn], float), np.array([i for _, i in drawn], np.int64)
    trains = spike_trains(times, ids, (("A", 0), ("B", 40), ("C", 70)))
    write_sonata_spikes(path, trains)
    assert same(read(path), trains)


@settings(max_examples=40, deadline=None)
@given(spikes, st.randoms(use_true_random=False))
def test_the_order_in_a_file_does_not_matter(tmp_path_factory: pytest.TempPathFactory, drawn: list[tuple[float, int]],
                                             random: object) -> None:
    folder, shuffled = tmp_path_factory.mktemp("spikes"), list(drawn)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = (read(sonata_file(folder / f"{k}.h5", {"A": ([t for t, _ in part], np.array([i for _, i in part], np.uint64))}))
                  for k, part in enumerate((drawn, shuffled)))
    assert same(one, other)
    assert list(zip(one.times_ms, one.ids, strict=True)) == sorted(drawn)


def test_recorded_spikes_stand_at_exactly_their_ticks(folder: Path) -> None:
    trains = read(folder)
    with h5py.File(folder / "results.h5") as file:
        group = file["groups/column/spikes"]
        ticks, ids, firsts = group["ticks"][:], group["ids"][:], group.attrs["population_first"]
    assert np.array_equal(trains.times_ms, ticks / 10)
    assert np.array_equal(trains.ids, ids)
    assert trains.populations == tuple(zip(POPULATIONS, firsts[:-1].tolist(), strict=True))


def test_precise_spikes_happened_before_their_stamps(folder: Path) -> None:
    before = read(folder)
    with h5py.File(folder / "results.h5", "r+") as file:
        group = file["groups/column/spikes"]
        group["offsets"] = np.linspace(0, 0.9, len(before))
        ticks, ids = group["ticks"][:], group["ids"][:]
    times = (ticks - np.linspace(0, 0.9, len(before))) / 10
    assert same(read(folder), spike_trains(times, ids, before.populations))


def test_exported_spikes_are_the_recorded_ones(folder: Path, tmp_path: Path) -> None:
    done = cosim("export-spikes", folder, "--to", "out.h5", cwd=tmp_path)
    assert done.status == 0, done.said
    recorded = read(folder)
    assert len(recorded) > 100
    assert same(read(tmp_path / "out.h5"), recorded)
    for (name, first), (_, after) in zip(recorded.populations, [*recorded.populations[1:], ("", 10**9)], strict=True):
        here = (recorded.ids >= first) & (recorded.ids < after)
        with h5py.File(tmp_path / "out.h5") as file:
            group = file["spikes"][name]
            assert np.array_equal(group["node_ids"][:], recorded.ids[here] - first)
            assert np.array_equal(group["timestamps"][:], recorded.times_ms[here])
            assert group["node_ids"].dtype == np.uint64
            assert group["timestamps"].attrs["units"] == "ms"
            assert h5py.check_enum_dtype(group.attrs.get_id("sorting").dtype) == {"none": 0, "by_id": 1, "by_time": 2}
            assert group.attrs["sorting"] == 2
            assert file.attrs["magic"] == 0x0A7A
            assert file.attrs["version"].tolist() == [0, 1]
            assert file.attrs["version"].dtype == np.uint32


def test_a_population_is_numbered_from_0() -> None:
    trains = spike_trains(np.array([3.0, 1.0, 2.0]), np.array([5, 10, 12]), (("B", 10), ("A", 0)))
    assert trains.populations == (("A", 0), ("B", 10))
    assert trains.of("B").ids.tolist() == [0, 2]
    assert trains.of("B").times_ms.tolist() == [1, 2]
    assert trains.of("A").ids.tolist() == [5]
    with pytest.raises(InputError, match="no population 'C'"):
        trains.of("C")


def test_populations_of_a_foreign_file_follow_each_other(tmp_path: Path) -> None:
    path = sonata_file(tmp_path / "s.h5", {"b": ([1.0, 2.0], [0, 4]), "a": ([1.5], [6]), "c": ([], np.empty(0, np.uint64))})
    trains = read(path)
    assert trains.populations == (("a", 0), ("b", 7), ("c", 12))
    assert trains.ids.tolist() == [7, 6, 11]
    assert same(read_sonata_spikes(path, {"b": 100}), spike_trains(np.array([1.0, 2.0]), np.array([100, 104]), (("b", 100),)))
    with pytest.raises(InputError, match=r"s\.h5.*no group 'x'"):
        read_sonata_spikes(path, {"x": 0})


def test_seconds_become_milliseconds_and_no_unit_is_ms(tmp_path: Path) -> None:
    assert read(sonata_file(tmp_path / "a.h5", {"p": ([0.25], [1])}, "s")).times_ms.tolist() == [250]
    assert read(sonata_file(tmp_path / "b.h5", {"p": ([0.25], [1])}, None)).times_ms.tolist() == [0.25]


def test_the_older_layout_without_populations_is_read(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "old.h5", "w") as file:
        file["spikes/timestamps"], file["spikes/gids"] = [2.0, 1.0], [7, 8]
    trains = read(tmp_path / "old.h5")
    assert trains.times_ms.tolist() == [1, 2]
    assert trains.ids.tolist() == [8, 7]


def test_text_of_nest_is_read_in_all_its_forms(tmp_path: Path) -> None:
    wanted = spike_trains(np.array([13.9, 18.0, 17.918, 27.8]), np.array([3, 2, 7, 1]))
    for name, text in (("ms.dat", NEST_MS), ("nest2.gdf", "3\t13.9\t\n2\t18.0\t\n7\t17.918\t\n1\t27.8\t\n"),
                       ("blank.gdf", "# mine\n\n1 27.8\n7 17.918\n\n3 13.9 # first\n2 18.0")):
        (tmp_path / name).write_text(text)
        assert same(read(tmp_path / name), wanted)
    (tmp_path / "steps.dat").write_text(NEST_STEPS)
    steps = read(tmp_path / "steps.dat", resolution_ms=0.1)
    assert np.array_equal(steps.ids, wanted.ids)
    assert np.allclose(steps.times_ms, wanted.times_ms, rtol=1e-15)


def test_ids_of_nest_stay_unless_the_first_is_given(tmp_path: Path) -> None:
    (tmp_path / "s.dat").write_text(NEST_MS)
    assert read(tmp_path / "s.dat").ids.tolist() == [3, 7, 2, 1]
    assert read(tmp_path / "s.dat", first_id=1).ids.tolist() == [2, 6, 1, 0]


@pytest.mark.parametrize("text", ["", "# nothing\n", "sender\ttime_ms\n", "# NEST\nsender\ttime_step\ttime_offset\n"])
def test_no_spikes_are_no_spikes(tmp_path: Path, text: str) -> None:
    (tmp_path / "s.dat").write_text(text)
    assert len(read(tmp_path / "s.dat", resolution_ms=0.1)) == 0


def test_the_files_of_several_threads_are_one(tmp_path: Path) -> None:
    (tmp_path / "0.dat").write_text("sender\ttime_ms\n1\t2.0\n3\t0.5\n")
    (tmp_path / "1.dat").write_text("sender\ttime_ms\n2\t1.0\n2\t2.0\n")
    parts = [read(tmp_path / "0.dat"), read(tmp_path / "1.dat")]
    assert same(joined(*parts), joined(*reversed(parts)))
    assert joined(*parts).ids.tolist() == [3, 2, 1, 2]
    assert len(joined()) == 0


@pytest.mark.parametrize(("text", "line", "says"), [
    ("sender\ttime_ms\n1\t2.0\n1\tx\n", 3, "'x' is no number"), ("1.5\t2.0\n", 1, "this line is"),
    ("1\t2.0\n1.5\t3.0\n", 2, "no whole number"),
    ("1\t2.0\n\n1\n", 3, "1 columns"), ("1\t2.0\n1\t2\t3\n", 2, "3 columns"), ("hello world\n", 1, "'hello world'"),
    ("time_ms\tsender\n2.0\t1\n", 1, "this line is"), ("1\n", 1, "this line is")])
def test_a_bad_line_of_text_is_named(tmp_path: Path, text: str, line: int, says: str) -> None:
    path = tmp_path / "s.dat"
    path.write_text(text)
    with pytest.raises(InputError) as raised:
        read(path)
    assert f"{path}:{line}" in str(raised.value)
    assert says in str(raised.value)


@pytest.mark.parametrize(("text", "says"), [
    ("1\tnan\n", "finite"), ("1\tinf\n", "finite"), ("-4\t1.0\n", "neuron -4"), (NEST_STEPS, "resolution"),
    ("99999999999999999999\t1.0\n", "cannot read")])
def test_bad_spikes_in_text_are_refused(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "s.dat"
    path.write_text(text)
    with pytest.raises(InputError) as raised:
        read(path)
    assert str(path) in str(raised.value)
    assert says in str(raised.value)


def test_a_first_id_above_the_ids_is_refused(tmp_path: Path) -> None:
    (tmp_path / "s.dat").write_text(NEST_MS)
    with pytest.raises(InputError, match="set the first id to 1 or less"):
        read_nest_text(tmp_path / "s.dat", first_id=4)


def drop(name: str) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        del file[name]

    return change


def put(name: str, data: object) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        if name in file:
            del file[name]
        file[name] = data

    return change


def mark(name: str, value: object, place: str = "/") -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        file[place].attrs[name] = value

    return change


@pytest.mark.parametrize(("change", "says"), [
    (drop("spikes/A/timestamps"), "no dataset 'timestamps'"), (drop("spikes/A/node_ids"), "no dataset 'node_ids'"),
    (put("spikes/A/node_ids", np.array([-1, 2])), "-1"), (put("spikes/A/node_ids", [0.5, 1.0]), "whole numbers"),
    (put("spikes/A/node_ids", np.array([2**64 - 1, 2], np.uint64)), "whole numbers"), (put("spikes/A/node_ids", [1]), "2 entries"),
    (put("spikes/A/node_ids", [[1, 2]]), "one dimension"), (put("spikes/A/timestamps", [1.0, np.nan]), "finite"),
    (put("spikes/A/timestamps", [np.inf, 1.0]), "finite"), (put("spikes/A/timestamps", [b"x", b"y"]), "one dimension of numbers"),
    (put("spikes/A/timestamps", 3.0), "one dimension"), (put("spikes", [1.0]), "no group 'spikes'"), (drop("spikes"), "neither"),
    (put("spikes/B", [1.0, 2.0]), "no group 'B'"), (mark("magic", 1), "magic"), (mark("version", [1, 0]), "version 1.0"),
    (mark("version", "7.3"), "version 7.3"), (mark("version", "new"), "version new"),
    (mark("units", "furlong", "spikes/A/timestamps"), "'furlong'")])
def test_a_bad_sonata_file_is_a_sentence(tmp_path: Path, change: Callable[[h5py.File], None], says: str) -> None:
    path = sonata_file(tmp_path / "s.h5", {"A": ([1.0, 2.0], [0, 1])})
    with h5py.File(path, "r+") as file:
        change(file)
    with pytest.raises(InputError) as raised:
        read(path)
    assert str(path) in str(raised.value)
    assert says in str(raised.value)


@pytest.mark.parametrize(("change", "says"), [
    (drop("groups/column/spikes/ticks"), "no dataset 'ticks'"), (drop("groups/column/spikes/ids"), "no dataset 'ids'"),
    (drop("groups/column/spikes"), "no spikes"), (put("groups/column/spikes/ids", [3]), "entries"),
    (mark("population_first", [0], "groups/column/spikes"), "first ids"), (lambda file: file.attrs.pop("tick_ms"), "tick_ms")])
def test_bad_results_are_a_sentence(folder: Path, change: Callable[[h5py.File], None], says: str) -> None:
    with h5py.File(folder / "results.h5", "r+") as file:
        change(file)
    with pytest.raises(InputError) as raised:
        read(folder)
    assert str(folder / "results.h5") in str(raised.value)
    assert says in str(raised.value)


def test_a_truncated_file_is_a_sentence(tmp_path: Path) -> None:
    path = sonata_file(tmp_path / "s.h5", {"A": (np.arange(5000.0), np.arange(5000))})
    whole = path.read_bytes()
    for length in (len(whole) - 1, len(whole) // 2, 700, 100, 8):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError, match=r"s\.h5"):
            read(path)


def test_what_is_no_file_of_spikes_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no file.*none\.h5"):
        read(tmp_path / "none.h5")
    with pytest.raises(InputError, match="no file"):
        read(tmp_path)
    (tmp_path / "noise").write_bytes(bytes(range(256)) * 9)
    with pytest.raises(InputError, match="noise: it is no text"):
        read(tmp_path / "noise")


def test_results_without_a_choice_of_one_ask_for_a_port(folder: Path) -> None:
    with h5py.File(folder / "results.h5", "r+") as file:
        file.copy("groups/column", file["groups"], "second")
    with pytest.raises(InputError, match=r"'column\.spikes', 'second\.spikes'"):
        read(folder)
    assert same(read(folder, "second.spikes"), read_recorded_spikes(folder / "results.h5", "column.spikes"))
    with pytest.raises(InputError, match=r"did you mean 'column\.spikes'"):
        read(folder, "colum.spikes")


def test_an_export_never_writes_over_anything(folder: Path, tmp_path: Path) -> None:
    before = (folder / "results.h5").read_bytes()
    done = cosim("export-spikes", folder, "--to", folder / "results.h5", cwd=tmp_path)
    assert (done.status, "exists already" in done.err) == (2, True)
    assert (folder / "results.h5").read_bytes() == before
    done = cosim("export-spikes", folder, "--to", "no/such/folder.h5", cwd=tmp_path)
    assert done.status == 2
    assert "Traceback" not in done.said
    assert "no/such/folder.h5" in done.said


def test_a_name_that_hdf5_would_take_apart_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'L2/3E' cannot stand"):
        write_sonata_spikes(tmp_path / "s.h5", spike_trains(np.array([1.0]), np.array([0]), (("L2/3E", 0),)))
    assert not list(tmp_path.iterdir())


def test_libsonata_reads_what_we_export(folder: Path, tmp_path: Path) -> None:
    libsonata = pytest.importorskip("libsonata")
    trains = read(folder)
    write_sonata_spikes(tmp_path / "s.h5", trains)
    reader = libsonata.SpikeReader(str(tmp_path / "s.h5"))
    assert set(reader.get_population_names()) == {name for name, _ in trains.populations}
    for name, _ in trains.populations:
        part = trains.of(name)
        assert str(reader[name].sorting).endswith("by_time")
        assert reader[name].get() == list(zip(part.ids.tolist(), part.times_ms.tolist(), strict=True))
