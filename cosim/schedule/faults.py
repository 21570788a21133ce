"""Say what is wrong with a block, so that nobody's mistake travels."""

from __future__ import annotations

import numpy as np

from cosim.blocks import Block, Kind, Samples, Spikes
from cosim.interfaces import Port


def fault(block: Block, port: Port, start: int | None, stop: int, step: int) -> str:
    """Return in words what is wrong with a block, or nothing.

    Parameters
    ----------
    block : Block
        What a component or a translator gave.
    port : Port
        What it was to be.
    start, stop : int
        It was to be stamped in ``(start, stop]``; a `start` of None stands for all that was before.
    step : int
        Ticks from one sample to the next.
    """
    if (port.kind is Kind.SPIKES) is not isinstance(block, Spikes):
        return f"it should hold {'spikes' if port.kind is Kind.SPIKES else 'samples'}"
    if isinstance(block, Spikes):
        return _spikes_fault(block, port, start, stop) or _offsets_fault(block, step)
    return _samples_shape_fault(block, port, start, stop, step) or _not_finite(block)


def _spikes_fault(block: Spikes, port: Port, start: int | None, stop: int) -> str:
    ticks, ids = block.ticks, block.ids
    if ticks.dtype != np.int64 or ids.dtype != np.int64 or ticks.ndim != 1 or ticks.shape != ids.shape:
        return f"ticks and ids must be (n,) int64, they are {ticks.shape} {ticks.dtype} and {ids.shape} {ids.dtype}"
    if not len(ticks):
        return ""
    later = ticks[1:] > ticks[:-1]
    if not (later | (ticks[1:] == ticks[:-1]) & (ids[1:] >= ids[:-1])).all():
        return "spikes must be sorted by tick, then by id"
    if (start is not None and ticks[0] <= start) or ticks[-1] > stop:
        return f"spikes must be stamped {'' if start is None else f'after tick {start} and '}up to tick {stop}"
    if ids.min() < 0 or ids.max() >= port.size:
        return f"spike ids must be from 0 to {port.size - 1}"
    return ""


def _offsets_fault(block: Spikes, step: int) -> str:
    offsets = block.offsets
    if offsets is None:
        return ""
    if offsets.dtype != np.float64 or offsets.shape != block.ticks.shape:
        return f"offsets must be (n,) float64, they are {offsets.shape} {offsets.dtype} for {block.ticks.shape} ticks"
    inside = (offsets >= 0) & (offsets < step)
    if inside.all():
        return ""
    return f"a spike happened {offsets[~inside][0]:g} ticks before its stamp, expected from 0 up to a step of {step} ticks, and not with it"


def _samples_shape_fault(block: Samples, port: Port, start: int | None, stop: int, step: int) -> str:
    values = block.values
    if values.dtype != np.float64 or values.ndim != 2 or values.shape[1] != port.size:
        return f"it has shape {values.shape} of {values.dtype}, expected (samples, {port.size}) of float64"
    if len(values) > 1 and block.step != step:
        return f"its samples are {block.step} ticks apart, expected {step}"
    if start is None:
        return "" if len(values) and block.last == stop else f"its last sample must be stamped {stop}"
    first, rows = start + step, (stop - start) // step
    return "" if block.first == first and len(values) == rows else f"expected {rows} samples from tick {first} on"


def _not_finite(block: Samples) -> str:
    if np.isfinite(block.values).all():
        return ""
    row, channel = np.argwhere(~np.isfinite(block.values))[0]
    return f"channel {channel} is {block.values[row, channel]} at tick {block.first + row * block.step}"
