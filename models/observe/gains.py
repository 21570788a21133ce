"""Take a gain matrix from a file, or compute it from where sensors and sources lie."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from cosim.errors import InputError, Problem
from cosim.interfaces import Port
from cosim.models.observe.fitting import refuse_other_units, refuse_twice
from cosim.models.observe.lead_field import average_reference, lead_field, percentile_95, summed
from cosim.models.observe.operator import Array
from cosim.models.observe.parameters import Gain
from cosim.models.observe.places import Places, read_gain, read_places
from cosim.models.observe.sources import read_sources, sources_digest
from cosim.registry import did_you_mean


def gain_of(spec: Gain, source: Port) -> tuple[Array, tuple[str, ...]]:
    """Return the gain, (sensors, channels), and the names of the sensors, where they are known.

    Raises
    ------
    InputError
        When files cannot be read, or do not fit the port.
    """
    folder = spec.folder or Path()
    if spec.file is None and spec.sources is None:
        raise InputError(Problem("there is no gain: nothing says where the regions lie", "sources", "the connectome, such as "
                                 "tvb_data:connectivity_76.zip, or lines 'region x y z'", "or apply it afterwards by 'cosim observe', to "
                                 "a run that knows it"))
    sensors = None if spec.sensors is None else read_places(folder / spec.sensors)
    if sensors is not None:
        refuse_twice(sensors)
    if spec.file is not None:
        gain = read_gain(folder / spec.file, spec.variable)
        _fits(gain, source, folder / spec.file)
        if sensors is not None and len(sensors.labels) != len(gain):
            raise InputError(Problem(f"there are {len(sensors.labels)} sensors, but the gain has {len(gain)} rows", "sensors",
                                     "a sensor for each row of the gain"))
    else:
        assert sensors is not None and spec.sources is not None  # `Gain` refuses all else
        gain = _computed(spec, sensors, read_sources(spec.sources, folder), source)
    gain = gain * spec.strength
    if spec.scaling == "percentile_95":
        gain = percentile_95(gain)
    if spec.reference == "average":
        gain = average_reference(gain)
    return gain, sensors.labels if sensors else ()


def order_told(spec: Gain, source: Port) -> str:
    """Return in which order columns or sources are taken for the channels, where no names hold them together; else ''."""
    if spec.file is not None:
        return "columns of the gain are taken in the order of the channels" + (f", {source.labels[0]} first" if source.labels else "")
    return "" if source.labels else "the channels have no names, so sources are taken in the order of their file"


def files_digest(spec: Gain) -> str:
    """Return one digest over the files that a gain is made from."""
    folder, found = spec.folder or Path(), sha256()
    for path in (spec.file, spec.sensors):
        if path is not None:
            found.update((folder / path).read_bytes())
    if spec.sources is not None:
        found.update(sources_digest(spec.sources, folder))
    return found.hexdigest()


def _computed(spec: Gain, sensors: Places, sources: Places, source: Port) -> Array:
    regions = tuple(dict.fromkeys(sources.labels))
    wanted = source.labels or regions
    missing = [name for name in wanted if name not in regions]
    if len(missing) == len(wanted):
        raise InputError(Problem(f"the sources have none of the regions that are observed: these are called {_some(wanted)}, the sources "
                                 f"{_some(regions)}", "sources", "a source for each region, by its name",
                                 "correct the names, or name the channels with 'labels'"))
    if missing:
        raise InputError(*(Problem(f"the sources have no region '{name}'", "sources", remedy=did_you_mean(name, list(regions)))
                           for name in missing[:20]))
    if len(wanted) != source.size:
        raise InputError(Problem(f"the sources lie in {len(wanted)} regions, but '{source.name}' has {source.size} channels", "sources",
                                 "a region for each channel, in their order"))
    if spec.rule != "sphere_eeg":  # which takes directions only, so that sensors may lie on the unit sphere
        refuse_other_units(sensors, sources)
    return summed(lead_field(spec.rule, sensors, sources, spec.nearest, spec.conductivity), sources, regions)[
        :, [regions.index(name) for name in wanted]]


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in names[:3]) + ", ..." * (len(names) > 3)


def _fits(gain: Array, source: Port, path: Path) -> None:
    if gain.shape[1] != source.size:
        turned = gain.shape[0] == source.size
        raise InputError(Problem(f"the gain '{path}' has {gain.shape[0]} rows and {gain.shape[1]} columns, but '{source.name}' has "
                                 f"{source.size} channels", "file", "a row for each sensor and a column for each channel",
                                 "transpose it" if turned else ""))
