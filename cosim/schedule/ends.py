"""The two ends of an edge: translate and send on one side; receive, translate and delay on the other."""

from __future__ import annotations

from cosim.blocks import Block, Frame, FrameKind, Samples
from cosim.errors import PeerLost, ProtocolError, RunError
from cosim.interfaces import Port, Translator
from cosim.random import stream_key
from cosim.schedule.delayline import DelayLine
from cosim.schedule.edges import Edge, make_translator
from cosim.schedule.faults import fault
from cosim.schedule.plan import Plan
from cosim.timegrid import Window
from cosim.transports import Transport

AHEAD = 64
"""How many windows the source of a one-way edge may be ahead of its target."""


def _translators(plan: Plan, edge: Edge, first: int, stop: int) -> list[Translator]:
    experiment = plan.experiment
    clock = experiment.clock(edge.coupling.source_group)
    made = []
    for i in range(first, stop):
        translator = make_translator(edge.coupling.translators[i], clock)
        translator.prepare(edge.stages[i], edge.target, stream_key(experiment.seed, "coupling", edge.name, str(i)))
        made.append(translator)
    return made


def _hold(edge: Edge, block: Block, port: Port, start: int | None, stop: int, step: int) -> None:
    """Hold what translators gave against what they promised."""
    wrong = fault(block, port, start, stop, step)
    if wrong:
        raise RunError(f"the translators of coupling '{edge.name}' gave a wrong block, stamped up to tick {stop}: {wrong}")


def _remarks(edge: Edge, translators: list[Translator]) -> list[str]:
    return [f"coupling '{edge.name}': {remark}" for translator in translators for remark in translator.remarks()]


def _through(translators: list[Translator], block: Block, start: int, stop: int) -> Block:
    for translator in translators:
        block = translator.translate(block, start, stop)
    return block


class SendingEnd:
    """Translate what a port gives, as far as that is done where it comes from, and send it."""

    def __init__(self, plan: Plan, edge: Edge, transport: Transport) -> None:
        self.edge, self._transport = edge, transport
        self._step = plan.experiment.groups[edge.coupling.source_group].step
        self._translators = _translators(plan, edge, 0, edge.sent_after)
        self._carried = edge.stages[edge.sent_after]

    def begin(self, block: Block) -> None:
        """Send what the port held before the first window."""
        lead = self.edge.source.lead
        start = block.first - block.step if isinstance(block, Samples) else min([lead - self._step, *(block.ticks[:1] - 1).tolist()])
        self._transport.send(self.edge.index, self._frame(-1, block, start, lead))

    def translate(self, block: Block, window: Window) -> Frame:
        """Return the frame that carries what the port gave in a window."""
        lead = self.edge.source.lead
        return self._frame(window.index, block, window.start + lead, window.stop + lead)

    def send(self, frame: Frame) -> None:
        """Send a frame that `translate` made."""
        self._transport.send(self.edge.index, frame)

    def end(self, window: Window) -> None:
        """Say that nothing more will come."""
        self._transport.send(self.edge.index, Frame(FrameKind.DONE, window.index + 1, window.stop, window.stop))

    def remarks(self) -> list[str]:
        """Return what the translators on this side have to tell."""
        return _remarks(self.edge, self._translators)

    def abort(self, reason: str) -> None:
        """Say that this side cannot go on."""
        self._transport.send(self.edge.index, Frame(FrameKind.ABORT, 0, 0, 0, None, reason))

    def _frame(self, number: int, block: Block, start: int, stop: int) -> Frame:
        block = _through(self._translators, block, start, stop)
        if self._translators:
            _hold(self.edge, block, self._carried, start if number >= 0 else None, stop, self._step)
        return Frame(FrameKind.DATA, number, start, stop, block)


