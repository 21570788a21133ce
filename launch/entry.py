"""Begin the ``cosim`` command: nothing is imported before an interrupt can be told as a sentence."""

import sys


def main() -> None:
    """Run the command."""
    try:
        from cosim.launch.command import main as command  # noqa: PLC0415 (see above)

        command()
    except KeyboardInterrupt:
        sys.stderr.write("cosim: interrupted\n")
        sys.exit(1)
