"""Write an analysis as a page."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from cosim.launch.analyse.found import Found, notes, tables
from cosim.launch.analyse.pictures import diagram, phase_plane
from cosim.launch.report.drawing import Picture, style

Table = tuple[str, tuple[str, ...], list[tuple[str, ...]]]


def write_page(path: Path, f: Found) -> None:
    """Write the page: pictures, then tables."""
    with style():
        drawn = [(title, p) for title, p in (("Along the parameter", diagram(f)), ("Phase plane", phase_plane(f))) if p is not None]
    model = f.region.model
    said = ", ".join(f"{k} = {v:g}" for k, v in f.given.items()) or "default parameters"
    path.write_text(rendered(model.name, f"{model.about} {model.source}", said, drawn, tables(f), notes(f)), encoding="utf-8")


def rendered(title: str, about: str, said: str, drawn: Sequence[tuple[str, Picture]], found: Sequence[Table], notes: Sequence[str]) -> str:
    """Return a page: what was analysed, pictures with their headings, tables, and notes, which are sentences without a full stop."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(files("cosim.launch.analyse").joinpath("template.html").read_text(encoding="utf-8"))
    css = files("cosim.launch.report").joinpath("style.css").read_text(encoding="utf-8")
    return template.render(title=title, about=about, said=said, drawn=drawn, tables=found, notes=notes, css=css)
