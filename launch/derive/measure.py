"""Measure the rate of a neuron at every point of a grid in one run: a population of unconnected neurons for each point."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cosim.errors import InputError, Problem, raise_all
from cosim.launch.derive.cells import Neuron
from cosim.launch.derive.grid import Grid
from cosim.models.microcircuit.kernel._engine import LARGEST_MEAN
from cosim.models.microcircuit.sketch import Network
from cosim.models.theory.moments import settled_adaptation

MOST_NEURONS = 1_000_000
_STEP = "0.1 ms"


@dataclass(frozen=True, slots=True)
class Protocol:
    """Say how long and how often is measured.

    Parameters
    ----------
    neurons : int
        Neurons at each point.
    seconds : float
        How long, s, after what is left out.
    settles_ms : float
        How much is left out at the beginning, ms.
    seed : int
        All random numbers follow from it.
    """

    neurons: int
    seconds: float
    settles_ms: float
    seed: int

    def check(self) -> None:
        """Raise `InputError` with all that is wrong."""
        problems = []
        if self.neurons < 2:
            problems.append(Problem(f"{self.neurons} neurons at each point", "--neurons", "at least 2, so that their spread is known"))
        if not 0 < self.seconds <= 1e5:
            problems.append(Problem(f"{self.seconds:g} s are to be measured", "--seconds", "a time above 0 s, at most 100,000 s"))
        if not 0 <= self.settles_ms <= 1e6:
            problems.append(Problem(f"{self.settles_ms:g} ms are to be left out", "--transient", "a time from 0 to 1,000,000 ms"))
        raise_all(problems)


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Hold what was measured at n points.

    Parameters
    ----------
    rates, errors : (n,) float64
        Mean rate of a neuron and its standard error over the neurons, Hz.
    adaptation : (n,) float64
        Adaptation current, pA: as it was held, or as it settles at that rate; 0 where there is none.
    """

    rates: NDArray[np.float64]
    errors: NDArray[np.float64]
    adaptation: NDArray[np.float64]


def network(neuron: Neuron, grid: Grid, neurons: int) -> Network:
    """Return the network that is measured."""
    parameters: dict[str, Any] = dict(neuron.parameters)
    held = grid.adaptation
    if held is not None:
        if parameters["model"] != "aeif_cond_exp":
            raise InputError(Problem(f"{parameters['model']} has no adaptation current that could be held", "--adaptation",
                                     "aeif_cond_exp", "leave --adaptation out"))
        parameters |= {"a": "0 nS", "b": "0 pA"}
    raise_all(Problem(f"{s.axis.name} at {r.max():g} Hz would give a neuron {s.number * r.max() * 1e-4:g} spikes a step", "--grid",
                      f"at most {LARGEST_MEAN:g}, which is {LARGEST_MEAN * 1e4 / s.number:g} Hz")
              for s, r in zip(neuron.sources, grid.rates, strict=True) if s.number * r.max() * 1e-4 > LARGEST_MEAN)
    made = Network(f"{neuron.name} at every point of a grid", neuron=parameters)
    points = grid.rates
    for i in range(points.shape[1]):
        made.population(f"p{i}", neurons, **({} if held is None else {"I_e": f"{-held[i]:.12g} pA"}))
    for source, rates in zip(neuron.sources, points, strict=True):
        for j, rate in enumerate(np.unique(rates)):
            if rate > 0:
                made.device(f"{source.axis.name}_{j}", "poisson", [f"p{i}" for i in np.flatnonzero(rates == rate)],
                            rate=f"{source.number * rate:.12g} Hz", weight=source.weight, receptor=source.receptor)
    return made


def measure(neuron: Neuron, grid: Grid, protocol: Protocol) -> Measured:
    """Run the neuron at every point of a grid.

    Parameters
    ----------
    neuron : Neuron
        What is measured.
    grid : Grid
        Where.
    protocol : Protocol
        How long.

    Returns
    -------
    Measured
    """
    protocol.check()
    many = grid.rates.shape[1]
    if many * protocol.neurons > MOST_NEURONS:
        raise InputError(Problem(f"{many} points with {protocol.neurons:,} neurons each are {many * protocol.neurons:,} neurons",
                                 "--neurons", f"at most {MOST_NEURONS:,}", f"--neurons {MOST_NEURONS // many}"))
    begin = round(protocol.settles_ms, 1)
    seen = max(round(protocol.seconds * 1e3, 1), 0.1)
    try:
        ran = network(neuron, grid, protocol.neurons).run(f"{begin + seen:.1f} ms", _STEP, protocol.seed)
    except InputError as error:  # the user knows the neuron, not the network file that it was put into
        told = [Problem(re.sub(r"^population p\d+: ", "", p.what), neuron.name, p.expected, p.remedy) for p in error.problems]
        raise InputError(*told) from None
    late = ran.ids[ran.times_ms > begin + 1e-6]
    per_s = np.bincount(late, minlength=many * protocol.neurons).reshape(many, protocol.neurons) / (seen * 1e-3)
    rates = per_s.mean(axis=1)
    errors = per_s.std(axis=1, ddof=1) / np.sqrt(protocol.neurons)
    return Measured(rates, errors, _adaptation(neuron, grid, rates))


def _adaptation(neuron: Neuron, grid: Grid, rates: NDArray[np.float64]) -> NDArray[np.float64]:
    held = grid.adaptation
    if held is not None:
        return held
    if neuron.form is None or neuron.parameters["model"] != "aeif_cond_exp":
        return np.zeros_like(rates)
    passive = neuron.transfer()
    b_tau_w = neuron.value("b", "pA") * neuron.value("tau_w", "ms")
    return settled_adaptation(passive.membrane, passive.synapses, passive.shape, list(grid.rates), rates, neuron.value("a", "nS"), b_tau_w)
