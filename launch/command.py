"""The ``cosim`` command."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import MISSING
from pathlib import Path
from typing import IO, TextIO, cast

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cosim import __version__
from cosim.errors import CosimError
from cosim.experiment.parameters import settings
from cosim.interfaces import Component, Translator
from cosim.launch.on_demand import Elsewhere, OnDemand
from cosim.launch.ready import make_ready
from cosim.registry import COMPONENTS, TRANSLATORS, component, known, translator

_SET = click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE",
                    help="Set a key of the experiment, such as groups.column.params.scale=0.2.")
_LAYOUT = click.option("--layout", type=click.Path(path_type=Path),
                       help="Layout file; without one a layout is derived for this machine.")
_EXPERIMENT = click.argument("experiment", type=click.Path(path_type=Path))
_FOLDER = click.argument("folder", type=click.Path(path_type=Path))


_ELSEWHERE = {
    "analyse": Elsewhere("cosim.launch.analyse.command", "analyse_command",
                         "Say where a model or the whole brain of an experiment rests, whether it stays there, and what changes along a "
                         "parameter."),
    "bench": Elsewhere("cosim.launch.bench.command", "bench",
                       "Measure how fast a network runs, beside what the machine allows and what other simulators reach."),
    "derive": Elsewhere("cosim.launch.derive.command", "derive_command",
                        "Derive the transfer function of a neuron, for a mean-field model, from spikes."),
    "export-spikes": Elsewhere("cosim.launch.export_spikes", "export_spikes_command",
                               "Write the spikes of a run as a SONATA file."),
    "features": Elsewhere("cosim.launch.features.command", "features_command",
                          "Reduce what a run recorded to connectivity, its dynamics, spectra and synchrony."),
    "mean-fields": Elsewhere("cosim.launch.mean_fields", "mean_fields_command",
                             "List the mean-field models, or the parameters, state and ports of one."),
    "neurons": Elsewhere("cosim.launch.neurons", "neurons_command",
                         "List the neuron models, or the parameters, state and receptors of one."),
    "observe": Elsewhere("cosim.launch.observe", "observe_command",
                         "Observe what a run recorded: BOLD, EEG, MEG, SEEG, LFP."),
    "sweep": Elsewhere("cosim.launch.sweep.command", "sweep_command",
                       "Run an experiment at many points: a grid of parameters, or a table of them."),
    "validate": Elsewhere("cosim.launch.validate.command", "validate",
                          "Hold a simulation's statistics against those of another simulator."),
}


@click.group(cls=OnDemand, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(__version__, prog_name="cosim")
def cosim() -> None:
    """Couple simulators that work at different scales of the brain."""


cosim.elsewhere = _ELSEWHERE


@cosim.command("run")
@_EXPERIMENT
@_LAYOUT
@_SET
@click.option("--out", type=click.Path(path_type=Path),
              help="Folder for everything the run leaves; default: the next free runs/NAME-NUMBER.")
@click.option("--no-report", is_flag=True, help="Do not write report.html.")
def run_command(experiment: Path, layout: Path | None, overrides: tuple[str, ...], out: Path | None, no_report: bool) -> None:
    """Run an experiment.

    \b
    Result:   a folder with results.h5, report.html, timing.json, versions.json, log/ and the resolved experiment and layout.
    Examples: cosim run launch/experiments/column_in_brain.yaml
              cosim run my.yaml --layout two_ranks.yaml --set duration='500 ms' --out runs/short
    """
    from cosim.launch.run import run  # noqa: PLC0415 (draws in the plotting library, which other commands do not need)

    console = _told()
    folder = run(experiment, console, overrides, layout, out, not no_report)
    timing = json.loads(folder.timing.read_text())
    factor = timing["real_time_factor"]
    console.print(f"done: {timing['simulated_ms']:g} ms in {timing['simulation_s']:.2f} s (real-time factor {factor:.3f}), built in "
                  f"{timing['build_s']:.2f} s, {timing['wall_s']:.1f} s in all")
    for remark in timing["remarks"]:
        console.print(remark, style="yellow", markup=False, soft_wrap=True)
    for path in [folder.results] + ([] if no_report else [folder.report]):
        click.echo(str(path))


@cosim.command("check")
@_EXPERIMENT
@_LAYOUT
@_SET
def check_command(experiment: Path, layout: Path | None, overrides: tuple[str, ...]) -> None:
    """Check an experiment without running it.

    \b
    Result:   windows, modes, couplings and what forbids longer windows, expected memory; or everything that is wrong, status 2.
    Examples: cosim check my.yaml
    """
    from cosim.launch.explain import explain  # noqa: PLC0415 (as above)

    explain(make_ready(experiment, overrides, layout), _wide())


@cosim.command("plan")
@_EXPERIMENT
@_LAYOUT
@_SET
@click.option("--out", type=click.Path(path_type=Path), default=Path("RUN_FOLDER"), help="Folder to name in the line.")
def plan_command(experiment: Path, layout: Path | None, overrides: tuple[str, ...], out: Path) -> None:
    """Show which process runs where, and the line that starts them.

    \b
    Result:   a table of ranks and the exact mpiexec (or, in a Slurm allocation, srun) line that 'cosim run' uses.
    Examples: cosim plan my.yaml --layout launch/layouts/laptop.yaml
    """
    from cosim.launch.explain import explain_layout  # noqa: PLC0415 (as above)

    explain_layout(make_ready(experiment, overrides, layout), _wide(), out)


@cosim.command("doctor")
def doctor_command() -> None:
    """Say what works on this machine, and what to do about the rest.

    \b
    Result:   one line for each thing looked at; status 1 when something that is needed does not work.
    """
    from cosim.launch.doctor import Verdict, examine  # noqa: PLC0415 (as above)

    bad, colour = 0, {Verdict.GOOD: "green", Verdict.MISSING: "yellow", Verdict.BAD: "red"}
    console = _wide()
    for finding in examine():
        bad += finding.verdict is Verdict.BAD
        remedy = f"; to do: {finding.remedy}" if finding.remedy else ""
        verdict = (f"{finding.verdict:>8} ", colour[finding.verdict])
        console.print(Text.assemble(verdict, (finding.what, "bold"), f": {finding.found}{remedy}"))
    sys.exit(1 if bad else 0)


@cosim.command("components")
@click.argument("name", required=False)
def components_command(name: str | None) -> None:
    """List components and translators, or the parameters of one.

    \b
    Examples: cosim components
              cosim components wholebrain
    """
    console = _wide()
    if name is not None:
        plugin: type[Component] | type[Translator] = translator(name) if name in known(TRANSLATORS) else component(name)
        console.print((plugin.__doc__ or "").strip().splitlines()[0])
        table = Table("parameter", "takes", "default", "meaning")
        for setting in settings(plugin.parameters).values():
            default = "needed" if setting.default is MISSING else "none" if setting.default is None else str(setting.default)
            table.add_row(setting.key, setting.expected.split(" (")[0], default, setting.meaning)
        console.print(table)
        return
    table = Table("name", "what", "from")
    for group, load in ((COMPONENTS, component), (TRANSLATORS, translator)):
        for each, entry in known(group).items():
            try:
                what = (load(each).__doc__ or "").strip().splitlines()[0]
            except CosimError as error:
                what = str(error)
            table.add_row(each, what, f"{entry.dist.name} {entry.dist.version}" if entry.dist else "")
    console.print(table)


@cosim.command("report")
@_FOLDER
def report_command(folder: Path) -> None:
    """Write report.html of a run again.

    \b
    Examples: cosim report runs/column_in_brain-001
    """
    from cosim.launch.report import write_report  # noqa: PLC0415 (as above)
    from cosim.record.reading import read_results  # noqa: PLC0415 (as above)

    read_results(folder)
    click.echo(str(write_report(folder)))


@cosim.command("recover")
@_FOLDER
def recover_command(folder: Path) -> None:
    """Make the results of a run whose launcher was killed from the journals that its ranks left.

    \b
    Result:   results.h5 up to the last window that all groups completed, timing.json, report.html.
    Examples: cosim recover runs/column_in_brain-001
    """
    from cosim.launch.recover import recover  # noqa: PLC0415 (as above)
    from cosim.launch.report import write_report  # noqa: PLC0415 (as above)

    recovered = recover(folder)
    for path in (recovered.results, write_report(recovered.path)):
        click.echo(str(path))


@cosim.command("digest")
@_FOLDER
def digest_command(folder: Path) -> None:
    """Print one SHA-256 over everything recorded in a run.

    \b
    Result:   the same 64 digits for the same experiment under every layout, transport and window.
    Examples: cosim digest runs/column_in_brain-001
    """
    from cosim.record.digest import digest  # noqa: PLC0415 (as above)

    click.echo(digest(folder))


@cosim.command("schema")
@click.option("--layout", is_flag=True, help="The schema of layout files.")
def schema_command(layout: bool) -> None:
    """Print the JSON schema of experiment files, for editors.

    \b
    Examples: cosim schema > experiment.schema.json   (and '# yaml-language-server: $schema=experiment.schema.json' in your file)
    """
    from cosim.experiment.schema import json_schema, layout_schema  # noqa: PLC0415 (as above)

    click.echo(json.dumps(layout_schema() if layout else json_schema(), indent=1))


def main() -> None:
    """Run the command; tell errors as sentences: status 2 before a run, 1 during it."""
    try:
        cosim(prog_name="cosim", standalone_mode=False)
        if sys.stdout:
            sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except CosimError as error:
        click.echo(f"cosim: {error}", err=True)
        sys.exit(error.exit_status)
    except (KeyboardInterrupt, click.Abort):
        click.echo("cosim: interrupted", err=True)
        sys.exit(1)
    except MemoryError:
        click.echo("cosim: there is not enough memory for this", err=True)
        sys.exit(1)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        click.echo(f"cosim: {place}{error.strerror or error}", err=True)
        sys.stdout = None  # what could not be written to it is not tried again at exit
        sys.exit(1)


class _Patient(io.TextIOBase):
    """Write to a stream as long as somebody listens: a run goes on when the terminal that showed it is gone."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Encoding of the stream."""
        return self._stream.encoding

    def write(self, text: str) -> int:
        """Write text, or drop it."""
        with self._giving_up():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush what was written."""
        with self._giving_up():
            self._stream.flush()

    @contextmanager
    def _giving_up(self) -> Iterator[None]:
        """Do without the stream when nobody listens; what it still holds is not tried again at exit, which would change the status."""
        try:
            yield
        except OSError:
            if sys.stderr is self._stream:
                sys.stderr = None

    def isatty(self) -> bool:
        """Return whether somebody looks."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """Return the number of the stream's file."""
        return self._stream.fileno()


def _told() -> Console:
    """Return the console that shows progress."""
    listening = cast("IO[str]", _Patient(sys.stderr)) if sys.stderr else None
    return Console(file=listening, stderr=True, markup=False, highlight=False)


def _wide() -> Console:
    """Return a console for tables; where there is no terminal, lines are not broken."""
    width = None if sys.stdout and sys.stdout.isatty() else 200
    return Console(markup=False, highlight=False, width=width)
