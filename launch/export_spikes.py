"""Export recorded spikes for other tools: ``cosim export-spikes``."""

from __future__ import annotations

from pathlib import Path

import click

from cosim.models.microcircuit.spike_files.results import read_recorded_spikes
from cosim.models.microcircuit.spike_files.sonata import write_sonata_spikes


@click.command("export-spikes")
@click.argument("results", type=click.Path(path_type=Path))
@click.option("--to", "to", type=click.Path(path_type=Path), required=True, metavar="FILE.h5", help="The file to write.")
@click.option("--port", metavar="GROUP.PORT", help="Whose spikes; may be left out where spikes of one port alone were recorded.")
def export_spikes_command(results: Path, to: Path, port: str | None) -> None:
    """Write the spikes of a run as a SONATA file.

    \b
    Result:   one SONATA population for each population of the port, node ids counted from its first neuron, times in ms.
    Examples: cosim export-spikes runs/column_in_brain-001 --to spikes.h5
              cosim export-spikes runs/two-001/results.h5 --port column.spikes --to column.h5
    """
    trains = read_recorded_spikes(results, port)
    write_sonata_spikes(to, trains, "spikes" if port is None else port.split(".")[0])
    click.echo(str(to))
