"""Go through the points of a sweep: check all, run what is left, write the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path

import numpy as np
from rich.console import Console

from cosim import __version__
from cosim.errors import InputError, Problem, RunError, raise_all
from cosim.experiment.resolve import resolved_text
from cosim.launch.interrupts import interruptible
from cosim.launch.sweep.file import Told, failures_of, identity_of, write
from cosim.launch.sweep.journal import Entry, Identity, Journal, refuse_other
from cosim.launch.sweep.observed import Figures
from cosim.launch.sweep.progress import Progress
from cosim.launch.sweep.work import Checked, Outcome, Task, Work
from cosim.launch.sweep.workers import Died, Pool, Request

_MOST_TOLD = 5
"""Points of which is told what is wrong with them; the others are counted."""


@dataclass(frozen=True, slots=True)
class Swept:
    """Hold how a sweep ended.

    Parameters
    ----------
    path : Path
        The file.
    failures : mapping of int to str
        Why points failed.
    ran : int
        How many points were run now; the others had been done before.
    """

    path: Path
    failures: Mapping[int, str]
    ran: int


def journal_of(path: Path) -> Path:
    """Return where points are kept until the file is written."""
    return path.with_name(path.name + ".points")


def sweep(task: Task, path: Path, workers: int, resume: bool, console: Console) -> Swept:
    """Run all points of a sweep that have not been run yet.

    Parameters
    ----------
    task : Task
        What is to be done.
    path : Path
        The file to write.
    workers : int
        How many processes.
    resume : bool
        Whether a sweep that was begun into that file goes on.
    console : Console
        Where progress is shown.

    Raises
    ------
    InputError
        With everything that is wrong with the points; nothing has been run then.
    KeyboardInterrupt
        When somebody ended it; what was done until then is kept.
    """
    journal = journal_of(path)
    if not resume:
        _refuse_taken(path, journal)
    with interruptible(), Pool(workers, partial(_served, task)) as pool:
        figures, files = _checked(task, pool, console)
        work = Work(task)
        identity = _identity(task, work, figures, files)
        if path.exists():
            refuse_other(path, identity_of(path), identity)
            return Swept(path, failures_of(path), 0)
        path.parent.mkdir(parents=True, exist_ok=True)
        with Journal(journal, identity) as kept:
            before = len(kept.done)
            died = _run(task, pool, kept, console)
            if died:
                raise RunError("\n".join([*died, f"the other points are kept in {journal}; run the same again with --resume"]))
            write(path, _told(task, work, identity), task.points, figures, kept.entries())
            failures = {e.point: e.data.decode() for e in kept.entries() if not e.is_good}
            ran = len(task.points) - before
            kept.remove()
    return Swept(path, failures, ran)


def _refuse_taken(path: Path, journal: Path) -> None:
    for taken, what in ((path, "there is a file already"), (journal, "a sweep was begun here and has not come to its end")):
        if taken.exists():
            raise InputError(Problem(what, str(taken), remedy="add --resume to go on with it, or choose another file with --out"))


def _served(task: Task) -> Callable[[Request], Checked | Entry]:
    """Return what a worker does."""
    work = Work(task)

    def do(request: Request) -> Checked | Entry:
        what, point = request
        return work.check(point) if what == "check" else entry_of(point, work.run(point))

    return do


def entry_of(point: int, outcome: Outcome) -> Entry:
    """Return what a point gave as bytes."""
    if outcome.failure:
        return Entry(point, outcome.failure.encode(), False)
    return Entry(point, b"".join(np.ascontiguousarray(x, np.float64).tobytes() for x in outcome.results.values()), True)


def _checked(task: Task, pool: Pool, console: Console) -> tuple[Figures, str]:
    """Return what is kept of each point, and what was read from files; raise `InputError` when a point is wrong."""
    first = _one(pool, 0)
    if first.problems:
        _refuse({0: first}, task)
    found, wrong = {0: first}, dict[int, Checked]()
    with Progress(console, "checked", len(task.points)) as progress:
        for point, answer in pool.answers("check", range(1, len(task.points))):
            checked = answer if isinstance(answer, Checked) else Checked((Problem(f"it could not be checked: {answer}"),))
            if checked.problems or checked.figures != first.figures:
                wrong[point] = checked
            found[point] = checked
            progress.show(len(found))
    _refuse(wrong, task)
    files = sha256("".join(found[p].files for p in range(len(found))).encode()).hexdigest()
    return first.figures, files


def _one(pool: Pool, point: int) -> Checked:
    for _, answer in pool.answers("check", [point]):
        return answer if isinstance(answer, Checked) else Checked((Problem(f"it could not be checked: {answer}"),))
    raise AssertionError


def _refuse(wrong: Mapping[int, Checked], task: Task) -> None:
    """Raise `InputError` with what is wrong with points; nothing where there are none."""
    problems = []
    for point in sorted(wrong)[:_MOST_TOLD]:
        found = wrong[point].problems or (Problem("what is kept of it is not of the shape that it has at point 0"),)
        problems += [p.at(task.points.said(point)) for p in found]
    if len(wrong) > _MOST_TOLD:
        problems.append(Problem(f"{len(wrong) - _MOST_TOLD:,} more points are wrong"))
    raise_all(problems)


def _run(task: Task, pool: Pool, kept: Journal, console: Console) -> list[str]:
    """Run the points that are left, and return what is to be told of those whose process died."""
    total = len(task.points)
    left = [p for p in range(total) if p not in kept.done]
    died = []
    if len(left) < total:
        console.print(f"{total - len(left):,} of {total:,} points were done before", soft_wrap=True)
    failed = sum(not good for good in kept.done.values())
    with Progress(console, "done", total, total - len(left)) as progress:
        for point, answer in pool.answers("run", left):
            if isinstance(answer, Died):
                died.append(f"{task.points.said(point)}: {answer}")
                continue
            kept.add(answer)
            failed += not answer.is_good
            progress.show(len(kept.done), failed)
    return died


def _identity(task: Task, work: Work, figures: Figures, files: str) -> Identity:
    """Return what makes a sweep the one that it is: all that its results depend on."""
    layout = "" if task.layout is None else task.layout.read_text(encoding="utf-8")
    told = {"the experiment": resolved_text(work.base) + layout, "the points": repr((task.points.keys, task.points.rows)),
            "what is kept": repr((task.kept, figures)), "what is left out at the beginning": str(task.discard_ms),
            "the files that it reads": files, "the version of cosim": __version__}
    return {name: sha256(text.encode()).hexdigest() for name, text in told.items()}


def _told(task: Task, work: Work, identity: Identity) -> Told:
    base = work.base
    return Told(base.title, resolved_text(base), __version__, float(base.duration * base.tick_ms), float(task.discard_ms),
                task.points.seeds(base.seed), identity)
