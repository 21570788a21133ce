"""Read tables of numbers and names from text."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import zlib

import numpy as np

from cosim.errors import Problem
from cosim.models.wholebrain.connectome.data import Array

_TRUTH = {"true": 1.0, "false": 0.0}
_NAME_COLUMNS = ("name", "label", "labels", "region", "region_name", "roi")
_POSITIONS = (("x", "y", "z"), ("centroid-x", "centroid-y", "centroid-z"), ("centroid_x", "centroid_y", "centroid_z"))
_LARGEST = 2**30  # characters of one file


def text_of(content: bytes, name: str, origin: str, problems: list[Problem]) -> str | None:
    """Return the text of a file, which may be compressed as its name says (``.bz2``, ``.gz``); None where it is no text."""
    try:
        if name.endswith(".bz2"):
            content = bz2.BZ2Decompressor().decompress(content, _LARGEST)
        elif name.endswith(".gz"):
            with gzip.GzipFile(fileobj=io.BytesIO(content)) as unpacked:
                content = unpacked.read(_LARGEST)
        return content.decode("utf-8-sig")
    except (OSError, EOFError, ValueError, zlib.error) as error:
        problems.append(Problem(f"the member '{name}' cannot be read: {error}", origin))
    return None


def rows_of(text: str) -> list[list[str]]:
    """Return the fields of the lines of a text: split at tabs where there are any, else at commas, semicolons, or spaces.

    Empty lines and those that begin with ``#`` or ``%`` do not count.
    """
    lines = [line for line in text.splitlines() if line.strip() and line.lstrip()[0] not in "#%"]
    for mark in ("\t", ",", ";"):
        if any(mark in line for line in lines):
            # A number may be padded with spaces beside a mark; a line that lacks the mark is split at spaces.
            return [[f.strip() for f in _split(line, mark)] if mark in line else line.split() for line in lines]
    return [line.split() for line in lines]


def matrix(text: str | None, name: str, origin: str, problems: list[Problem]) -> tuple[Array | None, tuple[str, ...] | None]:
    """Return a table of numbers, and the names in its first line or column where it has them; note what is wrong with it.

    Parameters
    ----------
    text : str or None
        The text; None gives None.
    name, origin : str
        How to call the table and where it comes from.
    problems : list of Problem
        Where to put what is wrong.
    """
    if text is None:
        return None, None
    rows = [[f for f in row if f] if row and not row[-1] else row for row in rows_of(text)]
    names: tuple[str, ...] | None = None
    if rows and len(rows) > 1 and (not _numbers(rows[0]) or _counts(rows)):
        head, rows = rows[0], rows[1:]
        width = len(rows[0])
        if not _numbers(head):
            names = tuple(head[len(head) - width + (not _numbers(rows[0][:1])) :] if len(head) == width else head)
    if rows and all(row and not _numbers(row[:1]) for row in rows) and len(rows[0]) > 1:
        names, rows = tuple(row[0] for row in rows), [row[1:] for row in rows]
    if not rows:
        problems.append(Problem(f"'{name}' holds no numbers", origin, "a table of numbers"))
        return None, None
    widths = sorted({len(r) for r in rows})
    if len(widths) != 1:
        problems.append(Problem(f"the rows of '{name}' have {widths} columns", origin, "rows of one length"))
        return None, None
    try:
        return np.array([[_number(v) for v in row] for row in rows], np.float64), names
    except ValueError as error:
        problems.append(Problem(f"'{name}' holds something that is no number: {error}", origin))
        return None, None


def regions(text: str, name: str, origin: str, problems: list[Problem]) -> tuple[tuple[str, ...] | None, Array | None]:
    """Return names of regions, and their centres where the text has them.

    It holds one name a line, or lines of ``label x y z``, or a table with a first line that calls its columns: ``name`` or ``label``,
    and ``x``, ``y``, ``z`` or ``centroid-x`` and so on (mm).
    """
    rows = rows_of(text)
    head = [f.lower() for f in rows[0]] if rows else []
    column = next((head.index(c) for c in _NAME_COLUMNS if c in head), None)
    if column is not None and len(rows) > 1:
        return _by_columns(rows[1:], head, column, name, origin, problems)
    if rows and all(len(row) >= 4 for row in rows) and _numbers(rows[0][1:4]):
        try:
            points = np.array([[float(v) for v in row[1:4]] for row in rows])
        except ValueError as error:
            problems.append(Problem(f"'{name}' holds something that is no number: {error}", origin, "lines of: label x y z"))
            return None, None
        return tuple(row[0] for row in rows), points
    if "\t" in text or "," in text:
        return tuple(row[0] for row in rows), None
    return tuple(" ".join(row) for row in rows), None


def centres_of_tvb(text: str | None, name: str, origin: str, problems: list[Problem]) -> tuple[tuple[str, ...], Array]:
    """Return labels and centres from lines of ``label x y z``; what follows z does not count."""
    lines = rows_of(text or "")
    labels = tuple(parts[0] for parts in lines)
    try:
        points = np.array([[float(v) for v in parts[1:4]] for parts in lines if len(parts) >= 4])
    except ValueError as error:
        problems.append(Problem(f"'{name}' holds something that is no number: {error}", origin, "lines of: label x y z"))
        return labels, np.zeros((len(lines), 3))
    if len(points) != len(lines):
        short = next((" ".join(parts) for parts in lines if len(parts) < 4), "")
        problems.append(Problem(f"a line of '{name}' is too short: '{short}'", origin, "lines of: label x y z"))
        return labels, np.zeros((len(lines), 3))
    return labels, points


def _by_columns(
    rows: list[list[str]], head: list[str], column: int, name: str, origin: str, problems: list[Problem]
) -> tuple[tuple[str, ...] | None, Array | None]:
    if any(len(row) != len(head) for row in rows):
        problems.append(Problem(f"the rows of '{name}' have not as many columns as its first line, {len(head)}", origin))
        return None, None
    labels = tuple(row[column] for row in rows)
    for axes in _POSITIONS:
        if all(a in head for a in axes):
            try:
                return labels, np.array([[float(row[head.index(a)]) for a in axes] for row in rows])
            except ValueError as error:
                problems.append(Problem(f"'{name}' holds something that is no number: {error}", origin))
                return None, None
    return labels, None


def _split(line: str, mark: str) -> list[str]:
    if '"' not in line:
        return line.split(mark)
    try:
        return next(csv.reader([line], delimiter=mark))
    except csv.Error:
        return line.split(mark)


def _number(field: str) -> float:
    truth = _TRUTH.get(field.lower())
    return float(field) if truth is None else truth


def _numbers(fields: list[str]) -> bool:
    try:
        _ = [_number(f) for f in fields]
    except ValueError:
        return False
    return True


def _counts(rows: list[list[str]]) -> bool:
    """Whether the first line only counts the columns, 0 1 2 ..., above a square table."""
    return len(rows) == len(rows[0]) + 1 and rows[0] == [str(k) for k in range(len(rows[0]))]
