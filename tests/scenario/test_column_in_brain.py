"""What the main experiment promises, on a small column in a small brain."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from support.together import Together, run_together

EXPERIMENT = """
cosim: 1
seed: 2
duration: {duration}
step: 0.1 ms
groups:
  brain:
    component: wholebrain
    params:
      connectome: synthetic
      normalise: max_row_sum
      speed: 4 mm/ms
      coupling: 1.2
      model_parameters: {{J_i: balanced}}
      noise: {noise}
      replaced: {{rV1: rate}}
      stimuli: [{stimulus}]
  column:
    component: microcircuit
    params: {{scale: 0.02, indegree_scale: 0.1}}
couplings:
  - name: drive
    from: brain.rV1.afferent_rate
    to: column.background
    translate: {{share_of_background: {{share: {share}, gain: {gain}}}}}
  - name: answer
    from: column.spikes
    to: brain.rV1.rate
    initial: 3.077327064117893 Hz
    translate: {{spikes_to_rate: {{width: 20 ms, populations: [L23E, L4E, L5E, L6E]}}}}
"""
COLUMN_ALONE = """
cosim: 1
seed: 2
duration: 60 ms
step: 0.1 ms
groups:
  column:
    component: microcircuit
    params: {scale: 0.02, indegree_scale: 0.1}
"""


def coupled(folder: Path, *, duration: str = "60 ms", share: float = 0.1, gain: float = 1.0, noise: float = 0.002, stimulus: str = "",
            window: int | None = None) -> Together:
    return run_together(EXPERIMENT.format(duration=duration, share=share, gain=gain, noise=noise, stimulus=stimulus), folder, window)


def fastest_ways(static: Mapping[str, np.ndarray], target: int) -> np.ndarray:
    """Return the ticks that a change in each region needs to reach the target: by the direct tract, or faster by way of others.

    A change of the input of a region at tick t changes its rate at once, and what other regions hear of its gating one tick later.
    """
    connected = (static["weights"] > 0) & ~np.eye(len(static["weights"]), dtype=bool)
    delays = np.where(connected, np.rint(static["tract_lengths_mm"] / 4.0 / 0.1), np.inf)
    direct, ways = delays[target], delays[target].copy()
    for _ in range(len(ways)):
        ways = np.minimum(ways, (ways[:, None] + delays + 1).min(axis=0))
    ways[target] = np.inf
    return np.minimum(ways, direct)


def background(run: Together) -> np.ndarray:
    """Return the rate that the column was given in each step: of the step that ends at tick t at row t - 1."""
    rows = run.samples("column.background")
    return np.array([rows[t][0] for t in sorted(rows)])


def test_the_same_bits_at_every_window_length(tmp_path: Path) -> None:
    whole = coupled(tmp_path, duration="30 ms")
    limit = whole.plan.windows["column"]
    assert limit > 2
    for window in (limit // 2, 1):
        assert coupled(tmp_path, duration="30 ms", window=window).bits() == whole.bits()


@pytest.mark.parametrize("off", [{"gain": 0.0}, {"share": 0.0}])
def test_with_gain_zero_the_column_is_the_free_column(tmp_path: Path, off: dict[str, float]) -> None:
    alone, run = run_together(COLUMN_ALONE, tmp_path), coupled(tmp_path, **off)
    assert len(alone.spikes("column.spikes")) > 20
    assert run.spikes("column.spikes") == alone.spikes("column.spikes")
    assert run.spikes("column.spikes") != coupled(tmp_path, share=0.5).spikes("column.spikes")


def test_while_the_brain_rests_the_background_of_the_column_is_unchanged(tmp_path: Path) -> None:
    run = coupled(tmp_path, noise=0.0)
    reach = run.plan.windows["column"]  # what the column answers is back after the way to another region and the way from one
    given = background(run)
    assert len(given) > 2 * reach
    assert np.allclose(given[:2 * reach + 1], 8.0, rtol=1e-9, atol=0)
    assert not np.allclose(given[2 * reach + 1:], 8.0, rtol=1e-9, atol=0)


def test_a_pulse_changes_the_input_of_the_column_exactly_one_tract_delay_later_and_not_before(tmp_path: Path) -> None:
    onset = 100
    still = coupled(tmp_path)
    static = still.plan.descriptions["brain"].static
    labels = [name.decode() for name in static["labels"].tolist()]
    target = labels.index("rV1")
    delays = np.rint(static["tract_lengths_mm"][target] / 4.0 / 0.1).astype(int)
    sources = [j for j in np.argsort(delays) if static["weights"][target, j] > 0 and j != target]
    fastest = fastest_ways(static, target)
    assert sum(fastest[j] == delays[j] for j in sources) > len(sources) // 2
    for source in (sources[0], sources[len(sources) // 2], sources[-1]):
        stimulus = f"{{regions: [{labels[source]}], amplitude: 0.3, onset: 10 ms, duration: 5 ms}}"
        duration = f"{(onset + delays[source] + 20) / 10} ms"
        given = background(coupled(tmp_path, duration=duration, stimulus=stimulus))
        changed = np.flatnonzero(given != background(coupled(tmp_path, duration=duration)))
        assert changed[0] == onset + fastest[source]
