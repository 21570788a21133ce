"""Run the cosim command as a user does, with a time limit, and look for what it may have left behind."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

LIMIT_S = 60


@dataclass(frozen=True)
class Done:
    """What a command printed, how it ended, and what it left behind."""

    status: int
    out: str
    err: str
    left: set[str]

    @property
    def said(self) -> str:
        return self.out + self.err


def cosim(*arguments: object, cwd: Path, limit: float = LIMIT_S, **env: str) -> Done:
    """Run ``cosim ARGUMENTS``; a command that hangs fails the test."""
    process = start(*arguments, cwd=cwd, **env)
    try:
        out, err = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return Done(process.returncode, out, err, left_behind(cwd, process.pid))


def start(*arguments: object, cwd: Path, **env: str) -> subprocess.Popen[str]:
    """Start ``cosim ARGUMENTS`` in a session of its own."""
    line = [sys.executable, "-c", "from cosim.launch.command import main; main()", *map(str, arguments)]
    return subprocess.Popen(line, cwd=cwd, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
                            env=os.environ | {"COLUMNS": "200"} | env)


def left_behind(folder: Path, launcher: int) -> set[str]:
    """Return what a run is still using: processes that name its folder, and temporary folders that name its launcher."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in line and "cosim.launch" in line:
            found.add(f"process {path.parent.name}: {line}")
    for parent in {Path(tempfile.gettempdir()), Path("/dev/shm")}:
        if parent.is_dir():
            found |= {str(p) for p in parent.iterdir() if p.name.startswith(f"cosim-run-{launcher}-")}
    return found
