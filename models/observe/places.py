"""Read where sensors and sources lie, and gain matrices, from files."""

from __future__ import annotations

import bz2
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.io import loadmat

from cosim.errors import InputError, Problem
from cosim.models.observe.operator import Array
from cosim.registry import did_you_mean

_DECIMAL_COMMA = re.compile(r"(?<![\d.,])-?\d+,\d+(?=[;\s]|$)")
_BLANKS = re.compile(r"\d[ \t]+-?\d")
_POINTS = "write decimals with a point (1.5, not 1,5)"


@dataclass(frozen=True, slots=True)
class Places:
    """Hold where sensors or sources lie.

    Parameters
    ----------
    labels : tuple of str
        Name of each sensor, or of the region of each source; several sources may bear the name of one region.
    positions : (n, 3) float64
        In the unit of the file, mostly mm.
    normals : (n, 3) float64 or None
        Directions.
    areas : (n,) float64
        Weight of each source, such as the area that a vertex stands for; 1 where the file has none.
    """

    labels: tuple[str, ...]
    positions: Array
    normals: Array | None
    areas: Array


def read_places(path: Path) -> Places:
    """Read lines ``label x y z [nx ny nz [area]]``, separated by blanks or commas; ``#`` begins a comment.

    A zip file in the layout of The Virtual Brain is read for the centres of its regions (``centres.txt``).

    Raises
    ------
    InputError
        When it cannot be read, or a line is something else; tells all such lines.
    """
    text = _centres(path) if path.suffix == ".zip" else _text(path)
    labels: list[str] = []
    rows: list[list[float]] = []
    problems: list[Problem] = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].replace(",", " ").split()
        if not words:
            continue
        row = line.partition("#")[0]
        if ";" in row or (len(row.split()) > 2 and _DECIMAL_COMMA.search(row)):  # '1,5 2,5' must not be taken for four numbers
            problems.append(Problem(f"'{line.strip()}' has decimal commas or semicolons", f"{path}:{number}", "label x y z",
                                    f"{_POINTS}, and separate the columns by blanks or commas"))
            continue
        try:
            values = [float(w) for w in words[1:]]
        except ValueError:
            values = []
        if len(values) not in (3, 6, 7) or not np.isfinite(values).all():
            problems.append(Problem(f"'{line.strip()}' is no place", f"{path}:{number}", "label x y z, or label x y z nx ny nz [area]"))
            continue
        if rows and len(values) != len(rows[0]):
            problems.append(Problem(f"this line has {len(values)} numbers, the first has {len(rows[0])}", f"{path}:{number}",
                                    "the same columns in every line"))
            continue
        labels.append(words[0])
        rows.append(values)
    if problems:
        raise InputError(*problems[:20])
    if not rows:
        raise InputError(Problem("the file holds no place", str(path), "lines: label x y z"))
    table = np.array(rows)
    return Places(tuple(labels), table[:, :3], table[:, 3:6] if table.shape[1] > 3 else None,
                  table[:, 6] if table.shape[1] == 7 else np.ones(len(table)))


def read_gain(path: Path, variable: str | None = None) -> Array:
    """Read a gain matrix, (sensors, sources), from .npy, .txt, .csv or .mat (then `variable`, or its only matrix).

    Raises
    ------
    InputError
        When it cannot be read, is no matrix, or holds what is no finite number.
    """
    if not path.is_file():
        raise InputError(Problem(f"there is no file '{path}'", "file", remedy="correct the path; it is relative to this file"))
    expected = "a matrix with a row for each sensor and a column for each channel, as .npy, .txt, .csv or .mat"
    try:
        if path.suffix == ".npy":
            gain = np.load(path, allow_pickle=False)
        elif path.suffix == ".mat":
            gain = _from_mat(path, variable)
        elif path.suffix in {".txt", ".csv"}:
            gain = np.loadtxt(path, delimiter="," if path.suffix == ".csv" else None, ndmin=2)
        else:
            raise InputError(Problem(f"'{path.name}' is of a sort that is not read", "file", expected))
        gain = np.asarray(gain, np.float64)
    except (OSError, ValueError, TypeError, NotImplementedError, EOFError) as error:
        what = f"the gain '{path}' cannot be read: {str(error).splitlines()[0]}"
        remedy = _remedy(_text(path), is_csv=path.suffix == ".csv") if path.suffix in {".txt", ".csv"} else ""
        raise InputError(Problem(what, "file", expected, remedy)) from None
    if gain.ndim != 2 or not gain.size:
        raise InputError(Problem(f"the gain '{path}' has the shape {gain.shape}", "file", expected))
    if not np.isfinite(gain).all():
        sensor, source = np.argwhere(~np.isfinite(gain))[0]
        what = f"the gain '{path}' is {gain[sensor, source]} in row {sensor + 1}, column {source + 1}"
        raise InputError(Problem(what, "file", "finite numbers"))
    return gain


def _remedy(text: str, *, is_csv: bool) -> str:
    """Return what to do about a table of text that is none of numbers."""
    if ";" in text or (not is_csv and "," in text) or (is_csv and _BLANKS.search(text)):
        return f"{_POINTS}, and separate the columns by {'commas' if is_csv else 'blanks'}"
    cells = [c for line in text.splitlines() if (row := line.partition("#")[0].strip()) for c in row.split("," if is_csv else None)]
    if not all(_is_number(cell) for cell in cells):
        return "leave out names of rows and columns, and write a number in every cell"
    return ""


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _from_mat(path: Path, variable: str | None) -> object:
    held = {name: value for name, value in loadmat(path).items() if not name.startswith("__") and getattr(value, "ndim", 0) == 2}
    matrices = [name for name, value in held.items() if value.dtype.kind in "fiu" and value.size > 1]
    if variable is None and len(matrices) == 1:
        return held[matrices[0]]
    if variable not in held:
        what = f"holds no matrix '{variable}'" if variable else f"holds {len(matrices)} matrices"
        raise InputError(Problem(f"'{path}' {what}", "variable", "the name of one matrix", did_you_mean(variable or "", matrices)))
    return held[variable]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        remedy = "correct the path; it is relative to this file"
        raise InputError(Problem(f"the file '{path}' cannot be read: {reason}", remedy=remedy)) from None


def _centres(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if Path(name).name.removesuffix(".bz2") in {"centres.txt", "centers.txt"}:
                    held = archive.read(name)
                    text = (bz2.decompress(held) if name.endswith(".bz2") else held).decode("utf-8")
                    return "\n".join(" ".join(line.split()[:4]) for line in text.splitlines())  # what follows are no directions
    except (OSError, ValueError, zipfile.BadZipFile, UnicodeDecodeError) as error:
        raise InputError(Problem(f"the file '{path}' cannot be read: {error}", expected="a zip file with centres.txt")) from None
    raise InputError(Problem(f"'{path}' holds no centres.txt", expected="a connectome in the layout of The Virtual Brain"))
