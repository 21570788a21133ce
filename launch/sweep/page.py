"""Write a page with a picture of each thing that a sweep kept."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import h5py
from jinja2 import Environment, StrictUndefined

from cosim.launch.report.drawing import number, style
from cosim.launch.sweep.file import failures_of
from cosim.launch.sweep.pictures import draw, read

_MOST_FAILURES = 50


def write_page(path: Path) -> Path:
    """Write the page of a sweep beside its file, whole in itself, and return where."""
    axes, kept = read(path)
    with style():
        drawn = [(k.name, draw(axes, k)) for k in kept] if axes else []
    failures = failures_of(path)
    with h5py.File(path, "r") as file:
        count = len(file["done"])
        title, duration = str(file.attrs["title"]), float(file.attrs["duration_ms"])
    about = [("points", f"{count:,}, of which {len(failures):,} failed"), ("length of each", f"{number(duration)} ms"), ("file", path.name)]
    about += [(a.label, f"{len(set(a.values.tolist()))} values" + ("" if a.texts else
               f" from {number(float(a.values.min()))} to {number(float(a.values.max()))}")) for a in axes]
    tables = [("Points", about)]
    if failures:
        tables.append(("Points that failed", [(f"point {p}", why) for p, why in sorted(failures.items())[:_MOST_FAILURES]]))
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(files("cosim.launch.sweep").joinpath("template.html").read_text(encoding="utf-8"))
    css = files("cosim.launch.report").joinpath("style.css").read_text(encoding="utf-8")
    page = path.with_suffix(".html")
    page.write_text(template.render(title=title, drawn=drawn, tables=tables, css=css), encoding="utf-8")
    return page
