"""`cosim validate` compares two sets of spikes; what cannot be compared is told in a sentence."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import pytest
from click.testing import CliRunner, Result
from support.command import cosim as command

from cosim.errors import InputError
from cosim.launch.command import cosim
from cosim.launch.validate.compare import Comparison, Quantity, Verdict, compare, measure
from cosim.launch.validate.spikes import SpikeSet, bounds, read_spikes, with_common_populations

SIZES = (("E", 40), ("I", 10))


def poisson(seed: int, hz: float = 20.0, stop_ms: float = 3000.0, name: str = "") -> SpikeSet:
    draw = np.random.default_rng(seed)
    n = draw.poisson(50 * hz * stop_ms / 1000)
    return SpikeSet(name or str(seed), np.sort(draw.uniform(0, stop_ms, n)), draw.integers(0, 50, n), stop_ms, SIZES)


def written(folder: Path, spikes: SpikeSet, **instead: object) -> Path:
    path = folder / f"{spikes.name}.json"
    path.write_text(json.dumps({"populations": spikes.sizes, "stop_ms": spikes.stop_ms, "times_ms": spikes.times_ms.tolist(),
                                "ids": spikes.ids.tolist()} | instead))
    return path


def validate(*arguments: object) -> Result:
    return CliRunner().invoke(cosim, ["validate", "microcircuit", *map(str, arguments)])


def verdicts(*sets: SpikeSet) -> dict[tuple[str, Quantity], Verdict]:
    measured = [measure(s, SIZES, 500, 3000) for s in sets]
    return {(c.population, c.quantity): c.verdict for c in compare(measured[0], measured[1:])}


def test_spikes_are_as_far_from_themselves_as_nothing() -> None:
    measured = measure(poisson(1), SIZES, 500, 3000)
    assert [c.distance for c in compare(measured, [measured])] == [0] * 6


def test_another_seed_of_one_process_holds_and_another_process_does_not() -> None:
    good = verdicts(*(poisson(s) for s in (1, 2, 3, 4)))
    assert Verdict.LARGER not in good.values()
    bad = verdicts(poisson(1, hz=30.0), *(poisson(s) for s in (2, 3, 4)))
    assert bad["E", Quantity.RATE] is bad["I", Quantity.RATE] is Verdict.LARGER
    assert bad["E", Quantity.CV] is not Verdict.LARGER


def test_trains_in_step_are_told_by_their_correlation_alone() -> None:
    times = np.sort(np.random.default_rng(9).uniform(0, 3000, 60))
    shared = SpikeSet("shared", np.tile(times, 50), np.repeat(np.arange(50), 60), 3000, SIZES)
    assert verdicts(shared, poisson(2), poisson(3))["E", Quantity.CORRELATION] is Verdict.LARGER


def test_without_a_second_seed_there_is_no_verdict_but_that_of_chance() -> None:
    assert set(verdicts(poisson(1, hz=40.0), poisson(2)).values()) <= {Verdict.UNKNOWN, Verdict.SAMPLING}


@pytest.mark.parametrize(("ours", "between", "chance", "verdict"), [
    ((0.1, 0.2), (0.16,), 0.0, Verdict.HOLDS), ((0.1, 0.3), (0.15,), 0.2, Verdict.SAMPLING), ((0.1, 0.3), (0.15,), 0.19, Verdict.LARGER),
    ((0.3,), (), 0.1, Verdict.UNKNOWN), ((float("nan"),), (0.1,), 0.1, Verdict.UNKNOWN)])
def test_the_mean_of_ours_is_held_against_the_largest_between_seeds(ours: tuple[float, ...], between: tuple[float, ...], chance: float,
                                                                   verdict: Verdict) -> None:
    assert Comparison("E", Quantity.RATE, (1.0, 1.0), ours, between, chance).verdict is verdict


def test_a_file_may_name_the_populations_in_another_order() -> None:
    ours = poisson(1)
    swapped = SpikeSet("sonata", ours.times_ms, np.where(ours.ids < 40, ours.ids + 10, ours.ids - 40), 3000, (), (("I", 0), ("E", 10)))
    (_, same), sizes = with_common_populations([ours, swapped], ())
    assert sizes == SIZES
    assert np.array_equal(same.ids, ours.ids)
    assert bounds(sizes) == {"E": (0, 40), "I": (40, 50)}


def test_text_of_nest_is_counted_from_its_first_neuron(tmp_path: Path) -> None:
    (tmp_path / "spikes.dat").write_text("sender\ttime_ms\n1\t0.5\n50\t700.1\n")
    found = read_spikes(tmp_path / "spikes.dat")
    assert (found.ids.tolist(), found.stop_ms, found.sizes) == ([0, 49], 701.0, ())


def test_what_recorders_show_of_a_run_does_not_hide_its_spikes(tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text("populations: {A: {size: 5, I_e: 1 nA}, B: {size: 2, I_e: 1 nA}}\n"
                                       "devices: {few: {kind: recorder, target: B}, more: {kind: recorder, target: A}}\n")
    (tmp_path / "e.yaml").write_text("cosim: 1\nduration: 100 ms\nstep: 0.1 ms\nrecord: [g.few, g.spikes, g.more]\n"
                                     "groups: {g: {component: microcircuit, params: {network: net.yaml}}}\n")
    ran = command("run", "e.yaml", "--out", "run", "--no-report", cwd=tmp_path)
    assert ran.status == 0, ran.err
    found = read_spikes(tmp_path / "run")
    assert set(found.ids.tolist()) == set(range(7)) and found.sizes == (("A", 5), ("B", 2))
    with h5py.File(tmp_path / "run" / "results.h5", "r+") as file:
        file.move("groups/g/spikes", "groups/g/all")
    with pytest.raises(InputError, match="holds the spikes of 3 ports"):
        read_spikes(tmp_path / "run")


def test_the_command_says_what_it_found_and_leaves_a_page(tmp_path: Path) -> None:
    files = [written(tmp_path, poisson(s, name=f"seed{s}")) for s in (1, 2, 3, 4)]
    done = validate(*files[:2], "--seeds", files[2], "--seeds", files[3], "--out", tmp_path / "page", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.output)
    assert told == json.loads((tmp_path / "page" / "validation.json").read_text())
    assert (told["start_ms"], told["stop_ms"], len(told["comparisons"])) == (500, 3000, 6)
    first = told["comparisons"][0]
    assert (first["population"], first["quantity"], len(first["ks_ours"]), len(first["ks_between_seeds"])) == ("E", "rate", 3, 3)
    page = (tmp_path / "page" / "validation.html").read_text()
    assert page.count("<svg") == 1
    assert "seed1 against seed2, seed3, seed4" in page


def test_the_status_tells_that_something_is_larger(tmp_path: Path) -> None:
    sets = (poisson(1, hz=35.0, name="ours"), poisson(2), poisson(3))
    files = [written(tmp_path, s) for s in sets]
    done = validate(*files[:2], "--seeds", files[2])
    assert done.exit_code == 1
    assert "larger than between seeds" in done.output


@pytest.mark.parametrize(("options", "words"), [
    (["--warmup", "2.95"], "there are 50 ms to compare"), (["--warmup", "-1"], "the warm-up is -1 s"),
    (["--warmup", "nan"], "the warm-up is"),
    (["--until", "9"], "ends at 3 s"), (["--populations", "nothing.yaml"], "cannot read the populations"),
    (["--seeds", "nothing.h5"], "there is no file 'nothing.h5'")])
def test_bad_input_is_a_sentence(tmp_path: Path, options: list[str], words: str) -> None:
    a, b = (written(tmp_path, poisson(s)) for s in (1, 2))
    done = validate(a, b, *options)
    assert isinstance(done.exception, InputError)
    assert words in str(done.exception)


def test_files_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    a, b = poisson(1), poisson(2)
    for instead, words in (({"populations": [["E", 50]]}, "are not those of the others"), ({"ids": "x"}, "cannot read the spikes"),
                           ({"ids": (b.ids + 3).tolist()}, "has a spike of neuron 5")):
        done = validate(written(tmp_path, a), written(tmp_path, b, **instead))
        assert words in str(done.exception)
    (tmp_path / "a.dat").write_text("1 600.0\n")
    done = validate(tmp_path / "a.dat", tmp_path / "a.dat")
    assert "which neurons belong to which population" in str(done.exception)
    (tmp_path / "sizes.yaml").write_text("{E: 1}")
    done = validate(tmp_path / "a.dat", tmp_path / "a.dat", "--populations", tmp_path / "sizes.yaml", "--json")
    assert done.exit_code == 0, done.exception
    assert json.loads(done.output)["comparisons"][1]["ks_ours"] == [None]  # no neuron has two intervals
