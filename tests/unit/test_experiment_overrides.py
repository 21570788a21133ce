"""An override sets one key as if it stood in the file, and is named where it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.experiment_toys import FILE, register_toys

from cosim.errors import InputError
from cosim.experiment.experiment import Experiment
from cosim.experiment.read import read_experiment


@pytest.fixture(autouse=True)
def toys(monkeypatch: pytest.MonkeyPatch) -> None:
    register_toys(monkeypatch)


def read(folder: Path, *overrides: str) -> Experiment:
    path = folder / "toy.yaml"
    path.write_text(FILE, encoding="utf-8")
    return read_experiment(path, overrides)


def test_overrides_equal_what_the_file_could_say(tmp_path: Path) -> None:
    set_here = read(tmp_path, "groups.column.params.scale=0.2", "couplings.drive.delay=2 ms", "couplings.1.weight=3", "record.0=brain.rate",
                    "record.1=column.spikes", "groups.brain.params.limits=[1 mV, 2 mV]", "title=with = and : in it", "run.window=auto",
                    "groups.brain.params.pulses=[{region: bay}]")
    assert set_here.groups["column"].parameters.scale == 0.2
    assert set_here.couplings[0].delay * set_here.tick_ms == 2
    assert set_here.couplings[1].weight == 3
    assert [r.group for r in set_here.records] == ["brain", "column"]
    assert set_here.groups["brain"].parameters.limits == (1.0, 2.0)
    assert set_here.title == "with = and : in it"
    assert set_here.groups["brain"].parameters.pulses[0].region == "bay"


def test_couplings_without_a_name_are_found_by_their_ports(tmp_path: Path) -> None:
    assert read(tmp_path, "couplings.column.spikes->brain.input.weight=2").couplings[1].weight == 2


def test_later_overrides_win(tmp_path: Path) -> None:
    assert read(tmp_path, "seed=2", "seed=3").seed == 3


def test_no_override_changes_nothing(tmp_path: Path) -> None:
    assert read(tmp_path) == read(tmp_path, "seed=7")


@pytest.mark.parametrize(("override", "words"), [
    ("seed", ["--set seed", "no override", "key=value"]),
    ("=3", ["no override"]),
    ("groups..step=3", ["no override"]),
    ("sed=3", ["--set sed=3: there is no key 'sed'", "did you mean 'seed'?"]),
    ("groups.colum.params.scale=0.2", ["--set groups.colum.params.scale=0.2", "no group 'colum'", "did you mean 'column'?"]),
    ("groups.column.params.scal=0.2", ["--set groups.column.params.scal=0.2: there is no key 'scal'", "did you mean 'scale'?"]),
    ("groups.column.parms.scale=0.2", ["no key 'parms'", "did you mean 'params'?"]),
    ("groups.brain.params.speed=4", ["--set groups.brain.params.speed=4: 4 has no unit", "'4 mm/ms'"]),
    ("couplings.driv.delay=1 ms", ["'couplings' has no item 'driv'", "did you mean 'drive'?"]),
    ("couplings.7.delay=1 ms", ["'couplings' has no item '7'"]),
    ("couplings.drive.delay=1.2 ms", ["--set couplings.drive.delay=1.2 ms", "not a multiple"]),
    ("seed.x=3", ["'seed' is 7, there are no keys below it"]),
    ("duration=", ["--set duration=: nothing is not a quantity"]),
    ("couplings=3", ["--set couplings=3: 3 is not a list"]),
])
def test_a_wrong_override_is_named(tmp_path: Path, override: str, words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, override)
    told = str(caught.value)
    assert [w for w in words if w not in told] == [], told
