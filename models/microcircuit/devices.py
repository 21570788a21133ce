"""Lay out what the devices of a network give in each step, and what they show of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cosim.errors import InputError, Problem, raise_all
from cosim.models.microcircuit.kernel._engine import LARGEST_MEAN, MOST_BACKGROUNDS
from cosim.models.microcircuit.kernel.build import Plan
from cosim.models.microcircuit.kernel.partition import Part
from cosim.models.microcircuit.network.devices import CurrentInput, Multimeter, PoissonInput, Recorder, ids_of

Currents = tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Shown:
    """Hold which neurons a port shows, and which variable.

    Parameters
    ----------
    variable, unit : str
        Name of the state variable and its unit.
    ids : (n,) int64
        The neurons, in the order of the channels.
    about : str
        One sentence for the user.
    """

    variable: str
    unit: str
    ids: NDArray[np.int64]
    about: str


class Devices:
    """The devices of a network, resolved for the sizes and the step that are run.

    Parameters
    ----------
    plan : Plan
        What the engine is built from.

    Raises
    ------
    InputError
        When a neuron is not there, a rate is too large, an instant is off the grid, or a model cannot take a device.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        network = plan.scaled.network
        self.sizes = [p.size for p in network.populations]
        self._poisson = [d for d in network.devices if isinstance(d, PoissonInput)]
        currents = [d for d in network.devices if isinstance(d, CurrentInput)]
        self._currents = [(d, *run) for d in currents for run in _runs(ids_of(d, self.sizes))]
        self.shown = {f"{d.name}.{v}": self._showing(d, v) for d in network.devices if isinstance(d, Multimeter) for v in d.variables}
        self.recorders = {d.name: ids_of(d, self.sizes) for d in network.devices if isinstance(d, Recorder)}
        raise_all(self._problems([*self._poisson, *currents]))

    def _showing(self, d: Multimeter, variable: str) -> Shown:
        model = self._plan.scaled.network.populations[d.targets[0].population].model
        unit = next(s.unit for s in model.state if s.name == variable)
        return Shown(variable, unit, ids_of(d, self.sizes), f"{variable} of the neurons of {d.name}.")

    def _problems(self, inputs: list[PoissonInput | CurrentInput]) -> list[Problem]:
        found = []
        populations = self._plan.scaled.network.populations
        heard = np.array([1 if n else 0 for n in self._plan.scaled.poisson_synapses])
        for d in inputs:
            ids_of(d, self.sizes)
            course = d.rate_hz if isinstance(d, PoissonInput) else d.amplitude_pa
            try:
                course.over(0, 0, self._plan.step_ms, d.name)
            except InputError as error:
                found += [p.at(d.where) for p in error.problems]
            found += [Problem(f"'{d.name}' drives {populations[t.population].name} ({populations[t.population].model.name}), whose precise "
                              "spike times no device of this kind can serve", d.where, remedy="use 'external', 'I_e', or kind: spikes")
                      for t in d.targets if populations[t.population].model.is_precise]
            if isinstance(d, PoissonInput):
                mean = max(d.rate_hz.values, default=0.0) * float(self._plan.step_ms) * 1e-3
                if mean > LARGEST_MEAN:
                    found.append(Problem(f"'{d.name}' would give each neuron {mean:.4g} spikes a step", d.where,
                                         f"at most {LARGEST_MEAN:g}", "lower the rate or shorten the step"))
                for t in d.targets:
                    heard[t.population] = max(heard[t.population], 1) + 1
        found += [Problem(f"more than {MOST_BACKGROUNDS - 1} Poisson devices drive {p.name}", where="devices",
                          remedy="merge those of one weight, whose rates add up") for p, n in zip(populations, heard, strict=True)
                  if n > MOST_BACKGROUNDS]
        return found

    def rates(self, first: int, steps: int) -> NDArray[np.float64]:
        """Return the rate of each Poisson device in some steps, (steps, n_devices) float64, Hz."""
        rows = [d.rate_hz.over(first, steps, self._plan.step_ms, d.name) for d in self._poisson]
        return np.array(rows, float).reshape(len(rows), steps).T

    def currents(self, own: Part, first: int, steps: int) -> Currents | None:
        """Return the direct currents to ranges of one rank's own neurons, as `Engine.advance` takes them."""
        mine = [(d, max(low, own.first_id), min(high, own.stop_id)) for d, low, high in self._currents]
        parts = [(d, *run) for d, low, high in mine if high > low for run in _runs(own.local_of(np.arange(low, high)))]
        if not parts:
            return None
        values = np.array([d.amplitude_pa.over(first, steps, self._plan.step_ms, d.name) for d, *_ in parts], float)
        return (np.array([low for _, low, _ in parts], np.uint32), np.array([high for *_, high in parts], np.uint32),
                values.reshape(len(parts), steps))


def _runs(ids: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Return ascending ids as ranges [first, stop)."""
    breaks = np.flatnonzero(np.diff(ids) != 1) + 1
    return [(int(part[0]), int(part[-1]) + 1) for part in np.split(ids, breaks)]
