"""Blocks are the same after a journey, and bytes that are no block are refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from cosim.blocks import Kind, Samples, Spikes, from_bytes, to_bytes
from cosim.interfaces import Port
from cosim.schedule.faults import fault

INT64 = st.integers(-(2**63), 2**63 - 1)
SAMPLES = st.builds(Samples, INT64, INT64, arrays.arrays(np.float64, arrays.array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=5)))
ON_GRID = arrays.arrays(np.int64, st.tuples(st.just(2), st.integers(0, 8))).map(lambda both: Spikes(both[0], both[1]))
SPIKES = ON_GRID | st.tuples(ON_GRID, st.randoms()).map(
    lambda made: Spikes(made[0].ticks, made[0].ids, np.array([made[1].random() for _ in made[0].ids], np.float64)))


def same(a: Samples | Spikes, b: Samples | Spikes) -> bool:
    if isinstance(a, Samples) and isinstance(b, Samples):
        return (a.first, a.step, a.values.shape) == (b.first, b.step, b.values.shape) and a.values.tobytes() == b.values.tobytes()
    return isinstance(a, Spikes) and isinstance(b, Spikes) and np.array_equal(a.ticks, b.ticks) and np.array_equal(a.ids, b.ids) and (
        (a.offsets is None) is (b.offsets is None) and (a.offsets is None or a.offsets.tobytes() == b.offsets.tobytes()))


@given(SAMPLES | SPIKES)
def test_a_block_is_the_same_after_a_journey_bit_for_bit(block: Samples | Spikes) -> None:
    assert same(from_bytes(to_bytes(block)), block)


@given(SAMPLES | SPIKES, st.data())
def test_a_block_that_was_cut_or_prolonged_is_refused(block: Samples | Spikes, data: st.DataObject) -> None:
    whole = to_bytes(block)
    cut = data.draw(st.integers(0, len(whole) - 1))
    for wrong in (whole[:cut], whole + b"\0" * (cut + 1)):
        with pytest.raises(ValueError, match="data"):
            from_bytes(wrong)


@given(st.binary(max_size=100))
def test_any_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="block"):
        from_bytes(b"X" + data)


@given(arrays.arrays(np.int64, st.tuples(st.just(2), st.integers(0, 20)), elements=st.integers(0, 5)))
def test_sorting_keeps_every_spike_and_orders_by_tick_then_id(both: np.ndarray) -> None:
    block = Spikes.sort(both[0], both[1])
    pairs = list(zip(block.ticks.tolist(), block.ids.tolist(), strict=True))
    assert pairs == sorted(zip(both[0].tolist(), both[1].tolist(), strict=True))


@given(SAMPLES.filter(lambda s: abs(s.first) < 2**60 and abs(s.step) < 2**50), st.integers(-(2**60), 2**60))
def test_a_shift_moves_every_stamp_and_nothing_else(block: Samples, ticks: int) -> None:
    moved = block.shifted(ticks)
    assert np.array_equal(moved.ticks, block.ticks + ticks)
    assert moved.last == block.last + ticks
    assert moved.values is block.values


def test_spikes_of_one_channel_in_one_step_are_sorted_by_time() -> None:
    block = Spikes.sort(np.array([5, 5, 4, 5]), np.array([1, 1, 2, 0]), np.array([0.25, 0.75, 0.5, 0.0]))
    assert (block.ticks.tolist(), block.ids.tolist()) == ([4, 5, 5, 5], [2, 0, 1, 1])
    assert block.offsets is not None and block.offsets.tolist() == [0.5, 0.0, 0.75, 0.25]


def test_what_is_joined_has_offsets_where_any_of_it_has() -> None:
    grid, precise = Spikes(np.array([1]), np.array([0])), Spikes(np.array([2]), np.array([3]), np.array([0.5]))
    assert Spikes.join(Spikes.none(), grid).offsets is None
    both = Spikes.join(grid, Spikes.none(), precise)
    assert both.offsets is not None and both.offsets.tolist() == [0.0, 0.5]
    assert same(both.part(1), precise) and same(both.shifted(3).part(0, 1), Spikes(np.array([4]), np.array([0]), np.array([0.0])))


@pytest.mark.parametrize(("offsets", "told"), [
    (np.array([0.5, 2.0]), "2 ticks before its stamp"), (np.array([-0.5, 0.0]), "-0.5 ticks"), (np.array([np.nan, 0.0]), "nan ticks"),
    (np.zeros(3), "offsets must be"), (np.zeros(2, np.float32), "float32"), (np.array([0.0, 1.5]), "")])
def test_an_offset_is_from_0_up_to_one_step(offsets: np.ndarray, told: str) -> None:
    found = fault(Spikes(np.array([2, 4]), np.array([0, 1]), offsets), Port("spikes", Kind.SPIKES, "1", 2), 0, 4, 2)
    assert told in found if told else not found
