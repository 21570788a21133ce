"""The scripts of the tutorials run, on less than their pages show, and what the pages say of them holds."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest

TUTORIALS = Path(__file__).parents[2] / "docs" / "tutorials"
REST = runpy.run_path(str(TUTORIALS / "resting_state.py"), run_name="tutorial")

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
