"""Write features as an HDF5 file, whole or not at all, and as plain data."""

from __future__ import annotations

import math
from pathlib import Path

import h5py
import numpy as np

from cosim.launch.features.found import Compared, Found


def write_numbers(path: Path, found: list[Found], compared: Compared | None) -> None:
    """Write every feature of every run, a group a run, and the comparison of the two."""
    partial = path.with_name(f"{path.name}.partial")
    with h5py.File(partial, "w") as file:
        for place, f in zip(("run", "compared_with"), found, strict=False):
            _write(file.create_group(place), f)
        if compared is not None:
            file.create_group("comparison").attrs.update({k: v for k, v in as_data(compared).items() if v is not None})
    partial.replace(path)


def _write(group: h5py.Group, f: Found) -> None:
    s = f.signals
    group.attrs.update({"name": f.name, "unit": s.unit, "step_ms": float(s.step_ms), "samples": s.length})
    group["channels"] = list(s.names)
    if f.fc is not None:
        group["fc"] = f.fc
    if f.structure is not None:
        group["connectome"] = f.structure.weights
        if f.structure.agreement is not None:
            group["connectome"].attrs["agreement_with_fc"] = f.structure.agreement
    if f.fcd is not None:
        group["fcd/matrix"], group["fcd/centres_ms"], group["fcd/patterns"] = f.fcd.matrix, f.fcd.centres_ms, f.fcd.patterns
        group["fcd"].attrs.update({"window_samples": f.fcd.window, "every_samples": f.fcd.every})
    if f.psd is not None and f.peak is not None:
        group["psd/frequencies_hz"], group["psd/density"] = f.psd.frequencies_hz, f.psd.density
        group["psd"].attrs.update({"segment_samples": f.psd.segment, "segments": f.psd.segments, "independent_segments": f.psd.independent,
                                   "peak_hz": f.peak.frequency_hz, "peak_is_inside": f.peak.inside})
        for name, low, high, power in f.bands:
            group[f"psd/power/{name}"] = power
            group[f"psd/power/{name}"].attrs.update({"low_hz": low, "high_hz": high})
    if f.coherence is not None:
        group["coherence/frequencies_hz"], group["coherence/values"] = f.coherence.frequencies_hz, f.coherence.values
        group["coherence"].attrs.update({"segments": f.coherence.segments, "by_chance": f.coherence.by_chance})
    if f.plv is not None:
        group["plv"] = f.plv.values
        group["plv"].attrs["by_chance"] = f.plv.by_chance


def as_data(c: Compared) -> dict[str, float | str | None]:
    """Return a comparison by name."""
    d = c.divergence
    return {"fc_agreement": c.agreement, "fcd_distance": c.fcd_distance, "divergence_nats": d.value if d else None,
            "divergence_bias_nats": d.bias if d else None, "divergence_error_nats": d.standard_error if d else None,
            "divergence_from": d.estimator if d else None, "remark": c.remark or None}


def summary(f: Found) -> dict[str, object]:
    """Return the features of a run in a few numbers; the whole is in the file."""
    told: dict[str, object] = {"name": f.name, "channels": f.signals.size, "samples": f.signals.length,
                               "step_ms": float(f.signals.step_ms), "unit": f.signals.unit}
    pairs = np.triu_indices(f.signals.size, 1)
    if f.fc is not None:
        told["fc_mean"] = _known(f.fc[pairs])
    if f.structure is not None:
        told["fc_agreement_with_connectome"] = f.structure.agreement
    if f.fcd is not None:
        told |= {"fcd_windows": len(f.fcd.matrix), "fcd_mean": _known(f.fcd.distribution), "fcd_mean_apart": _known(f.fcd.apart)}
    if f.psd is not None and f.peak is not None:
        told |= {"peak_hz": f.peak.frequency_hz, "peak_is_inside": f.peak.inside, "spacing_hz": f.psd.spacing_hz,
                 "power": {name: float(p.mean()) for name, _, _, p in f.bands}}
    if f.coherence is not None:
        told |= {"coherence_mean": _known(f.coherence.values[:, pairs[0], pairs[1]]), "coherence_by_chance": f.coherence.by_chance}
    if f.plv is not None:
        told |= {"plv_mean": _known(f.plv.values[pairs]), "plv_by_chance": f.plv.by_chance}
    return told


def _known(values: np.ndarray) -> float | None:
    mean = float(values.mean()) if values.size else math.nan
    return None if math.isnan(mean) else mean
