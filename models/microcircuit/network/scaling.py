"""Scale a network down and keep the mean and the variance of its neurons' input.

Source: van Albada, Helias & Diesmann 2015, PLoS Comput Biol 11:e1004490; the rule as in the Potjans-Diesmann model's reference code.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from cosim.errors import InputError, Problem, raise_all
from cosim.models.microcircuit.network.data import MOST_NEURONS, Network, Population
from cosim.models.microcircuit.network.plasticity import Stdp
from cosim.models.microcircuit.network.rules import possible


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
        When in-degrees are scaled but a mean rate is missing, or a rule cannot follow, or nothing is left of an input.

    Notes
    -----
    Where an in-degree K becomes K', weights become ``w' = w sqrt(K / K')``, which keeps the variance of the input. The mean that is
    missing, ``1e-3 q (w K - w' K') rate`` with the charge q of a weight of 1, summed over recurrent and external
    input, comes as direct current. Its external part
    follows the external rate, so that the scaled network answers to a change of that rate as the full one does. K' is the whole number
    that is run, but for ``fixed_total_number``, whose in-degree is a mean: there it is ``indegree_scale`` times K, as in the reference
    code, so that all weights keep their ratios, while the total of synapses and the number of neurons are rounded; where the total
    rounds to none, K' is 0 and the whole mean comes as direct current.
    """
    _check(network, scale, indegree_scale)
    sizes = np.array([p.size for p in network.populations], float)
    direct = np.array([p.i_e for p in network.populations])
    populations = [replace(p, size=max(1, round(p.size * scale)), background=replace(
        p.background, synapses=round(p.background.synapses * indegree_scale))) for p in network.populations]
    common = sqrt(indegree_scale)
    _check_size(sum(p.size for p in populations), scale)
    projections = []
    for p in network.projections:
        if p.rule == "arrays":
            projections.append(p)
            continue
        count = p.count * indegree_scale * _growth(p.rule, scale)
        if p.rule == "fixed_total_number":
            full, root = p.count / sizes[p.target], common
            kept = root if round(count) or not round(p.count) else 0.0
        else:
            full = network.count(p) / sizes[p.target]
            small_sizes = populations[p.source].size, populations[p.target].size
            run = replace(p, count=count).synapses(*small_sizes) / small_sizes[1]
            if p.rule == "pairwise_bernoulli":
                run = count * (small_sizes[0] - p.skips)
                full = p.count * (sizes[p.source] - p.skips)
            kept = root = _root(full, run, common)
        if kept != 1:
            mean = 1e-3 * _charge(network.populations[p.target], p.receptor, p.where)
            direct[p.target] += mean * (1 - kept) * p.weight * full * (network.populations[p.source].mean_rate or 0.0)
        rule = p.plasticity.with_bound(p.plasticity.w_max / root) if isinstance(p.plasticity, Stdp) else p.plasticity
        projections.append(replace(p, count=count, weights=p.weights.times(1 / root), plasticity=rule))
    heard = np.array([p.background.synapses for p in populations], float)
    roots = np.array([_root(p.background.synapses, k, common) for p, k in zip(network.populations, heard, strict=True)])
    small = replace(network, projections=tuple(projections), populations=tuple(
        replace(p, i_e=float(i_e), background=replace(p.background, weight=p.background.weight / float(root)))
        for p, i_e, root in zip(populations, direct, roots, strict=True)))
    _check_left(network, small, drive, scale)
    external = np.array([1e-3 * _charge(p, p.background.receptor, "drive") * p.background.weight * p.background.synapses
                         if p.background.synapses and (drive == "dc" or root != 1) else 0.0
                         for p, root in zip(network.populations, roots, strict=True)])
    if drive == "dc":
        return Scaled(small, direct, external, np.zeros(len(populations)))
    return Scaled(small, direct, external * (1 - roots), heard)


def _growth(rule: str, scale: float) -> float:
    """Return by what the number that a rule is given grows with the sizes of the populations, where in-degrees stay."""
    return {"fixed_total_number": scale, "pairwise_bernoulli": 1 / scale}.get(rule, 1.0)


def _charge(population: Population, receptor: str, where: str) -> float:
    """Return the mean current of spikes of weight 1 at 1 per ms, pA."""
    found = population.model.charge(population.parameters, receptor)
    if found is None:
        raise InputError(Problem(
            f"the mean input of {population.name} ({population.model.name}, receptor '{receptor}') is no current that does not depend on "
            "its potential: it can neither come as direct current nor make up for synapses that are left out", where=where,
            remedy="use drive: poisson, and set scale and indegree_scale to 1"))
    return found


def _check_size(neurons: int, scale: float) -> None:
    if neurons > MOST_NEURONS:
        at = f" at scale {scale:g}" if scale != 1 else ""
        raise InputError(Problem(f"the network has {neurons:,} neurons{at}, more than 32 bits can number",
                                 expected=f"at most {MOST_NEURONS:,}", remedy="lower the scale or the sizes of its populations"))


def _root(full: float, run: float, otherwise: float) -> float:
    """Return the root of the part of an in-degree that is run, or something else where there is nothing of it."""
    return sqrt(run / full) if run and full else otherwise


def _check_left(network: Network, small: Network, drive: str, scale: float) -> None:
    problems = []
    for p, q in zip(network.projections, small.projections, strict=True):
        if p.rule == "pairwise_bernoulli" and q.count > 1:
            problems.append(Problem(f"the probability of {p.name} would be {q.count:.3g} in a network of {scale:g} times the neurons",
                                    where=p.where, expected="at most 1", remedy="set a smaller 'indegree_scale'"))
        if p.rule in ("arrays", "pairwise_bernoulli") or not round(p.count) or round(q.count):
            continue
        if p.rule in ("fixed_indegree", "fixed_outdegree"):
            problems.append(Problem(f"scaling leaves none of the {round(p.count)} synapses that each neuron has in {p.name}", where=p.where,
                                    remedy="set a larger 'indegree_scale' (it is 'scale' where it is left out)"))
        elif p.rule == "fixed_total_number" and network.populations[p.source].mean_rate is None:
            problems.append(Problem(f"scaling leaves none of the {round(p.count):,} synapses of {p.name}", where=p.where,
                                    remedy="set a larger 'scale', or give the source a 'mean_rate' to make up for the mean of its input"))
    problems += [Problem(f"scaling leaves none of the {p.background.synapses} external synapses of each neuron of {p.name}",
                         remedy="set a larger 'indegree_scale' (it is 'scale' where it is left out), or use drive: dc")
                 for p, q in zip(network.populations, small.populations, strict=True)
                 if p.background.synapses and not q.background.synapses and drive == "poisson"]
    raise_all(problems + possible(small))


def _check(network: Network, scale: float, indegree_scale: float) -> None:
    unknown = [p.name for p in network.populations if p.mean_rate is None]
    problems = []
    listed = [p for p in network.projections if p.rule == "arrays"] + list(network.replays)
    if listed and (scale != 1 or indegree_scale != 1):
        problems.append(Problem(f"the synapses of {listed[0].name} are listed one by one: there is no rule by which to scale them",
                                where=listed[0].where, remedy="set scale and indegree_scale to 1"))
    elif indegree_scale != 1 and unknown and network.projections:
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
