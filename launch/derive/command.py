"""Derive the transfer functions of a mean-field model from simulated spikes: ``cosim derive``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from cosim import __version__
from cosim.errors import Problem, raise_all
from cosim.launch.derive.cells import Neuron, neurons
from cosim.launch.derive.derived import Derived, derive
from cosim.launch.derive.grid import grid_of
from cosim.launch.derive.measure import Protocol
from cosim.models.theory.moments import Shape
from cosim.models.theory.transfer import Form
from cosim.registry import did_you_mean

_FORMS = {"quadratic": Form.QUADRATIC, "conductance": Form.CONDUCTANCE}
_MOMENTS = {"published": Shape.ALPHA_AS_PUBLISHED, "campbell": Shape.ALPHA}


@click.command("derive")
@click.argument("neuron")
@click.option("--cell", "cells", multiple=True, metavar="NAME", help="Derive this type alone; several may be named. Default: all.")
@click.option("--grid", "grid", multiple=True, metavar="INPUT=VALUES",
              help="Rates of one neuron of an input, Hz: exc=1:20:8 (from, to, how many) or exc=1,2,5.")
@click.option("--adaptation", metavar="VALUES", help="Hold the adaptation current at these values, pA; default: the neuron adapts.")
@click.option("--neurons", "many", type=int, default=20, show_default=True, help="Neurons at each point of the grid.")
@click.option("--seconds", type=float, default=5.0, show_default=True, help="How long each is measured, s.")
@click.option("--transient", type=float, metavar="MS", help="How much is left out before, ms; default: what the neuron needs to settle.")
@click.option("--below", type=float, metavar="HZ", help="Leave points with a higher rate out of the fit, Hz.")
@click.option("--form", type=click.Choice(list(_FORMS)), help="Terms of the threshold; default: those of the neuron's mean-field model.")
@click.option("--moments", type=click.Choice(list(_MOMENTS)),
              help="Means under alpha-shaped conductances: as published, or by Campbell's theorem.")
@click.option("--set", "values", multiple=True, metavar="PARAMETER=VALUE", help="Change a parameter of the neuron, such as b='5 pA'.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Folder to write; default: derived/NEURON.")
def derive_command(neuron: str, cells: tuple[str, ...], grid: tuple[str, ...], adaptation: str | None, many: int, seconds: float,
                   transient: float | None, below: float | None, form: str | None, moments: str | None, values: tuple[str, ...], seed: int,
                   out: Path | None) -> None:
    """Derive the transfer function of a neuron, for a mean-field model, from spikes.

    \b
    Result:   transfer.json (coefficients, errors, rates), transfer.html, transfer.svg, and a table.
    Examples: cosim derive aeif_cond_exp
              cosim derive aeif_cond_exp --cell RS --grid exc=1:12:8 --grid inh=1:20:6 --set b='5 pA' --out rs
              cosim derive eglif_cond_alpha --cell GrC --form quadratic
              cosim derive iaf_psc_exp
    """
    from cosim.launch.derive.page import write_page  # noqa: PLC0415 (draws in the plotting library, which other commands do not need)

    folder = out or Path("derived") / neuron
    jobs = [(n, grid_of([s.axis for s in n.sources], grid, adaptation))
            for n in chosen(neurons(neuron), cells, _settings(values), _FORMS.get(form or ""), _MOMENTS.get(moments or ""))]
    _refuse(folder, seed, below)
    found = []
    for n, points in jobs:
        protocol = Protocol(many, seconds, n.settles_ms if transient is None else transient, seed)
        found.append(derive(n, points, protocol, below))
        click.echo(table(found[-1]))
    folder.mkdir(parents=True, exist_ok=True)
    how = f"{many} neurons at each point, measured for {seconds:g} s; seed {seed}"
    written = {"cosim": __version__, "model": neuron, "seed": seed, "neurons_at_each_point": many, "seconds": seconds,
               "transient_ms": {n.name: n.settles_ms if transient is None else transient for n, _ in jobs},
               **{d.neuron.key: list(d.fit.transfer.coefficients) for d in found if d.fit is not None},
               "neurons": {d.neuron.name: d.written() for d in found}}
    result = folder / "transfer.json"
    result.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    for path in (result, *write_page(folder, f"Transfer functions of {neuron}", how, found)):
        click.echo(str(path))


def chosen(known: Mapping[str, Neuron], cells: Sequence[str], values: Mapping[str, str], form: Form | None,
           shape: Shape | None) -> list[Neuron]:
    """Return the types of neurons that a user names, changed as the user says; all where none is named."""
    raise_all(Problem(f"there is no type '{c}'", "--cell", f"one of {', '.join(known)}", did_you_mean(c, list(known)))
              for c in cells if c not in known)
    return [known[c].changed(values).formed(form, shape) for c in cells or known]


def table(d: Derived) -> str:
    """Return what was found as text."""
    from cosim.launch.derive.page import coefficients, figures  # noqa: PLC0415 (as above)

    lines = [f"{d.neuron.name}: {d.neuron.about}"]
    lines += [f"  {what + ':':48}{value}" for what, value in figures(d)]
    rows = coefficients(d)
    if rows:
        lines.append(f"  {'term':12}{'coefficient':>14}{'error':>12}{'first step':>14}   mV")
        lines += [f"  {name:12}{c:>14}{e:>12}{f:>14}" for name, c, e, f in rows]
    return "\n".join(lines) + "\n"


def _settings(values: Sequence[str]) -> dict[str, str]:
    raise_all(Problem(f"'{v}' sets nothing", "--set", "PARAMETER=VALUE, such as b='5 pA'") for v in values if "=" not in v)
    return {name.strip(): value.strip() for name, value in (v.split("=", 1) for v in values)}


def _refuse(folder: Path, seed: int, below: float | None) -> None:
    problems = []
    if (folder / "transfer.json").exists():
        problems.append(Problem(f"'{folder / 'transfer.json'}' exists", "--out", "a new folder", "name another with --out"))
    if seed < 0:
        problems.append(Problem(f"the seed is {seed}", "--seed", "a whole number from 0"))
    if below is not None and not below > 0:
        problems.append(Problem(f"points above {below:g} Hz are to be left out", "--below", "a rate above 0 Hz"))
    raise_all(problems)
