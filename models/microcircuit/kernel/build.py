"""Build one rank's engine from a scaled network."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from cosim import _random
from cosim._meeting import MEETING_BYTES
from cosim.errors import InputError, Problem, RunError
from cosim.interfaces import Ranks
from cosim.models.microcircuit.kernel._engine import CHUNK, NO_ROOM, ROW_TOO_LONG, Engine
from cosim.models.microcircuit.kernel._projection import RULES, Projection, outdegrees
from cosim.models.microcircuit.kernel.partition import Part, first_ids, part
from cosim.models.microcircuit.network.data import Network
from cosim.models.microcircuit.network.scaling import Scaled
from cosim.models.microcircuit.network.wiring import Wiring, most_synapses
from cosim.models.microcircuit.propagators import propagators
from cosim.random import stream_key
from cosim.timegrid import in_ms, to_ticks

_BLOCK, _BLOCKS = 65536, 65535
_LONGEST_ROW = 65535
_LONGEST_REST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Plan:
    """Hold all that the engine of any rank is built from.

    Parameters
    ----------
    scaled : Scaled
        The network.
    wiring : Wiring
        The values of its synapses.
    step_ms : Fraction
        Time step, ms.
    is_double : bool
        Whether the state is kept in double precision.
    input_pa : float or None
        Weight of a spike on the input port, pA; None for that of the background.
    """

    scaled: Scaled
    wiring: Wiring
    step_ms: Fraction
    is_double: bool
    input_pa: float | None

    def constants(self) -> NDArray[np.float64]:
        """Return the constants of each population as `Engine` takes them."""
        rows = []
        for p, synapses in zip(self.scaled.network.populations, self.scaled.poisson_synapses, strict=True):
            k, rest = propagators(p.neuron, self.step_ms), p.neuron.e_l
            weight = p.background.weight_pa
            refractory = to_ticks(p.neuron.t_ref, self.step_ms, f"the refractory time of {p.name},")
            if refractory > _LONGEST_REST:
                raise InputError(Problem(f"the refractory time of {p.name}, {in_ms(p.neuron.t_ref)}, is more than {_LONGEST_REST:,} steps",
                                         remedy="shorten it or lengthen the step"))
            rows.append((k.p11, k.p21, k.m22, k.p20, float(p.neuron.v_th - rest), float(p.neuron.v_reset - rest), float(rest), weight,
                         weight if self.input_pa is None else self.input_pa, synapses * float(self.step_ms) * 1e-3,
                         refractory))
        return np.array(rows)

    def slots(self) -> int:
        """Return the length of the ring of emitted spikes, steps."""
        return 1 << (self.wiring.least_delay * 3 + self.wiring.ages).bit_length()


@dataclass(frozen=True, slots=True)
class Built:
    """Hold a rank's engine and what is its own."""

    engine: Engine
    part: Part
    failure: NDArray[np.int64]


def initial_potentials(network: Network, key: int) -> NDArray[np.float64]:
    """Return the potential of every neuron at instant 0, (n_neurons,) float64, mV above E_L."""
    normal = _random.normals(key, network.neurons, 0, 0)[:, 0]
    sizes = [p.size for p in network.populations]
    mean = np.repeat([p.v_init - float(p.neuron.e_l) for p in network.populations], sizes)
    spread = np.repeat([p.v_init_sd for p in network.populations], sizes)
    potential: NDArray[np.float64] = mean + spread * normal
    return potential


def build(plan: Plan, seed: int, stream: str, ranks: Ranks, level: int) -> Built:
    """Return the engine of this rank, with all its neurons and synapses."""
    network, wires = plan.scaled.network, plan.wiring
    own = part([p.size for p in network.populations], ranks.rank, ranks.size)
    shared = ranks.share_memory and ranks.size > 1
    make = ranks.shared_array if shared else np.zeros
    ring_id = make((plan.slots(), network.neurons), np.uint32)
    ring_count, failure = make((plan.slots(), 16 * ranks.size), np.uint32), make((ranks.size, 8), np.int64)
    meeting = ranks.shared_array(MEETING_BYTES, np.uint8) if shared else None
    engine = Engine(level, plan.is_double, (ranks.rank, ranks.size, ranks.spin), network.neurons, own.local, own.first_chunk,
                    plan.constants(), own.runs, own.own, wires.unit_pa, stream_key(seed, stream, "background"),
                    (wires.least_delay, wires.ages, plan.slots()), ring_id, ring_count, failure,
                    first_ids(network.neurons, ranks.size), meeting)
    start = np.zeros(own.local)
    ids = np.arange(own.first_id, own.stop_id)
    start[own.local_of(ids)] = initial_potentials(network, stream_key(seed, stream, "potential"))[own.first_id:own.stop_id]
    engine.set_potential(start)
    _connect(engine, network, wires, own, seed, stream, level)
    return Built(engine, own, failure)


