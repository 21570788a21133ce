"""The main experiment gives one digest under every layout, window and instruction set."""

from pathlib import Path

import pytest
from support.command import cosim

EXPERIMENT = Path(__file__).parents[2] / "launch" / "experiments" / "column_in_brain.yaml"
LAYOUTS = {"loopback": (0, 0), "brain 1, column 1": (1, 1), "brain 1, column 2": (1, 2), "brain 2, column 3": (2, 3)}

pytestmark = pytest.mark.mpi


def digest_of(folder: Path, layout: str, *arguments: str, **env: str) -> str:
    brain, column = LAYOUTS[layout]
    text = f"groups: {{brain: {{ranks: {max(brain, 1)}}}, column: {{ranks: {max(column, 1)}}}}}"
    (folder / "layout.yaml").write_text(f"cosim_layout: 1\ntransport: {'mpi' if brain else 'loopback'}\n{text}")
    done = cosim("run", EXPERIMENT, "--layout", "layout.yaml", "--out", "out", "--no-report", *arguments, cwd=folder, limit=120, **env)
    assert done.status == 0, done.said
    assert not done.left
    return cosim("digest", "out", cwd=folder).out.strip()


def short(folder: Path, layout: str, *arguments: str, **env: str) -> str:
    record = "record=[column.spikes, brain.rate, brain.S_E, brain.rV1.afferent_rate, column.background]"
    stimulus = "groups.brain.params.stimuli=[{regions: [rTCS], amplitude: 0.2, onset: 10 ms, duration: 20 ms}]"
    return digest_of(folder, layout, "--set", "duration=59.2 ms", "--set", record, "--set", stimulus, *arguments, **env)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> str:
    return short(tmp_path_factory.mktemp("reference"), "loopback")


@pytest.mark.parametrize("layout", list(LAYOUTS)[1:])
def test_one_digest_for_every_layout(tmp_path: Path, reference: str, layout: str) -> None:
    assert short(tmp_path, layout) == reference


@pytest.mark.parametrize(("layout", "window"), [("brain 1, column 1", "3.7 ms"), ("brain 1, column 2", "0.1 ms")])
def test_one_digest_for_every_window(tmp_path: Path, reference: str, layout: str, window: str) -> None:
    assert short(tmp_path, layout, "--set", f"run.window={window}") == reference


def test_one_digest_for_every_instruction_set(tmp_path: Path, reference: str) -> None:
    assert short(tmp_path, "loopback", COSIM_ISA="baseline") == reference


def test_another_seed_gives_another_digest(tmp_path: Path, reference: str) -> None:
    assert short(tmp_path, "loopback", "--set", "seed=2") != reference


@pytest.mark.validation
def test_one_digest_for_the_whole_experiment(tmp_path: Path) -> None:
    digests = set()
    for number, (layout, window) in enumerate([("loopback", "auto"), ("brain 1, column 1", "auto"), ("brain 1, column 2", "3.7 ms"),
                                               ("brain 2, column 3", "auto"), ("brain 1, column 1", "0.1 ms")]):
        folder = tmp_path / str(number)
        folder.mkdir()
        digests.add(digest_of(folder, layout, "--set", f"run.window={window}"))
    assert len(digests) == 1
