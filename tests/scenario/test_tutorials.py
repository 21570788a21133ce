"""The scripts of the tutorials run, on less than their pages show, and what the pages say of them holds."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import numpy as np
import pytest

from cosim.models.wholebrain.parameters import WholeBrainParameters
from cosim.models.wholebrain.setting import read_connectome

TUTORIALS = Path(__file__).parents[2] / "docs" / "tutorials"
REST = runpy.run_path(str(TUTORIALS / "resting_state.py"), run_name="tutorial")
SEIZURE = runpy.run_path(str(TUTORIALS / "seizure.py"), run_name="tutorial")

pytest.importorskip("tvb_data", reason="the pages are about its connectome")
pytestmark = pytest.mark.timeout(60)


def test_linked_regions_correlate_more_than_others_at_rest(tmp_path: Path) -> None:
    found = REST["rest"](tmp_path, duration="80 s")
    functional, structural = found.functional(), found.structural()
    assert found.bold.shape == (30, 76)
    linked = structural > 0
    np.fill_diagonal(linked, False)
    others = ~linked & ~np.eye(76, dtype=bool)
    assert functional[linked].mean() > functional[others].mean() + 0.1
    assert found.fit() > 0.3
    REST["draw_bold"](tmp_path / "bold.svg", found)
    REST["draw_matrices"](tmp_path / "matrices.svg", found)
    REST["draw_fit"](tmp_path / "fit.svg", (0.0, 1.0), [found, found])
    assert all((tmp_path / f"{name}.svg").stat().st_size > 5_000 for name in ("bold", "matrices", "fit"))


def test_a_seizure_reaches_the_propagation_zone_after_the_epileptogenic_one(tmp_path: Path) -> None:
    kept = {*SEIZURE["EPILEPTOGENIC"], *SEIZURE["PROPAGATION"], "rV1", "lHC"}
    names = read_connectome(WholeBrainParameters(fallback="synthetic")).labels
    found = SEIZURE["seizure"](tmp_path / "run", [name for name in names if name not in kept], duration="13 s")
    onsets = found.onsets_s()
    assert set(onsets) == kept - {"rV1", "lHC"}
    assert max(onsets[name] for name in SEIZURE["EPILEPTOGENIC"]) + 2 < min(onsets[name] for name in SEIZURE["PROPAGATION"])
    contacts, values = SEIZURE["seen"](found)
    assert len(contacts) == 30
    assert np.ptp(values[:, contacts.index("A1")]) > 5 * np.ptp(values[:, contacts.index("A5")])
    SEIZURE["draw_spread"](tmp_path / "spread.svg", found)
    SEIZURE["draw_seeg"](tmp_path / "seeg.svg", found, contacts, values)
    SEIZURE["draw_treated"](tmp_path / "treated.svg", {"untreated": found})
    assert all((tmp_path / f"{name}.svg").stat().st_size > 5_000 for name in ("spread", "seeg", "treated"))


def test_the_page_shows_the_operators_of_the_script() -> None:
    assert SEIZURE["SEEG"] in re.findall(r"^```yaml\n(.*?)^```", (TUTORIALS / "seizure.md").read_text(), re.MULTILINE | re.DOTALL)
