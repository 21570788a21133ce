"""Refuse to observe what cannot be seen in such a way."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from cosim.blocks import Kind
from cosim.errors import Problem
from cosim.interfaces import Port
from cosim.models.observe.parameters import Observation
from cosim.timegrid import Clock, in_ms

COARSEST_BOLD_MS = Fraction(50)
"""Activity given more coarsely than this leaves too little of what the vessels filter."""

_POTENTIALS = ("mV", "V", "uV")


def unfit(spec: Observation, source: Port, clock: Clock) -> Iterator[Problem]:
    """Yield why an operator cannot be applied to a port: its kind, its unit, or how coarsely it is sampled.

    Parameters
    ----------
    spec : Observation
        The operator.
    source : Port
        What it takes.
    clock : Clock
        Tick and step of what it takes.
    """
    if source.kind is Kind.SPIKES:
        seen = ("the BOLD signal" if spec.volterra or spec.balloon else "a projection to sensors (EEG, MEG, SEEG)" if spec.gain else
                "an LFP proxy" if spec.lfp else "a mean over time" if spec.temporal_average else "what is sampled")
        why = ("sensors see the summed currents of a population, not single spikes" if spec.gain or spec.lfp else
               "it is defined for samples of an activity, not for single spikes")
        yield Problem(f"{seen} cannot be taken of '{source.name}', which gives spikes: {why}", expected="a rate, current or state",
                      remedy="let the translator 'spikes_to_rate' turn the spikes into a rate first")
    step_ms = clock.tick_ms * clock.step
    bold = spec.volterra or spec.balloon
    if bold and step_ms > COARSEST_BOLD_MS:
        yield Problem(f"'{source.name}' is given every {in_ms(step_ms)}, too coarse for a BOLD signal",
                      expected=f"{in_ms(COARSEST_BOLD_MS)} or less", remedy="record it more often")
    if bold and source.unit in _POTENTIALS and bold.of == "activity":
        yield Problem(f"'{source.name}' is a membrane potential ({source.unit}); blood flow follows activity, such as a firing rate or a "
                      "synaptic activation", "of", "a rate, current or state that is 0 at rest",
                      "observe such a port, or write 'of: membrane_potential' if you do mean it")


def too_coarse(spec: Observation, step: int, every: int, clock: Clock) -> Iterator[Problem]:
    """Yield why the highest frequency that is asked for cannot be seen: the Nyquist frequency 1 / (2 dt) lies below it."""
    if spec.highest is None:
        return
    for ticks, what in ((step, "the samples taken"), (every, "the samples that come out")):
        dt_ms = clock.tick_ms * ticks
        nyquist = float(500 / dt_ms)
        if spec.highest > nyquist:
            shown = f"{what} are {in_ms(dt_ms)} apart and show frequencies up to {nyquist:g} Hz (1 / (2 dt))"
            yield Problem(f"{shown}, not {spec.highest:g} Hz", "highest", f"at most {nyquist:g} Hz", "sample more often, or ask for less")
            return
