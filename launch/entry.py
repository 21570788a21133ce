"""Begin the ``cosim`` command: nothing is imported before an interrupt can be told as a sentence."""

import os
import sys


def main() -> None:
    """Run the command."""
    # More threads make the matrices of a brain slower, not faster, and many times so on a machine that is busy.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        from cosim.launch.command import main as command  # noqa: PLC0415 (see above)

        command()
    except KeyboardInterrupt:
        sys.stderr.write("cosim: interrupted\n")
        sys.exit(1)
