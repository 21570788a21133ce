"""What stimuli add where and when: closed forms, order of convergence, and independence of windows and ranks."""

from fractions import Fraction
from itertools import product
from math import e, exp, pi, sin
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from support.ranks import run_on_ranks
from support.wholebrain import brain, run, write_zip

from cosim.errors import InputError
from cosim.experiment.parameters import read_dataclass
from cosim.models.wholebrain.component import WholeBrain
from cosim.models.wholebrain.courses import Instants, PulseTrain, Sine
from cosim.models.wholebrain.parameters import Stimulus, WholeBrainParameters
from cosim.timegrid import Clock


def three(tmp_path: Path, **more) -> dict:
    """Return three unconnected regions whose state is the integral of what they are given."""
    path = write_zip(tmp_path / "c.zip", np.zeros((3, 3)), np.ones((3, 3)), centres="r0 0 0 0\nr1 3 4 0\nr2 0 0 300\n")
    return {"connectome": str(path), "model": "linear", "model_parameters": {"gamma": 0.0}, "start": "model", "scheme": "euler"} | more


def given(tmp_path: Path, stimulus: Stimulus, steps: int = 200, dt: str = "0.1") -> np.ndarray:
    """Return what was added in each step, (steps, regions)."""
    x = run(brain(dt=dt, stimuli=(stimulus,), **three(tmp_path)), steps, steps)["x"]
    return np.diff(x, axis=0, prepend=0.0) / float(dt)


@pytest.mark.parametrize(
    ("stimulus", "course"),
    [
        (Stimulus(("r1",), 2.0, 5.0, 10.0), lambda t: 2.0),
        (Stimulus(("r1",), 2.0, 5.0, 10.0, shape="sine", frequency=130.0, phase=0.5), lambda t: 2 * sin(2 * pi * 0.13 * t + 0.5)),
        (Stimulus(("r1",), 2.0, 5.0, 10.0, shape="ramp"), lambda t: 2 * t / 10),
        (Stimulus(("r1",), 2.0, 5.0, 10.0, shape="ramp", rise=4.0), lambda t: min(t / 2, 2.0)),
        (Stimulus(("r1",), 2.0, 5.0, 10.0, shape="gaussian", sigma=1.5), lambda t: 2 * exp(-((t - 5) ** 2) / 4.5)),
        (Stimulus(("r1",), 2.0, 5.0, 10.0, shape="gaussian", sigma=1.5, peak=2.0), lambda t: 2 * exp(-((t - 2) ** 2) / 4.5)),
        (Stimulus(("r1",), 2.0, 5.0, 10.0, shape="alpha", tau=1.25), lambda t: 2 * t / 1.25 * e * exp(-t / 1.25)),
    ],
)
def test_a_course_has_its_closed_form_in_the_middle_of_each_step_and_only_between_onset_and_end(tmp_path, stimulus, course) -> None:
    got = given(tmp_path, stimulus)
    expected = [course((k + 0.5) / 10 - 5) if 50 <= k < 150 else 0.0 for k in range(200)]
    assert got[:, 1] == pytest.approx(expected, abs=1e-12)
    assert not got[:, [0, 2]].any()


def test_a_pulse_train_is_the_sum_of_its_pulses(tmp_path: Path) -> None:
    train = Stimulus(("r0",), 3.0, 1.05, 17.0, shape="pulse_train", period=3.7, pulse_width=1.3, count=4)
    pulses = tuple(Stimulus(("r0",), 3.0, round(1.05 + 3.7 * i, 2), 1.3) for i in range(4))
    a, b = (run(brain(stimuli=s, **three(tmp_path)), 200, 200)["x"] for s in ((train,), pulses))
    assert np.array_equal(a, b) and a[-1, 0] == pytest.approx(3 * 0.1 * 13 * 4)


def test_a_train_without_a_count_ends_with_the_duration() -> None:
    time = Instants(Fraction("0.1"), Fraction(0))
    held = PulseTrain(time, Fraction(2), Fraction(1), None).held(0, 1000)
    assert held.tolist() == [float(k % 20 < 10) for k in range(1000)]


@pytest.mark.parametrize("suffix", ["csv", "npy"])
def test_a_course_from_a_file_follows_straight_lines_between_its_samples(tmp_path: Path, suffix: str) -> None:
    table = np.array([[0.0, 1.0], [2.0, 1.0], [-1.0, 5.0]])
    if suffix == "csv":
        (tmp_path / "c.csv").write_text("a,b\n" + "\n".join(",".join(map(str, row)) for row in table))
    else:
        np.save(tmp_path / "c.npy", table)
    got = given(tmp_path, Stimulus(("r2", "r0"), 0.5, onset=2.0, file=f"{tmp_path}/c.{suffix}", step=3.0), 150)
    middle = (np.arange(150) + 0.5) / 10 - 2
    for region, column in ((2, 0), (0, 1)):
        expected = 0.5 * np.interp(middle, [0, 3, 6], table[:, column]) * ((middle > 0) & (middle < 6))
        assert got[:, region] == pytest.approx(expected, abs=1e-12)


