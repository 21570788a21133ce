"""``cosim analyse``."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from cosim.errors import InputError, Problem, raise_all
from cosim.launch.analyse.progress import Progress
from cosim.registry import did_you_mean

_POINTS = 40


@click.command("analyse")
@click.argument("name", metavar="MODEL|EXPERIMENT")
@click.option("--preset", help="A named set of parameters of the model.")
@click.option("--set", "settings", multiple=True, metavar="NAME=NUMBER", help="A parameter of the model, or a key of the experiment; may "
                                                                               "be given several times.")
@click.option("--group", help="The whole brain of the experiment, where it has several.")
@click.option("--along", metavar="NAME", help="The parameter to run over an interval; for an experiment a key such as coupling or "
                                              "model_parameters.a.")
@click.option("--from", "start", type=float, help="Where the interval starts.")
@click.option("--to", "stop", type=float, help="Where it ends.")
@click.option("--points", type=click.IntRange(5, 2000), help=f"Into how many parts at least the interval is taken for a network; {_POINTS} "
                                                              "where nothing is said.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder for analysis.json and analysis.html.")
@click.option("--json", "as_json", is_flag=True, help="Print analysis.json instead of tables.")
def analyse_command(name: str, preset: str | None, settings: tuple[str, ...], group: str | None, along: str | None, start: float | None,
                    stop: float | None, points: int | None, out: Path | None, as_json: bool) -> None:
    """Say where a model or the whole brain of an experiment rests, whether it stays there, and what changes along a parameter.

    \b
    Result:   of a MODEL, one region by itself: fixed points with eigenvalues and kind; along a parameter folds, branch points and Hopf
              points with their frequency, and the cycles, stable or not;
              of an EXPERIMENT, the whole network: its rest, leading modes without and with delays, the regions that take part, the longest
              stable steps; along a parameter the branches of rest with folds, branch points and Hopf points;
              with --out the same as analysis.json and as a page with pictures.
    Examples: cosim analyse wilson_cowan
              cosim analyse generic_2d_oscillator --set I=0.5 --along a --from -3 --to 3 --out analysis
              cosim analyse brain.yaml --along coupling --from 0 --to 2 --out analysis
    """
    if (start is None or stop is None) if along is not None else (start is not None or stop is not None):
        what = f"{along} is to run, but not from where to where" if along else "--from or --to is given, but no parameter to run"
        raise InputError(Problem(what, expected="--from and --to" if along else "--along with the name of a parameter"))
    interval = (along, start, stop) if along is not None and start is not None and stop is not None else None
    if name.endswith((".yaml", ".yml")) or Path(name).is_file():
        if preset is not None:
            raise InputError(Problem("--preset is for a model by itself", "--preset", remedy="--set with the key of the preset"))
        _analyse_network(Path(name), settings, group, interval, points or _POINTS, out, as_json)
        return
    raise_all(Problem(f"{option} is for the whole brain of an experiment", option, "the path of an experiment file in place of a model")
              for option, value in (("--group", group), ("--points", points)) if value is not None)
    _analyse_region(name, preset, settings, interval, out, as_json)


def _analyse_region(name: str, preset: str | None, settings: tuple[str, ...], interval: tuple[str, float, float] | None, out: Path | None,
                    as_json: bool) -> None:
    from cosim.launch.analyse.found import find, notes, plain, tables  # noqa: PLC0415 (numerics and drawing that other commands do not need)
    from cosim.models.wholebrain.analysis.region import check_interval, region  # noqa: PLC0415 (as above)
    from cosim.models.wholebrain.dynamics import model, names  # noqa: PLC0415 (as above)

    if name not in names():
        raise InputError(Problem(f"there is no mean-field model '{name}', and no file of that name",
                                 remedy=did_you_mean(name, list(names()))))
    given = _numbers(settings)
    one = region(model(name), preset, given)
    if interval is not None:
        check_interval(one, *interval)
    found = find(one, given, interval)
    data = plain(found)
    if not as_json:
        _show(tables(found), notes(found))
    if out is not None:
        from cosim.launch.analyse.page import write_page  # noqa: PLC0415 (as above)

        out.mkdir(parents=True, exist_ok=True)
        write_page(out / "analysis.html", found)
    _leave(data, out, as_json)


def _analyse_network(path: Path, settings: tuple[str, ...], group: str | None, interval: tuple[str, float, float] | None, points: int,
                     out: Path | None, as_json: bool) -> None:
    from cosim.launch.analyse.network_find import find_network, group_of, key_of  # noqa: PLC0415 (as above)
    from cosim.launch.analyse.network_found import network_notes, network_plain, network_tables  # noqa: PLC0415 (as above)

    experiment, chosen = group_of(path, settings, group)
    if interval is not None:
        interval = (key_of(chosen, interval[0]), *interval[1:])
    with Progress(Console(stderr=True, markup=False, highlight=False)) as progress:
        found = find_network(experiment, chosen, interval, points, progress.show)
    data = network_plain(found)
    if not as_json:
        _show(network_tables(found), network_notes(found))
    if out is not None:
        from cosim.launch.analyse.network_page import write_network_page  # noqa: PLC0415 (as above)

        out.mkdir(parents=True, exist_ok=True)
        write_network_page(out / "analysis.html", found)
    _leave(data, out, as_json)


def _leave(data: dict[str, Any], out: Path | None, as_json: bool) -> None:
    text = json.dumps(data, indent=1)
    if as_json:
        click.echo(text)
    if out is not None:
        (out / "analysis.json").write_text(text + "\n", encoding="utf-8")
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


def _show(found: Sequence[tuple[str, tuple[str, ...], Sequence[tuple[str, ...]]]], notes: Sequence[str]) -> None:
    console = Console(markup=False, highlight=False, width=None if sys.stdout.isatty() else 200)
    for title, head, rows in found:
        table = Table(*head, title=title, title_justify="left")
        for row in rows:
            table.add_row(*row)
        console.print(table)
    for note in notes:
        console.print(note, soft_wrap=True)
