"""Check what the input ports bring in one window, and lay it out step by step for the kernel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import nan

import numpy as np
from numpy.typing import NDArray

from cosim.blocks import Block, Samples, Spikes
from cosim.errors import InputError, Problem, RunError, raise_all
from cosim.models.microcircuit.kernel._engine import LARGEST_MEAN
from cosim.models.microcircuit.kernel.build import Plan
from cosim.models.microcircuit.kernel.cells import Fitted
from cosim.models.microcircuit.kernel.partition import Part
from cosim.models.microcircuit.kernel.replay import Arriving, Replayed, merged
from cosim.models.microcircuit.network.cells import WEIGHT_UNITS
from cosim.models.microcircuit.network.data import Population
from cosim.models.microcircuit.network.quantities import quantity
from cosim.timegrid import Clock, Window

PreciseArrivals = tuple[NDArray[np.int64], NDArray[np.uint32], NDArray[np.uint32], NDArray[np.float64], NDArray[np.float64]]
Arrivals = tuple[NDArray[np.int64], NDArray[np.uint32], NDArray[np.uint32], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Drive:
    """Hold what drives the network in each step of one window.

    Parameters
    ----------
    plan : Plan
        What the engine was built from.
    rate_hz, direct_pa : (n_steps, n_populations) float64
        Rate of one external neuron, Hz, and direct current, pA.
    upto : (n_steps + 1,) int64 or None
        How many spikes have arrived before each step's end; None without any.
    spikes : Arriving or None
        Where they arrive, and with which weight.
    """

    plan: Plan
    rate_hz: NDArray[np.float64]
    direct_pa: NDArray[np.float64]
    upto: NDArray[np.int64] | None
    spikes: Arriving | None

    def arriving(self, own: Part, begin: int = 0, end: int | None = None) -> Arrivals | None:
        """Return what arrives at one rank's own neurons in steps [begin, end), as `Engine.advance` takes it."""
        if self.upto is None or self.spikes is None:
            return None
        upto = self.upto[begin:None if end is None else end + 1]
        part = slice(upto[0], upto[-1])
        ids = self.spikes.ids[part]
        mine = (ids >= own.first_id) & (ids < own.stop_id)
        kept = np.concatenate([[0], np.cumsum(mine)])[upto - upto[0]].astype(np.int64)
        return (kept, own.local_of(ids[mine]).astype(np.uint32), self.spikes.inputs[part][mine].astype(np.uint32),
                np.ascontiguousarray(self.spikes.weights[part][mine]))

    def precisely(self, own: Part) -> PreciseArrivals | None:
        """Return what arrives at one rank's own neurons, as `PreciseEngine.advance` takes it."""
        if self.upto is None or self.spikes is None:
            return None
        mine = (self.spikes.ids >= own.first_id) & (self.spikes.ids < own.stop_id)
        offsets = np.zeros(len(mine)) if self.spikes.offsets is None else self.spikes.offsets
        return (np.concatenate([[0], np.cumsum(mine)])[self.upto].astype(np.int64), own.local_of(self.spikes.ids[mine]).astype(np.uint32),
                self.spikes.inputs[mine].astype(np.uint32), np.ascontiguousarray(self.spikes.weights[mine]),
                np.ascontiguousarray(offsets[mine]))


def drive(plan: Plan, rates: NDArray[np.float64], window: Window, clock: Clock, inputs: Mapping[str, Block], group: str,
          replays: Sequence[Replayed] = ()) -> Drive:
    """Return the drive of a window.

    Parameters
    ----------
    plan : Plan
        What the engine was built from.
    rates : (n_populations,) float64
        Rate of one external neuron where the port `background` is not coupled, Hz.
    window, clock : Window, Clock
        The window and the step.
    inputs : mapping of str to Block
        What `Component.advance` was given.
    group : str
        Name of the group, for errors.
    replays : sequence of Replayed
        Spikes that are known beforehand.

    Raises
    ------
    RunError
        When a value is not finite, a rate is negative or too large, or a neuron does not exist.
    """
    steps, populations = window.length // clock.step, len(rates)
    rate = np.tile(rates, (steps, 1))
    if "background" in inputs:
        values = _samples(inputs["background"], window, clock, 1, group, "background", "Hz")
        if (values < 0).any():
            k = int(np.argmax(values[:, 0] < 0))
            tick = window.start + k * clock.step
            raise RunError(f"group '{group}', port background: the rate {values[k, 0]:g} Hz at tick {tick} is negative")
        rate = np.repeat(values, populations, axis=1)
        _check_means(plan, values[:, 0], window, clock, group)
    direct = plan.scaled.direct_pa + plan.scaled.direct_pa_per_hz * rate
    if "current" in inputs:
        direct = direct + _samples(inputs["current"], window, clock, populations, group, "current", "pA")
    first, parts = window.start // clock.step, []
    if "spikes_in" in inputs:
        parts.append(_arrivals(inputs["spikes_in"], plan, window, clock, group))
    parts += [replay.arriving(first, first + steps) for replay in replays]
    spikes = merged(parts) if parts else None
    upto = None if spikes is None else np.searchsorted(spikes.instants, np.arange(first, first + steps + 1), side="right").astype(np.int64)
    return Drive(plan, np.ascontiguousarray(rate), np.ascontiguousarray(direct), upto, spikes)


