"""The list of commands is told without importing them, and says what they say."""

import subprocess
import sys

from cosim.launch.command import cosim


def test_what_is_told_of_a_command_is_the_first_sentence_of_its_help() -> None:
    for name, found in cosim.elsewhere.items():
        command = found.load()
        assert command.name == name
        assert command.help is not None and " ".join(command.help.split("\n\n")[0].split()) == found.about


def test_the_list_of_commands_imports_none_of_those_that_stand_elsewhere() -> None:
    modules = sorted({e.module for e in cosim.elsewhere.values()})
    code = ("import sys\nfrom cosim.launch.command import cosim\ntry: cosim(['--help'])\nexcept SystemExit: pass\n"
            f"print([m for m in {modules} if m in sys.modules], 'scipy' in sys.modules, 'matplotlib' in sys.modules)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "[] False False"
    assert all(f"  {name} " in done.stdout for name in cosim.elsewhere)
