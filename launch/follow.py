"""Follow a run that goes on: write its results, collect its timing, see when nothing moves any more."""

from __future__ import annotations

from dataclasses import dataclass, field

from cosim import __version__
from cosim.experiment.resolve import resolved_text
from cosim.launch.folder import RunFolder
from cosim.launch.ready import Ready, recorded
from cosim.record.journal import Closed, Completed, JournalReader, Opened
from cosim.record.results import GroupHeader, Header, ResultsWriter

FLUSH_S = 0.5
"""How often results.h5 is brought up to date, seconds."""


@dataclass(slots=True)
class Course:
    """Hold the windows that a group has gone through; all lists have one entry a window, times are in seconds."""

    start: list[int] = field(default_factory=list)
    stop: list[int] = field(default_factory=list)
    begin_s: list[float] = field(default_factory=list)
    wait_s: list[float] = field(default_factory=list)
    translate_s: list[float] = field(default_factory=list)
    compute_s: list[float] = field(default_factory=list)
    send_s: list[float] = field(default_factory=list)
    record_s: list[float] = field(default_factory=list)
    began: float = 0.0
    closed: bool = False
    remarks: tuple[str, ...] = ()

    def add(self, window: Completed) -> None:
        """Add a window."""
        self.start.append(window.start)
        self.stop.append(window.stop)
        self.begin_s.append(window.begin_s)
        self.wait_s.append(window.wait_s)
        self.translate_s.append(window.translate_s)
        self.compute_s.append(window.compute_s)
        self.send_s.append(window.send_s)
        self.record_s.append(window.record_s)

    @property
    def reached(self) -> int:
        """Tick that the group has reached."""
        return self.stop[-1] if self.stop else 0

    @property
    def ended(self) -> float:
        """When the last window ended, seconds on the clock that all processes share; 0 before the first has."""
        if not self.stop:
            return 0.0
        return self.begin_s[-1] + self.wait_s[-1] + self.translate_s[-1] + self.compute_s[-1] + self.send_s[-1]

    def waiting_share(self) -> float:
        """Share of the group's time since its first window that it has spent waiting, 0 to 1."""
        busy = sum(self.translate_s) + sum(self.compute_s) + sum(self.send_s) + sum(self.record_s)
        waited = sum(self.wait_s)
        return waited / (waited + busy) if waited + busy > 0 else 0.0


class Follower:
    """Read the journals of all groups while they grow, and make ``results.h5`` of them.

    Parameters
    ----------
    ready : Ready
        What runs.
    folder : RunFolder
        Where.
    """

    def __init__(self, ready: Ready, folder: RunFolder) -> None:
        plan = ready.plan
        groups = tuple(GroupHeader(g, tuple(recorded(plan, g)), plan.descriptions[g].static) for g in plan.experiment.groups)
        header = Header(plan.experiment.tick_ms, plan.experiment.duration, plan.experiment.seed, __version__, groups, plan.experiment.title,
                        resolved_text(plan.experiment))
        self._results = ResultsWriter(folder.results, header)
        self._readers = {g: JournalReader(folder.journal(g)) for g in plan.experiment.groups}
        self.courses = {g: Course() for g in plan.experiment.groups}

    @property
    def reached(self) -> int:
        """Tick that all groups have reached."""
        return min(course.reached for course in self.courses.values())

    def look(self) -> None:
        """Take in what the journals have gained."""
        for group, reader in self._readers.items():
            while records := reader.poll():
                self._results.take(group, records)
                course = self.courses[group]
                for record in records:
                    if isinstance(record, Completed):
                        course.add(record)
                    elif isinstance(record, Opened):
                        course.began = float(record.facts["began"])
                    elif isinstance(record, Closed):
                        course.closed, course.remarks = record.reason is None, record.remarks

    def flush(self) -> None:
        """Bring results.h5 up to date on disk."""
        self._results.flush()

    def close(self) -> None:
        """Take in the rest and close everything."""
        try:
            self.look()
        finally:
            self._results.close()
            for reader in self._readers.values():
                reader.close()
