"""A run that goes on from an earlier one is the uninterrupted one; tables before instant 0 are heard one delay later."""

from fractions import Fraction
from pathlib import Path

import h5py
import numpy as np
import pytest
from support.ranks import run_on_ranks
from support.wholebrain import brain, run, write_zip

from cosim.errors import InputError
from cosim.experiment.parameters import read_dataclass
from cosim.models.wholebrain.component import WholeBrain
from cosim.models.wholebrain.parameters import History, OtherModel, Stimulus, WholeBrainParameters
from cosim.timegrid import Clock

N = 5


def network(tmp_path: Path, **more) -> dict:
    draw = np.random.default_rng(3)
    weights, lengths = draw.random((N, N)), 2 + 20 * draw.random((N, N))
    path = write_zip(tmp_path / "c.zip", weights, lengths)
    return {"connectome": str(path), "speed": 1.0, "coupling": 0.15, "start": "model", "initial": {"S_E": (0.1, 0.2, 0.3, 0.15, 0.25)},
            "noise_stream": "same"} | more


def record(path: Path, given: dict[str, np.ndarray], labels: dict[str, tuple[str, ...]], every: int = 1, tick_ms: float = 0.1,
           first: int = 1) -> None:
    """Write what a group called 'brain' gave as the results of a run."""
    with h5py.File(path, "w") as file:
        file.attrs["tick_ms"] = tick_ms
        for name, values in given.items():
            port = file.create_group(f"groups/brain/{name}")
            port["ticks"], port["values"] = first + every * np.arange(len(values[::every])), values[::every]
            port.attrs["names"] = list(labels[name])


def recorded(tmp_path: Path, b: WholeBrain, steps: int, **more) -> dict[str, np.ndarray]:
    given = run(b, steps, steps)
    names = [v for p in b._setting.patches.all for v in p.model.variables]
    labels = {p.name: p.labels for p in b.describe().outputs}
    record(tmp_path / "results.h5", {name: given[name] for name in (*names, "rate") if name in given}, labels, **more)
    return given


SETTINGS = [
    {"scheme": "heun"},
    {"scheme": "rk4", "coupling_function": "difference"},
    {"scheme": "tr_bdf2", "normalise": "max"},
    {"scheme": "heun_held", "model": "wilson_cowan", "initial": {}},
    {"scheme": "euler", "other_models": (OtherModel(("r1", "r4"), "wong_wang_2013", takes={}),), "exchange": (), "initial": {}},
]


@pytest.mark.parametrize("settings", SETTINGS[:4], ids=lambda s: s["scheme"])
@pytest.mark.parametrize("noise", [0.0, 0.002])
def test_a_run_that_goes_on_has_the_bits_of_the_uninterrupted_one(tmp_path: Path, settings: dict, noise: float) -> None:
    made = network(tmp_path, noise=noise, **settings) if "initial" not in settings else network(tmp_path, noise=noise) | settings
    first = recorded(tmp_path, brain(**made), 333)
    whole = run(brain(**made), 700, 700)
    assert all(np.array_equal(first[name], whole[name][:333]) for name in whole)
    later = brain(**made | {"initial": {}, "history": History(run=str(tmp_path)), "noise_from_step": 333})
    on = run(later, 367, 50)
    for name, values in whole.items():
        assert np.array_equal(on[name], values[333:]), name
        assert np.array_equal(later.initial()[name].values[-1], values[332]), name


def test_noise_that_does_not_go_on_is_that_of_the_first_steps(tmp_path: Path) -> None:
    made = network(tmp_path, noise=0.002)
    recorded(tmp_path, brain(**made), 333)
    whole, again = run(brain(**made), 400, 400)["S_E"], network(tmp_path, noise=0.002, initial={}, history=History(run=str(tmp_path)))
    assert not np.array_equal(run(brain(**again), 67, 67)["S_E"], whole[333:])


def test_a_run_goes_on_from_any_instant_on_any_number_of_ranks_and_from_a_finer_tick(tmp_path: Path) -> None:
    made = network(tmp_path)
    recorded(tmp_path, brain(**made), 600)
    whole = run(brain(**made), 700, 700)
    settings = made | {"initial": {}, "history": History(run=str(tmp_path / "results.h5"), group="brain", at=40.0)}
    on = run(brain(**settings), 300, 300)["S_E"]
    assert np.array_equal(on, whole["S_E"][400:])
    assert np.array_equal(run(brain(tick=4, **settings), 1200, 1200)["S_E"], on)
    assert np.array_equal(run_on_ranks(2, lambda ranks: run(brain(ranks, **settings), 300, 20))[0]["S_E"], on)


