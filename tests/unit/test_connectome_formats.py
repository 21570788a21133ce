"""One connectome is the same in whichever format it comes."""

from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io
from support import connectomes as written
from support.connectomes import small, table

from cosim.errors import InputError
from cosim.models.wholebrain.connectome import Connectome, find, read_tvb_zip

C = small()
NOT_IN_FORMAT = {"orientations": None, "areas": None, "cortical": None, "right": None}


def same(found: Connectome, wanted: Connectome, rtol: float = 0.0) -> None:
    assert found.labels == wanted.labels
    for name in ("weights", "tract_lengths", "centres", "orientations", "areas", "cortical", "right"):
        one, other = getattr(found, name), getattr(wanted, name)
        assert (one is None) == (other is None), name
        if one is not None:
            assert one.dtype == other.dtype, name
            np.testing.assert_allclose(one, other, rtol=rtol, atol=0, err_msg=name)


@pytest.mark.parametrize("write", [written.as_zip, written.as_h5, written.as_folder, written.as_mat, written.as_npz])
def test_what_is_written_is_read_back_to_the_bit(tmp_path: Path, write) -> None:
    same(find(write(C, tmp_path).name, tmp_path), C)


@pytest.mark.parametrize("write", [written.as_bids_net, written.as_bids_old])
def test_bids_tells_weights_lengths_names_and_places_to_the_bit(tmp_path: Path, write) -> None:
    same(find(str(write(C, tmp_path)), tmp_path), replace(C, **NOT_IN_FORMAT))


def test_a_bids_folder_is_read_as_its_file_of_weights(tmp_path: Path) -> None:
    file = written.as_bids_old(C, tmp_path)
    same(find(str(file.parent), None), find(str(file), None))
    same(find(str(written.as_bids_net(C, tmp_path / "b") / "net"), None), replace(C, **NOT_IN_FORMAT))


def test_matrices_of_bep017_follow_their_node_indices_and_units(tmp_path: Path) -> None:
    unknown = np.full(C.centres.shape, np.nan)
    wanted = replace(C, **NOT_IN_FORMAT, centres=unknown, tract_lengths=C.tract_lengths / 10 * 10)
    same(find(str(written.as_relmat(C, tmp_path)), None), wanted)
    same(find(str(tmp_path), None), wanted)


def test_an_invalid_diagonal_of_bep017_is_zero(tmp_path: Path) -> None:
    file = written.as_relmat(replace(C, weights=C.weights + np.eye(len(C))), tmp_path)
    sidecar = tmp_path / "atlas-X_meas-streamlineCount_relmat.json"
    assert (np.diag(find(str(file), None).weights) == 1).all()
    sidecar.write_text(sidecar.read_text().replace('"ValidDiagonal": true', '"ValidDiagonal": false'))
    assert (np.diag(find(str(file), None).weights) == 0).all()


def test_members_may_lie_in_a_folder_and_be_packed(tmp_path: Path) -> None:
    packed = ("weights.txt", "centres.txt", "cortical.txt")
    same(read_tvb_zip(written.as_zip(C, tmp_path, "brain/", packed)), C)


@pytest.mark.parametrize("ending", [".txt", ".csv", ".tsv", ".dat", ".npy", ".mat", ".h5"])
def test_two_files_of_numbers_are_a_connectome(tmp_path: Path, ending: str) -> None:
    for name, values in (("w", C.weights), ("l", C.tract_lengths)):
        path = tmp_path / f"{name}{ending}"
        if ending == ".npy":
            np.save(path, values)
        elif ending == ".mat":
            scipy.io.savemat(path, {"anything": values})
        elif ending == ".h5":
            with h5py.File(path, "w") as held:
                held["anything"] = values
        else:
            path.write_text(table(values, {".csv": ",", ".tsv": "\t"}.get(ending, " ")))
    (tmp_path / "names.txt").write_text("\n".join(C.labels))
    name = "w.h5:anything" if ending == ".h5" else f"w{ending}"
    found = find(name, tmp_path, f"l{ending}", "names.txt")
    same(found, replace(C, **NOT_IN_FORMAT, centres=np.full(C.centres.shape, np.nan)))


