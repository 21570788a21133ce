"""What is printed before a run: windows, modes, edges, memory, and which process runs where."""

from __future__ import annotations

import io
import re
import shlex
from pathlib import Path

import pytest
from rich.console import Console

from cosim.errors import InputError
from cosim.launch import explain as module
from cosim.launch.explain import explain, explain_layout
from cosim.launch.machine import Memory, in_bytes
from cosim.launch.processes import start_line
from cosim.launch.ready import Ready, make_ready, too_large

TEXT = """
cosim: 1
title: A [/red] title
duration: 20 ms
step: 0.1 ms
groups:
  a: {component: clockwork, params: {size: 6}}
  b: {component: clockwork, params: {size: 6, lead: 0.3 ms}}
couplings:
  - {name: "a[there]", from: a.x, to: b.in, delay: 1.2 ms}
  - {name: back, from: b.x, to: a.in, delay: 2 ms}
  - {name: idle, from: b.x, to: a.in, delay: 0 ms, weight: 0}
record: [a.x, {port: b.rate, every: 1 ms}]
"""
LAYOUT = "cosim_layout: 1\ngroups: {a: {ranks: 1}, b: {ranks: 2, hosts: {far: 2}, cores: [4, 5]}}\n"


def ready(folder: Path, layout: str = "") -> Ready:
    (folder / "e.yaml").write_text(TEXT)
    (folder / "l.yaml").write_text(layout or "cosim_layout: 1\ntransport: loopback\n")
    return make_ready(folder / "e.yaml", (), folder / "l.yaml")


def printed(show, *arguments: object) -> str:
    text = io.StringIO()
    console = Console(file=text, width=250, markup=False, highlight=False)
    show(arguments[0], console, *arguments[1:])
    return text.getvalue()


def row(text: str, first: str) -> list[str]:
    return next([c.strip() for c in line.split("│")[1:-1]] for line in text.splitlines() if line.startswith(f"│ {first} "))


def test_windows_couplings_and_recordings_are_told(tmp_path: Path) -> None:
    said = printed(explain, ready(tmp_path))
    assert "A [/red] title: 20 ms in ticks of 0.1 ms, seed 1" in said
    assert row(said, "a")[:5] == ["a", "clockwork", "0.1 ms", "1.2 ms", "1.2 ms, set by coupling 'a[there]'"]
    assert row(said, "back")[1:5] == ["b.x", "a.in", "none", "2.3 ms = lead 0.3 ms + delay 2 ms + lag 0 ms"]
    assert row(said, "back")[5].startswith("lock-step")
    assert "weight 0, which carry nothing: idle" in said
    assert re.search(r"records b\.rate\W+every 1 ms", said)


def test_too_little_memory_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = ready(tmp_path)
    monkeypatch.setattr(module, "needed_memory", lambda *_: 3 << 30)
    monkeypatch.setattr(module, "memory", lambda: Memory(4 << 30, 2 << 30))
    assert "expected memory: 3.00 GiB of 2.00 GiB available\nthis is more" in printed(explain, made)
    monkeypatch.setattr(module, "memory", lambda: Memory(0, 0))
    assert "this is more" not in printed(explain, made)


def test_every_rank_has_a_line_and_the_line_that_starts_them_is_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = ready(tmp_path, LAYOUT)
    said = printed(explain_layout, made, Path("my run"))
    assert [row(said, str(rank)) for rank in range(3)] == [["0", "a", "0", "any", "this one"], ["1", "b", "0", "4", "far"],
                                                           ["2", "b", "1", "5", "far"]]
    assert shlex.split(capsys.readouterr().out) == start_line(made.layout, Path("my run"))


def test_memory_is_only_judged_where_this_machine_runs_it_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cosim.launch.ready.needed_memory", lambda *_: 3 << 30)
    monkeypatch.setattr("cosim.launch.ready.memory", lambda: Memory(2 << 30, 1 << 30))
    problem = too_large(ready(tmp_path))
    assert problem is not None
    assert "3.00 GiB" in problem.what
    assert "2.00 GiB" in problem.expected
    assert too_large(ready(tmp_path, LAYOUT)) is None


@pytest.mark.parametrize(("count", "words"), [(0, "0.0 MiB"), (1 << 20, "1.0 MiB"), (1 << 30, "1.00 GiB"), (1 << 50, "1048576.00 GiB")])
def test_bytes_are_written_for_people(count: int, words: str) -> None:
    assert in_bytes(count) == words