def projection_keys(network: Network, seed: int, stream: str) -> list[int]:
    """Return the random stream of each projection: named by its populations, and by its number among those of the same two."""
    names = [(network.populations[p.source].name, network.populations[p.target].name) for p in network.projections]
    return [stream_key(seed, stream, "synapses", *name, str(names[:i].count(name))) for i, name in enumerate(names)]


def _connect(engine: Engine, network: Network, wires: Wiring, own: Part, seed: int, stream: str, level: int) -> None:
    keys, first = projection_keys(network, seed, stream), network.first_ids
    room, longest = 0.0, np.zeros((len(network.populations),) * 2)
    degrees: list[NDArray[np.uint32] | None] = []
    for p, key in zip(network.projections, keys, strict=True):
        low, high = own.bounds[p.target]
        sources, targets, total = network.populations[p.source].size, network.populations[p.target].size, network.count(p)
        random = p.rule == "fixed_total_number"
        counts = outdegrees(level, stream_key(key, "sources"), total, sources) if random else None
        mine = total * (high - low) / targets
        longest[p.source, p.target] += int(counts.max()) if counts is not None else min(mine, most_synapses(mine / sources))
        room += most_synapses(mine) if random else mine + 1
        degrees.append(counts)
    block = _block(own, longest)
    engine.make_room(int(room) + 64, block)
    for source, population in enumerate(network.populations):
        leaving = []
        most = 0
        for i, p in enumerate(network.projections):
            if p.source != source or not network.count(p):
                continue
            made = Projection(level, keys[i], RULES[p.rule], first[source], population.size, network.populations[p.target].size,
                              own.bounds[p.target], int(own.to_local[p.target]), degrees[i], round(p.count), wires.delays[i],
                              wires.weights[i])
            most += _longest(made, degrees[i], p.rule, own.bounds[p.target])
            leaving.append(made)
        wrong = engine.build(first[source], population.size, leaving, most)
        if wrong == NO_ROOM:
            raise RunError(f"the synapses of {population.name} are more than the room that was reckoned for them; tell the authors of "
                           "cosim, and take another seed until they have mended it")
        if wrong == ROW_TOO_LONG:
            raise InputError(Problem(f"a neuron of {population.name} has more than {_LONGEST_ROW} synapses onto {block} neighbouring "
                                     "neurons", remedy="lower the number of synapses that leave this population"))


def _block(own: Part, longest: NDArray[np.float64]) -> int:
    """Return how many targets form a block, so that no source has more synapses onto one than can be counted there.

    `longest`, (n_populations, n_populations), holds the most synapses of one source onto all of this rank's own targets.
    """
    whole = -(-own.local // CHUNK) * CHUNK
    block = min(whole, _BLOCK)
    if longest.sum(axis=1).max() > _LONGEST_ROW:
        # Half as much again may fall onto one block as onto all of its size.
        sizes = np.array([max(high - low, 1) for low, high in own.bounds])
        block = min(block, int(_LONGEST_ROW / 1.5 / (longest / sizes).max()) // CHUNK * CHUNK)
    blocks = min(-(-whole // max(block, CHUNK)), _BLOCKS)
    return -(-whole // (CHUNK * blocks)) * CHUNK


def _longest(made: Projection, outdegree: NDArray[np.uint32] | None, rule: str, bounds: tuple[int, int]) -> int:
    if outdegree is not None:
        return int(outdegree.max())
    if made.upto is not None:
        return int(np.diff(made.upto.astype(np.int64)).max())
    return bounds[1] - bounds[0] if rule == "all_to_all" else 1
