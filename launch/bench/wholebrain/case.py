"""Say what is measured: a model on a connectome, how it is stepped, and for how long."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cosim.errors import InputError, MissingExtra, Problem, raise_all
from cosim.launch.bench.wholebrain.theirs import MATCHES, our_parameters
from cosim.models.wholebrain.connectome import Connectome, find
from cosim.models.wholebrain.dynamics import model
from cosim.models.wholebrain.parameters import WholeBrainParameters
from cosim.models.wholebrain.synthetic import SyntheticConnectome, synthetic
from cosim.registry import did_you_mean

STEP = "0.1"
STEP_MS = float(STEP)
SPEED = 3.0
"""Conduction speed, mm/ms."""

USUAL = "connectivity_76.zip"
FEWEST = 8
"""Regions of the smallest synthetic connectome."""

SCHEMES = ("heun", "heun_held", "euler", "rk4", "backward_euler", "tr_bdf2")


@dataclass(frozen=True, slots=True)
class Case:
    """Hold what is measured.

    Parameters
    ----------
    model : str
        Name of the local model.
    regions : int
        Number of regions.
    density : float or None
        Share of the possible connections that a synthetic connectome has; None: as it comes.
    connectome : str or None
        A connectome to read instead, as the component takes it.
    scheme : str
        As the component takes it.
    noise : float
        Strength of the additive noise of all variables, in their unit / sqrt(ms).
    seconds, warmup : float
        How long is measured, and how long is run before, simulated s.
    seed : int
        Seed of the first round; each further one takes the next.
    """

    model: str = "generic_2d_oscillator"
    regions: int = 76
    density: float | None = None
    connectome: str | None = None
    scheme: str = "heun"
    noise: float = 0.0
    seconds: float = 2.0
    warmup: float = 0.2
    seed: int = 1

    def check(self) -> None:
        """Raise `InputError` with everything that is wrong with the values."""
        problems = []
        if self.model not in MATCHES:
            remedy = did_you_mean(self.model, list(MATCHES))
            problems.append(Problem(f"there is no benchmark of a model '{self.model}'", "--model", remedy=remedy))
        if self.regions < FEWEST or self.regions % 2:
            problems.append(Problem(f"{self.regions} regions", "--regions", f"an even number, {FEWEST} or more"))
        elif self.density is not None:
            least, most = self._densities()
            if not least <= self.density <= most:
                expected = f"with {self.regions} regions from {math.ceil(1000 * least) / 1000:g} to {math.floor(1000 * most) / 1000:g}"
                problems.append(Problem(f"the density is {self.density:g}", "--density", expected))
        if self.connectome is not None and self.density is not None:
            problems.append(Problem("a connectome that is read has a density of its own", "--density", remedy="leave it out"))
        if not (math.isfinite(self.noise) and self.noise >= 0):
            problems.append(Problem(f"the noise is {self.noise:g}", "--noise", "a number of at least 0"))
        if not (math.isfinite(self.seconds) and self.seconds >= 2 * STEP_MS / 1000):
            problems.append(Problem(f"seconds is {self.seconds:g} s", "--seconds", f"at least two steps, {2 * STEP_MS / 1000:g} s"))
        if not (math.isfinite(self.warmup) and self.warmup >= 0):
            problems.append(Problem(f"warmup is {self.warmup:g} s", "--warmup", "a time of at least 0 s"))
        if self.seed < 0:
            problems.append(Problem(f"seed is {self.seed}", "--seed", "at least 0"))
        raise_all(problems)

    def brain(self) -> Connectome:
        """Return the connectome: the one named, else that of The Virtual Brain where it fits and is installed, else a synthetic one."""
        if self.connectome is not None:
            return find(self.connectome, Path())
        if self.density is None:
            if self.regions == 76:
                try:
                    return find(f"tvb_data:{USUAL}", None)
                except MissingExtra:
                    pass
            return synthetic(SyntheticConnectome(self.regions))
        half = self.regions // 2
        chance = (self.density * (2 * half - 1) - 5) / (1.5 * (half - 3))
        return synthetic(SyntheticConnectome(self.regions, density=min(max(chance, 0.0), 1.0)))

    def _densities(self) -> tuple[float, float]:
        """Return what a synthetic connectome can have: five neighbours at least, half of the pairs across the midline at most."""
        half = self.regions // 2
        return 5 / (2 * half - 1), (5 + 1.5 * (half - 3)) / (2 * half - 1)


@dataclass(frozen=True, slots=True)
class Brain:
    """Hold the files from which all simulators take the same network.

    Parameters
    ----------
    origin : str
        Where the connectome comes from.
    regions, connections : int
        How many there are; connections of regions with themselves count.
    weights, lengths, initial : Path
        Weights, of which no row sums to more than 1; tract lengths, mm; state at the start, (variables, regions).
    """

    origin: str
    regions: int
    connections: int
    weights: Path
    lengths: Path
    initial: Path

    @property
    def density(self) -> float:
        """Share of the possible connections that there are."""
        return self.connections / (self.regions * (self.regions - 1))


def written(case: Case, folder: Path) -> Brain:
    """Write the network of a case into files.

    Parameters
    ----------
    case : Case
        What is measured.
    folder : Path
        Where to.
    """
    found = case.brain()
    total = found.weights.sum(axis=1).max()
    if not total > 0:
        raise InputError(Problem("no region of the connectome is connected", found.origin))
    n = len(found)
    brain = Brain(found.origin, n, int((found.weights > 0).sum()), folder / "weights.npy", folder / "lengths.npy", folder / "initial.npy")
    np.save(brain.weights, found.weights / total)
    np.save(brain.lengths, found.tract_lengths)
    np.save(brain.initial, _start(case, n))
    return brain


def parameters(case: Case, brain: Brain, scheme: str, noise: float) -> WholeBrainParameters:
    """Return the parameters of the component."""
    variables = model(case.model).variables
    initial = {v: tuple(row.tolist()) for v, row in zip(variables, np.load(brain.initial), strict=True)}
    return WholeBrainParameters(
        connectome=str(brain.weights), tract_lengths=str(brain.lengths), speed=SPEED, coupling=MATCHES[case.model].gain, model=case.model,
        model_parameters=dict(our_parameters(case.model)), scheme=scheme, noise=noise, start="model", initial=initial)  # type: ignore[arg-type]


def _start(case: Case, n: int) -> NDArray[np.float64]:
    """Return a start that differs between regions, a twentieth of the usual range around each variable's start."""
    draw = np.random.default_rng(case.seed)
    rows = [np.clip(v.start + 0.05 * (v.range[1] - v.range[0]) * (draw.random(n) - 0.5), v.low, v.high) for v in model(case.model).state]
    return np.array(rows)
