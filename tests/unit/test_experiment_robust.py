"""Whatever a file holds, it is read or refused in words, with a place for each problem."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from support.experiment_toys import FILE, register_toys

from cosim.errors import InputError
from cosim.experiment.read import read_experiment
from cosim.experiment.read_layout import read_layout
from cosim.experiment.resolve import resolved_text, yaml_text

DATA = YAML(typ="safe", pure=True).load(FILE)
LAYOUT = {"cosim_layout": 1, "transport": "mpi", "groups": {"brain": {"ranks": 1, "cores": [0]}, "column": {"hosts": {"a": 1}}}}

relaxed = settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(
    ["", "1 ms", "-1 ms", "0 ms", "3", "2 mV", "auto", "a.b", "brain.x", "share", "sea", "mpi", ".", "1e400", "ms"])
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
    ["a", "step", "share", "component", "params", "port", "ranks", "from", "to", "1", ""]), inner, max_size=3), max_leaves=5)


@pytest.fixture(autouse=True)
def toys(monkeypatch: pytest.MonkeyPatch) -> None:
    register_toys(monkeypatch)


def paths(data: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for key, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield (*above, key)
        yield from paths(value, (*above, key))


def with_value(data: Any, path: tuple[Any, ...], value: Any) -> Any:
    changed = inner = deepcopy(data)
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return changed


@given(st.sampled_from(list(paths(DATA))), values)
@relaxed
def test_any_value_in_any_place_is_read_or_refused(tmp_path: Path, path: tuple[Any, ...], value: Any) -> None:
    file = tmp_path / "any.yaml"
    file.write_text(yaml_text(with_value(DATA, path, value)), encoding="utf-8")
    try:
        experiment = read_experiment(file)
    except InputError as error:
        assert all(p.what and p.where.startswith(str(file)) for p in error.problems)
        return
    file.write_text(resolved_text(experiment), encoding="utf-8")
    assert read_experiment(file) == experiment


@given(st.sampled_from(list(paths(LAYOUT))), values)
@relaxed
def test_any_value_in_any_place_of_a_layout_is_read_or_refused(tmp_path: Path, path: tuple[Any, ...], value: Any) -> None:
    experiment_file, file = tmp_path / "toy.yaml", tmp_path / "any.yaml"
    experiment_file.write_text(FILE)
    file.write_text(yaml_text(with_value(LAYOUT, path, value)), encoding="utf-8")
    try:
        layout = read_layout(file, read_experiment(experiment_file))
    except InputError as error:
        assert all(p.what and p.where.startswith(str(file)) for p in error.problems)
        return
    assert set(layout.placements) == {"brain", "column"}


@given(st.sampled_from(list(paths(DATA))).map(lambda path: ".".join(map(str, path))), values | st.text(max_size=8))
@relaxed
def test_any_override_is_taken_or_refused(tmp_path: Path, key: str, value: Any) -> None:
    file = tmp_path / "toy.yaml"
    file.write_text(FILE)
    try:
        read_experiment(file, [f"{key}={value}"])
    except InputError as error:
        assert all(p.what and p.where for p in error.problems)


@given(st.text(max_size=60))
@relaxed
def test_any_text_is_read_or_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "any.yaml"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(InputError):
        read_experiment(file)
