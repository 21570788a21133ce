"""Write comparisons as rows of a table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cosim.launch.validate.compare import Comparison

TABLE_HEAD = ("population", "quantity", "mean of ours", "mean of the reference", "distance", "between seeds", "by chance", "verdict")


def table_row(c: Comparison) -> tuple[str, ...]:
    """Return one comparison as the cells of a table."""
    return (c.population, c.quantity, f"{c.means[0]:.3g}", f"{np.mean(c.means[1:]):.3g}", _in_words(c.ours), _in_words(c.between),
            "" if np.isnan(c.sampling) else f"{c.sampling:.3f}", c.verdict)


def _in_words(distances: Sequence[float]) -> str:
    if not distances:
        return ""
    most = f" (up to {max(distances):.3f})" if len(distances) > 1 else ""
    return f"{np.mean(distances):.3f}{most}"
