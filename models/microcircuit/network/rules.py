"""Check that there are as many partners as a connection rule asks for."""

from __future__ import annotations

from cosim.errors import Problem
from cosim.models.microcircuit.network.data import Network, Projection


def possible(network: Network) -> list[Problem]:
    """Return what is wrong with the projections of a network whose rules cannot be fulfilled."""
    found = [_wrong(p, network) for p in network.projections]
    return [problem for problem in found if problem]


def _wrong(p: Projection, network: Network) -> Problem | None:
    source, target = network.populations[p.source], network.populations[p.target]
    where = p.where
    if p.edges is not None:
        return None
    if p.rule == "one_to_one" and source.size != target.size:
        return Problem(f"'one_to_one' between {source.size} neurons of {source.name} and {target.size} of {target.name}", where=where,
                       expected="populations of one size")
    if p.skips and (p.rule == "one_to_one" or source.size == 1):
        return Problem(f"without autapses, '{p.rule}' leaves no synapse in {p.name}"
                       + (", which has one neuron" if p.rule != "one_to_one" else ""), where=where,
                       remedy="leave the projection out, or allow autapses")
    wanted = round(p.count) if p.rule in ("fixed_indegree", "fixed_outdegree", "fixed_total_number") else 0
    if not wanted or p.multapses:
        return None
    partners = (source.size if p.rule == "fixed_indegree" else target.size) - p.skips
    most = partners * source.size if p.rule == "fixed_total_number" else partners
    if wanted <= most:
        return None
    who = {"fixed_indegree": f"each neuron of {target.name} has {most:,} neurons of {source.name} to hear",
           "fixed_outdegree": f"each neuron of {source.name} has {most:,} neurons of {target.name} to reach",
           "fixed_total_number": f"{source.name} and {target.name} have {most:,} pairs of neurons"}[p.rule]
    without = "multapses and autapses" if p.skips else "multapses"
    return Problem(f"{p.name} asks for {wanted:,} synapses, and without {without} {who}", where=where, expected=f"at most {most:,}",
                   remedy="lower the number, or allow multapses")
