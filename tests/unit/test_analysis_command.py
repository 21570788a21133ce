"""What ``cosim analyse`` prints, writes and refuses; and what it finds of the models that come with cosim."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from cosim.errors import InputError
from cosim.launch.analyse.command import analyse_command
from cosim.launch.analyse.found import _complex, _number
from cosim.models.wholebrain.analysis.fixed_points import fixed_points
from cosim.models.wholebrain.analysis.region import region
from cosim.models.wholebrain.dynamics import model, names
from cosim.models.wholebrain.language.model import slope_of


def analysed(*arguments: str) -> dict[str, Any]:
    done = CliRunner().invoke(analyse_command, [*arguments, "--json"], catch_exceptions=False)
    assert done.exit_code == 0
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def refused(*arguments: str) -> str:
    with pytest.raises(InputError) as error:
        CliRunner().invoke(analyse_command, arguments, catch_exceptions=False)
    return str(error.value)


def test_the_page_holds_both_pictures_and_all_tables_and_loads_nothing(tmp_path: Path) -> None:
    options = ["--set", "a=1.9", "--along", "a", "--from", "1.6", "--to", "2.0", "--out"]
    done = CliRunner().invoke(analyse_command, ["generic_2d_oscillator", *options, str(tmp_path)], catch_exceptions=False)
    assert done.exit_code == 0
    page, data = (tmp_path / "analysis.html").read_text(), json.loads((tmp_path / "analysis.json").read_text())
    assert page.count("<svg") == 2
    assert all(f"<h2>{title}</h2>" in page for title in ("Fixed points", "Bifurcations", "Cycles"))
    assert "src=" not in page
    assert "http" not in page
    (hopf,) = data["bifurcations"]
    # Where the trace vanishes the Jacobian is d ((1, 1), (-10, -1)), its determinant 9 d^2.
    assert hopf["frequency_hz"] == pytest.approx(1000 * 0.02 * 3 / (2 * np.pi), rel=1e-9)
    assert data["cycles_here"][0]["parameter"] == 1.9
    assert data["cycles_here"][0]["stable"]


def test_the_shipped_jansen_rit_has_the_hopf_points_of_the_literature() -> None:
    found = analysed("jansen_rit", "--preset", "grimbert_faugeras_2006", "--along", "mu", "--from", "0.08", "--to", "0.33")
    hopf = [b for b in found["bifurcations"] if b["kind"] == "Hopf"]
    assert [b["parameter"] for b in hopf] == pytest.approx([0.08983, 0.31570], abs=6e-6)  # Grimbert & Faugeras 2006, figure 5
    assert [b["frequency_hz"] for b in hopf] == pytest.approx([10.3771, 11.1636], abs=6e-5)


def test_the_shipped_montbrio_region_is_bistable_where_the_closed_form_says() -> None:
    found = analysed("montbrio_pazo_roxin", "--along", "eta", "--from", "-7", "--to", "-2")
    assert [p["kind"] for p in found["fixed_points"]] == ["stable node", "saddle", "stable focus"]
    assert [b["parameter"] for b in found["bifurcations"]] == pytest.approx([-5.743527162, -3.136134086], abs=6e-10)


def test_the_shipped_wong_wang_models_rest_where_other_tools_say() -> None:
    for name, exact in (("reduced_wong_wang", (0.16475721, 0.03921845)), ("wong_wang_2013", (0.0980184532,))):
        (point,) = fixed_points(region(model(name)))
        assert point.state == pytest.approx(exact, abs=6e-9)


@pytest.mark.parametrize("name", names())
def test_what_is_called_a_fixed_point_of_a_shipped_model_does_not_move(name: str) -> None:
    one = region(model(name))
    width = np.array([v.range[1] - v.range[0] for v in one.model.state])
    for point in fixed_points(one, 40):
        slope = slope_of(one.model, one.values(), np.array(point.state)[:, None])[:, 0]
        assert np.abs(slope / width).max() < 1e-9 * max(1.0, *map(abs, point.eigenvalues))


def test_what_is_wrong_is_told_with_what_was_meant() -> None:
    assert "did you mean 'wilson_cowan'?" in refused("wilson_cowann")
    assert "did you mean 'vbi'" in refused("wilson_cowan", "--preset", "vbii")
    said = refused("wilson_cowan", "--set", "tau_e=0", "--set", "Pp=1")
    assert "tau_e of wilson_cowan is 0 ms" in said
    assert "a number above 0 ms" in said
    assert "did you mean 'P'?" in said
    assert "an interval whose end lies above its start" in refused("wilson_cowan", "--along", "P", "--from", "1", "--to", "1")
    assert "--from and --to" in refused("wilson_cowan", "--along", "P")
    assert "tau_e of wilson_cowan is 0 ms" in refused("wilson_cowan", "--along", "tau_e", "--from", "0", "--to", "1")
    assert "NAME=NUMBER" in refused("wilson_cowan", "--set", "P=much")
    assert "--along" in refused("wilson_cowan", "--from", "0")


def test_a_model_without_rest_is_told_with_what_was_tried() -> None:
    said = refused("kuramoto")
    assert "no fixed point of kuramoto was found" in said
    assert "200 starts were tried" in said


def test_a_fixed_point_outside_what_the_model_was_made_for_is_marked(tmp_path: Path) -> None:
    options = ["adex_first_order", "--preset", "b_0", "--set", "external_input_ex_ex=0.001", "--set", "external_input_in_ex=0.001"]
    done = CliRunner().invoke(analyse_command, [*options, "--out", str(tmp_path)], catch_exceptions=False)
    data = json.loads((tmp_path / "analysis.json").read_text())
    limit = 1 / data["parameters"]["T"]
    assert {p["inside"] for p in data["fixed_points"]} == {True, False}
    assert all(p["inside"] == (max(p["state"][:2]) < limit) for p in data["fixed_points"])
    assert data["inside"].startswith("both rates below 1/T")
    far = sum(not p["inside"] for p in data["fixed_points"])
    note = f"{far} of {len(data['fixed_points'])} fixed points lie outside what adex_first_order was made for; inside: both rates"
    for text in (done.output, (tmp_path / "analysis.html").read_text()):
        assert text.count("node, outside") + text.count("saddle, outside") == far
        assert note in text


def test_what_is_nothing_beside_its_scale_is_printed_as_0() -> None:
    assert [_number(v, 2.0, 3) for v in (1.9e-12, -1.9e-12, 2.1e-12)] == ["0", "0", "2.1e-12"]
    assert [_complex(e, 10.0) for e in (1 + 9e-12j, -9e-12 + 1j, -9e-12 + 0j)] == ["1", "0 + 1i", "0"]
