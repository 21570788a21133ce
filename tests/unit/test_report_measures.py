"""What a report computes from a run agrees with what can be known beforehand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cosim.launch.report.brain import choose, differ_more_than_they_vary, response
from cosim.launch.report.connectivity import independent_samples, within_chance
from cosim.launch.report.connectome import strongest
from cosim.launch.report.drawing import CATEGORIES, number, population_colours, short, spread, thin
from cosim.launch.report.raster import population_rate
from cosim.launch.report.recorded import Population, Spiking
from cosim.launch.report.regions import Regions
from cosim.launch.report.run import milliseconds
from cosim.launch.report.standing import StandIn, boxcar, stand_ins


def test_rates_over_all_bins_count_every_spike_once() -> None:
    rng = np.random.default_rng(3)
    times = 0.1 * rng.integers(1, 10_001, 5000)
    population = Population("E", 10, 60)
    ids = rng.integers(0, 100, 5000)
    edges = np.linspace(0, 1000, 101)
    rate = population_rate(Spiking("g", "p", times, ids, (population,)), population, edges)
    assert (rate * population.size * np.diff(edges) / 1000).sum() == pytest.approx(np.count_nonzero((ids >= 10) & (ids < 60)))


def test_a_spike_belongs_to_the_bin_that_ends_with_it() -> None:
    population = Population("E", 0, 1)
    # 3 * 0.1 is above 0.3 in binary numbers, and must still fall on its edge.
    times = np.array([0.3, 3 * 0.1, 3.0, 3.1])
    rate = population_rate(Spiking("g", "p", times, np.zeros(4, np.int64), (population,)), population, np.array((0.0, 0.3, 3.0, 6.0)))
    assert np.rint(rate * np.array((0.3, 2.7, 3.0)) / 1000).tolist() == [2, 1, 1]


def test_what_stands_for_a_region_is_the_translated_rate() -> None:
    coupling = {"name": "r", "from": "g.p", "to": "b.rV1.rate", "weight": 2.0,
                "translate": [{"spikes_to_rate": {"width": "10 ms", "populations": ["E"], "pooled": True, "before": "0 Hz"}}]}
    others = ({"from": "a", "to": "b"}, {"from": "a", "to": "b", "translate": [{"other": {}}]})
    (found,) = stand_ins((coupling, *others))
    assert found == StandIn("b.rV1.rate", "g.p", ("E",), 10.0, 2.0)
    started = coupling | {"translate": [{"spikes_to_rate": {"before": "2.3 Hz"}}]}
    assert next(stand_ins((started,))).before_hz == 2.3
    spiking = Spiking("g", "p", np.array((5.0, 5.0, 7.0)), np.array((0, 3, 4)), (Population("E", 0, 4), Population("I", 4, 5)))
    # Two spikes of four neurons at 5 ms count from 5 ms on for exactly 10 ms: 2 * 2 / (4 * 10 ms); the spike of I does not count.
    assert boxcar(spiking, found, np.array((4.9, 5.0, 14.9, 15.0))).tolist() == [0, 100, 100, 0]
    # What filled the boxcar before the run leaves it as time enters.
    full = replace(found, before_hz=8.0)
    assert boxcar(spiking, full, np.array((0.0, 2.5, 5.0, 10.0, 15.0))).tolist() == [16, 12, 108, 100, 0]


def test_response_is_the_step_that_was_put_in() -> None:
    times = np.arange(1.0, 1001.0)
    values = np.ones((1000, 3)) * (1.0, 2.0, 3.0)
    values[(times >= 500) & (times < 700), 1] += 4.0
    assert response(times, values, 500.0, 600.0) == pytest.approx([0, 4, 0], abs=1e-12)
    for onset in (np.nextafter(500, 0), np.nextafter(500, 1000)):  # as times come out of binary numbers
        assert response(times, np.where(times[:, None] > 499.5, 2.0, 1.0), onset, onset + 50) == pytest.approx([1.0], abs=1e-12)
    assert response(times, values, 5000.0, 6000.0) is None


def test_a_carpet_shows_differences_only_where_regions_differ_more_than_they_vary() -> None:
    noise = np.random.default_rng(2).normal(size=(500, 10))
    assert not differ_more_than_they_vary(noise)
    assert differ_more_than_they_vary(noise + 10.0 * np.arange(10))
    assert not differ_more_than_they_vary(np.full((500, 10), np.nan))


def test_replaced_and_stimulated_regions_are_drawn_first_and_nothing_twice() -> None:
    regions = Regions(tuple("abcdef"), replaced=(4,), stimulated=(2, 4))
    assert choose(regions, np.array((0.1, -9.0, 0.0, 5.0, 7.0, np.nan)), 4) == [4, 2, 1, 3]
    assert sorted(choose(regions, np.zeros(6))) == [0, 1, 2, 3, 4, 5]


def test_white_noise_is_worth_its_samples_and_slow_noise_what_theory_says() -> None:
    rng = np.random.default_rng(5)
    white = rng.normal(size=(4000, 40))
    assert np.median(independent_samples(white)) == pytest.approx(4000, rel=0.02)
    slow, a = np.empty_like(white), 0.9
    slow[0] = white[0]
    for step in range(1, len(white)):
        slow[step] = a * slow[step - 1] + np.sqrt(1 - a * a) * white[step]
    # Bartlett 1935: two series with autocorrelation a**k are worth n (1 - a^2) / (1 + a^2) samples.
    assert np.median(independent_samples(slow)) == pytest.approx(4000 * (1 - a * a) / (1 + a * a), rel=0.1)
    # A slow series and white noise are worth as many samples as white noise; the slow ones among them are worth no more for it.
    mixed = independent_samples(np.concatenate((white[:, :20], slow[:, :20]), axis=1))
    assert np.median(mixed[:20, 20:]) == pytest.approx(4000, rel=0.05)
    assert np.median(mixed[20:, 20:]) == pytest.approx(4000 * (1 - a * a) / (1 + a * a), rel=0.1)


def test_one_in_twenty_independent_pairs_is_called_more_than_chance_however_slow_each_region_is() -> None:
    rng = np.random.default_rng(8)
    n, memory = 4000, np.repeat((0.0, 0.9, 0.99), 40)
    series = np.empty((n, len(memory)))
    series[0] = rng.normal(size=len(memory))
    for step in range(1, n):
        series[step] = memory * series[step - 1] + np.sqrt(1 - memory**2) * rng.normal(size=len(memory))
    told = within_chance(np.corrcoef(series.T), independent_samples(series))
    slowest = told[80:, 80:][np.triu_indices(40, 1)]
    assert 0.9 < slowest.mean() < 0.98
    assert 0.93 < told[np.triu_indices(120, 1)].mean() < 0.97


def test_strongest_links_hold_all_links_of_their_smallest_weight() -> None:
    weights = np.zeros((6, 6))
    weights[0, 1], weights[1, 2], weights[2, 3], weights[4, 3], weights[5, 5] = 3, 2, 2, 1, 9
    assert [len(strongest(weights, most)[0]) for most in (1, 2, 3, 4, 99)] == [1, 1, 3, 4, 4]
    source, target, limit = strongest(weights, 3)
    assert limit == 2
    assert (source[-1], target[-1]) == (0, 1)
    assert len(strongest(np.zeros((3, 3)))[0]) == 0


def test_labels_keep_their_distance_their_order_and_their_range() -> None:
    wanted = [0.5, 0.51, 0.49, 0.98, 0.01]
    placed = spread(wanted, 0.1, 0.0, 1.0)
    assert np.argsort(placed).tolist() == np.argsort(wanted).tolist()
    assert np.diff(sorted(placed)).min() >= 0.1 - 1e-12
    assert 0 <= min(placed) <= max(placed) <= 1
    assert np.diff(spread([0.5] * 30, 0.1, 0.0, 1.0)) == pytest.approx(1 / 29)


def test_a_thinned_curve_keeps_its_highest_and_lowest_point_and_its_order() -> None:
    times = np.arange(100_000.0)
    values = np.random.default_rng(1).normal(size=100_000)
    kept, drawn = thin(times, values, 1000)
    assert len(kept) <= 1002
    assert np.all(np.diff(kept) > 0)
    assert (drawn.min(), drawn.max(), kept[-1]) == (values.min(), values.max(), times[-1])


@pytest.mark.parametrize(("text", "expected"), [
    ("1 s", 1000), ("100 ms", 100), (250, 250), ("0.5s", 500), ("2 Hz", None), (None, None), ("e", None)])
def test_times_are_read_with_and_without_their_unit(text: object, expected: float | None) -> None:
    assert milliseconds(text) == expected


def test_layers_of_e_and_i_share_a_hue_and_no_two_populations_a_colour() -> None:
    names = [f"L{layer}{kind}" for layer in ("23", "4", "5", "6") for kind in "EI"]
    assert len(set(population_colours(names))) == 8
    assert population_colours(["E", "I"]) == list(CATEGORIES[:2])


def test_numbers_are_short_and_exact_where_they_are_whole() -> None:
    written = [number(v) for v in (0.0, 7716, 1.98765, 12345.6, 0.000123456, float("nan"))]
    assert written == ["0", "7,716", "1.99", "12,346", "0.000123", "nan"]
    assert short("excitatory neurons", 12) == "excitatory…"
