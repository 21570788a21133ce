"""Threads stand for processes: the memory is the same, and waiting lets go of Python's lock."""

import threading
import time

import numpy as np
import pytest

from cosim._meeting import DOORBELL_BYTES, MEETING_BYTES, Doorbell, Meeting
from cosim.transport.loopback import SoloRanks

ROUNDS = 3000


def memory(size: int) -> np.ndarray:
    return SoloRanks().shared_array(size, np.uint8)


@pytest.mark.parametrize("size", [2, 3, 5])
@pytest.mark.parametrize("spin", [0, 200])
def test_nobody_leaves_a_meeting_before_all_have_come(size: int, spin: int) -> None:
    room, counts, early = memory(MEETING_BYTES), np.zeros(size, np.int64), []

    def attend(rank: int) -> None:
        meeting = Meeting(room, size, spin)
        for k in range(1, ROUNDS + 1):
            counts[rank] = k
            meeting.meet()
            if counts.min() < k:
                early.append((rank, k))
            meeting.meet()

    threads = [threading.Thread(target=attend, args=(r,), daemon=True) for r in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert not early


@pytest.mark.parametrize("spin", [0, 200])
def test_no_ring_of_a_bell_is_missed(spin: int) -> None:
    room, asked, answered = Doorbell(memory(DOORBELL_BYTES), spin), [], []
    other = Doorbell(memory(DOORBELL_BYTES), spin)

    def answer() -> None:
        for k in range(ROUNDS):
            while room.rung == k:
                room.listen(k, 10.0)
            answered.append(k)
            other.ring()

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    began = time.monotonic()
    for k in range(ROUNDS):
        asked.append(k)
        room.ring()
        while other.rung == k:
            other.listen(k, 10.0)
    thread.join(10)
    assert answered == asked
    assert time.monotonic() - began < 60  # a missed ring costs ten seconds, and there are thousands


def test_listening_ends_after_its_time() -> None:
    bell = Doorbell(memory(DOORBELL_BYTES), 0)
    began = time.monotonic()
    bell.listen(0, 0.05)
    assert 0.04 < time.monotonic() - began < 5


def test_too_little_memory_is_refused() -> None:
    with pytest.raises(ValueError, match="MEETING_BYTES"):
        Meeting(memory(8), 2, 0)
    with pytest.raises(ValueError, match="DOORBELL_BYTES"):
        Doorbell(memory(8), 0)
