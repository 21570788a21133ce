"""A broken file is told in a sentence, whatever is broken in it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support import connectomes as written
from support.connectomes import small, table

from cosim.errors import InputError
from cosim.models.wholebrain.connectome import Connectome, find, problems_of
from cosim.models.wholebrain.connectome.parts import Parts, assembled

C = small(4)
WRITERS: dict[str, Callable[[Connectome, Path], Path]] = {
    "zip": written.as_zip,
    "h5": written.as_h5,
    "folder": written.as_folder,
    "mat": written.as_mat,
    "npz": written.as_npz,
    "net": written.as_bids_net,
    "relmat": written.as_relmat,
    "conndata": written.as_bids_old,
}
EYE, HERE = np.eye(2), np.zeros((2, 3))


def mutated(content: bytes, draw: np.random.Generator) -> bytes:
    """Cut off, drop, repeat or change some bytes."""
    broken = bytearray(content)
    way = draw.integers(4)
    at = int(draw.integers(len(broken)))
    if way == 0:
        del broken[at:]
    elif way == 1:
        del broken[at : at + int(draw.integers(1, 40))]
    elif way == 2:
        broken[at:at] = broken[at : at + int(draw.integers(1, 40))]
    else:
        for k in draw.integers(len(broken), size=int(draw.integers(1, 6))):
            broken[int(k)] = int(draw.integers(256))
    return bytes(broken)


def read_mutations(kind: str, folder: Path, number: int) -> tuple[int, int]:
    """Return how many of the mutated files were read and how many refused; any error but `InputError` gets out."""
    name = WRITERS[kind](C, folder)
    files = sorted(f for f in folder.rglob("*") if f.is_file())
    whole = {f: f.read_bytes() for f in files}
    draw = np.random.default_rng(sorted(WRITERS).index(kind))
    read = refused = 0
    for _ in range(number):
        file = files[int(draw.integers(len(files)))]
        file.write_bytes(mutated(whole[file], draw))
        try:
            assert not problems_of(find(str(name), None))
            read += 1
        except InputError as error:
            assert str(error)
            refused += 1
        file.write_bytes(whole[file])
    return read, refused


@pytest.mark.parametrize("kind", [k for k in WRITERS if k != "h5"])
def test_mutated_files_are_read_or_refused_in_a_sentence(tmp_path: Path, kind: str) -> None:
    read, refused = read_mutations(kind, tmp_path, 60)
    assert read + refused == 60
    assert refused > 10


def test_mutated_hdf5_is_read_or_refused_in_a_sentence(tmp_path: Path) -> None:
    # In a process of its own: what the HDF5 library makes of broken bytes is not in our hands.
    code = (
        "import sys; from pathlib import Path; sys.path[:0] = [sys.argv[2], sys.argv[3]]\n"
        "from unit.test_connectome_broken import read_mutations\n"
        "print(*read_mutations('h5', Path(sys.argv[1]), 150))"
    )
    tests = Path(__file__).parents[1]
    command = [sys.executable, "-c", code, tmp_path, tests, tests / "unit"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    read, refused = map(int, done.stdout.split())
    assert read + refused == 150
    assert refused > 20


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        (Parts(tract_lengths=EYE), "there are no weights"),
        (Parts(weights=EYE), "neither tract lengths nor centres"),
        (Parts(weights=np.eye(1), tract_lengths=np.eye(1)), "there are 1 regions"),
        (Parts(weights=EYE, tract_lengths=-EYE), "2 of the tract lengths are negative, the first in row 1, column 1: -1 mm"),
        (Parts(weights=EYE * np.nan, tract_lengths=EYE), "4 of the weights are not a finite number"),
        (Parts(weights=np.ones((2, 3)), tract_lengths=EYE), "the weights are a table of 2 x 3"),
        (Parts(weights=np.ones(4), tract_lengths=EYE), "the weights are a table of 4"),
        (Parts(weights=EYE, tract_lengths=np.eye(3)), "the tract lengths are a table of 3 x 3"),
        (Parts(weights=EYE, tract_lengths=EYE, labels=("a",)), "a table of 2 x 2, but there are 1 regions"),
        (Parts(weights=EYE, tract_lengths=EYE, labels=("a", "a")), "1 labels name more than one region: 'a'"),
        (Parts(weights=EYE, centres=HERE[:, :2]), "the centres are not three finite numbers"),
        (Parts(weights=EYE, centres=HERE, orientations=np.ones((2, 2))), "the orientations are 2 x 2 for 2 regions"),
        (Parts(weights=EYE, centres=HERE, areas=np.ones(3)), "the areas are 3 for 2 regions"),
        (Parts(weights=EYE, centres=HERE, areas=np.array([1.0, -2.0])), "an area is -2 mm"),
        (Parts(weights=EYE, centres=HERE, cortical=np.array([0.0, 2.0])), "'cortical' holds 2"),
        (Parts(weights=EYE, centres=HERE, right=np.ones(5)), "marks of the hemispheres are 5 for 2 regions"),
    ],
)
def test_what_is_no_connectome_is_told(parts: Parts, words: str) -> None:
    with pytest.raises(InputError, match=words):
        assembled(parts, "here")


def test_files_that_cannot_be_told_apart_are_named(tmp_path: Path) -> None:
    folder = written.as_folder(C, tmp_path)
    (folder / "weights.csv").write_text(table(C.weights, ","))
    with pytest.raises(InputError, match=r"both 'weights.csv' and 'weights.txt' could be the weights"):
        find("c", tmp_path)
    written.as_relmat(C, tmp_path)
    (tmp_path / "atlas-Y_meas-streamlineCount_relmat.dense.tsv").write_text(table(C.weights, "\t"))
    with pytest.raises(InputError, match="there are 2 files that it could be"):
        find(str(tmp_path), None)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nowhere.mat", "there is no file"),
        ("nowhere", "there is no file"),
        ("empty", "there is no file 'weights.txt'"),
        ("notes.pdf", "of a kind '.pdf' that cannot be read"),
        ("bytes.npy", "cannot be read as npy"),
        ("bytes.h5", "cannot be read as h5"),
        ("bytes.mat", "cannot be read as mat"),
        ("bytes.txt", "cannot be read: 'utf-8' codec"),
        ("words.txt", "no number"),
        ("nothing.txt", "holds no numbers"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "words.txt").write_text("1 2\n3 four\n")
    (tmp_path / "nothing.txt").write_text("# only a remark\n")
    for broken in ("bytes.npy", "bytes.h5", "bytes.mat", "bytes.txt", "notes.pdf"):
        (tmp_path / broken).write_bytes(b"\xff\xfe\x00broken")
    with pytest.raises(InputError, match=words):
        find(name, tmp_path, "l.npy")


def test_an_unknown_unit_of_lengths_is_refused(tmp_path: Path) -> None:
    path = written.as_relmat(C, tmp_path)
    sidecar = tmp_path / "atlas-X_meas-tractLength_relmat.json"
    sidecar.write_text(sidecar.read_text().replace('"cm"', '"ell"'))
    with pytest.raises(InputError, match="the unit of the tract lengths is 'ell'"):
        find(str(path), None)


def test_pickled_objects_are_never_loaded(tmp_path: Path) -> None:
    np.save(tmp_path / "w.npy", np.array([[{}, {}]], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match="cannot be read as npy"):
        find("w.npy", tmp_path, "l.npy")
