"""The interface of what carries frames between the groups of a run."""

from __future__ import annotations

from abc import ABC, abstractmethod

from cosim.blocks import Frame


class Transport(ABC):
    """Carry frames between the groups of a run; nothing here ever blocks but `wait` and `close`.

    Each edge of the plan is a first-in-first-out channel with one sending and one receiving process.
    """

    @abstractmethod
    def send(self, edge: int, frame: Frame) -> None:
        """Hand over a frame on an edge; the order on an edge is kept."""

    @abstractmethod
    def receive(self, edge: int) -> Frame | None:
        """Return the next frame of an edge, or None when nothing has come."""

    @abstractmethod
    def wait(self, seconds: float) -> None:
        """Return when something may have come that has not been received, or after some seconds."""

    @abstractmethod
    def close(self) -> None:
        """Return when everything sent from here has left, and let go of everything."""
