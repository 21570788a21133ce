"""``cosim bench sweep``."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from cosim.errors import InputError, Problem
from cosim.launch.bench.figures import Spread, spread
from cosim.launch.bench.surroundings import machine, machine_line, spread_note
from cosim.launch.bench.sweep.case import MODEL, Case, written
from cosim.launch.bench.sweep.others import MODULES, Peer
from cosim.launch.bench.sweep.ours import measure_ours
from cosim.levels import chosen_level
from cosim.models.wholebrain.kernel._engine import levels
from cosim.transport.mpi import cores


@dataclass(frozen=True, slots=True)
class Other:
    """Hold what another simulator reached in each round, s a point, and how far it was from us."""

    who: str
    rounds: tuple[float, ...]
    compile_s: float
    difference: float


@click.command("sweep")
@click.option("--points", default=1024, show_default=True, help="Points that we run.")
@click.option("--peer-points", default=64, show_default=True, help="Points that others run; their time a point is compared.")
@click.option("--regions", default=76, show_default=True, help="Number of regions.")
@click.option("--seconds", default=1.0, show_default=True, help="Length of a point, simulated s.")
@click.option("--noise", default=0.01, show_default=True, help="Additive noise of both variables, in their unit / sqrt(ms).")
@click.option("--delays/--no-delays", default=True, show_default=True, help="Whether connections have delays.")
@click.option("--workers", default=0, help="Processes; cores of the others.  [default: as many as there are cores]")
@click.option("--rounds", default=1, show_default=True, help="How often; the simulators take turns.")
@click.option("--seed", default=1, show_default=True, help="Seed of the first round.")
@click.option("--against", multiple=True, type=click.Choice(list(MODULES)), help="Another simulator; may be given twice.")
@click.option("--tvboptim-python", type=click.Path(path_type=Path), default=Path(sys.executable), help="Python with tvboptim.")
@click.option("--vbi-python", type=click.Path(path_type=Path), default=Path(sys.executable), help="Python with vbi.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def sweep(points: int, peer_points: int, regions: int, seconds: float, noise: float, delays: bool, workers: int, rounds: int, seed: int,
          against: tuple[str, ...], tvboptim_python: Path, vbi_python: Path, as_json: bool) -> None:
    """Measure 'cosim sweep' on a brain network (Montbrio, Pazo and Roxin; the coupling is varied), from the command to the file.

    \b
    Result:   wall time of a point, with all reading, checking and writing, beside that of others without their start and compilation,
              once they have been found to compute the same.
    Examples: cosim bench sweep --against tvboptim --tvboptim-python ~/tvboptim/bin/python --rounds 3
              cosim bench sweep --no-delays --against vbi --vbi-python ~/vbi/bin/python --json
    """
    if rounds < 1:
        raise InputError(Problem(f"rounds is {rounds}", where="--rounds", expected="at least 1"))
    case = Case(points, peer_points, regions, seconds, noise, delays, workers or len(cores()), seed)
    case.check()
    pythons = {"tvboptim": tvboptim_python, "vbi": vbi_python}
    peers = [Peer(name, pythons[name]) for name in dict.fromkeys(against)]
    for peer in peers:
        peer.check(case)
    console = Console(stderr=True, markup=False, highlight=False)
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="cosim-bench-") as made:
        folder = Path(made)
        files = written(case, folder)
        differences = {}
        for peer in peers:
            console.print(f"asking whether {peer.name} computes the same")
            differences[peer.name] = peer.difference(case, files, folder)
        ours, theirs = list[float](), {peer.name: list[tuple[str, float, float]]() for peer in peers}
        for number in range(rounds):
            console.print(f"round {number + 1}: cosim")
            ours.append(measure_ours(case, files, folder, seed + number))
            for peer in peers:
                console.print(f"round {number + 1}: {peer.name}")
                theirs[peer.name].append(peer.measure(case, files))
    others = [Other(found[0][0], tuple(f[1] for f in found), max(f[2] for f in found), differences[name]) for name, found in theirs.items()]
    told = machine(levels()[chosen_level(levels())]) | {"load": [before, os.getloadavg()[0]]}
    if as_json:
        click.echo(json.dumps(_json(case, files.origin, ours, others, told)))
    else:
        _print(case, files.origin, ours, others, told)


def _json(case: Case, origin: str, ours: Sequence[float], others: Sequence[Other], told: dict[str, Any]) -> dict[str, Any]:
    mine = spread(list(ours))
    return {"model": MODEL, **asdict(case), "connectome": origin, "s_per_point": mine.median, "range": [mine.least, mine.most],
            "peers": [{"who": o.who, "s_per_point": spread(list(o.rounds)).median, "compile_s": o.compile_s, "difference": o.difference,
                       "times": _times(ours, o).median, "range": [_times(ours, o).least, _times(ours, o).most]} for o in others],
            "machine": told}


def _times(ours: Sequence[float], other: Other) -> Spread:
    return spread([theirs / mine for mine, theirs in zip(ours, other.rounds, strict=True)])


def _print(case: Case, origin: str, ours: Sequence[float], others: Sequence[Other], told: dict[str, Any]) -> None:
    console = Console(markup=False, highlight=False, width=None if sys.stdout.isatty() else 200)
    console.print(f"{case.points:,} points of {case.seconds:g} s, {MODEL}, {case.regions} regions {'with' if case.delays else 'without'} "
                  f"delays, noise {case.noise:g}, steps of 0.1 ms, {case.workers} processes; {origin}", style="bold")
    console.print(f"{spread_note(len(ours))}{machine_line(told)}, load average {told['load'][0]:.1f} to {told['load'][1]:.1f}")
    table = Table("", "ms a point", "times ours", "largest difference of a potential")
    table.add_row(f"cosim {told['cosim']}", _written(spread([1000 * x for x in ours])), "", "")
    for o in others:
        table.add_row(o.who, _written(spread([1000 * x for x in o.rounds])), _written(_times(ours, o)), f"{o.difference:.1g}")
    console.print(table)
    for o in others:
        console.print(f"{o.who}: {case.peer_points} points; {o.compile_s:.1f} s of compilation are not counted")


def _written(value: Spread) -> str:
    middle, least, most = (f"{x:.3g}" for x in (value.median, value.least, value.most))
    return middle if least == most else f"{middle} ({least} to {most})"