def test_what_replaced_regions_hear_goes_on_too(tmp_path: Path) -> None:
    # An uninterrupted brain with a stimulus tells what r0 hears; one that goes on tells the same, with what was on its way at its start.
    made = network(tmp_path, replaced={"r0": "rate"}, stimuli=(Stimulus(("r2",), 0.3, 15.0, 20.0),))
    given = recorded(tmp_path, brain(**made), 340)
    whole = run(brain(**made), 600, 600)
    # The run knows nothing of r0, which is replaced: there the initial value counts.
    later = brain(**made | {"history": History(run=str(tmp_path)), "stimuli": (Stimulus(("r2",), 0.3, 0.0, 1.0),)})
    assert len(given["rate"]) == 340
    first, on = later.initial(), run(later, 260, 260)
    lead = {p.name: p.lead for p in later.describe().outputs}
    for name in ("r0.afferent", "r0.afferent_rate"):
        assert first[name].last == lead[name] and lead[name] > 5
        told = np.concatenate((first[name].values, on[name]))
        begin = 340 - lead[name] - 1 + first[name].first  # row of the uninterrupted run that holds the same instant
        same = slice(begin, begin + lead[name] + 1)
        assert np.array_equal(told[: lead[name] + 1], whole[name][same])
        assert np.ptp(told[: lead[name] + 1]) > 0
    assert np.array_equal(on["S_E"][:5], whole["S_E"][340:345])


def test_a_table_before_the_start_is_heard_one_delay_later(tmp_path: Path) -> None:
    weights, lengths = np.zeros((2, 2)), np.ones((2, 2))
    weights[1, 0], lengths[1, 0] = 1.0, 7.3
    path = write_zip(tmp_path / "c.zip", weights, lengths)
    past = np.zeros((100, 2))
    past[99 - 50, 0] = 4.0  # r0 was 4 at 5 ms before instant 0 and at no other instant
    settings = {"connectome": str(path), "speed": 1.0, "model": "linear", "model_parameters": {"gamma": 0.0}, "scheme": "euler",
                "start": "model", "folder": tmp_path, "coupling": 1.0}
    np.save(tmp_path / "past.npy", past)
    np.savez(tmp_path / "past.npz", x=past)
    np.savetxt(tmp_path / "past.csv", past, delimiter=",")
    np.save(tmp_path / "deep.npy", past[:, None])
    for name in ("past.npy", "past.npz", "past.csv", "deep.npy"):
        x = run(brain(**settings, history=History(file=name)), 60, 60)["x"][:, 1]
        assert x.tolist() == [0.0] * 23 + [0.4] * 37  # the step from tick 23 = 73 - 50 hears it, and reaches row 23


def test_coarser_rows_are_joined_by_straight_lines(tmp_path: Path) -> None:
    made = network(tmp_path, folder=tmp_path, initial={})
    coarse = np.linspace(0.1, 0.2, 13)[:, None] * np.ones(N)
    np.save(tmp_path / "coarse.npy", coarse)
    np.save(tmp_path / "fine.npy", np.linspace(0.1, 0.2, 601)[:, None] * np.ones(N))
    of = [History(file="coarse.npy", variables=("S_E",), step=5.0), History(file="fine.npy", variables=("S_E",))]
    a, b = (run(brain(**made, history=h), 200, 200)["S_E"] for h in of)
    assert a == pytest.approx(b, abs=1e-13)


def test_what_a_history_does_not_tell_was_always_as_at_the_start(tmp_path: Path) -> None:
    constant = np.tile((0.1, 0.2, 0.3, 0.15, 0.25), (400, 1))
    np.savez(tmp_path / "past.npz", S_E=constant)
    told = run(brain(**network(tmp_path, initial={}, folder=tmp_path, history=History(file="past.npz"))), 300, 300)
    still = run(brain(**network(tmp_path)), 300, 300)
    assert all(np.array_equal(told[name], still[name]) for name in still)


