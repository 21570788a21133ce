"""Write the analysis of a whole network as a page."""

from __future__ import annotations

from pathlib import Path

from cosim.launch.analyse.network_found import NetworkFound, network_notes, network_tables
from cosim.launch.analyse.network_pictures import eigenvalue_plane, modes_along, participation, variables_along
from cosim.launch.analyse.page import rendered
from cosim.launch.report.drawing import style


def write_network_page(path: Path, f: NetworkFound) -> None:
    """Write the page: pictures, then tables."""
    with style():
        pictures = (("Along the parameter", variables_along(f)), ("Leading modes along the parameter", modes_along(f)),
                    ("Regions that take part", participation(f)), ("Eigenvalues at rest", eigenvalue_plane(f)))
    drawn = [(title, p) for title, p in pictures if p is not None]
    models = "; ".join(f"{p.model.name} in {len(p.regions)} regions" for p in f.setting.patches.all)
    said = f"Group {f.group}: {models}; {f.setting.connectome.origin}; coupling G = {f.setting.gain:g}."
    path.write_text(rendered(f.title or f.group, "The whole network", said, drawn, network_tables(f), network_notes(f)), encoding="utf-8")
