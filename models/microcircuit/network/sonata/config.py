"""Read the configuration of a SONATA circuit or simulation: where its files are."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cosim.errors import InputError, Problem, raise_all
from cosim.registry import did_you_mean

_VARIABLE = re.compile(r"\$\{(\w+)\}|\$(\w+)")
_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class SpikeInput:
    """Hold one input of spikes to virtual nodes.

    Parameters
    ----------
    path : Path
        The file of spikes.
    node_set : object
        Which nodes: name of a node set or of a population, a mapping, or None for all.
    where : str
        Its place in the configuration.
    """

    path: Path
    node_set: object
    where: str


@dataclass(frozen=True, slots=True)
class SonataConfig:
    """Hold what a configuration says, all paths made whole.

    Parameters
    ----------
    path : Path
        The file.
    nodes, edges : tuple of (Path, Path or None)
        Each HDF5 file and its table of types.
    cell_models, synapse_models : Path or None
        Folders of the parameter files.
    inputs : tuple of SpikeInput
        Spikes for virtual nodes.
    node_sets : mapping of str to object
        Named sets of nodes.
    step_ms, duration_ms : float or None
        What the simulation is to take.
    """

    path: Path
    nodes: tuple[tuple[Path, Path | None], ...]
    edges: tuple[tuple[Path, Path | None], ...]
    cell_models: Path | None
    synapse_models: Path | None
    inputs: tuple[SpikeInput, ...] = ()
    node_sets: Mapping[str, object] = field(default_factory=dict)
    step_ms: float | None = None
    duration_ms: float | None = None


def read_config(path: Path) -> SonataConfig:
    """Return what a circuit configuration says, or a simulation configuration and the circuit configuration that it names.

    Raises
    ------
    InputError
        When a file is missing or is no such configuration; tells all files that are missing at once.
    """
    outer = _Reader(path)
    circuit = _Reader(outer.path_at("network")) if "networks" not in outer.data and "network" in outer.data else outer
    networks = circuit.mapping(circuit.data, "networks")
    if not networks:
        circuit.problems.append(Problem("there is no 'networks'", where=str(circuit.path),
                                        expected="the configuration of a SONATA circuit"))
    nodes, edges = (circuit.files(networks, kind) for kind in ("nodes", "edges"))
    components = circuit.mapping(circuit.data, "components") or outer.mapping(outer.data, "components")
    folders = [circuit.whole(components[key], f"components.{key}") if components.get(key) else None
               for key in ("point_neuron_models_dir", "synaptic_models_dir")]
    inputs = tuple(made for reader in dict.fromkeys((circuit, outer)) for made in reader.inputs())
    node_sets = {name: each for reader in dict.fromkeys((circuit, outer)) for name, each in reader.node_sets().items()}
    step_ms, duration_ms = outer.number("run", "dt"), outer.number("run", "tstop", "duration")
    raise_all(dict.fromkeys([*circuit.problems, *outer.problems]))
    return SonataConfig(path, nodes, edges, folders[0], folders[1], inputs, node_sets, step_ms, duration_ms)


def read_json(path: Path) -> dict[str, Any]:
    """Return the mapping that a JSON file holds; raise `InputError` with the line when it holds none."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise InputError(Problem(f"this is no valid JSON: {error.msg}", where=f"{path}:{error.lineno}")) from error
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(Problem(f"cannot read {path}: {getattr(error, 'strerror', None) or error}")) from error
    if not isinstance(data, dict):
        raise InputError(Problem("this file holds no mapping", where=str(path), expected="JSON such as {\"key\": value}"))
    return data


