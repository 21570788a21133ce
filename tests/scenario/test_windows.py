"""Whole runs in one process: what reaches whom, and when, whatever the window."""

from pathlib import Path

import numpy as np
import pytest
from support.together import run_together

PAIR = """
cosim: 1
seed: 4
duration: 6 ms
step: 0.1 ms
groups:
  a: {component: clockwork, params: {size: 4}}
  b: {component: clockwork, params: {size: 4}}
couplings:
  - {name: there, from: a.x, to: b.in, delay: 1.2 ms}
  - {name: back, from: b.x, to: a.in, delay: 2 ms}
  - {name: beats, from: a.spikes, to: b.beats, delay: 1.5 ms}
"""


def test_the_window_is_the_smallest_delay_of_the_loop(tmp_path: Path) -> None:
    assert run_together(PAIR, tmp_path).plan.windows == {"a": 12, "b": 12}


def test_the_same_bits_at_every_window_length(tmp_path: Path) -> None:
    reference = run_together(PAIR, tmp_path).bits()
    for window in (1, 2, 5, 7, 11, 12):
        assert run_together(PAIR, tmp_path, window).bits() == reference


def test_samples_arrive_exactly_one_delay_later(tmp_path: Path) -> None:
    run = run_together(PAIR, tmp_path)
    x, heard, beats = run.samples("a.x", since=0), run.samples("b.heard"), run.spikes("a.spikes")
    for tick in range(1, 61):
        # 'heard' at tick t is what the step from t - 1 to t was given: the input at t - 1
        counts = np.bincount([i for t, i in beats if t == tick - 15], minlength=4)
        assert np.array_equal(heard[tick], x[max(tick - 1 - 12, 0)] + counts)


def test_before_the_first_data_the_initial_value_of_the_source_is_held(tmp_path: Path) -> None:
    run = run_together(PAIR, tmp_path)
    first = run.samples("b.x", since=0)[0]
    assert all(np.array_equal(run.samples("a.heard")[t], first) for t in range(1, 20))


def test_an_initial_value_of_the_coupling_is_held_instead(tmp_path: Path) -> None:
    run = run_together(PAIR.replace("delay: 2 ms", "delay: 2 ms, initial: 7.5"), tmp_path)
    heard = run.samples("a.heard")
    assert all((heard[t] == 7.5).all() for t in range(1, 21))
    assert np.array_equal(heard[22], run.samples("b.x")[1])


def test_leads_and_lags_count_as_delay(tmp_path: Path) -> None:
    plain = PAIR.replace("  - {name: beats, from: a.spikes, to: b.beats, delay: 1.5 ms}\n", "")
    led = plain.replace("a: {component: clockwork, params: {size: 4}}", "a: {component: clockwork, params: {size: 4, lead: 0.7 ms}}")
    led = led.replace("delay: 1.2 ms", "delay: 0.5 ms")
    lagged = plain.replace("b: {component: clockwork, params: {size: 4}}", "b: {component: clockwork, params: {size: 4, lag: 1.2 ms}}")
    lagged = lagged.replace("delay: 1.2 ms", "delay: 0 ms")
    reference = run_together(plain, tmp_path)
    assert run_together(lagged, tmp_path).bits() == reference.bits()
    assert run_together(lagged, tmp_path).plan.windows == reference.plan.windows
    heard, expected = (run_together(t, tmp_path).samples("b.heard") for t in (led, plain))
    assert all(np.array_equal(heard[t], expected[t]) for t in range(1, 61))


