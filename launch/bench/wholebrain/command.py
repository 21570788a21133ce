"""``cosim bench wholebrain``."""

from __future__ import annotations

import json
import os
import shlex
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from cosim.errors import InputError, Problem, RunError
from cosim.launch.bench.page import add_section, table
from cosim.launch.bench.surroundings import machine_line, spread_note
from cosim.launch.bench.wholebrain.case import SCHEMES, Case, written
from cosim.launch.bench.wholebrain.figures import Figures, summarised
from cosim.launch.bench.wholebrain.mark import Mark
from cosim.launch.bench.wholebrain.ours import measure_ours
from cosim.launch.bench.wholebrain.peer import NUMBA_MODEL, TheVirtualBrain
from cosim.launch.bench.wholebrain.result import HEAD, Result, load_line, remarks, rows, title
from cosim.levels import chosen_level
from cosim.models.wholebrain.kernel._engine import levels


@click.command("wholebrain")
@click.option("--model", default="generic_2d_oscillator", show_default=True, help="The local model of all regions.")
@click.option("--regions", multiple=True, type=int, help="Number of regions; several are measured one after the other.  [default: 76]")
@click.option("--density", type=float, help="Share of the possible connections, of a synthetic connectome.")
@click.option("--connectome", help="A connectome to read instead, such as tvb_data:connectivity_192.zip.")
@click.option("--scheme", type=click.Choice(SCHEMES), default="heun", show_default=True, help="How time is stepped.")
@click.option("--noise", default=0.0, show_default=True, help="Additive noise of all variables, in their unit / sqrt(ms).")
@click.option("--seconds", default=2.0, show_default=True, help="How long is measured, simulated s.")
@click.option("--warmup", default=0.2, show_default=True, help="How long is run before, simulated s.")
@click.option("--rounds", default=1, show_default=True, help="How often; the simulators take turns.")
@click.option("--seed", default=1, show_default=True, help="Seed of the first round.")
@click.option("--against", multiple=True, type=click.Choice(["tvb"]), help="Another simulator.")
@click.option("--tvb-python", type=click.Path(path_type=Path), default=Path(sys.executable), help="Python with tvb-library.")
@click.option("--probe", type=click.Path(path_type=Path), metavar="FILE.c",
              help="A bare C program as one more mark: called with ms, regions and density, prints blocked_ns_per_node_step as JSON.")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Page (Markdown) to write the result into.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table, one line for each number of regions.")
def wholebrain(model: str, regions: tuple[int, ...], density: float | None, connectome: str | None, scheme: str, noise: float,
               seconds: float, warmup: float, rounds: int, seed: int, against: tuple[str, ...], tvb_python: Path, probe: Path | None,
               out: Path | None, as_json: bool) -> None:
    """Measure the mean-field engine on a connectome, as the component runs it, on one core.

    \b
    Result:   wall time of a step of one region after the warm-up, beside that of a bare kernel and of The Virtual Brain with the same
              network, once both have been found to compute the same.
    Examples: cosim bench wholebrain --model montbrio_pazo_roxin --noise 0.01 --against tvb --tvb-python ~/tvb/bin/python --rounds 5
              cosim bench wholebrain --regions 76 --regions 1000 --density 0.2 --json
    """
    if rounds < 1:
        raise InputError(Problem(f"rounds is {rounds}", where="--rounds", expected="at least 1"))
    sizes = dict.fromkeys(regions or (76,))
    cases = [Case(model, n, density, connectome, scheme, noise, seconds, warmup, seed) for n in sizes]
    marks = [Mark(), *([Mark(probe)] if probe is not None else [])]
    peers = [TheVirtualBrain(tvb_python)] if against else []
    if peers and model == NUMBA_MODEL and scheme in ("heun", "heun_held"):
        peers.append(TheVirtualBrain(tvb_python, "numba"))
    for case in cases:
        case.check()
    for mark in marks:
        mark.check()
    for peer in peers[:1]:
        peer.check(cases[0])
    console = Console(stderr=True, markup=False, highlight=False)
    results = [_measured(case, peers, marks, rounds, console) for case in cases]
    if out is not None:
        _add(out, results, shlex.join(["cosim", *sys.argv[1:]]))
    if as_json:
        for result in results:
            click.echo(json.dumps(result.as_json()))
    else:
        _print(results)


def _measured(case: Case, peers: Sequence[TheVirtualBrain], marks: Sequence[Mark], rounds: int, console: Console) -> Result:
    before, notes, found = os.getloadavg()[0], list[str](), list[Figures]()
    marks, peers = list(marks), list(peers)
    with tempfile.TemporaryDirectory(prefix="cosim-bench-") as folder:
        brain = written(case, Path(folder))
        difference = None
        if peers:
            console.print(f"{brain.regions} regions: asking whether The Virtual Brain computes the same")
            difference = peers[0].difference(case, brain)
        for number in range(rounds):
            seed = case.seed + number
            console.print(f"{brain.regions} regions, round {number + 1}: cosim")
            found.append(measure_ours(case, brain, seed))
            for peer in list(peers):
                console.print(f"{brain.regions} regions, round {number + 1}: {peer.name}")
                try:
                    found.append(peer.measure(case, brain, seed))
                except RunError as error:
                    if peer.backend == "usual":
                        raise
                    peers.remove(peer)
                    notes.append(f"the numba backend of The Virtual Brain did not run: {_first_line(error)}")
            for mark in list(marks):
                try:
                    found.append(mark.measure(case, brain))
                except RunError as error:
                    marks.remove(mark)
                    notes.append(f"{mark.name} was left out; it may ask for instructions that this processor has not: {_first_line(error)}")
    ours, *others = summarised(found)
    names = {m.name for m in marks}
    complete = [s for s in others if len(s.rounds) == rounds]
    of_marks = tuple(s for s in complete if s.who in names)
    of_peers = tuple(s for s in complete if s.who not in names)
    level = levels()[chosen_level(levels())]
    return Result(case, brain, level, ours, of_peers, of_marks, difference, (before, os.getloadavg()[0]), tuple(notes))


def _first_line(error: RunError) -> str:
    return f"{str(error).strip().splitlines()[0].removesuffix('.')}."


def _print(results: Sequence[Result]) -> None:
    console = Console(markup=False, highlight=False, width=None if sys.stdout.isatty() else 200)
    console.print(title(results), style="bold")
    console.print(f"{spread_note(len(results[0].ours.rounds))}{machine_line(results[0].machine)}, {load_line(results)}")
    shown = Table(*HEAD)
    for row in rows(results):
        shown.add_row(*row)
    console.print(shown)
    for remark in remarks(results):
        console.print(remark)


def _add(path: Path, results: Sequence[Result], command: str) -> None:
    case, day = results[0].case, datetime.now(UTC).date().isoformat()
    sizes = ", ".join(str(r.brain.regions) for r in results)
    heading = f"{case.model}, {case.scheme}, {'noise' if case.noise else 'no noise'}, {sizes} regions"
    heading += f" of density {case.density:g}" if case.density is not None else ""
    lead = f"{title(results)}. {spread_note(len(results[0].ours.rounds))}{machine_line(results[0].machine)}, {load_line(results)}; {day}."
    add_section(path, heading, "\n\n".join([lead, f"```\n{command}\n```", table(HEAD, rows(results)), " ".join(remarks(results))]) + "\n")
