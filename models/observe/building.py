"""Make operators from what the user wrote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from math import gcd

import numpy as np

from cosim.blocks import Kind, Samples
from cosim.errors import InputError, Problem, RunError, raise_all
from cosim.interfaces import Port
from cosim.models.observe.averaging import Subsample, TemporalAverage
from cosim.models.observe.balloon import VARIANTS, BalloonOperator
from cosim.models.observe.combining import Noise, Projection, Term, WeightedSum
from cosim.models.observe.fitness import too_coarse, unfit
from cosim.models.observe.gains import gain_of
from cosim.models.observe.operator import Chain, Operator, whole
from cosim.models.observe.parameters import BalloonWindkessel, Lfp, LfpTerm, Observation, Volterra
from cosim.models.observe.volterra import KERNELS, SAMPLE_MS, VolterraOperator
from cosim.random import stream_key
from cosim.registry import did_you_mean
from cosim.timegrid import Clock, in_ms


@dataclass(frozen=True, slots=True)
class Bound:
    """Hold an operator and what it is applied to.

    Parameters
    ----------
    operator : Operator
        The operator.
    takes : tuple of str
        Names of the inputs that it takes side by side.
    needs : int
        Shortest record that something comes out of, ticks.
    """

    operator: Operator
    takes: tuple[str, ...]
    needs: int

    def apply(self, blocks: Mapping[str, Samples]) -> Samples:
        """Return what comes out of the next block of each input."""
        missing = [name for name in self.takes if name not in blocks]
        if missing:
            raise RunError(f"'{self.operator.port.name}' observes the input '{missing[0]}', to which nothing is coupled")
        first, *others = (blocks[name] for name in self.takes)
        if any(b.first != first.first or b.step != first.step or len(b.values) != len(first.values) for b in others):
            raise RunError(f"the inputs of '{self.operator.port.name}' are not given at the same instants")
        rows = np.concatenate([first.values, *(b.values for b in others)], axis=1) if others else first.values
        return self.operator.take(first.with_values(rows))


def bind(name: str, spec: Observation, inputs: Mapping[str, Port], clock: Clock, seed: int) -> Bound:
    """Return the operator that a user asked for, ready for the first block.

    Parameters
    ----------
    name : str
        What the user calls it; the name of what comes out.
    spec : Observation
        What the user wrote.
    inputs : mapping of str to Port
        What can be observed, all of the same size.
    clock : Clock
        Tick and step of the inputs.
    seed : int
        Seed of the experiment, for observation noise.

    Raises
    ------
    InputError
        When it cannot be applied to these inputs; says why.
    """
    takes = tuple(_input(n, inputs) for n in _takes(spec, inputs))
    source = inputs[takes[0]]
    raise_all(p for n in takes for p in unfit(spec, inputs[n], clock))
    links, needs = _links(name, spec, source, inputs, takes, clock)
    port, every = links[-1].port, links[-1].every
    raise_all(too_coarse(spec, clock.step, every, clock))
    if spec.noise is not None:
        links.append(Noise(port, every, spec.noise.deviation, stream_key(seed, "observe", spec.noise.stream or name)))
    return Bound(Chain(port, *links), takes, max(needs, every))


def refuse_short(bound: Bound, duration: int, clock: Clock) -> None:
    """Raise `InputError` when a record of so many ticks is shorter than an operator needs."""
    if duration < bound.needs:
        raise InputError(Problem(f"'{bound.operator.port.name}' needs {in_ms(bound.needs * clock.tick_ms)}, but there are only "
                                 f"{in_ms(duration * clock.tick_ms)}", expected="at least one period, and the whole length of a response",
                                 remedy="run longer, or write a shorter 'period' or 'length'"))


def _takes(spec: Observation, inputs: Mapping[str, Port]) -> tuple[str, ...]:
    if spec.difference:
        return (spec.difference.plus, spec.difference.minus)
    if spec.lfp:
        return tuple(dict.fromkeys(t.input for t in spec.lfp.terms))
    return (spec.input or next(iter(inputs)),)


def _input(name: str, inputs: Mapping[str, Port]) -> str:
    if name not in inputs:
        raise InputError(Problem(f"there is no input '{name}'", remedy=did_you_mean(name, list(inputs))))
    return name


def _links(name: str, spec: Observation, source: Port, inputs: Mapping[str, Port], takes: tuple[str, ...],
           clock: Clock) -> tuple[list[Operator], int]:
    """Return the operators of a chain, and the shortest record that they need, ticks."""
    out = Port(name, source.kind, source.unit, source.size, labels=source.labels)
    state = replace(out, kind=Kind.STATE, unit="1")
    period = spec.temporal_average or spec.subsample
    if period:
        sort = TemporalAverage if spec.temporal_average else Subsample
        return [sort(out, source.size, clock.step, whole(period.period, clock, "period", "period"))], 0
    if spec.volterra:
        return _volterra(state, spec.volterra, clock)
    if spec.balloon:
        return _balloon(state, spec.balloon, clock), 0
    if spec.gain:
        gain, labels = gain_of(spec.gain, source)
        seen = replace(state, unit=spec.gain.unit, size=len(gain), labels=labels)
        before = _averaged(source, source.size, clock, spec.gain.period)
        return [*before, Projection(seen, before[-1].every if before else clock.step, gain)], 0
    if spec.difference:
        d = spec.difference
        return _sum(out, Lfp((LfpTerm(d.plus, 1.0), LfpTerm(d.minus, -1.0)), absolute=False, period=d.period), inputs, takes, clock), 0
    assert spec.lfp is not None  # `Observation` refuses all else
    return _sum(out, spec.lfp, inputs, takes, clock), 0


def _averaged(port: Port, size: int, clock: Clock, period: Fraction | None) -> list[Operator]:
    """Return a mean over a period, or nothing where every step is wanted."""
    if period is None:
        return []
    return [TemporalAverage(port, size, clock.step, whole(period, clock, "period", "period"))]


def _volterra(port: Port, spec: Volterra, clock: Clock) -> tuple[list[Operator], int]:
    every, length = whole(spec.period, clock, "period", "period"), whole(spec.length, clock, "length", "length")
    sample = _longest(gcd(every, length), Fraction(SAMPLE_MS), clock)
    averaged = TemporalAverage(port, port.size, clock.step, sample)
    kernel, sample_ms = KERNELS[spec.kernel], float(sample * clock.tick_ms)
    operator = VolterraOperator(port, sample, every, kernel, length, sample_ms, spec.alignment, spec.before)
    return [averaged, operator], length


def _balloon(port: Port, spec: BalloonWindkessel, clock: Clock) -> list[Operator]:
    every = whole(spec.period, clock, "period", "period")
    if spec.step is None:
        step = _longest(every, Fraction(10), clock)
    else:
        step = whole(spec.step, clock, "step of integration", "step")
        if every % step:
            what = f"the period {in_ms(spec.period)} is not a multiple of the step of integration {in_ms(spec.step)}"
            raise InputError(Problem(what, "step"))
        if spec.step > 50:
            raise InputError(Problem(f"the step of integration {in_ms(spec.step)} is too coarse for the vessels", "step", "50 ms or less"))
    variant = VARIANTS[spec.variant]
    seen = replace(port, unit="%" if variant.volume > 1 else "1")
    return [TemporalAverage(port, port.size, clock.step, step), BalloonOperator(seen, step, every, clock.tick_ms, variant, spec.signal)]


def _sum(port: Port, spec: Lfp, inputs: Mapping[str, Port], takes: tuple[str, ...], clock: Clock) -> list[Operator]:
    width = port.size
    odd = [n for n in takes if (inputs[n].unit, inputs[n].size) != (port.unit, width)]
    if odd:
        raise InputError(Problem(f"'{odd[0]}' has {inputs[odd[0]].size} channels in {inputs[odd[0]].unit}, but '{takes[0]}' has {width} in "
                                 f"{port.unit}", expected="inputs of the same size and unit"))
    delays = [whole(t.delay, clock, "delay", "delay") if t.delay else 0 for t in spec.terms]
    terms = tuple(Term(width * takes.index(t.input), t.weight, delay) for t, delay in zip(spec.terms, delays, strict=True))
    seen = replace(port, size=1, labels=()) if spec.pooled else port
    operator = WeightedSum(seen, width * len(takes), clock.step, width, terms, spec.absolute, spec.pooled)
    return [operator, *_averaged(seen, seen.size, clock, spec.period)]


def _longest(span: int, at_most_ms: Fraction, clock: Clock) -> int:
    """Return the longest whole number of steps up to a time of which a span of ticks is a multiple; one step where that is longer."""
    steps = span // clock.step
    most = max(1, int(at_most_ms / (clock.tick_ms * clock.step)))
    return clock.step * max(n for n in range(1, min(most, steps) + 1) if steps % n == 0)
