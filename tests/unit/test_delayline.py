import numpy as np
import pytest

from cosim.blocks import Kind, Samples, Spikes
from cosim.interfaces import Port
from cosim.schedule.delayline import DelayLine
from cosim.timegrid import Window


def line(delay: int = 10, lag: int = 0) -> DelayLine:
    return DelayLine(Port("in", Kind.STATE, "1", 1, lag=lag), delay, 1)


def rows(first: int, *values: float, step: int = 1) -> Samples:
    return Samples(first, step, np.array(values)[:, None])


def test_nothing_is_covered_before_what_was_before_the_first_window_has_come() -> None:
    late = line()
    assert not late.covers(Window(0, 5))
    late.put(rows(0, 7.0), 0)
    assert late.covers(Window(0, 10))
    assert not late.covers(Window(0, 11))
    assert (late.take(Window(0, 5)).values == 7).all()


def test_an_input_holds_both_ends_of_every_step() -> None:
    late = line(2)
    late.put(rows(0, 0.0), 0)
    late.put(rows(1, 1.0, 2.0, 3.0), 3)
    assert late.take(Window(0, 4)).values.ravel().tolist() == [0, 0, 0, 1, 2]
    assert late.take(Window(4, 5)).values.ravel().tolist() == [2, 3]


@pytest.mark.parametrize("block", [rows(3, 1.0), rows(1, 1.0, 2.0, step=2).shifted(5), Spikes.none()])
def test_what_does_not_follow_is_refused(block: Samples | Spikes) -> None:
    late = line()
    late.put(rows(0, 0.0), 0)
    late.put(rows(1, 1.0), 1)
    with pytest.raises(ValueError, match=r"follow|one delay line"):
        late.put(block, 4)


def test_spikes_wait_for_their_window() -> None:
    late = DelayLine(Port("in", Kind.SPIKES, "1", 5), 3, 1)
    late.put(Spikes(np.array([1, 2, 9]), np.array([0, 4, 2])), 9)
    assert late.take(Window(0, 4)).ticks.tolist() == [4]
    assert late.take(Window(4, 12)).ticks.tolist() == [5, 12]


def test_a_delay_keeps_how_much_before_their_stamps_spikes_happened() -> None:
    one = DelayLine(Port("in", Kind.SPIKES, "1", 2), 10, 1)
    one.put(Spikes(np.array([3, 12]), np.array([0, 1]), np.array([0.5, 0.25])), 20)
    first, second = one.take(Window(0, 20)), one.take(Window(20, 30))
    assert isinstance(first, Spikes) and isinstance(second, Spikes)
    assert first.offsets is not None and (first.ticks.tolist(), first.offsets.tolist()) == ([13], [0.5])
    assert second.offsets is not None and (second.ticks.tolist(), second.offsets.tolist()) == ([22], [0.25])
