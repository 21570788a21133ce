"""Whatever graph of groups passes the checks runs to its end, with the same bits at every window."""

import tempfile
from math import lcm
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.together import run_together

from cosim.errors import InputError

GROUPS = "abcd"
PORTS = (("x", "in"), ("spikes", "beats"), ("rate", "drive"))


@st.composite
def graphs(draw: st.DrawFn) -> tuple[str, int]:
    """Draw an experiment, and the least common multiple of its steps in ticks of 1 ms."""
    names = GROUPS[:draw(st.integers(1, 4))]
    steps = {g: draw(st.integers(1, 5)) for g in names}
    common = lcm(*steps.values())
    text = f"cosim: 1\nseed: {draw(st.integers(0, 9))}\ntick: 1 ms\nduration: {2 * common} ms\ngroups:\n"
    for g in names:
        lead, lag = (draw(st.integers(-1, 3)) * steps[g] for _ in range(2))
        text += f"  {g}: {{component: clockwork, step: {steps[g]} ms, params: {{size: 2, lead: {lead} ms, lag: {lag} ms}}}}\n"
    couplings = ""
    for n in range(draw(st.integers(0, 6))):
        a, b = draw(st.sampled_from(names)), draw(st.sampled_from(names))
        gives, takes = draw(st.sampled_from(PORTS))
        both = lcm(steps[a], steps[b])
        couplings += f"  - {{name: e{n}, from: {a}.{gives}, to: {b}.{takes}, delay: {draw(st.integers(0, 4)) * both} ms}}\n"
    return text + (f"couplings:\n{couplings}" if couplings else ""), common


@given(graphs())
@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
def test_what_passes_the_checks_runs_with_the_same_bits_at_every_window(graph: tuple[str, int]) -> None:
    text, common = graph
    with tempfile.TemporaryDirectory() as folder:
        try:
            run = run_together(text, Path(folder))
        except InputError:
            return
        for group, (ticks, edge) in run.plan.bounds.items():
            assert edge is None or 0 < ticks <= edge.headroom, group
        try:
            again = run_together(text, Path(folder), common)
        except InputError:
            return
        assert again.bits() == run.bits()


def test_steps_that_do_not_divide_each_other_do_not_lengthen_the_windows(tmp_path: Path) -> None:
    run = run_together("""
cosim: 1
duration: 60 ms
groups:
  a: {component: clockwork, step: 2 ms}
  b: {component: clockwork, step: 3 ms}
  c: {component: clockwork, step: 5 ms}
couplings:
  - {from: a.x, to: b.in, delay: 6 ms}
  - {from: b.x, to: a.in, delay: 6 ms}
  - {from: a.rate, to: c.drive, delay: 10 ms}
  - {from: c.x, to: a.in, delay: 10 ms}
""", tmp_path)
    assert run.plan.windows == {"a": 6, "b": 6, "c": 10}


def test_a_source_that_nobody_answers_is_never_far_ahead(tmp_path: Path) -> None:
    run = run_together("""
cosim: 1
duration: 400 ms
step: 0.1 ms
run: {window: 0.1 ms}
groups:
  slow: {component: clockwork, step: 0.1 ms}
  fast: {component: clockwork}
couplings:
  - {from: fast.x, to: slow.in, delay: 0 ms}
""", tmp_path)
    ahead, most = 0, 0
    for window in run.order:
        ahead += 1 if window.startswith("fast") else -1
        most = max(most, ahead)
    assert most <= 65
    assert len(run.order) == 8000
