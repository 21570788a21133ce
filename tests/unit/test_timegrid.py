from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim.errors import InputError
from cosim.timegrid import Window, common_tick, to_ticks, windows

times = st.fractions(min_value=Fraction(1, 1000), max_value=100, max_denominator=1000)


@given(st.lists(times, min_size=1, max_size=6))
def test_every_time_is_a_whole_number_of_common_ticks(chosen: list[Fraction]) -> None:
    tick = common_tick(chosen)
    assert all((time / tick).denominator == 1 for time in chosen)


@given(st.lists(times, min_size=1, max_size=4), st.integers(2, 5))
def test_no_longer_tick_would_do(chosen: list[Fraction], factor: int) -> None:
    tick = common_tick(chosen) * factor
    assert any((time / tick).denominator != 1 for time in chosen)


def test_zero_delays_do_not_make_the_tick_zero() -> None:
    assert common_tick([Fraction(0), Fraction(1, 10), Fraction(3, 20)]) == Fraction(1, 20)


def test_a_time_off_the_grid_is_refused_with_its_nearest_legal_values() -> None:
    said = r"delay 0\.15 ms is not a multiple of the step 0\.1 ms of group 'brain'(.|\n)*write 0\.1 ms or 0\.2 ms"
    with pytest.raises(InputError, match=said):
        to_ticks(Fraction(15, 100), Fraction(1, 10), "delay", "brain")


@given(st.integers(1, 500), st.integers(1, 60))
def test_windows_cover_every_tick_once_and_in_order(stop: int, length: int) -> None:
    found = list(windows(stop, length))
    assert [t for w in found for t in range(w.start, w.stop)] == list(range(stop))
    assert [w.index for w in found] == list(range(len(found)))
    assert all(w.length == length for w in found[:-1])


def test_a_window_without_length_is_refused() -> None:
    with pytest.raises(ValueError, match="must end after it starts"):
        Window(5, 5)
