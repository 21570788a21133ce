"""Build Brunel's network, cross its regimes, and compare with Siegert's theory; docs/tutorials/brunel.md explains it.

Usage: ``python docs/tutorials/brunel.py [FOLDER]`` writes brunel_regimes.svg and brunel_rates.svg there (docs/images), in about
half a minute.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cosim.models.microcircuit.sketch import Network, Results
from cosim.models.theory.siegert import Cell, Populations, fixed_point

REGIMES = {"synchronous regular": (3.0, 2.0), "synchronous irregular, fast": (6.0, 4.0), "asynchronous irregular": (5.0, 2.0),
           "synchronous irregular, slow": (4.5, 0.9)}
SHOWN_MS = dict(zip(REGIMES, (40.0, 100.0, 100.0, 300.0), strict=True))
NEURON = {"model": "iaf_psc_delta", "C_m": "1 pF", "tau_m": "20 ms", "t_ref": "2 ms", "E_L": "0 mV", "V_reset": "10 mV", "V_th": "20 mV"}
JUMP_MV, TAU_S, THRESHOLD_MV = 0.1, 0.02, 20.0


def brunel(g: float, eta: float, size: float = 1.0) -> Network:
    """Return Brunel's network; `size` scales neurons and synapses alike, and the jump of a synapse inversely."""
    excitatory, inhibitory, jump = round(10_000 * size), round(2_500 * size), JUMP_MV / size
    net = Network("brunel", neuron=NEURON, background={"rate": f"{eta * 10} Hz", "weight": f"{jump} mV"})
    for name, neurons in (("E", excitatory), ("I", inhibitory)):
        net.population(name, neurons, external=round(1000 * size), V_init={"uniform": ["0 mV", "20 mV"]})
    net.synapse("excites", weight=f"{jump} mV", delay="1.5 ms")
    net.synapse("inhibits", weight=f"{-g * jump} mV", delay="1.5 ms")
    for target in ("E", "I"):
        net.connect("E", target, "excites", rule="fixed_indegree", indegree=excitatory // 10)
        net.connect("I", target, "inhibits", rule="fixed_indegree", indegree=inhibitory // 10)
    return net


def theory_hz(g: float, eta: float) -> float:
    """Return the rate at which the mean field settles; all neurons are alike, so one equation does. Source: Brunel 2000, eq. 21."""
    drive = eta * THRESHOLD_MV / JUMP_MV / TAU_S
    one = Populations((Cell(tau_m=20, threshold=20, reset=10, t_ref=2),),
                      mean=np.array([[TAU_S * JUMP_MV * (1000 - g * 250)]]), square=np.array([[TAU_S * JUMP_MV**2 * (1000 + g**2 * 250)]]),
                      mean_from_outside=np.array([TAU_S * JUMP_MV * drive]), square_from_outside=np.array([TAU_S * JUMP_MV**2 * drive]))
    return float(fixed_point(one, start=np.array([300.0 if g < 4 else 5.0]))[0])


def settled_hz(found: Results, after_ms: float = 200.0) -> float:
    """Return the mean rate of all neurons once the transient is over."""
    neurons = sum(size for _, size in found.populations.values())
    return float(np.count_nonzero(found.times_ms > after_ms) / neurons / (found.duration_ms - after_ms) * 1e3)


def draw_regime(axes: tuple[Axes, Axes], found: Results, title: str, shown: tuple[float, float]) -> None:
    """Draw spikes of 40 neurons, and the rate of all in bins of 0.5 ms."""
    above, below = axes
    mine = (found.times_ms > shown[0]) & (found.times_ms <= shown[1])
    few = mine & (found.ids < 40)
    above.vlines(found.times_ms[few], found.ids[few] - 0.4, found.ids[few] + 0.4, linewidth=1, color="#0072b2")
    above.set_title(title, loc="left", fontsize=9)
    above.set_yticks([])
    counts, edges = np.histogram(found.times_ms[mine], np.arange(shown[0], shown[1] + 0.5, 0.5))
    neurons = sum(size for _, size in found.populations.values())
    below.fill_between(edges[:-1], counts / neurons / 0.5e-3, step="post", color="#333333", linewidth=0)
    below.set_ylim(0, None)
    for each in axes:
        each.set_xlim(*shown)


def save(figure: Figure, path: Path) -> None:
    """Write a picture with no more digits than an eye can see."""
    figure.savefig(path, metadata={"Date": None, "Creator": None}, facecolor="white")
    short = re.sub(r"(?<=[ML ])-?\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}", path.read_text())
    path.write_text("\n".join(line.rstrip() for line in short.splitlines()) + "\n")


def draw_regimes(path: Path) -> None:
    """Run the four regimes of Brunel's figure 8 and draw them."""
    figure, axes = plt.subplots(4, 2, figsize=(8, 7), height_ratios=[3, 2, 3, 2], layout="constrained")
    for i, (name, (g, eta)) in enumerate(REGIMES.items()):
        found = brunel(g, eta).run("600 ms", seed=1)
        row, column = 2 * (i // 2), i % 2
        rate = settled_hz(found)
        print(f"{name:28} g = {g}, eta = {eta}: {rate:7.2f} Hz simulated, {theory_hz(g, eta):7.2f} Hz in theory")
        draw_regime((axes[row, column], axes[row + 1, column]), found, f"{name}: g = {g:g}, η = {eta:g}, {rate:.1f} Hz",
                    (600.0 - SHOWN_MS[name], 600.0))
        axes[row + 1, 0].set_ylabel("rate, Hz")
    for each in axes[3]:
        each.set_xlabel("time, ms")
    save(figure, path)


def draw_rates(path: Path) -> None:
    """Draw rate against inhibition, simulated and in theory, for two strengths of the drive."""
    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    strengths = np.arange(4.5, 8.01, 0.5)
    for eta, colour in ((2.0, "#0072b2"), (4.0, "#d55e00")):
        fine = np.linspace(4.3, 8, 60)
        axes.plot(fine, [theory_hz(float(g), eta) for g in fine], color=colour, label=f"η = {eta:g}, Siegert")
        axes.plot(strengths, [settled_hz(brunel(float(g), eta).run("600 ms", seed=2)) for g in strengths], "o", color=colour,
                  label=f"η = {eta:g}, 12,500 neurons")
    axes.set_xlabel("relative strength of inhibition g")
    axes.set_ylabel("mean rate, Hz")
    axes.set_ylim(0, None)
    axes.legend(frameon=False)
    save(figure, path)


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1] / "images"
    plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "cosim", "font.size": 9, "axes.spines.top": False,
                         "axes.spines.right": False})
    draw_regimes(folder / "brunel_regimes.svg")
    draw_rates(folder / "brunel_rates.svg")