def test_an_experiment_without_a_history_is_read_back_without_one() -> None:
    for data in ({}, {"history": None}, {"history": {}}, {"history": {"run": None, "at": "last"}}):
        assert read_dataclass(WholeBrainParameters, data, Path()).history == History()
    assert read_dataclass(WholeBrainParameters, {"history": {"run": "x", "at": "2 s"}}, Path()).history == History(run="x", at=2000.0)


def refused(**parameters) -> str:
    with pytest.raises(InputError) as error:
        WholeBrain(WholeBrainParameters(**parameters), Clock(Fraction("0.1"), 1))
    return str(error.value)


def test_what_an_earlier_run_lacks_is_told_with_what_to_record(tmp_path: Path) -> None:
    made = network(tmp_path)
    go_on = made | {"initial": {}, "history": History(run=str(tmp_path))}
    assert "there are no results" in refused(**go_on)
    given, labels = run(brain(**made), 400, 400), {p.name: p.labels for p in brain(**made).describe().outputs}
    both = {name: given[name] for name in ("S_E", "S_I")}
    record(tmp_path / "results.h5", {"S_E": given["S_E"]}, labels)
    assert "nothing of 'brain.S_I'" in refused(**go_on) and "record brain.S_I in that run, every 0.1 ms" in refused(**go_on)
    record(tmp_path / "results.h5", both, labels, every=10)
    assert "recorded 'brain.S_E' every 1 ms" in refused(**go_on) and "every 0.1 ms, the step here" in refused(**go_on)
    record(tmp_path / "results.h5", {name: values[:30] for name, values in both.items()}, labels)
    assert "over 2.9 ms before 3 ms" in refused(**go_on) and "the longest delay, " in refused(**go_on)
    record(tmp_path / "results.h5", both, labels)
    assert "no group 'brian'" in refused(**go_on | {"history": History(run=str(tmp_path), group="brian")})
    assert "at 30.05 ms" in refused(**go_on | {"history": History(run=str(tmp_path), at=30.05)})
    assert "given twice" in refused(**go_on | {"initial": {"S_E": 0.1}})
    record(tmp_path / "results.h5", {name: values[:, :4] for name, values in both.items()}, {name: labels[name][:4] for name in both})
    assert "no 'S_E' of region 'r4'" in refused(**go_on)
    assert "nothing of 'brain.rate'" in refused(**go_on, replaced={"r0": "rate"})
    (tmp_path / "results.h5").write_text("no")
    assert "cannot read" in refused(**go_on)


def test_what_is_wrong_with_a_table_is_told_with_region_variable_and_time(tmp_path: Path) -> None:
    made = network(tmp_path, initial={}, folder=tmp_path)
    past = np.full((400, N), 0.2)
    for name, value in (("nan", np.nan), ("high", 1.5)):
        wrong = past.copy()
        wrong[-11, 3] = value
        np.savez(tmp_path / f"{name}.npz", S_I=wrong)
    np.save(tmp_path / "short.npy", past[:50])
    np.save(tmp_path / "wide.npy", past[:, :3])
    assert "'S_I' of region 'r3' is nan at -1 ms" in refused(**made, history=History(file="nan.npz"))
    assert "'S_I' of region 'r3' is 1.5 at -1 ms" in refused(**made, history=History(file="high.npz"))
    assert "tells of 4.9 ms" in refused(**made, history=History(file="short.npy", variables=("S_E",)))
    assert f"(time, {N})" in refused(**made, history=History(file="wide.npy", variables=("S_E",)))
    assert "name the variables" in refused(**made, history=History(file="short.npy"))
    assert "did you mean 'S_E'" in refused(**made, history=History(file="short.npy", variables=("SE",)))
    assert "told by nothing" in refused(**made, history=History(at=3.0))
    assert "belong to a run" in refused(**made, history=History(file="short.npy", at=3.0))
    assert "has the number -1 in the noise" in refused(**made, noise_from_step=-1)


def test_a_history_changes_the_number_by_which_a_run_knows_its_files(tmp_path: Path) -> None:
    made = network(tmp_path, initial={}, folder=tmp_path)
    told = set()
    for value in (0.2, 0.3):
        np.savez(tmp_path / "past.npz", S_E=np.full((400, N), value))
        told.add(WholeBrain(WholeBrainParameters(**made, history=History(file="past.npz")), Clock(Fraction("0.1"), 1)).describe().files)
    assert len(told) == 2
