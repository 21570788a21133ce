"""One digest, whatever the layout."""

from pathlib import Path

import pytest
from support.command import cosim

pytestmark = pytest.mark.mpi

PAIR = """
cosim: 1
seed: 4
duration: 20 ms
step: 0.1 ms
groups:
  a: {component: clockwork, params: {size: 6}}
  b: {component: clockwork, params: {size: 6}}
couplings:
  - {name: there, from: a.x, to: b.in, delay: 1.2 ms}
  - {name: back, from: b.x, to: a.in, delay: 2 ms}
  - {name: beats, from: a.spikes, to: b.beats, delay: 1.5 ms}
  - {name: rate, from: a.spikes, to: b.drive, delay: 1.5 ms, translate: {spikes_to_rate: {width: 2 ms}}}
record: [a.x, a.spikes, b.x, b.heard, {port: b.rate, every: 1 ms}]
"""
LAYOUTS = {
    "loopback": "transport: loopback\ngroups: {a: {}, b: {}}",
    "1 + 1": "transport: mpi\ngroups: {a: {ranks: 1}, b: {ranks: 1}}",
    "1 + 2": "transport: mpi\ngroups: {a: {ranks: 1}, b: {ranks: 2}}",
    "2 + 3": "transport: mpi\ngroups: {a: {ranks: 2}, b: {ranks: 3}}",
    "2 + 2 by messages": "transport: mpi\ngroups: {a: {ranks: 2, memory: separate}, b: {ranks: 2, memory: separate}}",
}


def digest_of(tmp_path: Path, name: str, *arguments: str) -> str:
    (tmp_path / "pair.yaml").write_text(PAIR)
    (tmp_path / "layout.yaml").write_text("cosim_layout: 1\n" + LAYOUTS[name])
    done = cosim("run", "pair.yaml", "--layout", "layout.yaml", "--out", "out", "--no-report", *arguments, cwd=tmp_path)
    assert done.status == 0, done.said
    assert not done.left
    return cosim("digest", "out", cwd=tmp_path).out.strip()


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> str:
    return digest_of(tmp_path_factory.mktemp("reference"), "loopback")


@pytest.mark.parametrize("layout", list(LAYOUTS)[1:])
def test_one_digest_for_every_layout(tmp_path: Path, reference: str, layout: str) -> None:
    assert digest_of(tmp_path, layout) == reference


@pytest.mark.parametrize("window", ["0.6 ms", "0.1 ms"])
def test_one_digest_for_every_window(tmp_path: Path, reference: str, window: str) -> None:
    assert digest_of(tmp_path, "1 + 2", "--set", f"run.window={window}") == reference


def test_another_seed_gives_another_digest(tmp_path: Path, reference: str) -> None:
    assert digest_of(tmp_path, "1 + 1", "--set", "seed=5") != reference
