"""Observe what a run has recorded as a scanner or an electrode would: ``cosim observe``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import click

from cosim import __version__
from cosim.blocks import Kind, Samples
from cosim.errors import InputError, Problem, raise_all
from cosim.experiment.parameters import read_fields
from cosim.experiment.source import read_source
from cosim.interfaces import Port
from cosim.models.observe.building import Bound, bind, refuse_short
from cosim.models.observe.gains import order_told
from cosim.models.observe.parameters import Observation
from cosim.record.journal import Completed, Data
from cosim.record.reading import RecordedPort, Results, read_results
from cosim.record.recording import Recorded
from cosim.record.results import GroupHeader, Header, ResultsWriter
from cosim.timegrid import Clock

GROUP = "observe"
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class OperatorsFile:
    """Hold what is to be observed.

    Parameters
    ----------
    operators : mapping of str to Observation
        Operators by name, as in the parameters of the component `observe`.
    """

    operators: Mapping[str, Observation]


@click.command("observe")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--port", "ports", multiple=True, required=True, metavar="[NAME=]GROUP.PORT",
              help="What is observed; several, where operators name several inputs. One alone is called 'in'.")
@click.option("--operators", "file", type=click.Path(path_type=Path), required=True, metavar="FILE.yaml",
              help="A file with the key 'operators', as in the parameters of the component 'observe'.")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE.h5",
              help="The file to write; default: observed.h5 beside the results.")
@click.option("--overwrite", is_flag=True, help="Write over a file of that name that an earlier 'cosim observe' has left.")
def observe_command(run: Path, ports: tuple[str, ...], file: Path, out: Path | None, overwrite: bool) -> None:
    """Observe what a run recorded: BOLD, EEG, MEG, SEEG, LFP.

    \b
    Result:   an HDF5 file laid out as results.h5, with the group 'observe', and a picture of each output beside it.
    Examples: cosim observe runs/rest-001 --port brain.S_E --operators scanner.yaml
              cosim observe runs/seizure-001 --port x1=brain.x1 --port x2=brain.x2 --operators seeg.yaml --out seeg.h5
    """
    from cosim.launch.observed_pictures import draw_all  # noqa: PLC0415 (draws in the plotting library, which other commands do not need)

    results, operators = read_results(run), read_operators(file)
    inputs = chosen(results, ports)
    path = observe(results, inputs, operators, out or results.path.with_name("observed.h5"), overwrite=overwrite)
    for remark in _orders(inputs, operators):
        click.echo(f"remark: {remark}", err=True)
    for written in (path, *draw_all(path)):
        click.echo(str(written))


def read_operators(path: Path) -> Mapping[str, Observation]:
    """Return the operators that a file names; raise `InputError` with everything that is wrong with it."""
    problems: list[Problem] = []
    source = read_source(path, problems)
    values, faults = read_fields(OperatorsFile, source.data, path.parent)
    raise_all([*problems, *(problem.at(source.where(keys)) for keys, problem in faults)])
    operators: Mapping[str, Observation] = values["operators"]
    if not operators:
        raise InputError(Problem("nothing is observed", f"{path}: operators", "such as {bold: {volterra: {period: 2 s}}}"))
    return operators


def chosen(results: Results, ports: tuple[str, ...]) -> dict[str, RecordedPort]:
    """Return what was recorded of the ports that a user names, by the name of the input that each becomes."""
    named = [tuple(p.split("=", 1)) if "=" in p else ("in", p) for p in ports]
    names = [name for name, _ in named]
    if len(set(names)) != len(names):
        raise InputError(Problem(f"two ports are both called '{max(names, key=names.count)}'", "--port",
                                 remedy="give each a name: --port x1=brain.x1 --port x2=brain.x2"))
    return {name: results.port(port) for name, port in named}


def observe(results: Results, inputs: Mapping[str, RecordedPort], operators: Mapping[str, Observation], out: Path,
            rows: int | None = None, *, overwrite: bool = False) -> Path:
    """Apply operators to what was recorded, chunk by chunk, and write what comes out.

    Parameters
    ----------
    results : Results
        The run.
    inputs : mapping of str to RecordedPort
        What is observed, by name of the input.
    operators : mapping of str to Observation
        Operators by name.
    out : Path
        The file.
    rows : int or None
        How many samples are read at once; changes no bit. None is some megabytes of them.
    overwrite : bool
        Whether it may replace a file that an earlier call has left; else it must not exist.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        When an operator cannot be applied to what was recorded; tells all. When the file exists and may not be replaced.
    """
    _refuse_existing(out, overwrite)
    every, last = _grid(inputs)
    clock = Clock(results.tick_ms, every)
    ports = _ports_of(inputs)
    bounds: dict[str, Bound] = {}
    problems: list[Problem] = []
    for name, spec in operators.items():
        try:
            bounds[name] = bind(name, _with_sources(spec, results), ports, clock, results.seed)
            refuse_short(bounds[name], last, clock)
        except InputError as error:
            problems += [p.at(f"operators.{name}") for p in error.problems]
    raise_all(problems)
    made = [bound.operator for bound in bounds.values()]
    group = GroupHeader(GROUP, tuple(Recorded(o.port, o.every, o.every) for o in made))
    header = Header(results.tick_ms, last, results.seed, __version__, (group,), results.title, results.experiment)
    made_at = out.with_name(f"{out.name}.new") if out.exists() else out
    made_at.unlink(missing_ok=True)
    with ResultsWriter(made_at, header) as writer:
        begin = 0
        for number, blocks in enumerate(_chunks(inputs, every, last, rows)):
            stop = next(iter(blocks.values())).last
            given = [Data(i, bound.apply(blocks)) for i, bound in enumerate(bounds.values())]
            writer.take(GROUP, [*given, Completed(number, begin, stop)])
            begin = stop
    made_at.replace(out)
    return out


def _refuse_existing(path: Path, overwrite: bool) -> None:
    """Raise `InputError` where a file stands in the way that is not to be replaced: another's never is."""
    if not path.exists():
        return
    try:
        ours = read_results(path).groups == (GROUP,)
    except InputError:
        ours = False
    if not ours:
        raise InputError(Problem(f"'{path}' exists already, and 'cosim observe' has not written it", "--out",
                                 remedy="choose another name with --out"))
    if not overwrite:
        raise InputError(Problem(f"'{path}' exists already", "--out",
                                 remedy="replace it with --overwrite, or choose another name with --out"))


