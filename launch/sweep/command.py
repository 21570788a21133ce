"""``cosim sweep``."""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from cosim.errors import InputError, Problem, RunError
from cosim.experiment.quantities import read_quantity
from cosim.experiment.read import read_experiment
from cosim.launch.machine import in_bytes

if TYPE_CHECKING:
    from cosim.launch.sweep.work import Task

_MOST_FAILURES = 20


@click.command("sweep")
@click.argument("experiment", type=click.Path(path_type=Path))
@click.option("--vary", multiple=True, metavar="KEY=VALUES",
              help="A key as in --set, and its values: 0:2:0.1, [1, 2, 5], linspace(0, 2, 21) or logspace(-3, 0, 7), a unit behind; "
              "several give the grid of all, the last fastest.")
@click.option("--table", type=click.Path(path_type=Path), metavar="FILE.csv",
              help="Instead: keys in the first line, then a line for each point.")
@click.option("--keep", multiple=True, required=True, metavar="GROUP.PORT:WHAT",
              help="What is kept of each point: mean, std, min, max, final, fc, fcd(60 s, 2 s), psd, power(8 Hz, 12 Hz), "
              "peak(1 Hz, 80 Hz), plv(8 Hz, 12 Hz), series; operators before them, such as brain.S_E:bold(volterra, 2 s)->fc.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Set a key at all points.")
@click.option("--seeds", type=click.Choice(["same", "per-point"]), default="same", show_default=True,
              help="Whether each point has a seed of its own, drawn from the experiment's.")
@click.option("--discard", default="0 ms", show_default=True, metavar="TIME", help="How much of the beginning is left out.")
@click.option("--operators", "file", type=click.Path(path_type=Path), metavar="FILE.yaml",
              help="Operators of one's own, as in 'cosim observe'.")
@click.option("--layout", type=click.Path(path_type=Path), help="Layout of the run of each point.")
@click.option("--workers", type=int, metavar="N", help="Points that are run at once; default: as many as there are cores for.")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR|FILE.h5", help="Where to; default: the next free sweeps/NAME-NUMBER.")
@click.option("--resume", is_flag=True, help="Go on with a sweep that was ended or killed; points that are done are not run again.")
@click.option("--no-page", is_flag=True, help="Write no page with pictures.")
def sweep_command(experiment: Path, vary: tuple[str, ...], table: Path | None, keep: tuple[str, ...], overrides: tuple[str, ...],
                  seeds: str, discard: str, file: Path | None, layout: Path | None, workers: int | None, out: Path | None,
                  resume: bool, no_page: bool) -> None:
    """Run an experiment at many points: a grid of parameters, or a table of them.

    \b
    Result:   sweep.h5 with the points, what is kept of each, seeds, and why points failed; sweep.html with pictures. Each point gives the
              bits of 'cosim run' with the same --set. Status 1 when points failed; the others are there.
    Examples: cosim sweep brain.yaml --vary brain.params.coupling=0:2:0.1 --keep brain.V:mean,std
              cosim sweep brain.yaml --vary brain.params.coupling=0:2:0.1 --vary 'seed=[1, 2, 3]' --keep 'brain.S_E:bold(volterra, 2 s)->fc'
              cosim sweep brain.yaml --table points.csv --keep brain.V:final --out sweeps/mine --resume
    """
    from cosim.launch.sweep.place import default_workers, place  # noqa: PLC0415 (as below)
    from cosim.launch.sweep.sweeping import sweep  # noqa: PLC0415 (numerics that other commands do not need)

    console = Console(stderr=True, markup=False, highlight=False)
    if workers is not None and workers < 1:
        raise InputError(Problem(f"{workers} workers", "--workers", "at least 1"))
    if resume and out is None:
        raise InputError(Problem("it is not said which sweep is to go on", "--resume", remedy="name its folder or file with --out"))
    task = _task(experiment, vary, table, keep, overrides, seeds, discard, file, layout)
    count = min(workers or default_workers(task), len(task.points))
    path, made = place(out, experiment)
    try:
        swept = sweep(task, path, count, resume, console)
    except KeyboardInterrupt:
        console.print(f"interrupted; the points that are done are kept: go on with --out {path} --resume", soft_wrap=True)
        raise
    except BaseException:
        for folder in reversed(made):
            if not any(folder.iterdir()):
                folder.rmdir()
        raise
    console.print(f"{len(task.points):,} points: {swept.ran:,} run now, {len(swept.failures):,} failed; {in_bytes(path.stat().st_size)}",
                  soft_wrap=True)
    click.echo(str(path))
    if not no_page:
        from cosim.launch.sweep.page import write_page  # noqa: PLC0415 (draws in the plotting library)

        click.echo(str(write_page(path)))
    name = f"kept/{task.kept[0].names[0]}"
    click.echo(f"read it with: import h5py; f = h5py.File({str(path)!r}); f[{name!r}][:], f['points'], f['failed'][:]")
    if swept.failures:
        told = [f"{task.points.said(p)}: {why}" for p, why in sorted(swept.failures.items())[:_MOST_FAILURES]]
        more = [f"and {len(swept.failures) - _MOST_FAILURES:,} more; see 'why' in the file"] if len(swept.failures) > _MOST_FAILURES else []
        sys.stdout.flush()
        raise RunError("\n".join([f"{len(swept.failures):,} of {len(task.points):,} points failed", *told, *more]))


def _task(experiment: Path, vary: tuple[str, ...], table: Path | None, keep: tuple[str, ...], overrides: tuple[str, ...], seeds: str,
          discard: str, file: Path | None, layout: Path | None) -> Task:
    from cosim.launch.observe import read_operators  # noqa: PLC0415 (as above)
    from cosim.launch.sweep.kept import read_kept  # noqa: PLC0415 (as above)
    from cosim.launch.sweep.points import grid  # noqa: PLC0415 (as above)
    from cosim.launch.sweep.points import table as rows_of  # noqa: PLC0415 (as above)
    from cosim.launch.sweep.work import Task  # noqa: PLC0415 (as above)

    if bool(vary) == (table is not None):
        both = "both a grid and a table" if vary else "no points"
        raise InputError(Problem(f"there are {both}", expected="either --vary KEY=VALUES, once or several times, or --table FILE.csv"))
    points = rows_of(table) if table is not None else grid(vary)
    base = read_experiment(experiment, overrides)
    points = points.renamed(base.source.data)
    if seeds == "per-point":
        points = points.with_seeds(base.seed)
    try:
        discard_ms: Fraction = read_quantity(discard, "ms")
    except InputError as error:
        raise InputError(*(p.at("--discard") for p in error.problems)) from None
    if discard_ms < 0:
        raise InputError(Problem(f"{discard} is negative", "--discard", "a time of at least 0 ms"))
    kept = read_kept(keep, read_operators(file) if file is not None else {})
    return Task(experiment, layout, overrides, points, kept, discard_ms)
