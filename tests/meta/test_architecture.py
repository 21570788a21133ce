"""The folder tree shows the architecture, and imports go one way."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = {"cosim": "cosim", "cosim.adapters": "adapters", "cosim.models": "models", "cosim.launch": "launch"}
FOUNDATION = {"errors", "timegrid", "blocks", "interfaces", "transports", "registry", "random", "levels", "_random", "_meeting"}
SHARED = {f"cosim.{name}" for name in ("__version__", "philox", "elementary", "meeting", "poisson")}  # headers of the foundation
ROOMS = {"experiment", "schedule", "transport", "record"}
MAY_IMPORT = {  # room: what of cosim it may import besides itself
    "foundation": {"foundation"},
    "experiment": {"foundation"},
    "schedule": {"foundation", "experiment"},
    "transport": {"foundation", "experiment"},
    "record": {"foundation", "experiment"},
    "adapters": {"foundation"},
    "models": {"foundation"},
    "launch": {"foundation", "experiment", "schedule", "transport", "record", "adapters", "models"},
}
ONLY_FOR = {"mpi4py": {"transport"}, "zmq": {"transport"}, "pint": {"experiment"}, "click": {"launch"}, "rich": {"launch"},
            "matplotlib": {"launch"}, "networkx": {"schedule", "launch"}, "pydantic": {"experiment"}}
TOP = {"setup.py", "pyproject.toml", "Makefile", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", ".gitignore", ".ci",
       "cosim", "adapters", "models", "launch", "tests", "docs"}


def sources() -> list[Path]:
    return [p for f in FOLDERS.values() for suffix in ("*.py", "*.pyx", "*.pyi") for p in sorted((ROOT / f).rglob(suffix))]


def room_of_module(name: str) -> str | None:
    parts = name.split(".")
    if parts[0] != "cosim":
        return None
    if len(parts) == 1 or parts[1] in FOUNDATION:
        return "foundation"
    return parts[1]


def module_of(path: Path) -> str:
    relative = path.relative_to(ROOT)
    package = next(n for n, f in FOLDERS.items() if f == relative.parts[0])
    parts = [package, *relative.with_suffix("").parts[1:]]
    return ".".join(p for p in parts if p != "__init__")


def imports(path: Path) -> set[str]:
    text = path.read_text()
    if path.suffix == ".pyx":
        lines = [line.strip() for line in text.splitlines()]
        text = "\n".join(line.replace("cimport", "import") for line in lines if line.startswith(("from ", "import ", "cimport ")))
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path} imports relative to itself: write the full name"
            assert node.module
            found |= {f"cosim.{a.name}" for a in node.names} if node.module == "cosim" else {node.module}
    return found


@pytest.mark.parametrize("path", sources(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_go_one_way(path: Path) -> None:
    here = room_of_module(module_of(path))
    assert here is not None
    for name in imports(path):
        there = room_of_module(name)
        if there is not None and name not in SHARED:
            assert there == here or there in MAY_IMPORT[here], f"{path.name} in '{here}' imports {name} of '{there}'"
        top = name.split(".")[0]
        assert here in ONLY_FOR.get(top, {here}), f"{path.name} in '{here}' imports {top}, which only {ONLY_FOR.get(top)} may"


def test_the_models_do_not_know_each_other() -> None:
    for kind in ("microcircuit", "wholebrain", "observe", "theory"):
        others = {"microcircuit", "wholebrain", "observe"} - {kind}
        for path in (ROOT / "models" / kind).rglob("*.py"):
            assert not {n for n in imports(path) if any(n.startswith(f"cosim.models.{o}") for o in others)}, path


def test_the_top_of_the_tree_is_the_agreed_one() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split("\n")
    if len(tracked) > 1:
        assert {t.split("/")[0] for t in tracked if t} <= TOP


def test_rooms_have_names_of_their_own() -> None:
    nameless = {"utils", "util", "helpers", "helper", "manager", "common", "misc"}
    assert not [p for p in sources() if nameless & {part.removesuffix(p.suffix) for part in p.parts}]


def test_modules_have_one_subject() -> None:
    assert not [f"{p.relative_to(ROOT)}: {n}" for p in sources() if (n := len(p.read_text().splitlines())) > 400]


@pytest.mark.parametrize("folder", ["adapters", "models", "launch"])
def test_importing_a_folder_by_its_bare_name_says_the_right_one(folder: str) -> None:
    done = subprocess.run([sys.executable, "-c", f"import {folder}"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode
    assert f"write 'import cosim.{folder}' instead of 'import {folder}'" in done.stderr


def test_importing_everything_starts_nothing_and_prints_nothing() -> None:
    names = [module_of(p) for p in sources() if p.suffix == ".py" and p.name != "__main__.py"]
    script = ("import importlib, sys\nfor n in sys.argv[1:]: importlib.import_module(n)\n"
              "assert 'mpi4py.MPI' not in sys.modules, 'MPI was started'")
    done = subprocess.run([sys.executable, "-c", script, *names], cwd="/", capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
