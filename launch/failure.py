"""Find out in words why a run ended before its time, and who waits for whom."""

from __future__ import annotations

import json
import re
import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from cosim.experiment.layout import Layout, Transport
from cosim.launch.board import Entry
from cosim.launch.folder import RunFolder
from cosim.schedule.loop import Phase
from cosim.schedule.plan import Plan

_KILLED = re.compile(r"rank (\d+) .*?exited on\s+signal (\d+)", re.DOTALL)
_LAST_LINES = 8
_FULL_BYTES = 1 << 16
_DOING = {Phase.STARTING: "starting", Phase.BUILDING: "building", Phase.WAITING: "waiting", Phase.TRANSLATING: "translating",
          Phase.COMPUTING: "computing", Phase.SENDING: "sending", Phase.RECORDING: "recording", Phase.FINISHED: "finished"}


def seat(layout: Layout, plan: Plan, place: int) -> str:
    """Return how to call the rank at a place on the board: ``column (rank 1)``."""
    if layout.transport is Transport.LOOPBACK:
        return list(plan.experiment.groups)[place]
    group = layout.group_of(place)
    return f"{group} (rank {place - layout.first_rank(group)})"


def doing(entry: Entry, plan: Plan, now: float) -> str:
    """Return in words what a rank is doing and since when."""
    if entry.phase is Phase.FINISHED:
        return "has finished"
    if entry.phase in (Phase.STARTING, Phase.BUILDING):
        return f"has been {_DOING[entry.phase]} for {now - entry.since:.0f} s" if entry.pid else "has not started"
    since = f"window {entry.window} for {now - entry.since:.0f} s"
    if entry.phase is Phase.WAITING:
        if entry.edge < 0:
            return f"has been waiting for the first rank of its group in {since}"
        edge = plan.edges[entry.edge]
        return f"has been waiting for {edge.coupling.source_group} (coupling '{edge.name}') in {since}"
    return f"has been {_DOING[entry.phase]} in {since}"


def who_waits(layout: Layout, plan: Plan, entries: list[Entry]) -> str:
    """Return one sentence for each rank: what it does, for whom it waits, since which window, and whether it has been stopped."""
    now = time.monotonic()
    return "; ".join(f"{seat(layout, plan, place)} {doing(entry, plan, now)}{_halted(entry.pid)}" for place, entry in enumerate(entries)
                     if entry.phase is not Phase.FINISHED)


class Stillness:
    """See when a rank no longer moves. Slow is not dead: all that comes of it is a note for the user.

    Parameters
    ----------
    layout, plan : Layout, Plan
        What runs where.
    limit_s : float
        After how long without movement the user is told, seconds.
    """

    def __init__(self, layout: Layout, plan: Plan, limit_s: float) -> None:
        self._layout, self._plan, self._limit_s = layout, plan, limit_s
        self._seen: dict[int, tuple[object, float]] = {}

    def note(self, entries: list[Entry], now: float) -> str:
        """Return who waits for whom, when any rank has not moved for long; nothing otherwise."""
        still = 0.0
        for place, entry in enumerate(entries):
            state = (entry.pid, entry.phase, entry.window, entry.edge)
            known, since = self._seen.get(place, (None, now))
            self._seen[place] = (state, since if known == state else now)
            if entry.phase is not Phase.FINISHED:
                still = max(still, now - self._seen[place][1])
        if still <= self._limit_s:
            return ""
        return f"not everything has moved for {still:.0f} s: {who_waits(self._layout, self._plan, entries)}"


def why(folder: RunFolder, layout: Layout, plan: Plan, entries: list[Entry], status: int) -> str:
    """Return the one cause of a run's end that came first.

    A rank that raised has left a note; the earliest counts, the others are what followed. Otherwise a rank was killed: MPI's own
    words say which, or its process has gone while others were still there.
    """
    notes = sorted(_notes(folder), key=lambda note: float(note["time"]))
    if notes:
        return f"{notes[0]['who']}: {notes[0]['cause']}"
    said = _read(folder.log / "start.log")
    found = _KILLED.search(said)
    if found:
        rank, number = int(found[1]), int(found[2])
        killed = f"{seat(layout, plan, rank)} was killed by signal {number} ({_signal_name(number)}){_perhaps(number)}"
        return f"{killed}; it {_was(entries[rank])}"
    number = -status if status < 0 else status - 128
    if number in list(signal.Signals):
        active = max(range(len(entries)), key=lambda i: entries[i].since)
        return (f"the process was killed by signal {number} ({_signal_name(number)}){_perhaps(number)}, while "
                f"{seat(layout, plan, active)} {_was(entries[active])}")
    lines = [line for line in said.strip().splitlines() if line.strip(" -")]
    last = "\n    ".join(lines[-_LAST_LINES:])
    return (f"the processes ended with status {status} without saying why" + (f"; the last they said:\n    {last}" if last else "")
            + _perhaps_full(folder))


def _notes(folder: RunFolder) -> Iterator[Mapping[str, str]]:
    """Yield what ranks have left on why they could not go on; one that was killed while it wrote has left nothing of use."""
    for path in folder.log.glob("*.failure.json"):
        with suppress(ValueError):
            yield json.loads(_read(path))


def _was(entry: Entry) -> str:
    if entry.phase in (Phase.STARTING, Phase.BUILDING):
        return f"was {_DOING[entry.phase]}"
    return f"was {_DOING[entry.phase]} in window {entry.window}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"


def _perhaps(number: int) -> str:
    """Say what a signal mostly means."""
    if number == signal.SIGKILL:
        return ", by someone or by the system for lack of memory"
    return ", mostly because the memory file system is full" if number == signal.SIGBUS else ""


def _perhaps_full(folder: RunFolder) -> str:
    free = shutil.disk_usage(folder.path).free
    return f"; the disk that holds {folder.path} is full" if free < _FULL_BYTES else ""


def _halted(pid: int) -> str:
    """Say that a process has been stopped from outside (SIGSTOP, a debugger), where the system tells."""
    state = _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
    return " (the process has been stopped from outside)" if state and state[0] in "Tt" else ""


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
