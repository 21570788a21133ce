"""Explain an experiment before it runs: windows, modes, edges, memory, and which process runs where."""

from __future__ import annotations

import shlex
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cosim.blocks import Kind
from cosim.experiment.layout import Transport
from cosim.launch.balance import explain_balance
from cosim.launch.machine import in_bytes, memory
from cosim.launch.processes import start_line
from cosim.launch.ready import Ready, needed_memory
from cosim.schedule.edges import describe_headroom, recorded_every
from cosim.schedule.plan import Mode
from cosim.timegrid import in_ms
from cosim.transport.mpi import cores

_MEANS = {Mode.SEQUENTIAL: "the target follows the source", Mode.LOCK_STEP: "side by side, with data of the window before",
          Mode.PIPELINED: "side by side, nobody waits"}


def explain(ready: Ready, console: Console) -> None:
    """Print what `cosim check` shows: time, groups, couplings, what is recorded, memory."""
    experiment, plan = ready.experiment, ready.plan
    tick = experiment.tick_ms
    console.print(Text.assemble((experiment.title or experiment.path.name, "bold"),
                                f": {in_ms(experiment.duration * tick)} in ticks of {in_ms(tick)}, seed {experiment.seed}"))
    groups = Table("group", "component", "step", "window", "the longest window", "memory", title="Groups", title_justify="left")
    for name, group in experiment.groups.items():
        bound, edge = plan.bounds[name]
        limit = f"{in_ms(bound * tick)}, set by coupling '{edge.name}'" if edge else "nothing binds it"
        groups.add_row(name, group.component, in_ms(group.step * tick), in_ms(plan.windows[name] * tick), limit,
                       in_bytes(plan.descriptions[name].memory_bytes))
    console.print(groups)
    if plan.edges:
        edges = Table("coupling", "from", "to", "translators", "headroom", "mode", title="Couplings", title_justify="left")
        for edge in plan.edges:
            mode = plan.mode(edge)
            translators = ", ".join(t.name for t in edge.coupling.translators) or "none"
            edges.add_row(edge.name, edge.coupling.source, edge.coupling.target, translators, describe_headroom(edge, experiment),
                          f"{mode}: {_MEANS[mode]}")
        console.print(edges)
    idle = [c.name for c in experiment.couplings if not c.weight]
    if idle:
        console.print(f"couplings of weight 0, which carry nothing: {', '.join(idle)}")
    for name, description in plan.descriptions.items():
        for key, text in description.facts.items():
            console.print(Text.assemble((name, "bold"), f" {key}: {text}"))
    for record in experiment.records:
        port = next(p for p in plan.descriptions[record.group].outputs if p.name == record.port)
        every = recorded_every(record, port, experiment.groups[record.group].step)
        how = "all of them" if port.kind is Kind.SPIKES else f"every {in_ms(every * tick)}"
        console.print(f"records {record.group}.{record.port}: {how}")
    needed, there = needed_memory(plan, ready.layout.processes), memory()
    console.print(f"expected memory: {in_bytes(needed)}" + (f" of {in_bytes(there.free)} available" if there.free else ""))
    if there.free and needed > there.free:
        console.print("this is more than the machine has: make the experiment smaller or use a larger machine", style="yellow")


def explain_layout(ready: Ready, console: Console, folder: Path) -> None:
    """Print what `cosim plan` shows: which process runs where, and the exact line that starts them."""
    layout = ready.layout
    where = f"from {layout.path}" if layout.path else "derived for this machine"
    console.print(f"layout {where}: transport {layout.transport}, {layout.processes} process{'es' if layout.processes > 1 else ''}")
    table = Table("rank", "group", "rank in group", "cores", "host")
    for name, placement in layout.placements.items():
        hosts = [h for h, n in placement.hosts for _ in range(n)]
        for rank in range(placement.ranks):
            mine = placement.cores
            core = str(mine[rank % len(mine)]) if len(mine) >= placement.ranks else ", ".join(map(str, mine)) or "any"
            table.add_row(str(layout.first_rank(name) + rank), name, str(rank), core, hosts[rank] if hosts else "this one")
    console.print(table)
    explain_balance(ready, console)
    if layout.transport is Transport.MPI and layout.processes > len(cores()):
        console.print("more ranks than cores: ranks give way to each other while they wait")
    console.print(f"'cosim run' makes {folder}, starts this line in it, and writes the results of what the processes tell it:")
    print(shlex.join(start_line(layout, folder)))  # noqa: T201 (one unbroken line, to be copied)
