"""Laws of superposed Poisson spikes."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import h5py
import numpy as np
import pytest
from scipy import stats

from cosim.adapters.translators import _poisson, poisson
from cosim.adapters.translators.rate_to_spikes import RateToSpikes, RateToSpikesParameters
from cosim.adapters.translators.spikes_to_rate import SpikesToRate, SpikesToRateParameters
from cosim.blocks import Kind, Samples, Spikes
from cosim.errors import InputError, ProtocolError, RunError
from cosim.interfaces import Port
from cosim.timegrid import Clock

REGION = Port("V1", Kind.RATE, "Hz", 1, labels=("rV1",))
COLUMN = Port("drive", Kind.SPIKES, "1", 10, populations=(("E", 0), ("I", 8)))
CLOCK = Clock(Fraction(1, 10), 1)
KEY = 0x9E3779B97F4A7C15


def made(source: Port = REGION, target: Port = COLUMN, clock: Clock = CLOCK, key: int = KEY, **parameters: object) -> RateToSpikes:
    translator = RateToSpikes(RateToSpikesParameters(**parameters), clock)
    translator.prepare(source, target, key)
    return translator


def constant(*hz: float, steps: int, step: int = 1) -> Samples:
    return Samples(step, step, np.tile(np.array(hz), (steps, 1)))


def counted(block: Spikes, steps: int, neurons: int) -> np.ndarray:
    """Return the number of spikes, (steps, neurons)."""
    return np.bincount((block.ticks - 1) * neurons + block.ids, minlength=steps * neurons).reshape(steps, neurons)


@pytest.mark.parametrize(("first", "scale"),
                         [((0, 64, 64, 70, 200), 50.0), ((0, 7, 70), 1.6), ((0, 130), 1e-2), ((0, 1), 1e-9), ((0, 0), 1.0)])
def test_the_kernel_draws_what_its_slow_twin_draws(first: tuple[int, ...], scale: float) -> None:
    ticks = np.array([-7, -2, 3, 8, 2**33], np.int64)
    means = scale * np.random.default_rng(3).random((5, len(first) - 1))
    means[0] = 0
    kernel, twin = (draw(KEY, ticks, means, np.array(first, np.int64)) for draw in (_poisson.events, poisson.events))
    assert np.array_equal(kernel[0], twin[0])
    assert np.array_equal(kernel[1], twin[1])


@pytest.mark.parametrize("mean", [0.01, 0.8, 12.5])
def test_counts_follow_the_poisson_distribution(mean: float) -> None:
    neurons, steps = 1000, 300
    block = made(target=replace(COLUMN, size=neurons, populations=()), synapses=100).translate(constant(mean * 100, steps=steps), 0, steps)
    counts = counted(block, steps, neurons)
    total = counts.size
    assert abs(counts.mean() - mean) < 4 * np.sqrt(mean / total)
    fano = counts.var() / counts.mean()
    assert abs(fano - 1) < 4 * np.sqrt((2 + 1 / mean) / total)  # variance of the sample variance of a Poisson number
    usual = np.arange(stats.poisson.ppf(1e-3, mean), stats.poisson.isf(1e-3, mean) + 1)
    observed = [(counts < usual[0]).sum(), *((counts == k).sum() for k in usual), (counts > usual[-1]).sum()]
    expected = total * np.array([stats.poisson.cdf(usual[0] - 1, mean), *stats.poisson.pmf(usual, mean), stats.poisson.sf(usual[-1], mean)])
    possible = expected > 0
    observed, expected = np.array(observed)[possible], expected[possible]
    assert stats.chisquare(observed, expected).pvalue > 1e-3


def test_neurons_and_steps_are_not_correlated() -> None:
    neurons, steps = 40, 4000
    block = made(target=replace(COLUMN, size=neurons, populations=()), synapses=1000).translate(constant(8.0, steps=steps), 0, steps)
    counts = counted(block, steps, neurons).astype(float)
    between_neurons = np.corrcoef(counts.T)[np.triu_indices(neurons, 1)]
    between_steps = [np.corrcoef(counts[:-lag].ravel(), counts[lag:].ravel())[0, 1] for lag in (1, 2, 16, 64)]
    assert abs(between_neurons.mean()) < 4 / np.sqrt(len(between_neurons) * steps)
    assert abs(between_neurons.std() * np.sqrt(steps) - 1) < 4 / np.sqrt(2 * len(between_neurons))
    assert np.abs(between_steps).max() < 4 / np.sqrt(counts.size)


def test_streams_and_couplings_are_not_correlated() -> None:
    target = replace(COLUMN, size=200, populations=())
    one, other = (counted(made(target=target, key=key, synapses=1000).translate(constant(8.0, steps=500), 0, 500), 500, 200)
                  for key in (KEY, KEY + 1))
    assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 4 / np.sqrt(one.size)


def test_a_changing_rate_rescales_time() -> None:
    steps, neurons = 5000, 200
    rate = 40 * (1 + np.sin(np.arange(steps) / 300))[:, None]
    block = made(target=replace(COLUMN, size=neurons, populations=())).translate(Samples(1, 1, rate), 0, steps)
    passed = np.cumsum(rate[:, 0] * 1e-4)
    share = np.concatenate([passed[block.ticks[block.ids == n] - 1] for n in range(neurons)]) / passed[-1]
    assert stats.kstest(share, "uniform").pvalue > 1e-3  # the instants of Poisson spikes are uniform in rescaled time


def test_the_way_back_gives_the_rate_without_bias_and_with_the_variance_of_independent_neurons() -> None:
    neurons, steps, width_s = 500, 20000, 20e-3
    target = replace(COLUMN, size=neurons, populations=())
    clock = Clock(Fraction(1), 1)
    back = SpikesToRate(SpikesToRateParameters(width=20.0), clock)
    back.prepare(target, REGION, 0)
    rate = back.translate(made(target=target, clock=clock).translate(constant(30.0, steps=steps), 0, steps), 0, steps).values[20::20, 0]
    assert abs(rate.mean() - 30) < 4 * np.sqrt(30 / (neurons * steps * 1e-3))
    assert abs(rate.var() / (30 / (neurons * width_s)) - 1) < 4 * np.sqrt(2 / len(rate))


def test_a_longer_step_brings_more_spikes_at_fewer_instants() -> None:
    block = made(clock=Clock(Fraction(1, 10), 10), synapses=1000).translate(constant(8.0, steps=500, step=10), 0, 5000)
    assert not (block.ticks % 10).any()
    assert abs(len(block.ticks) - 40000) < 4 * np.sqrt(40000)


def test_a_rate_of_zero_gives_no_spike() -> None:
    assert not len(made(synapses=1e6).translate(constant(0.0, steps=100), 0, 100).ticks)


def test_spikes_come_sorted_by_instant_then_neuron_with_repeats() -> None:
    block = made(synapses=1e5).translate(constant(1.0, steps=50), 0, 50)
    assert np.array_equal(np.lexsort((block.ids, block.ticks)), np.arange(len(block.ticks)))
    assert len(np.unique(np.stack((block.ticks, block.ids)), axis=1).T) < len(block.ticks)


def test_each_population_follows_its_own_channel() -> None:
    source = replace(REGION, size=2, labels=())
    assert set(made(source, synapses=1e4).translate(constant(0.0, 8.0, steps=20), 0, 20).ids) == {8, 9}


def test_channels_named_like_the_populations_are_matched_by_name() -> None:
    source = replace(REGION, size=2, labels=("I", "E"))
    assert set(made(source, synapses=1e4).translate(constant(8.0, 0.0, steps=20), 0, 20).ids) == {8, 9}


def test_each_neuron_follows_its_own_channel() -> None:
    rates = np.zeros(10)
    rates[[3, 7]] = 8
    assert set(made(replace(REGION, size=10, labels=()), synapses=1e4).translate(constant(*rates, steps=20), 0, 20).ids) == {3, 7}


def test_a_neuron_draws_the_same_whatever_feeds_the_others() -> None:
    pooled = made(synapses=1e3).translate(constant(8.0, steps=99), 0, 99)
    apart = made(replace(REGION, size=2, labels=()), synapses=1e3).translate(constant(0.0, 8.0, steps=99), 0, 99)
    late = pooled.ids >= 8
    assert np.array_equal(pooled.ticks[late], apart.ticks)
    assert np.array_equal(pooled.ids[late], apart.ids)


def test_many_neurons_over_many_steps_are_drawn_in_slices_with_the_same_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = made(synapses=1e3).translate(constant(8.0, steps=99), 0, 99)
    monkeypatch.setattr("cosim.adapters.translators.rate_to_spikes._CELLS_AT_ONCE", 70)
    sliced = made(synapses=1e3).translate(constant(8.0, steps=99), 0, 99)
    assert np.array_equal(whole.ticks, sliced.ticks)
    assert np.array_equal(whole.ids, sliced.ids)


@pytest.mark.parametrize(("value", "said"), [(-3.0, "-3 Hz"), (np.nan, "nan Hz"), (np.inf, "inf Hz")])
def test_an_invalid_rate_ends_the_run_with_channel_value_and_time(value: float, said: str) -> None:
    block = constant(8.0, steps=20)
    block.values[11] = value
    with pytest.raises(RunError, match=rf"channel 0 \('rV1'\) of 'V1' is {said} at tick 12 \(1.2 ms\)"):
        made().translate(block, 0, 20)


def test_invalid_rates_can_be_clipped_and_are_counted(tmp_path: Path) -> None:
    block = constant(8.0, steps=20)
    block.values[[1, 4, 5], 0] = -1.0, np.nan, -0.5
    translator = made(synapses=1e4, invalid="clip")
    assert not {2, 5, 6} & set(translator.translate(block, 0, 20).ticks)
    assert translator.clipped == 3
    with h5py.File(tmp_path / "state.h5", "w") as file:
        translator.save(file)
        other = made(invalid="clip")
        other.restore(file)
    assert other.clipped == 3
    assert other.remarks() == translator.remarks()


def test_how_many_rates_were_clipped_and_when_first_is_told_at_the_end() -> None:
    translator = made(invalid="clip")
    block = constant(8.0, steps=20)
    translator.translate(block, 0, 20)
    assert translator.remarks() == ()
    block.values[[11, 13], 0] = -1.0, np.nan
    translator.translate(block, 0, 20)
    translator.translate(block, 20, 40)
    remark, = translator.remarks()
    assert remark.startswith("4 values were set to 0, because the rate of 'V1'")
    assert remark.endswith("first at tick 12 (1.2 ms)")


def test_a_finer_tick_changes_no_random_number() -> None:
    coarse = made(clock=Clock(Fraction(1, 10), 2), synapses=1000).translate(constant(8.0, steps=200, step=2), 0, 400)
    fine = made(clock=Clock(Fraction(1, 50), 10), synapses=1000).translate(constant(8.0, steps=200, step=10), 0, 2000)
    assert np.array_equal(coarse.ticks * 5, fine.ticks)
    assert np.array_equal(coarse.ids, fine.ids)


def test_samples_off_the_grid_of_steps_keep_their_instants() -> None:
    block = made(clock=Clock(Fraction(1, 10), 10), synapses=4e3).translate(Samples(-7, 10, np.full((20, 1), 8.0)), -17, 183)
    assert set(block.ticks) == set(range(-7, 184, 10))


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_an_infinite_rate_is_refused_and_never_clipped(value: float) -> None:
    with pytest.raises(RunError, match=r"is -?inf Hz at tick 1 .*; it must be a number from 0 up$"):
        made(invalid="clip").translate(constant(value, steps=2), 0, 2)


@pytest.mark.parametrize("policy", ["error", "clip"])
def test_more_than_fifty_spikes_a_step_are_refused_whatever_the_policy(policy: str) -> None:
    translator = made(synapses=1000, invalid=policy)
    translator.translate(constant(500.0, steps=1), 0, 1)
    with pytest.raises(RunError, match=r"'rV1'.* is 500.1 Hz at tick 1 .* 50.01 spikes in one step of 0.1 ms, but at most 50"):
        translator.translate(constant(500.1, steps=1), 0, 1)


@pytest.mark.parametrize(("source", "target", "sentence"), [
    (COLUMN, COLUMN, "gives spikes in 1"),
    (replace(REGION, unit="kHz"), COLUMN, "rate in kHz"),
    (REGION, replace(COLUMN, kind=Kind.CURRENT, unit="pA"), "'drive' takes current"),
    (replace(REGION, size=3), COLUMN, r"3 rates, and 'drive' has 10 neurons\n.*1 rate, 2 \(one for each population\) or 10"),
])
def test_what_cannot_be_translated_is_refused_with_a_sentence(source: Port, target: Port, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        RateToSpikes(RateToSpikesParameters(), CLOCK).describe(source, target)


def test_a_negative_number_of_synapses_is_refused() -> None:
    with pytest.raises(InputError, match="-1 is no number of synapses"):
        made(synapses=-1)


def test_the_port_that_comes_out_fits_the_target_and_keeps_the_lead() -> None:
    port = made().describe(replace(REGION, lead=7, at_rest=3.0), COLUMN)
    assert port == replace(COLUMN, name="V1", lead=7)


def test_spikes_in_place_of_samples_are_an_error() -> None:
    with pytest.raises(ProtocolError):
        made().translate(Spikes.none(), 0, 1)
