"""What the pages on neuron models say is so: tables are what the command prints, the example keeps the contract."""

from __future__ import annotations

import re
import sys
from fractions import Fraction
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from support import neuron_laws
from support.command import cosim
from support.neuron import Neurons

from cosim.launch.neurons import description
from cosim.models.microcircuit.language.translate import translate
from cosim.models.microcircuit.neurons import model, names

DOCS = Path(__file__).parents[2] / "docs"
REFERENCE, HOWTO = (DOCS / "reference" / "neurons.md").read_text(), (DOCS / "howto" / "add_a_neuron_model.md").read_text()


@pytest.fixture
def quadratic(tmp_path, monkeypatch):
    """The example of the how-to, and its file."""
    path = tmp_path / "quadratic.py"
    path.write_text(re.findall(r"^```python\n(.*?)^```", HOWTO, re.MULTILINE | re.DOTALL)[0])
    spec = spec_from_file_location("quadratic", path)
    module = module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "quadratic", module)
    spec.loader.exec_module(module)
    return module.MODEL, path


@pytest.mark.parametrize("name", [n for n in names() if not model(n).is_precise])
def test_the_reference_shows_every_model_as_the_command_does(name):
    shown = dict(re.findall(r"```text\ncosim neurons (\w+)\n\n(.*?)\n```", REFERENCE, re.DOTALL))
    assert shown[name] == description(model(name))


def test_the_command_lists_models_and_helps_with_a_slip(tmp_path):
    listed = cosim("neurons", cwd=tmp_path)
    assert listed.status == 0 and [line.split()[0] for line in listed.out.splitlines()] == list(names())
    assert description(model("izhikevich")) in cosim("neurons", "izhikevich", cwd=tmp_path).out
    slip = cosim("neurons", "izhikevic", cwd=tmp_path)
    assert slip.status == 2 and "did you mean 'izhikevich'?" in slip.err


def test_the_example_keeps_the_contract(quadratic):
    example, path = quadratic
    assert translate(path)[0].name == "quadratic_step"
    neuron_laws.is_described(example)
    neuron_laws.kernels_are_complete(example, path)
    for law in neuron_laws.LAWS:
        law(example)
    assert neuron_laws.no_spike_within_the_refractory_time(example) > 10


def test_the_example_is_of_second_order(quadratic):
    exact = solve_ivp(lambda t, v: (10 / 15 * (v + 65) * (v + 50) + 100 * np.exp(-t / 3)) / 200, (0, 6.4), [-60.0], rtol=1e-12, atol=1e-12)
    errors = []
    for step in (0.4, 0.2, 0.1):
        neuron = Neurons(quadratic[0], step_ms=step).set(V_m=-60, I_syn=100)
        neuron.run(round(6.4 / step))
        errors.append(abs(float(neuron.get("V_m")[0] - exact.y[0, -1])))
    assert np.log2(np.array(errors[:-1]) / errors[1:]) == pytest.approx([2, 2], abs=0.1)


def test_the_example_tells_parameters_that_contradict_each_other(quadratic):
    found = quadratic[0].complaints(Neurons(quadratic[0], {"C_m": 1, "V_c": -66}).values, Fraction(1, 10))
    assert [c.parameter for c in found] == ["V_c", "g_L"]
