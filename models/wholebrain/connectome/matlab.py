"""Say which variables of a MATLAB file are whole, before a library is trusted with its bytes.

SciPy's reader takes sizes and types as they stand in the file; a broken one ends the process. Version 5 of the format, which versions 6
and 7 share, is a list of elements, each with its type and its size (MathWorks, MAT-File Format, chapter 1).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from math import prod

_MATRIX, _COMPRESSED = 14, 15
_CELL, _CHAR, _NUMBERS = 1, 4, range(6, 16)
_BYTES = {1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 4, 9: 8, 12: 8, 13: 8, 16: 1, 17: 2, 18: 4}
_LARGEST, _DEEPEST, _COMPLEX = 2**30, 8, 8


def whole_variables(content: bytes) -> list[str] | None:
    """Return the names of the variables with numbers, texts or cells of these; None where it is a file of version 4.

    Raises
    ------
    ValueError
        When the file does not hold what its sizes say.
    """
    if len(content) < 128 or 0 in content[:4]:
        return None
    order = {b"IM": "<", b"MI": ">"}.get(content[126:128])
    if order is None:
        raise ValueError("its header does not tell the order of bytes")
    names = []
    for kind, body in _elements(content, 128, order, padded=False):
        variable = body
        if kind == _COMPRESSED:
            unpacking = zlib.decompressobj()
            inner = unpacking.decompress(body, _LARGEST)
            if not unpacking.eof:
                raise ValueError("a compressed variable is cut off or larger than 1 GiB")
            kind, variable = next(_elements(inner, 0, order, padded=False), (0, b""))  # noqa: PLW2901 (the variable inside)
        if kind != _MATRIX:
            raise ValueError(f"an element of type {kind} stands where a variable should")
        name, plain = _checked(variable, order, 0)
        if plain and name:
            names.append(name)
    return names


def _checked(body: bytes, order: str, depth: int) -> tuple[str, bool]:
    """Return the name of a variable, and whether it is of a kind that is read; raise where its parts do not fit together."""
    parts = list(_elements(body, 0, order, padded=True))
    if len(parts) < 3 or depth > _DEEPEST:
        raise ValueError("a variable has no header" if len(parts) < 3 else "cells lie within cells too deep")
    (flags_kind, flags), (size_kind, size), (name_kind, name) = parts[:3]
    if (flags_kind, len(flags)) != (6, 8) or size_kind != 5 or len(size) < 8 or len(size) % 4 or name_kind not in (1, 2, 16):
        raise ValueError("the header of a variable is broken")
    word = struct.unpack(order + "I", flags[:4])[0]
    shape = struct.unpack(order + f"{len(size) // 4}i", size)
    if min(shape) < 0 or len(shape) > 32:
        raise ValueError(f"the size of a variable is {' x '.join(map(str, shape))}")
    count, kind, data = prod(shape), word & 0xFF, parts[3:]
    if kind == _CELL:
        if len(data) != count or any(k != _MATRIX for k, _ in data):
            raise ValueError(f"there are {len(data)} cells in place of {count}")
        plain = all(_checked(cell, order, depth + 1)[1] for _, cell in data if cell)
    elif kind == _CHAR or kind in _NUMBERS:
        plain = True
        if len(data) != (2 if word >> 8 & _COMPLEX else 1) or any(k not in _BYTES for k, _ in data):
            raise ValueError("a variable does not hold its numbers")
        # UTF-8 takes more bytes than there are letters; nothing else may differ.
        if any(len(values) != count * _BYTES[k] for k, values in data if k not in (1, 2, 16) or kind in _NUMBERS):
            raise ValueError("a variable does not hold as many numbers as its size says")
    else:
        plain = False
    return name.decode("latin-1"), plain


def _elements(content: bytes, at: int, order: str, padded: bool) -> Iterator[tuple[int, bytes]]:
    while at + 8 <= len(content):
        kind, size = struct.unpack_from(order + "II", content, at)
        begin, after = at + 8, at + 8 + size
        if kind >> 16:
            # Up to four bytes stand in the place of the size, which then shares a word with the type.
            kind, size, begin, after = kind & 0xFFFF, kind >> 16, at + 4, at + 8
            if size > 4:
                raise ValueError(f"an element of {size} bytes is called small")
        if begin + size > len(content):
            raise ValueError("an element is longer than what holds it")
        yield kind, content[begin : begin + size]
        at = after + (-after % 8 if padded else 0)
    if padded and any(content[at:]):
        raise ValueError("bytes are left over after the last element")
