"""Build one rank's engine from a scaled network."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cosim import _random, random
from cosim._meeting import MEETING_BYTES
from cosim.errors import InputError, Problem, RunError
from cosim.interfaces import Ranks
from cosim.models.microcircuit.kernel._engine import CHUNK, NO_ROOM, ROW_TOO_LONG, SLOT_BITS, Engine
from cosim.models.microcircuit.kernel._projection import RULES, Projection, outdegrees
from cosim.models.microcircuit.kernel.cells import Fitted, arrays
from cosim.models.microcircuit.kernel.chance import binomial
from cosim.models.microcircuit.kernel.costs import loads
from cosim.models.microcircuit.kernel.partition import Part, first_ids, part, shares
from cosim.models.microcircuit.kernel.plastic import Changing, Plastic
from cosim.models.microcircuit.network.data import Edges, Network
from cosim.models.microcircuit.network.data import Projection as WiredProjection
from cosim.models.microcircuit.network.devices import PoissonInput
from cosim.models.microcircuit.network.distribution import Distribution, constant
from cosim.models.microcircuit.network.scaling import Scaled
from cosim.models.microcircuit.network.wiring import Wiring, most_synapses
from cosim.random import stream_key

FLIGHT_BYTES = 2400  # at least, of each slot of the ring and block, once a spike has stood there; see mc_flight
_BLOCK, _BLOCKS = 1 << SLOT_BITS, 65535
_LONGEST_ROW = 65535
_DRAWS = 100  # of an initial value, until its bounds are taken to leave little
_PARTIAL_BYTES = 1 << 22  # of partial sums, unless one step has more: what stays near a core


@dataclass(frozen=True, slots=True)
class Plan:
    """Hold all that the engine of any rank is built from; `plan` makes one.

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
    arrivals : tuple of (int, float)
        For each population: which input a spike on the port ``spikes_in`` feeds, and its weight in the unit of the receptor.
    fitted : tuple of Fitted
        How each population runs.
    """

    scaled: Scaled
    wiring: Wiring
    step_ms: Fraction
    is_double: bool
    arrivals: tuple[tuple[int, float], ...]
    fitted: tuple[Fitted, ...]

    @property
    def is_noisy(self) -> bool:
        """Whether a background is drawn for every neuron in every step."""
        return bool(self.scaled.poisson_synapses.any())

    def loads(self, by_edge: bool = False) -> tuple[float, ...]:
        """Return what a neuron of each population burdens its rank with: all alike, where synapses are shared by edge."""
        network = self.scaled.network
        if by_edge or network.populations[0].model.is_precise:
            return (1.0,) * len(network.populations)
        return loads(network, self.step_ms, self.is_double, self.is_noisy)

    def populations(self, seed: int, stream: str) -> list[tuple[Any, ...]]:
        """Return the populations as `Engine` takes them, with the numbers of those who hear a source in place of its mask.

        Column p of the rates is that of population p; those of the Poisson devices follow.
        """
        laid = []
        key, step = stream_key(seed, stream, "background"), float(self.step_ms) * 1e-3
        parts = zip(self.scaled.network.populations, self.fitted, self.scaled.poisson_synapses, self.wiring.units, strict=True)
        for number, (p, f, synapses, unit) in enumerate(parts):
            heard = p.background
            backgrounds: list[tuple[Any, ...]] = []
            if synapses:
                backgrounds.append((key, float(synapses) * step, heard.weight, f.inputs[heard.receptor], number, None))
            sources = [d for d in self.scaled.network.devices if isinstance(d, PoissonInput)]
            for i, d in enumerate(sources):
                mine = [t for t in enumerate(d.targets) if t[1].population == number]
                if mine and not backgrounds:  # the first is heard by all
                    backgrounds.append((key, 0.0, 0.0, 0, number, None))
                for j, target in mine:
                    column = len(self.fitted) + i
                    backgrounds.append((stream_key(seed, stream, "device", d.name, str(j)), step, d.weights[j], f.inputs[d.receptors[j]],
                                        column, None if target.is_all else target.numbers(p.size)))
            laid.append((f.kernel, f.states, f.constants, [unit] * len(f.inputs), backgrounds))
        return laid

    def arriving(self, population: int) -> tuple[int, float]:
        """Return which input a spike on the port ``spikes_in`` feeds in a population, and its weight there."""
        return self.arrivals[population]

    def slots(self) -> int:
        """Return the length of the ring of emitted spikes, steps."""
        return 1 << (self.wiring.least_delay * 3 + self.wiring.ages).bit_length()


@dataclass(frozen=True, slots=True)
class Built:
    """Hold a rank's engine and what is its own."""

    engine: Engine
    part: Part
    failure: NDArray[np.int64]
    plastic: Plastic | None = None


