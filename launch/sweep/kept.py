"""Read what is kept of each point: ``brain.V:mean,std``, ``brain.S_E:bold(volterra, 2 s)->fc``, ``brain.V:every 1 ms``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from cosim.errors import InputError, Problem, raise_all
from cosim.experiment.quantities import read_quantity
from cosim.launch.sweep.reducing import FEATURES, STATISTICS, Call
from cosim.models.observe.parameters import BalloonWindkessel, Observation, Period, Volterra
from cosim.registry import did_you_mean

SERIES = "series"
OPERATORS = ("bold", "average", "every")

_CALL = re.compile(r"([A-Za-z_][A-Za-z0-9_-]*)\s*(?:\((.*)\))?")
_PORT = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\.[^\s:]+")
_EXPECTED = "GROUP.PORT:WHAT, such as brain.V:mean,std or brain.S_E:bold(volterra, 2 s)->fc"


@dataclass(frozen=True, slots=True)
class Kept:
    """Say what is kept of one port.

    Parameters
    ----------
    group, port : str
        The output.
    operators : tuple of (str, Observation)
        What is applied to it in turn, as it was written.
    whats : tuple of Call
        What is kept of that.
    """

    group: str
    port: str
    operators: tuple[tuple[str, Observation], ...]
    whats: tuple[Call, ...]

    @property
    def place(self) -> str:
        """Group of the file that holds it."""
        return "/".join((f"{self.group}.{self.port}", *(text for text, _ in self.operators)))

    @property
    def names(self) -> tuple[str, ...]:
        """Where each lies in the file."""
        return tuple(f"{self.place}/{what.text}" for what in self.whats)


def read_kept(texts: Sequence[str], operators: Mapping[str, Observation]) -> tuple[Kept, ...]:
    """Return what is kept; raise `InputError` with everything that is wrong.

    Parameters
    ----------
    texts : sequence of str
        As on the command line.
    operators : mapping of str to Observation
        Operators that may be called by name.
    """
    found, problems = [], list[Problem]()
    for text in texts:
        try:
            found.append(_kept(text, operators))
        except InputError as error:
            problems += [p.at(f"--keep {text}") for p in error.problems]
    names = [name for kept in found for name in kept.names]
    problems += [Problem(f"'{name}' is kept twice", "--keep", remedy="remove one of them")
                 for name in dict.fromkeys(names) if names.count(name) > 1]
    raise_all(problems)
    return tuple(found)


def _kept(text: str, known: Mapping[str, Observation]) -> Kept:
    port, colon, chain = text.partition(":")
    if not colon or not chain.strip() or not _PORT.fullmatch(port.strip()):
        raise InputError(Problem("this does not say what is kept of which port", expected=_EXPECTED))
    *stages, last = chain.split("->")
    operators = [_operator(stage, known) for stage in stages]
    whats = [_call(part) for part in _parts(last)]
    if len(whats) == 1 and whats[0].name in (*OPERATORS, *known):
        operators, whats = [*operators, _operator(last, known)], [Call(SERIES, ())]
    choices = [*STATISTICS, *FEATURES, SERIES]
    raise_all(Problem(f"there is nothing called '{w.name}' to keep", remedy=did_you_mean(w.name, [*choices, *OPERATORS, *known]))
              for w in whats if w.name not in choices)
    for what in whats:
        refuse_arguments(what)
    group, _, name = port.strip().partition(".")
    return Kept(group, name, tuple(operators), tuple(whats))


def refuse_arguments(what: Call) -> None:
    """Raise `InputError` when something kept is given another number of arguments than it takes, or arguments of another sort."""
    fewest, most, unit, meaning = FEATURES.get(what.name, (0, 0, "", "nothing"))
    if not fewest <= len(what.arguments) <= most:
        raise InputError(Problem(f"'{what.text}' has {len(what.arguments)} arguments", expected=f"{what.name} takes {meaning}"))
    for argument in what.arguments:
        if read_quantity(argument, unit) < 0:
            raise InputError(Problem(f"'{argument}' in '{what.text}' is negative", expected=f"{what.name} takes {meaning}"))


def _operator(text: str, known: Mapping[str, Observation]) -> tuple[str, Observation]:
    call = _call(text)
    if call.name in known:
        return call.text, known[call.name]
    if call.name == "bold":
        return call.text, _bold(call)
    if call.name not in OPERATORS:
        raise InputError(Problem(f"there is no operator '{call.name}'", remedy=did_you_mean(call.name, [*OPERATORS, *known])))
    if len(call.arguments) != 1:
        raise InputError(Problem(f"'{call.text}' does not say how often", expected=f"{call.name}(1 ms)"))
    period = Period(_time(call.arguments[0]))
    return call.text, Observation(temporal_average=period) if call.name == "average" else Observation(subsample=period)


def _bold(call: Call) -> Observation:
    if len(call.arguments) != 2 or call.arguments[0] not in ("volterra", "balloon"):
        raise InputError(Problem(f"'{call.text}' is no operator", expected="bold(volterra, 2 s) or bold(balloon, 2 s)",
                                 remedy="write others into a file, and name it with --operators"))
    period = _time(call.arguments[1])
    return Observation(volterra=Volterra(period)) if call.arguments[0] == "volterra" else Observation(balloon=BalloonWindkessel(period))


def _time(text: str) -> Fraction:
    return read_quantity(text, "ms")


def _call(text: str) -> Call:
    text = text.strip()
    if text.startswith("every "):
        return Call("every", (text.removeprefix("every ").strip(),))
    found = _CALL.fullmatch(text)
    if not found:
        raise InputError(Problem(f"'{text}' cannot be read", expected=_EXPECTED))
    return Call(found[1], tuple(_parts(found[2])) if found[2] else ())


def _parts(text: str) -> list[str]:
    """Take a list apart at the commas that stand outside of brackets."""
    return [part.strip() for part in re.split(r",(?![^(]*\))", text)]
