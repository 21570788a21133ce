"""Join processes by MPI: one world, split into the groups of the layout."""

from __future__ import annotations

import json
import mmap
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from cosim._meeting import DOORBELL_BYTES, MEETING_BYTES, Doorbell, Meeting
from cosim.blocks import Frame
from cosim.errors import MissingExtra, RunError
from cosim.experiment.layout import Layout, Memory
from cosim.interfaces import Ranks
from cosim.transport.frames import pack, unpack
from cosim.transport.loopback import bytes_of, zeros_on_pages
from cosim.transports import Transport

Scalar = TypeVar("Scalar", bound=np.generic)

SPIN = 3_000
"""How often to look before blocking, where every rank has a core of its own: some 50 to 150 microseconds."""

UNSENT_LISTEN_S = 0.0001
"""How long to sleep at most while something sent has not left, seconds: large messages leave only while their sender looks after them."""

LOOKS = 100
"""How often to look in a row for a message that is on its way, before giving way to others."""


@dataclass(frozen=True, slots=True)
class Place:
    """Say which rank of which group a process is."""

    group: str
    rank: int


class World:
    """All processes of a run.

    Parameters
    ----------
    layout : Layout
        Groups take consecutive ranks, in the order of the layout.
    memory_folder : Path
        Where memory that processes share is made: a folder on a memory file system, the same for all processes of one machine. Every
        file in it is removed as soon as all sharers have mapped it.

    Raises
    ------
    RunError
        When MPI started another number of ranks than the layout has.
    """

    def __init__(self, layout: Layout, memory_folder: Path) -> None:
        MPI = _mpi()  # noqa: N806 (the module is known under this name)
        self._mpi, self.comm = MPI, MPI.COMM_WORLD.Dup()
        if self.comm.size != layout.processes:
            raise RunError(f"MPI started {self.comm.size} ranks, but the layout has {layout.processes}; "
                           "'cosim run' starts the right number")
        self._layout, self._folder = layout, memory_folder
        self.place = self._place()
        _stay_on(layout, self.place)
        self._node = self.comm.Split_type(MPI.COMM_TYPE_SHARED, self.comm.rank)
        on_node = [json.loads(r) for r in _everyones(self._node, json.dumps(self.comm.rank).encode())]
        on_cores = {c for mine in _everyones(self._node, json.dumps(cores()).encode()) for c in json.loads(mine)}
        self._cores = len(on_cores)
        spin = SPIN if len(on_node) <= self._cores else 0
        self._bells = _shared_bytes(self._node, memory_folder, len(on_node) * DOORBELL_BYTES)
        self.bells = {r: Doorbell(self._bells[i * DOORBELL_BYTES:(i + 1) * DOORBELL_BYTES], spin) for i, r in enumerate(on_node)}

    def _place(self) -> Place:
        group = self._layout.group_of(self.comm.rank)
        return Place(group, self.comm.rank - self._layout.first_rank(group))

    def ranks(self) -> Ranks:
        """Return the inner communication of this process's group; collective over all processes."""
        groups = list(self._layout.placements)
        comm = self.comm.Split(groups.index(self.place.group), self.place.rank)
        placement = self._layout.placements[self.place.group]
        together = comm.Split_type(self._mpi.COMM_TYPE_SHARED, comm.rank).size == comm.size
        # Within a group it pays to spin even where all groups together have more ranks than cores: its ranks meet every step, while
        # the other groups mostly sleep until a window is done; and whoever has spun in vain gives the core away.
        spin = SPIN if comm.size <= self._cores else 0
        if not together or placement.memory is not Memory.SHARED:
            return MessageRanks(comm, spin)
        return MemoryRanks(comm, spin, self._folder)

    def agree(self, fingerprint: Mapping[str, str]) -> list[str]:
        """Compare what determines the results over all processes; return the keys that differ, on every process."""
        mine = json.dumps(dict(fingerprint), sort_keys=True).encode()
        if len(set(_everyones(self.comm, sha256(mine).digest()))) == 1:
            return []
        everyone = [json.loads(theirs) for theirs in _everyones(self.comm, mine)]
        names = sorted({k for one in everyone for k in one})
        return [f"{n}: {' | '.join(sorted({one.get(n, '(absent)') for one in everyone}))}" for n in names
                if len({one.get(n) for one in everyone}) > 1]


def abort_all() -> None:
    """End every process of the run; do nothing where MPI has not started."""
    mpi = sys.modules.get("mpi4py.MPI")
    if mpi is not None and mpi.Is_initialized() and not mpi.Is_finalized():
        mpi.COMM_WORLD.Abort(1)


