"""Build a network in a few lines of Python, write it as a network file, and run it in this process.

    net = Network("a sketch", neuron={"model": "iaf_psc_exp", "tau_syn": "0.5 ms"})
    net.population("E", 80, V_init={"uniform": ["-65 mV", "-50 mV"]})
    net.connect("E", "E", probability=0.1, weight="0.15 mV", delay="1.5 ms")
    net.device("noise", "poisson", "E", rate="8 kHz", weight="0.15 mV")
    found = net.run("500 ms", step="0.1 ms", seed=1)

Every word and every quantity is that of the network file, and all goes through its reader: what is wrong is told in the same sentences.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from io import StringIO
from numbers import Integral
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ruamel.yaml import YAML

from cosim.blocks import Block, Samples, Spikes
from cosim.errors import InputError, Problem
from cosim.interfaces import Context, Description, Ranks
from cosim.models.microcircuit.component import Microcircuit
from cosim.models.microcircuit.network.quantities import quantity
from cosim.models.microcircuit.parameters import parameters_of
from cosim.registry import did_you_mean
from cosim.timegrid import Clock, to_ticks, windows

_TELL_AFTER_S = 2.0
_WINDOW_STEPS = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """Hold what one port gave.

    Parameters
    ----------
    times_ms : (n,) float64
        Instants.
    ids : (k,) int64
        The neurons that are shown; the channels' numbers where they are no neurons.
    values : (n, k) float64
        In `unit`.
    unit : str
        Their unit.
    labels : (k,) tuple of str
        What each channel is: a neuron, a projection, a synapse of a projection.
    """

    times_ms: NDArray[np.float64]
    ids: NDArray[np.int64]
    values: NDArray[np.float64]
    unit: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """Hold what a network did.

    Parameters
    ----------
    times_ms, ids : (n,) float64, (n,) int64
        All spikes, in the order of time.
    populations : mapping of str to (int, int)
        First id and size of each population.
    duration_ms : float
        How long the network ran, ms.
    recorders : mapping of str to ((n,) float64, (n,) int64)
        Times in ms and ids of the spikes of each recorder.
    traces : mapping of str to Trace
        What each multimeter showed, as ``NAME.VARIABLE``, and every other sampled port under its own name.
    """

    times_ms: NDArray[np.float64]
    ids: NDArray[np.int64]
    populations: Mapping[str, tuple[int, int]]
    duration_ms: float
    recorders: Mapping[str, tuple[NDArray[np.float64], NDArray[np.int64]]]
    traces: Mapping[str, Trace]

    def rate_hz(self, population: str) -> float:
        """Return the mean rate of a neuron of a population, Hz."""
        if population not in self.populations:
            raise InputError(Problem(f"there is no population '{population}'", remedy=did_you_mean(population, list(self.populations))))
        first, size = self.populations[population]
        many = np.count_nonzero((self.ids >= first) & (self.ids < first + size))
        return float(many / size / (self.duration_ms * 1e-3))


class Network:
    """A network that grows line by line.

    Parameters
    ----------
    name : str
        Its name.
    neuron, background : mapping
        What all populations share, as in the file.
    """

    def __init__(self, name: str = "sketch", neuron: Mapping[str, Any] | None = None, background: Mapping[str, Any] | None = None) -> None:
        self._top: dict[str, Any] = {"name": name, "neuron": dict(neuron or {}), "background": dict(background or {})}
        self._named: dict[str, dict[str, Any]] = {"neurons": {}, "populations": {}, "synapses": {}, "devices": {}}
        self._projections: list[dict[str, Any]] = []

    def neuron(self, name: str, **values: Any) -> None:
        """Add a kind of neuron that populations name with ``neuron=``."""
        self._add("neurons", name, values)

    def population(self, name: str, size: int, **values: Any) -> None:
        """Add a population."""
        self._add("populations", name, {"size": size, **values})

    def synapse(self, name: str, **values: Any) -> None:
        """Add a kind of synapse that projections name with ``synapse=``."""
        self._add("synapses", name, values)

    def connect(self, source: str, target: str, synapse: str | None = None, **values: Any) -> None:
        """Add a projection: its rule, and a kind of synapse or weight, delay, receptor and plasticity of its own."""
        own = {key: values.pop(key) for key in ("weight", "weight_rel_sd", "delay", "delay_sd", "receptor", "plasticity") if key in values}
        if synapse is not None and own:
            raise InputError(Problem(f"{source} -> {target} is given the synapse '{synapse}' and {', '.join(own)} of its own",
                                     expected="one or the other"))
        self._projections.append({"source": source, "target": target, "synapse": own if synapse is None else synapse, **values})

    def device(self, name: str, kind: str, target: str | list[str], **values: Any) -> None:
        """Add a device; `from` is written ``from_``, as it is a word of Python."""
        self._add("devices", name, {"kind": kind, "target": target, **{key.rstrip("_"): value for key, value in values.items()}})

    def _add(self, group: str, name: str, values: dict[str, Any]) -> None:
        if name in self._named[group]:
            raise InputError(Problem(f"there are two '{name}' among the {group}", expected="one name for each"))
        self._named[group][name] = values

    def text(self) -> str:
        """Return the network file."""
        out, yaml = StringIO(), YAML()
        yaml.default_flow_style, yaml.width = None, 140
        projections = {"projections": self._projections} if self._projections else {}
        yaml.dump(_plain({key: value for key, value in {**self._top, **self._named, **projections}.items() if value}), out)
        return out.getvalue()

    def write(self, path: str | Path) -> Path:
        """Write the network file; paths within it are relative to it."""
        Path(path).write_text(self.text())
        return Path(path)

    def run(self, duration: str, step: str = "0.1 ms", seed: int = 1, folder: str | Path = ".", **settings: Any) -> Results:
        """Run the network in this process.

        Parameters
        ----------
        duration, step : str
            Such as ``"500 ms"`` and ``"0.1 ms"``.
        seed : int
            All random numbers follow from it.
        folder : str or Path
            Where the paths of files that the network names begin.
        **settings
            Parameters of the component, such as ``precision="double"`` or ``weights_every="10 ms"``.

        Returns
        -------
        Results

        Raises
        ------
        InputError
            With everything that is wrong.
        """
        step_ms, total = _time("step", step), _time("duration", duration)
        steps = to_ticks(total, step_ms, "the duration,")
        if self._names_files() and not Path(folder).is_dir():
            raise InputError(Problem(f"there is no folder '{folder}'", "folder", "where the paths of files that the network names begin"))
        with TemporaryDirectory(dir=folder, prefix=".sketch-") if self._names_files() else TemporaryDirectory() as made:
            at = Path(folder) / f"{Path(made).name}.yaml" if self._names_files() else Path(made) / "sketch.yaml"
            try:
                self.write(at)
                one = Microcircuit(parameters_of(at.name, str(at.parent), settings), Clock(step_ms, 1))
            finally:
                at.unlink(missing_ok=True)
        one.prepare(Context("sketch", _seed(seed), steps, _Alone(), Path(folder)))
        blocks = []
        begun, told = monotonic(), False
        for window in windows(steps, _WINDOW_STEPS):
            blocks.append(one.advance(window, {}))
            if monotonic() - begun > _TELL_AFTER_S and sys.stderr.isatty():
                told = True
                sys.stderr.write(f"\r{window.stop * float(step_ms):,.0f} of {float(total):,.0f} ms")
                sys.stderr.flush()
        if told:
            sys.stderr.write("\n")
        described = one.describe()
        one.close()
        return _results(described, blocks, float(step_ms), float(total))

    def _names_files(self) -> bool:
        return any("edges" in p for p in self._projections) or any("file" in d for d in self._named["devices"].values())


class _Alone(Ranks):
    """Be the only rank of a group."""

    rank = 0
    size = 1
    spin = 0
    share_memory = False

    def shared_array(self, shape: int | tuple[int, ...], dtype: np.dtype[Any] | type) -> NDArray[Any]:
        return np.zeros(shape, dtype)

    def gather(self, part: NDArray[Any]) -> NDArray[Any]:
        return part

    def broadcast(self, data: bytes | None) -> bytes:
        return data or b""

    def barrier(self) -> None:
        return


def _time(name: str, text: str) -> Fraction:
    try:
        value = quantity(text, "ms")[0]
    except ValueError as error:
        raise InputError(Problem(str(error), name, "a time, such as 500 ms")) from None
    if value <= 0:
        raise InputError(Problem(f"the {name} is {float(value):g} ms", name, "a time above 0"))
    return value


def _seed(value: object) -> int:
    if not isinstance(value, Integral) or value < 0:
        raise InputError(Problem(f"the seed is {value}", "seed", "a whole number from 0"))
    return int(value)


def _plain(value: Any) -> Any:
    """Return mappings, lists and numbers as YAML knows them."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(item) for item in value]
    return value.item() if isinstance(value, np.generic) else str(value) if isinstance(value, Path) else value


