"""Do plainly and slowly what the kernel with precise spike times does; tests hold the kernel against this, to 1e-11 of a step.

The arithmetic is another one on purpose: the state is carried from grid point to grid point, exponentials are the C library's, and a
crossing is found by cutting the time between two events into pieces on which the potential only rises or only falls, and halving.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from math import exp, expm1, log

import numpy as np
from numpy.typing import NDArray

from cosim.models.microcircuit.kernel.precise import PreciseNetwork
from cosim.random import philox, poisson_counts


@dataclass(slots=True)
class Neuron:
    """Hold one neuron; times run in steps, from the beginning of the current step on.

    Parameters
    ----------
    constants : sequence of float
        As the engine takes them.
    v : float
        Potential, mV above E_L.
    current : list of float
        Excitatory and inhibitory current, pA.
    drive : float
        Direct current, pA.
    rests_until : float
        End of the refractory time; 0 or below where there is none.
    """

    constants: list[float]
    v: float
    current: list[float] = field(default_factory=lambda: [0.0, 0.0])
    drive: float = 0.0
    rests_until: float = 0.0

    def potential(self, after: float) -> float:
        """Return the potential some time from now, where nothing happens in between."""
        leak, jump, level = self.constants[0], self.constants[1], self.constants[2] * self.drive
        v = level + (self.v - level) * exp(-leak * after)
        for current, decay, gap in zip(self.current, self.constants[5:7], self.constants[7:9], strict=True):
            v += current * jump * exp(-min(leak, decay) * after) * (-expm1(-gap * after) / gap if gap else after)
        return v

    def slope(self, after: float) -> float:
        """Return the slope of the potential some time from now, mV per step."""
        leak, jump, level = self.constants[0], self.constants[1], self.constants[2] * self.drive
        return leak * (level - self.potential(after)) + sum(jump * i * exp(-d * after)
                                                            for i, d in zip(self.current, self.constants[5:7], strict=True))

    def crossing(self, after: float) -> float | None:
        """Return when the potential first reaches the threshold within some time, or None."""
        threshold, cuts = self.constants[3], [0.0, after]
        if self.v >= threshold:
            return 0.0
        a, b = self.constants[5] * self.current[0], -self.constants[6] * self.current[1]
        if a * b > 0 and self.constants[5] != self.constants[6]:
            turn = log(b / a) / (self.constants[6] - self.constants[5])
            cuts += [turn] if 0 < turn < after else []
        cuts.sort()
        flat = [halve(self.slope, low, high) for low, high in pairwise(cuts)
                if self.slope(low) * self.slope(high) < 0]
        cuts = sorted(cuts + flat)
        for low, high in pairwise(cuts):
            if self.potential(high) >= threshold:
                return halve(lambda t: self.potential(t) - threshold, low, high)
        return None

    def pass_time(self, after: float) -> None:
        """Let some time go by in which nothing happens."""
        if self.rests_until <= 0:
            self.v = self.potential(after)
        self.current = [i * exp(-d * after) for i, d in zip(self.current, self.constants[5:7], strict=True)]
        self.rests_until -= after

    def step(self, events: Iterable[tuple[float, int, float]]) -> float | None:
        """Go through one step with events (time, which current, how much), in the order of time; return when it fired, or None."""
        now, fired = 0.0, None
        for time, channel, amount in (*events, (1.0, 0, 0.0)):
            while now < time:
                if self.rests_until > 0:
                    after = min(self.rests_until, time - now)
                    self.pass_time(after)
                    now = time if after == time - now else now + after
                    continue
                found = self.crossing(time - now)
                if found is None:
                    self.pass_time(time - now)
                    now = time
                else:
                    self.pass_time(found)
                    now = fired = now + found
                    self.v, self.rests_until = self.constants[4], self.constants[9] + self.constants[10]
            self.current[channel] += amount
        return fired


def halve(f: object, low: float, high: float) -> float:
    """Return where a function changes its sign, by halving down to neighbouring numbers."""
    assert callable(f)
    begin = f(low) < 0
    while low < (middle := low + (high - low) / 2) < high:
        low, high = (middle, high) if (f(middle) < 0) is begin else (low, middle)
    return high


def background(key: int, slot: int, mean: float, step: int) -> list[float]:
    """Return the offsets of the background spikes of one neuron in one step, in steps."""
    first = philox(key, slot, 0, step)
    guard = philox(key, slot, 2**32 - 1, step)[:2].astype("<u4").view("<u8")
    count = int(poisson_counts(mean, (first[:1] & 0xFFFF).astype(np.uint16), guard)[0])
    words = np.concatenate([first[2:], *(philox(key, slot, draw, step) for draw in range(1, count // 2 + 1))]).astype(np.uint64)
    return [float((words[2 * i] | words[2 * i + 1] << np.uint64(32)) >> np.uint64(11)) * 2.0**-53 for i in range(count)]


def run(network: PreciseNetwork, background_key: int, rate_hz: NDArray[np.float64], direct_pa: NDArray[np.float64],
        arrivals: Iterable[tuple[int, int, float, int, float]] = ()) -> tuple[list[tuple[int, int, float]], NDArray[np.float64]]:
    """Run a network from instant 0.

    Parameters
    ----------
    network : PreciseNetwork
        The network.
    background_key : int
        Random stream of the background.
    rate_hz, direct_pa : (n_steps, n_populations) float64
        Rate of one external neuron, Hz, and direct current, pA.
    arrivals : iterable of (int, int, float, int, float)
        Spikes from elsewhere: end of their step, id, offset in steps, which current, weight.

    Returns
    -------
    spikes : list of (int, int, float)
        End of the step, id, offset in steps.
    traced : (3, n_steps, n_neurons) float64
        Potential, mV above E_L, and both currents, pA.
    """
    population = np.repeat(np.arange(len(network.sizes)), network.sizes)
    slots = [slot + i for slot, size in zip(network.first_slots, network.sizes, strict=True) for i in range(size)]
    neurons = [Neuron(network.constants[p].tolist(), float(s[0]), s[1:].tolist())
               for p, s in zip(population, network.state.T, strict=True)]
    leaving: list[list[int]] = [[] for _ in neurons]
    for s, source in enumerate(network.source.tolist()):
        leaving[source].append(s)
    due: dict[tuple[int, int], list[tuple[float, int, float]]] = {}
    for stamp, i, offset, channel, amount in arrivals:
        due.setdefault((stamp, i), []).append((offset, channel, amount))
    spikes, traces = [], np.empty((3, len(rate_hz), len(neurons)))
    for k in range(len(rate_hz)):
        fired = []
        for i, neuron in enumerate(neurons):
            p, inputs = population[i], due.pop((k + 1, i), [])
            mean, weight, channel = neuron.constants[14] * rate_hz[k, p], neuron.constants[12], int(neuron.constants[13])
            if mean > 0:
                inputs += [(offset, channel, weight) for offset in background(background_key, slots[i], mean, k)]
            neuron.drive = direct_pa[k, p]
            found = neuron.step([(1 - offset, c, w) for offset, c, w in sorted(inputs, reverse=True)])
            if found is not None:
                fired.append((k + 1, i, 1 - found))
            traces[:, k, i] = neuron.v, *neuron.current
        for stamp, i, offset in fired:
            for s in leaving[i]:
                place = (stamp + int(network.delay[s]), int(network.target[s]))
                amount = float(network.weight[s]) * neurons[place[1]].constants[11]
                due.setdefault(place, []).append((offset, int(network.channel[s]), amount))
        spikes += fired
    return spikes, traces
