"""Read the tables of node types and edge types: text whose columns are separated by blanks."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite, nan
from pathlib import Path

from cosim.errors import InputError, Problem
from cosim.models.microcircuit.network.sonata.config import read_json

_NONE = {"", "NULL", "None", "nan", "NaN"}


@dataclass(frozen=True, slots=True)
class TypesTable:
    """Hold the types of nodes or edges.

    Parameters
    ----------
    path : Path or None
        The file; None where there is none.
    rows : mapping of (str or None, int) to mapping of str to str
        Attributes of each type that are set, by population (None for all) and type id.
    """

    path: Path | None
    rows: Mapping[tuple[str | None, int], Mapping[str, str]]

    def of(self, population: str, type_id: int) -> Mapping[str, str]:
        """Return the attributes of a type; raise `InputError` when the table lacks it."""
        if self.path is None:
            return {}
        row = self.rows.get((population, type_id), self.rows.get((None, type_id)))
        if row is None:
            raise InputError(Problem(f"there is no type {type_id}, which population '{population}' uses", where=str(self.path),
                                     expected="one row for each type id"))
        return row


def read_types(path: Path | None, key: str) -> TypesTable:
    """Return a table of types.

    Parameters
    ----------
    path : Path or None
        The file.
    key : str
        ``node_type_id`` or ``edge_type_id``.

    Raises
    ------
    InputError
        When a line is not as expected; names it.
    """
    if path is None:
        return TypesTable(None, {})
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(Problem(f"cannot read {path}: {getattr(error, 'strerror', None) or 'it is no text'}")) from error
    lines = csv.reader((line.replace("\t", " ").strip() for line in text.splitlines()), delimiter=" ", skipinitialspace=True)
    header: list[str] = []
    rows: dict[tuple[str | None, int], dict[str, str]] = {}
    try:
        for words in lines:
            if not words:
                continue
            if not header:
                header = words
                if key not in header:
                    raise InputError(Problem(f"there is no column '{key}'", where=f"{path}:{lines.line_num}",
                                             expected="a first line with the names of the columns, separated by blanks"))
                continue
            _take(rows, header, words, key, f"{path}:{lines.line_num}")
    except csv.Error as error:
        raise InputError(Problem(f"this line cannot be read: {error}", where=f"{path}:{lines.line_num}")) from error
    return TypesTable(path, rows)


def number_of(row: Mapping[str, str], column: str, where: str) -> float | None:
    """Return a number of a type, or None where it has none; raise `InputError` when it is no number."""
    if column not in row:
        return None
    try:
        value = float(row[column])
    except ValueError:
        value = nan
    if not isfinite(value):
        raise InputError(Problem(f"'{column}' is '{row[column]}'", where=where, expected="a finite number"))
    return value


def parameters_of(row: Mapping[str, str], folder: Path | None, where: str) -> dict[str, float]:
    """Return what the file named in the column ``dynamics_params`` sets; raise `InputError` when that is not all numbers."""
    if "dynamics_params" not in row:
        return {}
    if folder is None:
        raise InputError(Problem(f"the folder of '{row['dynamics_params']}' is not known", where=where,
                                 expected="'point_neuron_models_dir' and 'synaptic_models_dir' in 'components' of the configuration"))
    path = folder / row["dynamics_params"]
    if not path.is_file():
        raise InputError(Problem(f"there is no file '{path}'", where=where))
    found = read_json(path)
    for name, value in found.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            raise InputError(Problem(f"'{name}' is {str(value)[:60]!r}", where=str(path), expected="a finite number"))
    return {name: float(value) for name, value in found.items()}


def _take(rows: dict[tuple[str | None, int], dict[str, str]], header: list[str], words: list[str], key: str, where: str) -> None:
    if len(words) != len(header):
        raise InputError(Problem(f"this line has {len(words)} columns", where=where, expected=f"{len(header)}: {' '.join(header)}"))
    row = {name: word for name, word in zip(header, words, strict=True) if word not in _NONE}
    try:
        place = (row.get("population"), int(row.get(key, "")))
    except ValueError:
        raise InputError(Problem(f"the type id is '{row.get(key, '')}'", where=where, expected="a whole number")) from None
    if place in rows:
        raise InputError(Problem(f"the type {place[1]} stands here a second time", where=where))
    rows[place] = row
