"""A region simulated by a group of its own gives the bits that it gives inside the brain; so do more ranks."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad
from support.ranks import run_on_ranks
from support.wholebrain import Wire, brain, random_connectome, run, write_zip

from cosim.blocks import Block, Samples
from cosim.errors import RunError
from cosim.interfaces import Ranks
from cosim.models.wholebrain.component import WholeBrain
from cosim.models.wholebrain.parameters import Stimulus
from cosim.timegrid import Window, windows

TVB_WEIGHTS = np.array([[2.0, 8, 0], [0, 0, 0], [3, 0, 1]])
TVB_DELAYS_MS = np.array([[0.6, 0.5, 1], [0.7, 0.8, 3], [1, 0.5, 0.7]])


def divided(
    outside: WholeBrain, alone: list[tuple[str, WholeBrain]], stop: int, length: int
) -> tuple[dict[str, np.ndarray], list[dict[str, np.ndarray]]]:
    """Step a brain against groups that simulate one of its regions each."""
    ports = {p.name: p for p in (*outside.describe().inputs, *outside.describe().outputs)}
    first = outside.initial()
    to_region = {r: Wire(first[f"{r}.afferent"]) for r, _ in alone}
    to_brain = {r: Wire(b.initial()[f"{r}.coupling"]) for r, b in alone}
    got: dict[str, list[np.ndarray]] = {}
    theirs: list[dict[str, list[np.ndarray]]] = [{} for _ in alone]
    for w in windows(stop, length):
        lag = {r: ports[f"{r}.coupling"].lag for r in to_brain}
        of_brain = outside.advance(w, {f"{r}.coupling": wire.cut(w.start - lag[r], w.stop - lag[r]) for r, wire in to_brain.items()})
        for i, (r, b) in enumerate(alone):
            given = b.advance(w, {f"{r}.afferent": to_region[r].cut(w.start, w.stop)})
            for name, block in given.items():
                theirs[i].setdefault(name, []).append(block.values)
            to_brain[r].put(given[f"{r}.coupling"])
        for name, block in of_brain.items():
            got.setdefault(name, []).append(block.values)
        for r, wire in to_region.items():
            wire.put(of_brain[f"{r}.afferent"])
    return {k: np.concatenate(v) for k, v in got.items()}, [{k: np.concatenate(v) for k, v in t.items()} for t in theirs]


def assert_same_as_undivided(settings: dict, regions: list[str], stop: int, length: int) -> None:
    whole = brain(**settings)
    labels = whole.describe().outputs[0].labels
    expected = run(whole, stop, stop)
    outside = brain(replaced=dict.fromkeys(regions, "coupling"), **settings)
    parts = [(r, brain(group=f"only {r}", simulate=(r,), **settings)) for r in regions]
    got, theirs = divided(outside, parts, stop, length)
    rest = [i for i, label in enumerate(labels) if label not in regions]
    for name, values in expected.items():
        assert np.array_equal(got[name], values[:, rest]), name
        for r, t in zip(regions, theirs, strict=True):
            assert np.array_equal(t[name][:, 0], values[:, labels.index(r)]), (name, r)


@pytest.mark.parametrize("scheme", ["euler", "heun", "heun_held"])
def test_three_regions_of_the_virtual_brains_own_test_are_the_same_divided_over_1000_windows(tmp_path: Path, scheme: str) -> None:
    # Weights, delays, step and window are those of TVB's proxy_precision_delay_test (SCIENCE 14.1 a); the self-connections have delays too.
    path = write_zip(tmp_path / "c.zip", TVB_WEIGHTS, TVB_DELAYS_MS)
    settings = {
        "connectome": str(path),
        "speed": 1.0,
        "model": "reduced_wong_wang",
        "coupling": 0.1,
        "scheme": scheme,
        "start": "model",
        "initial": {"S_E": (0.1, 0.1, 0.2)},
        "noise": 0.001,
        "noise_stream": "same",
    }
    assert_same_as_undivided(settings, ["r0"], 4000, 4)


@pytest.mark.parametrize("length", [1, 2, 5, 8])
def test_a_region_in_its_own_group_gives_the_bits_of_the_undivided_brain(tmp_path: Path, length: int) -> None:
    c = random_connectome(9, 21)
    lengths = np.maximum(c.tract_lengths, 4.0)  # 4 mm at 5 mm/ms and 0.1 ms: 8 steps
    np.fill_diagonal(lengths, 0.0)
    path = write_zip(tmp_path / "c.zip", c.weights, lengths)
    settings = {
        "connectome": str(path),
        "speed": 5.0,
        "coupling": 0.02,
        "noise": 0.002,
        "noise_stream": "same",
        "stimuli": (Stimulus(("r2", "r4"), 0.05, onset=20.0, duration=10.0),),
    }
    assert_same_as_undivided(settings, ["r4"], 1000 * length, length)


def test_short_links_are_added_after_long_ones_wherever_the_sum_is_made(tmp_path: Path) -> None:
    c = random_connectome(16, 4)
    lengths = np.full((16, 16), 12.0) + c.tract_lengths
    lengths[4, 1] = 3.0  # one short link, from a low number, so that the order by source alone would differ
    weights = np.where(c.weights > 0, c.weights, 0.3)
    path = write_zip(tmp_path / "c.zip", weights, lengths)
    settings = {"connectome": str(path), "speed": 5.0, "coupling": 0.01, "noise": 0.002, "noise_stream": "same"}
    net = brain(**settings)._setting.net
    assert net.delays[4, 1] < net.block <= np.delete(net.delays[4], [1, 4]).min()
    assert_same_as_undivided(settings, ["r4"], 3000, 6)


def test_two_connected_regions_in_groups_of_their_own_give_the_bits_of_the_undivided_brain(tmp_path: Path) -> None:
    c = random_connectome(6, 5)
    weights = np.where(c.weights > 0, c.weights, 0.1)
    path = write_zip(tmp_path / "c.zip", weights, np.full((6, 6), 4.0))
    settings = {
        "connectome": str(path),
        "speed": 5.0,
        "model": "wilson_cowan",
        "model_parameters": {"P": 1.2},
        "coupling": 0.05,
        "noise": 0.002,
        "noise_stream": "same",
        "start": "model",
    }
    assert_same_as_undivided(settings, ["r1", "r3"], 400, 4)


def test_the_real_connectome_divided_at_rv1_gives_the_bits_of_the_undivided_brain() -> None:
    pytest.importorskip("tvb_data", reason="needs the extra 'data'")
    settings = {
        "connectome": "tvb_data:connectivity_76.zip",
        "speed": 4.0,
        "normalise": "max_row_sum",
        "coupling": 0.5,
        "noise": 0.002,
        "noise_stream": "same",
    }
    outside = brain(replaced={"rV1": "coupling"}, **settings)
    lead, lag = outside.describe().outputs[-2].lead, outside.describe().inputs[0].lag
    assert lead >= 12 and lag >= 12  # 1.23 ms is the smallest delay once the self-connection is left inside
    assert_same_as_undivided(settings, ["rV1"], 1000, 12)


@pytest.mark.parametrize("size", [2, 3, 4])
@pytest.mark.parametrize(("scheme", "zero"), [("heun", 0.0), ("heun", 0.2), ("euler", 0.2)])
def test_same_bits_for_every_number_of_ranks(tmp_path: Path, size: int, scheme: str, zero: float) -> None:
    c = random_connectome(7, 2, zero=zero)
    path = write_zip(tmp_path / "c.zip", c.weights, c.tract_lengths)
    settings = {"connectome": str(path), "coupling": 0.02, "noise": 0.002, "scheme": scheme, "start": "model", "replaced": {"r3": "rate"}}

    def rates(w: Window) -> dict[str, Samples]:
        lag = brain_lag
        ticks = np.arange(w.start - lag, w.stop - lag + 1)
        return {"r3.rate": Samples(int(ticks[0]), 1, (3 + np.cos(ticks / 20.0))[:, None])}

    one = brain(**settings)
    brain_lag = one.describe().inputs[0].lag
    expected = run(one, 90, 30, rates)

    def on_rank(ranks: Ranks) -> tuple[Mapping[str, Block], dict[str, np.ndarray]]:
        b = brain(ranks, **settings)
        return b.initial(), run(b, 90, 30, rates)

    several = run_on_ranks(size, on_rank)
    first = brain(**settings).initial()
    assert {k: v.values.tolist() for k, v in several[0][0].items()} == {k: v.values.tolist() for k, v in first.items()}
    assert set(expected) == set(several[0][1]) and "r3.afferent_rate" in expected
    for name, values in expected.items():
        assert np.array_equal(several[0][1][name], values), name


@pytest.mark.parametrize("tick", [2, 5])
def test_a_tick_finer_than_the_step_changes_no_bit_of_states_or_noise(tick: int) -> None:
    coarse = run(brain(connectome="synthetic", noise=0.002), 40, 20)
    fine = brain(connectome="synthetic", noise=0.002, tick=tick)
    block = fine.advance(Window(0, 40 * tick), {})["S_E"]
    assert (block.first, block.step, block.last) == (tick, tick, 40 * tick)
    assert np.array_equal(block.values, coarse["S_E"])


def chain(folder: Path, delay_mm: float = 4.0, further_mm: float = 6.0) -> dict:
    """Return settings of a region r0 that hears r1 after one delay and r2 after a longer one, both in steps of 0.1 ms at 1 mm/ms."""
    weights, lengths = np.zeros((3, 3)), np.full((3, 3), delay_mm)
    weights[0, 1], weights[0, 2], lengths[0, 2] = 1.0, 1.0, further_mm
    return {"connectome": str(write_zip(folder / "chain.zip", weights, lengths)), "speed": 1.0, "coupling": 0.1, "replaced": {"r0": "rate"}}


def course(b: WholeBrain, port: str, stop: int, drive: np.ndarray | None = None) -> dict[int, np.ndarray]:
    """Return what a port holds at each tick, from what it tells at the start on."""

    def inputs(w: Window) -> dict[str, Samples]:
        return {} if drive is None else {"r2.drive": Samples(w.start, 1, drive[w.start : w.stop + 1, None])}

    first = b.initial()[port]
    rows = np.concatenate((first.values, run(b, stop, 20, inputs)[port]))
    return {int(first.first) + i: row for i, row in enumerate(rows)}


@pytest.mark.parametrize("onset", [0, 1, 50])
@pytest.mark.parametrize("region", ["r1", "r2"])
def test_a_stimulus_changes_the_rate_at_its_onset_and_what_arrives_one_delay_later(tmp_path: Path, onset: int, region: str) -> None:
    stimulus = Stimulus((region,), 0.2, onset=onset / 10, duration=5.0)
    b = brain(stimuli=(stimulus,), **chain(tmp_path))
    rate, afferent = course(b, "rate", 200), course(b, "r0.afferent_rate", 200)
    rest, delay = {p.name: p.at_rest for p in b.describe().outputs}, {"r1": 40, "r2": 60}[region]
    channel = b.describe().outputs[0].labels.index(region)
    assert next(t for t, row in rate.items() if row[channel] > 20) == onset
    assert next(t for t, row in afferent.items() if row[0] > rest["r0.afferent_rate"] + 5) == onset + delay
    assert rate[onset + 1][channel] - rate[onset][channel] < 0.1 * rate[onset][channel]


@pytest.mark.parametrize("port", ["rate", "r0.afferent_rate"])
def test_what_is_told_of_the_time_before_a_stimulus_at_the_start_is_rest(tmp_path: Path, port: str) -> None:
    still, b = (brain(stimuli=stimuli, **chain(tmp_path)).initial()[port] for stimuli in ((), (Stimulus(("r1",), 0.2, 0.0, 5.0),)))
    assert (b.first, b.last) == (still.last - 1, still.last)
    assert np.array_equal(b.values[0], still.values[-1]) and b.values[-1, 0] > 10


def test_a_stimulus_at_the_start_leaves_the_time_before_it_at_rest(tmp_path: Path) -> None:
    still, b = (brain(stimuli=stimuli, **chain(tmp_path)) for stimuli in ((), (Stimulus(("r2",), 0.2, onset=0.0, duration=5.0),)))
    quiet, heard = course(still, "r0.afferent_rate", 100), course(b, "r0.afferent_rate", 100)
    assert all(np.array_equal(quiet[t], heard[t]) for t in range(40, 60)) and quiet[60] != heard[60]


def test_a_stimulus_at_the_start_gives_the_same_bits_on_every_number_of_ranks(tmp_path: Path) -> None:
    settings = chain(tmp_path) | {"stimuli": (Stimulus(("r1", "r2"), 0.2, onset=0.0, duration=5.0),)}
    one = brain(**settings)
    two = run_on_ranks(2, lambda ranks: (b := brain(ranks, **settings), b.initial(), run(b, 100, 20)))[0]
    assert {n: b.values.tolist() for n, b in one.initial().items()} == {n: b.values.tolist() for n, b in two[1].items()}
    assert all(np.array_equal(values, two[2][name]) for name, values in run(one, 100, 20).items())


def test_a_drive_that_is_there_at_the_start_arrives_one_delay_after_the_start(tmp_path: Path) -> None:
    b = brain(driven=("r2",), **chain(tmp_path))
    afferent = course(b, "r0.afferent_rate", 100, np.full(101, 0.2))
    rest = next(p.at_rest for p in b.describe().outputs if p.name == "r0.afferent_rate")
    assert next(t for t, row in afferent.items() if row[0] > rest + 5) == 60


def test_a_pulse_reaches_another_region_exactly_one_delay_later(tmp_path: Path) -> None:
    weights, lengths = np.zeros((3, 3)), np.full((3, 3), 50.0)
    weights[1, 0] = 1.0
    lengths[1, 0] = 7.3
    path = write_zip(tmp_path / "c.zip", weights, lengths)
    settings = {
        "connectome": str(path),
        "speed": 1.0,
        "model": "linear",
        "scheme": "euler",
        "start": "model",
        "stimuli": (Stimulus(("r0",), 1.0, onset=5.0, duration=0.1),),
    }
    x = run(brain(**settings), 200, 200)["x"]
    assert np.flatnonzero(x[:, 0])[0] == 50  # the step that starts at tick 50 reaches tick 51, which is row 50
    outside = brain(replaced={"r1": "coupling"}, **settings)
    port = next(p for p in outside.describe().outputs if p.name == "r1.afferent")
    assert port.lead == 73
    ticks = []
    for w in windows(200, 9):
        block = outside.advance(w, {})["r1.afferent"]
        ticks += block.ticks[block.values[:, 0] != 0].tolist()
    assert ticks[0] == 51 + 73
    assert np.flatnonzero(x[:, 1])[0] + 1 == 51 + 73 + 1  # it enters the step that starts there


def test_the_afferent_rate_is_the_weighted_mean_of_the_delayed_rates() -> None:
    b = brain(connectome="synthetic", coupling=0.1, noise=0.002, replaced={"rV1": "rate"})
    s = b._setting
    got = run(b, 600, 30)
    port = next(p for p in b.describe().outputs if p.name == "rV1.afferent_rate")
    v1 = s.connectome.labels.index("rV1")
    names = list(b.describe().outputs[0].labels)
    weights, delays = s.net.weights[v1], s.net.delays[v1]
    for row in (400, 599):
        instant = row + 1 + port.lead
        mean = sum(
            weights[j] * got["rate"][instant - delays[j] - 1, names.index(s.connectome.labels[j])]
            for j in np.flatnonzero(s.net.between[v1])
        )
        assert got["rV1.afferent_rate"][row, 0] == pytest.approx(mean / weights[s.net.between[v1]].sum(), rel=1e-12)


def test_ports_rest_at_what_they_announce() -> None:
    b = brain(connectome="synthetic", normalise="max_row_sum", coupling=0.3, replaced={"rV1": "rate"})
    got = run(b, 500, 50)
    for port in b.describe().outputs:
        if port.at_rest is not None:
            assert got[port.name] == pytest.approx(np.full_like(got[port.name], port.at_rest), rel=1e-9), port.name
            assert b.initial()[port.name].values[0, 0] == pytest.approx(port.at_rest, rel=1e-9)
    native = brain(connectome="synthetic", normalise="max_row_sum", coupling=0.3)
    assert np.ptp(run(native, 500, 50)["rate"], axis=0).max() < 1e-9


def test_the_synaptic_equation_of_the_model_turns_a_given_rate_into_what_a_region_sends() -> None:
    b = brain(connectome="synthetic", coupling=0.3, replaced={"rV1": "rate"})
    lag = b.describe().inputs[0].lag
    rate, tau, gamma = 20.0, 100.0, 0.641e-3
    for w in windows(20000, 100):
        ticks = np.arange(w.start - lag, w.stop - lag + 1)
        b.advance(w, {"rV1.rate": Samples(int(ticks[0]), 1, np.full((len(ticks), 1), rate))})
    v1 = b._setting.connectome.labels.index("rV1")
    assert b._running is not None
    assert b._running._sent[v1] == pytest.approx(gamma * rate * tau / (1 + gamma * rate * tau), rel=1e-9)


def test_what_a_region_sends_follows_a_changing_rate_as_the_solution_of_the_equation_does() -> None:
    # S' = -S / tau + (1 - S) gamma r with r = a + b t: with F(t) the integral of 1 / tau + gamma r,
    # 1 - S(t) = (1 - S(0)) exp(-F(t)) + 1 / tau * integral of exp(F(s) - F(t)) over s from 0 to t.
    tau, gamma, a, b, start, stop = 100.0, 0.641e-3, 2.0, 1.0, 0.15, 60.0
    own = brain(connectome="synthetic", start="model")._running._built[0]

    def big_f(t: float) -> float:
        return t / tau + gamma * (a * t + b * t**2 / 2)

    exact = 1 - (1 - start) * np.exp(-big_f(stop)) - quad(lambda s: np.exp(big_f(s) - big_f(stop)), 0, stop, epsabs=1e-13)[0] / tau
    errors = [abs(own.follow(0, start, a + b * np.linspace(0, stop, n + 1), stop / n, 0.0, 1.0)[-1] - exact) for n in (150, 300, 600)]
    assert errors[-1] < 2e-6
    assert np.log2(np.array(errors[:-1]) / errors[1:]) == pytest.approx(2, abs=0.05)  # both ends of the step count: second order


@pytest.mark.parametrize(("value", "said"), [(-0.5, "-0.5 Hz"), (np.nan, "nan Hz"), (np.inf, "inf Hz")])
def test_a_rate_that_cannot_be_is_refused_with_port_value_and_tick(value: float, said: str) -> None:
    b = brain(connectome="synthetic", replaced={"rV1": "rate"})
    lag = b.describe().inputs[0].lag
    values = np.full((11, 1), 3.0)
    values[4] = value
    with pytest.raises(RunError, match=rf"'rV1.rate' is {said} at tick {4 - lag} "):
        b.advance(Window(0, 10), {"rV1.rate": Samples(-lag, 1, values)})


def test_a_state_that_is_no_number_ends_the_run_with_region_variable_and_tick(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "c.zip", np.zeros((2, 2)), np.ones((2, 2)))
    b = brain(
        connectome=str(path),
        model="linear",
        model_parameters={"gamma": (-1.0, 1e30)},
        initial={"x": 1.0},
        start="model",
        scheme="euler",
        dt="1",
    )
    with pytest.raises(RunError, match=r"region 'r1': variable 'x' of 'linear' is (inf|nan) at tick 11 "):
        run(b, 100, 50)


def test_a_drive_is_added_to_the_first_input_of_its_region(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "c.zip", np.zeros((3, 3)), np.ones((3, 3)))
    settings = {"connectome": str(path), "start": "model"}
    driven = brain(driven=("r1",), **settings)
    constant = run(driven, 60, 20, lambda w: {"r1.drive": Samples(w.start, 1, np.full((w.length + 1, 1), 0.02))})
    pulsed = run(brain(stimuli=(Stimulus(("r1",), 0.02, onset=0.0, duration=1000.0),), **settings), 60, 60)
    assert all(np.array_equal(constant[name], pulsed[name]) for name in pulsed)
    assert not np.array_equal(constant["rate"], run(brain(**settings), 60, 60)["rate"])