def arriving(populations: Sequence[Population], fitted: Sequence[Fitted], weight: str | float | None,
             receptor: str | None) -> tuple[tuple[int, float], ...]:
    """Return which input of each population a spike on the port ``spikes_in`` feeds, and its weight there; NaN where none is known.

    Raises
    ------
    InputError
        When a population has no such receptor, or the weight has a unit that is not the receptor's.
    """
    if weight is None:
        return tuple((f.inputs[p.background.receptor], p.background.weight or nan) for p, f in zip(populations, fitted, strict=True))
    try:
        given = quantity(weight, *WEIGHT_UNITS) if isinstance(weight, str) else (Fraction(weight), "")
    except ValueError as error:
        raise InputError(Problem(str(error), "input_weight", "such as 87.8 pA, 0.15 mV or 2 nS")) from None
    found, problems = [], []
    for p, f in zip(populations, fitted, strict=True):
        known = [r.name for r in p.model.receptors]
        if receptor is not None and receptor not in known:
            problems.append(Problem(f"'{p.name}' is {p.model.name}, which has no receptor '{receptor}'", "input_receptor",
                                    f"one of {', '.join(known)}"))
            continue
        acts = p.model.receptor(receptor) if receptor else p.model.receptor_of(float(given[0]))
        factor = 1.0 if given[1] in ("", acts.unit) else p.model.peak(p.parameters, acts.name) if given[1] == "mV" else None
        if factor is None:
            problems.append(Problem(f"the weight of a spike on spikes_in is {weight}, and a synapse of {p.model.name} ('{p.name}', "
                                    f"receptor '{acts.name}') has a weight in {acts.unit}", "input_weight", f"a weight in {acts.unit}"))
            continue
        value = float(given[0]) * factor
        found.append((f.inputs[acts.name], value if acts.keeps_sign else abs(value)))
    raise_all(problems)
    return tuple(found)


def _samples(block: Block, window: Window, clock: Clock, size: int, group: str, port: str, unit: str) -> NDArray[np.float64]:
    steps = window.length // clock.step
    if not isinstance(block, Samples) or block.first != window.start or block.step != clock.step or block.values.shape != (steps + 1, size):
        raise RunError(f"group '{group}', port {port}: expected {steps + 1} samples of {size} values from tick {window.start} on")
    values = block.values[:-1]
    if not np.isfinite(values).all():
        k, c = np.argwhere(~np.isfinite(values))[0]
        raise RunError(f"group '{group}', port {port}, channel {c}: the value {values[k, c]:g} {unit} at tick "
                       f"{window.start + k * clock.step} is not finite")
    return values


def _check_means(plan: Plan, rates: NDArray[np.float64], window: Window, clock: Clock, group: str) -> None:
    k, p = int(np.argmax(rates)), int(np.argmax(plan.scaled.poisson_synapses))
    mean = plan.scaled.poisson_synapses[p] * rates[k] * clock.step_ms * 1e-3
    if mean > LARGEST_MEAN:
        raise RunError(f"group '{group}', port background: {rates[k]:g} Hz at tick {window.start + k * clock.step} gives each neuron of "
                       f"{plan.scaled.network.populations[p].name} {mean:.4g} external spikes a step; the most it can take is "
                       f"{LARGEST_MEAN:g}")


def _arrivals(block: Block, plan: Plan, window: Window, clock: Clock, group: str) -> Arriving:
    if not isinstance(block, Spikes):
        raise RunError(f"group '{group}', port spikes_in: expected spikes")
    bad = (block.ids < 0) | (block.ids >= plan.scaled.network.neurons)
    if bad.any():
        raise RunError(f"group '{group}', port spikes_in: there is no neuron {block.ids[bad][0]}; ids go from 0 to "
                       f"{plan.scaled.network.neurons - 1}")
    late = (block.ticks <= window.start) | (block.ticks > window.stop) | ((block.ticks - window.start) % clock.step != 0)
    if late.any():
        raise RunError(f"group '{group}', port spikes_in: a spike at tick {block.ticks[late][0]} belongs to no step of the window "
                       f"({window.start}, {window.stop}]")
    order = np.argsort(block.ticks, kind="stable")
    ids = block.ids[order]
    population = np.searchsorted(np.cumsum([p.size for p in plan.scaled.network.populations]), ids, side="right")
    offsets = _offsets(block, clock, group)[order]
    fed = [plan.arriving(p) for p in range(len(plan.fitted))]
    weights = np.array([f[1] for f in fed], np.float64)[population]
    if np.isnan(weights).any():
        at = int(np.argmax(np.isnan(weights)))
        name = plan.scaled.network.populations[population[at]].name
        raise RunError(f"group '{group}', port spikes_in: the spike to neuron {ids[at]} at tick {block.ticks[order][at]} has no weight: "
                       f"{name} has no background from which to take one; set 'input_weight'")
    return Arriving(block.ticks[order] // clock.step, ids, np.array([f[0] for f in fed], np.int64)[population], weights, offsets)


def _offsets(block: Spikes, clock: Clock, group: str) -> NDArray[np.float64]:
    """Return how much before their stamps input spikes arrive, steps."""
    if block.offsets is None:
        return np.zeros(len(block.ids))
    outside = ~((block.offsets >= 0) & (block.offsets < clock.step))
    if outside.any():
        raise RunError(f"group '{group}', port spikes_in: the spike stamped {block.ticks[outside][0]} happened "
                       f"{block.offsets[outside][0]:g} ticks before, which is not "
                       f"within its step of {clock.step} ticks; give both groups the same step")
    return block.offsets / clock.step
