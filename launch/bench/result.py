"""Put together what a benchmark found, as JSON and as rows of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from cosim.launch.bench.case import Case, Census
from cosim.launch.bench.figures import Summary
from cosim.launch.bench.limits import Limits, Shares, shares
from cosim.launch.bench.surroundings import machine
from cosim.launch.machine import in_bytes


@dataclass(frozen=True, slots=True)
class Result:
    """Hold what a benchmark found.

    Parameters
    ----------
    case : Case
        What was run.
    network : Census
        How large it was.
    level : str
        Instruction set of the kernels.
    limits : Limits
        What the machine allows.
    ours : Summary
        What our engine reached.
    peers : tuple of Summary
        What the others reached.
    """

    case: Case
    network: Census
    level: str
    limits: Limits
    ours: Summary
    peers: tuple[Summary, ...]

    @property
    def shares(self) -> Shares:
        """How much of the machine's limits our engine reached, in the median of its rounds."""
        middle = sorted(self.ours.rounds, key=lambda f: f.rtf)[(len(self.ours.rounds) - 1) // 2]
        return shares(middle, self.network, self.limits)

    @property
    def machine(self) -> dict[str, Any]:
        """What it ran on."""
        return machine(self.level)

    def as_json(self) -> dict[str, Any]:
        """Return everything, as JSON knows it; a figure is the median over all rounds."""
        share = self.shares
        names = [name for name, _ in self.network.sizes]
        return {**_medians(self.ours, names), "synapses": self.network.synapses, "neurons": self.network.neurons,
                "network": self.case.network, "seconds": self.case.seconds, "warmup": self.case.warmup, "ranks": self.case.ranks,
                "scale": self.case.scale, "drive": self.case.drive, "precision": self.case.precision, "seed": self.case.seed,
                "rounds": _rounds(self.ours), "machine": self.machine,
                "limits": asdict(self.limits) | {"shares": asdict(share) | {"kernel": share.kernel}},
                "peers": [_medians(p, names) | {"who": p.who, "rounds": _rounds(p), "times": _times(self.ours, p)} for p in self.peers]}


def _medians(s: Summary, names: Sequence[str]) -> dict[str, Any]:
    rates = dict(zip(names, s.rates_hz, strict=bool(s.rates_hz)))  # a probe tells none
    ranges = {"rtf": s.rtf, "build_s": s.build_s, "peak_rss_bytes": s.peak_rss_bytes, "events_per_s": s.events_per_s}
    return {"rtf": s.rtf.median, "build_s": s.build_s.median, "peak_rss_bytes": int(s.peak_rss_bytes.median), "rates_hz": rates,
            "events_per_s": s.events_per_s.median, "compile_s": s.compile_s.median,
            "range": {key: [value.least, value.most] for key, value in ranges.items()}}


def _rounds(s: Summary) -> list[dict[str, Any]]:
    return [asdict(f) for f in s.rounds]


def _times(ours: Summary, peer: Summary) -> dict[str, float]:
    """Return how many times more a peer takes: medians of the ratios of rounds, which were run in turn."""
    def ratio(name: str) -> float:
        values = [getattr(p, name) / getattr(o, name) for o, p in zip(ours.rounds, peer.rounds, strict=True) if getattr(o, name)]
        return float(median(values)) if values else 0.0

    return {name: ratio(name) for name in ("rtf", "build_s", "peak_rss_bytes")}


HEAD = ("", "real-time factor", "build (s)", "memory", "events/s", "times ours: real-time factor, build, memory")


def rows(result: Result) -> list[tuple[str, ...]]:
    """Return one row for each simulator."""
    found: list[tuple[str, ...]] = []
    for s in (result.ours, *result.peers):
        times = _times(result.ours, s)
        ratios = "" if s is result.ours else ", ".join(f"{v:.3g}" for v in times.values())
        compiling = f" + {s.compile_s.median:.3g} compiling" if s.compile_s.median else ""
        found.append((s.who, str(s.rtf), f"{s.build_s}{compiling}", in_bytes(int(s.peak_rss_bytes.median)), str(s.events_per_s), ratios))
    return found


def rate_rows(result: Result) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return head and rows of a table of mean rates."""
    head = ("mean rate (Hz)", *(name for name, _ in result.network.sizes))
    return head, [(s.who, *(f"{r:.3g}" for r in s.rates_hz)) for s in (result.ours, *result.peers) if s.rates_hz]


def limit_rows(result: Result) -> list[tuple[str, ...]]:
    """Return the limits, and how much of the wall time each alone would have taken."""
    share, limits = result.shares, result.limits
    return [("adding events to the accumulator", f"{limits.scatter_events_per_s:.3g} events/s", _percent(share.scatter)),
            ("stepping neurons, without random numbers", f"{limits.update_neuron_steps_per_s:.3g} neuron-steps/s", _percent(share.update)),
            ("both, one after the other", "", _percent(share.kernel)),
            ("reading synapses from memory", f"{limits.memory_bytes_per_s:.3g} bytes/s", _percent(share.memory))]


LIMIT_HEAD = ("limit, all ranks at once", "rate", "share of the wall time that it alone would take")


def title(result: Result) -> str:
    """Return in a line what was measured."""
    case, network = result.case, result.network
    return (f"{case.network} at scale {case.scale:g}, drive {case.drive}: {network.neurons:,} neurons, {network.synapses:,} synapses, "
            f"{case.seconds:g} s after {case.warmup:g} s")


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
