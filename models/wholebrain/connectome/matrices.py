"""Read a connectome from plain matrices: one file each, or a folder of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from cosim.errors import InputError, Problem, raise_all
from cosim.models.wholebrain.connectome.arrays import BINARY, numbers, parts_of, read_arrays, texts, the_matrix
from cosim.models.wholebrain.connectome.data import Array, Connectome
from cosim.models.wholebrain.connectome.parts import NAMES, Parts, assembled
from cosim.models.wholebrain.connectome.tables import matrix, regions, text_of

TEXT = (".txt", ".csv", ".tsv", ".dat")
_PACKED = (".bz2", ".gz")


def kind_of(path: Path) -> str:
    """Return the ending that tells how a file is to be read, in small letters and without that of a compression."""
    name = path.name.lower()
    for packed in _PACKED:
        name = name.removesuffix(packed)
    return Path(name).suffix


def read_matrices(weights: str, tract_lengths: str | None, labels: str | None, folder: Path) -> Connectome:
    """Read weights, and what else is named, from files of numbers.

    Parameters
    ----------
    weights, tract_lengths : str
        Files: text (``.txt``, ``.csv``, ``.tsv``, ``.dat``, perhaps with ``.gz`` or ``.bz2`` after it), ``.npy``, ``.npz``, ``.mat``.
        ``FILE:VARIABLE`` chooses one of several arrays in a file. Rows are targets; lengths are in mm.
        Without tract lengths those in the file of the weights are taken, where it has some.
    labels : str or None
        A text file with names, perhaps with centres. None: those in the file of the weights, else ``R1``, ``R2`` ...
    folder : Path
        Where relative paths start.

    Raises
    ------
    InputError
        When something cannot be read or is no connectome; says everything that is wrong.
    """
    problems: list[Problem] = []
    path, variable = split_variable(weights, folder)
    if kind_of(path) in BINARY:
        arrays = read_arrays(path, weights)
        # Beside the matrix that was chosen other variables may tell the rest.
        parts = parts_of(arrays, weights, [])
        parts = replace(parts, weights=the_matrix(arrays, "weights", variable, weights, problems))
    else:
        table, names = read_table(weights, "weights", folder, problems)
        parts = Parts(weights=table, labels=names)
    raise_all(problems)
    return assembled(with_files(parts, tract_lengths, labels, folder), weights)


def read_folder(path: Path, tract_lengths: str | None, labels: str | None, origin: str, start: Path) -> Connectome:
    """Read ``weights``, ``tract_lengths``, ``centres``, ``labels`` ... from a folder, each in a file of any kind that can be read.

    An unpacked zip of The Virtual Brain is such a folder.

    Raises
    ------
    InputError
        When something cannot be read or is no connectome; says everything that is wrong.
    """
    problems: list[Problem] = []
    found: dict[str, Path] = {}
    for file in sorted(path.iterdir()):
        stem = file.name.split(".")[0].lower()
        part = next((p for p, alias in NAMES.items() if stem in alias), None)
        if part is None or kind_of(file) not in TEXT + BINARY:
            continue
        if part in found:
            problems.append(Problem(f"both '{found[part].name}' and '{file.name}' could be the {part.replace('_', ' ')}", origin))
        found[part] = file
    if "weights" not in found:
        held = ", ".join(sorted(f.name for f in path.iterdir())[:12])
        problems.append(Problem("there is no file 'weights.txt'", origin, remedy=f"the folder holds {held or 'nothing'}"))
    raise_all(problems)
    tables: dict[str, Array | None] = {}
    names: tuple[str, ...] | None = None
    for part, file in found.items():
        if part in ("centres", "labels") and kind_of(file) in TEXT:
            told, points = read_regions(file, origin, problems, plain=part == "centres")
            names = told if told is not None else names
            if points is not None:
                tables["centres"] = points
        elif part == "labels":
            names = _first(read_arrays(file, origin), origin, problems)
        else:
            tables[part], heads = read_table(str(file), part, start, problems)
            names = names or (heads if part == "weights" else None)
    raise_all(problems)
    return assembled(with_files(Parts(labels=names, **tables), tract_lengths, labels, start), origin)


def with_files(parts: Parts, tract_lengths: str | None, labels: str | None, folder: Path) -> Parts:
    """Return parts with tract lengths and labels from files of their own in place of those that there were."""
    problems: list[Problem] = []
    if tract_lengths is not None:
        parts = replace(parts, tract_lengths=read_table(tract_lengths, "tract_lengths", folder, problems)[0])
    if labels is not None:
        names, points = read_regions(folder / labels, labels, problems)
        parts = replace(parts, labels=names, centres=parts.centres if points is None else points)
    raise_all(problems)
    return parts


def read_table(file: str, part: str, folder: Path, problems: list[Problem]) -> tuple[Array | None, tuple[str, ...] | None]:
    """Return a table of numbers from a file of any kind, and the names of its columns or rows where it has some."""
    path, variable = split_variable(file, folder)
    if kind_of(path) in BINARY:
        arrays = read_arrays(path, file)
        if part in ("weights", "tract_lengths") or variable:
            return the_matrix(arrays, part, variable, file, problems), None
        return numbers(next(iter(arrays.values())) if arrays else "", part, file, problems), None
    return matrix(_text(path, file, problems), path.name, file, problems)


def read_regions(path: Path, origin: str, problems: list[Problem], plain: bool = False) -> tuple[tuple[str, ...] | None, Array | None]:
    """Return names and, where there are any, centres from a text file; where `plain`, three numbers a line may stand without names."""
    text = _text(path, origin, problems)
    if text is None:
        return None, None
    if plain:
        table, _ = matrix(text, path.name, origin, [])
        if table is not None and table.shape[1:] == (3,) and _bare(text):
            return None, table
    return regions(text, path.name, origin, problems)


def split_variable(file: str, folder: Path) -> tuple[Path, str]:
    """Return the path and the variable of ``FILE:VARIABLE``."""
    name, mark, variable = file.rpartition(":")
    if mark and Path(name).suffix.lower() in BINARY:
        return folder / name, variable
    return folder / file, ""


def _bare(text: str) -> bool:
    first = next((line for line in text.splitlines() if line.strip() and line.lstrip()[0] not in "#%"), "")
    return len(first.replace(",", " ").split()) == 3


def _first(arrays: dict[str, object], origin: str, problems: list[Problem]) -> tuple[str, ...] | None:
    return texts(next(iter(arrays.values())), origin, problems) if arrays else None


def _text(path: Path, origin: str, problems: list[Problem]) -> str | None:
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(Problem(f"there is no file '{path}'", origin, remedy="paths are relative to the experiment file")) from error
    except OSError as error:
        raise InputError(Problem(f"'{path}' cannot be read: {error}", origin)) from error
    return text_of(content, path.name, origin, problems)
