"""Laws that every measurement operator obeys."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from support.observe import bound, fed, port

from cosim.blocks import Kind
from cosim.errors import InputError, RunError
from cosim.models.observe.parameters import (
    BalloonWindkessel,
    Difference,
    Gain,
    Lfp,
    LfpTerm,
    Observation,
    ObservationNoise,
    Period,
    Volterra,
)

SIZE, ROWS = 3, 300
SHORT = {"length": Fraction(40), "period": Fraction(20)}


def operators(folder: Path) -> dict[str, Observation]:
    np.save(folder / "gain.npy", np.random.default_rng(1).normal(size=(5, SIZE)))
    gain = Gain(file=Path("gain.npy"), folder=folder, reference="average")
    terms = (LfpTerm("in", 1.0, Fraction(6)), LfpTerm("in1", 1.65))
    return {
        "temporal_average": Observation(temporal_average=Period(Fraction(7))),
        "subsample": Observation(subsample=Period(Fraction(7))),
        "volterra": Observation(volterra=Volterra(**SHORT)),
        "volterra_tvb": Observation(volterra=Volterra(alignment="tvb", before=0.3, **SHORT)),
        "balloon": Observation(balloon=BalloonWindkessel(period=Fraction(20))),
        "gain": Observation(gain=gain),
        "gain_averaged": Observation(gain=Gain(file=Path("gain.npy"), folder=folder, period=Fraction(5)), noise=ObservationNoise(0.5)),
        "difference": Observation(difference=Difference("in1", "in")),
        "lfp": Observation(lfp=Lfp(terms)),
        "lfp_pooled": Observation(lfp=Lfp(terms, pooled=True, period=Fraction(3))),
        "noise": Observation(subsample=Period(Fraction(2)), noise=ObservationNoise(1.0)),
    }


NAMES = ["temporal_average", "subsample", "volterra", "volterra_tvb", "balloon", "gain", "gain_averaged", "difference", "lfp", "lfp_pooled",
         "noise"]


def activity(rows: int = ROWS, size: int = SIZE, seed: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.5, 1.0, (rows, size))


@pytest.mark.parametrize("size", [1, SIZE])
@pytest.mark.parametrize("name", NAMES)
def test_where_time_is_cut_does_not_change_a_bit(name: str, size: int, tmp_path: Path) -> None:
    specs = operators(tmp_path)
    np.save(tmp_path / "gain.npy", np.random.default_rng(1).normal(size=(5, size)))
    ports = (port(size), port(size))

    def observed(cuts: list[int]) -> bytes:
        operator = bound(specs[name], *ports)
        values = [activity(size=size, seed=s) for s in range(len(operator.takes))]
        return fed(operator, values, cuts).values.tobytes()

    whole = observed([])
    assert len(whole)
    rng = np.random.default_rng(5)
    for cuts in (list(range(1, ROWS)), [1, 1, 2, 150, 299], sorted(rng.integers(0, ROWS, 40).tolist())):
        assert observed(cuts) == whole


@pytest.mark.parametrize("name", ["temporal_average", "subsample", "volterra", "gain", "difference"])
def test_linear_operators_are_linear(name: str, tmp_path: Path) -> None:
    spec, ports = operators(tmp_path)[name], (port(SIZE), port(SIZE))

    def observed(*seeds: int) -> np.ndarray:
        operator = bound(spec, *ports)
        return fed(operator, [sum(activity(seed=s + 10 * i) for s in seeds) for i in range(len(operator.takes))]).values

    shift = fed(bound(spec, *ports), [np.zeros((ROWS, SIZE))] * len(bound(spec, *ports).takes)).values
    np.testing.assert_allclose(observed(1, 2) - shift, observed(1) + observed(2) - 2 * shift, rtol=0, atol=1e-12)


def test_an_average_of_a_constant_is_the_constant_and_of_a_ramp_the_middle() -> None:
    spec = Observation(temporal_average=Period(Fraction(10)))
    ramp = np.arange(1.0, 101.0)[:, None]
    np.testing.assert_allclose(fed(bound(spec, port(1)), ramp).values[:, 0], np.arange(5.5, 100, 10), rtol=1e-15)
    assert (fed(bound(spec, port(2)), np.full((50, 2), 0.5)).values == 0.5).all()


def test_a_subsample_is_the_sample_stamped_so() -> None:
    ramp = np.arange(1.0, 101.0)[:, None]
    assert fed(bound(Observation(subsample=Period(Fraction(7))), port(1)), ramp).values[:, 0].tolist() == list(range(7, 100, 7))


def test_a_difference_is_what_one_has_more_than_the_other() -> None:
    x1, x2 = activity(seed=1), activity(seed=2)
    out = fed(bound(Observation(difference=Difference("in1", "in")), port(SIZE), port(SIZE)), [x2, x1])
    assert np.array_equal(out.values, x2 - x1)


def test_the_lfp_proxy_is_the_delayed_sum_of_absolute_currents() -> None:
    excitatory, inhibitory = activity(seed=1), activity(seed=2)
    spec = Observation(lfp=Lfp((LfpTerm("in", 1.0, Fraction(6)), LfpTerm("in1", 1.65))))
    out = fed(bound(spec, port(SIZE), port(SIZE)), [excitatory, inhibitory])
    late = np.concatenate((np.zeros((6, SIZE)), np.abs(excitatory)[:-6]))
    np.testing.assert_allclose(out.values, late + 1.65 * np.abs(inhibitory), rtol=1e-15)
    pooled = fed(bound(Observation(lfp=Lfp(spec.lfp.terms, pooled=True)), port(SIZE), port(SIZE)), [excitatory, inhibitory])  # type: ignore[union-attr]
    np.testing.assert_allclose(pooled.values[:, 0], out.values.sum(axis=1), rtol=1e-14)


def test_noise_has_the_deviation_that_was_asked_for_and_is_the_seed_s() -> None:
    spec = Observation(subsample=Period(Fraction(1)), noise=ObservationNoise(2.5))
    silence = np.zeros((4000, 2))
    once, again = (fed(bound(spec, port(2), seed=4), silence).values for _ in range(2))
    other = fed(bound(spec, port(2), seed=5), silence).values
    assert np.array_equal(once, again)
    assert not np.array_equal(once, other)
    assert abs(once.std() / 2.5 - 1) < 4 / np.sqrt(2 * once.size)
    assert abs(once.mean()) < 4 * 2.5 / np.sqrt(once.size)
    assert abs(np.corrcoef(once.T)[0, 1]) < 4 / np.sqrt(len(once))
    named = Observation(subsample=Period(Fraction(1)), noise=ObservationNoise(2.5, "scanner"))
    assert not np.array_equal(fed(bound(named, port(2), seed=4), silence).values, once)


def test_a_block_that_does_not_follow_is_refused() -> None:
    operator = bound(Observation(temporal_average=Period(Fraction(2))), port(1))
    fed(operator, np.zeros((4, 1)))
    with pytest.raises(RunError, match="it takes 1 channels from tick 5 on"):
        fed(operator, np.zeros((4, 1)))


@pytest.mark.parametrize(("spec", "words"), [
    (Observation(temporal_average=Period(Fraction(1, 2))), "the period 0.5 ms is finer than the step 1 ms"),
    (Observation(temporal_average=Period(Fraction(5, 2))), "the period 2.5 ms is not a multiple of the step 1 ms"),
    (Observation(volterra=Volterra(Fraction(2000), length=Fraction(7, 2))), "the length 3.5 ms is not a multiple"),
    (Observation(balloon=BalloonWindkessel(Fraction(2000), step=Fraction(7))), "2000 ms is not a multiple of the step of integration 7 ms"),
    (Observation(temporal_average=Period(Fraction(4)), highest=200.0), r"4 ms apart and show frequencies up to 125 Hz .*, not 200 Hz"),
    (Observation(subsample=Period(Fraction(1)), highest=600.0), "the samples taken are 1 ms apart and show frequencies up to 500 Hz"),
    (Observation(lfp=Lfp((LfpTerm("inn", 1.0),))), "there is no input 'inn'"),
])
def test_what_time_does_not_allow_is_refused_with_the_reason(spec: Observation, words: str) -> None:
    with pytest.raises(InputError, match=words):
        bound(spec, port(2))


@pytest.mark.parametrize("spec", [Observation(volterra=Volterra(Fraction(2000))), Observation(balloon=BalloonWindkessel(Fraction(2000)))])
def test_bold_of_too_coarse_a_record_is_refused(spec: Observation) -> None:
    bound(spec, port(2), step_ms="50")
    with pytest.raises(InputError, match="is given every 100 ms, too coarse for a BOLD signal"):
        bound(spec, port(2), step_ms="100")


@pytest.mark.parametrize("name", NAMES)
def test_spikes_are_refused_with_the_reason(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"which gives spikes(?s:.)*spikes_to_rate"):
        bound(operators(tmp_path)[name], port(SIZE, Kind.SPIKES), port(SIZE, Kind.SPIKES))


def test_bold_of_a_membrane_potential_must_be_asked_for_by_name() -> None:
    with pytest.raises(InputError, match="of: membrane_potential"):
        bound(Observation(volterra=Volterra(Fraction(2000))), port(2, unit="mV"))
    bound(Observation(volterra=Volterra(Fraction(2000), of="membrane_potential")), port(2, unit="mV"))


@pytest.mark.parametrize(("keys", "words"), [
    ({}, "it says nothing of what is to be observed"),
    ({"temporal_average": Period(Fraction(1)), "volterra": Volterra(Fraction(2000))}, "it names temporal_average and volterra"),
    ({"lfp": Lfp((LfpTerm("in", 1.0),)), "input": "in"}, "'lfp' names its inputs itself"),
])
def test_an_observation_is_one_operator(keys: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        Observation(**keys)  # type: ignore[arg-type]
