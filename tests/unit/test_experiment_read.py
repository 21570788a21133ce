"""A file means what it says, exactly; and what is wrong with it is told by place, with what to write instead."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from support.experiment_toys import FILE, Boat, Colour, Pulse, Sea, Share, register_toys

from cosim.errors import InputError
from cosim.experiment.experiment import Experiment
from cosim.experiment.quantities import Quantity
from cosim.experiment.read import read_experiment
from cosim.timegrid import Clock


@pytest.fixture(autouse=True)
def toys(monkeypatch: pytest.MonkeyPatch) -> None:
    register_toys(monkeypatch)


def read(folder: Path, text: str, *overrides: str) -> Experiment:
    path = folder / "toy.yaml"
    path.write_text(text, encoding="utf-8")
    return read_experiment(path, overrides)


def refused(folder: Path, text: str, *overrides: str) -> str:
    with pytest.raises(InputError) as caught:
        read(folder, text, *overrides)
    return str(caught.value).replace(f"{folder}/", "")


def test_a_file_means_what_it_says(tmp_path: Path) -> None:
    experiment = read(tmp_path, FILE)
    assert (experiment.title, experiment.seed, experiment.tick_ms, experiment.window) == ("A toy", 7, Fraction(1, 20), None)
    assert experiment.duration == 40000
    assert list(experiment.groups) == ["brain", "column"]
    assert experiment.groups["brain"].parameters == Sea(speed=4.0, folder=str(tmp_path))
    assert experiment.groups["column"].parameters == Boat()
    assert [g.step for g in experiment.groups.values()] == [2, 5]
    assert experiment.clock("column") == Clock(Fraction(1, 20), 5)
    drive, back = experiment.couplings
    assert (drive.name, drive.source_group, drive.source_port, drive.target) == ("drive", "brain", "rV1.rate", "column.background")
    assert (drive.delay, drive.weight, drive.initial) == (30, 0.5, Quantity(3.0, "Hz"))
    assert [(t.name, t.parameters) for t in drive.translators] == [("share", Share(0.1))]
    assert (back.name, back.delay, back.weight, back.initial) == ("column.spikes->brain.input", 0, 1.0, None)
    assert [t.name for t in back.translators] == ["count", "share"]
    assert [(r.group, r.port, r.every) for r in experiment.records] == [("column", "spikes", None), ("brain", "rate", 20)]


def test_the_frozen_data_cannot_be_changed(tmp_path: Path) -> None:
    experiment = read(tmp_path, FILE)
    with pytest.raises(AttributeError):
        experiment.seed = 2  # type: ignore[misc]
    with pytest.raises(TypeError):
        experiment.groups["new"] = experiment.groups["brain"]  # type: ignore[index]


@pytest.mark.parametrize(("step", "duration", "tick", "ticks"), [
    ("0.1 ms", "0.3 ms", Fraction(1, 10), 3),          # 0.1 + 0.1 + 0.1 != 0.3 in floats
    ("100 us", "2000000 s", Fraction(1, 10), 20_000_000_000),
    ("0.000001 ms", "7 ms", Fraction(1, 10**6), 7_000_000),
    ("1e-4 s", "1 min", Fraction(1, 10), 600_000),
])
def test_times_are_exact_in_every_unit(tmp_path: Path, step: str, duration: str, tick: Fraction, ticks: int) -> None:
    experiment = read(tmp_path, f"cosim: 1\nduration: {duration}\nstep: {step}\ngroups: {{a: {{component: boat}}}}\n")
    assert (experiment.tick_ms, experiment.duration) == (tick, ticks)


def test_a_tick_that_is_given_is_taken(tmp_path: Path) -> None:
    experiment = read(tmp_path, FILE + "tick: 0.01 ms\n")
    assert (experiment.tick_ms, experiment.groups["brain"].step, experiment.groups["column"].step) == (Fraction(1, 100), 10, 25)


def test_a_window_never_changes_the_tick(tmp_path: Path) -> None:
    whole, half = (read(tmp_path, FILE + f"run: {{window: {w}}}\n") for w in ("auto", "0.5 ms"))
    assert (whole.window, half.window, half.tick_ms) == (None, 10, whole.tick_ms)


def test_every_sort_of_parameter_is_read(tmp_path: Path) -> None:
    experiment = read(tmp_path, FILE.replace("{speed: 4 mm/ms}", """
      speed: 4 m/s
      salt: 1e-3
      waves: 1e1
      calm: true
      colour: red
      scheme: euler
      chart: maps/a.png
      depth: 2 km
      limits: [-0.07 V, -50 mV]
      pulses: [{region: bay, stop: 1 s}]
      rates: {a: 3 kHz, b: 1 1/ms}
      drive: 0.2 nA
      lambda: 2"""))
    assert experiment.groups["brain"].parameters == Sea(
        4.0, 0.001, 10, True, "north", Colour.RED, "euler", Path("maps/a.png"), str(tmp_path), 2000.0, (-70.0, -50.0),
        (Pulse("bay", 0.0, 1000.0),), {"a": 3000.0, "b": 1000.0}, 200.0, 2.0)


def test_a_relative_folder_is_taken_from_where_the_file_lies(tmp_path: Path) -> None:
    experiment = read(tmp_path, FILE, "groups.brain.params.folder=data")
    assert experiment.groups["brain"].parameters.folder == str(tmp_path / "data")


def test_anchors_and_merge_keys_share_settings(tmp_path: Path) -> None:
    experiment = read(tmp_path, """