def _orders(inputs: Mapping[str, RecordedPort], operators: Mapping[str, Observation]) -> list[str]:
    """Return which gains take columns or sources in an order that no names confirm."""
    ports = _ports_of(inputs)
    found = [(name, order_told(spec.gain, ports[spec.input or next(iter(ports))])) for name, spec in operators.items() if spec.gain]
    return [f"{name}: {order}" for name, order in found if order]


def _ports_of(inputs: Mapping[str, RecordedPort]) -> dict[str, Port]:
    """Return what was recorded as ports, by name of the input."""
    return {n: Port(p.name, p.kind, p.unit, p.size, labels=p.names) for n, p in inputs.items()}


def _with_sources(spec: Observation, results: Results) -> Observation:
    """Return the operator with the regions of the run itself as the sources of a gain that names none."""
    if spec.gain is None or spec.gain.file is not None or spec.gain.sources is not None:
        return spec
    return replace(spec, gain=replace(spec.gain, sources=results.path.absolute()))


def _grid(inputs: Mapping[str, RecordedPort]) -> tuple[int, int]:
    """Return how many ticks samples are apart, and the last tick; the same for all ports. Spikes are left to the operators to refuse."""
    found: dict[str, tuple[int, int]] = {}
    for port in inputs.values():
        if port.kind is Kind.SPIKES:
            return 1, 1
        head = port.ticks(0, 2)
        if len(head) < 1:
            raise InputError(Problem(f"nothing of '{port.name}' was recorded in {port.path}", remedy="run longer"))
        step = int(head[-1] - head[0]) or int(head[0])
        if head[0] != step:
            raise InputError(Problem(f"'{port.name}' is recorded from tick {head[0]} on, every {step} ticks",
                                     expected=f"a record from tick {step} on"))
        found[port.name] = step, step * port.length
    if len(set(found.values())) > 1:
        said = ", ".join(f"'{n}' every {s} ticks up to {e}" for n, (s, e) in found.items())
        raise InputError(Problem(f"the ports are not recorded at the same instants: {said}", "--port", remedy="record them equally often"))
    return next(iter(found.values()))


def _chunks(inputs: Mapping[str, RecordedPort], every: int, last: int, rows: int | None) -> Iterator[dict[str, Samples]]:
    rows = rows or max(1, _CHUNK // sum(port.size for port in inputs.values()))
    for begin in range(0, last // every, rows):
        blocks = {}
        for name, port in inputs.items():
            ticks, values = port.ticks(begin, begin + rows), port.values(begin, begin + rows)
            if ticks[0] != every * (begin + 1) or ticks[-1] - ticks[0] != every * (len(ticks) - 1):
                raise InputError(Problem(f"the samples of '{port.name}' in {port.path} are not evenly spaced", f"sample {begin}"))
            blocks[name] = Samples(int(ticks[0]), every, values)
        yield blocks
