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
        poisson = [d for d in network.devices if isinstance(d, PoissonInput)]
        currents = [d for d in network.devices if isinstance(d, CurrentInput)]
        self.shown = {f"{d.name}.{v}": self._showing(d, v) for d in network.devices if isinstance(d, Multimeter) for v in d.variables}
        self.recorders = {d.name: ids_of(d, self.sizes) for d in network.devices if isinstance(d, Recorder)}
        raise_all(self._problems([*poisson, *currents]))
        self._rates = [d.rate_hz.on_grid(plan.step_ms, d.name) for d in poisson]
        self._amplitudes = [d.amplitude_pa.on_grid(plan.step_ms, d.name) for d in currents]
        self._reached = [ids_of(d, self.sizes) for d in currents]
        self._ranges: tuple[Part, NDArray[np.int64]] | None = None

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
                course.on_grid(self._plan.step_ms, d.name)
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
        return np.array([r.over(first, steps) for r in self._rates], float).reshape(len(self._rates), steps).T

    def currents(self, own: Part, first: int, steps: int) -> Currents | None:
        """Return the direct currents to ranges of one rank's own neurons, as `Engine.advance` takes them."""
        if self._ranges is None or self._ranges[0] is not own:
            reached = [own.local_of(ids[(ids >= own.first_id) & (ids < own.stop_id)]) for ids in self._reached]
            ranges = [(i, *run) for i, local in enumerate(reached) for run in _runs(local)]
            self._ranges = own, np.array(ranges, np.int64).reshape(-1, 3)
        device, low, high = self._ranges[1].T
        if not len(device):
            return None
        values = np.array([a.over(first, steps) for a in self._amplitudes])
        return low.astype(np.uint32), high.astype(np.uint32), values[device]


def _runs(ids: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Return ascending numbers as ranges [first, stop)."""
    breaks = np.flatnonzero(np.diff(ids) != 1) + 1
    return [(int(part[0]), int(part[-1]) + 1) for part in np.split(ids, breaks) if len(part)]
