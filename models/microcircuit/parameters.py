"""Say what a user may set on a microcircuit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from math import isfinite
from numbers import Integral, Real
from typing import Annotated, Any, Literal

from cosim.errors import InputError, Problem, raise_all
from cosim.interfaces import Unit
from cosim.models.microcircuit.network.quantities import quantity
from cosim.registry import did_you_mean


@dataclass(frozen=True, slots=True)
class MicrocircuitParameters:
    """Hold what a user may set on a microcircuit.

    Parameters
    ----------
    network : str
        A shipped network, or the path of a network file or of a SONATA configuration, relative to `folder`.
    scale : float
        Neurons, as a part of those in the file.
    indegree_scale : float or None
        Synapses of each neuron, as a part of those in the file; None takes `scale`.
    drive : {'poisson', 'dc'}
        Whether the background comes as Poisson spikes or as the direct current of the same mean.
    background : float or None
        Mean rate of one external neuron, Hz; None takes the file's. The input port `background` overrides it.
    input_weight : str, float or None
        Weight of a spike on the port `spikes_in`, such as ``87.8 pA``, ``0.15 mV`` or ``2 nS``; a plain number is in the unit of the
        receptor; None takes the background's.
    input_receptor : str or None
        What those spikes act on; None goes by the sign of the weight.
    precision : {'single', 'double'}
        Precision of potential and current.
    trace : tuple of int
        Neurons whose potential and synaptic current are given on output ports, one sample a step.
    weights_every : float or None
        How often the weights of projections with STDP are read and given on output ports, ms; None for no such ports.
    weights_sample : int
        How many synapses of each such projection the port `weights` gives one by one.
    stream : str or None
        Name of the random streams; None takes the group's name.
    folder : str
        Where relative paths begin.
    """

    network: str = "potjans_diesmann_2014"
    scale: float = 1.0
    indegree_scale: float | None = None
    drive: Literal["poisson", "dc"] = "poisson"
    background: Annotated[float, Unit("Hz")] | None = None
    input_weight: str | float | None = None
    input_receptor: str | None = None
    precision: Literal["single", "double"] = "single"
    trace: tuple[int, ...] = ()
    weights_every: Annotated[float, Unit("ms")] | None = None
    weights_sample: int = 0
    stream: str | None = None
    folder: str = "."

    def problems(self) -> list[Problem]:
        """Return what is wrong with the values themselves."""
        found = [Problem(f"{name} is {value:g}", where=name, expected="a number above 0, such as 0.1")
                 for name, value in (("scale", self.scale), ("indegree_scale", self.indegree_scale))
                 if value is not None and not (isfinite(value) and value > 0)]
        if self.background is not None and not (isfinite(self.background) and self.background >= 0):
            found.append(Problem(f"the background rate is {self.background:g} Hz", where="background", expected="a rate of at least 0 Hz"))
        if isinstance(self.input_weight, float) and not isfinite(self.input_weight):
            found.append(Problem(f"input_weight is {self.input_weight:g}", where="input_weight", expected="a finite weight"))
        if self.input_receptor is not None and self.input_weight is None:
            found.append(Problem(f"input_receptor is '{self.input_receptor}', and no input_weight is given", where="input_receptor",
                                 expected="both, or none of them"))
        if self.weights_every is not None and not (isfinite(self.weights_every) and self.weights_every > 0):
            found.append(Problem(f"weights_every is {self.weights_every:g} ms", where="weights_every", expected="a time above 0"))
        if self.weights_sample < 0:
            found.append(Problem(f"weights_sample is {self.weights_sample}", where="weights_sample", expected="a number of at least 0"))
        for name, value, choices in (("drive", self.drive, ("poisson", "dc")), ("precision", self.precision, ("single", "double"))):
            if value not in choices:
                found.append(Problem(f"{name} is '{value}'", where=name, expected=" or ".join(f"'{c}'" for c in choices)))
        return found


def parameters_of(network: str, folder: str, given: Mapping[str, Any]) -> MicrocircuitParameters:
    """Return the parameters that are given in Python, quantities as text or as numbers in their unit.

    Raises
    ------
    InputError
        When there is no such parameter, or its value is of a wrong kind; what is out of bounds is left for `problems` to tell.
    """
    known = [f.name for f in fields(MicrocircuitParameters) if f.name not in ("network", "folder")]
    raise_all([Problem(f"there is no setting '{name}'", remedy=did_you_mean(name, known)) for name in given if name not in known])
    values = dict(given)
    for name, unit in (("background", "Hz"), ("weights_every", "ms")):
        if isinstance(values.get(name), str):
            try:
                values[name] = float(quantity(values[name], unit)[0])
            except ValueError as error:
                raise InputError(Problem(str(error), name, f"a quantity in {unit}")) from None
    if isinstance(values.get("trace"), Integral):
        values["trace"] = (values["trace"],)
    wrong = [name for name in ("scale", "indegree_scale", "background", "weights_every")
             if values.get(name) is not None and not isinstance(values[name], Real)]
    traced = values.get("trace", ())
    wrong += [] if isinstance(values.get("weights_sample", 0), Integral) else ["weights_sample"]
    wrong += [] if isinstance(traced, Sequence) and all(isinstance(i, Integral) for i in traced) else ["trace"]
    raise_all([Problem(f"{name} is {values[name]!r}", name, "a number" if name != "trace" else "ids of neurons, such as [0, 5]")
               for name in wrong])
    return MicrocircuitParameters(network=network, folder=folder, **values)
