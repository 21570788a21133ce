"""Keep a page of measurements in Markdown: each case has a section, which a new measurement of it replaces."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from cosim.launch.bench.result import HEAD, LIMIT_HEAD, Result, limit_rows, rate_rows, rows, title
from cosim.launch.bench.surroundings import machine_line, spread_note

_HEAD = """# Benchmarks

Written by `cosim bench ... --out docs/reference/benchmarks.md`; what the figures mean stands in [measure speed](benchmarking.md).
Machines of this kind are shared and noisy: the ratios of simulators that took turns in one session hold, single figures less so.
"""


def add_to_page(path: Path, result: Result, command: str) -> None:
    """Write the section of a result into a page."""
    add_section(path, _heading(result), _body(result, command))


def add_section(path: Path, heading: str, body: str) -> None:
    """Write a section into a page, at the place of an earlier one of the same title, or at the end."""
    text = path.read_text(encoding="utf-8") if path.exists() else _HEAD
    heading = f"## {heading}"
    section = f"{heading}\n\n{body}"
    parts = re.split(r"(?m)^(?=## )", text)
    place = next((i for i, part in enumerate(parts) if part.split("\n", 1)[0] == heading), None)
    if place is None:
        parts.append(section)
    else:
        parts[place] = section
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n\n".join(part.strip("\n") for part in parts) + "\n", encoding="utf-8")


def _heading(result: Result) -> str:
    case = result.case
    return f"{Path(case.network).stem} at scale {case.scale:g}, {case.drive}, {case.ranks} rank{'s' * (case.ranks > 1)}, {case.precision}"


def _body(result: Result, command: str) -> str:
    rate_head, rates = rate_rows(result)
    day = datetime.now(UTC).date().isoformat()
    parts = [f"{title(result)}. {spread_note(len(result.ours.rounds))}{machine_line(result.machine)}; {day}.", f"```\n{command}\n```",
             table(HEAD, rows(result)), table(rate_head, rates), table(LIMIT_HEAD, limit_rows(result))]
    return "\n\n".join(parts) + "\n"


def table(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
