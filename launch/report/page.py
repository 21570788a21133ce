"""Put a report together: one section a subject, each of which says so where it has nothing to show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from cosim.launch.report.brain import draw_carpet, draw_traces, named
from cosim.launch.report.connectivity import draw_connectivity
from cosim.launch.report.connectome import draw_connectome
from cosim.launch.report.drawing import Picture, style
from cosim.launch.report.numbers import banner, cards, tables
from cosim.launch.report.raster import draw_spikes
from cosim.launch.report.regions import Regions, brain_ports, regions_of
from cosim.launch.report.run import Run, read_run
from cosim.launch.report.samples import draw_samples
from cosim.launch.report.standing import with_replaced
from cosim.launch.report.timeline import draw_timeline


@dataclass(frozen=True, slots=True)
class Section:
    """Hold one section of a report.

    Parameters
    ----------
    key, title : str
        Anchor and heading.
    parts : tuple
        Figures, and sentences where there is nothing to draw.
    regions : Regions or None
        Regions to be listed by number, where the figures number them.
    """

    key: str
    title: str
    parts: tuple[Picture | str, ...]
    regions: Regions | None = None


def write_report(folder: Path) -> Path:
    """Write ``report.html`` into a run folder, from what the folder holds.

    Parameters
    ----------
    folder : Path
        A run folder, of a run that finished or not.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    OSError
        When the folder cannot be written to.
    """
    run = read_run(folder)
    with style():
        sections = [_section(run, *entry) for entry in (
            ("spikes", "Spikes", _spikes), ("rates", "Brain rates", _rates), ("connectome", "Connectome", _connectome),
            ("connectivity", "Functional connectivity", _connectivity), ("samples", "Other recordings", _samples),
            ("timeline", "Timeline", _timeline))]
    here = files("cosim.launch.report")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(here.joinpath("template.html").read_text(encoding="utf-8"))
    target = folder / "report.html"
    target.write_text(template.render(
        run=run, sections=sections, banner=banner(run), cards=cards(run), tables=tables(run), named=named,
        is_text=lambda part: isinstance(part, str), css=here.joinpath("style.css").read_text(encoding="utf-8")), encoding="utf-8")
    return target


def _section(run: Run, key: str, title: str, draw: Callable[[Run], tuple[list[Picture | str], Regions | None]]) -> Section:
    try:
        parts, regions = draw(run)
    except Exception as error:
        # A report with a gap is worth more to its reader than none, most of all after a run that failed.
        parts, regions = [f"This could not be drawn ({type(error).__name__}: {error}), which is an error of the report."], None
    return Section(key, title, tuple(parts), regions)


def _spikes(run: Run) -> tuple[list[Picture | str], Regions | None]:
    parts: list[Picture | str] = []
    for spiking in run.recorded.spiking:
        until_ms = run.recorded.valid_until_ms or run.recorded.duration_ms or float(spiking.times_ms.max(initial=0.0))
        if not spiking.populations or not len(spiking.ids) or until_ms <= 0:
            parts.append(f"No neuron of {spiking.group} ({spiking.port}) spiked up to {until_ms:g} ms.")
        else:
            parts.append(draw_spikes(run, spiking, until_ms))
    return parts or ["No spikes were recorded in this run."], None


def _rates(run: Run) -> tuple[list[Picture | str], Regions | None]:
    parts: list[Picture | str] = []
    regions = None
    for port in (with_replaced(run, p) for p in brain_ports(run)):
        if not len(port.times_ms):
            parts.append(f"No sample of {port.group} ({port.port}) was recorded before the run ended.")
            continue
        regions = regions_of(run, port.group, port.values.shape[1], port.names)
        parts += [draw_carpet(run, port, regions), draw_traces(run, port, regions)]
    return parts or ["No rates of brain regions were recorded in this run."], regions


def _connectome(run: Run) -> tuple[list[Picture | str], Regions | None]:
    parts: list[Picture | str] = []
    for group, connectome in run.recorded.connectomes.items():
        if connectome.weights is not None:
            drawn = draw_connectome(connectome, regions_of(run, group, len(connectome.weights)), run.normalised.get(group, ""))
            parts += [drawn] if drawn else []
    return parts or ["No group of this run has kept a connectome."], None


def _connectivity(run: Run) -> tuple[list[Picture | str], Regions | None]:
    parts: list[Picture | str] = []
    for port in (with_replaced(run, p) for p in brain_ports(run)):
        connectome = run.recorded.connectomes.get(port.group)
        regions = regions_of(run, port.group, port.values.shape[1], port.names)
        parts.append(draw_connectivity(port, regions, connectome.weights if connectome else None,
                                       normalised=port.group in run.normalised))
    return parts or ["No rates of brain regions were recorded, so there is nothing to correlate."], None


def _samples(run: Run) -> tuple[list[Picture | str], Regions | None]:
    shown = brain_ports(run)
    drawn = draw_samples(run, [p for p in run.recorded.sampled if not any(p is s for s in shown)])
    return [drawn or "Nothing else was recorded in this run."], None


def _timeline(run: Run) -> tuple[list[Picture | str], Regions | None]:
    return [draw_timeline(run.paces) or "No times of windows were kept for this run."], None
