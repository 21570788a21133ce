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
    with pytest.raises(InputError, match="it exists already"):
        observed(recorded, tmp_path, text, "brain.S_E")
    assert (tmp_path / "out.h5").read_bytes() == before


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
