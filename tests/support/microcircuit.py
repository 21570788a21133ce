"""Make small networks and run them, on one rank or several."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from cosim.blocks import Block, Samples, Spikes
from cosim.interfaces import Context
from cosim.models.microcircuit.component import Microcircuit
from cosim.models.microcircuit.parameters import MicrocircuitParameters
from cosim.timegrid import Clock, windows
from support.ranks import run_on_ranks

_WRITING = threading.Lock()
CLOCK = Clock(Fraction(1, 10), 1)

NEURON = """
neuron: {C_m: 250 pF, tau_m: 10 ms, tau_syn: 0.5 ms, t_ref: 2 ms, V_th: -50 mV, V_reset: -65 mV, E_L: -65 mV}
"""

# Every rule, both signs, spread and no spread, populations that fill no chunk and more than one; it fires at some 10 to 20 Hz.
MIXED = NEURON + """
background: {rate: 8 Hz, weight: 0.3 mV}
populations:
  E: {size: 150, external: 1000, V_init: -58 mV, V_init_sd: 5 mV, mean_rate: 5 Hz}
  I: {size: 70, external: 900, external_rate: 9 Hz, V_init: -60 mV, V_init_sd: 5 mV, t_ref: 1 ms, mean_rate: 8 Hz}
  S: {size: 70, V_init: -51 mV, I_e: 400 pA, mean_rate: 15 Hz}
synapses:
  exc: {weight: 0.3 mV, weight_rel_sd: 0.1, delay: 1.5 ms, delay_sd: 0.75 ms}
  inh: {weight: -1.2 mV, weight_rel_sd: 0.1, delay: 0.8 ms, delay_sd: 0.4 ms}
  fixed: {weight: 100 pA, delay: 1 ms}
projections:
  - {source: E, target: E, probability: 0.1, synapse: exc}
  - {source: E, target: I, indegree: 20, rule: fixed_indegree, synapse: exc}
  - {source: I, target: E, number: 2000, synapse: inh}
  - {source: I, target: S, rule: one_to_one, synapse: inh}
  - {source: S, target: I, rule: all_to_all, synapse: fixed}
"""


def make(text: str, folder: Path, clock: Clock = CLOCK, **settings: Any) -> Microcircuit:
    """Make the component of a network that is given as text."""
    with _WRITING:
        (folder / "network.yaml").write_text(text)
        return Microcircuit(MicrocircuitParameters(network="network.yaml", folder=str(folder), **settings), clock)


def cut(block: Block, start: int, stop: int) -> Block:
    """Return what one window takes of an input that is given for the whole run."""
    if isinstance(block, Samples):
        first = (start - block.first) // block.step
        return Samples(start, block.step, block.values[first:first + (stop - start) // block.step + 1])
    inside = (block.ticks > start) & (block.ticks <= stop)
    return Spikes(block.ticks[inside], block.ids[inside], None if block.offsets is None else block.offsets[inside])


def joined(blocks: list[Block]) -> Block:
    """Return successive blocks of one port as one."""
    if isinstance(blocks[0], Samples):
        return blocks[0].with_values(np.concatenate([b.values for b in blocks]))
    return Spikes.join(*(b for b in blocks if isinstance(b, Spikes)))


def run(make_one: Any, stop: int, window: int = 10_000, inputs: Mapping[str, Block] | None = None, ranks: int = 1,
        share_memory: bool = True, seed: int = 7, group: str = "column", partition: str = "neurons") -> dict[str, Any]:
    """Run a component from 0 to `stop` and return what each output port gave, joined."""
    def work(mine):
        one = make_one()
        one.prepare(Context(group, seed, stop, mine, Path(), partition=partition))
        given = [one.advance(w, {name: cut(b, w.start, w.stop) for name, b in (inputs or {}).items()}) for w in windows(stop, window)]
        one.close()
        return given
    given = run_on_ranks(ranks, work, share_memory)[0]
    return {port: joined([g[port] for g in given]) for port in given[0]}


def digest(outputs: Mapping[str, Block]) -> str:
    """Return one hash over all that a run gave."""
    told = sha256()
    for name in sorted(outputs):
        block = outputs[name]
        for array in (block.values,) if isinstance(block, Samples) else (block.ticks, block.ids, block.offsets):
            told.update(b"" if array is None else array.tobytes())
    return told.hexdigest()