def initial_values(network: Network, seed: int, stream: str, number: int) -> NDArray[np.float64]:
    """Return one array of state of every neuron at instant 0, (n_neurons,) float64, counted as the kernels count it.

    Parameters
    ----------
    number : int
        Number of the array: 0 is ``rest``, then the state variables in the order of each neuron model.
    """
    parts: list[NDArray[np.float64]] = []
    for p in network.populations:
        state = p.model.state[number - 1].name if 0 < number <= len(p.model.state) else ""
        key = stream_key(seed, stream, "potential") if number == 1 else stream_key(seed, stream, "initial", state)
        drawn = p.initial.get(state, constant(p.model.initial(p.parameters).get(state, 0.0)))
        parts.append(_spread(drawn, key, sum(len(part) for part in parts), p.size))
    values: NDArray[np.float64] = np.concatenate(parts)
    return values


def _spread(d: Distribution, key: int, first: int, size: int) -> NDArray[np.float64]:
    """Return a value for each neuron from `first` on, drawn again where it lies outside its bounds, (size,) float64.

    What lies outside many times over, because the bounds leave little of the distribution, is drawn from its equally likely values
    instead, as a synapse's are.
    """
    if d.kind == "constant":
        return np.full(size, float(d.first))
    values, left = np.empty(size), np.arange(size)
    for draw in range(_DRAWS):
        normal = _random.normals(key, first + size, draw, 0)[first:, 0]
        uniform = random.uniforms(key, first + np.arange(size), draw, 0)[:, 0] if d.kind == "uniform" else normal
        values[left] = d.at(normal[left], uniform[left])
        left = left[(values[left] < d.least) | (values[left] > d.most)]
        if d.at_bounds == "clip" or not len(left):
            return np.clip(values, d.least, d.most)
    likely = d.values()
    values[left] = likely[random.philox(key, first + left, _DRAWS, 0)[:, 0].astype(np.uint64) * np.uint64(len(likely)) >> np.uint64(32)]
    return values


def build(plan: Plan, seed: int, stream: str, ranks: Ranks, level: int, by_edge: bool = False) -> Built:
    """Return the engine of this rank: its neurons, and the synapses onto them or, by edge, a share of all."""
    network, wires = plan.scaled.network, plan.wiring
    sizes, by_edge = [p.size for p in network.populations], by_edge and ranks.size > 1
    own = part(plan.loads(by_edge), sizes, ranks.rank, ranks.size, by_edge)
    shared = ranks.share_memory and ranks.size > 1
    make = ranks.shared_array if shared else np.zeros
    ring_id = make((plan.slots(), network.neurons), np.uint32)
    ring_count, failure = make((plan.slots(), 16 * ranks.size), np.uint32), make((ranks.size, 8), np.int64)
    meeting = ranks.shared_array(MEETING_BYTES, np.uint8) if shared else None
    engine = Engine(level, plan.is_double, (ranks.rank, ranks.size, ranks.spin), network.neurons, own.local, own.first_chunk,
                    _masked(plan.populations(seed, stream), own), arrays(network), own.runs, own.own, stream_key(seed, stream, "neurons"),
                    (wires.least_delay, wires.ages, plan.slots()), ring_id, ring_count, failure,
                    first_ids(plan.loads(by_edge), sizes, ranks.size), meeting)
    ids = np.arange(own.first_id, own.stop_id)
    for number in range(1, arrays(network)[0]):
        start = np.zeros(own.local)
        start[own.local_of(ids)] = initial_values(network, seed, stream, number)[own.first_id:own.stop_id]
        engine.set_state(number, start)
    return Built(engine, own, failure, _connect(engine, plan, own, ranks, seed, stream, level))


