"""Choose where a sweep lies, and how many of its points are run at once."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from cosim.errors import InputError, Problem
from cosim.launch.ready import make_ready
from cosim.launch.sweep.work import Task, Work
from cosim.transport.mpi import cores

FILE = "sweep.h5"
_FOLDER = Path("sweeps")


def place(out: Path | None, experiment: Path) -> tuple[Path, tuple[Path, ...]]:
    """Return the file of a sweep, and the folders that were made for it, outermost first.

    Parameters
    ----------
    out : Path or None
        A folder, or a file that ends in .h5; None takes the next free ``sweeps/<experiment>-<number>``.
    experiment : Path
        The experiment file.
    """
    if out is None:
        stem = experiment.name.split(".")[0]
        out = next(p for n in count(1) if not (p := _FOLDER / f"{stem}-{n:03d}").exists())
    path = out if out.suffix in (".h5", ".hdf5") else out / FILE
    missing = tuple(p for p in reversed(path.parents) if not p.exists())
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(Problem(f"the output folder {path.parent} cannot be written: {error.strerror}",
                                 remedy="choose another one with --out")) from None
    if path.is_dir():
        raise InputError(Problem("this is a folder", str(path), "a file that ends in .h5, or a folder to write into"))
    return path, missing


def default_workers(task: Task) -> int:
    """Return how many points the cores have room for: one a core, or fewer where the run of a point takes several processes."""
    if Work(task).is_alone:
        return len(cores())
    ready = make_ready(task.path, (*task.overrides, *task.points.overrides(0)), task.layout)
    return max(1, len(cores()) // ready.layout.processes)
