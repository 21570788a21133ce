"""Name the files of a run folder, make it, and clean up what a run needs only while it goes on."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cosim.errors import InputError, Problem

_TEMPORARY = "cosim-run-"


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Know where everything of a run lies.

    Parameters
    ----------
    path : Path
        The folder.
    """

    path: Path

    @property
    def results(self) -> Path:
        """What was recorded."""
        return self.path / "results.h5"

    @property
    def experiment(self) -> Path:
        """The experiment with every default written out."""
        return self.path / "experiment.resolved.yaml"

    @property
    def layout(self) -> Path:
        """The layout with every default written out."""
        return self.path / "layout.resolved.yaml"

    @property
    def versions(self) -> Path:
        """What ran: versions of everything."""
        return self.path / "versions.json"

    @property
    def timing(self) -> Path:
        """Where the time went."""
        return self.path / "timing.json"

    @property
    def report(self) -> Path:
        """The page to look at."""
        return self.path / "report.html"

    @property
    def log(self) -> Path:
        """What each process said."""
        return self.path / "log"

    @property
    def live(self) -> Path:
        """What is needed only while the run goes on: journals and the board."""
        return self.path / ".live"

    @property
    def board(self) -> Path:
        """What every rank is doing."""
        return self.live / "board"

    def journal(self, group: str) -> Path:
        """Return the journal of a group."""
        return self.live / f"{group}.journal"

    def rank_log(self, group: str, rank: int) -> Path:
        """Return the file that takes what a rank prints."""
        return self.log / f"{group}.{rank}.log"

    def failure(self, group: str, rank: int) -> Path:
        """Return the file in which a rank says why it could not go on."""
        return self.log / f"{group}.{rank}.failure.json"


def make_run_folder(out: Path | None, experiment: Path) -> RunFolder:
    """Make the folder of a run.

    Parameters
    ----------
    out : Path or None
        Where the user wants it; None takes the next free ``runs/<experiment>-<number>``.
    experiment : Path
        The experiment file.

    Raises
    ------
    InputError
        When the folder already holds results, or cannot be written.
    """
    path = out if out is not None else _next_free(Path("runs"), experiment.name.split(".")[0])
    folder = RunFolder(path)
    taken = [p for p in (folder.results, folder.live, folder.experiment) if p.exists()]
    if taken:
        raise InputError(Problem(f"the output folder {path} already holds a run ({taken[0].name})",
                                 remedy="choose another one with --out, or remove it"))
    try:
        folder.log.mkdir(parents=True, exist_ok=True)
        folder.live.mkdir()
    except OSError as error:
        raise InputError(Problem(f"the output folder {path} cannot be written: {error.strerror}",
                                 remedy="choose another one with --out")) from error
    return folder


def _next_free(parent: Path, stem: str) -> Path:
    taken = [int(m[1]) for p in parent.glob(f"{stem}-*") if (m := re.fullmatch(re.escape(stem) + r"-(\d+)", p.name))]
    return parent / f"{stem}-{max(taken, default=0) + 1:03d}"


def make_temporary() -> Path:
    """Return a new folder for sockets and shared memory, on a memory file system where there is one.

    Folders left behind by launchers that were killed are removed first: their names hold the number of the process.
    """
    parent = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else Path(tempfile.gettempdir())
    for old in parent.glob(f"{_TEMPORARY}*"):
        owner = old.name.removeprefix(_TEMPORARY).split("-")[0]
        if owner.isdigit() and not Path(f"/proc/{owner}").exists() and Path("/proc/self").exists():
            shutil.rmtree(old, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{_TEMPORARY}{os.getpid()}-", dir=parent))
