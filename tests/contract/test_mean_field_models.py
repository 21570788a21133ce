"""What every mean-field model keeps to, whoever wrote it: the suite finds the models by their files."""

from __future__ import annotations

from pathlib import Path

import pytest
from scipy.optimize import root
from support import mean_field_laws

from cosim.models.wholebrain import dynamics
from cosim.models.wholebrain.kernel._engine import kernels
from cosim.models.wholebrain.language.model import Held, everything, rate_of, sent_of, slope_of

NAMES = dynamics.names()
FOLDER = Path(dynamics.__file__).parent


@pytest.mark.parametrize("law", mean_field_laws.LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("name", NAMES)
def test_it_keeps_the_law(name, law):
    law(dynamics.model(name))


@pytest.mark.parametrize("name", NAMES)
def test_it_is_named_after_its_file_and_translated(name):
    model = dynamics.model(name)
    assert model.name == name
    mean_field_laws.equations_are_translated(model, FOLDER / f"{name}.py")


@pytest.mark.parametrize("name", [n for n in NAMES if dynamics.model(n).follow is not None])
def test_what_follows_a_rate_rests_where_the_model_rests(name):
    model = dynamics.model(name)
    values = everything(model, {}, 1)
    found = root(lambda x: slope_of(model, values, x[:, None])[:, 0], [v.start for v in model.state], tol=1e-13)
    x = found.x[:, None]
    assert found.success
    assert abs(float(model.follow(sent_of(model, values, x)[0], rate_of(model, values, x), Held(**values))[0])) < 1e-12


def test_all_of_them_are_in_the_kernel():
    assert set(NAMES) == set(kernels()), "build the kernels: COSIM_BUILD_ONLY=wholebrain .venv/bin/python setup.py build_ext --inplace"
