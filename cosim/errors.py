"""Say what went wrong to a person: what, where, what was expected, what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with what the user gave us.

    Parameters
    ----------
    what : str
        What is wrong, with the value and its unit.
    where : str
        The place: ``file:line`` and the key, as far as they are known.
    expected : str
        What would have been right.
    remedy : str
        What to do or write instead.
    """

    what: str
    where: str = ""
    expected: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        if self.expected:
            text += f"\n    expected: {self.expected}"
        if self.remedy:
            text += f"\n    to do: {self.remedy}"
        return text

    def at(self, where: str) -> Problem:
        """Return the same problem with its place put in front of what is known of it."""
        place = f"{where}: {self.where}" if self.where and where else where or self.where
        return Problem(self.what, place, self.expected, self.remedy)


class CosimError(Exception):
    """Root of all errors that are told to the user without a traceback."""

    exit_status = 1


class InputError(CosimError):
    """Tell everything that is wrong with an experiment, a layout, a data file or the machine, before a run starts."""

    exit_status = 2

    def __init__(self, *problems: Problem | str) -> None:
        self.problems = tuple(dict.fromkeys(p if isinstance(p, Problem) else Problem(p) for p in problems))
        super().__init__("\n".join(str(p) for p in self.problems))


class Uncoupled(InputError):
    """Tell that a component cannot describe itself because nothing is known of what is coupled to it.

    Where that is so because of something else that is wrong, only the cause is told.
    """


class MissingExtra(InputError):
    """Tell that an optional package is not installed, and which command installs it."""

    def __init__(self, extra: str, wanted_for: str) -> None:
        self.extra = extra
        super().__init__(Problem(f"{wanted_for} needs the optional extra '{extra}', which is not installed",
                                 remedy=f"pip install 'cosim[{extra}]'"))


class RunError(CosimError):
    """Tell what ended a run that had started."""


class PeerLost(RunError):
    """Tell that another process of the run is gone."""


class ProtocolError(RunError):
    """Tell that two sides of a coupling do not agree on what comes next."""


def raise_all(problems: Iterable[Problem]) -> None:
    """Raise one `InputError` that holds every problem; do nothing when there is none."""
    found = tuple(problems)
    if found:
        raise InputError(*found)
