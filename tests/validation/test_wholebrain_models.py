"""Models, schemes and noise against other simulators' figures and closed forms."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.linalg import solve_continuous_lyapunov, solve_discrete_lyapunov
from scipy.optimize import brentq
from support.wholebrain import brain, run, write_zip

from cosim.errors import Problem
from cosim.models.wholebrain.dynamics import model
from cosim.models.wholebrain.kernel._engine import Patch, kernels
from cosim.models.wholebrain.language.model import parameter_row, slope_of
from cosim.models.wholebrain.local import read_values

DATA = Path(__file__).parent / "data"


def kernel(name: str, parameters: dict, n: int) -> tuple[Patch, dict[str, np.ndarray]]:
    """Return regions of a model that receive nothing, and their parameters."""
    problems: list[Problem] = []
    m = model(name)
    values = read_values(m, parameters, range(n), n, 1.0, np.zeros((n, n)), "", problems)
    assert not problems
    row, free = np.full((len(m.sends), n), -1), [np.inf] * len(m.state)
    rows = [parameter_row(k, values, n) for k in kernels()[name][1]]
    return Patch(name, range(n), row, rows, np.zeros((len(m.receives), len(m.sends), n)),
                 np.zeros((len(m.receives), n)), [-v for v in free], free, np.zeros(len(free)), [0] * len(free), 1.0, 1), values


def slopes(name: str, parameters: dict, x: np.ndarray, c: np.ndarray | None = None, u: np.ndarray | None = None) -> np.ndarray:
    """Return derivatives, by the kernel and by NumPy, whose bits are the same."""
    m, (patch, values) = model(name), kernel(name, parameters, x.shape[1])
    n = x.shape[1]
    c = np.zeros((len(m.receives), n)) if c is None else c
    u = np.zeros((len(m.inputs), n)) if u is None else u
    found = patch.evaluate(x, c, u)[0]
    assert np.array_equal(found, slope_of(m, values, x, c, u))
    return found


@pytest.mark.parametrize(
    ("name", "theirs", "parameters", "gain"),
    [
        ("wilson_cowan", "WilsonCowan", {"convention": "tvb"}, 1.0),
        ("reduced_wong_wang", "ReducedWongWangExcInh", {}, 2.0),
        ("linear", "Linear", {"gamma": -10.0}, 1.0),
    ],
)
def test_derivatives_are_those_of_the_virtual_brain(name: str, theirs: str, parameters: dict, gain: float) -> None:
    r = json.loads((DATA / "tvb_dfun_wholebrain.json").read_text())["models"][theirs]
    x, c = np.array(r["state"])[..., 0], gain * np.array(r["coupling"])[: len(model(name).receives), :, 0]
    expected = np.array(r["dfun"])[..., 0]
    np.testing.assert_allclose(slopes(name, parameters, x, c), expected, rtol=1e-12)


@pytest.mark.parametrize("variant", ["constant", "node_varying"])
@pytest.mark.parametrize(
    ("name", "theirs", "parameters", "more"),
    [
        ("wilson_cowan", "WilsonCowan", {"convention": "tvb"}, {}),
        ("generic_2d_oscillator", "Generic2dOscillator", {}, {}),
        ("wong_wang_2013", "ReducedWongWang", {}, {}),
        ("jansen_rit", "JansenRit", {}, {"takes": {"firing": "y1"}}),
        ("epileptor", "Epileptor", {"Kvf": 0.2, "Kf": 0.1, "Ks": -0.3}, {}),
    ],
)
def test_a_whole_brain_follows_that_of_the_virtual_brain(name: str, theirs: str, parameters: dict, more: dict, variant: str) -> None:
    pytest.importorskip("tvb_data", reason="needs the extra 'data'")
    r = json.loads((DATA / f"tvb_traj_{theirs}.json").read_text())
    v, variables = r["variants"][variant], model(name).variables
    initial = {k: tuple(np.broadcast_to(x, 76).tolist()) for k, x in zip(variables, v["initial_condition"].values(), strict=True)}
    b = brain(speed=4.0, coupling=r["coupling"]["a"], model=name, model_parameters=parameters, scheme="heun_held", start="model",
              initial=initial, **more)
    got = run(b, 1000, 12)
    states = np.stack([got[k] for k in variables], axis=1)
    at = np.rint(np.array(r["times_ms"]) * 10).astype(int) - 1
    size = np.abs(np.array(v["final_all_nodes_float64_history"])).max(axis=1)
    np.testing.assert_allclose(states[at][:, :, r["nodes"]], v["states_float64_history"], rtol=1e-9, atol=1e-9 * size.min())
    np.testing.assert_allclose(states[-1], v["final_all_nodes_float64_history"], rtol=1e-9, atol=1e-9 * size.min())


HOPF = {
    "wilson_cowan_1972": (1.87931320, 0.24933825, 0.19822034, 53.0048),
    "shifted": (1.90925272, 0.25179423, 0.20344020, 53.6236),
    "plain": (1.82356933, 0.24723067, 0.19412441, 52.3895),
    "plain_10_ms": (1.82356933, 0.24723067, 0.19412441, 41.9116),
    "vbi": (1.79152018, 0.24458407, 0.18852508, 51.6589),
}


@pytest.mark.parametrize("convention", list(HOPF))
def test_each_wilson_cowan_convention_has_its_own_hopf_point(convention: str) -> None:
    p_hopf, e_hopf, i_hopf, frequency = HOPF[convention]

    def slope(x: np.ndarray, p: float) -> np.ndarray:
        return slopes("wilson_cowan", {"convention": convention, "P": p}, np.reshape(x, (2, 1)))[:, 0]

    def jacobian_at(x: np.ndarray, p: float) -> np.ndarray:
        return np.stack([(slope(x + d, p) - slope(x - d, p)) / 2e-6 for d in 1e-6 * np.eye(2)], axis=1)

    def at(p: float) -> tuple[np.ndarray, np.ndarray]:
        x = np.array([e_hopf, i_hopf])
        for _ in range(20):  # Newton
            x = x - np.linalg.solve(jacobian_at(x, p), slope(x, p))
        return x, jacobian_at(x, p)

    p = brentq(lambda q: np.trace(at(q)[1]), p_hopf - 0.02, p_hopf + 0.02, xtol=1e-12)
    x, jacobian = at(p)
    assert p == pytest.approx(p_hopf, abs=1e-7)
    assert x == pytest.approx([e_hopf, i_hopf], abs=1e-7)
    assert 1000 * np.sqrt(np.linalg.det(jacobian)) / (2 * np.pi) == pytest.approx(frequency, abs=2e-4)


@pytest.mark.parametrize(
    ("convention", "period", "low", "high"),
    [
        ("wilson_cowan_1972", 39.96715, 0.102559, 0.269660),
        ("shifted", 40.02729, 0.101523, 0.271487),
        ("plain", 34.99865, 0.118275, 0.267465),
        ("plain_10_ms", 43.74831, 0.118275, 0.267465),
        ("vbi", 34.94189, 0.119521, 0.265418),
    ],
)
def test_each_wilson_cowan_convention_oscillates_with_its_own_period(
    tmp_path: Path, convention: str, period: float, low: float, high: float
) -> None:
    path = write_zip(tmp_path / "c.zip", np.zeros((2, 2)), np.ones((2, 2)))
    b = brain(dt="0.01", connectome=str(path), model="wilson_cowan", model_parameters={"convention": convention, "P": 1.25}, start="model")
    e = run(b, 120_000, 1000)["E"][60_000:, 0]
    up = np.flatnonzero((e[:-1] < 0.18) & (e[1:] >= 0.18))
    times = 0.01 * (up + (0.18 - e[up]) / (e[up + 1] - e[up]))
    assert np.diff(times).mean() == pytest.approx(period, abs=1e-4)
    assert (e.min(), e.max()) == pytest.approx((low, high), abs=2e-6)


def test_low_state_of_the_plain_convention() -> None:
    assert np.abs(slopes("wilson_cowan", {"P": 1.0}, np.array([[0.04653797], [0.00242179]]))).max() < 1e-8


def test_isolated_wong_wang_region_rests_near_three_hertz(tmp_path: Path) -> None:
    b = brain(connectome=str(write_zip(tmp_path / "c.zip", np.zeros((2, 2)), np.ones((2, 2)))))
    first = {name: block.values[0, 0] for name, block in b.initial().items()}
    assert first["S_E"] == pytest.approx(0.16475721, abs=5e-9)
    assert first["S_I"] == pytest.approx(0.03921845, abs=5e-9)
    assert first["rate"] == pytest.approx(3.0773271, abs=5e-8)


@pytest.mark.parametrize("parameters", [{}, {"lamda": 0.3}, {"w_p": 1.2, "I_o": 0.39}])
def test_balanced_inhibition_lets_every_region_rest_where_it_would_alone(tmp_path: Path, parameters: dict) -> None:
    path = write_zip(tmp_path / "c.zip", np.zeros((2, 2)), np.ones((2, 2)))
    alone = brain(connectome=str(path), model_parameters=parameters)
    together = brain(connectome="synthetic", normalise="max_row_sum", coupling=0.6, model_parameters={"J_i": "balanced"} | parameters)
    assert together.initial()["rate"].values == pytest.approx(alone.initial()["rate"].values[0, 0], rel=1e-9)


def test_balanced_inhibition_holds_for_regions_that_rest_at_different_rates(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "c.zip", np.zeros((2, 2)), np.ones((2, 2)))
    alone = brain(connectome=str(path), model_parameters={"w_p": (1.3, 1.4)}).initial()["rate"].values[0]
    assert alone[1] - alone[0] > 0.1
    varied = {"J_i": "balanced", "w_p": (1.3, 1.4) * 38}
    together = brain(connectome="synthetic", normalise="max_row_sum", coupling=0.6, model_parameters=varied)
    assert together.initial()["rate"].values[0] == pytest.approx(np.tile(alone, 38), rel=1e-9)


def test_the_analytic_rule_keeps_regions_near_three_hertz() -> None:
    settings = {"connectome": "synthetic", "normalise": "max_row_sum", "coupling": 0.5}
    near = brain(model_parameters={"J_i": "analytic"}, **settings).initial()["rate"].values
    assert near.min() > 2.5 and near.max() < 3.5
    assert brain(**settings).initial()["rate"].values.max() > 6  # without it they rise


def test_the_rate_function_is_smooth_where_its_formula_is_zero_by_zero() -> None:
    current = (125.0 + np.linspace(-0.1, 0.1, 2001)) / 310.0 - 0.382  # through the singular point in the middle
    patch, _ = kernel("reduced_wong_wang", {"w_p": 0.0, "J_i": 0.0}, 2001)
    rate = patch.evaluate(np.zeros((2, 2001)), np.zeros((1, 2001)), np.stack((current, np.zeros(2001))))[1]
    assert rate[1000] == pytest.approx(1 / 0.16, rel=1e-9)
    # A straight line but for the curvature d / 6 of the function there.
    assert np.abs(np.diff(rate, 2)).max() < 0.16 / 6 * (1e-4) ** 2 * 1.01 + 1e-12


def dde_error(tmp_path: Path, scheme: str, steps_a_delay: int) -> float:
    """Return the error at t = 2 of x' = -x - 2 x(t - 1) with history 1, which is known in closed form up to there."""
    dt = f"{1 / steps_a_delay:.12g}"
    path = write_zip(tmp_path / "c.zip", np.eye(2), np.ones((2, 2)))
    b = brain(dt=dt, connectome=str(path), speed=1.0, coupling=-2.0, model="linear", scheme=scheme, start="model", initial={"x": 1.0})
    x = run(b, 2 * steps_a_delay, 11)["x"][-1, 0]
    at_one = -2 + 3 * np.exp(-1)
    return abs(x - (4 + np.exp(-1) * (at_one - 4 - 6)))