def _results(described: Description, blocks: list[Mapping[str, Block]], step_ms: float, duration_ms: float) -> Results:
    spikes: dict[str, tuple[NDArray[np.float64], NDArray[np.int64]]] = {}
    traces = {}
    for port in described.outputs:
        given = [block[port.name] for block in blocks]
        if isinstance(given[0], Spikes):
            joined = Spikes.join(*(block for block in given if isinstance(block, Spikes)))
            early = np.zeros(len(joined.ticks)) if joined.offsets is None else joined.offsets
            spikes[port.name] = np.asarray((joined.ticks - early) * step_ms, np.float64), joined.ids
        elif isinstance(given[0], Samples) and port.name != "background":
            values = np.concatenate([block.values for block in given if isinstance(block, Samples)])
            ids = np.array([int(i) if i.isdecimal() else channel for channel, i in enumerate(port.labels)], np.int64)
            traces[port.name] = Trace(np.arange(1, len(values) + 1, dtype=np.float64) * step_ms, ids, values, port.unit, port.labels)
    main = described.outputs[0]
    ends = [first for _, first in main.populations[1:]] + [main.size]
    populations = {name: (first, end - first) for (name, first), end in zip(main.populations, ends, strict=True)}
    times, senders = spikes.pop("spikes")
    return Results(times, senders, populations, duration_ms, spikes, traces)
