"""Laws of the digest: it changes with what was recorded, and with nothing else."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import h5py
import numpy as np
import pytest

from cosim.blocks import Kind, Samples, Spikes
from cosim.errors import InputError
from cosim.interfaces import Port
from cosim.record.digest import digest
from cosim.record.journal import Completed, Data, Opened
from cosim.record.recording import Recorded
from cosim.record.results import GroupHeader, Header, ResultsWriter

SPIKES = Port("spikes", Kind.SPIKES, "1", 10, populations=(("E", 0), ("I", 8)))
RATE = Port("rate", Kind.RATE, "Hz", 2, labels=("a", "b"))
HEADER = Header(Fraction(1, 10), 50, 7, "1.2", (
    GroupHeader("column", (Recorded(SPIKES, 1, 1),)),
    GroupHeader("brain", (Recorded(RATE, 1, 1),), {"weights": np.eye(2), "labels": np.array(["a", "b"])})), "title", "text")


def written(folder: Path, window: int = 50, header: Header = HEADER, flush: bool = False, seconds: float = 0.0) -> Path:
    folder.mkdir()
    rng = np.random.default_rng(0)
    ticks, ids, values = np.sort(rng.integers(1, 51, 40)), rng.integers(0, 10, 40), rng.random((50, 2))
    with ResultsWriter(folder / "results.h5", header) as writer:
        writer.take("brain", [Opened({"host": "x"})])
        for start in range(0, 50, window):
            stop = min(start + window, 50)
            inside = (ticks > start) & (ticks <= stop)
            writer.take("column", [Data(0, Spikes(ticks[inside], ids[inside])), Completed(0, start, stop, seconds)])
            writer.take("brain", [Data(0, Samples(start + 1, 1, values[start:stop])), Completed(0, start, stop, seconds)])
            if flush:
                writer.flush()
    return folder


def test_it_is_a_sha256_of_the_folder_or_the_file(tmp_path: Path) -> None:
    run = written(tmp_path / "a")
    assert len(digest(run)) == 64
    assert digest(run) == digest(run / "results.h5")


@pytest.mark.parametrize("window", [1, 7, 25])
def test_it_does_not_depend_on_windows_and_flushes(tmp_path: Path, window: int) -> None:
    assert digest(written(tmp_path / "a")) == digest(written(tmp_path / "b", window, flush=True, seconds=3.0))


def test_it_does_not_depend_on_seed_number_version_or_texts(tmp_path: Path) -> None:
    other = replace(HEADER, seed=8, version="9", title="other", experiment="other")
    assert digest(written(tmp_path / "a")) == digest(written(tmp_path / "b", header=other))


def test_it_does_not_depend_on_the_order_of_groups(tmp_path: Path) -> None:
    assert digest(written(tmp_path / "a")) == digest(written(tmp_path / "b", header=replace(HEADER, groups=HEADER.groups[::-1])))


@pytest.mark.parametrize("layout", [{"chunks": (3,)}, {"chunks": (1000,), "maxshape": (None,), "compression": "lzf"}, {}])
def test_it_does_not_depend_on_chunks_and_compression(tmp_path: Path, layout: dict[str, object]) -> None:
    run = written(tmp_path / "a")
    before = digest(run)
    with h5py.File(run / "results.h5", "r+") as file:
        port = file["groups/column/spikes"]
        for name in ("ticks", "ids"):
            values = port[name][:]
            del port[name]
            port.create_dataset(name, data=values, **layout)
    assert digest(run) == before


def test_it_does_not_depend_on_byte_order(tmp_path: Path) -> None:
    run = written(tmp_path / "a")
    before = digest(run)
    with h5py.File(run / "results.h5", "r+") as file:
        values = file["groups/brain/rate/values"][:]
        del file["groups/brain/rate/values"]
        file["groups/brain/rate/values"] = values.astype(">f8")
    assert digest(run) == before


def test_it_does_not_depend_on_the_slices_in_which_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = written(tmp_path / "a")
    before = digest(run)
    monkeypatch.setattr("cosim.record.digest._SLICE_BYTES", 40)
    assert digest(run) == before


def change_last_bit(file: h5py.File) -> None:
    file["groups/brain/rate/values"][49, 1] = np.nextafter(file["groups/brain/rate/values"][49, 1], 2)


def move_spike(file: h5py.File) -> None:
    file["groups/column/spikes/ticks"][39] += 1


def swap_ids(file: h5py.File) -> None:
    ids = file["groups/column/spikes/ids"]
    ids[:] = ids[:][::-1]


def drop_sample(file: h5py.File) -> None:
    for name in ("ticks", "values"):
        file[f"groups/brain/rate/{name}"].resize(49, axis=0)


def single_precision(file: h5py.File) -> None:
    values = file["groups/brain/rate/values"][:]
    del file["groups/brain/rate/values"]
    file["groups/brain/rate/values"] = values.astype("f4")


def reshape(file: h5py.File) -> None:
    values = file["groups/brain/rate/values"][:]
    del file["groups/brain/rate/values"]
    file["groups/brain/rate/values"] = values.reshape(25, 4)


def set_fact(place: str, name: str, value: object) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        del file[place].attrs[name]
        file[place].attrs[name] = value
    change.__name__ = name
    return change


@pytest.mark.parametrize("change", [
    change_last_bit, move_spike, swap_ids, drop_sample, single_precision, reshape,
    lambda file: file.move("groups/brain/rate", "groups/brain/other"),
    lambda file: file.create_group("groups/column/silent").attrs.update({"kind": "spikes"}),
    lambda file: file["groups/brain/static/weights"].__setitem__((0, 1), 0.5),
    lambda file: file["groups/brain/static/labels"].__setitem__(1, "c"),
    set_fact("groups/brain/rate", "unit", "kHz"), set_fact("groups/brain/rate", "names", ["ab", ""]),
    set_fact("groups/column/spikes", "population_first", [0, 7, 10]), set_fact("groups/column/spikes", "populations", ["E", "J"]),
    set_fact("/", "valid_until_tick", 49), set_fact("/", "duration_ticks", 51), set_fact("/", "tick_ms", 0.2)])
def test_it_changes_with_everything_that_means_something(tmp_path: Path, change: Callable[[h5py.File], None]) -> None:
    run = written(tmp_path / "a")
    before = digest(run)
    with h5py.File(run / "results.h5", "r+") as file:
        change(file)
    assert digest(run) != before


def test_a_run_that_recorded_nothing_has_a_digest(tmp_path: Path) -> None:
    ResultsWriter(tmp_path / "results.h5", replace(HEADER, groups=(GroupHeader("g"),))).close()
    assert len(digest(tmp_path)) == 64


def test_missing_results_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there are no results"):
        digest(tmp_path)
