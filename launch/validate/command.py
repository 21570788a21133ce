"""``cosim validate``."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from cosim.errors import InputError, Problem
from cosim.launch.validate.compare import Comparison, Verdict, compare, measure
from cosim.launch.validate.spikes import SpikeSet, read_populations, read_spikes, with_common_populations
from cosim.launch.validate.table import TABLE_HEAD, table_row
from cosim.models.observe.spike_statistics import BIN_MS, SUBSAMPLE

SHORTEST_MS = 100.0
"""The shortest stretch of spikes that is worth comparing, ms."""


@click.group("validate")
def validate() -> None:
    """Hold a simulation's statistics against those of another simulator."""


@validate.command("microcircuit")
@click.argument("ours", type=click.Path(path_type=Path))
@click.argument("reference", type=click.Path(path_type=Path))
@click.option("--seeds", multiple=True, type=click.Path(path_type=Path), metavar="SPIKES",
              help="The reference under another seed; may be given several times. Only with one of them is there a verdict.")
@click.option("--populations", type=click.Path(path_type=Path), metavar="FILE",
              help="A file that tells name and size of each population: a run folder, or {E: 800, I: 200} in YAML. "
                   "Default: what the spike files tell.")
@click.option("--warmup", default=0.5, show_default=True, help="How much is left out at the beginning, s.")
@click.option("--until", type=float, help="Where to stop, s. Default: where the shortest file ends.")
@click.option("--first-id", default=1, show_default=True, help="Id of the first neuron in text files of NEST.")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Folder for validation.html and validation.json.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def microcircuit(ours: Path, reference: Path, seeds: tuple[Path, ...], populations: Path | None, warmup: float, until: float | None,
                 first_id: int, out: Path | None, as_json: bool) -> None:
    """Compare the spikes in OURS with those in REFERENCE, population by population.

    \b
    Result:   Kolmogorov-Smirnov distances of the distributions of rate, interval variation and pairwise correlation;
              with --seeds also those between seeds of the reference, and whether ours are no larger: status 1 where they are.
    Files:    a run folder or its results.h5, .json of a peer that 'cosim bench' has run, SONATA spikes (.h5), text of NEST (.dat).
    Examples: cosim validate microcircuit runs/column_full-001 nest-1.json --seeds nest-2.json --seeds nest-3.json --out validation
    """
    sets = [read_spikes(path, first_id) for path in (ours, reference, *seeds)]
    sets, sizes = with_common_populations(_named_apart(sets), read_populations(populations) if populations else ())
    start, stop = _stretch(sets, 1000 * warmup, None if until is None else 1000 * until)
    measured = [measure(s, sizes, start, stop) for s in sets]
    found = compare(measured[0], measured[1:])
    names = [s.name for s in sets]
    stretch = (f"From {start:g} to {stop:g} ms. Correlations: counts in bins of {BIN_MS:g} ms, of the pairs of at most {SUBSAMPLE} "
               "neurons of each population.")
    told = {"ours": names[0], "references": names[1:], "start_ms": start, "stop_ms": stop, "comparisons": [_as_json(c) for c in found]}
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "validation.json").write_text(json.dumps(told, indent=1), encoding="utf-8")
        from cosim.launch.validate.page import write_page  # noqa: PLC0415 (draws in the plotting library, which little else needs)

        write_page(out / "validation.html", f"{names[0]} against {', '.join(names[1:])}", stretch, names, measured, found)
    if as_json:
        click.echo(json.dumps(told))
    else:
        _print(names, stretch, found)
        if out is not None:
            click.echo(str(out / "validation.html"))
    sys.exit(1 if any(c.verdict is Verdict.LARGER for c in found) else 0)


def _named_apart(sets: list[SpikeSet]) -> list[SpikeSet]:
    names = [s.name for s in sets]
    return [replace(s, name=f"{s.name} ({i + 1})") if names.count(s.name) > 1 else s for i, s in enumerate(sets)]


def _stretch(sets: Sequence[SpikeSet], start: float, until: float | None) -> tuple[float, float]:
    shortest = min(sets, key=lambda s: s.stop_ms)
    stop = shortest.stop_ms if until is None else until
    if not math.isfinite(start) or start < 0:
        raise InputError(Problem(f"the warm-up is {start / 1000:g} s", where="--warmup", expected="a time of at least 0 s"))
    if not math.isfinite(stop) or stop > shortest.stop_ms:
        raise InputError(Problem(f"{shortest.name} ends at {shortest.stop_ms / 1000:g} s", where="--until", expected="no later end"))
    if stop - start < SHORTEST_MS:
        raise InputError(Problem(f"from {start:g} ms, after the warm-up, to {stop:g} ms there are {stop - start:g} ms to compare",
                                 expected=f"at least {SHORTEST_MS:g} ms", remedy="run longer, or shorten the warm-up"))
    return start, stop


def _as_json(c: Comparison) -> dict[str, object]:
    def known(value: float) -> float | None:
        return None if math.isnan(value) else value

    return {"population": c.population, "quantity": str(c.quantity), "mean_ours": known(c.means[0]),
            "mean_references": [known(m) for m in c.means[1:]], "ks_ours": [known(d) for d in c.ours],
            "ks_between_seeds": [known(d) for d in c.between], "ks_by_chance": known(c.sampling), "verdict": str(c.verdict)}


def _print(names: Sequence[str], stretch: str, found: Sequence[Comparison]) -> None:
    console = Console(markup=False, highlight=False, width=None if sys.stdout.isatty() else 200)
    table = Table(*TABLE_HEAD, title=f"{names[0]} against {', '.join(names[1:])}", title_justify="left")
    for comparison in found:
        table.add_row(*table_row(comparison))
    console.print(table)
    console.print(stretch)
    judged = [c for c in found if c.between]
    if not judged:
        console.print("There is no verdict without a second seed of the reference: add --seeds SPIKES.")
        return
    larger = sum(c.verdict is Verdict.LARGER for c in judged)
    console.print(f"{len(judged) - larger} of {len(judged)} distances are no larger than between seeds of the reference, or than chance "
                  "makes them.", style="yellow" if larger else "green")
