"""``cosim analyse``."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from math import isfinite
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from cosim.errors import InputError, Problem
from cosim.registry import did_you_mean


@click.command("analyse")
@click.argument("name", metavar="MODEL")
@click.option("--preset", help="A named set of parameters of the model.")
@click.option("--set", "settings", multiple=True, metavar="NAME=NUMBER", help="A parameter; may be given several times.")
@click.option("--along", metavar="NAME", help="The parameter to run over an interval.")
@click.option("--from", "start", type=float, help="Where the interval starts.")
@click.option("--to", "stop", type=float, help="Where it ends.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder for analysis.json and analysis.html.")
@click.option("--json", "as_json", is_flag=True, help="Print analysis.json instead of tables.")
def analyse_command(name: str, preset: str | None, settings: tuple[str, ...], along: str | None, start: float | None, stop: float | None,
                    out: Path | None, as_json: bool) -> None:
    """Say where a mean-field model rests, whether it stays there, and what changes along a parameter.

    \b
    Result:   fixed points with eigenvalues and kind; along a parameter folds, branch points and Hopf points with their frequency, and the
              cycles, stable or not; with --out the same as analysis.json and as a page with pictures.
    Examples: cosim analyse wilson_cowan
              cosim analyse generic_2d_oscillator --set I=0.5 --along a --from -3 --to 3 --out analysis
    """
    from cosim.launch.analyse.found import find, plain, tables  # noqa: PLC0415 (numerics and drawing that other commands do not need)
    from cosim.models.wholebrain.analysis.region import check_interval, region  # noqa: PLC0415 (as above)
    from cosim.models.wholebrain.dynamics import model, names  # noqa: PLC0415 (as above)

    if name not in names():
        raise InputError(Problem(f"there is no mean-field model '{name}'", remedy=did_you_mean(name, list(names()))))
    given = _numbers(settings)
    one = region(model(name), preset, given)
    interval = None
    if along is not None:
        if start is None or stop is None:
            raise InputError(Problem(f"{along} is to run, but not from where to where", expected="--from and --to"))
        check_interval(one, along, start, stop)
        interval = (along, start, stop)
    elif start is not None or stop is not None:
        raise InputError(Problem("--from or --to is given, but no parameter to run", expected="--along with the name of a parameter"))
    found = find(one, given, interval)
    data = plain(found)
    if as_json:
        click.echo(json.dumps(data, indent=1))
    else:
        _show(tables(found), [f.end for f in found.families])
    if out is not None:
        from cosim.launch.analyse.page import write_page  # noqa: PLC0415 (as above)

        out.mkdir(parents=True, exist_ok=True)
        (out / "analysis.json").write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
        write_page(out / "analysis.html", found)
        click.echo(str(out / "analysis.html"), err=as_json)


def _numbers(settings: Sequence[str]) -> dict[str, float]:
    found = {}
    for text in settings:
        key, mark, value = text.partition("=")
        try:
            found[key.strip()] = float(value)
        except ValueError:
            mark = ""
        if not mark or not isfinite(found[key.strip()]):
            raise InputError(Problem(f"--set {text}", expected="NAME=NUMBER, such as I=0.5"))
    return found


def _show(found: Sequence[tuple[str, tuple[str, ...], Sequence[tuple[str, ...]]]], ends: Sequence[str]) -> None:
    console = Console(markup=False, highlight=False, width=None if sys.stdout.isatty() else 200)
    for title, head, rows in found:
        table = Table(*head, title=title, title_justify="left")
        for row in rows:
            table.add_row(*row)
        console.print(table)
    for i, end in enumerate(ends, 1):
        console.print(f"the family of cycles of Hopf point {i}: {end}")