def test_of_different_steps_the_slower_sample_is_held(tmp_path: Path) -> None:
    text = PAIR.replace("b: {component: clockwork, params: {size: 4}}", "b: {component: clockwork, step: 0.05 ms, params: {size: 4}}")
    text = text.replace("  - {name: beats, from: a.spikes, to: b.beats, delay: 1.5 ms}\n", "")
    run = run_together(text, tmp_path)
    x, heard = run.samples("a.x", since=0), run.samples("b.heard")
    for tick in range(1, 121):  # ticks of 0.05 ms
        assert np.array_equal(heard[tick], x[max((tick - 1 - 24) // 2 * 2, 0)])
    assert run_together(text, tmp_path, 2).bits() == run.bits()


def test_a_coupling_of_weight_zero_is_no_edge(tmp_path: Path) -> None:
    run = run_together(PAIR.replace("delay: 1.2 ms}", "delay: 0 ms, weight: 0}"), tmp_path)
    assert run.plan.windows == {"a": 15, "b": 15}
    assert [e.name for e in run.plan.edges] == ["back", "beats"]


def test_a_weight_scales_samples(tmp_path: Path) -> None:
    run = run_together(PAIR.replace("delay: 2 ms", "delay: 2 ms, weight: -3"), tmp_path)
    assert np.array_equal(run.samples("a.heard")[40], -3 * run.samples("b.x")[40 - 1 - 20])


CHAIN = """
cosim: 1
seed: 4
duration: 3 ms
step: 0.1 ms
run: {window: 1 ms}
groups:
  last: {component: clockwork}
  middle: {component: clockwork}
  first: {component: clockwork}
couplings:
  - {from: first.x, to: middle.in}
  - {from: middle.x, to: last.in}
"""


def test_a_chain_without_delay_runs_one_after_the_other(tmp_path: Path) -> None:
    run = run_together(CHAIN, tmp_path)
    assert [str(run.plan.mode(e)) for e in run.plan.edges] == ["sequential", "sequential"]
    place = {w: i for i, w in enumerate(run.order)}
    for start, stop in ((0, 10), (10, 20), (20, 30)):
        assert place[f"first[{start},{stop})"] < place[f"middle[{start},{stop})"] < place[f"last[{start},{stop})"]
    assert run_together(CHAIN, tmp_path, 3).bits() == run.bits()


def test_groups_with_longer_delays_have_longer_windows(tmp_path: Path) -> None:
    text = """
cosim: 1
duration: 8 ms
step: 0.1 ms
groups:
  a: {component: clockwork}
  b: {component: clockwork}
  c: {component: clockwork}
couplings:
  - {name: ab, from: a.x, to: b.in, delay: 0.4 ms}
  - {name: ba, from: b.x, to: a.in, delay: 0.5 ms}
  - {name: bc, from: b.x, to: c.in, delay: 3 ms}
  - {name: cb, from: c.rate, to: b.drive, delay: 4 ms}
"""
    run = run_together(text, tmp_path)
    assert run.plan.windows == {"a": 4, "b": 4, "c": 30}
    assert {str(run.plan.mode(e)) for e in run.plan.edges} == {"lock-step"}
    assert run_together(text, tmp_path, 1).bits() == run.bits()


def test_with_two_windows_of_headroom_groups_are_pipelined(tmp_path: Path) -> None:
    run = run_together(PAIR, tmp_path, 5)
    assert {e.name: str(run.plan.mode(e)) for e in run.plan.edges} == {"there": "pipelined", "back": "pipelined", "beats": "pipelined"}


@pytest.mark.parametrize("duration", ["0.1 ms", "1.3 ms", "2.4 ms"])
def test_a_run_may_end_within_a_window(tmp_path: Path, duration: str) -> None:
    run = run_together(PAIR.replace("6 ms", duration), tmp_path)
    assert max(run.samples("a.x")) == run.plan.experiment.duration


def test_what_a_translator_has_to_tell_reaches_the_end_of_the_run(tmp_path: Path) -> None:
    translate = "{share_of_background: {share: 1, gain: 50, invalid: clip}}"
    run = run_together(PAIR + f"  - {{name: driven, from: b.rate, to: a.drive, delay: 2 ms, translate: {translate}}}\n", tmp_path)
    assert any(remark.startswith("coupling 'driven': ") for remark in run.remarks)