def _masked(populations: list[tuple[Any, ...]], own: Part) -> list[tuple[Any, ...]]:
    """Put one bit for each local neuron in the place of the numbers of those who hear a source."""
    for number, laid in enumerate(populations):
        for i, (*source, numbers) in enumerate(laid[4]):
            if numbers is not None:
                local = numbers + own.to_local[number]
                heard = np.zeros(own.local, np.uint8)
                heard[local[(local >= 0) & (local < own.local)]] = 1
                laid[4][i] = (*source, np.packbits(heard, bitorder="little").view("<u8").astype(np.uint64))
    return populations


def projection_keys(network: Network, seed: int, stream: str) -> list[int]:
    """Return the random stream of each projection: named by its populations, and by its number among those of the same two."""
    names = [(network.populations[p.source].name, network.populations[p.target].name) for p in network.projections]
    return [stream_key(seed, stream, "synapses", *name, str(names[:i].count(name))) for i, name in enumerate(names)]


def _connect(engine: Engine, plan: Plan, own: Part, ranks: Ranks, seed: int, stream: str, level: int) -> Plastic | None:
    network, wires = plan.scaled.network, plan.wiring
    keys, first = projection_keys(network, seed, stream), network.first_ids
    room, longest = 0.0, np.zeros((len(network.populations),) * 2)
    degrees: list[NDArray[np.uint32] | None] = []
    for p, key in zip(network.projections, keys, strict=True):
        low, high = own.onto[p.target]
        sources, targets, total = network.populations[p.source].size, network.populations[p.target].size, network.count(p)
        counts = _outdegrees(p, level, stream_key(key, "sources"), total, sources, targets - p.skips)
        if own.share[1] > 1:
            rows = rows_of(p, sources, targets, counts)
            longest[p.source, p.target] += _longest_share(p, rows, sources, own.share[1])
            room += int(shares(rows, *own.share).sum())
        elif p.edges is not None:
            own_edges = (p.edges.targets >= low) & (p.edges.targets < high)
            longest[p.source, p.target] += int(np.bincount(p.edges.sources[own_edges], minlength=1).max())
            room += float(np.count_nonzero(own_edges))
        else:
            mine = (total if counts is None else int(counts.sum())) * (high - low) / targets
            most = total / sources if counts is None else float(counts.max())
            here = min(mine, most_synapses(most * (high - low) / targets))
            longest[p.source, p.target] += here if counts is None else min(here, most)
            room += most_synapses(mine) if counts is not None else mine + 1
        degrees.append(counts)
    block = _block(own, longest, arrays(network)[1])
    engine.make_room(int(room) + 64, block, _partial_sums(own, plan, ranks, block) if own.share[1] > 1 else None)
    changing = []
    for source, population in enumerate(network.populations):
        leaving = []
        most = 0
        for i, p in enumerate(network.projections):
            if p.source != source or not network.count(p):
                continue
            # Synapses that change are this rank's own with their targets, even where others are shared out by edge.
            onto, share = (own.onto, own.share) if p.plasticity is None else (own.bounds, (0, 1))
            made = Projection(level, keys[i], RULES[p.rule], p.skips, p.is_distinct, first[source], population.size,
                              network.populations[p.target].size, onto[p.target],
                              plan.fitted[p.target].inputs[p.receptor], int(own.to_local[p.target]), degrees[i],
                              round(p.count), wires.delays[i], wires.weights[i], _listed(p.edges, population.size), share)
            row = _longest(made, degrees[i], p.rule, onto[p.target])
            if p.plasticity is not None:
                changing.append(Changing(i, made, row))
                continue
            most += row
            leaving.append(made)
        wrong = engine.build(first[source], population.size, leaving, most)
        if wrong == NO_ROOM:
            raise RunError(f"the synapses of {population.name} are more than the room that was reckoned for them; tell the authors of "
                           "cosim, and take another seed until they have mended it")
        if wrong == ROW_TOO_LONG:
            raise InputError(Problem(f"a neuron of {population.name} has more than {_LONGEST_ROW} synapses onto {block} neighbouring "
                                     "neurons", remedy="lower the number of synapses that leave this population"))
    return Plastic(engine, network, wires.units, float(plan.step_ms), own, changing) if changing else None