class ReceivingEnd:
    """Receive frames, translate them as far as that is done where they arrive, and keep them until their window."""

    def __init__(self, plan: Plan, edge: Edge, transport: Transport) -> None:
        self.edge, self._transport, self._number = edge, transport, -1
        experiment, coupling = plan.experiment, edge.coupling
        self._translators = _translators(plan, edge, edge.sent_after, len(coupling.translators))
        self._step = experiment.groups[coupling.source_group].step
        self._line = DelayLine(edge.target, coupling.delay, experiment.groups[coupling.target_group].step, coupling.weight)
        self.done = False
        self.arrived: list[Frame] = []

    def poll(self) -> bool:
        """Take in what has come, without waiting; return whether anything had."""
        found = False
        while not self.done and (frame := self._transport.receive(self.edge.index)) is not None:
            found = True
            self._check(frame)
            if frame.kind is FrameKind.DATA:
                self.arrived.append(frame)
            elif frame.kind is FrameKind.DONE:
                self.done = True
            self._number += 1
        return found

    def translate(self) -> None:
        """Translate what has come and put it into the delay line."""
        for frame in self.arrived:
            if frame.block is None:
                raise ProtocolError(f"a frame without data came on coupling '{self.edge.name}' in window {frame.number}")
            block = _through(self._translators, frame.block, frame.start, frame.stop)
            if self._translators:
                _hold(self.edge, block, self.edge.stages[-1], frame.start if frame.number >= 0 else None, frame.stop, self._step)
            initial = self.edge.coupling.initial
            if frame.number < 0 and initial is not None:  # the translators have seen what was before, but the target is to see the value
                self._line.hold(initial.to(self.edge.target.unit), frame.stop, self._step)
            else:
                self._line.put(block, frame.stop)
        self.arrived.clear()

    def covers(self, window: Window) -> bool:
        """Return whether a window has all that it needs of this edge, counting what has come but is not yet translated."""
        return self._line.covers(window, self.arrived[-1].stop if self.arrived else None)

    def remarks(self) -> list[str]:
        """Return what the translators on this side have to tell."""
        return _remarks(self.edge, self._translators)

    def take(self, window: Window) -> Block:
        """Return what a window needs of this edge."""
        return self._line.take(window)

    def _check(self, frame: Frame) -> None:
        c = self.edge.coupling
        if frame.kind is FrameKind.ABORT:
            raise PeerLost(f"group '{c.source_group}' gave up, coupling '{self.edge.name}' ends: {frame.reason}")
        if frame.number != self._number:
            raise ProtocolError(f"group '{c.target_group}' expected window {self._number} of group '{c.source_group}' on coupling "
                                f"'{self.edge.name}', but window {frame.number} came")


class CreditTaker:
    """Hold a source back that nothing else holds back, so that what it gives does not pile up at a slower target.

    Parameters
    ----------
    plan : Plan
        The plan.
    edge : Edge
        A one-way edge that begins here.
    transport : Transport
        What brings the credits.
    """

    def __init__(self, plan: Plan, edge: Edge, transport: Transport) -> None:
        self.edge, self._channel, self._transport = edge, plan.credit(edge), transport
        longest = max(plan.windows[edge.coupling.source_group], plan.windows[edge.coupling.target_group])
        self._ahead, self._taken, self.done = AHEAD * longest, 0, False

    def poll(self) -> None:
        """Take in what has come, without waiting."""
        while not self.done and self._channel is not None and (frame := self._transport.receive(self._channel)) is not None:
            self._taken, self.done = frame.stop, frame.kind is FrameKind.DONE

    def covers(self, window: Window) -> bool:
        """Return whether a window may begin."""
        return self.done or window.stop <= self._taken + self._ahead


class CreditGiver:
    """Tell the source of a one-way edge that ends here how far this group has come."""

    def __init__(self, plan: Plan, edge: Edge, transport: Transport) -> None:
        self._channel, self._transport = plan.credit(edge), transport

    def give(self, window: Window, last: bool) -> None:
        """Tell that a window is done, and whether it was the last one."""
        if self._channel is not None:
            kind = FrameKind.DONE if last else FrameKind.CREDIT
            self._transport.send(self._channel, Frame(kind, window.index, window.start, window.stop))
