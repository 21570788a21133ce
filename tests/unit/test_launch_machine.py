"""What this machine offers: cores, memory as far as a container allows it, MPI."""

from __future__ import annotations

import importlib.util
import signal
import sys
import threading
from pathlib import Path

import pytest

from cosim.launch import machine
from cosim.launch.interrupts import interruptible, uninterrupted


def test_there_are_cores_and_memory() -> None:
    there = machine.memory()
    if Path("/proc/meminfo").exists():
        assert 0 < there.free <= there.total


@pytest.mark.parametrize(("limit", "used", "expected"), [
    ("max", "5", machine.Memory(8 << 10, 6 << 10)), ("3000", "1000", machine.Memory(3000, 2000)), ("3000", "4000", machine.Memory(3000, 0)),
    ("9999", "0", machine.Memory(8 << 10, 6 << 10))])
def test_a_container_that_allows_less_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, used: str,
                                             expected: machine.Memory) -> None:
    (tmp_path / "memory.max").write_text(f"{limit}\n")
    (tmp_path / "memory.current").write_text(f"{used}\n")
    monkeypatch.setattr(machine, "_control_groups", lambda: [tmp_path])
    real = machine._lines
    info = ["MemTotal: 8 kB", "MemAvailable: 6 kB"]
    monkeypatch.setattr(machine, "_lines", lambda path: info if path == Path("/proc/meminfo") else real(path))
    assert machine.memory() == expected


def test_a_machine_that_does_not_tell_has_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_lines", lambda _: [])
    assert machine.memory() == machine.Memory(0, 0)


def test_what_stands_in_the_place_of_mpi4py_is_not_mpi4py(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    assert not machine.mpi_is_installed()
    monkeypatch.undo()

    def fail(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(importlib.util, "find_spec", fail)
    assert not machine.mpi_is_installed()


def test_every_polite_request_is_taken_as_ctrl_c_and_forgotten_afterwards() -> None:
    for number in (signal.SIGTERM, signal.SIGHUP):
        before = signal.getsignal(number)
        with pytest.raises(KeyboardInterrupt), interruptible():
            signal.raise_signal(number)
        assert signal.getsignal(number) is before


def test_what_nohup_ignores_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interruptible():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_cleaning_up_is_not_interrupted() -> None:
    with interruptible(), uninterrupted():
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.raise_signal(number)


def test_threads_leave_signals_alone() -> None:
    failures: list[BaseException] = []

    def work() -> None:
        try:
            with interruptible(), uninterrupted():
                pass
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert failures == []
