"""What is installed holds every file that the code reads."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = {"cosim": "cosim", "adapters": "cosim/adapters", "models": "cosim/models", "launch/report": "cosim/launch/report"}


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Return every file that a wheel would hold, compiled ones left out."""
    target = tmp_path_factory.mktemp("build")
    # Metadata are written apart, so that those of the editable install stay as they are; no extension has such a name.
    subprocess.run([sys.executable, "setup.py", "--quiet", "egg_info", "--egg-base", tmp_path_factory.mktemp("info"),
                    "build_py", "--build-lib", target], cwd=ROOT, check=True, capture_output=True,
                   env={**os.environ, "COSIM_BUILD_ONLY": "no such extension"})
    return {str(p.relative_to(target)) for p in target.rglob("*") if p.is_file()}


def tracked(folder: str) -> list[str]:
    """Return the files of a folder that are no program text and no product of a build."""
    listed = subprocess.run(["git", "ls-files", "-z", folder], cwd=ROOT, check=False, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("this is no git working tree, so it is not known which files belong to the project")
    return [name for name in listed.stdout.split("\0") if name and not name.endswith((".py", ".pyx"))]


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_data_file_is_shipped(shipped: set[str], folder: str) -> None:
    wanted = {FOLDERS[folder] + name.removeprefix(folder) for name in tracked(folder) if (ROOT / name).exists()}
    assert wanted - shipped == set()


def test_the_files_that_are_read_at_run_time_are_among_them(shipped: set[str]) -> None:
    assert {"cosim/models/microcircuit/networks/potjans_diesmann_2014.yaml", "cosim/launch/report/template.html",
            "cosim/launch/report/style.css", "cosim/py.typed"} <= shipped
