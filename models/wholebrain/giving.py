"""Put together what the ports of a brain network give, from what the kernel holds on the ranks of its group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cosim.interfaces import Port, Ranks
from cosim.models.wholebrain.kernel._engine import Patch
from cosim.models.wholebrain.network import Array, Ints
from cosim.models.wholebrain.patches import part_of
from cosim.models.wholebrain.ports import rated, regions_with
from cosim.models.wholebrain.setting import Setting

_RATES = -1


class Giving:
    """Know where the numbers of every port come from, and where they go.

    Parameters
    ----------
    s : Setting
        The whole network.
    outputs : sequence of Port
        What the group gives.
    shares : sequence of tuple of int
        The regions that each rank simulates.
    built : sequence of Patch
        What the kernel holds on this rank.
    ranks : Ranks
        The group's inner communication.
    """

    def __init__(self, s: Setting, outputs: Sequence[Port], shares: Sequence[tuple[int, ...]], built: Sequence[Patch],
                 ranks: Ranks) -> None:
        self._built, self._ranks = built, ranks
        regions = {name: regions_with(s, name) for name in {v for p in s.patches.all for v in p.model.variables}} | {"rate": rated(s)}
        self._size = {p.name: p.size for p in outputs}
        wanted = [p.name for p in outputs if p.name in regions]
        parts = [part for p in s.patches.all if (part := part_of(p, shares[ranks.rank])) is not None]
        # One rank writes straight into what the ports give: port, patch, what of it, columns.
        self._direct: list[tuple[str, Patch, int, Ints]] = []
        for name in wanted if ranks.size == 1 else ():
            column = {region: i for i, region in enumerate(regions[name])}
            for part, made in zip(parts, built, strict=True):
                if name in part.model.variables or (name == "rate" and part.model.rate is not None):
                    what = part.model.variables.index(name) if name in part.model.variables else _RATES
                    self._direct.append((name, made, what, np.array([column[r] for r in part.regions], np.int64)))
        # Several hand over all that they hold, rank by rank, patch by patch, variable by variable and the rates last, region by region.
        where: dict[tuple[str, int], int] = {}
        for share in shares:
            for part in (x for p in s.patches.all if (x := part_of(p, share)) is not None):
                for name in (*part.model.variables, "rate"):
                    for region in part.regions:
                        where[name, region] = len(where)
        self._held = sum((made.variables + 1) * made.n for made in built)
        self._columns = {name: np.array([where[name, r] for r in regions[name]], np.int64) for name in wanted}
        self._rates = np.array([where["rate", r] for r in s.simulated], np.int64)
        self.everyone = [r for share in map(set, shares) for p in s.patches.all for r in p.regions if r in share]

    def room(self, steps: int) -> dict[str, Array]:
        """Return what the ports will give in some steps, still empty."""
        return {name: np.empty((steps, size)) for name, size in self._size.items()}

    def give(self, steps: int, row: int, out: Mapping[str, Array], with_rates: bool) -> Array | None:
        """Write states and rates at the instants that a stretch reached into rows of the ports' arrays.

        Every rank of the group must call it; only the first has the numbers then.

        Returns
        -------
        (n_simulated, steps) float64, or None
            The rates of all simulated regions in the order of the regions, Hz, where they are asked for.
        """
        if self._ranks.size == 1:
            for name, made, what, columns in self._direct:
                made.give(what, 1, out[name][row : row + steps], columns)
            return self.rates_of(steps) if with_rates else None
        part = np.empty((steps, self._held))
        at = 0
        for made in self._built:
            for what in (*range(made.variables), _RATES):
                made.give(what, 1, part, np.arange(at, at + made.n))
                at += made.n
        reached = self._ranks.gather(np.ascontiguousarray(part.T))
        if self._ranks.rank:
            return None
        for name, columns in self._columns.items():
            out[name][row : row + steps] = reached[columns].T
        return reached[self._rates] if with_rates else None

    def rates_of(self, steps: int) -> Array:
        """Return the rates that this rank's regions reached, in the order of the regions, (n, steps), Hz."""
        rows = np.concatenate([made.rates(1, steps + 1) for made in self._built], axis=1).T
        return rows if len(self._built) == 1 else rows[np.argsort(self.everyone)]