class _Reader:
    """Take values out of one configuration, and note what is wrong."""

    def __init__(self, path: Path) -> None:
        self.path, self.problems = path, list[Problem]()
        self.data = read_json(path)
        manifest = self.mapping(self.data, "manifest")
        self._variables = {key.strip("${}"): str(value) for key, value in manifest.items()}
        self._variables.setdefault("configdir", ".")

    def mapping(self, data: Mapping[str, Any], key: str) -> dict[str, Any]:
        """Return a mapping within a mapping; empty where there is none."""
        value = data.get(key) or {}
        if isinstance(value, dict):
            return value
        self.problems.append(Problem(f"'{key}' is {str(value)[:60]!r}", where=str(self.path), expected="a mapping"))
        return {}

    def whole(self, text: object, key: str) -> Path:
        """Return a path, its variables replaced, from the folder of the configuration on."""
        written = str(text)
        for _ in range(_DEEPEST):
            found = _VARIABLE.search(written)
            if found is None:
                return self.path.parent / written
            name = found[1] or found[2]
            if name not in self._variables:
                self.problems.append(Problem(f"there is no variable '{name}' for the path '{text}'", where=f"{self.path}: {key}",
                                             remedy=did_you_mean(name, list(self._variables))))
                return self.path
            written = written[:found.start()] + self._variables[name] + written[found.end():]
        self.problems.append(Problem(f"the variables of the path '{text}' stand for each other", where=f"{self.path}: manifest"))
        return self.path

    def path_at(self, key: str) -> Path:
        """Return the path of a file that the configuration names at its top."""
        found = self.whole(self.data[key], key)
        raise_all(self.problems)
        return found

    def files(self, networks: Mapping[str, Any], kind: str) -> tuple[tuple[Path, Path | None], ...]:
        """Return the pairs of HDF5 file and table of types for nodes or edges."""
        singular, items = kind[:-1], networks.get(kind, [])
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            self.problems.append(Problem(f"'{kind}' is no list of mappings", where=f"{self.path}: networks"))
            return ()
        found = []
        for number, item in enumerate(items):
            key = f"networks.{kind}[{number}]"
            if item.get("enabled", True) is False:
                continue
            if f"{kind}_file" not in item:
                self.problems.append(Problem(f"'{kind}_file' is missing", where=f"{self.path}: {key}"))
                continue
            types = item.get(f"{singular}_types_file")
            data = self._existing(item[f"{kind}_file"], f"{key}.{kind}_file")
            table = self._existing(types, f"{key}.{singular}_types_file") if types and types != "NULL" else None
            found.append((data, table))
        return tuple(found)

    def inputs(self) -> tuple[SpikeInput, ...]:
        """Return the inputs of spikes; note inputs of any other kind as problems, as leaving them out would change the network."""
        found = []
        for name, item in self.mapping(self.data, "inputs").items():
            where = f"{self.path}: inputs.{name}"
            if not isinstance(item, dict):
                self.problems.append(Problem(f"the input is {str(item)[:60]!r}", where=where, expected="a mapping"))
            elif item.get("enabled", True) is False:
                continue
            elif item.get("input_type") != "spikes" or "input_file" not in item:
                self.problems.append(Problem(f"the input is of type '{item.get('input_type')}', module '{item.get('module')}'", where=where,
                                             expected="spikes with an 'input_file'; no other input is imported",
                                             remedy="set \"enabled\": false, and give this input in the experiment file"))
            else:
                found.append(SpikeInput(self._existing(item["input_file"], f"inputs.{name}.input_file"), item.get("node_set"), where))
        return tuple(found)

    def node_sets(self) -> dict[str, object]:
        """Return the named sets of nodes."""
        if not self.data.get("node_sets_file"):
            return {}
        path = self._existing(self.data["node_sets_file"], "node_sets_file")
        return dict(read_json(path)) if path.is_file() else {}

    def number(self, section: str, *keys: str) -> float | None:
        """Return the first of some numbers that is there."""
        data = self.mapping(self.data, section)
        for key in keys:
            value = data.get(key)
            if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < float("inf"):
                return float(value)
            if value is not None:
                self.problems.append(Problem(f"'{key}' is {value!r}", where=f"{self.path}: {section}", expected="a time above 0, in ms"))
        return None

    def _existing(self, text: object, key: str) -> Path:
        known = len(self.problems)
        path = self.whole(text, key)
        if not path.is_file() and len(self.problems) == known:
            self.problems.append(Problem(f"there is no file '{path}'", where=f"{self.path}: {key}",
                                         remedy="correct the path or the manifest; paths begin in the folder of the configuration"))
        return path
