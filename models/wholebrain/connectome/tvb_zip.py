"""Read a connectome from a zip file in the layout of The Virtual Brain."""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from cosim.errors import InputError, Problem, raise_all
from cosim.models.wholebrain.connectome.data import Array, Connectome
from cosim.models.wholebrain.connectome.parts import Parts, assembled
from cosim.models.wholebrain.connectome.tables import centres_of_tvb, matrix, text_of

_MORE = {"orientations": "average_orientations", "areas": "areas", "cortical": "cortical", "right": "hemispheres"}
_LARGEST = 2**30  # bytes of one member


def read_tvb_zip(path: Path, origin: str = "") -> Connectome:
    """Read ``weights.txt``, ``tract_lengths.txt``, ``centres.txt`` and what else there is from a zip file.

    Parameters
    ----------
    path : Path
        The zip file. Its members may lie in a folder and may be compressed with bzip2 (``weights.txt.bz2``); ``centers.txt`` will do;
        missing tract lengths are the distances of the centres; ``average_orientations``, ``areas``, ``cortical`` and ``hemispheres``
        are read where there are any.
    origin : str
        How to call it in messages; the path where empty.

    Raises
    ------
    InputError
        When it cannot be read or holds what no connectome can be; says everything that is wrong.
    """
    origin = origin or str(path)
    problems: list[Problem] = []
    members = _members(path, origin, problems)
    texts = {stem: text_of(content, name, origin, problems) for stem, (name, content) in members.items()}
    centres_name = "centers" if "centres" not in texts and "centers" in texts else "centres"
    for name in ("weights", centres_name):
        if name not in members:
            held = ", ".join(sorted(name for name, _ in members.values()))
            problems.append(Problem(f"the member '{name}.txt' is missing", origin, remedy=f"it holds {held or 'nothing'}"))
    tables = {name: matrix(texts.get(name), f"{name}.txt", origin, problems)[0] for name in ("weights", "tract_lengths", *_MORE.values())}
    labels, points = centres_of_tvb(texts.get(centres_name), f"{centres_name}.txt", origin, problems)
    raise_all(problems)
    more: dict[str, Array | None] = {part: tables[name] for part, name in _MORE.items()}
    return assembled(Parts(tables["weights"], tables["tract_lengths"], points, labels, **more), origin)


def _members(path: Path, origin: str, problems: list[Problem]) -> dict[str, tuple[str, bytes]]:
    """Return name and content of the members, by what their names are without folder and endings."""
    found: dict[str, tuple[str, bytes]] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                name = PurePosixPath(entry.filename).name
                # What the Finder adds is a copy of the names without the content.
                if entry.is_dir() or entry.filename.startswith("__MACOSX") or not name:
                    continue
                stem = name.removesuffix(".bz2").removesuffix(".txt").lower()
                if entry.file_size > _LARGEST:
                    problems.append(Problem(f"the member '{name}' is of {entry.file_size / _LARGEST:.3g} GiB", origin, "at most 1 GiB"))
                elif stem in found:
                    problems.append(Problem(f"there is more than one member '{stem}'", origin, "one connectome in one zip file"))
                else:
                    found[stem] = name, archive.read(entry)
    except FileNotFoundError as error:
        raise InputError(
            Problem(f"there is no file '{path}'", remedy="give the path of a connectome, relative to the experiment file")
        ) from error
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, ValueError, struct.error, zlib.error) as error:
        # A RuntimeError is an encrypted member, its kind NotImplementedError a way of compression.
        raise InputError(Problem(f"'{path}' cannot be read as a zip file: {error}")) from error
    return found
