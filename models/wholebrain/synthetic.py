"""Make a connectome from a seed: for tests, and for machines without data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cosim.models.wholebrain.connectome import Array, Connectome
from cosim.random import normals, stream_key, uniforms

# Abbreviations of cortical regions in one hemisphere that parcellations after CoCoMac use (Kötter & Wanke 2005); V1 is the visual cortex.
_NAMES = (
    "A1",
    "A2",
    "AMYG",
    "CCA",
    "CCP",
    "CCR",
    "CCS",
    "FEF",
    "G",
    "HC",
    "IA",
    "IP",
    "M1",
    "PCI",
    "PCIP",
    "PCM",
    "PCS",
    "PFCCL",
    "PFCDL",
    "PFCDM",
    "PFCM",
    "PFCORB",
    "PFCPOL",
    "PFCVL",
    "PHC",
    "PMCDL",
    "PMCM",
    "PMCVL",
    "S1",
    "S2",
    "TCC",
    "TCI",
    "TCPOL",
    "TCS",
    "TCV",
    "V1",
    "V2",
    "CC",
)
_HALF_AXES = np.array([40.0, 65.0, 45.0])


@dataclass(frozen=True, slots=True)
class SyntheticConnectome:
    """Hold what a synthetic connectome is made from.

    Parameters
    ----------
    regions : int
        Number of regions, even: each has a twin on the other side.
    seed : int
        Seed of its own, so that the brain stays the same when the seed of the experiment changes.
    density : float
        Share of the pairs in a hemisphere that are connected; across the midline it is half of that.
    decay : float
        Distance over which weights fall to 1/e, mm (Ercsey-Ravasz et al. 2013, Neuron 80:184, 1/lambda: some 23 mm in macaque white matter,
        more in the human brain).
    spread : float
        Standard deviation of the logarithm of the weights around the distance rule (lognormal: Markov et al. 2014, Cereb Cortex 24:17).
    """

    regions: int = 76
    seed: int = 7
    density: float = 0.35
    decay: float = 40.0
    spread: float = 0.8


def synthetic(made_from: SyntheticConnectome) -> Connectome:
    """Return a seeded connectome with left-right symmetric regions in an ellipsoid.

    Connections stay the same under exchange of the sides; tract lengths go from 10 to 150 mm. Numbers are rounded to
    six decimals, so that they do not depend on the processor's elementary functions.
    """
    half = made_from.regions // 2
    names = [_NAMES[k] if k < len(_NAMES) else f"X{k + 1}" for k in range(half)]
    points = _points(made_from, half)
    both = np.concatenate((points, points * [-1, 1, 1]))
    distance = np.sqrt(sum(np.square(points[:, axis, None] - both[:, axis]) for axis in range(3)))
    pairs = np.arange(half * 2 * half).reshape(half, 2 * half)
    chance = uniforms(stream_key(made_from.seed, "connectome", "pairs"), pairs, 0, 0)[..., 0]
    noise = normals(stream_key(made_from.seed, "connectome", "weights"), pairs, 0, 0)[..., 0]
    here, there = np.arange(half)[:, None], np.arange(2 * half)
    # The nearest regions in the sequence are always connected, so that nothing falls apart.
    near = np.isin((there - here) % half, (0, 1, half - 1))
    linked = ((chance < made_from.density * np.where(there < half, 1.0, 0.5)) | near) & (here != there)
    weights = _both_sides(np.where(linked, np.exp(-distance / made_from.decay + made_from.spread * noise), 0.0))
    lengths = _both_sides(np.where(linked, np.clip(10 + 1.15 * distance, 10, 150), 0.0))
    labels = tuple(f"r{name}" for name in names) + tuple(f"l{name}" for name in names)
    return Connectome(
        f"synthetic ({made_from.regions} regions, seed {made_from.seed})",
        labels,
        np.round(weights / weights.max() * 3, 6),
        np.round(lengths, 6),
        np.round(both, 6),
    )


def _both_sides(right: Array) -> Array:
    """Return a table of all regions, (2 n, 2 n), from that of the targets on the right, (n, 2 n): sides may be exchanged."""
    half = len(right)
    return np.concatenate((right, np.roll(right, half, axis=1)))


def _points(made_from: SyntheticConnectome, half: int) -> Array:
    """Place regions of the right hemisphere near the surface of the ellipsoid, evenly (Fibonacci lattice) with some jitter."""
    k = np.arange(half)
    z = 1 - (2 * k + 1) / half
    turn = k * 2.399963229728653
    lattice = np.stack((np.abs(np.cos(turn)), np.sin(turn), z), axis=1)
    lattice[:, :2] *= np.sqrt(1 - z**2)[:, None]
    lattice[:, 0] = 0.1 + 0.9 * lattice[:, 0]
    jitter = uniforms(stream_key(made_from.seed, "connectome", "places"), k, 0, 0)[..., 0]
    return np.asarray(np.round(lattice * _HALF_AXES * (0.75 + 0.25 * jitter)[:, None], 6))
