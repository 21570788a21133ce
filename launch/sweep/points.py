"""Say which points a sweep has: a grid of values, or the rows of a table."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cosim.errors import InputError, Problem, raise_all
from cosim.experiment.read import MOST_SEED
from cosim.experiment.source import plain_scalar
from cosim.launch.sweep.spec import MOST_VALUES, values_of
from cosim.random import stream_key

SEED = "seed"


@dataclass(frozen=True, slots=True)
class Points:
    """Hold the points of a sweep.

    Parameters
    ----------
    keys : tuple of str
        What differs between them, as in ``--set``.
    rows : tuple of tuple of str
        The value of each key at each point, as it would be written in the experiment file.
    axes : tuple of tuple of str
        For a grid: the values of each key, the last of which runs fastest; empty for a table.
    """

    keys: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    axes: tuple[tuple[str, ...], ...] = ()

    def __len__(self) -> int:
        return len(self.rows)

    def overrides(self, point: int) -> tuple[str, ...]:
        """Return what is to be set at a point, each ``key=value``."""
        return tuple(f"{key}={value}" for key, value in zip(self.keys, self.rows[point], strict=True))

    def is_outermost(self, point: int) -> bool:
        """Return whether every key has its first or last value there; all points of a table count as such."""
        return not self.axes or all(value in (axis[0], axis[-1]) for value, axis in zip(self.rows[point], self.axes, strict=False))

    def said(self, point: int) -> str:
        """Return a point in words."""
        return f"point {point} ({', '.join(self.overrides(point))})"

    def column(self, key: str) -> NDArray[np.float64] | tuple[str, ...]:
        """Return the values of a key at all points: numbers, with the unit they share left out, or text."""
        texts = tuple(row[self.keys.index(key)] for row in self.rows)
        return as_numbers(texts) if unit_of(texts) is not None else texts

    def seeds(self, otherwise: int) -> tuple[int, ...]:
        """Return the seed of each point; `otherwise` where it is not swept."""
        if SEED not in self.keys:
            return (otherwise,) * len(self)
        place = self.keys.index(SEED)
        return tuple(int(plain_scalar(row[place])) for row in self.rows)

    def renamed(self, data: Any) -> Points:
        """Return the same points with keys as they stand in an experiment's data: ``brain.params.coupling`` is below ``groups``."""
        groups = data.get("groups") if isinstance(data, dict) else None

        def full(key: str) -> str:
            first = key.split(".", maxsplit=1)[0]
            return f"groups.{key}" if first not in data and isinstance(groups, dict) and first in groups else key

        keys = tuple(map(full, self.keys))
        raise_all(Problem(f"'{key}' is swept twice") for key in dict.fromkeys(keys) if keys.count(key) > 1)
        return Points(keys, self.rows, self.axes)

    def with_seeds(self, seed: int) -> Points:
        """Return the same points, each with a seed of its own that depends on the experiment's and on the number of the point.

        Raises
        ------
        InputError
            When the seed is swept already.
        """
        if SEED in self.keys:
            raise InputError(Problem("the seed is swept, and each point is to have one of its own", "--seeds per-point",
                                     remedy="leave one of the two out"))
        seeds = [str(stream_key(seed, "sweep", str(i)) & MOST_SEED) for i in range(len(self))]
        return Points((*self.keys, SEED), tuple((*row, s) for row, s in zip(self.rows, seeds, strict=True)), self.axes)


def unit_of(texts: Sequence[str]) -> str | None:
    """Return the unit that all texts have behind a number, '' where they have none; None where they are no such numbers."""
    units = set()
    for text in texts:
        number, _, unit = text.strip().partition(" ")
        try:
            float(number)
        except ValueError:
            return None
        units.add(unit.strip())
    return units.pop() if len(units) == 1 else None


def as_numbers(texts: Sequence[str]) -> NDArray[np.float64]:
    """Return the numbers that texts begin with."""
    return np.array([float(text.split()[0]) for text in texts])


def grid(over: Sequence[str]) -> Points:
    """Return the grid over several ``KEY=SPEC``; raise `InputError` with everything that is wrong."""
    problems: list[Problem] = []
    axes: dict[str, tuple[str, ...]] = {}
    for text in over:
        key, equals, spec = (part.strip() for part in text.partition("="))
        place = f"--vary {text}"
        if not equals or not all(key.split(".")):
            problems.append(Problem(f"'{text}' does not say what is swept", place, "KEY=VALUES, such as brain.params.coupling=0:2:0.1"))
        elif key in axes:
            problems.append(Problem(f"'{key}' is swept twice", place, remedy="write all its values into one --vary"))
        else:
            try:
                axes[key] = values_of(spec)
            except InputError as error:
                problems += [p.at(place) for p in error.problems]
    raise_all(problems)
    if prod(map(len, axes.values())) > MOST_VALUES:
        raise InputError(Problem(f"the grid has {prod(map(len, axes.values())):,} points", "--vary", f"at most {MOST_VALUES:,}"))
    return Points(tuple(axes), tuple(product(*axes.values())), tuple(axes.values()))


def table(path: Path) -> Points:
    """Return the rows of a table: a first line with keys, then a line for each point.

    Raises
    ------
    InputError
        When it cannot be read, or is no such table.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            lines = [(reader.line_num, line) for reader in [csv.reader(file, skipinitialspace=True)] for line in reader if any(line)]
    except FileNotFoundError:
        raise InputError(Problem("there is no such file", str(path))) from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(Problem(f"the table cannot be read: {error}", str(path))) from None
    if len(lines) < 2:
        raise InputError(Problem("the table has no point", str(path), "a line with keys, then a line for each point"))
    keys = tuple(key.strip() for key in lines[0][1])
    place = f"{path}:{lines[0][0]}"
    problems = [Problem(f"column {i + 1} has no key", place) for i, key in enumerate(keys) if not all(key.split("."))]
    problems += [Problem(f"'{key}' heads two columns", place) for key in dict.fromkeys(keys) if keys.count(key) > 1]
    problems += [Problem(f"this line has {len(line)} values", f"{path}:{number}", f"{len(keys)}, one for each key")
                 for number, line in lines[1:] if len(line) != len(keys)]
    problems += [Problem(f"'{key}' has no value", f"{path}:{number}") for number, line in lines[1:] if len(line) == len(keys)
                 for key, value in zip(keys, line, strict=True) if not value.strip()]
    raise_all(problems)
    return Points(keys, tuple(tuple(value.strip() for value in line) for _, line in lines[1:]))
