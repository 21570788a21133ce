"""Laws of the share of the background that follows a rate."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim.adapters.translators.share_of_background import ShareOfBackground, ShareOfBackgroundParameters
from cosim.blocks import Kind, Samples, Spikes
from cosim.errors import InputError, ProtocolError, RunError
from cosim.interfaces import Port
from cosim.timegrid import Clock

BRAIN = Port("rV1.afferent", Kind.RATE, "Hz", 2, lead=4, labels=("a", "b"), at_rest=3.1)
COLUMN = Port("background", Kind.RATE, "Hz", 2)
CLOCK = Clock(Fraction(1, 10), 1)
rates = st.floats(0, 1e4)
positive = st.floats(1e-3, 1e3)


def made(source: Port = BRAIN, **parameters: object) -> ShareOfBackground:
    translator = ShareOfBackground(ShareOfBackgroundParameters(**parameters), CLOCK)
    translator.prepare(source, COLUMN, 0)
    return translator


def through(translator: ShareOfBackground, *hz: float) -> list[float]:
    return translator.translate(Samples(1, 1, np.array([hz])), 0, 1).values[0].tolist()


@given(rates, positive, positive, st.floats(0, 1))
def test_without_gain_or_share_the_background_is_nominal_bit_by_bit(rate: float, rest: float, nominal: float, share: float) -> None:
    assert through(made(share=share, gain=0.0, rest=rest, nominal=nominal), rate) == [nominal]
    assert through(made(share=0.0, rest=rest, nominal=nominal), rate) == [nominal]


@given(positive, positive, st.floats(0, 1), st.floats(-50, 50))
def test_with_the_source_at_rest_the_background_is_nominal_bit_by_bit(rest: float, nominal: float, share: float, gain: float) -> None:
    assert through(made(share=share, gain=gain, rest=rest, nominal=nominal), rest) == [nominal]


@given(rates, positive, st.floats(0, 1))
def test_the_result_is_the_mean_over_the_synapses(rate: float, rest: float, share: float) -> None:
    synapses = 1000
    from_brain = share * synapses
    mean = (from_brain * 8.0 * rate / rest + (synapses - from_brain) * 8.0) / synapses
    assert through(made(share=share, rest=rest), rate)[0] == pytest.approx(mean, rel=1e-12)


def test_a_silent_source_leaves_what_does_not_come_from_it() -> None:
    assert through(made(share=0.25), 0.0) == [6.0]


def test_channels_do_not_touch_each_other() -> None:
    assert through(made(share=0.5, rest=2.0), 2.0, 4.0) == [8.0, 12.0]


def test_rest_is_taken_from_the_source_unless_it_is_given() -> None:
    assert through(made(share=1.0), 3.1) == [8.0]
    assert through(made(share=1.0, rest=6.2), 3.1) == [4.0]


def test_the_port_that_comes_out_rests_where_the_source_rests() -> None:
    port = made(share=0.5).describe(BRAIN, COLUMN)
    assert port == replace(BRAIN, at_rest=8.0)
    assert made(share=1.0, rest=6.2).describe(BRAIN, COLUMN).at_rest == 4.0
    assert made(replace(BRAIN, at_rest=None), share=1.0, rest=6.2).describe(replace(BRAIN, at_rest=None), COLUMN).at_rest == 8.0


@pytest.mark.parametrize(("rate", "said"), [(0.0, "-8 Hz"), (np.nan, "nan Hz"), (np.inf, "inf Hz")])
def test_an_invalid_background_ends_the_run_with_channel_value_and_time(rate: float, said: str) -> None:
    with pytest.raises(RunError, match=rf"background rate in channel 1 \('b'\) of 'rV1.afferent' is {said} at tick 1 \(0.1 ms\)"):
        through(made(share=1.0, gain=2.0), 3.1, rate)


def test_an_invalid_rate_is_not_hidden_by_a_gain_of_zero() -> None:
    with pytest.raises(RunError):
        through(made(share=1.0, gain=0.0), np.nan)


def test_an_invalid_background_can_be_clipped_and_is_counted() -> None:
    translator = made(share=1.0, gain=2.0, invalid="clip")
    assert through(translator, 0.0, np.nan) == [0.0, 0.0]
    assert through(translator, 0.0, 3.1) == [0.0, 8.0]
    assert translator.clipped == 3
    remark, = translator.remarks()
    assert "3 values were set to 0, because the background rate of 'rV1.afferent'" in remark
    assert remark.endswith("first at tick 1 (0.1 ms)")


@pytest.mark.parametrize(("source", "parameters", "sentence"), [
    (BRAIN, {"share": 1.5}, "share 1.5 is no fraction"),
    (BRAIN, {"share": float("nan")}, "share nan is no fraction"),
    (BRAIN, {"share": 0.1, "nominal": -8.0, "gain": float("inf")}, "nominal rate -8 Hz.*\n.*\n.*gain inf"),
    (BRAIN, {"share": 0.1, "rest": 0.0}, "at rest 0 Hz cannot be a reference"),
    (replace(BRAIN, at_rest=None), {"share": 0.1}, "does not know its rate at rest\n.*write 'rest"),
    (replace(BRAIN, at_rest=0.0), {"share": 0.1}, "rests at 0 Hz"),
    (replace(BRAIN, kind=Kind.STATE, unit="1"), {"share": 0.1}, "gives state in 1"),
])
def test_what_makes_no_sense_is_refused_with_a_sentence(source: Port, parameters: dict[str, float], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        ShareOfBackground(ShareOfBackgroundParameters(**parameters), CLOCK).describe(source, COLUMN)


def test_spikes_in_place_of_samples_are_an_error() -> None:
    with pytest.raises(ProtocolError):
        made(share=1.0).translate(Spikes.none(), 0, 1)
