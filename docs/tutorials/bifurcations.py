"""Find where Wilson and Cowan's two populations rest, switch and oscillate, and draw it; docs/tutorials/bifurcations.md explains it.

Usage: ``python docs/tutorials/bifurcations.py [FOLDER]`` writes bifurcations_diagram.svg and bifurcations_planes.svg there
(docs/images), in about half a minute.
"""

from __future__ import annotations

import re
import sys
from itertools import pairwise
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cosim.models.wholebrain.analysis.bifurcations import Bifurcation, bifurcations
from cosim.models.wholebrain.analysis.branches import Branch, Line, branches
from cosim.models.wholebrain.analysis.cycles import Family, cycle_at, families
from cosim.models.wholebrain.analysis.fixed_points import fixed_points
from cosim.models.wholebrain.analysis.plane import plane
from cosim.models.wholebrain.analysis.region import region
from cosim.models.wholebrain.dynamics import model

CONVENTIONS = ("plain", "wilson_cowan_1972", "shifted", "plain_10_ms", "vbi")
LOW, HIGH = 0.5, 2.5
SHOWN = {0.6: "one rest", 1.0: "rest or oscillation", 1.25: "oscillation", 2.1: "rest again"}
BLUE, RED, GREEN, BLACK = "#0072b2", "#d55e00", "#009e73", "#1c2734"


def analysed(convention: str) -> tuple[tuple[Branch, ...], tuple[Bifurcation, ...], tuple[Family, ...]]:
    """Return branches, bifurcations and cycles along P."""
    one = region(model("wilson_cowan"), convention)
    found = branches(one, "P", LOW, HIGH)
    special = tuple(b for branch in found for b in bifurcations(one, "P", LOW, HIGH, branch))
    return found, special, families(Line(one, "P", LOW, HIGH), [b for b in special if b.kind == "Hopf"])


def save(figure: Figure, path: Path) -> None:
    """Write a picture with no more digits than an eye can see."""
    figure.savefig(path, metadata={"Date": None, "Creator": None}, facecolor="white")
    short = re.sub(r"(?<=[ML ])-?\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}", path.read_text())
    path.write_text("\n".join(line.rstrip() for line in short.splitlines()) + "\n")


def draw_branch(axes: Axes, branch: Branch) -> None:
    """Draw E along P, solid where it is stable."""
    edges = [0, *(np.flatnonzero(np.diff(branch.stable.astype(int))) + 1), len(branch.parameter)]
    for a, b in pairwise(edges):
        good = branch.stable[a]
        part = slice(max(a - 1, 0), b)
        axes.plot(branch.parameter[part], branch.states[part, 0], color=BLACK, linestyle="-" if good else (0, (4, 2.5)),
                  linewidth=1.6 if good else 1)


def draw_diagram(path: Path) -> None:
    """Draw E and the frequency along P for the plain logistic function."""
    figure, (above, below) = plt.subplots(2, 1, figsize=(8, 5), height_ratios=[3, 2], sharex=True, layout="constrained")
    found, special, cycles = analysed("plain")
    for branch in found:
        draw_branch(above, branch)
    for family in cycles:
        p = [c.parameter for c in family.cycles]
        above.plot(p, [c.high[0] for c in family.cycles], color=GREEN, label="cycle, lowest and highest E")
        above.plot(p, [c.low[0] for c in family.cycles], color=GREEN)
        below.plot(p, [c.frequency_hz for c in family.cycles], color=GREEN)
    for kind, mark, colour in (("fold", "s", BLUE), ("Hopf", "o", RED)):
        at = [(b.parameter, b.state[0]) for b in special if b.kind == kind]
        above.plot(*np.array(at).T, mark, color=colour, label=f"{kind} point")
    above.set_ylabel("E")
    above.set_ylim(0, None)
    above.legend(frameon=False)
    below.set_xlabel("external input P")
    below.set_ylabel("frequency, Hz")
    below.set_ylim(0, None)
    save(figure, path)


def draw_planes(path: Path) -> None:
    """Draw the phase plane at four inputs."""
    figure, grid = plt.subplots(2, 2, figsize=(8, 7), sharex=True, sharey=True, layout="constrained")
    _, _, cycles = analysed("plain")
    for axes, (p, what) in zip(grid.ravel(), SHOWN.items(), strict=True):
        one = region(model("wilson_cowan"), "plain", {"P": p})
        drawn = plane(one, np.array([0.0, 0.0]), np.array([0.5, 0.5]), 81)
        for slopes, colour in zip(drawn.slopes, (BLUE, RED), strict=True):
            axes.contour(drawn.first, drawn.second, slopes, levels=[0.0], colors=[colour])
        coarse = plane(one, np.array([0.0, 0.0]), np.array([0.5, 0.5]), 14)
        arrows = coarse.slopes / np.hypot(*coarse.slopes)
        axes.quiver(coarse.first, coarse.second, *arrows, color="#d5dbe2", scale=30, width=0.003, zorder=0)
        line = Line(one, "P", LOW, HIGH)
        for near in (c for family in cycles for c in family.at(p)):
            exact = cycle_at(line, near, p)
            if exact is not None:
                axes.plot(*exact.states.T, color=GREEN, linewidth=2)
        for point in fixed_points(one):
            axes.plot(*point.state, "o", color=BLACK if point.is_stable else "white", markeredgecolor=BLACK)
        axes.set_title(f"P = {p:g}: {what}", loc="left", fontsize=9)
    for axes in grid[-1]:
        axes.set_xlabel("E")
    for axes in grid[:, 0]:
        axes.set_ylabel("I")
    save(figure, path)


def print_conventions() -> None:
    """Print the bifurcations in each convention."""
    for name in CONVENTIONS:
        _, special, cycles = analysed(name)
        told = [f"{b.criticality} {b.kind}".strip() + f" at {b.parameter:.6f}" + (f" ({b.frequency_hz:.3f} Hz)" if b.frequency_hz else "")
                for b in special]
        print(f"{name:18} {', '.join(told)}; cycles down to P = {min(c.parameter for f in cycles for c in f.cycles):.4f}")


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1] / "images"
    plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "cosim", "font.size": 9, "axes.spines.top": False,
                         "axes.spines.right": False})
    print_conventions()
    draw_diagram(folder / "bifurcations_diagram.svg")
    draw_planes(folder / "bifurcations_planes.svg")
