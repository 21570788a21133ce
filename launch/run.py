"""Run an experiment: start its processes, follow them, keep what they give, say why when they fail."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from cosim.errors import CosimError, RunError
from cosim.experiment.layout import Layout, Transport
from cosim.experiment.resolve import resolved_text
from cosim.experiment.resolve_layout import layout_text
from cosim.launch.board import Board, Entry
from cosim.launch.failure import who_waits, why
from cosim.launch.folder import RunFolder, make_run_folder, make_temporary
from cosim.launch.follow import FLUSH_S, Follower
from cosim.launch.processes import end, environment, start, start_line
from cosim.launch.progress import Progress
from cosim.launch.ready import Ready, make_ready
from cosim.launch.report import write_report
from cosim.launch.versions import versions
from cosim.launch.worker import board_size
from cosim.schedule.loop import Phase

LOOK_S = 0.05
"""How often the run is looked at, seconds."""

STILL_S = 10.0
"""After how long without any movement the user is told who waits for whom, seconds."""


def run(path: Path, console: Console, overrides: Sequence[str] = (), layout_path: Path | None = None, out: Path | None = None,
        report: bool = True) -> RunFolder:
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

    Raises
    ------
    InputError
        When something is wrong with what was given; nothing has been started then.
    RunError
        When the run did not come to its end; the folder holds what it gave until then.
    """
    ready = make_ready(path, overrides, layout_path)
    line = start_line(ready.layout, Path())  # so that a missing mpiexec is told before a folder is made
    folder = make_run_folder(out, path)
    folder.experiment.write_text(resolved_text(ready.experiment))
    folder.layout.write_text(layout_text(ready.layout))
    folder.versions.write_text(json.dumps(versions(), indent=1))
    line = start_line(ready.layout, folder.path.resolve())
    console.print(f"running {ready.experiment.title or path.name} in {folder.path}: {_in_words(ready.layout)}", highlight=False)
    cause = _supervise(ready, folder, line, console)
    shutil.rmtree(folder.live, ignore_errors=True)
    if report:
        write_report(folder.path)
    if cause is not None:
        raise RunError(cause)
    return folder


def _supervise(ready: Ready, folder: RunFolder, line: list[str], console: Console) -> str | None:
    """Start the processes and follow them to their end; return why they failed, or None."""
    temporary = make_temporary()
    board = Board(folder.board, board_size(ready.experiment, ready.layout))
    follower = Follower(ready, folder)
    began, process, cause = time.monotonic(), None, None
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)  # a batch system's end of time is told as Ctrl-C is
    try:
        process = start(line, environment(temporary, ready.layout), folder.log / "start.log")
        _watch(ready, board, follower, process, console)
        if process.returncode or not all(c.closed for c in follower.courses.values()):
            cause = why(folder, ready.layout, ready.plan, board.read(), process.returncode)
    except KeyboardInterrupt:
        cause = "interrupted by the user"
    except CosimError as error:
        cause = str(error)
    finally:
        signal.signal(signal.SIGTERM, before)
        if process is not None:
            end(process)
        shutil.rmtree(temporary, ignore_errors=True)
        follower.close()
        entries = board.read()
        board.close()
        _write_timing(ready, folder, follower, entries, time.monotonic() - began, cause)
    return cause


def _watch(ready: Ready, board: Board, follower: Follower, process: subprocess.Popen[bytes], console: Console) -> None:
    """Look at the run until its processes have ended."""
    experiment = ready.experiment
    flushed = moved = time.monotonic()
    before: list[tuple[Phase, int]] = []
    with Progress(console, experiment.ms(experiment.duration), experiment.ms(1)) as progress:
        while True:
            ended = process.poll() is not None
            follower.look()
            entries, now = board.read(), time.monotonic()
            state = [(e.phase, e.window) for e in entries]
            if state != before:
                before, moved = state, now
            still = now - moved > STILL_S
            note = f"nothing has moved for {now - moved:.0f} s: {who_waits(ready.layout, ready.plan, entries)}" if still else ""
            progress.show(follower.reached, follower.courses, note)
            if now - flushed > FLUSH_S:
                follower.flush()
                flushed = now
            if ended:
                return
            try:
                process.wait(LOOK_S)
            except subprocess.TimeoutExpired:
                continue


def _write_timing(ready: Ready, folder: RunFolder, follower: Follower, entries: list[Entry], wall_s: float, cause: str | None) -> None:
    """Write where the time went, for the report and for whoever asks."""
    plan, experiment = ready.plan, ready.experiment
    began = min((c.began for c in follower.courses.values() if c.began), default=0.0)
    ended = max((c.ended for c in follower.courses.values()), default=began)
    simulated_ms = experiment.ms(follower.reached)
    groups = {}
    for name, course in follower.courses.items():
        parts = asdict(course)
        start = [experiment.ms(t) for t in parts.pop("start")]
        for key in ("stop", "began", "closed"):
            parts.pop(key)
        parts["begin_s"] = [t - began for t in parts["begin_s"]]
        groups[name] = {"ranks": ready.layout.placements[name].ranks, "window_ms": experiment.ms(plan.windows[name]), "start_ms": start,
                        **parts}
    couplings = [{"name": e.name, "from": e.coupling.source, "to": e.coupling.target, "delay_ms": experiment.ms(e.coupling.delay),
                  "headroom_ms": experiment.ms(e.headroom), "mode": str(plan.mode(e))} for e in plan.edges]
    interrupted = cause is not None and cause.startswith("interrupted")
    folder.timing.write_text(json.dumps({
        "status": "finished" if cause is None else "interrupted" if interrupted else "failed", "cause": cause, "wall_s": wall_s,
        "build_s": max((e.built for e in entries), default=0.0), "simulated_ms": simulated_ms, "simulation_s": ended - began,
        "real_time_factor": 1000 * (ended - began) / simulated_ms if simulated_ms else None,
        "peak_memory_bytes": sum({e.pid: e.memory for e in entries}.values()), "groups": groups, "couplings": couplings,
        "facts": {g: dict(d.facts) for g, d in plan.descriptions.items()}}))


def _in_words(layout: Layout) -> str:
    if layout.transport is Transport.LOOPBACK:
        return "all groups in one process"
    return ", ".join(f"{n} on {p.ranks} rank{'s' if p.ranks > 1 else ''}" for n, p in layout.placements.items())
