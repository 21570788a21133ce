"""Numbers with units are exact, and nothing that a user writes ends in a traceback."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosim.errors import InputError
from cosim.experiment import quantities
from cosim.experiment.quantities import Quantity, factor, read_any_quantity, read_quantity, same_dimension, text


@pytest.mark.parametrize(("written", "unit", "value"), [
    ("0.1 ms", "ms", Fraction(1, 10)),
    ("0.1ms", "us", Fraction(100)),
    ("4 mm/ms", "m/s", Fraction(4)),
    ("1e-3 s", "ms", Fraction(1)),
    ("\u22125 mV", "mV", Fraction(-5)),
    ("+.5 kHz", "1/s", Fraction(500)),
    ("3 1/ms", "Hz", Fraction(3000)),
    ("87.8 pA", "nA", Fraction(878, 10000)),
    ("10 %", "1", Fraction(1, 10)),
    (3, "1", Fraction(3)),
    (0.1, "1", Fraction(1, 10)),
    ("1e-3", "1", Fraction(1, 1000)),
    ("25 degC", "kelvin", Fraction(29815, 100)),
    ("2 \u00b5m", "um", Fraction(2)),
])
def test_quantities_are_read_exactly(written: object, unit: str, value: Fraction) -> None:
    assert read_quantity(written, unit) == value


@given(st.fractions(-10**6, 10**6, max_denominator=1).flatmap(lambda n: st.integers(0, 9).map(lambda d: n / 10**d)),
       st.sampled_from(["s", "ms", "us", "min"]))
def test_a_decimal_time_survives_being_written(time: Fraction, unit: str) -> None:
    in_ms = read_quantity(text(time, unit), "ms")
    assert read_quantity(text(in_ms, "ms"), unit) == time


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["mV", "1", "mm/ms", "1/ms", "degC", "Hz"]))
def test_a_number_survives_being_written_with_its_unit(value: float, unit: str) -> None:
    assert float(read_quantity(text(value, unit), unit)) == value


@given(st.text(max_size=20) | st.from_regex(r"\d{1,3} ?[a-zA-Z/*^() 0-9%-]{0,8}", fullmatch=True))
@settings(max_examples=300, deadline=None)
def test_whatever_is_written_is_read_or_refused_in_words(written: str) -> None:
    for read in (lambda: read_quantity(written, "ms"), lambda: read_any_quantity(written)):
        try:
            read()
        except InputError as error:
            assert error.problems[0].what


def test_a_quantity_waits_for_its_unit() -> None:
    initial = read_any_quantity("0.003 kHz")
    assert (initial, str(initial)) == (Quantity(0.003, "kHz"), "0.003 kHz")
    assert initial.to("Hz") == 3.0
    assert read_any_quantity(0.5).to("1") == 0.5
    with pytest.raises(InputError, match=r"'0\.003 kHz' has the unit kHz, which does not convert to pA"):
        initial.to("pA")
    with pytest.raises(InputError, match="5 has no unit"):
        read_any_quantity(5).to("Hz")


def test_units_are_compared_by_what_they_measure() -> None:
    assert same_dimension("Hz", "1/ms")
    assert not same_dimension("Hz", "pA")
    assert factor("1/ms", "Hz") == 1000.0


def test_usual_units_convert_as_the_library_of_units_has_them() -> None:
    registry = quantities._registry()
    parse = {u: registry.parse_units("" if u == "1" else u) for u in quantities._USUAL}
    for unit, other in product(quantities._USUAL, repeat=2):
        assert same_dimension(unit, other) == parse[unit].is_compatible_with(parse[other]), (unit, other)
        if same_dimension(unit, other) and unit != "1":  # a bare number is never taken for a quantity
            assert read_quantity(f"7 {unit}", other) == Fraction(registry.Quantity(Fraction(7), parse[unit]).to(parse[other]).magnitude)


def test_usual_units_need_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quantities, "_registry", lambda: pytest.fail("all units there are were read"))
    assert read_quantity("2 s", "ms") == 2000 and read_any_quantity("3 mV").to("V") == 0.003
