"""Be one process of a run: find out which rank of which group, build its component, go through the windows.

Usage: ``python -m cosim.launch.worker FOLDER``, started by the line that 'cosim plan' prints.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cosim import __version__
from cosim.blocks import Block
from cosim.errors import CosimError, RunError
from cosim.experiment.experiment import Experiment
from cosim.experiment.layout import Layout
from cosim.experiment.layout import Transport as LayoutTransport
from cosim.experiment.read import read_experiment
from cosim.experiment.read_layout import read_layout
from cosim.experiment.resolve import fingerprint
from cosim.interfaces import Context, Ranks
from cosim.launch.board import Board, Entry
from cosim.launch.folder import RunFolder
from cosim.launch.leash import hold
from cosim.launch.processes import MEMORY_FOLDER
from cosim.launch.ready import describe, make_components, recorded
from cosim.record.journal import Closed, Completed, Data, JournalWriter, Opened, Record
from cosim.schedule.loop import Member, Phase, Timing, Witness, run_members
from cosim.schedule.plan import Plan, make_plan
from cosim.timegrid import Window
from cosim.transport.loopback import Loopback, SoloRanks
from cosim.transport.mpi import MpiTransport, World, abort_all
from cosim.transports import Transport


class RankWitness(Witness):
    """Write what a rank does on the board, and what its group records into the journal.

    Parameters
    ----------
    plan : Plan
        The plan.
    group : str
        The group.
    rank : int
        The rank in the group; only rank 0 writes a journal.
    board, place : Board, int
        The board, and this rank's place on it.
    folder : RunFolder
        The run folder.
    """

    def __init__(self, plan: Plan, group: str, rank: int, board: Board, place: int, folder: RunFolder) -> None:
        self._board, self._place = board, place
        self._recorded = recorded(plan, group)
        self._journal = JournalWriter(folder.journal(group)) if rank == 0 else None
        self._begin, self._record_s = time.monotonic(), 0.0
        self._built = self._begin
        board.write(place, Entry(os.getpid(), Phase.BUILDING, -1, -1, self._begin, 0.0, 0.0))

    def built(self) -> None:
        """Note that the component is built."""
        now = time.monotonic()
        self._board.write(self._place, Entry(os.getpid(), Phase.BUILDING, -1, -1, now, now - self._built, _memory()))

    def enter(self, phase: Phase, window: int, edge: int = -1) -> None:
        """Note that the rank enters a phase."""
        self._board.enter(self._place, phase, window, edge)

    def begin(self, initial: Mapping[str, Block]) -> None:
        """Open the journal; ports that are known ahead have their first samples here."""
        self._begin = time.monotonic()
        self._write(Opened({"began": self._begin}), *self._data(initial))

    def complete(self, window: Window, outputs: Mapping[str, Block], timing: Timing) -> None:
        """Write what a window gave into the journal."""
        begun = time.monotonic()
        self._write(*self._data(outputs), Completed(window.index, window.start, window.stop, timing.begin, timing.wait, timing.translate,
                                                   timing.compute, timing.send, self._record_s))
        self._record_s = time.monotonic() - begun

    def close(self, remarks: tuple[str, ...], reason: str | None = None) -> None:
        """Close the journal with what a user should be told and why the run failed, and tell how much memory it took."""
        entry = self._board.read()[self._place]
        phase = Phase.FINISHED if reason is None else entry.phase
        self._board.write(self._place, Entry(entry.pid, phase, entry.window, entry.edge, entry.since, entry.built, _memory()))
        if self._journal is not None:
            self._write(Closed(reason, remarks))
            self._journal.close()

    def _data(self, blocks: Mapping[str, Block]) -> list[Record]:
        return [Data(i, r.keep(blocks[r.port.name])) for i, r in enumerate(self._recorded)]

    def _write(self, *records: Record) -> None:
        if self._journal is not None:
            self._journal.append(*records)


@dataclass(frozen=True, slots=True)
class Seat:
    """Say which rank of which group this process is; with loopback it sits on the seats of all groups.

    Parameters
    ----------
    group : str
        The group.
    place : int
        Number of the rank in the whole run.
    ranks : Ranks
        The group's inner communication.
    """

    group: str
    place: int
    ranks: Ranks


def main(path: Path) -> int:
    """Run as one process of the run in a folder; return the exit status."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the launcher's to handle
    folder = RunFolder(path)
    try:
        return _be_seated(folder)
    except Exception as error:
        _say_why(folder, f"process {os.getpid()}", error)
        abort_all()
        return 1


