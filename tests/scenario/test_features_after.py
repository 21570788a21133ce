"""The features of a finished run are those of what it recorded."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from support.command import cosim

from cosim.record.reading import read_results

EXPERIMENT = """
cosim: 1
title: Rest
seed: 3
duration: 2 s
step: 1 ms
groups:
  brain:
    component: wholebrain
    params: {connectome: synthetic, normalise: max_row_sum, noise: 0.01}
record: [{port: brain.S_E, every: 10 ms}]
"""


@pytest.mark.timeout(120)
def test_the_features_of_a_whole_brain_are_those_of_its_record(tmp_path: Path) -> None:
    (tmp_path / "brain.yaml").write_text(EXPERIMENT)
    for name, seed in (("one", 3), ("two", 4)):
        done = cosim("run", "brain.yaml", "--out", name, "--no-report", "--set", f"seed={seed}", cwd=tmp_path)
        assert done.status == 0, done.said
    arguments = ("features", "one", "--port", "brain.S_E", "--discard", "500 ms", "--window", "500 ms", "--every", "100 ms")
    done = cosim(*arguments, "--compare", "two", "--out", "found", cwd=tmp_path)
    assert done.status == 0, done.said
    assert done.out.splitlines()[-2:] == ["found/brain.S_E.h5", "found/brain.S_E.html"]
    port = read_results(tmp_path / "one").port("brain.S_E")
    with h5py.File(tmp_path / "found" / "brain.S_E.h5") as file:
        assert np.abs(file["run/fc"][...] - np.corrcoef(port.values()[50:].T)).max() < 1e-12
        assert tuple(file["run/channels"].asstr()[...]) == port.names
        assert -1 < file["comparison"].attrs["fc_agreement"] < 1
    done = cosim("features", "one", "--port", "brain.S_E", "--features", "fcd", cwd=tmp_path)
    assert (done.status, "Traceback" in done.said) == (2, False)
    assert "the window of 60000 ms (6000 samples) is longer than the record of 2000 ms (200 samples)" in done.said