def test_a_variable_is_chosen_after_the_name_of_its_file(tmp_path: Path) -> None:
    scipy.io.savemat(tmp_path / "c.mat", {"A": C.weights, "B": C.weights.T, "L": C.tract_lengths})
    assert (find("c.mat:B", tmp_path, "c.mat:L").weights == C.weights.T).all()
    with pytest.raises(InputError, match="one of 'A', 'B', 'L'"):
        find("c.mat", tmp_path, "c.mat:L")
    with pytest.raises(InputError, match="there is no variable 'W'"):
        find("c.mat:W", tmp_path, "c.mat:L")


def test_matlab_files_of_version_7_3_are_read_with_their_dimensions_turned(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "c.mat", "w") as held:
        held["weights"], held["tract_lengths"] = C.weights.T, C.tract_lengths.T
    found = find("c.mat", tmp_path)
    assert (found.weights == C.weights).all() and (found.tract_lengths == C.tract_lengths).all()


def test_names_in_the_first_line_and_column_of_a_table_are_those_of_the_regions(tmp_path: Path) -> None:
    names = ("left one", "right, two", "three")
    w = np.arange(9.0).reshape(3, 3)
    quoted = ['"' + n + '"' if "," in n else n for n in names]
    both = ",".join(["", *quoted]) + "\n" + "\n".join(f"{n},{table(row[None], ',').strip()}" for n, row in zip(quoted, w, strict=True))
    (tmp_path / "both.csv").write_text(both)
    (tmp_path / "head.csv").write_text(",".join(quoted) + "\n" + table(w, ","))
    (tmp_path / "counted.tsv").write_text("0\t1\t2\n" + table(w, "\t"))
    (tmp_path / "l.csv").write_text(table(w, ","))
    for file, labels in (("both.csv", names), ("head.csv", names), ("counted.tsv", ("R1", "R2", "R3"))):
        found = find(file, tmp_path, "l.csv")
        assert found.labels == labels, file
        assert (found.weights == w).all(), file


def test_files_of_lengths_and_names_take_the_place_of_those_that_came_along(tmp_path: Path) -> None:
    path = written.as_zip(C, tmp_path)
    np.save(tmp_path / "l.npy", C.tract_lengths + 1)
    (tmp_path / "names.txt").write_text("\n".join(f"area {k}" for k in range(len(C))))
    found = find(path.name, tmp_path, "l.npy", "names.txt")
    same(found, replace(C, tract_lengths=C.tract_lengths + 1, labels=tuple(f"area {k}" for k in range(len(C)))))


@pytest.mark.parametrize(
    ("regions", "largest", "longest", "edges", "directed"),
    [
        (66, None, None, None, None),
        (68, 0.12053822, 252.90276, None, False),
        (76, 3.0, 153.48574, 1560, True),
        (96, None, None, None, None),
        (192, None, 142.1458, None, None),
    ],
)
def test_connectomes_of_the_virtual_brain_have_the_figures_that_it_tests(regions, largest, longest, edges, directed) -> None:
    pytest.importorskip("tvb_data", reason="needs the extra 'data'")
    c = find(f"tvb_data:connectivity_{regions}.zip", None)
    assert len(c) == regions
    assert largest is None or c.weights.max() == pytest.approx(largest, rel=1e-7)
    assert longest is None or c.tract_lengths.max() == pytest.approx(longest, rel=1e-6)
    assert edges is None or int((c.weights > 0).sum()) == edges
    assert directed is None or (not np.array_equal(c.weights, c.weights.T)) == directed
    assert (c.cortical is not None) == (regions in (76, 96, 192))
    # The mean of unit vectors is no longer than one.
    assert c.orientations is None or np.linalg.norm(c.orientations, axis=1).max() < 1 + 1e-6
