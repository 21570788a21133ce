"""Do in NumPy, slowly and plainly, what the kernels do; tests hold the kernels against this, bit for bit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cosim.models.microcircuit.kernel._engine import CHUNK, MOST_INPUTS
from cosim.models.microcircuit.kernel.build import Plan, initial_values, projection_keys
from cosim.models.microcircuit.kernel.chance import binomial
from cosim.models.microcircuit.kernel.plastic_twin import transmitted
from cosim.models.microcircuit.network.data import Projection
from cosim.random import philox, poisson_counts, poisson_words, stream_key

Ids = NDArray[np.int64]
_LANES = 16


@dataclass(frozen=True, slots=True)
class Synapses:
    """Hold source and target ids, inputs they feed, delays in steps, initial weights in units and projections, each (n,) int64."""

    source: NDArray[np.int64]
    target: NDArray[np.int64]
    input: NDArray[np.int64]
    delay: NDArray[np.int64]
    weight: NDArray[np.int64]
    projection: NDArray[np.int64]


def synapses(plan: Plan, seed: int, stream: str) -> Synapses:
    """Draw all synapses of a network."""
    network, wires, parts = plan.scaled.network, plan.wiring, []
    keys = projection_keys(network, seed, stream)
    for number, (p, key, delays, weights) in enumerate(zip(network.projections, keys, wires.delays, wires.weights, strict=True)):
        sources, targets = network.populations[p.source].size, network.populations[p.target].size
        source, target, draw, entity = _pairs(p, key, sources, targets)
        words = philox(key, entity, draw, 0)
        listed = p.edges
        delay = delays[_scale(words[:, 1], len(delays))] if listed is None or listed.delays_ms is None else delays
        weight = weights[_scale(words[:, 2], len(weights))] if listed is None or listed.weights is None else weights
        parts.append((source + network.first_ids[p.source], target + network.first_ids[p.target],
                      np.full(len(source), plan.fitted[p.target].inputs[p.receptor]),
                      wires.least_delay + delay.astype(np.int64), weight.astype(np.int64), np.full(len(source), number)))
    joined = [np.concatenate([part[i] for part in parts] or [np.empty(0, np.int64)]) for i in range(6)]
    return Synapses(*joined)


def _pairs(p: Projection, key: int, sources: int, targets: int) -> tuple[Ids, Ids, Ids, Ids]:
    """Return source and target of each synapse of a projection, its number there, and the neuron that draws it."""
    partners = targets - p.skips
    if p.edges is not None:
        return p.edges.sources, p.edges.targets, _numbers(np.bincount(p.edges.sources, minlength=sources)), p.edges.sources
    if p.rule == "fixed_indegree":
        found = [_partners(p, key, target, round(p.count), sources - p.skips) for target in range(targets)]
        target, draw = (a.ravel() for a in np.indices((targets, round(p.count))))
        return np.array(found, np.int64).ravel(), target, draw, target
    if p.is_by_chance:
        degrees = _outdegrees(p, stream_key(key, "sources"), sources, partners)
        found = [_partners(p, key, source, int(n), partners) for source, n in enumerate(degrees)]
        source = np.repeat(np.arange(sources), degrees)
        return source, np.concatenate([*found, np.empty(0, np.int64)]).astype(np.int64), _numbers(degrees), source
    if p.rule == "one_to_one":
        both = np.arange(targets)
        return both, both, np.zeros(targets, np.int64), both
    source, target = (a.ravel() for a in np.indices((sources, targets)))
    kept = source != target if p.skips else np.ones(len(source), bool)
    return source[kept], target[kept], target[kept], source[kept]


def _outdegrees(p: Projection, key: int, sources: int, partners: int) -> Ids:
    total = round(p.count)
    if p.rule == "fixed_outdegree":
        return np.full(sources, total)
    if p.rule == "pairwise_bernoulli":
        return binomial(key, sources, partners, p.count).astype(np.int64)
    if not p.is_distinct:
        i = np.arange(-(-total // 64) * 16)
        words = philox(key, i >> 32, i & 0xFFFFFFFF, 0).reshape(-1, 16, 4).transpose(0, 2, 1).reshape(-1)[:total]
        return np.bincount(_scale(words, sources), minlength=sources)
    few = min(total, sources * partners - total)
    degrees, draw = np.zeros(sources, np.int64), 0
    while degrees.sum() < few:
        words = philox(key, draw >> 32, draw & 0xFFFFFFFF, 0)[None]
        at = _scale(words[:, 0], sources)[0]
        degrees[at] += _scale(words[:, 1], partners)[0] >= degrees[at]
        draw += 1
    return degrees if few == total and 2 * total <= sources * partners else partners - degrees


def _partners(p: Projection, key: int, self: int, wanted: int, many: int) -> list[int]:
    """Return the partners that a neuron draws from `many` that are not itself, as ``mc_partner`` does."""
    words = philox(key, self, np.arange(wanted), 0)[:, 0]
    if p.is_distinct:
        found: list[int] = []
        for draw, word in enumerate(words):
            last = many - wanted + draw
            at = int(word) * (last + 1) >> 32
            found.append(last if at in found else at)
    else:
        found = [int(word) * many >> 32 for word in words]
    return [at + (p.skips and at >= self) for at in found]


def _numbers(degrees: Ids) -> Ids:
    """Count 0, 1, 2 ... anew for each neuron."""
    return np.arange(degrees.sum()) - np.repeat(np.cumsum(degrees) - degrees, degrees)


def background_counts(key: int, mean: float, first_chunk: int, size: int, step: int) -> NDArray[np.int64]:
    """Return the external spikes of one population in one step, (size,) int64."""
    return poisson_counts(mean, *poisson_words(key, first_chunk * CHUNK + np.arange(size), step))


def run(plan: Plan, seed: int, stream: str, rate_hz: NDArray[np.float64], direct_pa: NDArray[np.float64],
        arrivals: NDArray[np.int64], more_pa: NDArray[np.float64] | None = None
        ) -> tuple[NDArray[np.bool_], dict[str, NDArray[np.float64]]]:
    """Run a network from instant 0.

    Parameters
    ----------
    plan : Plan
        The network.
    seed, stream : int, str
        Where its random numbers come from.
    rate_hz : (n_steps, n_populations + n_devices) float64
        Rate of one external neuron, then that of each Poisson device, Hz.
    direct_pa : (n_steps, n_populations) float64
        Direct current, pA.
    arrivals : (n_steps, n_neurons) int64
        Spikes on the input port.
    more_pa : (n_currents, n_steps, n_neurons) float64 or None
        Direct currents to single neurons, pA.

    Returns
    -------
    spikes : (n_steps, n_neurons) bool
    states : mapping of str to (n_steps, n_neurons) float64
        State variables as the kernel counts them; not a number for neurons that lack one.
    """
    real: Any = np.float64 if plan.is_double else np.float32
    network, wired, steps = plan.scaled.network, synapses(plan, seed, stream), len(rate_hz)
    sizes = [p.size for p in network.populations]
    firsts, chunks = np.cumsum([0, *sizes]), np.cumsum([0, *(-(-n // CHUNK) for n in sizes)])
    spikes = np.zeros((steps + 1, network.neurons), bool)
    names = sorted({s.name for p in network.populations for s in p.model.state})
    traced = {name: np.full((steps, network.neurons), np.nan) for name in names}
    ready = [_Ready(plan, number, slice(int(firsts[number]), int(firsts[number + 1])), int(chunks[number]), seed, stream, real)
             for number in range(len(sizes))]
    for k in range(steps):
        due = spikes[np.maximum(k + 1 - wired.delay, 0), wired.source]
        weight = _delivered(plan, wired, spikes, np.flatnonzero(due), k + 1)
        for number, one in enumerate(ready):
            mine = due & (wired.target >= one.ids.start) & (wired.target < one.ids.stop)
            arriving = np.zeros((MOST_INPUTS, sizes[number]))
            np.add.at(arriving, (wired.input[mine], wired.target[mine] - one.ids.start), weight[mine])
            spikes[k + 1, one.ids] = one.step(k, arriving, rate_hz[k], direct_pa[k, number], arrivals[k, one.ids],
                                             None if more_pa is None else more_pa[:, k, one.ids])
            for name in (s.name for s in network.populations[number].model.state):
                traced[name][k, one.ids] = one.n[name]
    return spikes[1:], traced


def _delivered(plan: Plan, wired: Synapses, spikes: NDArray[np.bool_], due: NDArray[np.int64], now: int) -> NDArray[np.int64]:
    """Return the weights that spikes carry which arrive now over the synapses `due`, in units; the initial ones elsewhere."""
    weight = wired.weight.copy()
    for j in due:
        p = plan.scaled.network.projections[wired.projection[j]]
        if p.plasticity is None:
            continue
        delay = int(wired.delay[j])
        pre, post = (np.flatnonzero(spikes[:now - delay + 1, neuron[j]]) for neuron in (wired.source, wired.target))
        unit = plan.wiring.units[p.target]
        weight[j] = np.rint(transmitted(p.plasticity, float(plan.step_ms), int(weight[j]), unit, pre, post, delay))
    return weight


class _Values(dict[str, Any]):
    """Let a step function write ``n.V_m`` for ``n["V_m"]``."""

    def __getattr__(self, name: str) -> Any:
        return self[name]

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value


class _Ready:
    """One population: its state, and all that a step needs."""

    def __init__(self, plan: Plan, number: int, ids: slice, chunk: int, seed: int, stream: str, real: Any) -> None:
        p = plan.scaled.network.populations[number]
        self.ids, self.chunk, self.size, self.real = ids, chunk, p.size, real
        chosen = p.model.kernels[p.model.kernel(p.parameters)]
        self.function, self.inputs = chosen.step, plan.fitted[number].inputs
        self.names = {self.inputs[receptor]: fed for receptor, fed in chosen.feeds.items()}
        self.k = _Values({name: real(value) for name, value in p.model.constants(p.parameters, plan.step_ms).items()})
        self.n = _Values(rest=np.zeros(p.size, real))
        for place, state in enumerate(p.model.state):
            self.n[state.name] = initial_values(plan.scaled.network, seed, stream, place + 1)[ids].astype(real)
        self.unit, self.heard = real(plan.wiring.units[number]), plan.populations(seed, stream)[number][4]
        self.arriving = plan.arriving(number)
        self.key = stream_key(seed, stream, "neurons")

    def step(self, k: int, arriving: NDArray[np.float64], rate_hz: NDArray[np.float64], direct_pa: float,
             arrivals: NDArray[np.int64], more_pa: NDArray[np.float64] | None) -> Any:
        """Advance one step; return who has fired."""
        real, x = self.real, _Values(direct=self.real(direct_pa), uniform=self.uniforms(k))
        if more_pa is not None:
            more = np.zeros(self.size, real)
            for pa in more_pa:
                more = more + pa.astype(real)
            x["direct"] = x["direct"] + more
        for number, name in self.names.items():
            x[name] = self.unit * arriving[number].astype(real)
            extra = np.zeros(self.size, real)
            if number == self.arriving[0]:
                for many in range(int(arrivals.max(initial=0))):
                    extra = np.where(arrivals > many, extra + real(self.arriving[1]), extra)
            for place, (key, counts_per_hz, weight, fed, column, numbers) in enumerate(self.heard):
                mean = counts_per_hz * rate_hz[column]
                if fed != number or not mean > 0:
                    continue
                count = background_counts(key, mean, self.chunk, self.size, k)
                if numbers is not None:
                    count = count * np.isin(np.arange(self.size), numbers)
                heard = real(weight) * count.astype(real)
                if place:
                    extra = extra + heard
                else:
                    x[name] = x[name] + heard
            x[name] = x[name] + extra
        return self.function(self.n, self.k, x)

    def uniforms(self, k: int) -> Any:
        """Return a random number between 0 and 1 for each neuron."""
        n = np.arange(self.size)
        words = philox(self.key, (self.chunk + n // CHUNK) * _LANES + n % _LANES, 0, k)[n, n % CHUNK // _LANES]
        return between_0_and_1(words, self.real)


def between_0_and_1(words: NDArray[np.uint32], real: Any) -> Any:
    """Return the random numbers that words stand for in a precision, (n,) float32 or float64; never 0 or 1."""
    if real is np.float32:
        return ((words >> 9).astype(np.float32) + np.float32(0.5)) * np.float32(2**-23)
    return (words + 0.5) * 2.0**-32


def _scale(words: NDArray[np.uint32], n: int) -> NDArray[np.int64]:
    return (words.astype(np.uint64) * np.uint64(n) >> np.uint64(32)).astype(np.int64)