def test_a_component_that_fails_in_its_own_way_is_named_with_the_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from stranger.clockwork import Clockwork

    def fall(self: Clockwork) -> None:
        raise ZeroDivisionError("the wheels came off")

    monkeypatch.setattr(Clockwork, "describe", fall)
    with pytest.raises(InputError) as caught:
        ready(tmp_path)
    assert len(caught.value.problems) == 2
    assert all(w in str(caught.value) for w in ("e.yaml:7", "'clockwork' of group 'a'", "ZeroDivisionError: the wheels came off"))


STAR = """
neuron: {C_m: 250 pF, tau_m: 10 ms, tau_syn: 0.5 ms, t_ref: 2 ms, V_th: -50 mV, V_reset: -65 mV, E_L: -65 mV}
populations: {leaf: {size: 4000, mean_rate: 50 Hz}, hub: {size: 1}}
synapses: {s: {weight: 1 pA, delay: 1 ms}}
projections: [{source: leaf, target: hub, rule: fixed_indegree, indegree: 4000000, synapse: s}]
"""


@pytest.mark.parametrize(("partition", "says"), [
    ("neurons", "'edges' is expected to be faster for 'a': "), ("edges", "'edges' is expected to be the fastest for 'a'")])
def test_the_plan_says_how_evenly_ranks_share_a_group_and_what_would_be_better(tmp_path: Path, partition: str, says: str) -> None:
    (tmp_path / "net.yaml").write_text(STAR)
    (tmp_path / "e.yaml").write_text("cosim: 1\nduration: 20 ms\nstep: 0.1 ms\n"
                                     "groups: {a: {component: microcircuit, params: {network: net.yaml}}, b: {component: clockwork}}\n")
    (tmp_path / "l.yaml").write_text(f"cosim_layout: 1\ngroups: {{a: {{ranks: 2, partition: {partition}}}, b: {{ranks: 2}}}}\n")
    said = printed(explain_layout, make_ready(tmp_path / "e.yaml", (), tmp_path / "l.yaml"), Path("run"))
    assert "How 2 ranks would share 'a'" in said
    assert "share 'b'" not in said
    other = "edges" if partition == "neurons" else "neurons"
    figures = {name.split()[0]: row(said, name) for name in (f"{partition} (chosen)", other)}
    assert figures["neurons"][1:3] == ["4,000,000", "2.000"]
    assert figures["edges"][1:3] == ["2,000,000", "1.000"]
    assert (figures["neurons"][4], figures["edges"][4]) == ("1,000 times", "2,000 times")
    assert says in said


def test_a_component_that_cannot_say_how_its_ranks_share_the_work_does_not_stop_the_plan(tmp_path: Path,
                                                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    from stranger.clockwork import Clockwork

    def fall(self: Clockwork, ranks: int) -> None:
        raise ZeroDivisionError(f"{ranks} wheels came off")

    monkeypatch.setattr(Clockwork, "balance", fall)
    said = printed(explain_layout, ready(tmp_path, LAYOUT), Path("run"))
    assert "how 2 ranks would share 'b' is not known: its component failed, ZeroDivisionError: 2 wheels came off" in said


@pytest.mark.parametrize(("component", "partition", "words"), [
    ("clockwork", "edges", ["cannot be shared out by 'edges'", "offers no choice", "remove 'partition'"]),
    ("microcircuit, params: {scale: 0.01}", "edge", ["cannot be shared out by 'edge'", "'neurons', 'edges'", "did you mean 'edges'?"])])
def test_a_partition_that_a_component_does_not_offer_is_told_by_place(tmp_path: Path, component: str, partition: str,
                                                                      words: list[str]) -> None:
    (tmp_path / "e.yaml").write_text(f"cosim: 1\nduration: 20 ms\nstep: 0.1 ms\ngroups:\n  a: {{component: {component}}}\n")
    (tmp_path / "l.yaml").write_text(f"cosim_layout: 1\ngroups:\n  a: {{ranks: 1, partition: {partition}}}\n")
    with pytest.raises(InputError) as caught:
        make_ready(tmp_path / "e.yaml", (), tmp_path / "l.yaml")
    assert [w for w in ["l.yaml:3", *words] if w not in str(caught.value)] == []
