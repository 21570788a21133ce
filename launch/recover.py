"""Make the results of a run whose launcher was killed from the journals that its ranks left."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from cosim.errors import InputError, Problem
from cosim.launch.board import Board
from cosim.launch.folder import RunFolder
from cosim.launch.follow import Follower
from cosim.launch.ready import make_ready
from cosim.launch.running import write_timing
from cosim.launch.worker import board_size

CAUSE = "the launcher was killed; the results were recovered from the journals"


def recover(path: Path) -> RunFolder:
    """Write ``results.h5`` and ``timing.json`` up to the last window that all groups completed, and remove the journals.

    Parameters
    ----------
    path : Path
        The folder of the run.

    Raises
    ------
    InputError
        When there is nothing to recover, or the run still goes on.
    """
    folder = RunFolder(path)
    if not folder.live.is_dir() or not folder.experiment.exists():
        raise InputError(Problem(f"there is nothing to recover in {path}", expected="the folder of a run whose launcher was killed"))
    ready = make_ready(folder.experiment, (), folder.layout)
    board = Board(folder.board, board_size(ready.experiment, ready.layout))
    entries = board.read()
    board.close()
    alive = [e.pid for e in entries if e.pid and _is_alive(e.pid)]
    if alive:
        raise InputError(Problem(f"the run in {path} still goes on (process {alive[0]})", remedy="wait until it has ended, or end it"))
    before = folder.results.with_suffix(".h5.before")
    if folder.results.exists():
        folder.results.replace(before)
    try:
        follower = Follower(ready, folder)
        follower.close()
    except BaseException:
        if before.exists():
            before.replace(folder.results)
        raise
    wall_s = max((c.ended - c.began for c in follower.courses.values() if c.stop), default=0.0)
    write_timing(ready, folder, follower, entries, wall_s, CAUSE)
    before.unlink(missing_ok=True)
    shutil.rmtree(folder.live)
    return folder


def _is_alive(pid: int) -> bool:
    """Return whether a process of this number runs here; one that has ended and waits to be asked for its status does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return True
    return state[:1] != ["Z"]
