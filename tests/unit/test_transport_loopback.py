"""Within one process frames come in order on each edge, and a deadlock is told instead of waited for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim.blocks import Frame, FrameKind
from cosim.errors import RunError
from cosim.transport.loopback import Loopback, SoloRanks


def frame(number: int) -> Frame:
    return Frame(FrameKind.DONE, number, 0, 0)


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=40))
def test_every_edge_is_a_queue_of_its_own(steps: list[tuple[int, bool]]) -> None:
    transport, expected, sent = Loopback(), {edge: [] for edge in range(4)}, 0
    for edge, is_sent in steps:
        if is_sent:
            transport.send(edge, frame(sent))
            expected[edge].append(sent)
            sent += 1
        else:
            came = transport.receive(edge)
            assert (came.number if came else None) == (expected[edge].pop(0) if expected[edge] else None)


def test_waiting_for_nobody_is_an_error_at_once() -> None:
    transport = Loopback()
    with pytest.raises(RunError, match="every group waits for another one"):
        transport.wait(60.0)
    transport.send(0, frame(0))
    transport.wait(60.0)
    transport.close()
    assert transport.receive(0) is None


@pytest.mark.parametrize("shape", [0, 5, (2, 3), (0, 4), ()])
def test_a_shared_array_of_one_rank_is_zero_and_can_be_written(shape: int | tuple[int, ...]) -> None:
    array = SoloRanks().shared_array(shape, np.float32)
    assert array.shape == ((shape,) if isinstance(shape, int) else shape)
    assert not array.any()
    array[...] = 3
    assert (array == 3).all()


def test_one_rank_gathers_and_broadcasts_what_it_gives() -> None:
    ranks, part = SoloRanks(), np.arange(3)
    assert ranks.gather(part) is part
    assert ranks.broadcast(b"x") == b"x"
    with pytest.raises(ValueError, match="rank 0 must give"):
        ranks.broadcast(None)
