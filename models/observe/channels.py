"""Find out which channels are observed, and what they are called: as the user says, or as what is coupled says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cosim.blocks import Kind
from cosim.errors import InputError, Problem, Uncoupled
from cosim.interfaces import Port
from cosim.models.observe.parameters import ObserveParameters
from cosim.registry import did_you_mean

Arriving = Mapping[str, tuple[Port, ...]]
_MOST_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Channels:
    """Hold how many channels there are, and their names, where these are known."""

    size: int
    labels: tuple[str, ...]

    @property
    def told(self) -> str:
        """How many they are and what they are called, for a user."""
        if not self.labels:
            return f"{self.size}, without names"
        more = ", ..." if self.size > _MOST_SHOWN else ""
        return f"{self.size}: {', '.join(self.labels[:_MOST_SHOWN])}{more}"


def channels_of(p: ObserveParameters, arriving: Arriving) -> Channels:
    """Return the channels.

    Parameters
    ----------
    p : ObserveParameters
        What the user says goes before what is coupled.
    arriving : mapping of str to tuple of Port
        What couplings bring to each input.

    Raises
    ------
    InputError
        Where inputs bring different channels, or (`Uncoupled`) nothing tells how many there are.
    """
    ports = [(name, port) for name in p.inputs for port in arriving.get(name, ())]
    size = p.channels or len(p.labels)
    if not size:
        if not ports:
            raise Uncoupled(_unknown(p, arriving))
        size = ports[0][1].size
        odd = next(((name, port) for name, port in ports if port.size != size), None)
        if odd is not None:
            raise InputError(Problem(f"'{ports[0][0]}' brings {size} channels, '{odd[0]}' brings {odd[1].size}", "inputs",
                                     "the same channels on all inputs"))
    named = [(name, port.labels) for name, port in ports if port.labels and len(port.labels) == size]
    if p.labels:
        turned = next((labels for _, labels in named if labels != p.labels and sorted(labels) == sorted(p.labels)), None)
        if turned is not None:
            k = _first_difference(turned, p.labels)
            what = f"channel {k + 1} is called '{p.labels[k]}' here, and what is coupled calls it '{turned[k]}'"
            raise InputError(Problem(what, "labels", "the order of what is coupled", "leave 'labels' out: names come with the coupling"))
        return Channels(size, p.labels)
    for name, labels in named[1:]:
        if labels != named[0][1]:
            k = _first_difference(labels, named[0][1])
            raise InputError(Problem(f"channel {k + 1} of what is coupled is '{named[0][1][k]}' on '{named[0][0]}' and '{labels[k]}' on "
                                     f"'{name}'", "inputs", "the same channels in the same order",
                                     "name them with 'labels' where they belong together all the same"))
    return Channels(size, named[0][1] if named else ())


def unlike(p: ObserveParameters, arriving: Arriving) -> list[Problem]:
    """Return what is wrong where what is coupled is of another kind or unit than the inputs are said to be, and what to write."""
    ports = [(name, port) for name in p.inputs for port in arriving.get(name, ())]
    odd = next(((name, port) for name, port in ports if (port.kind, port.unit) != (p.kind, p.unit)), None)
    if odd is None:
        return []
    name, port = odd
    what = f"what arrives is of kind '{port.kind}' ({port.unit}), but port '{name}' takes '{p.kind}' ({p.unit})"
    if port.kind is Kind.SPIKES:
        remedy = "write 'translate: spikes_to_rate' at the coupling, and 'kind: rate' and 'unit: Hz' here"
    elif len({(other.kind, other.unit) for _, other in ports}) > 1:
        remedy = "the inputs of one group are all of one kind and unit: observe the others in a group of their own"
    else:
        wanted = [f"'kind: {port.kind}'"] * (port.kind is not p.kind) + [f"'unit: {port.unit}'"] * (port.unit != p.unit)
        remedy = f"write {' and '.join(wanted)} here, beside 'operators'"
    return [Problem(what, "unit" if port.kind is p.kind else "kind", "one kind and unit, that of what is coupled", remedy)]


def _first_difference(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    return next(k for k, (a, b) in enumerate(zip(one, other, strict=True)) if a != b)


def _unknown(p: ObserveParameters, arriving: Arriving) -> Problem:
    inputs = " or ".join(f"'{name}'" for name in p.inputs)
    odd = [name for name in arriving if name not in p.inputs]
    remedy = f"a coupling ends at '{odd[0]}': {did_you_mean(odd[0], list(p.inputs))}" if odd else ""
    return Problem(f"it is not known how many channels there are: no coupling brings anything to the input {inputs}", "channels",
                   "a coupling to it, or a number here", remedy)
