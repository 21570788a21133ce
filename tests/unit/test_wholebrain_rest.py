"""Where a network rests: also where it takes long to come there, or its constants are fast; and not where it does not."""

from pathlib import Path

import numpy as np
import pytest
from support.wholebrain import brain, run, write_zip

from cosim.errors import InputError
from cosim.models.wholebrain import component, rest
from cosim.models.wholebrain.analysis.network import rest as fixed_point
from cosim.models.wholebrain.component import WholeBrain
from cosim.models.wholebrain.language.model import sent_of, slope_of
from cosim.models.wholebrain.linearised import Linearised
from cosim.models.wholebrain.setting import initial_state
from cosim.models.wholebrain.synthetic import SyntheticConnectome


def slope_at_rest(b: WholeBrain) -> np.ndarray:
    """Return the slope of the twin at the state that was found, 1/ms."""
    s, found = b._setting, b._search
    assert found is not None and found.rest is not None, b.describe().facts["rest"]
    p, state = s.patches.all[0], found.rest.states[0]
    return slope_of(p.model, p.values, state, s.gain * (s.net.weights @ sent_of(p.model, p.values, state)[0])[None])


def pair(folder: Path, weights: np.ndarray | None = None) -> str:
    return str(write_zip(folder / "pair.zip", np.zeros((2, 2)) if weights is None else weights, np.ones((2, 2))))


def test_a_mode_that_decays_within_minutes_is_followed_to_its_rest(tmp_path: Path) -> None:
    for gain in (1.7, 1.8, 1.9, 2.0):
        b = brain(connectome="synthetic", normalise="max_row_sum", coupling=gain, model_parameters={"J_i": "balanced", "w_p": 1.45})
        assert np.abs(slope_at_rest(b)).max() < 1e-14
    both = pair(tmp_path, np.array([[0.0, 1.0], [1.0, 0.0]]))
    slow = brain(connectome=both, model="wilson_cowan", model_parameters={"tau_e": 5000.0, "tau_i": 5000.0})
    assert np.abs(slope_at_rest(slow)).max() < 1e-16


@pytest.mark.parametrize("tau", [0.02, 0.2, 1.0])
def test_fast_constants_are_followed(tmp_path: Path, tau: float) -> None:
    settings = {"connectome": pair(tmp_path), "model": "wilson_cowan", "scheme": "tr_bdf2"}
    fast, usual = (brain(model_parameters=p, **settings) for p in ({"tau_e": tau, "tau_i": tau}, {}))
    assert np.abs(slope_at_rest(fast)).max() < 1e-14
    assert fast.initial()["E"].values == pytest.approx(usual.initial()["E"].values, abs=1e-12)  # time constants do not move a fixed point


def test_a_rest_that_was_polished_is_the_one_that_patience_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"connectome": "synthetic", "normalise": "max_row_sum", "coupling": 0.6, "model_parameters": {"J_i": "analytic"}}
    patient = brain(**settings)
    monkeypatch.setattr(rest, "_STRETCHES", 4)
    hasty = brain(**settings)
    assert np.abs(hasty.initial()["S_E"].values - patient.initial()["S_E"].values).max() < 1e-13
    assert np.ptp(run(hasty, 200, 100)["S_E"], axis=0).max() < 1e-13


def test_elimination_solves_what_a_library_solves() -> None:
    draw = np.random.default_rng(3)
    matrix, right = draw.normal(size=(40, 40)), draw.normal(size=40)
    matrix[0, 0] = 0.0  # it must pivot
    solved = rest._solve(matrix, right)
    assert solved == pytest.approx(np.linalg.solve(matrix, right), rel=1e-10)
    assert rest._solve(np.ones((3, 3)), np.ones(3)) is None


def test_an_oscillating_network_is_said_not_to_be_stable_and_starts_from_the_values_of_its_model(tmp_path: Path) -> None:
    b = brain(connectome=pair(tmp_path), model="wilson_cowan", model_parameters={"P": 1.25})
    assert "the resting state that was found is not stable" in b.describe().facts["rest"]
    assert b.initial()["E"].values.tolist() == [[0.1, 0.1]]


def test_what_is_not_reached_is_not_said_to_be_unstable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "_STRETCHES", 1)
    monkeypatch.setattr(rest, "_LARGEST_NUMBER_OF_ITERATIONS", 1)
    assert "no resting state was reached within 0.064 s" in brain(connectome="synthetic", coupling=0.1).describe().facts["rest"]


def test_no_rest_is_searched_for_where_neither_the_start_nor_a_port_needs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = np.array([[0.0, 0.1], [0.1, 0.0]])
    settings = {"connectome": pair(tmp_path, weights), "model": "wilson_cowan", "start": "model"}
    oscillating = {"P": 1.25}
    told = brain(**settings, replaced={"r0": "coupling"}).describe()
    assert {p.name: p.at_rest for p in told.outputs}["r0.afferent"] is not None and "start" in told.facts
    told = brain(**settings, replaced={"r0": "coupling"}, model_parameters=oscillating).describe()
    assert told.facts["rest"] == "the resting state that was found is not stable; so ports do not tell what they are at rest"
    monkeypatch.setattr(component, "find_rest", lambda s: pytest.fail("a rest was searched for"))
    alone = brain(**settings, model_parameters=oscillating, initial={"E": 0.2})
    assert alone.describe().facts["start"] == "the model's own values, but E as given" and "rest" not in alone.describe().facts
    assert alone.initial()["E"].values.tolist() == [[0.2, 0.2]]


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("settings", [{"model": "kuramoto", "coupling_function": "difference"}, {"model": "cerebellum_second_order"}])
def test_a_search_that_leaves_all_bounds_ends_without_a_word_of_its_arithmetic(settings: dict) -> None:
    b = brain(connectome="synthetic", synthetic=SyntheticConnectome(regions=4), **settings)
    assert b.describe().facts["rest"].startswith("no resting state was reached")
    if settings["model"] == "kuramoto":
        with pytest.raises(InputError, match="no fixed point of the network"):
            fixed_point(Linearised(b._setting, fine=True), initial_state(b._given, b._setting, None))


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_relaxation_stops_where_the_state_is_no_number_any_more(tmp_path: Path) -> None:
    text = brain(connectome=pair(tmp_path), model="linear", model_parameters={"gamma": 50.0}, coupling_offset=1.0).describe().facts["rest"]
    assert "the state grew beyond all numbers within" in text
