"""Read the spikes that NEST's recorder writes as text: ``.dat`` of NEST 3, ``.gdf`` of NEST 2."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cosim.errors import InputError, Problem
from cosim.models.microcircuit.spike_files.trains import SpikeTrains, spike_trains

_COLUMNS = {("sender", "time_ms"): "time", ("sender", "time_step", "time_offset"): "steps"}
_EXPECTED = "spikes as NEST writes them: a line 'sender time_ms' (or none), then an id and a time on each line"
_MOST_HEADER_LINES = 100


def read_nest_text(path: Path, first_id: int = 0, resolution_ms: float | None = None) -> SpikeTrains:
    """Return the spikes of a text file of NEST.

    Parameters
    ----------
    path : Path
        The file: lines of ``sender time_ms``, or of ``sender time_step time_offset``; comments begin with ``#``. The line that
        names the columns may be missing.
    first_id : int
        What to subtract from NEST's ids, which are global and begin at 1: the id of the population's first neuron.
    resolution_ms : float or None
        Length of NEST's step, ms; needed where times are written in steps, because the file does not tell it.

    Raises
    ------
    InputError
        When a line is not as expected; names the file and the line.
    """
    try:
        kind, skipped = _header(path)
        if kind == "steps":
            if resolution_ms is None:
                raise InputError(Problem("the times are written in steps, and the file does not say how long a step is", where=str(path),
                                         remedy="give the resolution that NEST had, in ms"))
            table = _table(path, skipped, [("id", np.int64), ("step", np.int64), ("offset_ms", np.float64)])
            times = table["step"] * np.float64(resolution_ms) - table["offset_ms"]
        else:
            table = _table(path, skipped, [("id", np.int64), ("time_ms", np.float64)])
            times = table["time_ms"]
    except (OSError, UnicodeDecodeError) as error:
        reason = "it is no text" if isinstance(error, UnicodeDecodeError) else error.strerror or str(error)
        raise InputError(Problem(f"cannot read {path}: {reason}", expected=_EXPECTED)) from error
    ids = table["id"] - first_id
    if len(ids) and ids.min() < 0:
        raise InputError(Problem(f"there is a spike of neuron {table['id'].min()}, and the first neuron is said to be {first_id}",
                                 where=str(path), remedy=f"set the first id to {max(0, int(table['id'].min()))} or less"))
    return spike_trains(times, ids, where=str(path))


def _header(path: Path) -> tuple[str, int]:
    """Return which columns a file has, and how many lines stand before the first spike."""
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            words = line.split("#")[0].split()
            if not words:
                if number > _MOST_HEADER_LINES:
                    break
                continue
            if tuple(words) in _COLUMNS:
                return _COLUMNS[tuple(words)], number + 1
            if words[0].lstrip("+-").isdigit() and len(words) in {2, 3}:
                return ("time", "steps")[len(words) - 2], 0
            raise InputError(Problem(f"this line is {line.strip()[:60]!r}", where=f"{path}:{number + 1}", expected=_EXPECTED))
    return "time", 0


def _table(path: Path, skipped: int, columns: list[tuple[str, type]]) -> NDArray[Any]:
    dtype = np.dtype(columns)
    if not _has_data(path, skipped):
        return np.empty(0, dtype)
    try:
        return np.loadtxt(path, dtype, comments="#", skiprows=skipped, ndmin=1, encoding="utf-8")
    except UnicodeDecodeError:
        raise
    except ValueError as error:
        raise _bad_line(path, skipped, dtype, error) from error


def _has_data(path: Path, skipped: int) -> bool:
    with path.open(encoding="utf-8") as lines:
        return any(line.split("#")[0].strip() for number, line in enumerate(lines) if number >= skipped)


def _bad_line(path: Path, skipped: int, dtype: np.dtype[Any], error: ValueError) -> InputError:
    """Find the line that could not be read, slowly, as this is done once."""
    kinds = [(name, int if dtype[name].kind == "i" else float) for name in dtype.names or ()]
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            words = line.split("#")[0].split()
            if number < skipped or not words:
                continue
            if len(words) != len(kinds):
                return InputError(Problem(f"this line has {len(words)} columns", where=f"{path}:{number + 1}",
                                          expected=f"{len(kinds)}: {', '.join(name for name, _ in kinds)}"))
            for word, (name, kind) in zip(words, kinds, strict=True):
                try:
                    kind(word)
                except ValueError:
                    return InputError(Problem(f"'{word[:30]}' is no {'whole ' if kind is int else ''}number", where=f"{path}:{number + 1}",
                                              expected=f"a value for '{name}'"))
    return InputError(Problem(f"cannot read {path}: {error}", expected=_EXPECTED))
