"""What is derived is what was measured: grids, the network behind them, the fit, the files, and refusals in sentences."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from cosim.errors import InputError
from cosim.launch.command import cosim
from cosim.launch.derive.cells import neurons
from cosim.launch.derive.derived import derive
from cosim.launch.derive.grid import Axis, grid_of
from cosim.launch.derive.measure import Protocol, measure
from cosim.models.theory.moments import Shape
from cosim.models.theory.published import CEREBELLAR, CORTICAL
from cosim.models.theory.transfer import Form
from cosim.models.wholebrain.dynamics import adex_first_order
from cosim.models.wholebrain.language.model import Held, everything

FS = "aeif_cond_exp", "--cell", "FS"
AXES = Axis("exc", (1.0, 2.0, 3.0)), Axis("inh", (5.0, 10.0))


def run(*arguments: str) -> dict[str, object]:
    done = CliRunner().invoke(cosim, ["derive", *arguments], catch_exceptions=False)
    assert done.exit_code == 0
    return {"said": done.output}


def test_a_grid_holds_all_combinations_and_the_first_input_varies_fastest():
    grid = grid_of(AXES, ["inh=0:20:3"])
    assert grid.shape == (3, 3)
    assert grid.rates.tolist() == [[1, 2, 3] * 3, [0, 0, 0, 10, 10, 10, 20, 20, 20]]
    assert grid.labels() == ["inh 0 Hz", "inh 10 Hz", "inh 20 Hz"]
    assert grid.adaptation is None


def test_held_adaptation_is_one_more_axis():
    grid = grid_of(AXES, [], "0,50")
    assert grid.shape == (4, 3)
    assert grid.rates.shape == (2, 12)
    assert grid.adaptation.tolist() == [0] * 6 + [50] * 6
    assert grid.labels()[-1] == "inh 10 Hz, w 50 pA"


@pytest.mark.parametrize(("given", "said"), [
    ("exc=", "the grid is empty"), ("exc=1:5:0", "the grid is empty"), ("exc=-2,3", "the rate -2 Hz of 'exc' is below 0"),
    ("exz=1", "there is no input 'exz'"), ("exc=a", "'a' is no list of values"), ("exc=1:2", "'1:2' is no list of values"),
    ("exc=nan", "not finite"), ("exc=0:1:5000", "the grid has 10,000 points")])
def test_a_grid_that_cannot_be_is_refused_in_a_sentence(given, said):
    with pytest.raises(InputError, match=said):
        grid_of(AXES, [given])


def test_the_neurons_have_the_moments_of_the_published_models():
    for name, cell in neurons("aeif_cond_exp").items():
        mine = cell.transfer()
        assert (mine.membrane, mine.synapses, mine.form) == (CORTICAL[name].membrane, CORTICAL[name].synapses, Form.QUADRATIC)
    for name, cell in neurons("eglif_cond_alpha").items():
        mine, theirs = cell.transfer(), CEREBELLAR[name]
        assert (mine.synapses, mine.gain, mine.form, mine.shape) == (theirs.synapses, theirs.gain, theirs.form, theirs.shape)
        # their leak is rounded to four decimals
        assert (mine.membrane.C_m, mine.membrane.E_L) == (theirs.membrane.C_m, theirs.membrane.E_L)
        assert mine.membrane.g_L == pytest.approx(theirs.membrane.g_L, abs=6e-5)


def test_without_input_nobody_fires_and_a_neuron_that_paces_itself_does():
    quiet = neurons("aeif_cond_exp")["FS"]
    assert measure(quiet, grid_of([s.axis for s in quiet.sources], ["exc=0", "inh=0"]), Protocol(4, 0.2, 50, 1)).rates == 0
    pacing = neurons("eglif_cond_alpha")["PC"]
    alone = measure(pacing, grid_of([s.axis for s in pacing.sources], ["grc=0", "mli=0"]), Protocol(10, 1, 500, 1))
    assert alone.rates == pytest.approx(45.6, abs=2)  # the source's own test: 45.6 Hz


def test_a_rate_is_that_of_the_time_after_the_transient():
    """A neuron driven so hard that it fires at every end of its refractory time has one rate, whatever is left out before."""
    cell = neurons("iaf_psc_delta")["LIF"].changed({"t_ref": "5 ms", "V_reset": "19 mV"})
    grid = grid_of([s.axis for s in cell.sources], ["exc=600", "inh=0"])
    for settles in (5.0, 50.0, 77.7):
        found = measure(cell, grid, Protocol(3, 0.5, settles, 1))
        assert found.rates == pytest.approx(1e3 / 5.1, abs=1 / 0.5)  # refractory time and one step; whole spikes in 0.5 s
        assert found.errors < 2


def test_siegerts_theory_meets_the_simulation_within_its_noise():
    cell = neurons("iaf_psc_exp")["LIF"]
    found = derive(cell, grid_of([s.axis for s in cell.sources], ["exc=6,8,10", "inh=1,4"]), Protocol(20, 1, 100, 1))
    fired = found.measured.rates > 1
    assert fired.sum() >= 4
    # five standard errors, and 2 % for the diffusion approximation
    assert (np.abs(found.residuals) < 5 * found.measured.errors + 0.02 * found.measured.rates + 0.05)[fired].all()
    with pytest.raises(InputError, match=r"decay with different time constants, 0\.5 ms and 2 ms"):
        cell.changed({"tau_syn_in": "2 ms"}).integrator()


def test_a_small_run_leaves_coefficients_that_give_its_rates_back(tmp_path: Path):
    said = run("aeif_cond_exp", "--cell", "FS", "--grid", "exc=1,2,3,4,5,6", "--grid", "inh=2,6,12", "--neurons", "8", "--seconds", "0.5",
               "--out", str(tmp_path / "fs"))["said"]
    written = json.loads((tmp_path / "fs" / "transfer.json").read_text())
    fs = written["neurons"]["FS"]
    assert len(written["P_i"]) == 10
    assert written["P_i"] == fs["coefficients_V"]
    points = fs["points"]
    again = CORTICAL["FS"].with_coefficients(written["P_i"]).rate([points["exc_hz"], points["inh_hz"]], points["w_pA"])
    assert again == pytest.approx(points["predicted_hz"], rel=1e-9)
    used = np.array(points["used"])
    rms = np.sqrt(np.mean((again - np.array(points["rate_hz"]))[used] ** 2))
    assert fs["error"]["rms_hz"] == pytest.approx(rms, rel=1e-9)
    assert f"{rms:.3f} Hz" in said
    page = (tmp_path / "fs" / "transfer.html").read_text()
    assert page.count("<svg") == 1
    assert "held out" in page
    assert (tmp_path / "fs" / "transfer.svg").read_text().count("</svg>") == 1


@pytest.mark.parametrize(("arguments", "said"), [
    (("izhikevich",), "no transfer function of izhikevich can be derived: it has no synaptic conductances"),
    (("hh_cond_exp_traub",), "its synapses are conductances, but there is no form of its threshold"),
    (("aeif_cond_exq",), "there is no neuron model 'aeif_cond_exq'"),
    (("aeif_cond_exp", "--cell", "RX"), "there is no type 'RX'"),
    (("aeif_cond_exp", "--set", "bb=1 pA"), "aeif_cond_exp has no parameter 'bb'"),
    (("aeif_cond_exp", "--set", "b"), "'b' sets nothing"),
    (("aeif_cond_exp", "--set", "C_m=200", "--cell", "FS"), "200"),
    (("aeif_cond_exp", "--grid", "exc=1,2", "--grid", "inh=3"), "2 points cannot tell 10 coefficients of RS"),
    (("aeif_cond_exp", "--moments", "campbell"), "their moments can be had in one way"),
    (("iaf_psc_exp", "--form", "quadratic"), "iaf_psc_exp has nothing to fit"),
    (("iaf_psc_exp", "--adaptation", "10"), "no adaptation current that could be held"),
    (("aeif_cond_exp", "--seconds", "0"), "0 s are to be measured"), (("aeif_cond_exp", "--neurons", "1"), "1 neurons at each point"),
    ((*FS, "--neurons", "1000000"), "66 points with 1,000,000 neurons each are 66,000,000 neurons"),
    (("aeif_cond_exp", "--seed", "-3"), "the seed is -3"), (("aeif_cond_exp", "--below", "-1"), "points above -1 Hz"),
    ((*FS, "--grid", "exc=0:0.1:6", "--grid", "inh=5,10", "--seconds", "0.1"), "silent at all 12 points"),
    ((*FS, "--grid", "exc=30:60:6", "--grid", "inh=1,2", "--seconds", "0.1"), "12 of 12 points of FS are saturated"),
    ((*FS, "--grid", "exc=1:2000:6"), "exc at 2000 Hz would give a neuron 80 spikes a step"),
    ((*FS, "--set", "V_th=high"), "--set V_th: 'high' is no quantity"),
    ((*FS, "--set", "V_reset=0 mV"), "FS: V_reset, 0 mV, is not below V_peak")])
def test_what_cannot_be_derived_is_refused_in_a_sentence(arguments, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as told:
        CliRunner().invoke(cosim, ["derive", *arguments], catch_exceptions=False)
    assert said in str(told.value)
    assert not list(tmp_path.iterdir())


def test_the_mean_field_of_adex_neurons_takes_the_coefficients_as_they_are_derived():
    """Coefficients of which each is moved from the default by another amount give its rates the values of the transfer function."""
    given = {"P_e": np.array(CORTICAL["RS"].coefficients) + np.arange(10) * 2e-4, "P_i": np.array(CORTICAL["FS"].coefficients) * 1.01}
    values = {f"{name}_{k}": c for name, list_of in given.items() for k, c in enumerate(list_of)}
    values |= dict.fromkeys(("external_input_ex_ex", "external_input_ex_in", "external_input_in_ex", "external_input_in_in"), 0.0)
    held = Held(**everything(adex_first_order.MODEL, values, 1))
    e, i, w = 0.006, 0.007, 30.0  # kHz, kHz, pA
    rates = adex_first_order.populations(held, e, i, w, w, 0.0, 0.0, 0.0)[:2]
    inputs = [1e3 * e + 1e-3, 1e3 * i + 1e-3]  # the model adds 1e-6 kHz
    for name, cell, khz in (("P_e", "RS", rates[0]), ("P_i", "FS", rates[1])):
        expected = CORTICAL[cell].with_coefficients(given[name]).rate(inputs, w)
        assert expected > 0.1
        assert 1e3 * khz.item() == pytest.approx(float(expected), rel=1e-9)


def test_the_code_of_the_how_to_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    page = (Path(__file__).parents[2] / "docs" / "howto" / "derive_a_mean_field.md").read_text()
    code, = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    at = tmp_path / "derived" / "aeif_cond_exp" / "transfer.json"
    at.parent.mkdir(parents=True)
    at.write_text(json.dumps({"P_i": CORTICAL["FS"].coefficients}))
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "derive_a_mean_field.md", "exec"), {})
    assert capsys.readouterr().out == f"{float(CORTICAL['FS'].rate([3.0, 6.0])):.1f} Hz\n"


def test_results_are_not_written_over(tmp_path: Path):
    (tmp_path / "transfer.json").write_text("{}")
    with pytest.raises(InputError, match="exists"):
        run("aeif_cond_exp", "--out", str(tmp_path))


def test_the_form_may_be_chosen():
    cell = neurons("eglif_cond_alpha")["GrC"].formed(Form.QUADRATIC, Shape.ALPHA)
    assert len(cell.transfer().coefficients) == 10
    assert cell.transfer().shape is Shape.ALPHA
