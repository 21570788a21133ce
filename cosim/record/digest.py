"""Sum up everything that was recorded in one number."""

from __future__ import annotations

import struct
from hashlib import sha256
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from cosim.record.reading import check_ours, opened

_ROOT_FACTS = ("tick_ms", "duration_ticks", "valid_until_tick")
_PORT_FACTS = ("kind", "unit", "tick_ms", "valid_until_tick", "names", "populations", "population_first")
_SLICE_BYTES = 16 << 20


def digest(path: Path) -> str:
    """Return one SHA-256 over all recorded data and what they mean.

    Parameters
    ----------
    path : Path
        ``results.h5``, or the folder of the run.

    Returns
    -------
    str
        64 hexadecimal digits. They depend on the data, their names, shapes, units and channels, on the time grid and on how far the
        run came; not on how the file is laid out, the window length, the layout, the machine, the seed's number, texts or versions.

    Raises
    ------
    InputError
        When the file cannot be read.
    """
    total = sha256(b"cosim digest 1")
    with opened(path) as file:
        check_ours(file)
        _add_facts(total, "/", file, _ROOT_FACTS)
        places: dict[str, h5py.Group | h5py.Dataset] = {}
        file.visititems(lambda name, place: places.update({name: place}))
        for name in sorted(places):
            place = places[name]
            if isinstance(place, h5py.Dataset):
                _add_dataset(total, name, place)
            elif "kind" in place.attrs:
                _add_facts(total, name, place, _PORT_FACTS)
    return total.hexdigest()


def _add_facts(total: Any, name: str, place: h5py.Group, facts: tuple[str, ...]) -> None:
    for fact in facts:
        if fact in place.attrs:
            values = np.asarray(place.attrs[fact])
            _add_head(total, f"{name}@{fact}", values.dtype, values.shape)
            total.update(_canonical(values))


def _add_dataset(total: Any, name: str, data: h5py.Dataset) -> None:
    text = h5py.check_string_dtype(data.dtype) is not None
    values = data.asstr() if text else data
    _add_head(total, name, data.dtype, data.shape)
    if not data.shape:
        total.update(_canonical(np.asarray(values[()])))
        return
    row = max(1, data.dtype.itemsize * int(np.prod(data.shape[1:])))
    rows = max(1, _SLICE_BYTES // row)
    for begin in range(0, data.shape[0], rows):
        total.update(_canonical(np.asarray(values[begin:begin + rows])))


def _add_head(total: Any, name: str, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
    """Add what comes next and how long it is, so that no two different files give the same bytes."""
    kind = "text" if dtype.kind in "OSU" else f"{dtype.kind}{dtype.itemsize}"
    total.update(_text(name) + _text(kind) + struct.pack(f"<q{len(shape)}q", len(shape), *shape))


def _canonical(values: NDArray[Any]) -> bytes:
    if values.dtype.kind in "OSU":
        return b"".join(_text(item.decode() if isinstance(item, bytes) else str(item)) for item in values.ravel().tolist())
    return values.astype(values.dtype.newbyteorder("<")).tobytes()


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<q", len(data)) + data
