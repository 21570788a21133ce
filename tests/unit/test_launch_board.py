"""What a rank writes on the board is what anybody reads there."""

from __future__ import annotations

import time
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cosim.launch.board import Board, Entry
from cosim.schedule.loop import Phase

ENTRIES = st.builds(Entry, st.integers(0, 2**31 - 1), st.sampled_from(Phase), st.integers(-1, 2**62), st.integers(-1, 2**31 - 1),
                    *[st.floats(0, 1e15)] * 3)


@given(st.lists(ENTRIES, min_size=1, max_size=5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_every_process_reads_what_was_written(tmp_path: Path, entries: list[Entry]) -> None:
    path = tmp_path / f"board-{len(entries)}"
    writer, reader = Board(path, len(entries)), Board(path, len(entries))
    for place, entry in enumerate(entries):
        writer.write(place, entry)
    assert reader.read() == entries
    writer.close()
    reader.close()


def test_a_new_board_says_that_nobody_has_started(tmp_path: Path) -> None:
    assert Board(tmp_path / "board", 2).read() == [Entry(0, Phase.STARTING, 0, 0, 0.0, 0.0, 0.0)] * 2


def test_a_new_phase_leaves_the_rest_and_the_others_alone(tmp_path: Path) -> None:
    board = Board(tmp_path / "board", 2)
    for place in (0, 1):
        board.write(place, Entry(7, Phase.BUILDING, -1, -1, 1.0, 2.0, 3.0))
    before = time.monotonic()
    board.enter(0, Phase.WAITING, 12, 3)
    changed, other = board.read()
    assert (changed.pid, changed.phase, changed.window, changed.edge, changed.built, changed.memory) == (7, Phase.WAITING, 12, 3, 2.0, 3.0)
    assert before <= changed.since <= time.monotonic()
    assert other == Entry(7, Phase.BUILDING, -1, -1, 1.0, 2.0, 3.0)
