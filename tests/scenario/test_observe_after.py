"""What is observed of a finished run is what would have been observed while it ran, bit by bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from support.command import cosim

from cosim.models.wholebrain.parameters import WholeBrainParameters
from cosim.models.wholebrain.setting import read_connectome
from cosim.record.reading import Results, read_results

OPERATORS = """
operators:
  bold: {volterra: {period: 50 ms, length: 200 ms}, noise: {deviation: 0.1}}
  vessels: {balloon: {period: 50 ms}}
  eeg: {gain: {sensors: sensors.txt, sources: sources.txt, period: 4 ms, reference: average}}
  steepness: {difference: {plus: in, minus: inhibitory}}
  lfp: {lfp: {terms: [{input: in, weight: 1, delay: 6 ms}, {input: inhibitory, weight: 1.65}], pooled: true}}
"""
EXPERIMENT = """
cosim: 1
title: A scanner
seed: 3
duration: 400 ms
step: 1 ms
groups:
  brain:
    component: wholebrain
    params: {connectome: synthetic, normalise: max_row_sum, noise: 0.01}
  scanner:
    component: observe
    params:
      inputs: [in, inhibitory]
"""
RECORDED = """
couplings:
  - {from: brain.S_E, to: scanner.in}
  - {from: brain.S_I, to: scanner.inhibitory}
record:
  - brain.S_E
  - brain.S_I
  - {port: scanner.bold, every: 50 ms}
  - {port: scanner.vessels, every: 50 ms}
  - {port: scanner.eeg, every: 4 ms}
  - scanner.steepness
  - scanner.lfp
"""
PORTS = ("brain.S_E", "inhibitory=brain.S_I")


def write_files(folder: Path) -> None:
    rng = np.random.default_rng(0)
    regions = read_connectome(WholeBrainParameters(connectome="synthetic")).labels
    for name, labels, radius in (("sensors.txt", [f"A{i}" for i in range(12)], 100.0), ("sources.txt", regions, 60.0)):
        at = rng.normal(size=(len(labels), 3))
        at *= radius / np.linalg.norm(at, axis=1, keepdims=True)
        (folder / name).write_text("".join(f"{label} {x:.6f} {y:.6f} {z:.6f}\n" for label, (x, y, z) in zip(labels, at, strict=True)))
    (folder / "operators.yaml").write_text(OPERATORS)
    inner = "".join(f"      {line}\n" for line in OPERATORS.strip().splitlines())
    (folder / "experiment.yaml").write_text(EXPERIMENT + inner + RECORDED)


def same(ran: Results, after: Results) -> None:
    for name in ("bold", "vessels", "eeg", "steepness", "lfp"):
        while_running, later = ran.port(f"scanner.{name}"), after.port(f"observe.{name}")
        assert later.length > 0
        assert np.array_equal(while_running.ticks(), later.ticks())
        assert while_running.values().tobytes() == later.values().tobytes()
        assert while_running.unit == later.unit


def test_observing_later_gives_the_same_bits(tmp_path: Path) -> None:
    write_files(tmp_path)
    (tmp_path / "layout.yaml").write_text("cosim_layout: 1\ntransport: loopback\n")
    assert cosim("run", "experiment.yaml", "--layout", "layout.yaml", "--out", "run", "--no-report", cwd=tmp_path).status == 0
    later = [f"--port={p}" for p in PORTS]
    done = cosim("observe", "run", *later, "--operators", "operators.yaml", cwd=tmp_path)
    assert done.status == 0, done.said
    ran, after = read_results(tmp_path / "run"), read_results(tmp_path / "run" / "observed.h5")
    same(ran, after)
    assert after.port("observe.eeg").names == tuple(f"A{i}" for i in range(12))
    names = read_results(tmp_path / "run").port("brain.S_E").names
    assert after.port("observe.bold").names == names == ran.port("scanner.bold").names
    pictures = [Path(tmp_path / line) for line in done.out.splitlines()[1:]]
    assert len(pictures) == 5
    assert all(p.read_bytes().startswith(b"\x89PNG") for p in pictures)


def test_a_gain_without_names_is_told_in_which_order_it_was_taken(tmp_path: Path) -> None:
    write_files(tmp_path)
    (tmp_path / "layout.yaml").write_text("cosim_layout: 1\ntransport: loopback\n")
    assert cosim("run", "experiment.yaml", "--layout", "layout.yaml", "--out", "run", "--no-report", cwd=tmp_path).status == 0
    np.save(tmp_path / "gain.npy", np.ones((3, 76)))
    (tmp_path / "two.yaml").write_text("operators: {a: {gain: {file: gain.npy}}, b: {gain: {sensors: sensors.txt}}}")
    done = cosim("observe", "run", "--port", "brain.S_E", "--operators", "two.yaml", cwd=tmp_path)
    first = read_results(tmp_path / "run").port("brain.S_E").names[0]
    assert done.status == 0 and done.err.splitlines() == [
        f"remark: a: columns of the gain are taken in the order of the channels, {first} first"]