def test_weights_by_name_by_order_and_by_distance_scale_a_stimulus_and_several_add_up(tmp_path: Path) -> None:
    by_name = Stimulus((), 2.0, 0.0, 5.0, weights={"r2": 0.5, "r0": -1.0})
    by_order = Stimulus((), 2.0, 0.0, 5.0, weights=(-1.0, 0.0, 0.5))
    nearby = Stimulus((), 2.0, 0.0, 5.0, around="r0", width=10.0)
    at_a_place = Stimulus((), 2.0, 0.0, 5.0, around=(3.0, 4.0, 0.0), width=10.0)
    of = {s: given(tmp_path, s, 50)[0] for s in (nearby, at_a_place)}
    assert given(tmp_path, by_name, 50)[0].tolist() == given(tmp_path, by_order, 50)[0].tolist() == pytest.approx([-2.0, 0.0, 1.0])
    assert of[nearby] == pytest.approx([2.0, 2 * exp(-25 / 200), 0.0]) and of[nearby][2] == 0.0
    assert of[at_a_place] == pytest.approx([2 * exp(-25 / 200), 2.0, 0.0])
    both = run(brain(stimuli=(by_name, nearby), **three(tmp_path)), 1, 1)["x"][0] / 0.1
    assert both == pytest.approx(given(tmp_path, by_name, 1)[0] + of[nearby])


@pytest.mark.parametrize("scheme", ["heun", "heun_held", "rk4", "tr_bdf2"])
@pytest.mark.parametrize("shape", [{"shape": "sine", "frequency": 90.0, "phase": 0.4}, {"shape": "alpha", "tau": 2.0},
                                   {"shape": "gaussian", "sigma": 1.5}, {"shape": "ramp"}])
def test_a_smooth_course_leaves_schemes_of_second_order_their_order(tmp_path: Path, scheme: str, shape: dict) -> None:
    # The oscillator is not linear; the reference is SciPy's Runge-Kutta method of eighth order on the same course.
    stimulus = Stimulus(("r1",), 0.15, 0.0, 8.0, **shape)
    settings = three(tmp_path) | {"model": "generic_2d_oscillator", "model_parameters": {}, "scheme": scheme, "stimuli": (stimulus,)}
    course = {"sine": lambda t: sin(2 * pi * 0.09 * t + 0.4), "alpha": lambda t: t / 2 * exp(1 - t / 2),
              "gaussian": lambda t: exp(-((t - 4) ** 2) / 4.5), "ramp": lambda t: t / 8}[shape["shape"]]
    patch = brain(**settings)._running._built[0]
    c = np.zeros((patch.received, 3))

    def slope(t, x):
        u = np.zeros((patch.inputs, 3))
        u[0, 1] = 0.15 * course(t)
        return patch.evaluate(x.reshape(-1, 3), c, u)[0].ravel()

    begin = brain(**settings)._running._built[0].states(0, 1)[0].ravel()
    exact = solve_ivp(slope, (0, 8), begin, method="DOP853", rtol=1e-13, atol=1e-14).y[:, -1].reshape(-1, 3)[0, 1]
    errors = [abs(run(brain(dt=dt, **settings), n, n)["V"][-1, 1] - exact) for dt, n in (("0.1", 80), ("0.05", 160), ("0.025", 320))]
    assert np.log2(np.array(errors[:-1]) / errors[1:]) == pytest.approx([2.0, 2.0], abs=0.25)


def test_stimuli_are_the_same_bits_for_every_window_and_number_of_ranks(tmp_path: Path) -> None:
    weights = np.ones((3, 3)) - np.eye(3)
    settings = three(tmp_path) | {
        "connectome": str(write_zip(tmp_path / "w.zip", weights, 5 * weights)), "scheme": "heun", "coupling": 0.1,
        "stimuli": (Stimulus(("r0", "r2"), 0.3, 0.0, 25.0, shape="sine", frequency=33.0),
                    Stimulus((), 1.0, 3.3, 9.0, shape="alpha", tau=2.0, around="r1", width=4.0)),
    }
    whole = run(brain(**settings), 300, 300)["x"]
    for length in (1, 7, 130):
        assert np.array_equal(run(brain(**settings), 300, length)["x"], whole)
    two = run_on_ranks(2, lambda ranks: run(brain(ranks, **settings), 300, 50))[0]["x"]
    assert np.array_equal(two, whole)


def test_a_finer_tick_changes_no_bit_of_a_course(tmp_path: Path) -> None:
    settings = three(tmp_path, stimuli=(Stimulus(("r0",), 0.3, 0.0, 25.0, shape="sine", frequency=33.0),))
    assert np.array_equal(run(brain(tick=5, **settings), 1000, 1000)["x"], run(brain(**settings), 200, 200)["x"])


def test_a_sine_keeps_its_phase_after_any_number_of_turns() -> None:
    sine = Sine(Instants(Fraction("0.1"), Fraction("0.3")), Fraction(1000, 7), 0.2)
    turns = 10**9 * 10000  # steps in a whole number of periods
    assert np.array_equal(sine.held(0, 100), sine.held(turns, turns + 100))


