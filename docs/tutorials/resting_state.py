"""Run a brain at rest for some strengths of coupling and draw BOLD, connectivities and fit; docs/tutorials/resting_state.md explains it.

Usage: ``python docs/tutorials/resting_state.py [FOLDER]`` writes resting_state_bold.svg, resting_state_matrices.svg and
resting_state_fit.svg there (docs/images), in three to four minutes.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib as mpl

mpl.use("svg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from rich.console import Console

from cosim.launch.run import run
from cosim.models.observe.features.connectivity import above_diagonal, agreement, correlation
from cosim.models.observe.features.signals import signals
from cosim.record.reading import read_results

HERE = Path(__file__).parent
ONE_PROCESS = HERE.parents[1] / "launch" / "layouts" / "one_process.yaml"
COUPLINGS = (0.0, 0.5, 1.0, 1.25, 1.5, 1.75, 2.0, 2.25, 2.5)
SHOWN, OPTIMUM = ("rPFCCL", "rPFCDL", "rTCC", "rV1", "lV1", "rCC"), 1.5
BLUE, RED, BLACK = "#0072b2", "#d55e00", "#1c2734"


@dataclass(frozen=True, slots=True)
class Rest:
    """Hold what is kept of a run: BOLD after the transient, (samples, regions), %; its instants, ms; structure and rates."""

    names: tuple[str, ...]
    times_ms: NDArray[np.float64]
    bold: NDArray[np.float64]
    weights: NDArray[np.float64]
    rate_hz: NDArray[np.float64]

    def structural(self) -> NDArray[np.float64]:
        """Return the weights both ways, as correlations have no direction."""
        return (self.weights + self.weights.T) / 2

    def functional(self) -> NDArray[np.float64]:
        """Return the correlation of every two regions."""
        return correlation(signals(self.bold, 2000, self.names))

    def fit(self) -> float:
        """Return how well the functional connectivity agrees with the structural one."""
        return agreement(self.functional(), self.structural())


def rest(folder: Path, coupling: float = OPTIMUM, seed: int = 1, connectome: str = "tvb_data:connectivity_76.zip",
         duration: str = "300 s", discard_ms: float = 20_000) -> Rest:
    """Run the experiment with some keys set, as `cosim run --set KEY=VALUE` does, and return what is kept of it."""
    keys = (f"groups.brain.params.coupling={coupling}", f"groups.brain.params.connectome={connectome}", f"seed={seed}",
            f"duration={duration}")
    out = folder / f"{connectome.partition(':')[0]}_{coupling}_{seed}"
    left = run(HERE / "resting_state.yaml", Console(quiet=True), keys, ONE_PROCESS, out, report=False)
    results = read_results(left.path)
    bold, rates = results.port("scanner.bold"), results.port("brain.rate")
    late = bold.times() > discard_ms
    return Rest(rates.names, bold.times()[late], bold.values()[late], results.static("brain")["weights"],
                rates.values()[rates.times() > discard_ms].mean(axis=0))


def save(figure: Figure, path: Path) -> None:
    """Write a picture with no more digits than an eye can see."""
    figure.savefig(path, metadata={"Date": None, "Creator": None}, facecolor="white")
    short = re.sub(r"(?<=[ML ])-?\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}", path.read_text())
    path.write_text("\n".join(line.rstrip() for line in short.splitlines()) + "\n")


def draw_bold(path: Path, found: Rest) -> None:
    """Draw the BOLD of some regions around their means, one above the other."""
    figure, axes = plt.subplots(figsize=(8, 4), layout="constrained")
    apart = 6 * found.bold.std(axis=0).mean()
    for row, name in enumerate(reversed(SHOWN)):
        trace = found.bold[:, found.names.index(name)]
        axes.plot(found.times_ms / 1e3, trace - trace.mean() + row * apart, color=BLUE if "PFC" in name else BLACK, linewidth=1.2)
    axes.set_yticks(apart * np.arange(len(SHOWN)), SHOWN[::-1])
    axes.plot([302, 302], [0, 1], color=BLACK, linewidth=2, solid_capstyle="butt")
    axes.text(304, 0.5, "1 %", va="center")
    axes.set_xlim(20, 314)
    axes.set_xlabel("time, s")
    axes.set_ylabel("BOLD around its mean")
    save(figure, path)


def draw_matrices(path: Path, found: Rest) -> None:
    """Draw structural beside functional connectivity."""
    figure, both = plt.subplots(1, 2, figsize=(8, 3.7), layout="constrained")
    functional = found.functional().copy()
    np.fill_diagonal(functional, np.nan)
    highest = float(np.nanpercentile(functional, 99))
    half = sum(name.startswith("r") for name in found.names)
    for axes, matrix, title, colours, limits in ((both[0], found.structural(), "structural: weight", "Greys", (0, None)),
                                                 (both[1], functional, "functional: correlation of BOLD", "RdBu_r", (-highest, highest))):
        image = axes.imshow(matrix, cmap=colours, vmin=limits[0], vmax=limits[1], interpolation="none")
        figure.colorbar(image, ax=axes, shrink=0.85)
        axes.set_title(title, loc="left", fontsize=9)
        for line in (axes.axhline, axes.axvline):
            line(half - 0.5, color=BLACK, linewidth=0.5)
        middles = [half / 2, (half + len(found.names)) / 2]
        axes.set_xticks(middles, ["right", "left"])
        axes.set_yticks(middles, ["right", "left"], rotation=90, va="center")
        axes.tick_params(length=0)
        axes.set_xlabel("region")
        axes.set_ylabel("region")
    save(figure, path)


def draw_fit(path: Path, couplings: tuple[float, ...], all_found: list[Rest]) -> None:
    """Draw fit, mean correlation and mean rate against the strength of the coupling."""
    figure, (above, below) = plt.subplots(2, 1, figsize=(6, 5), height_ratios=[3, 2], sharex=True, layout="constrained")
    above.plot(couplings, [f.fit() for f in all_found], "o-", color=BLUE, label="agreement with the structural connectivity")
    above.plot(couplings, [above_diagonal(f.functional()).mean() for f in all_found], "s-", color=RED, label="mean of all pairs")
    above.set_ylabel("correlation")
    above.set_ylim(-0.1, 1)
    above.legend(frameon=False, loc="upper left")
    below.plot(couplings, [f.rate_hz.mean() for f in all_found], "o-", color=BLACK)
    below.set_ylabel("mean rate, Hz")
    below.set_ylim(0, None)
    below.set_xlabel("strength of the coupling G")
    save(figure, path)


def told(found: Rest) -> str:
    """Return the numbers of the text."""
    functional, linked = above_diagonal(found.functional()), above_diagonal(found.structural()) > 0
    return (f"fit {found.fit():.3f}, mean of pairs {functional.mean():.3f} (linked {functional[linked].mean():.3f}, "
            f"not linked {functional[~linked].mean():.3f}), rate {found.rate_hz.mean():.2f} Hz")


def between(found: Rest, one: str, other: str) -> str:
    """Return the weight and the correlation of two regions, as text."""
    i, j = found.names.index(one), found.names.index(other)
    return f"{one} and {other}: weight {found.structural()[i, j]:.3f}, correlation {found.functional()[i, j]:.2f}"


def main(folder: Path) -> None:
    """Run everything, print the numbers and write the pictures."""
    plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "cosim", "font.size": 9, "axes.spines.top": False,
                         "axes.spines.right": False})
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as place:
        along = []
        for coupling in COUPLINGS:
            along.append(rest(Path(place), coupling))
            print(f"G = {coupling:4}: {told(along[-1])}", flush=True)
        print(f"G = {OPTIMUM}, seed 2: {told(rest(Path(place), seed=2))}")
        print(f"G = {OPTIMUM}, synthetic connectome: {told(rest(Path(place), connectome='synthetic'))}")
    best = along[COUPLINGS.index(OPTIMUM)]
    for pair in (("rPFCCL", "rPFCDL"), ("rV1", "rPFCDL"), ("rV1", "lV1"), ("rCC", "rPFCDL")):
        print(between(best, *pair))
    draw_bold(folder / "resting_state_bold.svg", best)
    draw_matrices(folder / "resting_state_matrices.svg", best)
    draw_fit(folder / "resting_state_fit.svg", COUPLINGS, along)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent / "images")
