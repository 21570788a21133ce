"""What the pages on mean-field models say is so: what stands there is what the command prints, and the example keeps the contract."""

from __future__ import annotations

import re
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest
from support import mean_field_laws
from support.command import cosim

from cosim.launch.mean_fields import description
from cosim.models.wholebrain.dynamics import model, names
from cosim.models.wholebrain.language.model import everything, slope_of

DOCS = Path(__file__).parents[2] / "docs"
REFERENCE, HOWTO = DOCS / "reference", (DOCS / "howto" / "add_a_mean_field_model.md").read_text()
SHOWN = {name: text for page in sorted(REFERENCE.glob("*.md"))
         for name, text in re.findall(r"```text\ncosim mean-fields (\w+)\n\n(.*?)\n```", page.read_text(), re.DOTALL)}


@pytest.mark.parametrize("name", names())
def test_the_reference_shows_every_model_as_the_command_does(name):
    assert name in SHOWN, f"show what 'cosim mean-fields {name}' prints in a page in docs/reference"
    assert SHOWN[name] == description(model(name))


def test_the_command_lists_models_and_helps_with_a_slip(tmp_path):
    listed = cosim("mean-fields", cwd=tmp_path)
    assert listed.status == 0 and [line.split()[0] for line in listed.out.splitlines()] == list(names())
    assert description(model("jansen_rit")) in cosim("mean-fields", "jansen_rit", cwd=tmp_path).out
    slip = cosim("mean-fields", "jansen_ritt", cwd=tmp_path)
    assert slip.status == 2 and "did you mean 'jansen_rit'?" in slip.err


@pytest.fixture
def example(tmp_path, monkeypatch):
    """The example of the how-to, and its file."""
    path = tmp_path / "fitzhugh_nagumo.py"
    path.write_text(re.findall(r"^```python\n(.*?)^```", HOWTO, re.MULTILINE | re.DOTALL)[0])
    spec = spec_from_file_location("fitzhugh_nagumo", path)
    module = module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "fitzhugh_nagumo", module)
    spec.loader.exec_module(module)
    return module.MODEL, path


def test_the_example_keeps_the_contract(example):
    made, path = example
    mean_field_laws.equations_are_translated(made, path)
    for law in mean_field_laws.LAWS:
        law(made)


@pytest.mark.parametrize("sign", [-1, 1])
def test_the_example_loses_its_rest_where_the_trace_of_its_jacobian_is_0(example, sign):
    # tau J = [[1 - v^2, -1], [epsilon, -epsilon b]]: the trace is 0 at v^2 = 1 - epsilon b.
    v = sign * np.sqrt(1 - 0.08 * 0.8)
    w = (v + 0.7) / 0.8
    values = everything(example[0], {"I": w - v + v**3 / 3}, 1)
    at = np.array([[v], [w]])
    assert np.abs(slope_of(example[0], values, at)).max() < 1e-15
    jacobian = np.stack([(slope_of(example[0], values, at + h) - slope_of(example[0], values, at - h))[:, 0] / 2e-6
                         for h in (np.array([[1e-6], [0]]), np.array([[0], [1e-6]]))], axis=1)
    assert abs(np.trace(jacobian)) < 1e-10 and np.linalg.det(jacobian) > 0
