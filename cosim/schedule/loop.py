"""Lead the groups of this process through their windows."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from cosim.blocks import Block, Samples, Spikes, from_bytes, to_bytes
from cosim.errors import ProtocolError, RunError
from cosim.interfaces import Component, Ranks
from cosim.schedule.ends import CreditGiver, CreditTaker, ReceivingEnd, SendingEnd
from cosim.schedule.faults import fault
from cosim.schedule.plan import Plan
from cosim.timegrid import Window, windows
from cosim.transports import Transport


class Phase(IntEnum):
    """Name what a rank is doing."""

    STARTING = 0
    BUILDING = 1
    WAITING = 2
    TRANSLATING = 3
    COMPUTING = 4
    SENDING = 5
    RECORDING = 6
    FINISHED = 7


@dataclass(frozen=True, slots=True)
class Timing:
    """Hold where the wall time of one window went, seconds; `begin` is read off a clock that all processes of a machine share."""

    begin: float
    wait: float
    translate: float
    compute: float
    send: float


class Witness(ABC):
    """Be told what a member does; keeps records and shows progress."""

    @abstractmethod
    def enter(self, phase: Phase, window: int, edge: int = -1) -> None:
        """Note that the member enters a phase in a window; `edge` is what it waits for."""

    @abstractmethod
    def begin(self, initial: Mapping[str, Block]) -> None:
        """Take what the ports held before the first window; rank 0 only."""

    @abstractmethod
    def complete(self, window: Window, outputs: Mapping[str, Block], timing: Timing) -> None:
        """Take what a window gave; rank 0 only."""


class Member:
    """One rank of one group on its way through the windows.

    Only rank 0 talks to other groups; the other ranks are given the inputs by it and meet it inside the component.
    """

    def __init__(self, plan: Plan, group: str, component: Component, ranks: Ranks, transport: Transport, witness: Witness) -> None:
        self.group, self._component, self._ranks, self._witness = group, component, ranks, witness
        self._outputs = {p.name: p for p in plan.descriptions[group].outputs}
        self._taken = plan.taken(group)
        self._step = plan.experiment.groups[group].step
        self._root = ranks.rank == 0
        self._receiving = [ReceivingEnd(plan, e, transport) for e in plan.incoming(group)] if self._root else []
        self._sending = [SendingEnd(plan, e, transport) for e in plan.outgoing(group)] if self._root else []
        one_way = [e for e in plan.edges if plan.credit(e) is not None] if self._root else []
        self._taking = [CreditTaker(plan, e, transport) for e in one_way if e.coupling.source_group == group]
        self._held_by: list[ReceivingEnd | CreditTaker] = [*self._receiving, *self._taking]
        self._giving = [CreditGiver(plan, e, transport) for e in one_way if e.coupling.target_group == group]
        self._has_inputs = bool(plan.incoming(group))
        self._windows = windows(plan.experiment.duration, plan.windows[group])
        self._window: Window | None = next(self._windows)
        self._since = time.monotonic()
        self._waits_for: ReceivingEnd | CreditTaker | None = None
        self.failed = False

    @property
    def finished(self) -> bool:
        """Whether all windows are done and every peer has said that nothing more will come."""
        return self._window is None and all(end.done for end in self._held_by)

    def begin(self) -> None:
        """Send and keep what the ports hold before the first window."""
        initial = self._component.initial()
        if not self._root:
            return
        self._verify(initial, None)
        self._witness.begin(initial)
        for end in self._sending:
            end.begin(initial[end.edge.source.name])
        self._since = time.monotonic()

    def ready(self) -> bool:
        """Return whether `advance` can run without waiting for another group; note whom it waits for otherwise."""
        if not self._root:
            return self._window is not None
        for end in self._held_by:
            end.poll()
        if self._window is None:
            return False
        for end in self._held_by:
            if not end.covers(self._window):
                if end.done:
                    raise ProtocolError(f"group '{end.edge.coupling.source_group}' has ended, but group '{self.group}' still needs "
                                        f"coupling '{end.edge.name}' for window {self._window.index}")
                if self._waits_for is not end:
                    self._waits_for = end
                    self._witness.enter(Phase.WAITING, self._window.index, end.edge.index)
                return False
        self._waits_for = None
        return True

    def advance(self) -> None:
        """Go through one window: translate what has come, compute, translate and send what came out, record."""
        window = self._window
        if window is None:
            raise RuntimeError("advance was called after the last window")
        enter, now = self._witness.enter, time.monotonic
        begun, waited_from = now(), self._since
        enter(Phase.TRANSLATING if self._root else Phase.WAITING, window.index)
        inputs = self._inputs(window)
        translated = now()
        enter(Phase.COMPUTING, window.index)
        outputs = self._component.advance(window, inputs)
        computed = now()
        if self._root:
            self._verify(outputs, window)
            enter(Phase.TRANSLATING, window.index)
            frames = [(end, end.translate(outputs[end.edge.source.name], window)) for end in self._sending]
            ready = now()
            enter(Phase.SENDING, window.index)
            for end, frame in frames:
                end.send(frame)
            sent = now()
            enter(Phase.RECORDING, window.index)
            self._witness.complete(window, outputs, Timing(waited_from, begun - waited_from, translated - begun + ready - computed,
                                                           computed - translated, sent - ready))
        self._window = next(self._windows, None)
        for giver in self._giving:
            giver.give(window, self._window is None)
        if self._window is None:
            for end in self._sending:
                end.end(window)
            enter(Phase.FINISHED, window.index)
        self._since = now()

    def abort(self, reason: str) -> None:
        """Tell every group that listens to this one that it cannot go on."""
        for end in self._sending:
            end.abort(reason)

    def remarks(self) -> tuple[str, ...]:
        """Return what a user should be told at the end of a run."""
        of_component = tuple(f"group '{self.group}': {remark}" for remark in self._component.remarks()) if self._root else ()
        return of_component + tuple(r for ends in (self._receiving, self._sending) for end in ends for r in end.remarks())

    def close(self, reason: str | None = None) -> None:
        """Close the component."""
        self._component.close(reason)

    def _inputs(self, window: Window) -> dict[str, Block]:
        """Return the inputs of a window on every rank; what several couplings bring to one port is added or merged."""
        inputs: dict[str, Block] = {}
        for end in self._receiving:
            end.translate()
            block, name = end.take(window), end.edge.target.name
            inputs[name] = _merge(inputs[name], block) if name in inputs else block
        if self._ranks.size == 1 or not self._has_inputs:
            return inputs
        return _unpack(self._ranks.broadcast(_pack(inputs) if self._root else None))

    def _verify(self, outputs: Mapping[str, Block], window: Window | None) -> None:
        """Hold what a component gave against what it promised; an adapter's mistake must not travel."""
        for name, port in self._outputs.items():
            if name not in outputs:
                if name not in self._taken:
                    continue
                raise RunError(f"component of group '{self.group}' gave nothing for its port '{name}'")
            start, stop = (window.start + port.lead, window.stop + port.lead) if window else (None, port.lead)
            wrong = fault(outputs[name], port, start, stop, self._step)
            if wrong:
                place = f"in window {window.index} [{window.start}, {window.stop})" if window else "before the first window"
                raise RunError(f"component of group '{self.group}' gave a wrong block for port '{name}' {place}: {wrong}")


