"""Put the numbers of a run into cards and tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cosim.launch.report.drawing import number
from cosim.launch.report.run import Run
from cosim.launch.report.timeline import WORDS


@dataclass(frozen=True, slots=True)
class Table:
    """Hold a table to be shown; every cell is text."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Banner:
    """Hold what must be read before anything else."""

    severe: bool
    headline: str
    detail: str


def banner(run: Run) -> Banner | None:
    """Return what to warn of: a run that did not finish, and up to when its results hold."""
    status, recorded = str(run.timing.get("status") or ""), run.recorded
    until, wanted = recorded.valid_until_ms, recorded.duration_ms
    short = until is not None and wanted is not None and until < wanted
    if status in {"", "finished"} and not short:
        return None
    reach = ""
    if until is not None:
        whole = f" of {number(wanted, 6)} ms" if wanted is not None else ""
        reach = f"The results hold up to {number(until, 6)} ms{whole}; nothing is shown beyond."
    cause = str(run.timing.get("cause") or "")
    headline = {"failed": "This run failed.", "interrupted": "This run was interrupted."}.get(status, "This run is not complete.")
    return Banner(status == "failed", headline, " ".join(part for part in (_sentence(cause), reach) if part))


def cards(run: Run) -> list[tuple[str, str]]:
    """Return the numbers that most people look for first, as name and value."""
    timing, recorded = run.timing, run.recorded
    simulated = _amount(timing, "simulated_ms")
    if simulated is None:
        simulated = recorded.valid_until_ms
    windows = sorted({p.window_ms for p in run.paces.values() if p.window_ms is not None})
    modes = sorted({str(c.get("mode")) for c in _couplings(run) if c.get("mode")})
    found = [
        ("status", str(timing.get("status") or "not known")),
        ("simulated", _measure(simulated, "ms")),
        ("real-time factor", _measure(_amount(timing, "real_time_factor"), "")),
        ("wall time", _measure(_amount(timing, "wall_s"), "s")),
        ("building", _measure(_amount(timing, "build_s"), "s")),
        ("peak memory", _memory(_amount(timing, "peak_memory_bytes"))),
        ("window", " / ".join(f"{number(w, 4)} ms" for w in windows)),
        ("mode", ", ".join(modes)),
        ("seed", recorded.seed),
        ("spikes", number(sum(len(s.ids) for s in recorded.spiking)) if recorded.spiking else ""),
    ]
    return [(name, value) for name, value in found if value]


def tables(run: Run) -> list[Table]:
    """Return what else is known of remarks, groups, couplings, components and versions."""
    found = []
    if run.remarks:
        found.append(Table("Remarks", ("number", "what"), tuple((str(i), r) for i, r in enumerate(run.remarks, start=1))))
    if run.paces:
        phases = ("compute", "wait", "translate", "send", "record")
        rows = tuple((name, "" if pace.ranks is None else str(pace.ranks), _measure(pace.window_ms, "ms"), number(len(pace.begin_s)),
                      *(f"{100 * pace.shares()[p]:.1f} %" if pace.span_s else "" for p in phases)) for name, pace in run.paces.items())
        found.append(Table("Groups", ("group", "ranks", "window", "windows", *(WORDS[p] for p in phases)), rows))
    if _couplings(run):
        rows = tuple((str(c.get("name", "")), str(c.get("from", "")), str(c.get("to", "")), _measure(_amount(c, "delay_ms"), "ms"),
                      _measure(_amount(c, "headroom_ms"), "ms"), str(c.get("mode", ""))) for c in _couplings(run))
        found.append(Table("Couplings", ("name", "from", "to", "delay", "headroom", "mode"), rows))
    for name, facts in _mapping(run.timing.get("facts")).items():
        if _mapping(facts):
            found.append(Table(f"Facts of {name}", (), tuple((str(k), str(v)) for k, v in _mapping(facts).items())))
    if run.versions:
        found.append(Table("Versions", (), tuple((str(k), str(v)) for k, v in run.versions.items())))
    return found


def _couplings(run: Run) -> list[Mapping[str, Any]]:
    entries = run.timing.get("couplings")
    return [c for c in entries if isinstance(c, Mapping)] if isinstance(entries, list) else []


def _amount(content: Mapping[str, Any], key: str) -> float | None:
    value = content.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _measure(value: float | None, unit: str) -> str:
    return "" if value is None else f"{number(value)} {unit}".rstrip()


def _memory(size: float | None) -> str:
    if size is None:
        return ""
    return f"{number(size / 1e9)} GB" if size >= 1e9 else f"{number(size / 1e6)} MB"


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _sentence(text: str) -> str:
    return text if not text or text.endswith((".", "!", "?")) else text + "."
