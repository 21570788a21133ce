"""``cosim features``."""

from __future__ import annotations

import json
import sys
from fractions import Fraction
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from cosim.errors import InputError, Problem
from cosim.experiment.quantities import read_quantity

_WINDOW, _EVERY = "60 s", "2 s"
_DEFAULT = "fc,psd,coherence"


@click.command("features")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--port", required=True, metavar="GROUP.PORT", help="What was recorded, such as brain.rate.")
@click.option("--features", "names", metavar="LIST", help=f"Of fc, fcd, psd, coherence, plv; default: {_DEFAULT}, with --window or --every "
              "also fcd.")
@click.option("--window", metavar="TIME", help=f"For fcd: length of a window; default: {_WINDOW}.")
@click.option("--every", metavar="TIME", help=f"For fcd: from one window to the next; default: {_EVERY}.")
@click.option("--segment", metavar="TIME", help="For psd and coherence: length of a segment; default: such that there are fifteen.")
@click.option("--band", nargs=2, metavar="LOW HIGH", help="Band for the peak, coherence and plv, such as '8 Hz' '13 Hz'.")
@click.option("--discard", default="0 ms", show_default=True, metavar="TIME", help="How much of the beginning is left out.")
@click.option("--without", multiple=True, metavar="CHANNEL", help="A channel that is left out; may be given several times.")
@click.option("--bin", "bins", metavar="TIME", help="For spikes: bins in which they are counted, to rates of populations.")
@click.option("--compare", "other", type=click.Path(path_type=Path), metavar="RUN2", help="Another run, to be compared with.")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Folder for the files; default: 'features' beside the results.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def features_command(run: Path, port: str, names: str | None, window: str | None, every: str | None, segment: str | None,
                     band: tuple[str, str] | None, discard: str, without: tuple[str, ...], bins: str | None, other: Path | None,
                     out: Path | None, as_json: bool) -> None:
    """Reduce what a run recorded to connectivity, its dynamics, spectra and synchrony.

    \b
    Result:   a table; PORT.h5 with all numbers and PORT.html with pictures.
    Examples: cosim features runs/rest-001 --port brain.rate --discard '500 ms'
              cosim features runs/rest-001 --port brain.rate --features fc,fcd --window '60 s' --every '2 s' --compare runs/lesion-001
              cosim features runs/column-001 --port column.spikes --bin '1 ms' --features psd
    """
    from cosim.launch.features.found import Wanted, compare, find, rows, rows_compared  # noqa: PLC0415 (numerics that others do not need)
    from cosim.launch.features.page import write_page  # noqa: PLC0415 (as above)
    from cosim.launch.features.recorded import read_signals  # noqa: PLC0415 (as above)
    from cosim.launch.features.structure import connectome_of  # noqa: PLC0415 (as above)
    from cosim.launch.features.written import as_data, summary, write_numbers  # noqa: PLC0415 (as above)
    from cosim.record.reading import read_results  # noqa: PLC0415 (as above)

    wanted_names = tuple(n.strip() for n in names.split(",")) if names else (*_DEFAULT.split(","), *(["fcd"] if window or every else []))
    bin_ms = None if bins is None else _time(bins, "--bin")
    discard_ms = _time(discard, "--discard")
    band_hz = None if not band else (float(_read(band[0], "Hz", "--band")), float(_read(band[1], "Hz", "--band")))
    found = []
    for path in [run, *([other] if other else [])]:
        s = read_signals(path, port, bin_ms, discard_ms, without)
        # Lengths that nothing needs are not read, so that they cannot be wrong.
        length, apart = (s.samples(_time(t, where), where) if "fcd" in wanted_names else 0
                         for t, where in ((window or _WINDOW, "--window"), (every or _EVERY, "--every")))
        of_segment = None if segment is None else s.samples(_time(segment, "--segment"), "--segment")
        try:
            found.append(find(_named(path), s, Wanted(wanted_names, length, apart, of_segment, band_hz), connectome_of(path, port, s)))
        except InputError as error:
            raise InputError(*(p.at(f"{port} of {path}") for p in error.problems)) from None
    compared = compare(*found) if other else None
    folder = out or read_results(run).path.parent / "features"
    folder.mkdir(parents=True, exist_ok=True)
    numbers, page = folder / f"{port}.h5", folder / f"{port}.html"
    write_numbers(numbers, found, compared)
    write_page(page, port, found, compared)
    if as_json:
        told = {"port": port, "runs": [summary(f) for f in found], "comparison": as_data(compared) if compared else None}
        click.echo(json.dumps(told, indent=1))
    else:
        console = Console(markup=False, highlight=False, width=None if sys.stdout.isatty() else 200)
        tables = [(f"{port} of {f.name}", rows(f)) for f in found] + ([("comparison", rows_compared(compared))] if compared else [])
        for title, lines in tables:
            table = Table("feature", "value", title=title, title_justify="left")
            for row in lines:
                table.add_row(*row)
            console.print(table)
    for written in (numbers, page):
        click.echo(str(written), err=as_json)


def _named(run: Path) -> str:
    return run.parent.name if run.name == "results.h5" else run.name


def _time(text: str, where: str) -> Fraction:
    return _read(text, "ms", where)


def _read(text: str, unit: str, where: str) -> Fraction:
    try:
        found = read_quantity(text, unit)
    except InputError as error:
        raise InputError(*(p.at(where) for p in error.problems)) from None
    if found < 0:
        raise InputError(Problem(f"{text} is negative", where, expected="a number of at least 0"))
    return found
