"""A step at which an explicit scheme amplifies what decays is refused before the run; implicit schemes may take it."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from support.wholebrain import write_zip

from cosim.errors import InputError
from cosim.models.wholebrain.component import WholeBrain
from cosim.models.wholebrain.parameters import WholeBrainParameters
from cosim.timegrid import Clock


def described(tmp_path: Path, step: str = "0.1", **parameters) -> dict[str, str]:
    path = write_zip(tmp_path / "c.zip", np.ones((3, 3)) - np.eye(3), 9 * np.ones((3, 3)))
    settings = {"connectome": str(path), "start": "model", "coupling": 0.01} | parameters
    return dict(WholeBrain(WholeBrainParameters(**settings), Clock(Fraction(step), 1)).describe().facts)


FAST = {"model": "wilson_cowan", "model_parameters": {"tau_e": (8.0, 0.005, 8.0)}}


@pytest.mark.parametrize("scheme", ["euler", "heun", "heun_held", "rk4"])
def test_a_fast_time_constant_is_refused_with_region_model_eigenvalue_and_remedy(tmp_path: Path, scheme: str) -> None:
    with pytest.raises(InputError) as error:
        described(tmp_path, scheme=scheme, **FAST)
    text = str(error.value)
    for words in ("region 'r1'", "'wilson_cowan'", f"a step of 0.1 ms is too long for '{scheme}'", "tr_bdf2", "backward_euler", "/ms"):
        assert words in text
    assert "r0" not in text and "r2" not in text


@pytest.mark.parametrize("scheme", ["backward_euler", "tr_bdf2"])
def test_implicit_schemes_may_take_it(tmp_path: Path, scheme: str) -> None:
    assert "step" not in described(tmp_path, scheme=scheme, **FAST)


@pytest.mark.parametrize(("scheme", "bound"), [("euler", 2.0), ("heun", 2.0), ("rk4", 2.785293563)])
def test_the_bound_is_that_of_the_linear_model(tmp_path: Path, scheme: str, bound: float) -> None:
    # x' = -gamma x: the largest step is the bound of the scheme on the real axis (Hairer & Wanner, section IV.2).
    for share, fits in ((0.999, True), (1.001, False)):
        parameters = {"model": "linear", "model_parameters": {"gamma": -share * bound}, "coupling": 0.0, "scheme": scheme, "step": "1"}
        parameters["start"] = "rest"
        if fits:
            assert "step" not in described(tmp_path, **parameters)
        else:
            with pytest.raises(InputError, match=r"steps of at most"):
                described(tmp_path, **parameters)


def test_in_a_state_that_the_brain_leaves_at_once_a_step_somewhat_too_long_is_told(tmp_path: Path) -> None:
    # The fast mode of the epileptor at x1 < 0 is -3 x1^2 + 6 x1 (the derivative of -x1^3 + 3 x1^2; Jirsa et al. 2014), here about -17 /ms.
    start = {"x1": -1.6, "y1": -14.0, "z": 3.4, "x2": -1.1, "y2": 0.0, "g": 0.0}
    parameters = {"model": "epileptor", "initial": start, "coupling": 0.0, "scheme": "heun"}
    told = described(tmp_path, step="0.15", **parameters)["step"]
    assert "at the start" in told and "look whether" in told
    with pytest.raises(InputError, match="at the start, which would grow"):
        described(tmp_path, step="1", **parameters)
    assert "step" not in described(tmp_path, step="0.01", **parameters)


def test_only_regions_that_are_simulated_here_count(tmp_path: Path) -> None:
    assert "step" not in described(tmp_path, simulate=("r0",), **FAST)
    with pytest.raises(InputError):
        described(tmp_path, simulate=("r1",), **FAST)


def test_a_damped_oscillation_that_grows_only_because_it_turns_is_told_and_not_refused(tmp_path: Path) -> None:
    # The eigenvalues of sup_hopf at 0 are a +- i omega: Euler's scheme needs steps below -2 a / (a^2 + omega^2).
    parameters = {"model": "sup_hopf", "model_parameters": {"a": -0.01, "omega": 1.0}, "initial": {"x": 0.0, "y": 0.0}, "coupling": 0.0}
    told = described(tmp_path, scheme="euler", **parameters)["step"]
    assert "-0.01 +- 1i" in told and f"{0.02 / 1.0001:.4g} ms" in told
    assert "step" not in described(tmp_path, scheme="rk4", **parameters)
