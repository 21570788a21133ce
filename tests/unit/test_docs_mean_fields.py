"""What the page on mean-field models says is so: what stands there is what the command prints."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.command import cosim

from cosim.launch.mean_fields import description
from cosim.models.wholebrain.dynamics import model, names

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
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
