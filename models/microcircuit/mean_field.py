"""Reduce a network of leaky integrate-and-fire populations to the quantities that Siegert's theory takes."""

from __future__ import annotations

import numpy as np

from cosim.errors import InputError, Problem
from cosim.models.microcircuit.network.data import Network, Population
from cosim.models.theory.siegert import Cell, Populations

_CURRENTS = ("iaf_psc_exp", "iaf_psc_delta")


def reduced(network: Network) -> Populations:
    """Return the mean-field quantities of a network of `iaf_psc_exp` and `iaf_psc_delta` populations.

    Weights count with mean and spread, delays not at all. Where excitation and inhibition decay differently, the mean of the two time
    constants, weighted by their share of the variance, would be needed; such a population is refused.

    Raises
    ------
    InputError
        When a population has another neuron model, or two different synaptic time constants.
    """
    sizes = [p.size for p in network.populations]
    cells = tuple(_cell(p) for p in network.populations)
    mean, square = np.zeros((2, len(sizes), len(sizes)))
    for p in network.projections:
        target, indegree = network.populations[p.target], network.count(p) / sizes[p.target]
        jump = _jump(target, p.receptor)
        tau = cells[p.target].tau_m * 1e-3
        mean[p.target, p.source] += tau * jump * p.weight * indegree
        square[p.target, p.source] += tau * jump**2 * (p.weight**2 + p.weights.sd**2) * indegree
    outside = np.zeros((2, len(sizes)))
    for i, population in enumerate(network.populations):
        heard = population.background
        jump, events = heard.weight * _jump(population, heard.receptor), heard.synapses * heard.rate_hz
        tau = cells[i].tau_m * 1e-3
        resistance = float(population.parameters["tau_m"] / population.parameters["C_m"])
        outside[:, i] = tau * jump * events + resistance * population.i_e, tau * jump**2 * events
    return Populations(cells, mean, square, outside[0], outside[1])


def _cell(p: Population) -> Cell:
    v = {name: float(value) for name, value in p.parameters.items()}
    if p.model.name not in _CURRENTS or v.get("tau_syn_ex") != v.get("tau_syn_in"):
        raise InputError(Problem(f"Siegert's theory does not cover population {p.name} ({p.model.name})", expected=" or ".join(_CURRENTS)
                                 + " with one synaptic time constant"))
    return Cell(v["tau_m"], v["V_th"] - v["E_L"], v["V_reset"] - v["E_L"], v["t_ref"], v.get("tau_syn_ex", 0.0))


def _jump(p: Population, receptor: str) -> float:
    """Return the jump of the potential that a spike of weight 1 causes where all its charge comes at once, mV."""
    charge = p.model.charge(p.parameters, receptor)
    return (charge or 0.0) / float(p.parameters["C_m"])
