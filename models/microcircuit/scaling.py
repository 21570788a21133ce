"""Scale a network down and keep the mean and the variance of its neurons' input.

Source: van Albada, Helias & Diesmann 2015, PLoS Comput Biol 11:e1004490; the rule as in the Potjans-Diesmann model's reference code.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from cosim.errors import InputError, Problem
from cosim.models.microcircuit.network import Network


@dataclass(frozen=True, slots=True)
class Scaled:
    """Hold a network of the size that is to be run.

    Parameters
    ----------
    network : Network
        Sizes, numbers of synapses and weights as they are run.
    direct_pa : (n_populations,) float64, pA
        Direct current that does not change.
    direct_pa_per_hz : (n_populations,) float64, pA/Hz
        Direct current for each Hz of the external rate.
    poisson_synapses : (n_populations,) float64
        External neurons whose Poisson spikes each neuron hears.
    """

    network: Network
    direct_pa: NDArray[np.float64]
    direct_pa_per_hz: NDArray[np.float64]
    poisson_synapses: NDArray[np.float64]


def scaled(network: Network, scale: float, indegree_scale: float, drive: str) -> Scaled:
    """Return a network with `scale` times the neurons and `indegree_scale` times the synapses of each.

    Parameters
    ----------
    network : Network
        At full scale.
    scale, indegree_scale : float
        Both above 0; 1 leaves the network as it is.
    drive : str
        ``poisson`` or ``dc``.

    Raises
    ------
    InputError
        When in-degrees are scaled but a mean rate is missing, or a rule cannot follow.

    Notes
    -----
    Weights grow by ``1 / sqrt(indegree_scale)``, which keeps the variance of the input. The mean that is missing,
    ``1e-3 tau_syn (1 - sqrt(indegree_scale))`` times the sum of ``w K rate`` over recurrent and external input at full scale, comes as
    direct current. Its external part follows the external rate, so that the scaled network answers to a change of that rate as the
    full one does.
    """
    _check(network, scale, indegree_scale)
    root = sqrt(indegree_scale)
    sizes = np.array([p.size for p in network.populations], float)
    direct = np.array([p.i_e for p in network.populations])
    tau = np.array([1e-3 * float(p.neuron.tau_syn) for p in network.populations])
    projections = []
    for p in network.projections:
        if p.rule == "one_to_one":
            projections.append(p)
            continue
        if indegree_scale != 1:
            indegree = network.count(p) / sizes[p.target] if p.rule != "fixed_total_number" else p.count / sizes[p.target]
            direct[p.target] += tau[p.target] * (1 - root) * p.weight_pa * indegree * (network.populations[p.source].mean_rate or 0.0)
        count = p.count * indegree_scale * (scale if p.rule == "fixed_total_number" else 1)
        projections.append(replace(p, count=count, weight_pa=p.weight_pa / root))
    populations = tuple(
        replace(p, size=max(1, round(p.size * scale)), i_e=float(direct[i]), background=replace(
            p.background, synapses=round(p.background.synapses * indegree_scale), weight_pa=p.background.weight_pa / root))
        for i, p in enumerate(network.populations))
    external = tau * np.array([p.background.weight_pa * p.background.synapses for p in network.populations])
    heard = np.array([p.background.synapses for p in populations], float)
    small = replace(network, populations=populations, projections=tuple(projections))
    if drive == "dc":
        return Scaled(small, direct, external, np.zeros(len(populations)))
    return Scaled(small, direct, external * (1 - root), heard)


def _check(network: Network, scale: float, indegree_scale: float) -> None:
    unknown = [p.name for p in network.populations if p.mean_rate is None]
    problems = []
    if indegree_scale != 1 and unknown and network.projections:
        problems.append(Problem(
            f"network '{network.name}' cannot be run with {indegree_scale:g} times its in-degrees: the mean rates of "
            f"{', '.join(unknown)} at full scale are not known, and the direct current that makes up for the missing input needs them",
            remedy="give each population a 'mean_rate', or set indegree_scale to 1"))
    if scale != indegree_scale:
        problems += [Problem(f"the projection {p.name} is 'all_to_all': its in-degree follows the number of neurons",
                             where=p.where, remedy="leave indegree_scale out, or use 'fixed_indegree'")
                     for p in network.projections if p.rule == "all_to_all"]
    if problems:
        raise InputError(*problems)
