"""Frames are the same after a journey; what is not ours, or not for this edge, is refused."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim.blocks import Frame, FrameKind, Samples, Spikes
from cosim.errors import ProtocolError
from cosim.transport.frames import MAGIC, VERSION, pack, unpack

TICKS = st.integers(-(2**62), 2**62)
NUMBERS = st.integers(-1, 2**62)
EDGES = st.integers(0, 2**32 - 1)
CONTROL = st.builds(Frame, st.sampled_from([FrameKind.DONE, FrameKind.ABORT, FrameKind.BARRIER]), NUMBERS, TICKS, TICKS, st.none(),
                    st.text(st.characters(exclude_categories=["Cs"])))


def data_frame(number: int = 3) -> Frame:
    return Frame(FrameKind.DATA, number, 30, 40, Samples(31, 1, np.arange(20.0).reshape(10, 2)))


@given(EDGES, CONTROL)
def test_a_word_of_control_is_the_same_after_a_journey(edge: int, frame: Frame) -> None:
    assert unpack(edge, pack(edge, frame)) == frame


@given(EDGES, NUMBERS, TICKS, TICKS, st.lists(st.tuples(TICKS, TICKS), max_size=5))
def test_data_are_the_same_after_a_journey(edge: int, number: int, start: int, stop: int, spikes: list[tuple[int, int]]) -> None:
    both = np.array(spikes, np.int64).reshape(-1, 2)
    sent = Frame(FrameKind.DATA, number, start, stop, Spikes(both[:, 0].copy(), both[:, 1].copy()))
    came = unpack(edge, bytearray(pack(edge, sent)))
    assert (came.kind, came.number, came.start, came.stop) == (sent.kind, number, start, stop)
    assert isinstance(came.block, Spikes)
    assert np.array_equal(came.block.ticks, both[:, 0])
    assert np.array_equal(came.block.ids, both[:, 1])


@pytest.mark.parametrize(("change", "words"), [
    (lambda d: b"mosc" + d[4:], "no frame"),
    (lambda d: MAGIC + struct.pack("<H", VERSION + 1) + d[6:], f"protocol version {VERSION + 1}"),
    (lambda d: d[:6] + struct.pack("<H", 9) + d[8:], "kind 9"),
    (lambda d: d[:8] + struct.pack("<I", 8) + d[12:], "it says edge 8"),
    (lambda d: d[:-1], "damaged"),
    (lambda d: d + b"\0", "damaged"),
    (lambda d: d[:20], "no frame"),
    (lambda d: b"", "no frame"),
], ids=["magic", "version", "kind", "edge", "short", "long", "head", "nothing"])
def test_what_is_no_frame_of_this_edge_is_refused(change, words: str) -> None:
    with pytest.raises(ProtocolError, match=words):
        unpack(7, change(pack(7, data_frame())))


@given(st.integers(0, 200), st.integers(1, 255))
def test_no_damaged_byte_brings_anything_but_a_frame_or_a_refusal(place: int, change: int) -> None:
    data = bytearray(pack(7, data_frame()))
    data[place % len(data)] ^= change
    try:
        came = unpack(7, data)
    except ProtocolError:
        return
    assert isinstance(came, Frame)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_in_words(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        unpack(7, data)