ORDERS = [("euler", 1), ("heun", 2), ("heun_held", 1), ("rk4", 2), ("backward_euler", 1), ("tr_bdf2", 2)]


@pytest.mark.parametrize(("scheme", "order"), ORDERS)
def test_order_of_convergence_with_delays(tmp_path: Path, scheme: str, order: int) -> None:
    errors = [dde_error(tmp_path, scheme, n) for n in (40, 80, 160)]
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert orders == pytest.approx(order, abs=0.1)


@pytest.mark.parametrize(("tau", "grows"), [(1.18, False), (1.24, True)])
def test_a_delayed_loop_oscillates_beyond_its_hopf_point(tmp_path: Path, tau: float, grows: bool) -> None:
    # x' = -x - 2 x(t - tau) has its Hopf point at tau = 1.2091995762.
    path = write_zip(tmp_path / "c.zip", np.eye(2), np.full((2, 2), tau))
    b = brain(dt="0.01", connectome=str(path), speed=1.0, coupling=-2.0, model="linear", start="model", initial={"x": 1e-3})
    x = np.abs(run(b, 30_000, 1000)["x"][:, 0])
    assert (x[-2000:].max() > x[5000:7000].max()) == grows


def test_noise_gives_the_stationary_covariance_of_the_linear_network(tmp_path: Path) -> None:
    # SCIENCE: chain of three with weights 0.4, A = W - 1, Q = 1; FC12 = .43643578, FC13 = .19047619.
    weights = np.array([[0, 0.4, 0], [0.4, 0, 0.4], [0, 0.4, 0]])
    dt = 0.05
    path = write_zip(tmp_path / "c.zip", weights, np.zeros((3, 3)))
    b = brain(dt=str(dt), connectome=str(path), model="linear", noise=1.0, start="model", seed=7)
    x = run(b, 2_000_000, 1000)["x"][10_000:]
    got = np.cov(x.T)
    a = weights - np.eye(3)
    exact = solve_continuous_lyapunov(a, -np.eye(3))
    correlation = exact / np.sqrt(np.outer(exact.diagonal(), exact.diagonal()))
    assert correlation[0, [1, 2]] == pytest.approx([0.43643578, 0.19047619], abs=1e-8)
    # Heun for a linear system is the map x -> (1 + dt A + dt^2 A^2 / 2) x + (1 + dt A / 2) sqrt(dt) xi.
    map_, spread = np.eye(3) + dt * a + dt**2 / 2 * a @ a, np.eye(3) + dt / 2 * a
    discrete = solve_discrete_lyapunov(map_, dt * spread @ spread.T)
    assert np.abs(discrete / exact - 1).max() < 2e-3
    # Slowest mode of rate 1 - 0.4 sqrt(2): so many independent samples.
    independent = len(x) * dt * (1 - 0.4 * np.sqrt(2))
    error = np.sqrt((discrete**2 + np.outer(discrete.diagonal(), discrete.diagonal())) / independent)
    assert (np.abs(got - discrete) < 4 * error).all()
