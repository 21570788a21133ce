"""Laws of choosing samples to record."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim.blocks import Kind, Samples, Spikes
from cosim.errors import InputError
from cosim.interfaces import Port
from cosim.record.recording import Recorded

RATE = Port("rate", Kind.RATE, "Hz", 1)


@given(st.integers(1, 5), st.integers(1, 6), st.integers(-9, 9), st.integers(0, 40))
def test_exactly_the_samples_on_multiples_are_kept(step: int, times: int, first: int, length: int) -> None:
    block = Samples(first * step, step, np.arange(float(length))[:, None])
    kept = Recorded(RATE, step, step * times).keep(block)
    on_grid = block.ticks % (step * times) == 0
    assert isinstance(kept, Samples)
    assert np.array_equal(kept.ticks, block.ticks[on_grid])
    assert np.array_equal(kept.values, block.values[on_grid])


@given(st.integers(1, 7), st.sets(st.integers(1, 59), max_size=6))
def test_blocks_that_follow_each_other_give_samples_that_follow_each_other(every: int, cuts: set[int]) -> None:
    kept, start = [], 0
    for stop in [*sorted(cuts), 60]:
        kept.append(Recorded(RATE, 1, every).keep(Samples(start + 1, 1, np.zeros((stop - start, 1)))))
        start = stop
    assert np.concatenate([block.ticks for block in kept]).tolist() == list(range(every, 61, every))


def test_all_spikes_are_kept() -> None:
    block = Spikes(np.array([1, 2, 3]), np.array([0, 0, 0]))
    assert Recorded(Port("spikes", Kind.SPIKES, "1", 1), 1, 10).keep(block) is block


@pytest.mark.parametrize(("every", "legal"), [(7, "5 or 10 ticks"), (3, "write 5 ticks"), (0, "write 5 ticks")])
def test_an_interval_off_the_grid_is_refused_with_the_nearest_legal_ones(every: int, legal: str) -> None:
    with pytest.raises(InputError, match=legal):
        Recorded(RATE, 5, every)
