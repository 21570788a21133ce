"""How strongly each source is seen by each sensor, from where they lie."""

from __future__ import annotations

from typing import Literal

import numpy as np

from cosim.errors import InputError, Problem
from cosim.models.observe.operator import Array
from cosim.models.observe.places import Places

Rule = Literal["dipole", "inverse_square", "sphere_eeg", "sphere_meg"]

MU_0 = 4e-7 * np.pi
"""Magnetic constant, N/A^2."""

ORIENTED = ("dipole", "sphere_eeg", "sphere_meg")


def lead_field(rule: Rule, sensors: Places, sources: Places, nearest: float, conductivity: float) -> Array:
    """Return what each sensor sees of each source of strength 1.

    Parameters
    ----------
    rule : {'dipole', 'inverse_square', 'sphere_eeg', 'sphere_meg'}
        The physics; see the functions of these names.
    sensors, sources : Places
        Where they lie; sources have normals but for 'inverse_square', sensors have them for 'sphere_meg'.
    nearest : float
        Smallest distance that is allowed, in the unit of the positions; a distance of 0 never is.
    conductivity : float
        sigma, for the electric rules.

    Returns
    -------
    (sensors, sources) float64

    Raises
    ------
    InputError
        When a sensor lies within a source, or normals are missing.
    """
    if rule in ORIENTED and sources.normals is None:
        raise InputError(Problem(f"the rule '{rule}' needs the orientation of each source, but the table has none", "sources",
                                 "columns: region x y z nx ny nz", "add the normals, or write 'rule: inverse_square'"))
    if rule == "sphere_meg" and sensors.normals is None:
        raise InputError(Problem("the rule 'sphere_meg' needs the orientation of each sensor, but the table has none", "sensors",
                                 "columns: label x y z nx ny nz", "add the directions of the coils"))
    at = onto_sphere(sensors.positions, sources.positions) if rule == "sphere_eeg" else sensors.positions
    between = at[:, None] - sources.positions
    distance = np.sqrt((between**2).sum(axis=-1))
    _refuse_inside(distance, nearest, sensors, sources)
    normals = np.zeros((1, 3)) if sources.normals is None else sources.normals
    if rule == "inverse_square":
        return inverse_square(distance) * sources.areas
    if rule == "sphere_meg":
        coils = np.zeros((1, 3)) if sensors.normals is None else sensors.normals
        field = sphere_meg(at, sources.positions, normals * sources.areas[:, None])
        return np.asarray((field * coils[:, None]).sum(axis=-1))
    return dipole(between, distance, normals, conductivity) * sources.areas


def dipole(between: Array, distance: Array, normals: Array, conductivity: float) -> Array:
    """Return n . (r - r0) / (4 pi sigma |r - r0|^3): a dipole in an unbounded medium (Sarvas 1987, equation 12).

    Parameters
    ----------
    between, distance : (sensors, sources, 3) and (sensors, sources) float64
        r - r0 and its length.
    normals : (sources, 3) float64
        Directions.
    conductivity : float
        sigma.
    """
    return np.asarray((normals * between).sum(axis=-1) / (4.0 * np.pi * conductivity * distance**3))


def inverse_square(distance: Array) -> Array:
    """Return 1 / |r - r0|^2."""
    return 1.0 / distance**2


def sphere_meg(sensors: Array, sources: Array, moments: Array) -> Array:
    """Return the magnetic field outside of a conducting sphere around the origin (Sarvas 1987, equation 25).

    Parameters
    ----------
    sensors, sources : (s, 3) and (n, 3) float64
        Places r outside, and r0 inside of the sphere.
    moments : (n, 3) float64
        Q of each source.

    Returns
    -------
    (s, n, 3) float64
        mu_0 / (4 pi F^2) (F Q x r0 - (Q x r0 . r) grad F), F = a (r a + r^2 - r0 . r), a = |r - r0|.
    """
    r, r0 = sensors[:, None], sources[None]
    along = r - r0
    a, radius = np.sqrt((along**2).sum(axis=-1, keepdims=True)), np.sqrt((r**2).sum(axis=-1, keepdims=True))
    inner = (along * r).sum(axis=-1, keepdims=True)
    f = a * (radius * a + radius**2 - (r0 * r).sum(axis=-1, keepdims=True))
    grad = (a**2 / radius + inner / a + 2.0 * a + 2.0 * radius) * r - (a + 2.0 * radius + inner / a) * r0
    turned = np.cross(moments, sources)[None]
    return np.asarray(MU_0 / (4.0 * np.pi) * (f * turned - (turned * r).sum(axis=-1, keepdims=True) * grad) / f**2)


def onto_sphere(sensors: Array, sources: Array) -> Array:
    """Return the sensors moved along their direction from the origin onto a sphere around the centre of the sources.

    Its radius is 1.05125 times the largest distance of a source from that centre, the convention of The Virtual Brain's EEG monitor.
    """
    centre = sources.mean(axis=0)
    radius = 1.05125 * np.sqrt(((sources - centre) ** 2).sum(axis=1)).max()
    return np.asarray(sensors / np.sqrt((sensors**2).sum(axis=1, keepdims=True)) * radius + centre)


def summed(gain: Array, sources: Places, regions: tuple[str, ...]) -> Array:
    """Return the gain of regions: the sum over the sources that bear their name, (sensors, regions)."""
    order = {name: i for i, name in enumerate(regions)}
    out = np.zeros((len(gain), len(regions)))
    for number, name in enumerate(sources.labels):
        out[:, order[name]] += gain[:, number]
    return out


def percentile_95(gain: Array) -> Array:
    """Return the gain divided by its 95th percentile, and at most 1."""
    return np.minimum(gain / np.percentile(gain, 95), 1.0)


def average_reference(gain: Array) -> Array:
    """Return the gain of potentials against the mean over all sensors: its columns sum to 0."""
    return np.asarray(gain - gain.mean(axis=0))


def _refuse_inside(distance: Array, nearest: float, sensors: Places, sources: Places) -> None:
    bad = np.argwhere((distance <= 0) | (distance < nearest))
    if len(bad):
        seen: dict[str, tuple[str, float]] = {}
        for sensor, source in bad:
            seen.setdefault(sensors.labels[sensor], (sources.labels[source], float(distance[sensor, source])))
        raise InputError(*(Problem(f"sensor '{name}' lies {away:g} from source '{source}'", "sensors",
                                   f"more than 0 and at least {nearest:g}, in the unit of the positions",
                                   "take this sensor out, or correct its position or 'nearest'") for name, (source, away) in seen.items()))
