"""Write an experiment to sweep: a small brain that oscillates, with noise."""

from __future__ import annotations

from pathlib import Path

BRAIN = """
cosim: 1
title: Oscillators
seed: 3
duration: {duration}
step: 0.1 ms
groups:
  brain:
    component: wholebrain
    params:
      connectome: synthetic
      synthetic: {{regions: 12}}
      normalise: max_row_sum
      model: montbrio_pazo_roxin
      coupling: 0.5
      start: model
      noise: 0.01
record: [brain.V]
"""


def brain(folder: Path, duration: str = "40 ms") -> Path:
    """Write the experiment into a folder, and return its path."""
    path = folder / "brain.yaml"
    path.write_text(BRAIN.format(duration=duration))
    return path
