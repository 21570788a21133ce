"""Tell by one number whether two networks are the same, whichever files they were read from."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

from cosim.models.microcircuit.network.data import Edges, Network


def network_digest(network: Network) -> str:
    """Return the SHA-256 of all that a network is: populations, projections, devices, and what is listed synapse by synapse."""
    told = sha256()
    for p in network.populations:
        told.update(repr((p.name, p.size, p.model.name, sorted(p.parameters.items()), sorted(p.initial.items()), p.i_e, p.mean_rate,
                          p.background)).encode())
    for projection in network.projections:
        told.update(repr(replace(projection, edges=None, where="")).encode() + _of_edges(projection.edges))
    for replay in network.replays:
        told.update(repr((replay.target, replay.receptor, replay.name)).encode() + _of_edges(replay.edges))
        told.update(replay.times_ms.tobytes() + replay.senders.tobytes())
    for device in network.devices:
        told.update(repr(replace(device, where="")).encode())
    return told.hexdigest()


def _of_edges(edges: Edges | None) -> bytes:
    told = sha256()
    for values in () if edges is None else (edges.sources, edges.targets, edges.weights, edges.delays_ms):
        told.update(b"-" if values is None else values.tobytes())
    return told.digest()
