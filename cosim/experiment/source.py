"""Read YAML 1.2 into plain data, and remember on which line every key stands."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from cosim.errors import InputError, Problem
from cosim.registry import did_you_mean

Keys = tuple[str | int, ...]

OVERRIDE = "--set"

MOST_BYTES = 16 << 20
"""A file above this size was not written by a person, and would take minutes to read."""

MOST_VALUES = 200_000
"""So many values may a file hold, where anchors that are used again count again: a few lines of them could fill any memory."""

_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True)
class Source:
    """Hold the plain data of a file and the place of every key.

    Parameters
    ----------
    path : Path
        The file, as the user named it.
    data : object
        Mappings, lists and scalars, with the overrides applied.
    places : mapping of tuple of keys to str
        ``file:line`` of every key and list item, or the override that set it.
    """

    path: Path
    data: Any
    places: Mapping[Keys, str] = field(repr=False)

    def place(self, keys: Keys) -> str:
        """Return the place of a key, or of the nearest one above it."""
        while keys and keys not in self.places:
            keys = keys[:-1]
        return self.places.get(keys, str(self.path))

    def where(self, keys: Keys) -> str:
        """Return place and name of a key, as errors show them."""
        place, key = self.place(keys), dotted(keys)
        return f"{place}: {key}" if key and not place.startswith(f"{OVERRIDE} {key}=") else place

    def place_of(self, key: str) -> str:
        """Return the place of a key that is written with points."""
        return self.place(find_keys(self.data, key))


def dotted(keys: Keys) -> str:
    """Write keys with points."""
    return ".".join(map(str, keys))


def find_keys(data: Any, key: str) -> Keys:
    """Take a key that is written with points apart.

    A key of the data may hold points itself; items of lists are named by number or by name (`item_name`). What the data do not hold
    is split at every point.
    """
    keys: list[str | int] = []
    parts = key.split(".")
    while parts:
        for count in range(len(parts), 0, -1):
            found = _find(data, ".".join(parts[:count]))
            if found is not None:
                break
        else:
            found, count, data = parts[0], 1, None
        keys.append(found)
        data = data[found] if data is not None else None
        parts = parts[count:]
    return tuple(keys)


def _find(data: Any, name: str) -> str | int | None:
    if isinstance(data, dict) and name in data:
        return name
    if isinstance(data, list):
        if name.isdecimal() and int(name) < len(data):
            return int(name)
        return next((i for i, item in enumerate(data) if item_name(item) == name), None)
    return None


def item_name(item: Any) -> str:
    """Return the name of a list item: its ``name``, or one made from the ports of a coupling; empty where it has none."""
    if not isinstance(item, dict):
        return ""
    made = f"{item['from']}->{item['to']}" if "from" in item and "to" in item else ""
    return str(item.get("name") or made)


def read_source(path: Path, problems: list[Problem]) -> Source:
    """Read a file.

    Parameters
    ----------
    path : Path
        The file.
    problems : list of Problem
        What is wrong but does not keep us from reading on (a key given twice) is appended.

    Raises
    ------
    InputError
        When the file cannot be read, is not YAML, or holds no mapping.
    """
    return source_of(_text(path), path, problems)


def source_of(text: str, path: Path, problems: list[Problem]) -> Source:
    """Read the text of a file; see `read_source`."""
    yaml = YAML(typ="safe", pure=True)
    try:
        root = yaml.compose(text)
    except MarkedYAMLError as error:
        raise InputError(_syntax(error, path, text)) from None
    except YAMLError as error:
        raise InputError(Problem(f"this is not YAML: {error}", str(path))) from None
    except RecursionError:
        raise InputError(Problem("lists or mappings are nested too deeply to be read", str(path))) from None
    if not isinstance(root, MappingNode):
        found = "is empty" if root is None else "does not hold keys"
        raise InputError(Problem(f"the file {found}", str(path), "lines such as 'cosim: 1'"))
    reader = _Reader(yaml, path, problems)
    return Source(path, reader.read(root, (), ()), reader.places)


def check_sort(source: Source, wanted: str, other: str, noun: str) -> None:
    """Refuse a file that has the first key of another sort of file instead of its own; nothing else in it would make sense."""
    if wanted not in source.data and other in source.data:
        raise InputError(Problem(f"this is no {noun} file: it has the key '{other}'", source.place((other,)), f"a file with '{wanted}: 1'",
                                 "name the experiment first, and the layout after --layout"))


def plain_scalar(text: str) -> Any:
    """Return a value given on the command line, read as YAML; what is no YAML is text."""
    problems: list[Problem] = []
    try:
        data = source_of(f"value: {text}\n", Path(OVERRIDE), problems).data
    except InputError:
        return text
    return data["value"] if not problems and list(data) == ["value"] else text


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            if stat.S_ISCHR(mode := os.fstat(file.fileno()).st_mode) or stat.S_ISBLK(mode):
                raise InputError(Problem("this is a device, not a file", str(path)))
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise InputError(Problem(f"the file is larger than {MOST_BYTES >> 20} MiB", str(path), "a text that a person wrote",
                                     "keep large tables in files of their own"))
        return data.decode("utf-8")
    except FileNotFoundError:
        near = sorted(str(p) for p in path.parent.glob("*.y*ml")) if path.parent.is_dir() else []
        remedy = did_you_mean(str(path), near) if near else f"the folder '{path.parent}' holds no YAML file; check the path"
        raise InputError(Problem("there is no such file", str(path), remedy=remedy)) from None
    except IsADirectoryError:
        raise InputError(Problem("this is a folder, not a file", str(path), remedy="name the file in it")) from None
    except UnicodeDecodeError as error:
        raise InputError(Problem(f"this is not text in UTF-8 (byte {error.start})", str(path), remedy="save the file as UTF-8")) from None
    except OSError as error:
        raise InputError(Problem(f"the file cannot be read: {error.strerror}", str(path))) from None


def _syntax(error: MarkedYAMLError, path: Path, text: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    what = error.problem or error.context or "syntax error"
    if mark is None:
        return Problem(f"this is not YAML: {what}", str(path))
    lines = text.splitlines()
    shown = lines[mark.line].strip() if mark.line < len(lines) else ""
    since = f" ({error.context}, line {error.context_mark.line + 1})" if error.context and error.context_mark else ""
    remedy = ""
    if "\\t" in what:
        remedy = "indent with spaces, not with tabs"
    elif "mapping values are not allowed" in what:
        remedy = "put the text into quotes where it holds ': ', and check the indentation"
    near = f" near '{shown}'" if shown else ""
    return Problem(f"this is not YAML: {what} in column {mark.column + 1}{near}{since}", f"{path}:{mark.line + 1}", remedy=remedy)


class _Reader:
    """Turn nodes into plain data and note their lines."""

    def __init__(self, yaml: YAML, path: Path, problems: list[Problem]) -> None:
        self.yaml, self.path, self.problems = yaml, path, problems
        self.places: dict[Keys, str] = {}
        self.values = 0

    def at(self, node: Node) -> str:
        return f"{self.path}:{node.start_mark.line + 1}"

    def complain(self, node: Node, keys: Keys, what: str, remedy: str = "") -> None:
        self.problems.append(Problem(what, f"{self.at(node)}: {dotted(keys)}", remedy=remedy))

    def read(self, node: Node, keys: Keys, above: tuple[Node, ...]) -> Any:
        self.places.setdefault(keys, self.at(node))
        self.values += 1
        if self.values > MOST_VALUES:
            raise InputError(Problem(f"the file holds more than {MOST_VALUES} values, counting those that anchors repeat", self.at(node)))
        if node in above:
            self.complain(node, keys, f"the anchor '{node.anchor}' contains itself")
            return None
        if isinstance(node, MappingNode):
            return self.mapping(node, keys, (*above, node))
        if isinstance(node, SequenceNode):
            return [self.read(item, (*keys, i), (*above, node)) for i, item in enumerate(node.value)]
        return self.scalar(node, keys)

    def mapping(self, node: MappingNode, keys: Keys, above: tuple[Node, ...]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        first: dict[str, int] = {}
        merged: list[Node] = []
        for key_node, value_node in node.value:
            if key_node.tag == _TAG + "merge":
                merged += value_node.value if isinstance(value_node, SequenceNode) else [value_node]
                continue
            if not isinstance(key_node, ScalarNode):
                self.complain(key_node, keys, "a key must be a word, not a list or a mapping")
                continue
            key = str(key_node.value)
            if key in found:
                self.complain(key_node, (*keys, key), f"the key '{key}' is given twice, first on line {first[key]}", "remove one of them")
                continue
            first[key] = key_node.start_mark.line + 1
            self.places[(*keys, key)] = self.at(key_node)
            found[key] = self.read(value_node, (*keys, key), above)
        for other in merged:
            more = self.read(other, keys, above)
            found = {**more, **found} if isinstance(more, dict) else found
        return found

    def scalar(self, node: Node, keys: Keys) -> Any:
        kind = str(node.tag).removeprefix(_TAG)
        if kind in {"int", "float", "bool", "null"}:
            try:
                return self.yaml.constructor.construct_object(node)
            except (YAMLError, ValueError):
                self.complain(node, keys, f"'{node.value}' is no {kind}")
                return None
        if kind.startswith("!"):
            self.complain(node, keys, f"the YAML tag '{kind}' has no meaning here", "remove it")
        if "\0" in node.value:
            self.complain(node, keys, "the text holds the character NUL, which no name and no path can hold", "remove it")
            return str(node.value).replace("\0", "")
        return str(node.value)

