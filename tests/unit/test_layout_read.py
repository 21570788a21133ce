"""A layout says where each group runs; what does not fit the experiment is told by place."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.experiment_toys import FILE, register_toys

from cosim.errors import InputError
from cosim.experiment.experiment import Experiment
from cosim.experiment.layout import Layout, Memory, Placement, Transport, derive_layout
from cosim.experiment.read import read_experiment
from cosim.experiment.read_layout import read_layout
from cosim.experiment.resolve_layout import layout_text

LAYOUT = """\
cosim_layout: 1
transport: mpi
groups:
  brain: {ranks: 1, cores: [0], host: node1}
  column: {ranks: 3, hosts: {node1: 1, node2: 2}, memory: separate, partition: edges}
"""


@pytest.fixture
def experiment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Experiment:
    register_toys(monkeypatch)
    (tmp_path / "toy.yaml").write_text(FILE)
    return read_experiment(tmp_path / "toy.yaml")


def read(experiment: Experiment, text: str) -> Layout:
    path = experiment.path.parent / "layout.yaml"
    path.write_text(text)
    return read_layout(path, experiment)


def test_a_layout_means_what_it_says(experiment: Experiment) -> None:
    layout = read(experiment, LAYOUT)
    assert layout.transport is Transport.MPI
    assert layout.placements["brain"] == Placement("brain", 1, (0,), (("node1", 1),), Memory.SHARED)
    assert layout.placements["column"] == Placement("column", 3, (), (("node1", 1), ("node2", 2)), Memory.SEPARATE, "edges")
    assert layout.placements["column"].place.endswith("layout.yaml:5")
    assert layout.processes == 4
    assert [layout.first_rank(g) for g in layout.placements] == [0, 1]
    assert [layout.group_of(r) for r in range(4)] == ["brain", "column", "column", "column"]


def test_ranks_follow_from_hosts_and_memory_from_the_top(experiment: Experiment) -> None:
    layout = read(experiment, "cosim_layout: 1\nmemory: separate\ngroups: {column: {hosts: {a: 2, b: 1}}, brain: {}}\n")
    assert list(layout.placements.values()) == [Placement("brain", memory=Memory.SEPARATE),
                                                Placement("column", 3, (), (("a", 2), ("b", 1)), Memory.SEPARATE)]


def test_loopback_needs_no_groups(experiment: Experiment) -> None:
    layout = read(experiment, "cosim_layout: 1\ntransport: loopback\n")
    assert layout == Layout(Transport.LOOPBACK, {name: Placement(name) for name in ("brain", "column")})
    assert (layout.processes, layout.first_rank("column")) == (1, 0)


def test_written_layouts_read_the_same(experiment: Experiment) -> None:
    for text in (LAYOUT, "cosim_layout: 1\ntransport: loopback\n"):
        layout = read(experiment, text)
        assert read(experiment, layout_text(layout)) == layout


@pytest.mark.parametrize(("old", "new", "words"), [
    ("cosim_layout: 1", "cosim_layout: 3", ["layout.yaml:1: cosim_layout", "version 3"]),
    ("cosim_layout: 1\n", "", ["'cosim_layout' is missing"]),
    ("transport: mpi", "transport: mip", ["layout.yaml:2: transport", "'mip' is not one of the choices", "did you mean 'mpi'?"]),
    ("transport: mpi", "transprt: mpi", ["did you mean 'transport'?"]),
    ("transport: mpi", "transport: loopback", ["layout.yaml:5: groups.column", "3 ranks", "one process", "write 'transport: mpi'"]),
    ("  brain:", "  brian:", ["layout.yaml:4: groups.brian", "no group 'brian'", "did you mean 'brain'?", "nothing about the group 'brain'",
                              "'brain: {ranks: 1}'"]),
    ("ranks: 1", "ranks: 0", ["layout.yaml:4: groups.brain.ranks", "0 ranks", "at least 1"]),
    ("ranks: 1", "ranks: 1.5", ["1.5 is not a whole number"]),
    ("ranks: 1", "rank: 1", ["did you mean 'ranks'?"]),
    ("ranks: 3", "ranks: 4", ["3 ranks together, the group 'column' has 4"]),
    ("node2: 2", "node2: 0", ["groups.column.hosts.node2", "at least 1"]),
    ("host: node1", "host: node1, hosts: {node1: 1}", ["both 'host' and 'hosts'"]),
    ("cores: [0]", "cores: [0, 0]", ["groups.brain.cores.1", "core 0 is given twice"]),
    ("cores: [0]", "cores: [-1]", ["core -1 does not exist"]),
    ("cores: [0]", "cores: 2", ["2 is not a list"]),
    ("memory: separate", "memory: shard", ["'shard' is not one of the choices", "did you mean 'shared'?"]),
    ("partition: edges", "partition: 3", ["layout.yaml:5: groups.column.partition", "3 is not text"]),
    ("{ranks: 1, cores: [0], host: node1}", "3", ["3 is not a mapping", "ranks"]),
])
def test_each_mistake_is_told_by_place_with_a_remedy(experiment: Experiment, old: str, new: str, words: list[str]) -> None:
    assert old in LAYOUT
    with pytest.raises(InputError) as caught:
        read(experiment, LAYOUT.replace(old, new, 1))
    told = str(caught.value)
    assert [w for w in words if w not in told] == [], told


def test_a_missing_layout_file_is_told(experiment: Experiment) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_layout(experiment.path.parent / "nothing.yaml", experiment)


def test_one_process_serves_where_more_would_not_help() -> None:
    for groups, work, cores, mpi in ((["a"], 10.0, 8, False), (["a"], 10.0, 1, True), (["a"], 0.19, 8, True), (["a", "b"], 10.0, 8, False),
                                     (["a", "b"], 10.0, 1, True)):
        assert derive_layout(groups, {"a": work}, {"a": 8}, cores, mpi=mpi).transport is Transport.LOOPBACK
    assert derive_layout(["a"], {"a": 10.0}, {"a": 1}, 8, mpi=True).transport is Transport.LOOPBACK


@pytest.mark.parametrize(("work", "most", "cores", "ranks"), [
    (2.2, 70_000, 2, 2), (2.2, 70_000, 16, 16), (2.2, 70_000, 64, 22), (0.2, 9, 8, 2), (5.0, 3, 8, 3)])
def test_a_lone_group_takes_the_cores_that_its_work_is_worth(work: float, most: int, cores: int, ranks: int) -> None:
    layout = derive_layout(["column"], {"column": work}, {"column": most}, cores, mpi=True)
    assert (layout.transport, layout.placements["column"].ranks) == (Transport.MPI, ranks)


def test_spare_cores_go_to_the_heaviest_group() -> None:
    layout = derive_layout(["brain", "column"], {"brain": 1.0, "column": 10.0}, {"brain": 1, "column": 3}, 8, mpi=True)
    assert [p.ranks for p in layout.placements.values()] == [1, 3]
    assert derive_layout(["brain", "column"], {}, {}, 2, mpi=True).processes == 2


@given(st.lists(st.tuples(st.floats(0.01, 100), st.integers(1, 9)), min_size=2, max_size=5), st.integers(2, 20))
def test_a_derived_layout_keeps_within_the_machine_and_the_groups(groups: list[tuple[float, int]], cores: int) -> None:
    names = [f"g{i}" for i in range(len(groups))]
    work, most = {n: g[0] for n, g in zip(names, groups, strict=True)}, {n: g[1] for n, g in zip(names, groups, strict=True)}
    layout = derive_layout(names, work, most, cores, mpi=True)
    assert all(1 <= p.ranks <= most[n] for n, p in layout.placements.items())
    assert layout.processes == min(max(cores, len(names)), sum(most.values()))
    growing = [n for n in names if layout.placements[n].ranks < most[n]]
    slowest = max(growing, key=lambda n: work[n] / layout.placements[n].ranks, default=None)
    if slowest:  # nobody who got a spare core would have been faster without it than this one is now
        assert all(work[n] / (p.ranks - 1) >= work[slowest] / layout.placements[slowest].ranks
                   for n, p in layout.placements.items() if p.ranks > 1)
