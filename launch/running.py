"""Start the processes of a run, hold everything that a run needs while it goes on, and let go of it in order."""

from __future__ import annotations

import json
import shutil
import time
from contextlib import ExitStack
from dataclasses import asdict

from cosim.errors import CosimError
from cosim.experiment.resolve import resolved_text
from cosim.experiment.resolve_layout import layout_text
from cosim.launch.board import Board, Entry
from cosim.launch.failure import why
from cosim.launch.folder import RunFolder, make_temporary
from cosim.launch.follow import Follower
from cosim.launch.processes import end, environment, start, start_line
from cosim.launch.ready import Ready
from cosim.launch.versions import versions
from cosim.launch.worker import board_size


class Running:
    """A run whose processes have been started; nothing is left running when this cannot be made.

    Parameters
    ----------
    ready : Ready
        What runs.
    folder : RunFolder
        Where; it has just been made.

    Raises
    ------
    OSError
        When the folder cannot be written.
    InputError
        When there is no place for temporary files.
    """

    def __init__(self, ready: Ready, folder: RunFolder) -> None:
        self.ready, self.folder = ready, folder
        folder.experiment.write_text(resolved_text(ready.experiment), encoding="utf-8")
        folder.layout.write_text(layout_text(ready.layout), encoding="utf-8")
        folder.versions.write_text(json.dumps(versions(), indent=1), encoding="utf-8")
        self._began = time.monotonic()
        with ExitStack() as stack:
            temporary = make_temporary()
            stack.callback(shutil.rmtree, temporary, ignore_errors=True)
            self.board = Board(folder.board, board_size(ready.experiment, ready.layout))
            stack.callback(self.board.close)
            folder.files.write_text(json.dumps({name: said.files for name, said in ready.plan.descriptions.items()}), encoding="utf-8")
            self.follower = Follower(ready, folder)
            opened = stack.enter_context(ExitStack())
            opened.callback(self.follower.close)
            self.process = start(start_line(ready.layout, folder.path.resolve()), environment(temporary, ready.layout),
                                 folder.log / "start.log")
            opened.pop_all()  # from now on 'close' closes the results, because it wants to know how that went
            self._held = stack.pop_all()

    @property
    def is_settled(self) -> bool:
        """Whether the processes have nothing more to do: every group has ended well, or one has said why it could not go on."""
        return self._ended_well or any(self.folder.log.glob("*.failure.json"))

    @property
    def _ended_well(self) -> bool:
        return all(c.closed for c in self.follower.courses.values())

    def why(self) -> str | None:
        """Return why the run failed, when all its processes have ended or are settled; None when it did not."""
        status = self.process.poll()
        if not status and self._ended_well:
            return None
        return why(self.folder, self.ready.layout, self.ready.plan, self.board.read(), status or 0)

    def close(self, cause: str | None) -> list[str]:
        """End what still runs, complete the results, write where the time went, and let go of everything.

        Parameters
        ----------
        cause : str or None
            Why the run did not come to its end; None when it did.

        Returns
        -------
        list of str
            The cause, and what went wrong here.
        """
        causes = [] if cause is None else [cause]
        with self._held:
            end(self.process)
            try:
                self.follower.close()
            except (CosimError, OSError, RuntimeError) as error:  # HDF5 tells much as a RuntimeError
                if str(error) not in causes:
                    causes.append(f"the results are not complete: {str(error).splitlines()[0]}")
            entries = self.board.read()
            shutil.rmtree(self.folder.live, ignore_errors=True)  # first, for the room on a disk that is full
            try:
                write_timing(self.ready, self.folder, self.follower, entries, time.monotonic() - self._began, cause)
            except OSError as error:
                self.folder.timing.unlink(missing_ok=True)
                causes.append(f"{self.folder.timing} could not be written: {error.strerror}")
        return causes


def write_timing(ready: Ready, folder: RunFolder, follower: Follower, entries: list[Entry], wall_s: float, cause: str | None) -> None:
    """Write where the time went, for the report and for whoever asks."""
    plan, experiment = ready.plan, ready.experiment
    began = max((c.began for c in follower.courses.values()), default=0.0)  # when the last group was built
    ended = max((c.ended for c in follower.courses.values()), default=began)
    simulated_ms = experiment.ms(follower.reached)
    groups = {}
    for name, course in follower.courses.items():
        parts = asdict(course)
        start = [experiment.ms(t) for t in parts.pop("start")]
        for key in ("stop", "began", "closed", "remarks"):
            parts.pop(key)
        parts |= since_built(began, parts["begin_s"], parts["wait_s"])
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
        "remarks": [r for course in follower.courses.values() for r in course.remarks],
        "facts": {g: dict(d.facts) for g, d in plan.descriptions.items()}}))


def since_built(built: float, begin_s: list[float], wait_s: list[float]) -> dict[str, list[float]]:
    """Return when windows began and how long they waited, both counted from when the last group was built, seconds.

    A group that was built earlier waits in its first window for the others to be built; that is no part of the simulation.
    """
    early = [max(0.0, built - t) for t in begin_s]
    return {"begin_s": [max(0.0, t - built) for t in begin_s],
            "wait_s": [max(0.0, waited - before) for waited, before in zip(wait_s, early, strict=True)]}
