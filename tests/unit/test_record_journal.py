"""Laws of journals: what was complete is read, what is torn waits, what is damaged is told."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

from cosim.blocks import Samples, Spikes
from cosim.errors import ProtocolError, RunError
from cosim.record.journal import Closed, Completed, Data, JournalReader, JournalWriter, Opened, Record

SPIKES = Spikes(np.array([1, 2, 2], np.int64), np.array([4, 0, 0], np.int64))
SAMPLES = Samples(1, 1, np.array([[1.5, np.nan], [-0.0, np.inf]]))
RECORDS: list[Record] = [
    Opened({"group": "brain", "ranks": 2, "hosts": ["a", "ü"]}), Data(0, SPIKES), Data(1, SAMPLES), Data(2, Spikes.none()),
    Data(3, Samples(5, 2, np.empty((0, 3)))), Completed(0, 0, 2, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6), Closed(None), Closed("a peer is gone")]


def same(one: list[Record], other: list[Record]) -> bool:
    """Return whether two lists hold the same, bit for bit."""
    def bits(record: Record) -> object:
        if not isinstance(record, Data):
            return record
        block = record.block
        values = block.ids if isinstance(block, Spikes) else block.values
        return record.port, type(block), block.ticks.tobytes(), values.shape, values.dtype, values.tobytes()
    return [bits(r) for r in one] == [bits(r) for r in other]


def written(path: Path, *records: Record) -> bytes:
    writer = JournalWriter(path)
    writer.append(*records)
    writer.close()
    return path.read_bytes()


def test_everything_comes_back_in_order(tmp_path: Path) -> None:
    written(tmp_path / "j", *RECORDS)
    reader = JournalReader(tmp_path / "j")
    assert same(reader.poll(), RECORDS)
    assert reader.poll() == []
    assert reader.offset == (tmp_path / "j").stat().st_size
    reader.close()


def test_a_journal_cut_at_any_byte_of_its_last_record_gives_all_records_before(tmp_path: Path) -> None:
    for last in range(len(RECORDS)):
        before = len(written(tmp_path / f"before{last}", *RECORDS[:last]))
        whole = written(tmp_path / f"whole{last}", *RECORDS[:last + 1])
        for length in range(before, len(whole)):
            (tmp_path / "torn").write_bytes(whole[:length])
            reader = JournalReader(tmp_path / "torn")
            assert same(reader.poll(), RECORDS[:last]), f"cut at byte {length} of {len(whole)}"
            (tmp_path / "torn").write_bytes(whole)
            assert same(reader.poll(), RECORDS[last:last + 1]), f"completed after a cut at byte {length}"
            reader.close()


def test_a_journal_that_is_not_there_yet_or_has_half_a_header_gives_nothing(tmp_path: Path) -> None:
    whole = written(tmp_path / "whole", RECORDS[0])
    reader = JournalReader(tmp_path / "j")
    assert reader.poll() == []
    for length in (0, 3, 19):
        (tmp_path / "j").write_bytes(whole[:length])
        assert reader.poll() == []
    (tmp_path / "j").write_bytes(whole)
    assert same(reader.poll(), RECORDS[:1])
    reader.close()


def test_a_journal_is_followed_while_it_grows(tmp_path: Path) -> None:
    writer, reader = JournalWriter(tmp_path / "j"), JournalReader(tmp_path / "j")
    for record in RECORDS:
        assert reader.poll() == []
        writer.append(record)
        assert same(reader.poll(), [record])
    writer.close()
    reader.close()


@pytest.mark.parametrize("at_once", [1, 20, 21, 50, 100, 1000])
def test_a_long_journal_is_read_in_pieces_without_loss(tmp_path: Path, at_once: int) -> None:
    written(tmp_path / "j", *RECORDS)
    reader, found = JournalReader(tmp_path / "j"), []
    while piece := reader.poll(at_once):
        found += piece
    assert same(found, RECORDS)
    reader.close()


def test_a_flipped_bit_anywhere_is_told_with_file_and_byte(tmp_path: Path) -> None:
    path = tmp_path / "j"
    before = len(written(tmp_path / "before", RECORDS[0]))
    whole = written(tmp_path / "whole", *RECORDS[:2])
    for place in range(before, len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 4
        path.write_bytes(damaged)
        reader = JournalReader(path)
        with pytest.raises(ProtocolError, match=f"{path} is damaged in the record at byte {before}"):
            reader.poll()
        reader.close()


def test_a_file_that_is_no_journal_is_refused(tmp_path: Path) -> None:
    (tmp_path / "j").write_bytes(b"something else that is long enough")
    with pytest.raises(ProtocolError, match="not a journal of version"):
        JournalReader(tmp_path / "j").poll()


def test_all_records_of_a_window_go_in_one_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer, sizes, write = JournalWriter(tmp_path / "j"), [], os.write
    monkeypatch.setattr(os, "write", lambda file, data: sizes.append(len(data)) or write(file, data))
    writer.append(*RECORDS)
    monkeypatch.undo()
    writer.close()
    assert len(sizes) == 1


def test_a_system_that_takes_little_at_once_gets_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:7]))
    written(tmp_path / "j", *RECORDS)
    monkeypatch.undo()
    assert same(JournalReader(tmp_path / "j").poll(), RECORDS)


def test_a_full_disk_is_told_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(file: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")
    writer = JournalWriter(tmp_path / "j")
    monkeypatch.setattr(os, "write", full)
    with pytest.raises(RunError, match=f"cannot write the journal {tmp_path / 'j'}: No space left"):
        writer.append(RECORDS[0])
    writer.close()


def test_a_journal_is_never_written_over(tmp_path: Path) -> None:
    written(tmp_path / "j", *RECORDS)
    with pytest.raises(RunError, match=r"cannot make the journal .*File exists"):
        JournalWriter(tmp_path / "j")
    assert same(JournalReader(tmp_path / "j").poll(), RECORDS)


def test_a_killed_process_leaves_every_window_it_completed(tmp_path: Path) -> None:
    code = dedent("""
        import os, signal, sys
        from pathlib import Path
        from cosim.blocks import Spikes
        from cosim.record.journal import Completed, Data, JournalWriter
        writer = JournalWriter(Path(sys.argv[1]))
        for k in range(100):
            writer.append(Data(0, Spikes.none()), Completed(k, k, k + 1))
        os.kill(os.getpid(), signal.SIGKILL)
    """)
    ended = subprocess.run([sys.executable, "-c", code, str(tmp_path / "j")], check=False)
    assert ended.returncode == -signal.SIGKILL
    records = JournalReader(tmp_path / "j").poll()
    assert [r.stop for r in records if isinstance(r, Completed)] == list(range(1, 101))
