"""Make operators and feed them blocks."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from cosim.blocks import Kind, Samples
from cosim.interfaces import Port
from cosim.models.observe.building import Bound, bind
from cosim.models.observe.parameters import Observation
from cosim.timegrid import Clock


def port(size: int, kind: Kind = Kind.STATE, unit: str = "1", labels: tuple[str, ...] = ()) -> Port:
    return Port("in", kind, unit, size, labels=labels)


def bound(spec: Observation, *ports: Port, step_ms: str = "1", seed: int = 1) -> Bound:
    """Return an operator on ports called ``in`` or, where there are several, ``in``, ``in1``, ..."""
    named = {"in" if not i else f"in{i}": p for i, p in enumerate(ports)}
    return bind("out", spec, named, Clock(Fraction(step_ms), 1), seed)


def fed(operator: Bound, values: Sequence[np.ndarray], cuts: Sequence[int] = ()) -> Samples:
    """Return what comes out of values of each input (or of one array), cut into blocks after so many rows."""
    inputs = dict(zip(operator.takes, values if isinstance(values, list) else [values], strict=True))
    rows, out = len(next(iter(inputs.values()))), []
    for begin, end in zip([0, *cuts], [*cuts, rows], strict=True):
        out.append(operator.apply({n: Samples(begin + 1, 1, v[begin:end]) for n, v in inputs.items()}))
    every = operator.operator.every
    ticks = np.concatenate([o.ticks for o in out])
    assert ticks.tolist() == list(range(every, rows + 1, every))
    return Samples(every, every, np.concatenate([o.values for o in out]))
