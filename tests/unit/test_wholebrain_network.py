"""Delays, canonical order of sums, leads and lags; the kernel against its twin."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest
from support.wholebrain import brain, random_connectome, run, write_zip

from cosim.interfaces import Context
from cosim.models.wholebrain import twin
from cosim.models.wholebrain.component import WholeBrain
from cosim.models.wholebrain.connectome import Connectome
from cosim.models.wholebrain.kernel._engine import levels
from cosim.models.wholebrain.network import leads_and_lags, network
from cosim.models.wholebrain.parameters import Exchange, OtherModel, Sigmoid, Stimulus, WholeBrainParameters
from cosim.random import philox, stream_key
from cosim.timegrid import Clock, Window
from cosim.transport.loopback import SoloRanks


def test_a_link_of_delay_zero_carries_the_state_of_the_step_before(tmp_path: Path) -> None:
    # The table is that of The Virtual Brain's test of its history (SCIENCE: x[k] = x[k-1] + sum W x_j[k-1-D]).
    weights = np.zeros((4, 4))
    weights[[0, 1, 2], [1, 2, 3]] = 1
    path = write_zip(tmp_path / "c.zip", weights, np.arange(16.0).reshape(4, 4))
    b = brain(
        dt="1",
        connectome=str(path),
        speed=1.0,
        model="linear",
        model_parameters={"gamma": 0.0},
        scheme="euler",
        start="model",
        initial={"x": 1.0},
    )
    rows = run(b, 10, 3)["x"]
    expected = [
        (2, 2, 2, 1),
        (3, 3, 3, 1),
        (5, 4, 4, 1),
        (8, 5, 5, 1),
        (12, 6, 6, 1),
        (17, 7, 7, 1),
        (23, 8, 8, 1),
        (30, 10, 9, 1),
        (38, 13, 10, 1),
        (48, 17, 11, 1),
    ]
    assert rows.tolist() == [list(map(float, e)) for e in expected]


def test_delays_are_rounded_half_to_even() -> None:
    lengths = np.array([[0, 0.5], [1.5, 0]])
    net = network(Connectome("", ("a", "b"), np.ones((2, 2)), lengths, np.zeros((2, 3))), "none", True, 1.0, 1.0)
    assert net.delays.tolist() == [[0, 0], [2, 0]]


@pytest.mark.parametrize(("normalise", "largest"), [("max", lambda w: w.max()), ("max_row_sum", lambda w: w.sum(axis=1).max())])
def test_normalised_weights_have_their_largest_at_one(normalise, largest) -> None:
    net = network(random_connectome(9, 1), normalise, False, 3.0, 0.1)
    assert largest(net.weights) == pytest.approx(1.0, abs=1e-15)
    assert not net.weights.diagonal().any()


@given(st.integers(0, 10**6), st.integers(2, 12), st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_lead_and_lag_of_connected_replaced_regions_fit_into_the_delay_between_them(seed: int, n: int, count: int) -> None:
    net = network(random_connectome(n, seed), "none", True, 3.0, 0.5)
    replaced = list(range(min(count, n)))
    leads, lags = leads_and_lags(net, replaced)
    lag_of = dict(zip(replaced, lags, strict=True))
    for b, lead in zip(replaced, leads, strict=True):
        for j in np.flatnonzero(net.between[b]):
            assert lead + lag_of.get(int(j), 0) <= net.delays[b, j]
        for i in np.flatnonzero(net.between[:, b]):
            assert lag_of[b] <= net.delays[i, b]
        assert 0 <= lead <= net.longest and 0 <= lag_of[b] <= net.longest


def test_a_self_connection_counts_for_neither_lead_nor_lag() -> None:
    net = network(
        Connectome("", ("a", "b"), np.ones((2, 2)), np.array([[0.0, 30.0], [20.0, 0.0]]), np.zeros((2, 3))), "none", True, 1.0, 1.0
    )
    assert leads_and_lags(net, [0]) == ([30], [20])


SCHEMES = ["euler", "heun", "heun_held", "rk4"]
COUPLED = [{}, {"coupling_function": "difference"}, {"coupling_function": "sigmoidal", "sigmoid": Sigmoid(width=2.0)}]


def drawn(b: WholeBrain, steps: int, seed: int) -> list[np.ndarray]:
    """Return what noise adds in each step to each patch, by the slow twin of the generator."""
    key, found = stream_key(seed, "brain", "noise"), []
    for p in b._setting.patches.all:
        pairs = np.arange((len(p.sigma) + 1) // 2)[None, :, None]
        z = twin.normals(philox(key, np.array(p.regions)[None, None, :], pairs, np.arange(steps)[:, None, None] // 2))
        half = (np.arange(steps) % 2)[:, None, None]
        both = np.stack([np.where(half, z[..., 2 + i], z[..., i]) for i in (0, 1)], axis=2)
        found.append(p.sigma[:, None] * both.reshape(steps, -1, len(p.regions))[:, : len(p.sigma)])
    return found


def starts(b: WholeBrain) -> list[np.ndarray]:
    return [np.repeat([[v.start] for v in p.model.state], len(p.regions), axis=1) for p in b._setting.patches.all]


def ports(b: WholeBrain, got: dict[str, np.ndarray]) -> list[np.ndarray]:
    return [np.stack([got[name] for name in p.model.variables], axis=1) for p in b._setting.patches.all]


def same(kernel: np.ndarray, slow: np.ndarray, scheme: str) -> bool:
    """Compare bits; Runge-Kutta's halfway sums are the mean of two sums in the kernel, and sums of means in the twin."""
    return np.allclose(kernel, slow, rtol=1e-12, atol=1e-14) if scheme == "rk4" else np.array_equal(kernel, slow)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("model", ["linear", "wilson_cowan", "reduced_wong_wang", "generic_2d_oscillator"])
