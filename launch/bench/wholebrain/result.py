"""Put together what a benchmark of a brain network found, as JSON and as rows of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from cosim.launch.bench.figures import Spread
from cosim.launch.bench.surroundings import machine
from cosim.launch.bench.wholebrain.case import Brain, Case
from cosim.launch.bench.wholebrain.figures import Summary, times


@dataclass(frozen=True, slots=True)
class Result:
    """Hold what a benchmark found.

    Parameters
    ----------
    case : Case
        What was run.
    brain : Brain
        On which network.
    level : str
        Instruction set of the kernels.
    ours : Summary
        What our engine reached.
    peers, marks : tuple of Summary
        What The Virtual Brain and bare programs reached.
    difference : float or None
        How far the state of The Virtual Brain was from ours, as a part of its size; None where it was not asked.
    load : tuple of float
        Mean number of processes that wanted a core in the last minute, before and after.
    notes : tuple of str
        What could not be measured, and why.
    """

    case: Case
    brain: Brain
    level: str
    ours: Summary
    peers: tuple[Summary, ...]
    marks: tuple[Summary, ...]
    difference: float | None
    load: tuple[float, float]
    notes: tuple[str, ...]

    @property
    def ns_per_connection_step(self) -> float:
        """Processor time of a step for each connection, ns."""
        return self.ours.cpu_ns.median * self.brain.regions / self.brain.connections

    @property
    def share(self) -> float | None:
        """How much of our processor time the first mark alone would have taken, 0 to 1."""
        found = times(self.ours, self.marks[0], lambda f: f.cpu_ns) if self.marks else None
        return found.median if found else None

    @property
    def machine(self) -> dict[str, Any]:
        """What it ran on."""
        return machine(self.level) | {"load": list(self.load)}

    def as_json(self) -> dict[str, Any]:
        """Return everything, as JSON knows it; a figure is the median over all rounds."""
        case, brain = self.case, self.brain
        return {"model": case.model, "scheme": case.scheme, "noise": case.noise, "seconds": case.seconds, "warmup": case.warmup,
                "seed": case.seed, "connectome": brain.origin, "regions": brain.regions, "connections": brain.connections,
                "density": brain.density, **_medians(self.ours), "ns_per_connection_step": self.ns_per_connection_step,
                "peers": [self._other(s) for s in self.peers], "marks": [self._other(s) for s in self.marks], "share_of_limit": self.share,
                "relative_difference": self.difference, "machine": self.machine, "notes": list(self.notes)}

    def _other(self, s: Summary) -> dict[str, Any]:
        wall, cpu = (times(self.ours, s, of) for of in (lambda f: f.ns, lambda f: f.cpu_ns))
        return {"who": s.who, **_medians(s), "times": wall.median if wall else None, "cpu_times": cpu.median if cpu else None}


def _medians(s: Summary) -> dict[str, Any]:
    return {"ns_per_node_step": s.ns.median, "cpu_ns_per_node_step": s.cpu_ns.median,
            "range": {"ns_per_node_step": [s.ns.least, s.ns.most], "cpu_ns_per_node_step": [s.cpu_ns.least, s.cpu_ns.most]},
            "rounds": [asdict(f) for f in s.rounds]}


HEAD = ("regions", "connections", "", "ns per node-step", "processor time", "ns per connection-step", "times ours", "in processor time")


def rows(results: Sequence[Result]) -> list[tuple[str, ...]]:
    """Return one row for each simulator in each network."""
    found: list[tuple[str, ...]] = []
    for r in results:
        for s in (r.ours, *r.peers, *r.marks):
            first = s is r.ours
            wall, cpu = (None if first else times(r.ours, s, of) for of in (lambda f: f.ns, lambda f: f.cpu_ns))
            own = _written(s.cpu_ns if s.cpu_ns.most else None)
            found.append((str(r.brain.regions), f"{r.brain.connections:,}", s.who, _written(s.ns), own,
                          f"{r.ns_per_connection_step:.3g}" if first else "", _written(wall), _written(cpu)))
    return found


def remarks(results: Sequence[Result]) -> list[str]:
    """Return sentences on agreement, on the limit, and on what could not be measured."""
    found = []
    for r in results:
        where = f"{r.brain.regions} regions: "
        if r.difference is not None:
            found.append(f"{where}after 200 ms without noise the states agree to {r.difference:.1g} of their size.")
        if r.share is not None:
            found.append(f"{where}the limit alone would have taken {100 * r.share:.0f} % of our processor time.")
        found += [where + note for note in r.notes]
    return found


def title(results: Sequence[Result]) -> str:
    """Return in a line what was measured."""
    case = results[0].case
    noise = f"noise {case.noise:g} in all variables" if case.noise else "no noise"
    origins = results[0].brain.origin if len(results) == 1 else "networks of several sizes"
    return f"{case.model}, {case.scheme}, {noise}, steps of 0.1 ms; {origins}; {case.seconds:g} s after {case.warmup:g} s"


def load_line(results: Sequence[Result]) -> str:
    """Return in a line how busy the machine was."""
    return "load average " + ", ".join(f"{a:.1f} to {b:.1f}" for a, b in (r.load for r in results))


def _written(value: Spread | None) -> str:
    if value is None:
        return ""
    middle, least, most = (f"{x:,.0f}" if x >= 100 else f"{x:.3g}" for x in (value.median, value.least, value.most))
    return middle if least == most else f"{middle} ({least} to {most})"
