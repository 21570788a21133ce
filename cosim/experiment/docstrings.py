"""Take what parameters mean from the numpydoc sections of a class."""

from __future__ import annotations

import re
from inspect import cleandoc

_RULE = re.compile(r"-{3,}\s*")


def meanings(cls: type) -> dict[str, str]:
    """Return the sentences of the section ``Parameters`` by name; empty where the class does not document them."""
    lines = cleandoc(cls.__doc__ or "").splitlines()
    start = next((i + 2 for i, line in enumerate(lines[:-1]) if line.strip() == "Parameters" and _RULE.fullmatch(lines[i + 1])), len(lines))
    found: dict[str, list[str]] = {}
    names: list[str] = []
    for i, line in enumerate(lines[start:], start):
        if i + 1 < len(lines) and _RULE.fullmatch(lines[i + 1]):
            break
        if line[:1].strip():
            names = [n.strip().lstrip("*") for n in line.split(" :")[0].split(",")]
            found |= {n: [] for n in names}
        else:
            for name in names:
                found[name].append(line.strip())
    return {name: " ".join(filter(None, words)) for name, words in found.items()}


def summary(cls: type) -> str:
    """Return the first sentence of a class's docstring; empty where it has none of its own."""
    text = cleandoc(cls.__doc__ or "").split("\n\n")[0]
    return "" if text.startswith(f"{cls.__name__}(") else " ".join(text.split())
