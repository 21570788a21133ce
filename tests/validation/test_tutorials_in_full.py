"""What the tutorials say of rest and of a seizure holds at the length that they show."""

import re
import runpy
from pathlib import Path

import pytest

from cosim.launch.ready import make_ready

pytest.importorskip("tvb_data", reason="the pages are about its connectome")
pytestmark = [pytest.mark.validation, pytest.mark.timeout(300)]
TUTORIALS = Path(__file__).parents[2] / "docs" / "tutorials"
REST = runpy.run_path(str(TUTORIALS / "resting_state.py"), run_name="tutorial")
SEIZURE = runpy.run_path(str(TUTORIALS / "seizure.py"), run_name="tutorial")


@pytest.mark.parametrize(("coupling", "balanced"), [(0.0, True), (1.5, True), (1.75, False)])
def test_the_balanced_brain_rests_at_3_08_hz_up_to_the_edge(coupling, balanced):
    ready = make_ready(TUTORIALS / "resting_state.yaml", [f"groups.brain.params.coupling={coupling}"])
    lowest, highest = map(float, re.findall(r"[\d.]+", ready.plan.descriptions["brain"].facts["rest"]))
    assert lowest == pytest.approx(3.0773, abs=1e-3)
    assert (highest == pytest.approx(3.0773, abs=1e-3)) == balanced


def test_connectivity_fits_best_near_the_edge(tmp_path):
    fits = {coupling: REST["rest"](tmp_path, coupling).fit() for coupling in (0.0, 1.0, 1.5, 2.5)}
    assert abs(fits[0.0]) < 0.1
    assert fits[1.5] == max(fits.values())
    page = (TUTORIALS / "resting_state.md").read_text()
    for coupling, fit in fits.items():
        assert f"| {coupling:g} | {fit:.3f} |" in page


def test_which_resection_stops_the_seizure(tmp_path):
    propagation = set(SEIZURE["PROPAGATION"])
    untreated = SEIZURE["seizure"](tmp_path / "untreated").onsets_s()
    assert list(untreated) == [*SEIZURE["EPILEPTOGENIC"], *SEIZURE["PROPAGATION"]]
    page = (TUTORIALS / "seizure.md").read_text()
    for name, onset in untreated.items():
        assert f"{name} {onset:.2f}" in page
    assert set(SEIZURE["seizure"](tmp_path / "first", ["rHC"]).onsets_s()) & propagation == {"rTCC", "rCCS"}
    assert not set(SEIZURE["seizure"](tmp_path / "last", ["rTCV"]).onsets_s()) & propagation
    assert not SEIZURE["seizure"](tmp_path / "lowered", x0=dict.fromkeys(SEIZURE["EPILEPTOGENIC"], -2.1)).onsets_s()
