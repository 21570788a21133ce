"""`cosim bench sweep` works on something tiny and compares only what agrees; how fast anything is, no test asks."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from click.testing import CliRunner, Result

from cosim.errors import InputError, RunError
from cosim.launch.bench.command import bench
from cosim.launch.bench.sweep.case import Case, written
from cosim.launch.bench.sweep.ours import means

TINY = ("--points", "4", "--regions", "16", "--seconds", "0.01", "--workers", "1")


def run(*options: object) -> Result:
    return CliRunner().invoke(bench, ["sweep", *map(str, options)])


def pretended(folder: Path, told: str) -> Path:
    """Return a program that stands for another simulator's Python: it can import anything, and finds what it is told to."""
    path = folder / "python"
    path.write_text(f"#!{sys.executable}\nimport json, sys\nif sys.argv[1] == '-c':\n    sys.exit(0)\n"
                    f"json.dump({{'simulator': 'Other', 'version': '1.0', 's_per_point': 50.0, 'compile_s': 2.0, 'mean': {told}, "
                    f"'last': {told}}}, open(sys.argv[3], 'w'))\n")
    path.chmod(0o755)
    return path


def test_the_json_has_its_keys() -> None:
    done = run(*TINY, "--json")
    assert done.exit_code == 0, done.exception
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["points"] == 4 and told["s_per_point"] > 0 and told["peers"] == []


def test_nothing_is_compared_with_what_computes_something_else(tmp_path: Path) -> None:
    done = run(*TINY, "--against", "tvboptim", "--tvboptim-python", pretended(tmp_path, "[[0.0] * 16] * 4"))
    assert isinstance(done.exception, RunError) and "both do not compute the same" in str(done.exception)


def test_what_is_wrong_is_a_sentence() -> None:
    for options, said in ((("--points", 1), "points is 1"), (("--regions", 7), "even number"), (("--workers", -1), "-1 workers"),
                          (("--against", "vbi"), "--no-delays"),
                          (("--no-delays", "--against", "vbi", "--vbi-python", "nowhere"), "nowhere")):
        done = run(*options)
        assert isinstance(done.exception, InputError) and said in str(done.exception), done.exception


def test_without_delays_regions_feel_each_other_at_once(tmp_path: Path) -> None:
    case = Case(points=2, regions=16, seconds=0.01, noise=0.0, workers=1)
    files = written(case, tmp_path)
    at_once = means(Case(2, 2, 16, 0.01, 0.0, delays=False, workers=1), files, tmp_path, "heun")
    delayed = means(case, files, tmp_path, "heun")
    assert (at_once[:, 0] == delayed[:, 0]).all() and (at_once[:, 1] != delayed[:, 1]).any()
