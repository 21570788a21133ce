"""Run an experiment: start its processes, follow them, keep what they give, say why when they fail."""

from __future__ import annotations

import shlex
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from cosim.errors import CosimError, InputError, RunError
from cosim.experiment.layout import Layout, Transport
from cosim.launch.failure import Stillness
from cosim.launch.folder import RunFolder, make_run_folder, unwritable
from cosim.launch.follow import FLUSH_S
from cosim.launch.interrupts import interruptible, postponed, uninterrupted
from cosim.launch.machine import in_bytes, memory
from cosim.launch.processes import start_line
from cosim.launch.progress import Progress
from cosim.launch.ready import Ready, make_ready, needed_memory, too_large
from cosim.launch.report import write_report
from cosim.launch.running import Running

SETTLE_S = 10.0
"""How long the starting program (mpiexec) may take to end after all ranks have ended or one has said why it failed, seconds."""

LOOK_S = 0.05
"""How often the run is looked at, seconds."""

STILL_S = 10.0
"""After how long without any movement the user is told who waits for whom, seconds."""


def run(path: Path, console: Console, overrides: Sequence[str] = (), layout_path: Path | None = None, out: Path | None = None,
        report: bool = True, still_s: float = STILL_S) -> RunFolder:
    """Run an experiment and return the folder that holds everything it left.

    Parameters
    ----------
    path, layout_path : Path
        Experiment and layout file; without a layout one is derived for this machine.
    console : Console
        Where progress is shown.
    overrides : sequence of str
        ``key=value`` from the command line.
    out : Path or None
        The folder; None takes the next free one below ``runs/``.
    report : bool
        Whether to write the report.
    still_s : float
        After how long without any movement the user is told who waits for whom, seconds.

    Raises
    ------
    InputError
        When something is wrong with what was given; nothing has been started then, and nothing is left.
    RunError
        When the run did not come to its end; the folder holds what it gave until then.
    """
    ready = make_ready(path, overrides, layout_path)
    _refuse_too_large(ready, console)
    start_line(ready.layout, Path())  # so that a missing mpiexec is told before a folder is made
    with interruptible():
        folder = make_run_folder(out, path)
        try:
            running = Running(ready, folder)
        except OSError as error:
            folder.discard()
            raise unwritable(folder.path, error) from error
        except BaseException:
            folder.discard()
            raise
        causes = _go_through(running, console, still_s)
        if report:
            causes += _report(folder)
    if causes:
        raise RunError("\n".join(causes))
    return folder


def _refuse_too_large(ready: Ready, console: Console) -> None:
    problem = too_large(ready)
    if problem:
        raise InputError(problem)
    needed, free = needed_memory(ready.plan, ready.layout.processes), memory().free
    if free and needed > free:
        console.print(f"the experiment needs about {in_bytes(needed)} of memory, of which {in_bytes(free)} are free now", style="yellow")


def _go_through(running: Running, console: Console, still_s: float) -> list[str]:
    """Follow a run to its end, however it ends; return why it failed, or nothing."""
    ready, cause = running.ready, None
    try:
        title = ready.experiment.title or ready.experiment.path.name
        console.print(f"running {title} in {running.folder.path}: {_in_words(ready.layout)}", soft_wrap=True)
        _watch(running, console, still_s)
        cause = running.why()
    except KeyboardInterrupt:
        cause = "interrupted by the user"
    except CosimError as error:
        cause = str(error)
    finally:
        with uninterrupted():
            causes = running.close(cause)
    return causes


def _watch(running: Running, console: Console, still_s: float) -> None:
    """Look at the run until its processes have ended."""
    experiment, follower = running.ready.experiment, running.follower
    stillness = Stillness(running.ready.layout, running.ready.plan, still_s)
    flushed = settled = time.monotonic()
    with Progress(console, experiment.ms(experiment.duration), experiment.ms(1)) as progress, postponed() as raise_if_asked:
        while True:
            raise_if_asked()
            ended = running.process.poll() is not None
            follower.look()
            entries, now = running.board.read(), time.monotonic()
            progress.show(follower.reached, follower.courses, stillness.note(entries, now))
            if now - flushed > FLUSH_S:
                follower.flush()
                flushed = now
            settled = now if not running.is_settled else settled
            if ended or now - settled > SETTLE_S:
                return
            try:
                running.process.wait(LOOK_S)
            except subprocess.TimeoutExpired:
                continue


def _report(folder: RunFolder) -> list[str]:
    """Write the report; return why that failed, or nothing. The results are worth keeping without it."""
    try:
        write_report(folder.path)
    except KeyboardInterrupt:
        what = "interrupted while the report was written"
    except Exception as error:
        what = f"the report could not be written: {error}"
    else:
        return []
    folder.report.unlink(missing_ok=True)
    return [f"{what}; the results are in {folder.path}, 'cosim report {shlex.quote(str(folder.path))}' writes the report again"]


def _in_words(layout: Layout) -> str:
    if layout.transport is Transport.LOOPBACK:
        return "all groups in one process"
    return ", ".join(f"{n} on {p.ranks} rank{'s' if p.ranks > 1 else ''}" for n, p in layout.placements.items())
