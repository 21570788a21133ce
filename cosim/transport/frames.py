"""Write frames as bytes and read them, refusing what is not ours."""

from __future__ import annotations

import struct

from cosim.blocks import Frame, FrameKind, from_bytes, to_bytes
from cosim.errors import ProtocolError

MAGIC = b"cosm"
VERSION = 1
_HEAD = struct.Struct("<4sHHIqqqQ")
_CODES = tuple(FrameKind)


def pack(edge: int, frame: Frame) -> bytes:
    """Return a frame as bytes: magic, protocol version, kind, edge, window number, start, stop, length; then the block or the reason."""
    body = to_bytes(frame.block) if frame.block is not None else frame.reason.encode()
    return _HEAD.pack(MAGIC, VERSION, _CODES.index(frame.kind), edge, frame.number, frame.start, frame.stop, len(body)) + body


def unpack(edge: int, data: bytes | bytearray) -> Frame:
    """Return the frame that `pack` wrote.

    Raises
    ------
    ProtocolError
        When the bytes are not a frame of this protocol version, or belong to another edge.
    """
    if len(data) < _HEAD.size or data[:4] != MAGIC:
        raise ProtocolError(f"something that is no frame came on edge {edge}: {bytes(data[:16])!r}")
    _, version, code, found, number, start, stop, length = _HEAD.unpack_from(data)
    if version != VERSION:
        raise ProtocolError(f"a frame of protocol version {version} came on edge {edge}, this side speaks version {VERSION}; "
                            "run all groups with the same version of cosim")
    if found != edge or code >= len(_CODES) or len(data) != _HEAD.size + length:
        raise ProtocolError(f"a damaged frame came on edge {edge}: it says edge {found}, kind {code}, {length} bytes")
    body, kind = bytes(data[_HEAD.size:]), _CODES[code]
    try:
        if kind is FrameKind.DATA:
            return Frame(kind, number, start, stop, from_bytes(body))
        return Frame(kind, number, start, stop, None, body.decode())
    except ValueError as error:
        raise ProtocolError(f"a damaged frame came on edge {edge}: {error}") from error
