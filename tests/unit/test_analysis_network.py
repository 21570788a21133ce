"""The whole network: its rest, its modes and what changes along a parameter, held against closed forms and integration."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from support.wholebrain import brain, run, write_zip

from cosim.errors import InputError
from cosim.models.wholebrain.analysis.bifurcations import bifurcations
from cosim.models.wholebrain.analysis.branches import branches
from cosim.models.wholebrain.analysis.delayed_network import delayed, delayed_modes
from cosim.models.wholebrain.analysis.delays import delayed_eigenvalues
from cosim.models.wholebrain.analysis.network import Vector, critical_gain, rest
from cosim.models.wholebrain.analysis.network_line import (
    NetworkBifurcation,
    NetworkBranch,
    NetworkLine,
    branch_through,
    network_bifurcations,
)
from cosim.models.wholebrain.analysis.region import region
from cosim.models.wholebrain.analysis.varied import Varied
from cosim.models.wholebrain.dynamics import model
from cosim.models.wholebrain.linearised import Linearised
from cosim.models.wholebrain.parameters import Exchange, OtherModel, Sigmoid, WholeBrainParameters
from cosim.models.wholebrain.setting import initial_state
from cosim.timegrid import Clock


def varied(folder: Path, weights: np.ndarray, **parameters: Any) -> Varied:
    path = write_zip(folder / f"c{len(list(folder.iterdir()))}.zip", weights, np.ones_like(weights))
    return Varied(WholeBrainParameters(connectome=str(path), **parameters), Clock(Fraction("0.1"), 1))


def start(v: Varied) -> tuple[np.ndarray, ...]:
    return initial_state(v.given, v.read(), None)


def drawn(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, 1, (n, n))


def followed(v: Varied, key: str, low: float, high: float, points: int = 20) -> tuple[NetworkBranch, tuple[NetworkBifurcation, ...]]:
    line = NetworkLine(lambda value: v.at(key, value), low, high)
    z = np.append(line.vector.flat(rest(line.net(0.0), start(v)).states) / line.scale, 0.0)
    branch = branch_through(line, z, 1 / points, lambda done: None)
    return branch, network_bifurcations(line, branch, 10, lambda done: None)[0]


MIXED: dict[str, Any] = {
    "model": "generic_2d_oscillator", "other_models": (OtherModel(("r1", "r4"), "wilson_cowan", {"P": (0.5, 0.7)}),),
    "exchange": (Exchange("generic_2d_oscillator", "wilson_cowan", "E", "V", 0.1, 0.2),
                 Exchange("wilson_cowan", "generic_2d_oscillator", "V", "I", 2.0)),
}


@pytest.mark.parametrize("coupled", [{}, {"coupling_function": "difference"},
                                     {"coupling_function": "sigmoidal", "sigmoid": Sigmoid(width=2.0)}])
@pytest.mark.parametrize("models", [MIXED, {"model": "wilson_cowan"}, {"model": "reduced_wong_wang"}])
def test_the_jacobian_of_a_network_is_the_derivative_of_its_slopes(tmp_path: Path, coupled: dict, models: dict) -> None:
    v = varied(tmp_path, drawn(6, 3), coupling=0.3, **coupled, **models)
    net = Linearised(v.read(), fine=True)
    vector, draw = Vector.of(net.setting.patches), np.random.default_rng(4)
    x = vector.middle + 0.1 * vector.width * draw.uniform(-1, 1, len(vector.middle))
    direction, h = vector.width * draw.normal(size=len(x)), 1e-5
    ahead, behind = (vector.flat(net.slopes(vector.split(x + side * h * direction))) for side in (1, -1))
    along = (ahead - behind) / (2 * h)
    assert net.jacobian(vector.split(x)) @ direction == pytest.approx(along, abs=1e-8 * max(1, np.abs(along).max()))


def test_a_network_rests_where_integration_ends(tmp_path: Path) -> None:
    v = varied(tmp_path, drawn(6, 3), model="wilson_cowan", model_parameters={"P": tuple(np.linspace(0.2, 0.8, 6))}, coupling=0.1)
    net = Linearised(v.read(), fine=True)
    vector, found = Vector.of(net.setting.patches), rest(net, start(v))
    run = solve_ivp(lambda _, x: vector.flat(net.slopes(vector.split(x))), (0, 600), vector.flat(start(v)), method="LSODA", rtol=1e-10,
                    atol=1e-12)
    assert found.is_stable
    assert vector.flat(found.states) == pytest.approx(run.y[:, -1], abs=1e-8)


def test_the_critical_coupling_is_one_over_the_largest_eigenvalue_of_the_weights(tmp_path: Path) -> None:
    weights = drawn(5, 6)
    lead, vectors = np.linalg.eig(weights)
    v = varied(tmp_path, weights, model="linear", model_parameters={"gamma": -2.0})
    at = lambda gain: v.at("coupling", gain)  # noqa: E731
    gain, here = critical_gain(at, start(v), 0.0, 4.0)
    assert gain == pytest.approx(2.0 / lead.real.max(), abs=1e-8)
    share = np.abs(vectors[:, np.argmax(lead.real)]) ** 2
    assert here.shares == pytest.approx(share / share.sum(), abs=1e-6)
    with pytest.raises(InputError, match="cannot be searched between 3 and 4"):
        critical_gain(at, start(v), 3.0, 4.0)


def test_identical_regions_have_the_modes_of_one_with_each_eigenvalue_of_the_weights(tmp_path: Path) -> None:
    weights = drawn(5, 8)
    weights /= weights.sum(axis=1, keepdims=True)
    v = varied(tmp_path, weights, model="wilson_cowan", model_parameters={"P": 1.1}, coupling=0.7)
    one = varied(tmp_path, np.array([[1.0, 0.0], [0.0, 1.0]]), model="wilson_cowan", model_parameters={"P": 1.1}, coupling=0.7)
    v_net, one_net = (Linearised(each.read(), fine=True) for each in (v, one))
    together, alone = rest(v_net, start(v)), rest(one_net, start(one))
    assert together.states[0] == pytest.approx(np.repeat(alone.states[0][:, :1], 5, axis=1), abs=1e-12)
    each = one_net.derivatives(alone.states)[0]
    own, coupled = each.own[:, :, 0], np.outer(each.heard[:, 0, 0], each.said[0, :, 0])
    expected = np.concatenate([np.linalg.eigvals(own + k * coupled) for k in np.linalg.eigvals(weights)])
    for e in expected:
        assert np.abs(together.eigenvalues - e).min() < 1e-9


def test_a_network_without_links_has_the_bifurcations_of_one_region(tmp_path: Path) -> None:
    weights = np.array([[0.0, 0.0], [0.0, 0.0]])
    given = {"P": (1.0, 0.2)}  # the second region follows with the same key, so both change alike
    v = varied(tmp_path, weights, model="wilson_cowan", model_parameters=given | {"c_ee": (16.0, 10.0)})
    _, found = followed(v, "model_parameters.P", 0.5, 1.9)
    one = region(model("wilson_cowan"), given={"c_ee": 16.0})
    known = [b for branch in branches(one, "P", 0.5, 1.9) for b in bifurcations(one, "P", 0.5, 1.9, branch)]
    ours = [b for b in found if b.shares[0] > 0.999]
    assert sorted(b.parameter for b in ours) == pytest.approx(sorted(b.parameter for b in known), abs=1e-8)
    for b, k in zip(sorted(ours, key=lambda b: b.parameter), sorted(known, key=lambda b: b.parameter), strict=True):
        assert b.kind == k.kind
        assert b.frequency_hz == pytest.approx(k.frequency_hz, rel=1e-6)
        assert b.criticality == k.criticality


def test_the_rest_of_a_linear_network_loses_its_hold_at_the_critical_coupling(tmp_path: Path) -> None:
    weights = drawn(6, 9)
    v = varied(tmp_path, weights, model="linear", model_parameters={"gamma": -1.0})
    branch, found = followed(v, "coupling", 0.0, 0.6)
    critical = 1 / np.linalg.eigvals(weights).real.max()
    (edge,) = [b for b in found if b.is_edge]
    assert edge.parameter == pytest.approx(critical, abs=1e-8)
    assert edge.kind == "branch point"
    assert [k == 0 for k in branch.growing] == [p < critical for p in branch.parameter]


def test_montbrio_regions_alike_turn_where_one_with_a_larger_weight_onto_itself_does(tmp_path: Path) -> None:
    # With row sums of 1 every region hears G r, which stands beside J r.
    weights = drawn(4, 10)
    weights /= weights.sum(axis=1, keepdims=True)
    v = varied(tmp_path, weights, model="montbrio_pazo_roxin", coupling=1.0)
    folds = [b for b in followed(v, "model_parameters.eta", -12.0, -2.0, 40)[1] if b.is_edge]
    one = region(model("montbrio_pazo_roxin"), given={"J": 16.0})
    known = [b.parameter for branch in branches(one, "eta", -12.0, -2.0) for b in bifurcations(one, "eta", -12.0, -2.0, branch)]
    assert [b.kind for b in folds] == ["fold", "fold"]
    assert sorted(b.parameter for b in folds) == pytest.approx(sorted(known), abs=1e-7)
    assert all(b.shares == pytest.approx(np.full(4, 0.25), abs=1e-6) for b in folds)


def test_the_modes_with_delays_are_those_of_the_dense_method_and_their_count_is_that_of_the_argument_principle(tmp_path: Path) -> None:
    draw = np.random.default_rng(2)
    path = write_zip(tmp_path / "late.zip", drawn(4, 1), draw.uniform(1, 90, (4, 4)))
    v = Varied(WholeBrainParameters(connectome=str(path), coupling=-0.4, model="linear"), Clock(Fraction(1), 1))
    net = Linearised(v.read(), fine=True)
    here = rest(net, start(v))
    linear = delayed(net, here.states, 1.0)
    found, is_sure = delayed_modes(linear, Vector.of(net.setting.patches), here.eigenvalues, 3)
    each = np.unique(linear.delays)
    parts = [linear.heard @ np.where(linear.delays == d, linear.links, 0.0) @ linear.said for d in each]
    dense = delayed_eigenvalues(linear.local, parts, each)
    assert is_sure
    assert [m.eigenvalue for m in found] == pytest.approx([e for e in dense if e.imag >= 0][:3], abs=1e-10)


def test_a_small_change_of_a_simulated_brain_dies_out_as_its_modes_with_delays_say(tmp_path: Path) -> None:
    weights = np.array([[0.0, 1.0], [1.0, 0.0]])
    path = write_zip(tmp_path / "late.zip", weights, np.full((2, 2), 30.0))
    given = {"connectome": str(path), "coupling": -0.9, "model": "linear"}
    v = Varied(WholeBrainParameters(**given), Clock(Fraction("0.1"), 1))
    net = Linearised(v.read(), fine=True)
    here = rest(net, start(v))
    found, _ = delayed_modes(delayed(net, here.states, 0.1), Vector.of(net.setting.patches), here.eigenvalues, 6)
    # Started alike, only modes in which both do the same are there, x' = -x - 0.9 x(t - 10), and the slowest of those turns.
    e = next(m.eigenvalue for m in found if m.eigenvalue.imag > 0)
    x = run(brain(dt="0.1", start="model", scheme="heun", initial={"x": 1e-3}, **given), 6000, 6000)["x"][:, 0]
    t = 0.1 * np.arange(1, 6001)
    late = t > 400
    basis = np.stack([np.exp(e.real * t) * np.cos(e.imag * t), np.exp(e.real * t) * np.sin(e.imag * t)], axis=1)[late]
    left = x[late] - basis @ np.linalg.lstsq(basis, x[late], rcond=None)[0]
    assert np.abs(left).max() < 0.01 * np.abs(x[late]).max()
