"""Commands that are imported when they are called: most of the time of a short command would go into importing the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module

import click


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Say where a command is found, and what the list of commands tells of it.

    Parameters
    ----------
    module, name : str
        Where it is found.
    about : str
        The first sentence of its help.
    """

    module: str
    name: str
    about: str

    def load(self) -> click.Command:
        """Import the command."""
        found = getattr(import_module(self.module), self.name)
        assert isinstance(found, click.Command)
        return found


class OnDemand(click.Group):
    """A group some of whose commands stand elsewhere."""

    elsewhere: Mapping[str, Elsewhere] = {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted({*super().list_commands(ctx), *self.elsewhere})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command."""
        return self.elsewhere[cmd_name].load() if cmd_name in self.elsewhere else super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        names = self.list_commands(ctx)
        limit = formatter.width - 6 - max(map(len, names))
        here = {**self.commands, **{name: click.Command(name, help=found.about) for name, found in self.elsewhere.items()}}
        with formatter.section("Commands"):
            formatter.write_dl([(name, here[name].get_short_help_str(limit)) for name in names])