def _be_seated(folder: RunFolder) -> int:
    """Find out which rank of which group this process is, and be it; return the exit status."""
    experiment = read_experiment(folder.experiment)
    layout = read_layout(folder.layout, experiment)
    if layout.transport is LayoutTransport.LOOPBACK:
        _print_into(folder.rank_log("all", 0))
        seats = [Seat(group, place, SoloRanks()) for place, group in enumerate(experiment.groups)]
        return _run(folder, experiment, layout, seats, lambda _: Loopback())
    hold(os.getppid(), signal.SIGKILL)
    world = World(layout, Path(os.environ.get(MEMORY_FOLDER, folder.live / "memory")))
    group, rank = world.place.group, world.place.rank
    _print_into(folder.rank_log(group, rank))
    differing = world.agree(fingerprint(experiment) | {"version of cosim": __version__})
    if differing:
        _say_why(folder, f"{group} (rank {rank})", RunError("the processes do not agree on what to run: " + "; ".join(differing)))
        status = 1
    else:
        seats = [Seat(group, world.comm.rank, world.ranks())]
        status = _run(folder, experiment, layout, seats, lambda plan: MpiTransport(world, _peers(plan, layout, group)))
    if status:
        abort_all()
    return status


def _run(folder: RunFolder, experiment: Experiment, layout: Layout, seats: list[Seat], connect: Callable[[Plan], Transport]) -> int:
    """Build the components of these seats and lead them to the end; return the exit status."""
    members: list[Member] = []
    witnesses: list[RankWitness] = []
    current = seats[0]
    try:
        components = make_components(experiment)
        plan = make_plan(experiment, describe(experiment, components))
        refuse_changed_files(folder, plan)
        board, transport = Board(folder.board, board_size(experiment, layout)), connect(plan)
        for seat in seats:
            current = seat
            witness = RankWitness(plan, seat.group, seat.ranks.rank, board, seat.place, folder)
            witnesses.append(witness)
            own = folder.path / "work" / f"{seat.group}.{seat.ranks.rank}"
            components[seat.group].prepare(Context(seat.group, experiment.seed, experiment.duration, seat.ranks, own,
                                                       partition=layout.placements[seat.group].partition,
                                                       taken=plan.taken(seat.group)))
            members.append(Member(plan, seat.group, components[seat.group], seat.ranks, transport, witness))
            witness.built()
        for seat, member in zip(seats, members, strict=True):
            current = seat
            member.begin()
        run_members(members, transport)
        for member, witness in zip(members, witnesses, strict=True):
            member.close()
            witness.close(member.remarks())
        transport.close()
    except Exception as error:
        failed = next((m.group for m in members if m.failed), current.group)
        rank = next(s.ranks.rank for s in seats if s.group == failed)
        _say_why(folder, f"{failed} (rank {rank})", error)
        _close_after(str(error), members, witnesses)
        return 1
    return 0


def refuse_changed_files(folder: RunFolder, plan: Plan) -> None:
    """Raise `RunError` where a component has read something else than it did in the launcher, which checked it and writes the results."""
    if not folder.files.exists():
        return
    checked = json.loads(folder.files.read_text(encoding="utf-8"))
    for group, said in plan.descriptions.items():
        if said.files != checked.get(group, said.files):
            raise RunError(f"a file that group '{group}' is built from has changed since the run began; start it again")


def _close_after(reason: str, members: list[Member], witnesses: list[RankWitness]) -> None:
    """Let every component of this process, and all who listen to it, know that the run has failed."""
    for member in members:
        for tell in (member.abort, member.close):
            try:
                tell(reason)
            except Exception as error:
                traceback.print_exception(error)
    for witness in witnesses:
        witness.close((), reason)


def board_size(experiment: Experiment, layout: Layout) -> int:
    """Return how many entries the board has: one a rank; with loopback one a group."""
    return max(layout.processes, len(experiment.groups))


def _peers(plan: Plan, layout: Layout, group: str) -> dict[int, int]:
    """Return, for each edge at a group and the credits of its one-way edges, the rank at the other end."""
    there = {}
    for edge in plan.incoming(group):
        there[edge.index] = layout.first_rank(edge.coupling.source_group)
    for edge in plan.outgoing(group):
        there[edge.index] = layout.first_rank(edge.coupling.target_group)
    return there | {credit: there[e.index] for e in plan.edges if e.index in there and (credit := plan.credit(e)) is not None}


def _say_why(folder: RunFolder, who: str, error: Exception) -> None:
    """Leave the reason of a failure for the launcher, and the traceback in the log for whoever wrote the component."""
    cause = str(error) if isinstance(error, CosimError) else f"{type(error).__name__}: {error}"
    notes = "".join(f"; {note}" for note in getattr(error, "__notes__", ()))
    traceback.print_exception(error)
    note = folder.failure(f"{socket.gethostname()}.{os.getpid()}")
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_text(json.dumps({"who": who, "time": time.monotonic(), "cause": cause + notes}))


def _print_into(path: Path) -> None:
    """Send what this process prints into its log."""
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)


def _memory() -> float:
    """Return the largest resident memory of this process so far, bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
