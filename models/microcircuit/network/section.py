"""Take values out of one mapping of a YAML file, and note every problem with its line."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from cosim.errors import Problem
from cosim.models.microcircuit.network.quantities import quantity
from cosim.registry import did_you_mean

MOST_COUNT = 2**53  # all whole numbers up to here are floats, too


class Section:
    """A mapping in the file; every key may be asked for, what was never asked for is unknown.

    Parameters
    ----------
    data : object
        What stands there; noted as a problem when it is no mapping.
    path : Path
        The file.
    name : str
        The keys that lead here.
    problems : list of Problem
        Where problems are noted. A value that is wrong is replaced by 0, so that reading can go on.
    """

    def __init__(self, data: object, path: Path, name: str, problems: list[Problem]) -> None:
        self.path, self.name, self.problems = path, name, problems
        self.data = data if isinstance(data, CommentedMap) else CommentedMap()
        self.asked: set[str] = set()
        if data is not None and not isinstance(data, CommentedMap):
            problems.append(Problem(f"'{name}' is {data!r}", where=str(path), expected="a mapping, such as {key: value}"))

    def where(self, key: str = "") -> str:
        """Return the place of a key, or of the whole section, as ``file:line: keys``."""
        line = self.data.lc.line
        if key and key in self.data:
            line = self.data.lc.key(key)[0]
        place = f"{self.path}:{line + 1}" if line is not None else str(self.path)
        keys = ".".join(k for k in (self.name, key) if k)
        return f"{place}: {keys}" if keys else place

    def blame(self, key: str, what: str, expected: str = "", remedy: str = "") -> None:
        """Note a problem at a key."""
        self.problems.append(Problem(what, self.where(key), expected, remedy))

    def has(self, key: str) -> bool:
        """Say whether the key is there."""
        return key in self.data

    def take(self, *keys: str) -> None:
        """Count keys as asked for."""
        self.asked.update(keys)

    def finish(self) -> None:
        """Note every key that was not asked for."""
        for key in self.data:
            if key not in self.asked:
                self.blame(str(key), f"unknown key '{key}'", remedy=did_you_mean(str(key), sorted(self.asked)))

    def text(self, key: str, default: str) -> str:
        """Return a word or sentence."""
        self.asked.add(key)
        return str(self.data.get(key, default))

    def optional(self, key: str, unit: str) -> Fraction | None:
        """Return a quantity, or None where it is not given."""
        self.asked.add(key)
        return self.quantity(key, unit) if key in self.data else None

    def quantity(self, key: str, unit: str, default: Fraction | None = None) -> Fraction:
        """Return a quantity in this unit."""
        found = self.either(key, unit)
        if found is not None:
            return found[0]
        if default is None and key not in self.data:
            self.blame("", f"'{key}' is missing", f"a quantity in {unit}")
        return Fraction(0) if default is None or key in self.data else default

    def either(self, key: str, *units: str) -> tuple[Fraction, str] | None:
        """Return a quantity in one of these units, and which; None where it is not given or wrong."""
        self.asked.add(key)
        if key not in self.data:
            return None
        try:
            return quantity(self.data[key], *units)
        except ValueError as error:
            value = self.data[key]
            number = f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else "1"
            self.blame(key, str(error), "a number and a unit: " + " or ".join(units), f"write, for instance, {key}: {number} {units[0]}")
            return None

    def number(self, key: str, default: Fraction, least: int, most: int) -> Fraction:
        """Return a plain number within bounds."""
        self.asked.add(key)
        value = self.data.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float | Fraction) or not least <= value <= most:
            self.blame(key, f"{key} is {value}", f"a number between {least} and {most}")
            return Fraction(0)
        return value if isinstance(value, Fraction) else Fraction(repr(float(value)))

    def integer(self, key: str, default: int | None = None, least: int = 0, most: int = MOST_COUNT) -> int:
        """Return a whole number within bounds."""
        self.asked.add(key)
        if key not in self.data and default is None:
            self.blame("", f"'{key}' is missing", "a whole number")
            return least
        value = self.data.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            up_to = f" and at most {most:,}" if isinstance(value, int) and value > most else ""
            self.blame(key, f"{key} is {value}", f"a whole number of at least {least}{up_to}")
            return least
        return int(value)

    def truth(self, key: str, default: bool) -> bool:
        """Return true or false."""
        self.asked.add(key)
        value = self.data.get(key, default)
        if not isinstance(value, bool):
            self.blame(key, f"{key} is {value}", "true or false")
            return default
        return value

    def choice(self, key: str, choices: list[str], default: str | None = None) -> str:
        """Return one of some names."""
        self.asked.add(key)
        if key not in self.data and default is None:
            self.blame("", f"'{key}' is missing", "one of " + ", ".join(choices))
            return ""
        value = str(self.data.get(key, default))
        if value not in choices:
            self.blame(key, f"there is no '{value}'", remedy=did_you_mean(value, choices))
        return value

    def section(self, key: str) -> Section:
        """Return a mapping within this one; empty where it is not given."""
        self.asked.add(key)
        return Section(self.data.get(key), self.path, key if not self.name else f"{self.name}.{key}", self.problems)

    def sections(self) -> dict[str, Section]:
        """Return all mappings within this one."""
        return {str(key): self.section(str(key)) for key in self.data}

    def list(self, key: str, expected: str = "a list of mappings, each begun with '-'") -> list[Any]:
        """Return a list; empty where it is not given."""
        self.asked.add(key)
        value = self.data.get(key, [])
        if not isinstance(value, CommentedSeq | list):
            self.blame(key, f"'{key}' is no list", expected)
            return []
        return list(value)
