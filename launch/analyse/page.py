"""Write an analysis as a page."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from cosim.launch.analyse.found import Found, tables
from cosim.launch.analyse.pictures import diagram, phase_plane
from cosim.launch.report.drawing import style


def write_page(path: Path, f: Found) -> None:
    """Write the page: pictures, then tables."""
    with style():
        drawn = [(title, p) for title, p in (("Along the parameter", diagram(f)), ("Phase plane", phase_plane(f))) if p is not None]
    model = f.region.model
    said = ", ".join(f"{k} = {v:g}" for k, v in f.given.items()) or "default parameters"
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(files("cosim.launch.analyse").joinpath("template.html").read_text(encoding="utf-8"))
    css = files("cosim.launch.report").joinpath("style.css").read_text(encoding="utf-8")
    path.write_text(template.render(title=model.name, about=model.about, source=model.source, said=said, drawn=drawn, tables=tables(f),
                                    ends=[family.end for family in f.families], css=css), encoding="utf-8")
