"""Run an experiment in the process of the test: fast, without files but the experiment's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from cosim.blocks import Block, Samples, Spikes
from cosim.experiment.read import read_experiment
from cosim.interfaces import Context
from cosim.launch.ready import describe, make_components
from cosim.schedule.loop import Member, Phase, Timing, Witness, run_members
from cosim.schedule.plan import Plan, make_plan
from cosim.timegrid import Window
from cosim.transport.loopback import Loopback, SoloRanks


class Memory(Witness):
    """Keep every block of every port, and the order in which windows were completed."""

    def __init__(self, group: str, order: list[str]) -> None:
        self.group, self.order = group, order
        self.blocks: dict[str, list[Block]] = {}

    def enter(self, phase: Phase, window: int, edge: int = -1) -> None:
        pass

    def begin(self, initial: Mapping[str, Block]) -> None:
        for name, block in initial.items():
            self.blocks[name] = [block]

    def complete(self, window: Window, outputs: Mapping[str, Block], timing: Timing) -> None:
        self.order.append(f"{self.group}[{window.start},{window.stop})")
        for name, block in outputs.items():
            self.blocks[name].append(block)


class Together:
    """Everything that a run in one process gave."""

    def __init__(self, plan: Plan, memories: Mapping[str, Memory], order: list[str], remarks: list[str]) -> None:
        self.plan, self._memories, self.order, self.remarks = plan, memories, order, remarks

    def samples(self, name: str, since: int = 1) -> dict[int, np.ndarray]:
        """Return the samples of ``group.port`` by tick, from a tick on."""
        group, _, port = name.partition(".")
        found = {}
        for block in self._memories[group].blocks[port]:
            assert isinstance(block, Samples)
            found.update({int(t): row for t, row in zip(block.ticks, block.values, strict=True) if t >= since})
        return found

    def spikes(self, name: str) -> list[tuple[int, int]]:
        """Return the spikes of ``group.port`` as (tick, id)."""
        group, _, port = name.partition(".")
        found = []
        for block in self._memories[group].blocks[port]:
            assert isinstance(block, Spikes)
            found += list(zip(block.ticks.tolist(), block.ids.tolist(), strict=True))
        return found

    def bits(self) -> dict[str, bytes]:
        """Return everything that any port gave up to the end of the run, so that two runs can be compared."""
        stop, out = self.plan.experiment.duration, {}
        for group, memory in self._memories.items():
            for port, blocks in memory.blocks.items():
                name = f"{group}.{port}"
                if isinstance(blocks[0], Spikes):
                    out[name] = np.array([s for s in self.spikes(name) if s[0] <= stop]).tobytes()
                else:
                    rows = self.samples(name)
                    out[name] = b"".join(rows[t].tobytes() for t in sorted(rows) if t <= stop)
        return out


def run_together(text: str, folder: Path, window: int | None = None) -> Together:
    """Run an experiment, given as text, with all groups in this process; `window` in ticks overrides the file's."""
    path = folder / "experiment.yaml"
    path.write_text(text)
    experiment = read_experiment(path)
    if window is not None:
        experiment = replace(experiment, window=window)
    components = make_components(experiment)
    plan = make_plan(experiment, describe(experiment, components))
    transport, order = Loopback(), []
    memories = {g: Memory(g, order) for g in experiment.groups}
    members = []
    for group, component in components.items():
        component.prepare(Context(group, experiment.seed, experiment.duration, SoloRanks(), folder))
        members.append(Member(plan, group, component, SoloRanks(), transport, memories[group]))
    for member in members:
        member.begin()
    run_members(members, transport)
    for member in members:
        member.close()
    return Together(plan, memories, order, [r for m in members for r in m.remarks()])
