"""``cosim bench``."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from cosim.errors import InputError, Problem
from cosim.launch.bench.against import Peer, Simulator
from cosim.launch.bench.case import Case, Census, census
from cosim.launch.bench.described import described, distinct_delays, fewest_threads
from cosim.launch.bench.figures import Figures, summarised
from cosim.launch.bench.limits import measure_limits
from cosim.launch.bench.page import add_to_page
from cosim.launch.bench.probe import Probe
from cosim.launch.bench.result import HEAD, LIMIT_HEAD, Result, limit_rows, rate_rows, rows, title
from cosim.launch.bench.surroundings import machine_line, spread_note
from cosim.launch.bench.sweep.command import sweep
from cosim.launch.bench.wholebrain.command import wholebrain
from cosim.levels import chosen_level
from cosim.models.microcircuit.kernel._engine import levels
from cosim.models.microcircuit.network.scaling import Scaled
from cosim.transport.mpi import cores


@click.group("bench")
def bench() -> None:
    """Measure how fast a network runs, beside what the machine allows and what other simulators reach."""


bench.add_command(wholebrain)
bench.add_command(sweep)


@bench.command("microcircuit")
@click.option("--network", default="potjans_diesmann_2014", show_default=True, help="A shipped network, or a network file.")
@click.option("--scale", default=1.0, show_default=True, help="Neurons and synapses of each, as a part of those in the file.")
@click.option("--ranks", default=1, show_default=True, help="Number of processes.")
@click.option("--drive", type=click.Choice(["poisson", "dc"]), default="poisson", show_default=True, help="How the background comes.")
@click.option("--precision", type=click.Choice(["single", "double"]), default="single", show_default=True, help="Of potential and current.")
@click.option("--seconds", default=5.0, show_default=True, help="How long is measured, simulated s.")
@click.option("--warmup", default=0.5, show_default=True, help="How long is run before, simulated s.")
@click.option("--rounds", default=1, show_default=True, help="How often; the simulators take turns.")
@click.option("--seed", default=1, show_default=True, help="Seed of the first round.")
@click.option("--against", multiple=True, type=click.Choice([s.value for s in Simulator]), help="Another simulator; may be given twice.")
@click.option("--nest-python", type=click.Path(path_type=Path), default=Path(sys.executable), help="Python in which NEST is installed.")
@click.option("--brian2-python", type=click.Path(path_type=Path), default=Path(sys.executable), help="Python in which Brian2 is installed.")
@click.option("--peer-threads", multiple=True, type=int, help="Threads of the others; several are measured apart. Default: all cores.")
@click.option("--probe", type=click.Path(path_type=Path), metavar="FILE.c",
              help="A bare C program as a mark: compiled here, called with ranks and ms, prints rtf, build_s and events_per_s as JSON.")
@click.option("--keep", type=click.Path(path_type=Path), metavar="DIR", help="Folder for our runs and the spikes of the others.")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Page (Markdown) to write the result into.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
def microcircuit(network: str, scale: float, ranks: int, drive: str, precision: str, seconds: float, warmup: float, rounds: int, seed: int,
                 against: tuple[str, ...], nest_python: Path, brian2_python: Path, peer_threads: tuple[int, ...], probe: Path | None,
                 keep: Path | None, out: Path | None, as_json: bool) -> None:
    """Measure the spiking engine on a network, on the way that every run takes.

    \b
    Result:   real-time factor after the warm-up, time of building, memory, rates; how much of the machine's limits was reached; the same
              figures of other simulators, and how many times ours they are.
    Examples: cosim bench microcircuit --scale 0.1 --ranks 2 --against nest --nest-python ~/nest/bin/python --rounds 3
              cosim bench microcircuit --scale 1 --ranks 2 --json
    """
    case = Case(network, scale, drive, precision, ranks, seconds, warmup, seed)
    case.check()
    _check(rounds, peer_threads, keep)
    small = case.scaled()
    count = census(small.network)
    peers: list[Peer | Probe] = []
    if probe is not None:
        peers = [Probe(probe, ranks, 1000 * seconds)]
        peers[0].check()
    peers += _peers(count, against, {Simulator.NEST: nest_python, Simulator.BRIAN2: brian2_python}, peer_threads)
    console = Console(stderr=True, markup=False, highlight=False)
    found = [f for i in range(rounds) for f in _round(case, small, count, peers, i, keep, console)]
    level = chosen_level(levels())
    console.print("measuring what the machine allows")
    limits = measure_limits(count, ranks, distinct_delays(small), level)
    ours, *others = summarised(found)
    result = Result(case, count, levels()[level], limits, ours, tuple(others))
    if out is not None:
        add_to_page(out, result, shlex.join(["cosim", *sys.argv[1:]]))
    if as_json:
        click.echo(json.dumps(result.as_json()))
    else:
        _print(result)


def _check(rounds: int, peer_threads: Sequence[int], keep: Path | None) -> None:
    if rounds < 1:
        raise InputError(Problem(f"rounds is {rounds}", where="--rounds", expected="at least 1"))
    if any(n < 1 for n in peer_threads):
        raise InputError(Problem(f"a peer cannot run on {min(peer_threads)} threads", where="--peer-threads", expected="at least 1"))
    if keep is not None and keep.exists() and any(keep.iterdir() if keep.is_dir() else [keep]):
        raise InputError(Problem(f"{keep} is not empty", where="--keep", remedy="name a new folder"))


def _peers(count: Census, against: Sequence[str], pythons: dict[Simulator, Path], threads: Sequence[int]) -> list[Peer]:
    peers = []
    for simulator in dict.fromkeys(map(Simulator, against)):
        for n in threads or (len(cores()),):
            enough = fewest_threads(count.synapses, n) if simulator is Simulator.NEST else n
            peers.append(Peer(simulator, pythons[simulator], enough))
        peers[-1].check()
    return list(dict.fromkeys(peers))


def _round(case: Case, small: Scaled, count: Census, peers: Sequence[Peer | Probe], number: int, keep: Path | None,
           console: Console) -> list[Figures]:
    from cosim.launch.bench.ours import measure_ours  # noqa: PLC0415 (draws in the plotting library, which little else needs)

    seed = case.seed + number
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
    console.print(f"round {number + 1}: cosim on {case.ranks} rank{'s' * (case.ranks > 1)}")
    found = [measure_ours(case, seed, count, keep and keep / f"cosim-{seed}")]
    for peer in peers:
        console.print(f"round {number + 1}: {peer.name}")
        spikes = keep / f"{peer.simulator}-{peer.threads}-{seed}.json" if keep is not None and isinstance(peer, Peer) else None
        found.append(peer.measure(described(case, small) if isinstance(peer, Peer) else {}, seed, count, spikes))
    return found


def _print(result: Result) -> None:
    console = Console(markup=False, highlight=False, width=None if sys.stdout.isatty() else 200)
    console.print(title(result), style="bold")
    console.print(f"{spread_note(len(result.ours.rounds))}{machine_line(result.machine)}")
    rate_head, rates = rate_rows(result)
    for head, body in ((HEAD, rows(result)), (rate_head, rates), (LIMIT_HEAD, limit_rows(result))):
        table = Table(*head)
        for row in body:
            table.add_row(*row)
        console.print(table)
