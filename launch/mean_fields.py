"""List the mean-field models, and say what one has: ``cosim mean-fields``."""

from __future__ import annotations

import click

from cosim.errors import InputError, Problem
from cosim.models.wholebrain.dynamics import model, names
from cosim.models.wholebrain.language.model import Model, Parameter
from cosim.registry import did_you_mean

Row = tuple[str, str, str, str]


@click.command("mean-fields")
@click.argument("name", required=False)
def mean_fields_command(name: str | None) -> None:
    """List the mean-field models, or the parameters, state and ports of one.

    \b
    Examples: cosim mean-fields
              cosim mean-fields jansen_rit
    """
    if name is None:
        width = max(map(len, names()))
        for known in names():
            click.echo(f"{known:{width}}  {model(known).about}")
        return
    if name not in names():
        raise InputError(Problem(f"there is no mean-field model '{name}'", expected="one of those that 'cosim mean-fields' lists",
                                 remedy=did_you_mean(name, list(names()))))
    click.echo(description(model(name)))


def description(m: Model) -> str:
    """Return parameters, state, ports and named sets of parameters of a model as text."""
    chosen = next(iter(m.presets.values()), {})
    blocks: list[list[Row]] = [
        [("parameter", "default", "unit", "meaning"),
         *((p.name, f"{chosen.get(p.name, p.default):g}", _unit(p.unit), p.about + _bounds(p)) for p in m.parameters)],
        [("state", "start", "unit", "meaning"), *((v.name, f"{v.start:g}", _unit(v.unit), v.about) for v in m.state)],
        [("sends", "", "unit", "meaning"), *((s.name, "", _unit(s.unit), s.about) for s in m.sends)],
        [("receives", "takes", "unit", "meaning"), *((r.name, r.takes, _unit(r.unit), r.about) for r in m.receives)],
        [("input", "", "unit", "meaning"), *((i.name, "", _unit(i.unit), i.about) for i in m.inputs)],
    ]
    rows = [row for block in blocks for row in [*block, ("", "", "", "")]][:-1]
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    lines = ["  ".join(f"{cell:{width}}" for cell, width in zip(row, [*widths, 0], strict=True)).rstrip() for row in rows]
    if m.rate is not None:
        lines += ["", f"rate: {m.rate_about}, Hz"]
    if m.presets:
        lines += ["", f"{m.preset_word}:"]
        width = max(map(len, m.presets))
        lines += [f"  {name:{width}}  {', '.join(f'{k} {v:g}' for k, v in values.items())}" for name, values in m.presets.items()]
    return "\n".join(lines)


def _unit(unit: str) -> str:
    return "" if unit == "1" else unit


def _bounds(p: Parameter) -> str:
    said = [f"{word} {limit:g}" for word, limit in (("above", p.above), ("at least", p.least), ("at most", p.most)) if limit is not None]
    return "; " + ", ".join(said) if said else ""
