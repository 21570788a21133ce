"""The schemas say the same as the reader, so that an editor helps while one types."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from support.experiment_toys import register_toys

from cosim import registry
from cosim.errors import InputError, Problem
from cosim.experiment.parameters import read_value
from cosim.experiment.schema import json_schema, layout_schema
from cosim.interfaces import Unit


@pytest.fixture(autouse=True)
def toys(monkeypatch: pytest.MonkeyPatch) -> None:
    register_toys(monkeypatch)


def references(schema: Any) -> set[str]:
    if isinstance(schema, dict):
        return {schema["$ref"]} if "$ref" in schema else set().union(*map(references, schema.values()))
    return set().union(*map(references, schema)) if isinstance(schema, list) else set()


def test_the_schema_is_the_same_each_time_and_plain_json() -> None:
    assert json.dumps(json_schema()) == json.dumps(json_schema())
    assert json.dumps(layout_schema()) == json.dumps(layout_schema())


def test_every_reference_leads_somewhere() -> None:
    schema = json_schema()
    assert references(schema) == {f"#/$defs/{name}" for name in schema["$defs"]}


def test_a_group_is_checked_by_its_component() -> None:
    choices = json_schema()["properties"]["groups"]["additionalProperties"]["oneOf"]
    assert [c["properties"]["component"]["const"] for c in choices] == ["boat", "sea"]
    assert [c["properties"]["params"]["$ref"] for c in choices] == ["#/$defs/component.boat", "#/$defs/component.sea"]


def test_parameters_say_what_they_mean() -> None:
    sea = json_schema()["$defs"]["component.sea"]
    assert sea["required"] == ["speed"]
    assert sea["additionalProperties"] is False
    assert sea["description"] == "Hold what a user may say of the sea."
    assert sea["properties"]["speed"]["description"].startswith("Speed of the waves, mm/ms. A quantity in mm/ms")
    assert sea["properties"]["salt"]["default"] == 0.035
    assert sea["properties"]["limits"]["default"] == ["-70 mV", "-50 mV"]
    assert sea["properties"]["scheme"]["enum"] == ["euler", "heun"]
    assert sea["properties"]["colour"]["enum"] == ["red", "blue"]
    assert sea["properties"]["pulses"]["items"]["required"] == ["region"]
    assert sea["properties"]["waves"]["type"] == "integer"
    assert sea["properties"]["rates"]["additionalProperties"]["examples"] == ["1 Hz"]
    assert sea["properties"]["depth"]["anyOf"][1] == {"type": "null"}
    assert "lambda" in sea["properties"]


def test_translators_are_named_alone_with_parameters_or_in_a_list() -> None:
    choices = json_schema()["$defs"]["coupling"]["properties"]["translate"]["anyOf"]
    assert choices[0] == {"enum": ["count", "share"]}
    assert [list(c["properties"]) for c in choices[1:-1]] == [["count"], ["share"]]
    assert choices[-1]["items"]["anyOf"] == choices[:-1]


@pytest.mark.parametrize("written", ["4 mm/ms", "4mm/ms", "-.5 m/s", "3e-2 m/s", "4", "1e5", "fast", "4.5.6 mm/ms", ""])
def test_the_pattern_of_a_quantity_takes_what_the_reader_takes(written: str) -> None:
    pattern = json_schema()["$defs"]["component.sea"]["properties"]["speed"]["pattern"]
    try:
        read_value(float, "mm/ms", written, Path())
        read = True
    except ValueError:
        read = False
    assert bool(re.search(pattern, written)) == read


def test_the_pattern_of_a_quantity_takes_inverse_units() -> None:
    pattern = json_schema()["$defs"]["component.sea"]["properties"]["rates"]["additionalProperties"]["pattern"]
    assert re.search(pattern, "3 1/ms")
    assert Unit("1/ms").name == "1/ms"


def test_a_component_that_cannot_be_imported_leaves_the_rest_usable(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(name: str) -> Any:
        raise InputError(Problem(f"'{name}' needs something"))

    monkeypatch.setattr(registry, "component", find)
    assert json_schema()["$defs"]["component.sea"] == {"type": "object", "description": "'sea' needs something"}


def test_the_layout_schema_names_the_keys_of_a_group() -> None:
    groups = layout_schema()["properties"]["groups"]["additionalProperties"]
    assert list(groups["properties"]) == ["ranks", "cores", "host", "hosts", "memory", "partition"]
    assert groups["properties"]["ranks"]["minimum"] == 1
    assert layout_schema()["properties"]["transport"]["enum"] == ["loopback", "mpi"]