@pytest.mark.parametrize("zero", [0.0, 0.3])
def test_kernel_and_twin_give_the_same_bits(tmp_path: Path, scheme: str, model: str, zero: float) -> None:
    c = random_connectome(7, 3, zero=zero)
    path = write_zip(tmp_path / "c.zip", c.weights, c.tract_lengths)
    noise = {"linear": 0.1, "wilson_cowan": 0.01, "reduced_wong_wang": 0.001, "generic_2d_oscillator": 0.1}[model]
    b = brain(connectome=str(path), model=model, coupling=0.05, scheme=scheme, noise=noise, start="model", seed=5)
    parts = [len(b._setting.net.links(range(7), part)[1]) for part in ("long", "short", "instant")]
    assert parts[0] > 0 and (parts[2] > 0) == (zero > 0)  # what is tried here is there
    slow = twin.run(b._setting, 0.1, starts(b), 60, drawn(b, 60, 5))[0]
    assert same(ports(b, run(b, 60, 37))[0], slow, scheme)


@pytest.mark.parametrize("coupled", COUPLED)
@pytest.mark.parametrize("by", ["state", "root"])
def test_coupling_functions_and_multiplied_noise_are_those_of_the_twin(tmp_path: Path, coupled: dict, by: str) -> None:
    c = random_connectome(6, 4, zero=0.2)
    path = write_zip(tmp_path / "c.zip", c.weights, c.tract_lengths)
    for scheme in SCHEMES:
        b = brain(connectome=str(path), model="wilson_cowan", coupling=0.05, coupling_offset=0.1, scheme=scheme, noise=0.02,
                  noise_by={"E": by}, start="model", seed=6, **coupled)
        slow = twin.run(b._setting, 0.1, starts(b), 40, drawn(b, 40, 6))[0]
        assert same(ports(b, run(b, 40, 40))[0], slow, scheme), scheme


def test_different_models_in_one_brain_hear_each_other(tmp_path: Path) -> None:
    c = random_connectome(8, 5, zero=0.1)
    path = write_zip(tmp_path / "c.zip", c.weights, c.tract_lengths)
    others = (OtherModel(("r1", "r6"), "wilson_cowan", {"P": (0.5, 0.7)}), OtherModel(("r2",), "linear"))
    exchange = (Exchange("generic_2d_oscillator", "wilson_cowan", "E", "V", 0.1, 0.2),
                Exchange("wilson_cowan", "generic_2d_oscillator", "V", "I", 2.0),
                Exchange("linear", "wilson_cowan", "E", "x"), Exchange("wilson_cowan", "linear", "x", "E", -1.0),
                Exchange("generic_2d_oscillator", "linear", "x", "W"), Exchange("linear", "generic_2d_oscillator", "V", "x", 0.5, -0.5))
    b = brain(connectome=str(path), model="generic_2d_oscillator", coupling=0.05, noise=0.01, start="model", other_models=others,
              exchange=exchange, seed=7)
    slow = twin.run(b._setting, 0.1, starts(b), 60, drawn(b, 60, 7))
    got = run(b, 60, 25)
    assert [part.shape[-1] for part in slow] == [5, 2, 1]
    for part, expected in zip(ports(b, got), slow, strict=True):
        assert np.array_equal(part, expected)
    assert {p.name: p.labels for p in b.describe().outputs}["E"] == ("r1", "r6")


def test_noise_is_normal() -> None:
    words = philox(stream_key(3, "brain", "noise"), np.arange(100000), 0, 0)
    z = twin.normals(words)
    flat = z.ravel()
    assert abs(flat.mean()) < 4 / np.sqrt(flat.size) and abs(flat.var() - 1) < 4 * np.sqrt(2 / flat.size)
    assert kstest(flat, "norm").pvalue > 1e-3
    assert np.abs(np.corrcoef(z.T) - np.eye(4)).max() < 5 / np.sqrt(len(z))


