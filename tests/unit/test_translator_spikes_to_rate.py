"""Laws of counting spikes in a moving window."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosim.adapters.translators.rate_to_spikes import RateToSpikes, RateToSpikesParameters
from cosim.adapters.translators.spikes_to_rate import SpikesToRate, SpikesToRateParameters
from cosim.blocks import Kind, Samples, Spikes
from cosim.errors import InputError, ProtocolError
from cosim.interfaces import Port
from cosim.timegrid import Clock

COLUMN = Port("spikes", Kind.SPIKES, "1", 10, populations=(("L23E", 0), ("L23I", 7), ("L5E", 7), ("L5I", 9)))
REGION = Port("rV1.rate", Kind.RATE, "Hz", 1)
CLOCK = Clock(Fraction(1, 10), 1)


def made(clock: Clock = CLOCK, source: Port = COLUMN, **parameters: object) -> SpikesToRate:
    translator = SpikesToRate(SpikesToRateParameters(**parameters), clock)
    translator.prepare(source, REGION, 0)
    return translator


def spikes(*pairs: tuple[int, int]) -> Spikes:
    both = np.array(pairs, np.int64).reshape(-1, 2)
    return Spikes.sort(both[:, 0], both[:, 1])


def test_a_spike_counts_from_its_own_instant_for_exactly_the_width() -> None:
    rate = made(width=2.0).translate(spikes((5, 0)), 0, 40).values[:, 0]
    expected = np.zeros(40)
    expected[4:24] = 1 / (10 * 2e-3)  # samples stamped 5 to 24
    assert np.array_equal(rate, expected)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 300), st.integers(0, 9)), max_size=60))
def test_the_integral_of_the_rate_times_n_is_the_number_of_spikes_exactly(pairs: list[tuple[int, int]]) -> None:
    rate = made(width=20.0).translate(spikes(*pairs), 0, 500).values[:, 0]
    counts = np.rint(rate * (10 * 20e-3))
    assert np.array_equal(counts / (10 * 20e-3), rate)  # each sample is a whole number of spikes over N width
    assert counts.sum() == 200 * len(pairs)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 5000), st.integers(0, 300), st.integers(1, 3000))
def test_each_sample_is_the_exact_quotient_rounded_once(neurons: int, count: int, width: int) -> None:
    translator = made(source=Port("spikes", Kind.SPIKES, "1", neurons), width=width / 10)
    rate = translator.translate(spikes(*((1, 0) for _ in range(count))), 0, 1).values[0, 0]
    assert rate == float(count / (neurons * Fraction(width, 10) / 1000))


def test_the_width_counts_in_steps_of_the_source_when_these_are_coarser_than_the_tick() -> None:
    block = made(Clock(Fraction(1, 10), 5), width=1.0).translate(spikes((5, 0), (10, 0), (10, 1)), 0, 25)
    assert (block.first, block.step) == (5, 5)
    assert np.array_equal(block.values[:, 0], np.array([1, 3, 2, 0, 0]) / (10 * 1e-3))


def test_history_that_begins_off_the_grid_keeps_the_samples_on_it() -> None:
    block = made(Clock(Fraction(1, 10), 5), width=1.0).translate(spikes((-10, 0)), -11, 0)
    assert np.array_equal(block.ticks, [-10, -5, 0])
    assert np.array_equal(block.values[:, 0], np.array([1, 1, 0]) / (10 * 1e-3))


def test_chosen_populations_are_pooled_over_their_own_neurons_only() -> None:
    block = spikes((1, 0), (1, 6), (1, 7), (1, 8), (1, 9))
    assert made(width=1.0, populations=("L5E", "L23E")).translate(block, 0, 1).values.tolist() == [[4000 / 9]]


def test_populations_kept_apart_come_in_the_order_in_which_they_are_named() -> None:
    translator = made(width=1.0, populations=("L5I", "L23E"), pooled=False)
    assert translator.translate(spikes((1, 0), (1, 6), (1, 7), (1, 9)), 0, 1).values.tolist() == [[1000.0, 2000 / 7]]
    assert translator.describe(COLUMN, REGION).labels == ("L5I", "L23E")


def test_the_port_that_comes_out_is_a_rate_as_far_ahead_as_the_spikes() -> None:
    source = Port("spikes", COLUMN.kind, "1", 10, lead=15, populations=COLUMN.populations)
    port = made().describe(source, REGION)
    assert (port.kind, port.unit, port.size, port.lead, port.populations, port.at_rest) == (Kind.RATE, "Hz", 1, 15, (), None)


@pytest.mark.parametrize(("width", "legal"),
                         [(20.05, "20 ms or 20.1 ms"), (0.05, "write 0.1 ms"), (0.0, "above 0"), (float("nan"), "above 0")])
def test_a_width_off_the_grid_is_refused_with_the_nearest_legal_ones(width: float, legal: str) -> None:
    with pytest.raises(InputError, match=legal):
        made(width=width)


def test_a_width_that_was_written_in_seconds_is_taken_as_it_was_meant() -> None:
    assert made(width=0.0003 * 1000).translate(spikes((1, 0)), 0, 5).values.astype(bool).sum() == 3


@pytest.mark.parametrize(("source", "target", "parameters", "sentence"), [
    (Port("rates", Kind.RATE, "Hz", 3), REGION, {}, "'rates', which gives a rate"),
    (COLUMN, REGION, {"populations": ("L5", "L23I")}, "no population 'L5'\n.*did you mean 'L5"),
    (COLUMN, REGION, {"populations": ("L5E", "L23E", "L5E")}, "'L5E' is named twice"),
    (COLUMN, REGION, {"populations": ("L23I",)}, "no neuron to take the rate of in 'L23I'"),
    (COLUMN, REGION, {"before": -1.0}, "before the run is -1 Hz"),
    (COLUMN, REGION, {"before": float("inf")}, "before the run is inf Hz"),
    (COLUMN, REGION, {"pooled": False}, "no neuron to take the rate of in 'L23I'"),
    (Port("spikes", Kind.SPIKES, "1", 3), REGION, {"pooled": False}, "does not tell its populations apart"),
    (Port("spikes", Kind.SPIKES, "1", 0), REGION, {}, "no neuron"),
])
def test_what_cannot_be_translated_is_refused_with_a_sentence(
        source: Port, target: Port, parameters: dict[str, object], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        SpikesToRate(SpikesToRateParameters(**parameters), CLOCK).describe(source, target)


@pytest.mark.parametrize("tick", [0, 11])
def test_a_spike_outside_of_the_window_is_an_error_and_not_lost(tick: int) -> None:
    with pytest.raises(ProtocolError, match=r"outside of its window \(0, 10\]"):
        made().translate(spikes((tick, 0)), 0, 10)


@pytest.mark.parametrize("lead", [0, 30])
def test_what_filled_the_boxcar_before_the_run_leaves_it_by_one_step_after_another(lead: int) -> None:
    clock, source = Clock(Fraction(1, 10), 5), Port("spikes", Kind.SPIKES, "1", 4, lead=lead)
    translator = made(clock, source, width=2.0, before=3.3)
    start = translator.translate(Spikes.none(), lead - 15, lead).values[:, 0]
    assert np.array_equal(start, np.full(3, 3.3))  # up to the beginning of the run it is that rate, bit by bit
    rate = translator.translate(spikes((lead + 5, 0)), lead, lead + 30).values[:, 0]
    spike = 1 / (4 * 2e-3)
    assert rate == pytest.approx([3.3 * 3 / 4 + spike, 3.3 / 2 + spike, 3.3 / 4 + spike, spike, 0, 0], rel=1e-15)


def test_a_rate_that_goes_on_as_it_was_before_the_run_shows_no_beginning() -> None:
    steady = spikes(*((t, 0) for t in range(1, 61)))  # 10 neurons, a spike a step of 0.1 ms: 1000 Hz
    rate = made(width=2.0, before=1000.0).translate(steady, 0, 60).values[:, 0]
    assert rate == pytest.approx(np.full(60, 1000.0), rel=1e-14)
    assert made(width=2.0).translate(steady, 0, 60).values[0, 0] == 50.0  # without it, it rises from nothing


def test_a_rate_from_spikes_may_go_on_as_spikes() -> None:
    first, second = made(width=2.0), RateToSpikes(RateToSpikesParameters(synapses=20.0), CLOCK)
    target = Port("spikes_in", Kind.SPIKES, "1", 3)
    port = first.describe(COLUMN, target)
    assert second.describe(port, target).kind is Kind.SPIKES
    second.prepare(port, target, 5)
    burst = spikes(*((1, n) for n in range(10)))
    again = second.translate(first.translate(burst, 0, 60), 0, 60)
    assert set(again.ids) == {0, 1, 2} and again.ticks.max() <= 20  # the burst is over one width later


def test_samples_in_place_of_spikes_are_an_error() -> None:
    with pytest.raises(ProtocolError):
        made().translate(Samples(1, 1, np.zeros((1, 10))), 0, 1)