cosim: 1
duration: 1 s
step: 0.1 ms
groups:
  a: &a {component: sea, params: {speed: 4 mm/ms}}
  b: {<<: *a, step: 0.2 ms}
""")
    a, b = experiment.groups.values()
    assert (a.component, a.parameters, a.step * 2) == (b.component, b.parameters, b.step)


def test_the_place_of_every_key_is_known(tmp_path: Path) -> None:
    experiment = read(tmp_path, FILE, "groups.column.params.scale=0.2")
    places = {key: experiment.place(key).replace(f"{tmp_path}/", "") for key in (
        "groups.brain.params.speed", "couplings.0.delay", "couplings.drive.delay", "record.1.every", "groups.brain.nothing", "nothing",
        "couplings.column.spikes->brain.input.to", "groups.column.params.scale")}
    assert list(places.values()) == ["toy.yaml:9", "toy.yaml:17", "toy.yaml:17", "toy.yaml:24", "toy.yaml:7", "toy.yaml:1", "toy.yaml:21",
                                     "--set groups.column.params.scale=0.2"]
    assert experiment.groups["column"].place.endswith("toy.yaml:10")
    assert [c.place.rpartition(":")[2] for c in experiment.couplings] == ["14", "21"]


@pytest.mark.parametrize(("old", "new", "words"), [
    # the file as a whole
    ("cosim: 1", "cosim: 2", ["toy.yaml:1: cosim", "version 2", "reads version 1", "install a newer"]),
    ("cosim: 1\n", "", ["'cosim' is missing", "Version of the file format"]),
    ("duration: 2 s\n", "", ["'duration' is missing", "quantity in ms", "How much time"]),
    ("title: A toy", "titel: A toy", ["toy.yaml:2: titel", "no key 'titel'", "did you mean 'title'?"]),
    ("title: A toy", "cosim: 1", ["toy.yaml:2: cosim", "given twice", "first on line 1"]),
    ("title: A toy", "title: [A", ["toy.yaml:3", "not YAML", "column 5"]),
    ("title: A toy", "title: A: toy", ["toy.yaml:2", "not YAML", "quotes"]),
    ("title: A toy", "run:\n\twindow: auto", ["not YAML", "toy.yaml:3", "spaces, not with tabs"]),
    ("title: A toy", "title: 3", ["toy.yaml:2: title", "3 is not text", "'3'"]),
    ("seed: 7", "seed: -7", ["toy.yaml:3: seed", "-7 is negative", "from 0"]),
    ("seed: 7", "seed: 1.5", ["toy.yaml:3: seed", "1.5 is not a whole number"]),
    ("seed: 7", "seed: true", ["true is not a"]),
    # times
    ("duration: 2 s", "duration: 2", ["toy.yaml:4: duration", "2 has no unit", "write '2 ms'"]),
    ("duration: 2 s", "duration: 2 mV", ["'2 mV'", "unit mV", "does not convert to ms", "'2 ms'"]),
    ("duration: 2 s", "duration: 2 sek", ["'2 sek'", "no unit 'sek'"]),
    ("duration: 2 s", "duration: 0,2 s", ["'0,2 s' is not a quantity", "a point, not a comma"]),
    ("duration: 2 s", "duration:", ["nothing is not a quantity", "How much time"]),
    ("duration: 2 s", "duration: -2 s", ["toy.yaml:4: duration", "-2000 ms is not above zero"]),
    ("duration: 2 s", "duration: 2000.3 ms", ["duration 2000.3 ms is not a multiple of the step 0.25 ms of group 'column'",
                                              "write 2000 ms or 2000.5 ms"]),
    ("duration: 2 s", "duration: 0.1 ms", ["write 0.5 ms"]),
    ("step: 0.1 ms\n", "", ["toy.yaml:6: groups.brain", "no time step", "step: 0.1 ms"]),
    ("step: 0.1 ms\n", "step: 0 ms\n", ["toy.yaml:5: step", "0 ms is not above zero"]),
    ("step: 0.25 ms", "step: 0.25", ["toy.yaml:12: groups.column.step", "0.25 has no unit", "'0.25 ms'"]),
    ("seed: 7", "tick: 0.1 ms", ["toy.yaml:12: groups.column.step", "0.25 ms is not a multiple of the tick 0.1 ms", "0.2 ms or 0.3 ms"]),
    ("seed: 7", "run: {window: 0.6 ms}", ["toy.yaml:3: run.window", "0.6 ms is not a multiple", "group 'column'", "0.5 ms or 1 ms"]),
    ("seed: 7", "run: {window: atuo}", ["toy.yaml:3: run.window", "'atuo'", "'auto' or a quantity in ms"]),
    ("seed: 7", "run: {windw: auto}", ["toy.yaml:3: run.windw", "did you mean 'window'?"]),
    # groups
    ("component: sea", "component: see", ["toy.yaml:8: groups.brain.component", "no component named 'see'", "did you mean 'sea'?"]),
    ("component: sea", "step: 0.1 ms", ["toy.yaml:7: groups.brain", "'component' is missing"]),
    ("component: boat", "komponent: boat", ["no key 'komponent'", "did you mean 'component'?"]),
    ("  column:\n", "  my column:\n", ["toy.yaml:10: groups.my column", "cannot be called 'my column'"]),
    ("{speed: 4 mm/ms}", "{speed: 4}", ["toy.yaml:9: groups.brain.params.speed", "4 has no unit", "'4 mm/ms'", "Speed of the waves"]),
    ("{speed: 4 mm/ms}", "{speed: 4 mm}", ["'4 mm' has the unit mm", "does not convert to mm/ms"]),
    ("{speed: 4 mm/ms}", "{}", ["toy.yaml:9: groups.brain.params", "'speed' is missing", "quantity in mm/ms", "Speed of the waves"]),
    ("{speed: 4 mm/ms}", "{speed: 4 mm/ms, sped: 1}", ["groups.brain.params.sped", "did you mean 'speed'?"]),
    ("{speed: 4 mm/ms}", "[4]", ["a list is not a mapping"]),
    ("4 mm/ms", "4 mm/ms, waves: many", ["params.waves", "'many' is not a number"]),
    ("4 mm/ms", "4 mm/ms, waves: 2.5", ["2.5 is not a whole number"]),
    ("4 mm/ms", "4 mm/ms, calm: 1", ["1 is not true or false"]),
    ("4 mm/ms", "4 mm/ms, colour: blau", ["'blau' is not one of the choices", "'red' or 'blue'", "did you mean 'blue'?"]),
    ("4 mm/ms", "4 mm/ms, scheme: hein", ["'hein'", "did you mean 'heun'?"]),
    ("4 mm/ms", "4 mm/ms, salt: .nan", ["nan is not a finite number"]),
    ("4 mm/ms", "4 mm/ms, salt: 2 mV", ["'2 mV' has the unit mV", "a pure number"]),
    ("4 mm/ms", "4 mm/ms, salt: 2", ["toy.yaml:9: groups.brain.params", "a fraction of salt of 2.0", "at most 1"]),
    ("4 mm/ms", "4 mm/ms, limits: [1 mV]", ["params.limits.1", "an item of the list is missing"]),
    ("4 mm/ms", "4 mm/ms, limits: [1 mV, 2 mV, 3 mV]", ["3 items, 2 are allowed"]),
    ("4 mm/ms", "4 mm/ms, limits: 1 mV", ["'1 mV' is not a list"]),
    ("4 mm/ms", "4 mm/ms, rates: {a: 3}", ["params.rates.a", "3 has no unit", "'3 Hz'"]),
    ("4 mm/ms", "4 mm/ms, pulses: [{region: a}, {stop: 1 mV}]", ["params.pulses.1: the key 'region' is missing", "params.pulses.1.stop"]),
    ("4 mm/ms", "4 mm/ms, pulses: [{region: a, stop: 0 ms}]", ["params.pulses.0: the pulse ends before it begins"]),
    ("4 mm/ms", "4 mm/ms, drive: {regio: a}", ["params.drive.regio", "did you mean 'region'?"]),
    ("4 mm/ms", "4 mm/ms, drive: nine", ["'nine' does not fit here", "'none' or a mapping or a quantity in pA"]),
    ("4 mm/ms", "4 mm/ms, depth: 3 ms", ["'3 ms' has the unit ms", "does not convert to m"]),
    # couplings and records
    ("from: brain.rV1.rate", "from: brian.rV1.rate", ["toy.yaml:15: couplings.0.from", "no group 'brian'", "did you mean 'brain'?"]),
    ("from: brain.rV1.rate", "from: brain", ["'brain' names no port", "'group.port'"]),
    ("from: brain.rV1.rate\n", "form: brain.rV1.rate\n", ["no key 'form'", "did you mean 'from'?", "'from' is missing"]),
    ("delay: 1.5 ms", "delay: 1.2 ms", ["toy.yaml:17: couplings.0.delay",
                                        "delay 1.2 ms is not a multiple of the step 0.25 ms of group 'column'",
                                        "write 1 ms or 1.5 ms"]),
    ("delay: 1.5 ms", "delay: 1.25 ms", ["the step 0.1 ms of group 'brain'", "write 1 ms or 1.5 ms"]),
    ("delay: 1.5 ms", "delay: 0.03 ms", ["the step 0.1 ms of group 'brain' and the step 0.25 ms of group 'column'",
                                         "write 0 ms or 0.5 ms"]),
    ("delay: 1.5 ms", "delay: -1.5 ms", ["toy.yaml:17: couplings.0.delay", "-1.5 ms is negative"]),
    ("weight: 0.5", "weight: heavy", ["'heavy' is not a number"]),
    ("weight: 0.5", "weight: .inf", ["inf is not a finite number"]),
    ("initial: 3 Hz", "initial: 3 hurz", ["toy.yaml:19: couplings.0.initial", "no unit 'hurz'"]),
    ("initial: 3 Hz", "initial: [3]", ["a list is not a quantity"]),
    ("{share: {share: 0.1}}", "shear", ["toy.yaml:20: couplings.0.translate", "no translator named 'shear'", "did you mean 'share'?"]),
    ("{share: {share: 0.1}}", "share", ["couplings.0.translate", "'share' is missing", "Part of the whole"]),
    ("{share: {share: 0.1}}", "{share: {share: 0.1, gain: 2}}", ["couplings.0.translate.share.gain", "2 has no unit", "'2 mV/Hz'"]),
    ("{share: {share: 0.1}}", "{count: {}, share: {}}", ["a mapping is no translator", "one list item for each"]),
    ("{share: {share: 0.1}}", "[3]", ["couplings.0.translate.0", "3 is no translator"]),
    ("name: drive", "name: my drive", ["cannot be called 'my drive'"]),
    ("name: drive", "name: column.spikes->brain.input", ["toy.yaml:21: couplings.1", "a coupling 'column.spikes->brain.input' already",
                                                         "toy.yaml:14"]),
    ("- column.spikes", "- colunm.spikes", ["toy.yaml:23: record.0", "no group 'colunm'", "did you mean 'column'?"]),
    ("- column.spikes", "- 3", ["toy.yaml:23: record.0", "3 is not a mapping"]),
    ("- column.spikes", "- brain.rate", ["record.1", "a record of 'brain.rate' already"]),
    ("every: 1 ms", "every: 1.05 ms", ["toy.yaml:24: record.1.every", "every 1.05 ms is not a multiple of the step 0.1 ms",
                                         "1 ms or 1.1 ms"]),
    ("every: 1 ms", "every: 0 ms", ["0 ms is not above zero"]),
])
def test_each_mistake_is_told_by_place_with_a_remedy(tmp_path: Path, old: str, new: str, words: list[str]) -> None:
    assert FILE.count(old) >= 1
    told = refused(tmp_path, FILE.replace(old, new, 1))
    assert [w for w in words if w not in told] == [], told


@pytest.mark.parametrize(("text", "words"), [
    ("", ["is empty"]),
    ("# nothing\n", ["is empty"]),
    ("- cosim\n", ["does not hold keys"]),
    ("cosim: 1\nduration: 1 s\nstep: 1 ms\ngroups: {}\n", ["groups", "there are no groups"]),
    ("cosim: 1\nduration: 1 s\nstep: 1 ms\ngroups:\n", ["toy.yaml:4: groups", "nothing is not a mapping"]),
    ("cosim: 1\nduration: 1 s\nstep: 1 ms\ngroups: {a: boat}\n", ["groups.a: 'boat' is not a mapping", "component"]),
    ("cosim: 1\n---\ncosim: 1\n", ["toy.yaml:2", "another document"]),
    ("cosim: 1\na: &a [*a]\n", ["contains itself"]),
    ("cosim: 1\ntitle: !secret 3\n", ["tag '!secret'"]),
    ("cosim: 1\n? [a, b]\n: 3\n", ["a key must be a word"]),
    ("cosim: \x00", ["not YAML"]),
])
def test_what_is_no_experiment_is_refused(tmp_path: Path, text: str, words: list[str]) -> None:
    told = refused(tmp_path, text)
    assert [w for w in words if w not in told] == [], told


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "column.yaml").write_text(FILE)
    with pytest.raises(InputError, match=r"no such file(.|\n)*did you mean .*column\.yaml"):
        read_experiment(tmp_path / "colum.yaml")
    with pytest.raises(InputError, match=r"nowhere/x\.yaml: there is no such file(.|\n)*check the path"):
        read_experiment(tmp_path / "nowhere" / "x.yaml")
    with pytest.raises(InputError, match="is a folder"):
        read_experiment(tmp_path)
    (tmp_path / "binary.yaml").write_bytes(b"title: \xff\xfe")
    with pytest.raises(InputError, match="UTF-8"):
        read_experiment(tmp_path / "binary.yaml")


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = (FILE.replace("duration: 2 s", "duration: 2").replace("component: sea", "component: see").replace("1.5 ms", "1.2 ms")
            .replace("share: 0.1", "shar: 0.1").replace("- column.spikes", "- colum.spikes").replace("title", "titel"))
    with pytest.raises(InputError) as caught:
        read(tmp_path, text, "groups.clumn.step=1 ms")
    places = {p.where.replace(f"{tmp_path}/toy.yaml:", "").split(": ")[0] for p in caught.value.problems}
    assert places == {"2", "4", "8", "17", "20", "23", "--set groups.clumn.step=1 ms"}
    assert caught.value.exit_status == 2


def test_a_mistake_is_told_once(tmp_path: Path) -> None:
    assert refused(tmp_path, FILE.replace("step: 0.1 ms", "step: -1 ms").replace("    step: 0.25 ms\n", "")).count("above zero") == 1