def test_the_search_for_rest_does_not_hear_the_noise() -> None:
    noisy, still = (brain(connectome="synthetic", normalise="max_row_sum", noise=n) for n in (0.01, 0.0))
    assert noisy.initial()["S_E"].values.tobytes() == still.initial()["S_E"].values.tobytes()


def test_a_block_without_delays_is_as_long_as_it_can_be_and_instant_links_do_not_shorten_others() -> None:
    weights = np.ones((4, 4)) - np.eye(4)
    for lengths, block in ((np.zeros((4, 4)), 64), (90.0 * (np.arange(4) > 1) * np.ones((4, 1)), 64)):
        c = Connectome("c", tuple("abcd"), weights, lengths, np.zeros((4, 3)))
        assert network(c, "none", True, 1.0, 1.0).block == block


def test_same_bits_for_every_window_length_and_instruction_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cosim.models.wholebrain import running

    c = random_connectome(11, 8, zero=0.1)
    path = write_zip(tmp_path / "c.zip", c.weights, c.tract_lengths)
    settings_ = {
        "connectome": str(path),
        "coupling": 0.02,
        "noise": 0.002,
        "start": "model",
        "stimuli": (
            Stimulus(("r1",), 0.1, onset=0.1, duration=20.0),
            Stimulus(("r1", "r5"), 0.05, onset=12.8, duration=4.0, variable="S_I"),
        ),
    }
    whole = run(brain(**settings_), 300, 300)
    for length in (1, 2, 7, 128, 129):
        part = run(brain(**settings_), 300, length)
        assert all(np.array_equal(whole[name], part[name]) for name in whole)
    engine = running.Engine
    for level in range(len(levels())):
        monkeypatch.setattr(running, "Engine", lambda *a, level=level: engine(*a, level=level))
        part = run(brain(**settings_), 300, 50)
        assert all(np.array_equal(whole[name], part[name]) for name in whole), level


def test_the_synthetic_connectome_is_symmetric_seeded_and_has_a_visual_cortex() -> None:
    clock = Clock(Fraction("0.1"), 1)
    made = WholeBrain(WholeBrainParameters(connectome="synthetic", model="linear"), clock)._setting.connectome
    again = WholeBrain(WholeBrainParameters(connectome="synthetic", model="linear"), clock)._setting.connectome
    swap = [(i + 38) % 76 for i in range(76)]
    assert len(made) == 76 and {"rV1", "lV1"} <= set(made.labels)
    assert np.array_equal(made.weights, again.weights)
    assert np.array_equal(made.weights, made.weights[np.ix_(swap, swap)])
    assert np.array_equal(made.centres, made.centres[swap] * [-1, 1, 1])
    linked = made.tract_lengths[made.weights > 0]
    assert linked.min() >= 10 and linked.max() <= 150
    assert (made.weights > 0).any(axis=0).all() and (made.weights > 0).any(axis=1).all()


def test_an_experiment_without_data_runs_on_the_synthetic_connectome_where_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    from cosim.errors import MissingExtra

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    clock = Clock(Fraction("0.1"), 1)
    with pytest.raises(MissingExtra, match=r"cosim\[data\]"):
        WholeBrain(WholeBrainParameters(), clock)
    b = WholeBrain(WholeBrainParameters(fallback="synthetic"), clock)
    assert "in place of tvb_data:connectivity_76.zip: tvb-data is not installed" in b.describe().facts["connectome"]


def test_a_stimulus_is_on_in_the_steps_that_start_in_its_time(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "c.zip", np.zeros((2, 2)), np.ones((2, 2)))
    b = brain(
        connectome=str(path),
        model="linear",
        model_parameters={"gamma": 0.0},
        scheme="euler",
        start="model",
        stimuli=(Stimulus(("r1",), 2.0, onset=0.25, duration=0.3),),
    )
    x = np.diff(run(b, 10, 4)["x"][:, 1], prepend=0.0)
    assert x == pytest.approx([0, 0, 0, 0.2, 0.2, 0.2, 0, 0, 0, 0], abs=1e-15)


def test_ports_that_nobody_takes_are_left_out_and_change_no_bit_of_the_others() -> None:
    settings = WholeBrainParameters(connectome="synthetic", noise=0.01, coupling=0.1)
    given = []
    for taken in (None, frozenset({"S_I", "rate"})):
        one = WholeBrain(settings, Clock(Fraction(1, 10), 1))
        one.prepare(Context("brain", 1, 100, SoloRanks(), Path(), taken=taken))
        assert taken is None or set(one.initial()) == taken
        given.append(run(one, 100, 30))
    assert set(given[1]) == {"S_I", "rate"} < set(given[0])
    assert all(given[1][name].tobytes() == given[0][name].tobytes() for name in given[1])


def test_windows_are_stamped_with_what_they_reached() -> None:
    b = brain(connectome="synthetic")
    block = b.advance(Window(0, 5), {})["rate"]
    assert (block.first, block.last) == (1, 5)
