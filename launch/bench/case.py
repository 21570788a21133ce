"""Say what is measured: a network, its size and drive, on how many ranks and for how long."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

from cosim.errors import Problem, raise_all
from cosim.models.microcircuit.network.data import Network
from cosim.models.microcircuit.network.file import find_network, read_network
from cosim.models.microcircuit.network.scaling import Scaled, scaled

STEP_MS = 0.1
GROUP = "network"


@dataclass(frozen=True, slots=True)
class Case:
    """Hold what is measured.

    Parameters
    ----------
    network : str
        A shipped network, or the path of a file, relative to the working folder.
    scale : float
        Neurons and synapses of each, as a part of those in the file.
    drive, precision : str
        As the component takes them.
    ranks : int
        Number of processes.
    seconds, warmup : float
        How long is measured, and how long is run before, simulated s.
    seed : int
        Seed of the first round; each further one takes the next.
    """

    network: str = "potjans_diesmann_2014"
    scale: float = 1.0
    drive: str = "poisson"
    precision: str = "single"
    ranks: int = 1
    seconds: float = 5.0
    warmup: float = 0.5
    seed: int = 1

    def check(self) -> None:
        """Raise `InputError` with everything that is wrong with the values."""
        problems = [Problem(f"{name} is {value:g}{unit}", where=f"--{name}", expected=f"a number above 0{unit and ' s'}")
                    for name, value, unit in (("scale", self.scale, ""), ("seconds", self.seconds, " s"))
                    if not (math.isfinite(value) and value > 0)]
        if not (math.isfinite(self.warmup) and self.warmup >= 0):
            problems.append(Problem(f"warmup is {self.warmup:g} s", where="--warmup", expected="a time of at least 0 s"))
        if self.ranks < 1:
            problems.append(Problem(f"ranks is {self.ranks}", where="--ranks", expected="at least 1"))
        if self.seed < 0:
            problems.append(Problem(f"seed is {self.seed}", where="--seed", expected="at least 0"))
        raise_all(problems)

    def scaled(self) -> Scaled:
        """Return the network as it is run."""
        return scaled(read_network(find_network(self.network, Path())), self.scale, self.scale, self.drive)

    def experiment(self, seed: int) -> str:
        """Return the text of the experiment, which is what a user would write to run it and record its spikes."""
        network = str(Path(self.network).resolve()) if self.network.endswith((".yaml", ".yml")) else self.network
        duration = f"{1000 * (self.warmup + self.seconds):.10g} ms"
        return "\n".join((
            "cosim: 1", f"title: {json.dumps(f'Benchmark of {self.network}')}", f"seed: {seed}", f"duration: {duration}",
            f"step: {STEP_MS} ms",
            f"groups: {{{GROUP}: {{component: microcircuit, params: {{network: {json.dumps(network)}, scale: {self.scale!r}, "
            f"drive: {self.drive}, precision: {self.precision}}}}}}}", f"record: [{GROUP}.spikes]", ""))

    def layout(self) -> str:
        """Return the text of the layout."""
        if self.ranks == 1:
            return "cosim_layout: 1\ntransport: loopback\n"
        return f"cosim_layout: 1\ntransport: mpi\ngroups: {{{GROUP}: {{ranks: {self.ranks}}}}}\n"


@dataclass(frozen=True, slots=True)
class Census:
    """Hold how many neurons and synapses a network has.

    Parameters
    ----------
    sizes : tuple of (str, int)
        Name and number of neurons of each population.
    synapses : int
        Number of synapses, those of the background not counted.
    outdegrees : tuple of float
        Mean number of synapses that a spike of each population goes through.
    """

    sizes: tuple[tuple[str, int], ...]
    synapses: int
    outdegrees: tuple[float, ...]

    @property
    def neurons(self) -> int:
        """Number of neurons."""
        return sum(n for _, n in self.sizes)


def census(network: Network) -> Census:
    """Count a network."""
    out = [0] * len(network.populations)
    for projection in network.projections:
        out[projection.source] += network.count(projection)
    sizes = tuple((p.name, p.size) for p in network.populations)
    return Census(sizes, network.synapses, tuple(n / size for n, (_, size) in zip(out, sizes, strict=True)))
