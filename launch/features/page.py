"""Write features as a page: pictures, then what they come to in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from cosim.launch.features.found import Compared, Found, rows, rows_compared
from cosim.launch.features.pictures import draw_coherence, draw_connectivity, draw_dynamics, draw_locking, draw_spectra, draw_structure
from cosim.launch.report.drawing import style


def write_page(path: Path, port: str, found: Sequence[Found], compared: Compared | None) -> None:
    """Write the page, whole in itself.

    Parameters
    ----------
    path : Path
        Where.
    port : str
        Of which the features are.
    found : sequence of Found
        Of one run, or of two.
    compared : Compared or None
        How the two differ.
    """
    one = found[0]
    with style():
        drawn = [(title, draw(found)) for title, there, draw in (
            ("Functional connectivity", one.fc is not None and one.signals.size > 1, draw_connectivity),
            ("Functional and structural connectivity", one.structure is not None and one.signals.size > 1, draw_structure),
            ("Functional connectivity dynamics", one.fcd is not None, draw_dynamics),
            ("Spectra", one.psd is not None, draw_spectra),
            ("Coherence", one.coherence is not None and one.signals.size > 1, draw_coherence),
            ("Phase-locking", one.plv is not None and one.signals.size > 1, draw_locking)) if there]
    tables = [(f.name, rows(f)) for f in found] + ([("Comparison", rows_compared(compared))] if compared else [])
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(files("cosim.launch.features").joinpath("template.html").read_text(encoding="utf-8"))
    css = files("cosim.launch.report").joinpath("style.css").read_text(encoding="utf-8")
    title = f"{port} of {' and '.join(f.name for f in found)}"
    path.write_text(template.render(title=title, drawn=drawn, tables=tables, css=css), encoding="utf-8")
