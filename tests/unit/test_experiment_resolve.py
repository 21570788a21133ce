"""What is written out reads as the same experiment, from anywhere; the fingerprint holds what the results depend on, and no more."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from support.experiment_toys import FILE, Pulse, Sea, register_toys

from cosim.experiment.experiment import Experiment
from cosim.experiment.parameters import read_dataclass
from cosim.experiment.read import read_experiment
from cosim.experiment.resolve import fingerprint, resolved_text, yaml_text
from cosim.experiment.written import parameters_written


@pytest.fixture(autouse=True)
def toys(monkeypatch: pytest.MonkeyPatch) -> None:
    register_toys(monkeypatch)


def read(folder: Path, text: str, *overrides: str) -> Experiment:
    folder.mkdir(exist_ok=True)
    path = folder / "toy.yaml"
    path.write_text(text, encoding="utf-8")
    return read_experiment(path, overrides)


def changed(folder: Path, *overrides: str) -> tuple[str, ...]:
    one, other = fingerprint(read(folder, FILE)), fingerprint(read(folder, FILE, *overrides))
    return tuple(sorted(key for key in one.keys() | other.keys() if one.get(key) != other.get(key)))


def test_resolved_text_reads_as_the_same_experiment_from_another_folder(tmp_path: Path) -> None:
    experiment = read(tmp_path / "here", FILE, "run.window=1 ms", "about='two: lines\n\n# of \"text\"'")
    text = resolved_text(experiment)
    again = read(tmp_path / "there", text)
    assert again == experiment
    assert again.path != experiment.path
    assert resolved_text(again) == text


def test_resolved_text_says_everything_with_units(tmp_path: Path) -> None:
    text = resolved_text(read(tmp_path, FILE))
    for line in ("tick: 0.05 ms", "step: 0.25 ms", "speed: 4 mm/ms", "salt: 0.035", "initial: 3 Hz", "every: 1 ms", "window: auto",
                 "gain: 1 mV/Hz", "lambda: 1.0", "- -70 mV"):
        assert line in text


numbers = st.floats(allow_nan=False, allow_infinity=False)
positive = st.floats(1e-300, 1e300)
words = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=12)
pulses = st.builds(lambda region, start, length: Pulse(region, start, start + length), words, st.floats(-1e9, 1e9), st.floats(1.0, 1e9))
seas = st.builds(
    Sea, speed=numbers, salt=st.floats(-1e3, 1.0), waves=st.integers(), calm=st.booleans(), name=words, folder=st.just("/charts"),
    depth=st.none() | numbers, limits=st.tuples(numbers, numbers), pulses=st.lists(pulses, max_size=3).map(tuple),
    rates=st.dictionaries(words, positive, max_size=3), drive=st.just("none") | pulses | numbers, lambda_=numbers)


@given(seas)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_parameter_survives_being_written_and_read(sea: Sea) -> None:
    text = yaml_text(parameters_written(sea))
    assert read_dataclass(Sea, YAML(typ="safe", pure=True).load(text), Path("/elsewhere")) == sea


@pytest.mark.parametrize("override", ["title=Other", "about=Other", "run.window=0.5 ms", "duration=2000 ms", "step=100 us",
                                      "groups.brain.params.speed=4 m/s", "groups.brain.params.salt=3.5 %", "groups.brain.params.folder=/x",
                                      "couplings.drive.weight=5e-1"])
def test_what_does_not_change_the_bits_leaves_the_fingerprint(tmp_path: Path, override: str) -> None:
    assert changed(tmp_path, override) == ()


@pytest.mark.parametrize(("override", "keys"), [
    ("seed=8", ("seed",)),
    ("tick=0.01 ms", ("tick",)),
    ("duration=1 s", ("duration",)),
    ("step=0.05 ms", ("groups.brain.step",)),
    ("groups.brain.params.speed=5 mm/ms", ("groups.brain.params.speed",)),
    ("groups.brain.params.rates={a: 1 Hz}", ("groups.brain.params.rates", "groups.brain.params.rates.a")),
    ("couplings.drive.weight=0", ("couplings.0.weight",)),
    ("couplings.0.name=push", ("couplings.0.name",)),
    ("couplings.1.translate.1.share.share=20 %", ("couplings.1.translate.1.share.share",)),
])
def test_what_changes_the_bits_is_named(tmp_path: Path, override: str, keys: tuple[str, ...]) -> None:
    assert changed(tmp_path, override) == keys
    assert fingerprint(read(tmp_path, FILE, override)) != fingerprint(read(tmp_path, FILE))


def test_the_fingerprint_is_the_same_in_another_folder(tmp_path: Path) -> None:
    assert fingerprint(read(tmp_path / "a", FILE)) == fingerprint(read(tmp_path / "b", FILE))


def test_fingerprint_keys_have_a_place_in_the_file(tmp_path: Path) -> None:
    experiment = read(tmp_path, FILE)
    assert experiment.place("couplings.1.translate.1.share.share").endswith("toy.yaml:21")
    assert all(experiment.place(key).startswith(str(tmp_path)) for key in fingerprint(experiment))
