"""What ``cosim observe`` does with what was recorded, and what it refuses."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from cosim.blocks import Kind, Samples, Spikes
from cosim.errors import InputError
from cosim.interfaces import Port
from cosim.launch.observe import chosen, observe, read_operators
from cosim.launch.observed_pictures import draw_all
from cosim.models.observe.sources import read_sources
from cosim.models.wholebrain.connectome import find
from cosim.record.journal import Completed, Data
from cosim.record.reading import Results, read_results
from cosim.record.recording import Recorded
from cosim.record.results import GroupHeader, Header, ResultsWriter

OPERATORS = """
operators:
  bold: {volterra: {period: 50 ms, length: 200 ms}, noise: {deviation: 0.1}}
  lfp: {lfp: {terms: [{input: in, weight: 1, delay: 6 ms}, {input: i, weight: 1.65}], pooled: true}}
"""
ROWS, SIZE = 400, 3


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Return the results of a run of noise: two states every ms, one every 100 ms, and spikes."""
    path = tmp_path_factory.mktemp("run") / "results.h5"
    names = tuple(f"R{i}" for i in range(SIZE))
    ports = [Recorded(Port(n, Kind.STATE, "1", SIZE, labels=names), 1, every) for n, every in (("S_E", 1), ("S_I", 1), ("coarse", 100))]
    group = GroupHeader("brain", (*ports, Recorded(Port("spikes", Kind.SPIKES, "1", SIZE, populations=(("all", 0),)), 1, 1)))
    rng = np.random.default_rng(1)
    with ResultsWriter(path, Header(Fraction(1), ROWS, 7, "test", (group,))) as writer:
        blocks = [Samples(every, every, rng.uniform(0, 1, (ROWS // every, SIZE))) for every in (1, 1, 100)]
        writer.take("brain", [*(Data(i, b) for i, b in enumerate([*blocks, Spikes(np.array([3]), np.array([1]))])), Completed(0, 0, ROWS)])
    return read_results(path)


def observed(recorded: Results, folder: Path, text: str, *ports: str, rows: int | None = None, name: str = "out.h5") -> Path:
    (folder / "operators.yaml").write_text(text)
    return observe(recorded, chosen(recorded, ports), read_operators(folder / "operators.yaml"), folder / name, rows)


def test_chunks_do_not_change_a_bit(recorded: Results, tmp_path: Path) -> None:
    paths = [observed(recorded, tmp_path, OPERATORS, "brain.S_E", "i=brain.S_I", rows=rows, name=f"{rows}.h5") for rows in (None, 23, 50)]
    whole, *others = [[read_results(p).port(f"observe.{n}").values().tobytes() for n in ("bold", "lfp")] for p in paths]
    assert len(whole[0]) == 8 * SIZE * ROWS // 50
    assert all(other == whole for other in others)


def test_what_comes_out_is_laid_out_as_results_and_drawn(recorded: Results, tmp_path: Path) -> None:
    path = observed(recorded, tmp_path, OPERATORS, "brain.S_E", "i=brain.S_I")
    results = read_results(path)
    assert (results.duration, results.valid_until, results.seed, results.groups) == (ROWS, ROWS, 7, ("observe",))
    assert results.port("observe.bold").names == ("R0", "R1", "R2")
    assert results.port("observe.bold").ticks().tolist() == list(range(50, ROWS + 1, 50))
    assert results.port("observe.lfp").size == 1
    pictures = draw_all(path)
    assert sorted(p.name for p in pictures) == ["out.bold.png", "out.lfp.png"]
    assert all(p.read_bytes().startswith(b"\x89PNG") for p in pictures)


def test_nothing_is_written_over(recorded: Results, tmp_path: Path) -> None:
    text = "operators: {mean: {temporal_average: {period: 10 ms}}}"
    before = observed(recorded, tmp_path, text, "brain.S_E").read_bytes()
    with pytest.raises(InputError, match=r"out.h5' exists already\n.*--overwrite, or choose another name with --out"):
        observed(recorded, tmp_path, text, "brain.S_E")
    assert (tmp_path / "out.h5").read_bytes() == before


def test_only_what_was_observed_before_is_replaced_and_only_when_asked(recorded: Results, tmp_path: Path) -> None:
    text = "operators: {{mean: {{temporal_average: {{period: {} ms}}}}}}"
    path = observed(recorded, tmp_path, text.format(10), "brain.S_E")
    operators, inputs = read_operators(tmp_path / "operators.yaml"), chosen(recorded, ("brain.S_E",))
    before = path.read_bytes()
    (tmp_path / "operators.yaml").write_text(text.format(20))
    observe(recorded, inputs, read_operators(tmp_path / "operators.yaml"), path, overwrite=True)
    assert read_results(path).port("observe.mean").length == ROWS // 20 and sorted(p.name for p in tmp_path.glob("out.h5*")) == ["out.h5"]
    observe(recorded, inputs, operators, path, overwrite=True)
    assert path.read_bytes() == before
    other, theirs = tmp_path / "theirs.h5", recorded.path.read_bytes()
    for content in (b"mine", theirs):
        other.write_bytes(content)
        with pytest.raises(InputError, match="'cosim observe' has not written it"):
            observe(recorded, inputs, operators, other, overwrite=True)
        assert other.read_bytes() == content


def with_places(folder: Path, static: dict[str, dict[str, np.ndarray]]) -> Results:
    """Return the results of a run of one step, with regions R0 ... in its groups at places of their own."""
    names = tuple(f"R{i}" for i in range(SIZE))
    port = Recorded(Port("S_E", Kind.STATE, "1", SIZE, labels=names), 1, 1)
    groups = tuple(GroupHeader(name, (port,) if name == "brain" else (), static=held) for name, held in static.items())
    with ResultsWriter(folder / "results.h5", Header(Fraction(1), 2, 7, "test", groups)) as writer:
        for name in static:
            rows = [Data(0, Samples(1, 1, np.eye(2, SIZE)))] if name == "brain" else []
            writer.take(name, [*rows, Completed(0, 0, 2)])
    return read_results(folder)


LABELS = np.array([f"R{i}".encode() for i in range(SIZE)])[::-1]
CENTRES = np.array([[0.0, 0, 3], [0, 0, 2], [0, 0, 1]])
SEEG = "operators: {{seeg: {{gain: {{sensors: electrodes.txt{}}}}}}}"


@pytest.mark.parametrize("sources", ["", ", sources: .", ", sources: results.h5"])
def test_the_regions_of_a_run_are_the_sources_by_their_names(sources: str, tmp_path: Path) -> None:
    results = with_places(tmp_path, {"brain": {"labels": LABELS, "centres_mm": CENTRES}, "other": {}})
    (tmp_path / "electrodes.txt").write_text("A 0 0 0\n")
    seen = read_results(observed(results, tmp_path, SEEG.format(sources), "brain.S_E")).port("observe.seeg").values()
    assert seen.tolist() == [[1.0], [0.25]]  # R0 lies 1 from the sensor, R1 lies 2


@pytest.mark.parametrize(("static", "words"), [
    ({"brain": {}}, "no group of the run .* has a connectome"),
    ({"brain": {"labels": LABELS, "centres_mm": np.full((SIZE, 3), np.nan)}}, "does not say where its regions lie"),
    ({"brain": {"labels": LABELS, "centres_mm": CENTRES}, "b": {"labels": LABELS, "centres_mm": CENTRES + 1}}, "have different regions"),
])
def test_a_run_that_does_not_tell_its_regions_is_refused_as_source(static: dict, words: str, tmp_path: Path) -> None:
    results = with_places(tmp_path, static)
    (tmp_path / "electrodes.txt").write_text("A 0 0 0\n")
    with pytest.raises(InputError, match=f"operators.seeg: sources: .*{words}"):
        observed(results, tmp_path, SEEG.format(""), "brain.S_E")


def test_the_connectomes_of_tvb_data_and_zip_files_give_the_same_sources(tmp_path: Path) -> None:
    pytest.importorskip("tvb_data")
    for number in (66, 76):  # the first holds its centres compressed
        name = f"connectivity_{number}.zip"
        places = read_sources(Path(f"tvb_data:{name}"), tmp_path)
        assert (len(places.labels), places.positions.shape) == (number, (number, 3))
        assert places.labels == find(f"tvb_data:{name}", None).labels
        assert places.positions.tolist() == find(f"tvb_data:{name}", None).centres.tolist()
    with pytest.raises(InputError, match=r"tvb-data holds no connectome 'connectivity_77.zip'"):
        read_sources(Path("tvb_data:connectivity_77.zip"), tmp_path)


BOLD = "operators: {bold: {balloon: {period: 100 ms}}}"


@pytest.mark.parametrize(("text", "ports", "words"), [
    (BOLD, ("brain.coarse",), "operators.bold: 'brain.coarse' is given every 100 ms, too coarse for a BOLD signal"),
    (BOLD, ("brain.S_F",), "holds nothing of 'brain.S_F'"),
    (BOLD, ("brain.S_E", "brain.S_I"), "two ports are both called 'in'"),
    (BOLD, ("brain.S_E", "b=brain.coarse"), "not recorded at the same instants"),
    (BOLD, ("brain.spikes",), r"'brain.spikes', which gives spikes(?s:.)*spikes_to_rate"),
    ("operators: {bold: {volterra: {period: 100 ms}}}", ("brain.S_E",), "'bold' needs 20000 ms, but there are only 400 ms"),
    ("operators: {bold: {baloon: {period: 100 ms}}}", ("brain.S_E",), "operators.yaml:1: operators.bold.baloon: there is no key 'baloon'"),
    ("operator: {}", ("brain.S_E",), r"there is no key 'operator' here(?s:.)*did you mean 'operators'"),
    ("operators: {}", ("brain.S_E",), "nothing is observed"),
])
def test_what_cannot_be_observed_is_told_and_nothing_is_written(text: str, ports: tuple[str, ...], words: str, recorded: Results,
                                                                tmp_path: Path) -> None:
    with pytest.raises(InputError, match=words):
        observed(recorded, tmp_path, text, *ports)
    assert not (tmp_path / "out.h5").exists()
