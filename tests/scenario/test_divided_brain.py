"""A region that runs in a group of its own is the same region."""

from pathlib import Path

import numpy as np
import pytest
from support.together import run_together

BRAIN = """
cosim: 1
seed: 11
duration: {duration}
step: 0.1 ms
groups:
  brain:
    component: wholebrain
    params: &brain
      connectome: synthetic
      synthetic: {{regions: 20, seed: 3}}
      normalise: max_row_sum
      speed: 10 mm/ms
      coupling: 1.0
      model: {model}
      scheme: {scheme}
      noise: 0.002
      noise_stream: brain
"""
DIVIDED = """      replaced: {rA1: coupling}
  region:
    component: wholebrain
    params:
      <<: *brain
      replaced: {}
      simulate: [rA1]
couplings:
  - {from: brain.rA1.afferent, to: region.rA1.afferent}
  - {from: region.rA1.coupling, to: brain.rA1.coupling}
"""


def states(run, group: str, port: str) -> dict[str, np.ndarray]:
    labels = next(p for p in run.plan.descriptions[group].outputs if p.name == port).labels
    rows = run.samples(f"{group}.{port}")
    values = np.array([rows[t] for t in sorted(rows)])
    return dict(zip(labels, values.T, strict=True))


@pytest.mark.parametrize(("model", "scheme", "port"), [("reduced_wong_wang", "heun", "S_E"), ("reduced_wong_wang", "euler", "S_E"),
                                                       ("wilson_cowan", "heun_held", "E")])
def test_a_brain_with_a_region_replaced_by_itself_is_the_undivided_brain(tmp_path: Path, model: str, scheme: str, port: str) -> None:
    text = BRAIN.format(duration="100 ms", model=model, scheme=scheme)
    whole = states(run_together(text, tmp_path), "brain", port)
    limit = run_together(text + DIVIDED, tmp_path)
    for window in (1, limit.plan.windows["brain"]):  # with windows of one tick, 1000 of them
        divided = run_together(text + DIVIDED, tmp_path, window)
        parts = states(divided, "brain", port) | states(divided, "region", port)
        assert parts.keys() == whole.keys()
        assert all(np.array_equal(parts[region], whole[region]) for region in whole)


def test_two_connected_regions_may_run_in_groups_of_their_own(tmp_path: Path) -> None:
    text = BRAIN.format(duration="40 ms", model="reduced_wong_wang", scheme="heun")
    whole = states(run_together(text, tmp_path), "brain", "S_E")
    divided = text + DIVIDED.replace("{rA1: coupling}", "{rA1: coupling, lA1: coupling}").replace("couplings:", """  other:
    component: wholebrain
    params:
      <<: *brain
      replaced: {}
      simulate: [lA1]
couplings:
  - {from: brain.lA1.afferent, to: other.lA1.afferent}
  - {from: other.lA1.coupling, to: brain.lA1.coupling}""")
    run = run_together(divided, tmp_path)
    parts = states(run, "brain", "S_E") | states(run, "region", "S_E") | states(run, "other", "S_E")
    assert all(np.array_equal(parts[region], whole[region]) for region in whole)