@pytest.mark.parametrize(
    ("stimulus", "words"),
    [
        ({"shape": "sine"}, "the shape 'sine' needs 'frequency'"),
        ({"shape": "sine", "frequency": 0.0}, "the frequency is 0 Hz"),
        ({"shape": "sine", "frequency": 1.0, "phase": float("nan")}, "the phase is nan rad"),
        ({"period": 3.0}, "'period' means nothing for the shape 'pulse'"),
        ({"shape": "pulse_train", "period": 3.0, "pulse_width": 1.0, "count": 0}, "the count is 0"),
        ({"shape": "alpha", "tau": -1.0}, "the tau is -1 ms"),
        ({"duration": None}, "the stimulus has no duration"),
        ({"file": "nowhere.csv", "step": 1.0}, "cannot be read"),
        ({"file": "nan.csv", "step": 1.0}, "sample 2 in 'nan.csv' is not a number"),
        ({"file": "word.csv", "step": 1.0}, "'x' in row 2, column 1"),
        ({"file": "wide.csv", "step": 1.0}, "a table of 2 x 3"),
        ({"file": "empty.csv", "step": 1.0}, "holds no numbers"),
        ({"file": "nan.pdf", "step": 1.0}, "an ending that says nothing"),
        ({"regions": (), "weights": {"r1": 1.0, "r11": 1.0}}, "did you mean 'r1'"),
        ({"weights": (1.0, 2.0)}, "2 weights for 1 regions"),
        ({"weights": (float("inf"),)}, "the weight of 'r1' is inf"),
        ({"regions": (), "weights": {}}, "names no region"),
        ({"around": "r0"}, "the width is missing"),
        ({"width": 3.0}, "a 'width' without 'around'"),
        ({"around": "r0", "width": -3.0}, "the width is -3 mm"),
        ({"around": (1e6, 0.0, 0.0), "width": 1.0}, "no region lies within 6 widths"),
        ({"around": "r0", "width": 1.0, "weights": (1.0,)}, "both given"),
    ],
)
def test_what_is_wrong_with_a_stimulus_is_told(tmp_path: Path, stimulus: dict, words: str) -> None:
    for name, text in (("nan.csv", "1\nnan\n3\n"), ("word.csv", "1\nx\n"), ("wide.csv", "1,2,3\n4,5,6\n"), ("empty.csv", "")):
        (tmp_path / name).write_text(text)
    made = Stimulus(**({"regions": ("r1",), "amplitude": 1.0, "duration": 5.0} | stimulus))
    with pytest.raises(InputError) as error:
        WholeBrain(WholeBrainParameters(**three(tmp_path, stimuli=(made,), folder=tmp_path)), Clock(Fraction("0.1"), 1))
    assert words in str(error.value)


def test_a_gaussian_in_space_is_refused_where_nobody_told_the_centres(tmp_path: Path) -> None:
    np.savetxt(tmp_path / "weights.csv", np.ones((3, 3)), delimiter=",")
    np.savetxt(tmp_path / "lengths.csv", np.ones((3, 3)), delimiter=",")
    made = Stimulus((), 1.0, 0.0, 5.0, around=(0.0, 0.0, 0.0), width=5.0)
    settings = three(tmp_path, stimuli=(made,), folder=tmp_path) | {"connectome": "weights.csv", "tract_lengths": "lengths.csv"}
    with pytest.raises(InputError, match="does not tell where") as error:
        WholeBrain(WholeBrainParameters(**settings), Clock(Fraction("0.1"), 1))
    assert "give 'weights'" in str(error.value)


def test_stimuli_are_read_from_an_experiment_with_their_units() -> None:
    data = {"stimuli": [{"around": "rV1", "width": "2 cm", "shape": "sine", "frequency": "0.01 kHz", "duration": "1 s", "amplitude": 0.2},
                        {"weights": {"rV1": 1.0, "rV2": 0.4}, "duration": "5 ms", "shape": "pulse_train", "period": "1 ms",
                         "pulse_width": "100 us", "count": 3}]}
    first, second = read_dataclass(WholeBrainParameters, data, Path()).stimuli
    assert (first.width, first.frequency, first.duration, first.around) == (20.0, 10.0, 1000.0, "rV1")
    assert (second.weights, second.pulse_width, second.count) == ({"rV1": 1.0, "rV2": 0.4}, 0.1, 3)


def test_every_course_and_place_can_be_combined(tmp_path: Path) -> None:
    shapes = ({}, {"shape": "ramp"}, {"shape": "alpha", "tau": 1.0})
    places = ({"regions": ("r0",)}, {"weights": {"r0": 1.0}}, {"around": "r0", "width": 0.5})
    got = [given(tmp_path, Stimulus(duration=5.0, **s, **p), 20)[:, 0].tolist() for s, p in product(shapes, places)]
    assert all(got[3 * i] == got[3 * i + 1] == got[3 * i + 2] for i in range(3))
