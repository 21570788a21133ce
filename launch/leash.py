"""Run a command that ends when its parent ends, however that ends.

Usage: ``python -m cosim.launch.leash PARENT COMMAND...`` where PARENT is the process number of whoever starts it.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def hold(parent: int, what: signal.Signals) -> None:
    """Ask the system to signal this process when its parent ends; end now if that has already happened.

    Only Linux can do this; elsewhere nothing happens.
    """
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(what), 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)


if __name__ == "__main__":
    hold(int(sys.argv[1]), signal.SIGKILL)  # an mpiexec that is asked politely may hang while it ends
    os.execvp(sys.argv[2], sys.argv[2:])
