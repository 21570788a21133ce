"""List the neuron models, and say what one has: ``cosim neurons``."""

from __future__ import annotations

import click

from cosim.errors import InputError, Problem
from cosim.models.microcircuit.language.model import Model, Parameter
from cosim.models.microcircuit.neurons import model, names
from cosim.registry import did_you_mean


@click.command("neurons")
@click.argument("name", required=False)
def neurons_command(name: str | None) -> None:
    """List the neuron models, or the parameters, state and receptors of one.

    \b
    Examples: cosim neurons
              cosim neurons aeif_cond_exp
    """
    if name is None:
        width = max(map(len, names()))
        for known in names():
            click.echo(f"{known:{width}}  {model(known).about}")
        return
    if name not in names():
        raise InputError(Problem(f"there is no neuron model '{name}'", expected="one of those that 'cosim neurons' lists",
                                 remedy=did_you_mean(name, list(names()))))
    click.echo(description(model(name)))


def description(m: Model) -> str:
    """Return parameters, state and receptors of a model as text."""
    rows = [("parameter", "default", "meaning"), *((p.name, _value(p), p.about + _bounds(p)) for p in m.parameters)]
    rows += [("", "", ""), ("state", "unit", "meaning"), *((s.name, _unit(s.unit), s.about) for s in m.state)]
    rows += [("", "", ""), ("receptor", "weight", "meaning"), *((r.name, r.unit, r.about) for r in m.receptors)]
    first, second = (max(len(row[i]) for row in rows) for i in (0, 1))
    return "\n".join(f"{a:{first}}  {b:{second}}  {c}".rstrip() for a, b, c in rows)


def _value(p: Parameter) -> str:
    return p.default if p.unit == "1" else f"{p.default} {p.unit}"


def _unit(unit: str) -> str:
    return "" if unit == "1" else unit


def _bounds(p: Parameter) -> str:
    said = [f"above {p.above}"] if p.above is not None else [f"at least {p.least}"] if p.least is not None else []
    return "; " + ", ".join([*said, *(["a multiple of the step"] if p.on_grid else [])]) if said or p.on_grid else ""
