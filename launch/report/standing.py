"""Give a brain back its replaced regions: what stood for them, as it was translated from recorded spikes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cosim.launch.report.recorded import Sampled, Spiking
from cosim.launch.report.run import Run, hertz, milliseconds


@dataclass(frozen=True, slots=True)
class StandIn:
    """Say how the spikes of a group stand for the rate of a region: a boxcar of some width over some populations (all, when empty).

    Up to instant 0 it was filled by a constant rate.
    """

    target: str
    source: str
    populations: tuple[str, ...]
    width_ms: float
    weight: float
    before_hz: float = 0.0


def stand_ins(couplings: tuple[Mapping[str, Any], ...]) -> Iterator[StandIn]:
    """Yield every coupling that turns spikes into one rate by ``spikes_to_rate`` and nothing else."""
    for coupling in couplings:
        steps = coupling.get("translate")
        step = steps[0] if isinstance(steps, list) and len(steps) == 1 else None
        if not isinstance(step, Mapping) or list(step) != ["spikes_to_rate"]:
            continue
        given: Mapping[str, Any] = step["spikes_to_rate"] or {}
        width = milliseconds(given.get("width", 20.0))
        if width and given.get("pooled", True):
            yield StandIn(str(coupling.get("to")), str(coupling.get("from")), tuple(map(str, given.get("populations") or ())), width,
                          float(coupling.get("weight", 1.0)), hertz(given.get("before", 0.0)) or 0.0)


def boxcar(spiking: Spiking, stand_in: StandIn, times_ms: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rate that spikes stood for, (n_samples,) float64, Hz: those in ``(T - width, T]``, per neuron and second."""
    chosen = [p for p in spiking.populations if not stand_in.populations or p.name in stand_in.populations]
    mine = np.zeros(len(spiking.ids), dtype=bool)
    for population in chosen:
        mine |= (spiking.ids >= population.first) & (spiking.ids < population.stop)
    # Half a nanosecond keeps decimal times that binary numbers cannot hold on their side of the edge.
    spikes, neurons = np.sort(spiking.times_ms[mine]), sum(p.size for p in chosen)
    counts = np.searchsorted(spikes, times_ms + 5e-7, "right") - np.searchsorted(spikes, times_ms - stand_in.width_ms + 5e-7, "right")
    rate = counts / (max(neurons, 1) * stand_in.width_ms / 1000.0)
    return np.asarray(stand_in.weight * (rate + stand_in.before_hz * np.clip(1.0 - times_ms / stand_in.width_ms, 0.0, 1.0)))


def with_replaced(run: Run, port: Sampled) -> Sampled:
    """Return the rates of all regions of a group in the order of its connectome.

    Parameters
    ----------
    run : Run
        For the connectome, the couplings and the spikes.
    port : Sampled
        Rates of the simulated regions, named; it comes back as it is where it is not known which regions are missing.

    Returns
    -------
    Sampled
        A replaced region holds what stood for it, before any delay, or not-a-number where that was not recorded.
    """
    connectome = run.recorded.connectomes.get(port.group)
    labels = connectome.labels if connectome else ()
    if len(port.names) >= len(labels) or not set(port.names) <= set(labels):
        return port
    values = np.full((len(port.times_ms), len(labels)), np.nan)
    values[:, [labels.index(name) for name in port.names]] = port.values
    known = {f"{s.group}.{s.port}": s for s in run.recorded.spiking}
    for stand_in in stand_ins(run.couplings):
        group, _, rest = stand_in.target.partition(".")
        label = rest.removesuffix(".rate")
        if group == port.group and label in labels and label not in port.names and stand_in.source in known:
            values[:, labels.index(label)] = boxcar(known[stand_in.source], stand_in, port.times_ms)
    return replace(port, values=values, names=labels)