class MpiTransport(Transport):
    """Send frames between the first ranks of groups, and wake the receiver where it sleeps on the same machine.

    Every frame from the same machine rings the receiver's bell once. So as long as the bell was rung more often than frames were
    received, one is on its way and the receiver looks again: MPI moves messages only while it is called, and may find a message one
    call late. Only when both numbers are equal does it sleep, until the bell rings.

    Parameters
    ----------
    world : World
        All processes.
    peers : mapping of int to int
        For each edge that ends or begins in this process, the world rank at its other end.
    """

    def __init__(self, world: World, peers: Mapping[int, int]) -> None:
        self._world, self._peers, self._mpi = world, dict(peers), _mpi()
        self._comm = world.comm.Dup()
        self._bell = world.bells[world.comm.rank]
        self._unsent: list[tuple[Any, bytes]] = []
        self._received = 0
        self._looks = 0

    def send(self, edge: int, frame: Frame) -> None:
        """Give a frame to MPI and ring the receiver's bell."""
        data, peer = pack(edge, frame), self._peers[edge]
        self._forget_sent()
        request = self._comm.Isend([data, self._mpi.BYTE], dest=peer, tag=edge)
        if not request.Test():
            self._unsent.append((request, data))
        bell = self._world.bells.get(peer)
        if bell is not None:
            bell.ring()

    def receive(self, edge: int) -> Frame | None:
        """Take the next frame of an edge from MPI, or None."""
        status = self._mpi.Status()
        message = self._comm.Improbe(source=self._peers[edge], tag=edge, status=status)
        if message is None:
            return None
        data = bytearray(status.Get_count(self._mpi.BYTE))
        message.Recv([data, self._mpi.BYTE])
        if self._peers[edge] in self._world.bells:
            self._received = (self._received + 1) % (1 << 32)
        self._looks = 0
        return unpack(edge, data)

    def wait(self, seconds: float) -> None:
        """Spin briefly, then sleep until the bell rings.

        A peer on another machine cannot ring it, and what was sent but has not left needs looking after: then look again soon.
        """
        self._forget_sent()
        if self._bell.rung != self._received:
            self._looks += 1
            if self._looks % LOOKS == 0:
                time.sleep(UNSENT_LISTEN_S)  # give way: the sender may need the core to move a large message
            return
        far = any(peer not in self._world.bells for peer in self._peers.values())
        self._bell.listen(self._received, UNSENT_LISTEN_S if far or self._unsent else seconds)

    def close(self) -> None:
        """Return when everything sent from here has left."""
        for request, _ in self._unsent:
            request.Wait()
        self._unsent.clear()

    def _forget_sent(self) -> None:
        if self._unsent:
            self._unsent = [(request, data) for request, data in self._unsent if not request.Test()]


class MessageRanks(Ranks):
    """Let the ranks of a group work together by messages alone."""

    share_memory = False

    def __init__(self, comm: Any, spin: int) -> None:
        self._comm, self._spin = comm, spin

    @property
    def rank(self) -> int:
        """Number of this rank in its group."""
        return int(self._comm.rank)

    @property
    def size(self) -> int:
        """Number of ranks in the group."""
        return int(self._comm.size)

    @property
    def spin(self) -> int:
        """How often it pays to look again before blocking."""
        return self._spin

    def shared_array(self, shape: int | tuple[int, ...], dtype: np.dtype[Any] | type) -> NDArray[Any]:
        """Refuse: these ranks share no memory."""
        raise RunError("the ranks of this group share no memory; a component must ask 'share_memory' first")

    def gather(self, part: NDArray[Scalar]) -> NDArray[Scalar]:
        """Return the parts of all ranks, joined in the order of the ranks."""
        part = np.ascontiguousarray(part)
        whole, _ = _joined(self._comm, part.reshape(-1).view(np.uint8))
        return whole.view(part.dtype).reshape(-1, *part.shape[1:])

    def broadcast(self, data: bytes | None) -> bytes:
        """Return what rank 0 gave."""
        return _from_first(self._comm, data)

    def barrier(self) -> None:
        """Return when all ranks have come here."""
        self._comm.Barrier()


