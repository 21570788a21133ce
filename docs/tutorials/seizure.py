"""Let a seizure spread, look at it through depth electrodes, and treat it; docs/tutorials/seizure.md explains it.

Usage: ``python docs/tutorials/seizure.py [FOLDER]`` writes seizure_spread.svg, seizure_seeg.svg and seizure_treated.svg there
(docs/images), in half a minute.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Collection, Mapping
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

from cosim.launch.observe import observe, read_operators
from cosim.launch.run import run
from cosim.record.reading import read_results

HERE = Path(__file__).parent
ONE_PROCESS = HERE.parents[1] / "launch" / "layouts" / "one_process.yaml"
EPILEPTOGENIC = ("rHC", "rAMYG", "rTCI", "rPHC", "rTCV")
PROPAGATION = ("rCCS", "rTCC", "rPFCORB", "rIA", "rCCA")
BYSTANDERS = ("rPFCM", "rV1", "lHC")
SEEG = """\
operators:
  seeg:
    gain:
      sensors: electrodes.txt
      rule: inverse_square
      nearest: 2              # mm; a contact nearer to the centre of a region is refused
"""
RED, BLUE, GREY, BLACK = "#d55e00", "#0072b2", "#8a94a0", "#1c2734"


@dataclass(frozen=True, slots=True)
class Seizure:
    """Hold what a run gave: instants, ms; x1 and field potential, (samples, regions); z, coarser; where the run is."""

    folder: Path
    names: tuple[str, ...]
    times_ms: NDArray[np.float64]
    x1: NDArray[np.float64]
    field: NDArray[np.float64]
    slow_times_ms: NDArray[np.float64]
    z: NDArray[np.float64]

    def onsets_s(self) -> dict[str, float]:
        """Return when x1 of each region first was above 0, s, in that order; without the regions where it never was."""
        above = self.x1 > 0
        found = {name: float(self.times_ms[above[:, i].argmax()]) / 1e3 for i, name in enumerate(self.names) if above[:, i].any()}
        return dict(sorted(found.items(), key=lambda item: item[1]))


def colour(name: str) -> str:
    """Return the colour of a region's zone."""
    return RED if name in EPILEPTOGENIC else BLUE if name in PROPAGATION else GREY


def seizure(folder: Path, without: Collection[str] = (), x0: Mapping[str, float] | None = None, duration: str = "18 s") -> Seizure:
    """Run the experiment in a new folder, without some regions or with another x0 in some, as `cosim run --set KEY=VALUE` does."""
    keys = [f"duration={duration}", *(f"groups.brain.params.model_parameters.x0.{name}={value}" for name, value in (x0 or {}).items())]
    if without:
        keys.append(f"groups.brain.params.regions=[{', '.join(f'not {name}' for name in without)}]")
    left = run(HERE / "seizure.yaml", Console(quiet=True), keys, ONE_PROCESS, folder, report=False)
    results = read_results(left.path)
    x1, z = results.port("brain.x1"), results.port("brain.z")
    return Seizure(left.path, x1.names, x1.times(), x1.values(), results.port("field.lfp").values(), z.times(), z.values())


