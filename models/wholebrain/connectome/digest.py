"""Tell by one number whether two connectomes are the same, whichever files they were read from."""

from __future__ import annotations

from hashlib import sha256

from cosim.models.wholebrain.connectome.data import Connectome


def connectome_digest(connectome: Connectome) -> str:
    """Return the SHA-256 of labels and numbers of a connectome; its origin does not count.

    Parameters
    ----------
    connectome : Connectome
        As it is simulated, after its preparation.
    """
    told = sha256(repr(connectome.labels).encode())
    for values in (
        connectome.weights,
        connectome.tract_lengths,
        connectome.centres,
        connectome.orientations,
        connectome.areas,
        connectome.cortical,
        connectome.right,
    ):
        told.update(b"-" if values is None else repr(values.shape).encode() + values.tobytes())
    return told.hexdigest()
