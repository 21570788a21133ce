"""Gain matrices: laws of the fields of dipoles and monopoles, references, and files that do not fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat
from support.observe import bound, fed, port

from cosim.errors import InputError
from cosim.models.observe.gains import gain_of
from cosim.models.observe.lead_field import MU_0, average_reference, lead_field, onto_sphere, percentile_95, sphere_meg
from cosim.models.observe.parameters import Gain, Observation
from cosim.models.observe.places import Places, read_places

Z = (0.0, 0.0, 1.0)


def places(*positions: tuple[float, ...], normals: tuple[tuple[float, ...], ...] | None = None, labels: tuple[str, ...] = ()) -> Places:
    return Places(labels or tuple(f"p{i}" for i in range(len(positions))), np.array(positions, float),
                  None if normals is None else np.array(normals, float), np.ones(len(positions)))


def seen(rule: str, at: tuple[float, ...], normal: tuple[float, ...] = Z) -> float:
    return float(lead_field(rule, places(at), places((0, 0, 0), normals=(normal,)), 0.0, 1.0)[0, 0])  # type: ignore[arg-type]


def test_a_unit_dipole_is_seen_from_above_as_its_formula_says() -> None:
    assert seen("dipole", (0, 0, 2)) == pytest.approx(1 / (16 * np.pi), rel=1e-15)
    assert seen("dipole", (0, 0, -2)) == -seen("dipole", (0, 0, 2))


def test_a_dipole_is_not_seen_from_its_side() -> None:
    assert seen("dipole", (3, 0, 0)) == 0
    assert seen("dipole", (0, 0, 3), (1, 0, 0)) == 0


@pytest.mark.parametrize("rule", ["dipole", "inverse_square"])
def test_twice_as_far_is_seen_a_quarter_as_strongly(rule: str) -> None:
    assert seen(rule, (0.6, -0.8, 4)) * 4 == seen(rule, (0.3, -0.4, 2))


def test_conductivity_divides_and_strength_multiplies(tmp_path: Path) -> None:
    source, sensor = places((0, 0, 0), normals=(Z,)), places((1, 1, 1))
    assert lead_field("dipole", sensor, source, 0, 2.0)[0, 0] * 2 == lead_field("dipole", sensor, source, 0, 1.0)[0, 0]
    (tmp_path / "s.txt").write_text("A 0 0 3\n")
    (tmp_path / "r.txt").write_text("R 0 0 1\n")
    assert gain_of(Gain(sensors=Path("s.txt"), sources=Path("r.txt"), strength=3.0, folder=tmp_path), port(1))[0][0, 0] == 0.75


def test_the_field_of_a_radial_dipole_vanishes_outside_of_a_sphere() -> None:
    r0 = np.array([[0.0, 0.0, 0.05], [0.02, 0.03, 0.01]])
    field = sphere_meg(np.array([[0.01, 0.05, 0.12], [-0.1, 0.02, 0.03]]), r0, r0 * 1e-8)
    assert np.abs(field).max() < 1e-30


def test_currents_in_the_sphere_add_nothing_to_the_radial_field() -> None:
    rng = np.random.default_rng(2)
    r, r0, q = rng.normal(size=(6, 3)), 0.2 * rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
    r = 1.5 * r / np.linalg.norm(r, axis=1, keepdims=True)
    between = r[:, None] - r0
    primary = MU_0 / (4 * np.pi) * np.cross(q, between) / np.linalg.norm(between, axis=-1, keepdims=True) ** 3
    outward = (r / 1.5)[:, None]
    np.testing.assert_allclose((sphere_meg(r, r0, q) * outward).sum(-1), (primary * outward).sum(-1), rtol=1e-11, atol=1e-20)


def test_the_field_outside_of_the_sphere_has_neither_sources_nor_curl() -> None:
    r0, q, at, h = np.array([[0.1, 0.2, 0.3]]), np.array([[1.0, -0.5, 0.2]]), np.array([0.9, 0.4, -0.7]), 1e-4
    shifts = h * np.eye(3)
    jacobian = np.array([(sphere_meg((at + s)[None], r0, q) - sphere_meg((at - s)[None], r0, q))[0, 0] / (2 * h) for s in shifts])
    scale = np.abs(jacobian).max()
    assert abs(np.trace(jacobian)) < 1e-6 * scale
    assert np.abs(jacobian - jacobian.T).max() < 1e-6 * scale


def test_sensors_on_the_sphere_keep_their_direction() -> None:
    sources = places((1, 0, 0), (-1, 0, 0), normals=(Z, Z))
    moved = onto_sphere(np.array([[0, 0, 7.0], [3.0, 4.0, 0]]), sources.positions)
    np.testing.assert_allclose(moved, 1.05125 * np.array([[0, 0, 1], [0.6, 0.8, 0]]), rtol=1e-15)


def test_against_the_average_all_sensors_sum_to_nothing(tmp_path: Path) -> None:
    gain = np.random.default_rng(0).normal(size=(6, 4))
    np.testing.assert_allclose(average_reference(gain).sum(axis=0), 0, atol=1e-15)
    np.save(tmp_path / "g.npy", gain)
    spec = Observation(gain=Gain(file=Path("g.npy"), reference="average", folder=tmp_path))
    out = fed(bound(spec, port(4)), np.random.default_rng(1).normal(size=(50, 4)))
    np.testing.assert_allclose(out.values.sum(axis=1), 0, atol=1e-13)


def test_a_projection_is_the_product_with_the_gain(tmp_path: Path) -> None:
    gain, x = np.random.default_rng(0).normal(size=(6, 4)), np.random.default_rng(1).normal(size=(50, 4))
    np.savetxt(tmp_path / "g.csv", gain, delimiter=",", fmt="%.17g")
    np.savetxt(tmp_path / "g.txt", gain, fmt="%.17g")
    savemat(tmp_path / "g.mat", {"lead": gain, "note": "text"})
    for name in ("g.csv", "g.txt", "g.mat"):
        out = fed(bound(Observation(gain=Gain(file=Path(name), folder=tmp_path)), port(4)), x)
        np.testing.assert_allclose(out.values, x @ gain.T, rtol=1e-13, atol=1e-15)


def test_the_largest_gains_are_bounded_by_the_percentile() -> None:
    gain = np.arange(1.0, 101.0).reshape(10, 10)
    scaled = percentile_95(gain)
    assert scaled.max() == 1
    assert (scaled == 1).sum() == 5
    assert scaled[0, 0] == 1 / np.percentile(gain, 95)


def test_vertices_of_a_region_are_added_and_regions_come_in_the_order_of_the_port(tmp_path: Path) -> None:
    (tmp_path / "sensors.txt").write_text("# label x y z\nA1 0 0 10\nA2,0,10,0\n")
    (tmp_path / "vertices.txt").write_text("lV1 0 0 0\nrV1 0 1 0\nlV1 0 0 5\n")
    spec = Gain(sensors=Path("sensors.txt"), sources=Path("vertices.txt"), folder=tmp_path)
    gain, labels = gain_of(spec, port(2, labels=("rV1", "lV1")))
    assert labels == ("A1", "A2")
    np.testing.assert_allclose(gain, [[1 / 101, 1 / 100 + 1 / 25], [1 / 81, 1 / 100 + 1 / 125]], rtol=1e-15)
    with pytest.raises(InputError, match="the sources have no region 'rV2'"):
        gain_of(spec, port(2, labels=("rV2", "lV1")))
    with pytest.raises(InputError, match="none of the regions that are observed: these are called 'a', 'b', the sources 'lV1', 'rV1'"):
        gain_of(spec, port(2, labels=("a", "b")))
    with pytest.raises(InputError, match="lie in 2 regions, but 'in' has 3 channels"):
        gain_of(spec, port(3))


def test_areas_weight_vertices(tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text("R 0 0 0 0 0 1 2.5\n")
    assert read_places(tmp_path / "v.txt").areas.tolist() == [2.5]
    source = read_places(tmp_path / "v.txt")
    assert lead_field("dipole", places((0, 0, 2)), source, 0, 1)[0, 0] == pytest.approx(2.5 / (16 * np.pi))


def test_a_sensor_inside_of_a_source_is_refused_by_name() -> None:
    sensors, sources = places((0, 0, 0), (0, 0, 0.5), (0, 0, 9), labels=("A1", "A2", "A3")), places((0, 0, 0), labels=("lV1",))
    with pytest.raises(InputError, match="sensor 'A1' lies 0 from source 'lV1'") as told:
        lead_field("inverse_square", sensors, sources, 0.0, 1.0)
    assert "A2" not in str(told.value)
    with pytest.raises(InputError, match=r"(?s)sensor 'A1'.*sensor 'A2' lies 0.5 from source 'lV1'") as told:
        lead_field("inverse_square", sensors, sources, 1.0, 1.0)
    assert "A3" not in str(told.value)


@pytest.mark.parametrize("rule", ["dipole", "sphere_eeg", "sphere_meg"])
def test_rules_that_need_orientations_say_so(rule: str) -> None:
    with pytest.raises(InputError, match=f"the rule '{rule}' needs the orientation of each source"):
        lead_field(rule, places((0, 0, 3)), places((0, 0, 1)), 0, 1)  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "content", "words"), [
    ("g.npy", np.ones((4, 3)), "has 4 rows and 3 columns, but 'in' has 4 channels(?s:.)*transpose"),
    ("g.npy", np.ones(4), r"has the shape \(4,\)"),
    ("g.npy", np.array([[1, np.nan, 2, 3.0]]), "is nan in row 1, column 2"),
    ("g.npy", b"not an array", "cannot be read"),
    ("g.txt", b"1 2\n3\n", "cannot be read"),
    ("g.mat", b"x" * 300, "cannot be read"),
    ("g.doc", b"1 2", "is of a sort that is not read"),
    ("other", b"", "there is no file"),
])
def test_gains_that_do_not_fit_are_refused_in_a_sentence(name: str, content: object, words: str, tmp_path: Path) -> None:
    if isinstance(content, np.ndarray):
        np.save(tmp_path / name, content)
    else:
        (tmp_path / name).write_bytes(content)  # type: ignore[arg-type]
    file = Path("g.npy") if name == "other" else Path(name)
    with pytest.raises(InputError, match=words):
        bound(Observation(gain=Gain(file=file, folder=tmp_path)), port(4))


def test_every_line_that_is_no_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "s.txt").write_text("A 1 2 3\nB 1 2\nC 1 2 x\nD 1 2 3 4 5 6\n")
    with pytest.raises(InputError) as told:
        read_places(tmp_path / "s.txt")
    assert [p.where.rsplit(":", 1)[1] for p in told.value.problems] == ["2", "3", "4"]


def computed(folder: Path, sensors: str, sources: str = "a -60 0 0\nb 0 70 0\nc 50 10 40\n", rule: str = "inverse_square") -> None:
    (folder / "s.txt").write_text(sensors)
    (folder / "r.txt").write_text(sources)
    gain_of(Gain(sensors=Path("s.txt"), sources=Path("r.txt"), rule=rule, folder=folder), port(3))  # type: ignore[arg-type]


def test_sensors_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the name 'A1' stands at more than one sensor"):
        computed(tmp_path, "A1 0 0 90\nA2 0 1 90\nA1 0 2 90\n")
    np.save(tmp_path / "g.npy", np.ones((2, 3)))
    with pytest.raises(InputError, match="the name 'A1' stands"):
        (tmp_path / "s.txt").write_text("A1 0 0 90\nA1 0 1 90\n")
        gain_of(Gain(file=Path("g.npy"), sensors=Path("s.txt"), folder=tmp_path), port(3))


@pytest.mark.parametrize("unit", [1e-3, 1e3])
def test_sensors_in_another_unit_than_the_sources_are_refused(unit: float, tmp_path: Path) -> None:
    rows = np.array([[0, 0, 90], [80, 30, 10], [-90, 5, 20]])
    computed(tmp_path, "".join(f"A{i} {x} {y} {z}\n" for i, (x, y, z) in enumerate(rows)))
    with pytest.raises(InputError, match="their units probably differ"):
        computed(tmp_path, "".join(f"A{i} {x} {y} {z}\n" for i, (x, y, z) in enumerate(rows * unit)))


def test_one_sensor_in_metres_is_refused_and_close_contacts_or_one_far_away_are_not(tmp_path: Path) -> None:
    computed(tmp_path, "A1 30 40 20\nA2 30 40 21\n")
    computed(tmp_path, "far 0 0 9000\n")
    with pytest.raises(InputError, match=r"the sensors reach 0.09 from the origin and the sources 70: their units probably differ"):
        computed(tmp_path, "A1 0 0 0.09\n")


def test_the_rule_that_takes_directions_takes_sensors_on_the_unit_sphere(tmp_path: Path) -> None:
    computed(tmp_path, "A1 0 0 1\nA2 0 1 0\n", "a -60 0 0 1 0 0\nb 0 70 0 1 0 0\nc 50 10 40 1 0 0\n", "sphere_eeg")


@pytest.mark.parametrize(("name", "content", "words"), [
    ("g.csv", "0;1,5\n1,5;0\n", "write decimals with a point .1.5, not 1,5., and separate the columns by commas"),
    ("g.csv", "0;1\n1;0\n", "separate the columns by commas"), ("g.csv", "1,5 2,5\n", "write decimals with a point"),
    ("g.txt", "1,5 2,5\n", "write decimals with a point (?s:.)*by blanks"),
    ("g.csv", "0,x\n1,0\n", "string 'x'(?s:.)*leave out names of rows and columns"),
    ("g.csv", "0,\n1,0\n", "a number in every cell"), ("g.csv", ",a,b\na,0,1\nb,1,0\n", "leave out names of rows and columns"),
    ("g.txt", "a b\n0 1\n", "leave out names of rows and columns"),
])
def test_tables_from_a_spreadsheet_are_refused_with_what_to_do(name: str, content: str, words: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=words):
        bound(Observation(gain=Gain(file=Path(name), folder=tmp_path)), port(2))


@pytest.mark.parametrize("line", ["A 1,5 2,5 3,5", "A;1,5;2,5;3,5", "A 1,5 2 3 0 0 1", "A\t1,5\t2,5\t-3,5"])
def test_decimal_commas_are_not_taken_for_more_numbers(line: str, tmp_path: Path) -> None:
    (tmp_path / "s.txt").write_text(line + "\n")
    with pytest.raises(InputError, match=r"s.txt:1: (?s:.)*write decimals with a point"):
        read_places(tmp_path / "s.txt")


@pytest.mark.parametrize("line", ["A,1,-2,3", "A, 1, -2, 3", "A 1,-2,3", "A 1 -2 3 # left; 1,5 mm deep", "A\t1.0\t-2.0\t3.0"])
def test_places_are_separated_by_blanks_or_commas(line: str, tmp_path: Path) -> None:
    (tmp_path / "s.txt").write_text(line + "\n")
    assert read_places(tmp_path / "s.txt").positions.tolist() == [[1, -2, 3]]