def run_members(members: Sequence[Member], transport: Transport) -> None:
    """Lead all members of this process to the end.

    Happens-before, for a group with window k from tick t to u:
      1. every frame that holds a stamp at most u - delay - lag (minus the lead of its port) has been received;
      2. it has been translated and put into its delay line, in the order of the sender's windows;
      3. the component advances over [t, u) on all ranks of the group;
      4. its output has been translated and handed to the transport, in the order of the edges, before window k + 1 begins.
    From 1 and the plan (no group's window is longer than the headroom of an edge at it) follows that what 1 waits for was sent by
    windows that began before t, or, on an edge without headroom, by the window that precedes this one in the order of that edge. So
    the group furthest behind can always go on, and which of several goes first cannot change any result: a component sees nothing
    but its own past and its inputs. The source of an edge on no loop also waits until its target is no more than AHEAD windows behind;
    that is a way back with more headroom than any window, so the same holds.
    """
    while True:
        running = [m for m in members if not m.finished]
        if not running:
            return
        ready = [m for m in running if m.ready()]
        for member in ready:
            try:
                member.advance()
            except Exception:
                member.failed = True
                raise
        if not ready and not all(m.finished for m in members):
            transport.wait(1.0)


def _merge(a: Block, b: Block) -> Block:
    if isinstance(a, Spikes) and isinstance(b, Spikes):
        both = Spikes.join(a, b)
        return Spikes.sort(both.ticks, both.ids, both.offsets)
    if isinstance(a, Samples) and isinstance(b, Samples):
        return a.with_values(a.values + b.values)
    raise TypeError("spikes and samples cannot be merged")


def _pack(inputs: Mapping[str, Block]) -> bytes:
    parts = []
    for name, block in inputs.items():
        data, label = to_bytes(block), name.encode()
        parts += [len(label).to_bytes(4, "little"), label, len(data).to_bytes(8, "little"), data]
    return b"".join(parts)


def _unpack(data: bytes) -> dict[str, Block]:
    inputs, at = {}, 0
    while at < len(data):
        length = int.from_bytes(data[at:at + 4], "little")
        name = data[at + 4:at + 4 + length].decode()
        at += 4 + length
        size = int.from_bytes(data[at:at + 8], "little")
        inputs[name] = from_bytes(data[at + 8:at + 8 + size])
        at += 8 + size
    return inputs
