"""Make JSON schemas of the file formats, so that editors complete and check them while one types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, is_dataclass
from enum import Enum
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from cosim import registry
from cosim.errors import InputError
from cosim.experiment.annotations import PURE, is_union, unmarked
from cosim.experiment.docstrings import summary
from cosim.experiment.file_format import VERSION, CouplingKeys, ExperimentKeys, GroupKeys, LayoutKeys, PlacementKeys, RecordKeys
from cosim.experiment.parameters import settings
from cosim.experiment.plugins import component_parameters, translator_parameters
from cosim.experiment.written import written

Schema = dict[str, Any]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NUMBER = r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,3})?"
_PORT = {"type": "string", "pattern": r"^[A-Za-z_][A-Za-z0-9_-]*\..+$"}


def json_schema() -> Schema:
    """Return the schema of experiment files, with the parameters of all components and translators that can be imported."""
    components = {name: _parameters(component_parameters, name) for name in registry.known(registry.COMPONENTS)}
    translators = {name: _parameters(translator_parameters, name) for name in registry.known(registry.TRANSLATORS)}
    schema = dataclass_schema(ExperimentKeys)
    keys = schema["properties"]
    keys["cosim"]["const"] = VERSION
    keys["seed"]["minimum"] = 0
    keys["groups"] |= {"minProperties": 1, "additionalProperties": {"oneOf": [_group(name) for name in components]}}
    keys["couplings"] = _list(keys["couplings"], {"$ref": "#/$defs/coupling"})
    keys["record"] = _list(keys["record"], {"anyOf": [_PORT, {"$ref": "#/$defs/record"}]})
    definitions = {"coupling": _coupling(list(translators)), "record": dataclass_schema(RecordKeys)}
    definitions["record"]["properties"]["port"] |= _PORT
    definitions |= {f"component.{name}": s for name, s in components.items()} | {f"translator.{name}": s for name, s in translators.items()}
    return {"$schema": _DIALECT, "title": "cosim experiment", **schema, "$defs": definitions}


def layout_schema() -> Schema:
    """Return the schema of layout files."""
    schema = dataclass_schema(LayoutKeys)
    schema["properties"]["cosim_layout"]["const"] = VERSION
    placement = dataclass_schema(PlacementKeys)
    placement["properties"]["ranks"] = {"type": "integer", "minimum": 1, "description": placement["properties"]["ranks"]["description"]}
    schema["properties"]["groups"] = {"type": "object", "additionalProperties": placement,
                                      "description": schema["properties"]["groups"]["description"]}
    return {"$schema": _DIALECT, "title": "cosim layout", **schema}


def dataclass_schema(cls: type) -> Schema:
    """Return the schema of what a user may set in a dataclass."""
    known = settings(cls)
    properties = {}
    for key, setting in known.items():
        properties[key] = value_schema(setting.annotation)
        if setting.meaning:
            properties[key]["description"] = ". ".join(filter(None, (setting.meaning.rstrip("."), properties[key].get("description"))))
        if setting.default is not MISSING and setting.default is not None:
            properties[key]["default"] = written(setting.default, setting.annotation)
    required = [key for key, setting in known.items() if setting.default is MISSING and key != "folder"]
    return {"type": "object", "description": summary(cls), "properties": properties, "required": required, "additionalProperties": False}


def value_schema(annotation: Any, unit: str = PURE) -> Schema:  # noqa: PLR0911 - one return for each sort of type
    """Return the schema of what is to be written where a type stands."""
    bare, unit = unmarked(annotation, unit)
    origin, args = get_origin(bare) or bare, get_args(bare)
    if bare in {float, int, Fraction}:
        return _number_schema(bare, unit)
    if bare in _PLAIN:
        return {"type": _PLAIN[bare]}
    if is_union(bare):
        return {"anyOf": [value_schema(a, unit) for a in args]}
    if is_dataclass(bare):
        return dataclass_schema(origin)
    if origin is Literal:
        return {"enum": list(args)}
    if isinstance(origin, type) and issubclass(origin, Enum):
        return {"enum": [member.value for member in origin]}
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": value_schema(args[1], unit) if args else True}
    if isinstance(origin, type) and issubclass(origin, Sequence):
        if origin is tuple and args and Ellipsis not in args:
            return {"type": "array", "prefixItems": [value_schema(a, unit) for a in args], "minItems": len(args), "maxItems": len(args)}
        return {"type": "array", "items": value_schema(args[0], unit) if args else {}}
    return {}


_PLAIN: dict[Any, str] = {str: "string", Path: "string", bool: "boolean", type(None): "null"}


def _number_schema(bare: Any, unit: str) -> Schema:
    if unit != PURE:
        return {"type": "string", "pattern": rf"^{_NUMBER} ?([^\d\s.,eE].*|[eE][^-+\d].*|1/.+)$", "examples": [f"1 {unit}"],
                "description": f"A quantity in {unit} or what converts to it"}
    if bare is int:
        return {"type": "integer"}
    return {"anyOf": [{"type": "number"}, {"type": "string", "pattern": f"^{_NUMBER}( ?%)?$"}]}


def _parameters(find: Any, name: str) -> Schema:
    """Return the schema of a plug-in's parameters; of one that cannot be imported here nothing is known."""
    try:
        return dataclass_schema(find(name))
    except InputError as error:
        return {"type": "object", "description": error.problems[0].what}


def _group(component: str) -> Schema:
    schema = dataclass_schema(GroupKeys)
    schema["properties"]["component"] |= {"const": component}
    schema["properties"]["params"] = {"$ref": f"#/$defs/component.{component}"}
    return schema


def _coupling(translators: list[str]) -> Schema:
    schema = dataclass_schema(CouplingKeys)
    one = [{"enum": translators}, *({"type": "object", "properties": {name: {"$ref": f"#/$defs/translator.{name}"}}, "required": [name],
                                     "additionalProperties": False} for name in translators)]
    schema["properties"]["from"] |= _PORT
    schema["properties"]["to"] |= _PORT
    schema["properties"]["translate"]["anyOf"] = [*one, {"type": "array", "items": {"anyOf": one}}]
    schema["properties"]["initial"]["type"] = ["string", "number"]
    return schema


def _list(schema: Schema, items: Schema) -> Schema:
    return {"type": "array", "description": schema["description"], "items": items}
