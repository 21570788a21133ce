"""Tell how evenly the ranks of each group share its work, in the partition that the layout chose and in the others."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from cosim.interfaces import Balance
from cosim.launch.machine import in_bytes
from cosim.launch.ready import Ready, make_components

MEETING_S = 1e-6
"""What it costs ranks with a core of their own to wait for each other once, seconds."""


def expected_effort(balance: Balance) -> float:
    """Return what a second of simulated time is expected to take, seconds: the slowest rank's work, and the meetings."""
    return max(balance.load) + MEETING_S * balance.exchanges


def imbalance(shares: tuple[float, ...]) -> float:
    """Return the largest share over the mean; 1 is even."""
    mean = sum(shares) / len(shares)
    return max(shares) / mean if mean else 1.0


def explain_balance(ready: Ready, console: Console) -> None:
    """Print a table for each group with several ranks, where its component can say how they share the work."""
    shared = {name: p for name, p in ready.layout.placements.items() if p.ranks > 1}
    components = make_components(ready.experiment) if shared else {}
    for name, placement in shared.items():
        try:
            found = components[name].balance(placement.ranks)
        except Exception as error:  # it may be anybody's, and the run does not need it
            why = f"its component failed, {type(error).__name__}: {error}"
            console.print(f"how {placement.ranks} ranks would share '{name}' is not known: {why}")
            continue
        if found:
            _explain(name, placement.ranks, placement.partition, found, console)


def _explain(group: str, ranks: int, chosen: str, found: tuple[Balance, ...], console: Console) -> None:
    things = found[0].things
    table = Table("partition", f"{things}, fullest rank", "fullest / mean", "load / mean", "waits for others", "tells others", "takes",
                  title=f"How {ranks} ranks would share '{group}' (expected, for a second of simulated time)", title_justify="left")
    for b in found:
        name = f"{b.partition} (chosen)" if b.partition == chosen else b.partition
        table.add_row(name, f"{max(b.held):,.0f}", f"{imbalance(b.held):.3f}", f"{imbalance(b.load):.3f}", f"{b.exchanges:,.0f} times",
                      in_bytes(round(b.traffic)), f"{expected_effort(b):.3g} s")
    console.print(table)
    here = next((b for b in found if b.partition == chosen), None)
    best = min(found, key=expected_effort)
    if here is None or len(found) == 1:
        return
    if best is here:
        console.print(f"'{chosen}' is expected to be the fastest for '{group}'")
    else:
        console.print(f"'{best.partition}' is expected to be faster for '{group}': {expected_effort(best):.3g} s instead of "
                      f"{expected_effort(here):.3g} s; write 'partition: {best.partition}' in the layout")