def seen(found: Seizure) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Return the names of the contacts and what they see, (samples, contacts), as `cosim observe` does."""
    results = read_results(found.folder)
    (found.folder / "seeg.yaml").write_text(SEEG)
    shutil.copy(HERE / "seizure_electrodes.txt", found.folder / "electrodes.txt")
    path = observe(results, {"in": results.port("field.lfp")}, read_operators(found.folder / "seeg.yaml"), found.folder / "observed.h5")
    contacts = read_results(path).port("observe.seeg")
    return contacts.names, contacts.values()


def save(figure: Figure, path: Path) -> None:
    """Write a picture with no more digits than an eye can see."""
    figure.savefig(path, metadata={"Date": None, "Creator": None}, facecolor="white")
    plt.close(figure)
    short = re.sub(r"(?<=[ML ])-?\d+\.\d{2,}", lambda number: f"{float(number[0]):.1f}", path.read_text())
    path.write_text("\n".join(line.rstrip() for line in short.splitlines()) + "\n")


def draw_spread(path: Path, found: Seizure) -> None:
    """Draw the field potential of each region in order of onset, and z of three of them."""
    figure, (above, below) = plt.subplots(2, 1, figsize=(8, 7), height_ratios=[3.2, 1], sharex=True, layout="constrained")
    rows = [name for name in (*EPILEPTOGENIC, *PROPAGATION, *BYSTANDERS) if name in found.names][::-1]
    onsets = found.onsets_s()
    for row, name in enumerate(rows):
        trace = found.field[:, found.names.index(name)]
        above.plot(found.times_ms / 1e3, trace / 5 + row, color=colour(name), linewidth=0.6)
        if name in onsets:
            above.plot(onsets[name], row + 0.34, "v", color=BLACK, markersize=4)
    above.set_yticks(range(len(rows)), rows)
    above.set_ylabel("field potential x2 - x1 by region")
    for name in ("rHC", "rCCS", "rV1"):
        if name in found.names:
            below.plot(found.slow_times_ms / 1e3, found.z[:, found.names.index(name)], color=colour(name), label=name)
    below.set_ylabel("slow variable z")
    below.set_xlabel("time, s")
    below.set_xlim(0, found.times_ms[-1] / 1e3)
    below.legend(frameon=False, ncols=3, loc="upper left")
    save(figure, path)


def draw_seeg(path: Path, found: Seizure, contacts: tuple[str, ...], values: NDArray[np.float64]) -> None:
    """Draw what each contact sees less its mean of the first 4 s, each scaled to its own largest swing, which stands at its right."""
    electrodes = sorted({name[0] for name in contacts})
    figure, all_axes = plt.subplots(1, len(electrodes), figsize=(10, 5.5), layout="constrained")
    seconds = found.times_ms / 1e3
    for axes, electrode in zip(all_axes, electrodes, strict=True):
        rows = [name for name in contacts if name[0] == electrode][::-1]
        for row, name in enumerate(rows):
            trace = values[:, contacts.index(name)]
            swing = np.ptp(trace)
            axes.plot(seconds[::2], (trace[::2] - trace[seconds <= 4].mean()) / swing * 0.9 + row, color=BLACK, linewidth=0.5)
            axes.text(seconds[-1] * 1.02, row, f"{swing:.3f}", va="center", fontsize=8, color=GREY)
        axes.set_yticks(range(len(rows)), rows)
        axes.set_xlim(0, seconds[-1])
        axes.set_xlabel("time, s")
        axes.set_title(f"electrode {electrode}", loc="left", fontsize=9)
    all_axes[0].set_ylabel("contact, 1 the innermost")
    all_axes[-1].annotate("largest swing,\n1/mm²", (1.02, 1.01), xycoords="axes fraction", fontsize=8, color=GREY)
    save(figure, path)


def draw_treated(path: Path, cases: Mapping[str, Seizure]) -> None:
    """Draw when each region begins to seize, a row a treatment."""
    figure, axes = plt.subplots(figsize=(8, 2.6), layout="constrained")
    for row, found in enumerate(reversed(cases.values())):
        for name, onset in found.onsets_s().items():
            axes.plot(onset, row, "|", color=colour(name), markersize=16, markeredgewidth=1.6)
    axes.set_yticks(range(len(cases)), list(cases)[::-1])
    axes.set_ylim(-0.6, len(cases) - 0.4)
    axes.set_xlim(0, 18)
    axes.set_xlabel("onset, s")
    for colour_of, label in ((RED, "epileptogenic zone"), (BLUE, "propagation zone")):
        axes.plot([], [], "|", color=colour_of, markersize=10, markeredgewidth=1.6, label=label)
    figure.legend(frameon=False, ncols=3, loc="outside upper center")
    save(figure, path)


def told(found: Seizure) -> str:
    """Return the onsets as text."""
    onsets = found.onsets_s()
    return f"{len(onsets)} of {len(found.names)} regions: " + (", ".join(f"{name} {onset:.2f}" for name, onset in onsets.items()) or "none")


def main(folder: Path) -> None:
    """Run everything, print the numbers and write the pictures."""
    plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "cosim", "font.size": 9, "axes.spines.top": False,
                         "axes.spines.right": False})
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as place:
        at = Path(place)
        cases = {"untreated": seizure(at / "untreated")}
        cases["without rHC"] = seizure(at / "first", ("rHC",))
        cases["without rTCV"] = seizure(at / "last", ("rTCV",))
        cases["x0 -2.1 in the\nepileptogenic zone"] = seizure(at / "lowered", x0=dict.fromkeys(EPILEPTOGENIC, -2.1))
        for name, found in cases.items():
            print(f"{' '.join(name.split())}: {told(found)}", flush=True)
        contacts, values = seen(cases["untreated"])
        for name in ("A1", "H2", "H9", "F2"):
            trace, times = values[:, contacts.index(name)], cases["untreated"].times_ms
            early, late = (np.ptp(trace[(times > a) & (times <= b)]) for a, b in ((5000, 9000), (11_000, 16_000)))
            print(f"{name}: swing of {early:.3f} in 5 to 9 s, {late:.3f} in 11 to 16 s")
    draw_spread(folder / "seizure_spread.svg", cases["untreated"])
    draw_seeg(folder / "seizure_seeg.svg", cases["untreated"], contacts, values)
    draw_treated(folder / "seizure_treated.svg", cases)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent / "images")