class MemoryRanks(MessageRanks):
    """Let the ranks of a group on one machine work together through memory that they share."""

    share_memory = True

    def __init__(self, comm: Any, spin: int, folder: Path) -> None:
        super().__init__(comm, spin)
        self._folder = folder
        self._meeting = Meeting(self.shared_array(MEETING_BYTES, np.uint8), self.size, spin)
        self._room = self.shared_array(0, np.uint8)
        self._length: NDArray[np.int64] = self.shared_array(self.size, np.int64)

    def shared_array(self, shape: int | tuple[int, ...], dtype: np.dtype[Any] | type) -> NDArray[Any]:
        """Return an array of zeros that all ranks of the group read and write."""
        memory = _shared_bytes(self._comm, self._folder, bytes_of(shape, dtype))
        count = int(np.prod(shape, dtype=int))
        return memory.view(dtype)[:count].reshape(shape) if count else np.zeros(shape, dtype)

    def gather(self, part: NDArray[Scalar]) -> NDArray[Scalar]:
        """Return the parts of all ranks, joined in the order of the ranks."""
        part = np.ascontiguousarray(part)
        self._length[self.rank] = part.nbytes
        self._meeting.meet()
        lengths = self._length.copy()
        ends = np.cumsum(lengths)
        self._make_room(int(ends[-1]))
        self._room[ends[self.rank] - lengths[self.rank]:ends[self.rank]] = part.reshape(-1).view(np.uint8)
        self._meeting.meet()
        whole = self._room[:ends[-1]].copy().view(part.dtype).reshape(-1, *part.shape[1:])
        self._meeting.meet()
        return whole

    def broadcast(self, data: bytes | None) -> bytes:
        """Return what rank 0 gave."""
        if self.rank == 0 and data is not None:
            self._length[0] = len(data)
        self._meeting.meet()
        length = int(self._length[0])
        self._make_room(length)
        if self.rank == 0 and data is not None:
            self._room[:length] = np.frombuffer(data, np.uint8)
        self._meeting.meet()
        whole = self._room[:length].tobytes()
        self._meeting.meet()
        return whole

    def barrier(self) -> None:
        """Return when all ranks have come here."""
        self._meeting.meet()

    def _make_room(self, length: int) -> None:
        """Make the shared room large enough; all ranks come to the same decision."""
        if length > len(self._room):
            self._room = self.shared_array(2 * length, np.uint8)


def _shared_bytes(comm: Any, folder: Path, size: int) -> NDArray[np.uint8]:
    """Return memory shared by all ranks of a communicator that lie on one machine.

    It is a file that is removed from its folder as soon as everybody has mapped it, so that nothing can be left behind.

    Raises
    ------
    RunError
        When there is no room for it.
    """
    name = f"{os.getpid()}-{os.urandom(6).hex()}" if comm.rank == 0 else ""
    if comm.rank == 0:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / name).open("xb") as file:
            _reserve(file.fileno(), size, folder)
    path = folder / _from_first(comm, name.encode() if comm.rank == 0 else None).decode()
    with path.open("r+b") as file:
        memory = mmap.mmap(file.fileno(), size)
    comm.Barrier()
    if comm.rank == 0:
        path.unlink()
    array: NDArray[np.uint8] = zeros_on_pages(memory, size, np.uint8)
    return array


def _reserve(file: int, size: int, folder: Path) -> None:
    """Make a file so long, and see to it that there is room: a page that cannot be had later would kill who writes to it."""
    try:
        if sys.platform.startswith("linux"):
            os.posix_fallocate(file, 0, size)
        else:
            os.truncate(file, size)
    except OSError as error:
        raise RunError(f"there is no room for {size} bytes of shared memory in {folder}: {error.strerror}; make its file system larger, "
                       "write 'memory: separate' in the layout, or use fewer ranks") from error


def _from_first(comm: Any, data: bytes | None) -> bytes:
    """Return the bytes that rank 0 gave, on every rank."""
    size = np.array([len(data) if data is not None else 0], np.int64)
    comm.Bcast(size, root=0)
    buffer = bytearray(data) if data is not None else bytearray(int(size[0]))
    comm.Bcast([buffer, _mpi().BYTE], root=0)
    return bytes(buffer)


def _joined(comm: Any, part: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the bytes of all ranks, joined, and how many each gave."""
    counts = np.empty(comm.size, np.int64)
    comm.Allgather(np.array([len(part)], np.int64), counts)
    whole = np.empty(int(counts.sum()), np.uint8)
    comm.Allgatherv([part, _mpi().BYTE], [whole, counts.tolist(), _mpi().BYTE])
    return whole, counts


def _everyones(comm: Any, data: bytes) -> list[bytes]:
    """Return the bytes of each rank."""
    whole, counts = _joined(comm, np.frombuffer(data, np.uint8))
    return [part.tobytes() for part in np.split(whole, np.cumsum(counts)[:-1])]


def _stay_on(layout: Layout, place: Place) -> None:
    """Keep this process to the cores of the layout: rank r begins at the r-th of its group's cores."""
    wanted = layout.placements[place.group].cores
    if wanted and sys.platform.startswith("linux"):
        alone = len(wanted) >= layout.placements[place.group].ranks
        os.sched_setaffinity(0, {wanted[place.rank % len(wanted)]} if alone else set(wanted))


def cores() -> list[int]:
    """Return the cores that this process may use."""
    try:
        return sorted(os.sched_getaffinity(0))
    except AttributeError:  # macOS does not tell
        return list(range(os.cpu_count() or 1))


def _mpi() -> Any:
    """Return the module mpi4py.MPI; importing it starts MPI, so it happens on first use only."""
    try:
        from mpi4py import MPI  # noqa: PLC0415 (see above)
    except ImportError as error:
        raise MissingExtra("mpi", "running groups in processes of their own") from error
    return MPI