def _outdegrees(p: WiredProjection, level: int, key: int, total: int, sources: int, targets: int) -> NDArray[np.uint32] | None:
    """Return how many synapses leave each source, (sources,) uint32; None for a rule that does not go by the source."""
    if p.rule == "fixed_outdegree":
        return np.full(sources, round(p.count), np.uint32)
    if p.rule == "pairwise_bernoulli":
        return binomial(key, sources, targets, p.count)
    if p.rule != "fixed_total_number":
        return None
    if not p.is_distinct or 2 * total <= sources * targets:
        return outdegrees(level, key, total, sources, targets if p.is_distinct else 0)
    # Of many pairs it is quicker to draw those that are not connected.
    return np.uint32(targets) - outdegrees(level, key, sources * targets - total, sources, targets)


def _listed(edges: Edges | None, sources: int) -> tuple[NDArray[np.uint64], NDArray[np.uint32], bool, bool] | None:
    """Return where the listed synapses of each source begin, the target of each, and what else is listed."""
    if edges is None:
        return None
    return (np.searchsorted(edges.sources, np.arange(sources + 1)).astype(np.uint64), edges.targets.astype(np.uint32),
            edges.delays_ms is not None, edges.weights is not None)


def _block(own: Part, longest: NDArray[np.float64], inputs: int) -> int:
    """Return how many targets form a block: 17 bits number their inputs, and 16 count the synapses of a source onto them.

    `longest`, (n_populations, n_populations), holds the most synapses of one source onto all of this rank's targets.
    """
    whole = -(-own.local // CHUNK) * CHUNK
    block = min(whole, _BLOCK // inputs // CHUNK * CHUNK)
    if longest.sum(axis=1).max() > _LONGEST_ROW:
        # Half as much again may fall onto one block as onto all of its size.
        sizes = np.array([max(high - low, 1) for low, high in own.onto])
        block = min(block, int(_LONGEST_ROW / 1.5 / (longest / sizes).max()) // CHUNK * CHUNK)
    blocks = min(-(-whole // max(block, CHUNK)), _BLOCKS)
    return -(-whole // (CHUNK * blocks)) * CHUNK


def rows_of(p: WiredProjection, sources: int, targets: int, outdegree: NDArray[np.uint32] | None) -> NDArray[np.int64]:
    """Return the number of synapses in each row of a projection: a row is a source's, or under a fixed in-degree a target's."""
    if p.edges is not None:
        return np.bincount(p.edges.sources, minlength=sources)
    if outdegree is not None:
        return outdegree.astype(np.int64)
    if p.rule == "fixed_indegree":
        return np.full(targets, round(p.count))
    return np.full(sources, targets if p.rule == "all_to_all" else 1)


def _longest_share(p: WiredProjection, rows: NDArray[np.int64], sources: int, ranks: int) -> int:
    """Return how many synapses of one source any rank holds at most, as if they were spread over all targets.

    It is the same on all ranks, for they lay out their sums alike.
    """
    most = int(rows.max(initial=0))
    if p.rule == "fixed_indegree":
        most = int(min(rows.sum(), most_synapses(float(rows.sum()) / sources)))
    return -(-most // ranks) if p.is_by_chance and not p.is_distinct else most


def _partial_sums(own: Part, plan: Plan, ranks: Ranks, block: int) -> NDArray[np.int32]:
    """Return room for what this rank's synapses deliver ahead at all neurons, or all ranks' where they share memory."""
    width = -(-own.local // block) * block * arrays(plan.scaled.network)[1]
    shape = (ahead(plan, width), width)
    return ranks.shared_array((ranks.size, *shape), np.int32) if ranks.share_memory else np.zeros((1, *shape), np.int32)


def ahead(plan: Plan, width: int) -> int:
    """Return how many steps of so many partial sums are delivered ahead, by edge."""
    return max(1, min(plan.wiring.least_delay, _PARTIAL_BYTES // (4 * width)))


def _longest(made: Projection, outdegree: NDArray[np.uint32] | None, rule: str, bounds: tuple[int, int]) -> int:
    if outdegree is not None:
        return int(outdegree.max())
    if made.upto is not None:
        return int(np.diff(made.upto.astype(np.int64)).max())
    return bounds[1] - bounds[0] if rule == "all_to_all" else 1
