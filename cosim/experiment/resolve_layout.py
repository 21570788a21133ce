"""Write a layout with everything spelled out."""

from __future__ import annotations

from typing import Any

from cosim.experiment.file_format import VERSION
from cosim.experiment.layout import Layout
from cosim.experiment.resolve import yaml_text


def layout_text(layout: Layout) -> str:
    """Return a layout file that says everything."""
    groups: dict[str, Any] = {}
    for name, placement in layout.placements.items():
        groups[name] = {"ranks": placement.ranks, "memory": placement.memory.value}
        if placement.partition:
            groups[name]["partition"] = placement.partition
        if placement.cores:
            groups[name]["cores"] = list(placement.cores)
        if placement.hosts:
            groups[name]["hosts"] = dict(placement.hosts)
    return yaml_text({"cosim_layout": VERSION, "transport": layout.transport.value, "groups": groups})
