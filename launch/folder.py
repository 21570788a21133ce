"""Name the files of a run folder, make it, and clean up what a run needs only while it goes on."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from cosim.errors import InputError, Problem

_RUNS = Path("runs")
_TEMPORARY = "cosim-run-"


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Know where everything of a run lies.

    Parameters
    ----------
    path : Path
        The folder.
    made : tuple of Path
        The folders that did not exist before, outermost first.
    """

    path: Path
    made: tuple[Path, ...] = ()

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
    def work(self) -> Path:
        """Folders that components may write into."""
        return self.path / "work"

    @property
    def live(self) -> Path:
        """What is needed only while the run goes on: journals and the board."""
        return self.path / ".live"

    @property
    def board(self) -> Path:
        """What every rank is doing."""
        return self.live / "board"

    @property
    def files(self) -> Path:
        """Digests of what the components have read from files, as the launcher found them."""
        return self.live / "files.json"

    @property
    def everything(self) -> tuple[Path, ...]:
        """All files and folders that a run makes in it, those first by which a user knows a run."""
        return (self.results, self.report, self.timing, self.experiment, self.layout, self.versions, self.log, self.work, self.live)

    def discard(self) -> None:
        """Remove all that was made: for a run that could not begin."""
        for path in self.everything:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        _remove_empty(self.made)

    def journal(self, group: str) -> Path:
        """Return the journal of a group."""
        return self.live / f"{group}.journal"

    def rank_log(self, group: str, rank: int) -> Path:
        """Return the file that takes what a rank prints."""
        return self.log / f"{group}.{rank}.log"

    def failure(self, process: str) -> Path:
        """Return the file in which a process says why it could not go on."""
        return self.log / f"{process}.failure.json"


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
    before = _missing(out or _RUNS)
    path = out
    try:
        path = _next_free(_RUNS, experiment.name.split(".")[0]) if out is None else out
        path.mkdir(parents=True, exist_ok=True)
        folder = RunFolder(path, before if out is not None else (*before, path))
        taken = [p.name for p in folder.everything if os.path.lexists(p)]
        if not taken:
            folder.live.mkdir()  # who makes this owns the folder, should two runs begin in it at once
            folder.log.mkdir()
            return folder
    except FileExistsError as error:
        if path is None or not path.is_dir():
            raise unwritable(path or _RUNS, error) from error
        taken = [".live"]
    except OSError as error:
        _remove_empty(before)
        raise unwritable(path or _RUNS, error) from error
    what = "another run is going on in it, or was killed" if ".live" in taken else f"it holds {', '.join(map(repr, taken))}"
    raise InputError(Problem(f"the output folder {path} already holds a run: {what}", remedy="choose another one with --out, or remove it"))


def unwritable(folder: Path, error: OSError) -> InputError:
    """Return the refusal to run into a folder that cannot be written."""
    return InputError(Problem(f"the output folder {folder} cannot be written: {error.strerror or error}",
                              remedy="choose another one with --out"))


def _next_free(parent: Path, stem: str) -> Path:
    """Make and return the next folder; another run may be doing the same."""
    parent.mkdir(exist_ok=True)
    taken = [int(m[1]) for p in parent.glob("*") if (m := re.fullmatch(re.escape(stem) + r"-(\d+)", p.name))]
    for number in count(max(taken, default=0) + 1):
        path = parent / f"{stem}-{number:03d}"
        with suppress(FileExistsError):
            path.mkdir()
            break
    return path


def _missing(path: Path) -> tuple[Path, ...]:
    """Return the folders that would have to be made for a path to exist, outermost first."""
    return tuple(p for p in (*reversed(path.parents), path) if not os.path.lexists(p))


def _remove_empty(folders: tuple[Path, ...]) -> None:
    for folder in reversed(folders):
        with suppress(OSError):
            folder.rmdir()


def make_temporary() -> Path:
    """Return a new folder for sockets and shared memory, on a memory file system where there is one.

    Folders left behind by launchers that were killed are removed first: their names hold the number of the process.

    Raises
    ------
    InputError
        When there is no place for it.
    """
    try:
        parent = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else Path(tempfile.gettempdir())
        for old in parent.glob(f"{_TEMPORARY}*"):
            owner = old.name.removeprefix(_TEMPORARY).split("-")[0]
            if owner.isdigit() and not Path(f"/proc/{owner}").exists() and Path("/proc/self").exists():
                shutil.rmtree(old, ignore_errors=True)
        return Path(tempfile.mkdtemp(prefix=f"{_TEMPORARY}{os.getpid()}-", dir=parent))
    except OSError as error:
        raise InputError(Problem(f"there is no place for temporary files: {error.strerror or error}",
                                 remedy="make /dev/shm or /tmp writable, or set TMPDIR to a folder that is")) from error
