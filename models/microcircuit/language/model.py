"""Say what a neuron model is: parameters, state, receptors, and the step that takes it through time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

Values = Mapping[str, Fraction]
Step = Callable[[Any, Any, Any], Any]


@dataclass(frozen=True, slots=True)
class Parameter:
    """Describe one parameter.

    Parameters
    ----------
    name : str
        As in the equations, and as users write it.
    unit : str
        ``ms``, ``mV``, ``pA``, ``pF``, ``nS`` ...; ``1`` for a pure number.
    default : str
        Value that holds where a user gives none, as a decimal number.
    about : str
        What it is.
    above, least : str or None
        The value must be above, or at least, this.
    on_grid : bool
        Whether it is a time that must be a whole number of steps.
    """

    name: str
    unit: str
    default: str
    about: str
    above: str | None = None
    least: str | None = None
    on_grid: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """Describe one state variable.

    Parameters
    ----------
    name, unit, about : str
        As for a parameter.
    above : str or None
        Parameter that the variable is counted from inside the kernel, such as ``E_L``; outside it is shown in full.
    """

    name: str
    unit: str
    about: str
    above: str | None = None


@dataclass(frozen=True, slots=True)
class Receptor:
    """Describe what a synapse of the model can act on.

    Parameters
    ----------
    name, unit, about : str
        As for a parameter; the unit is that of a weight.
    keeps_sign : bool
        Whether a negative weight stays negative (currents, potentials), or its size alone counts (conductances).
    """

    name: str
    unit: str
    about: str
    keeps_sign: bool = True


@dataclass(frozen=True, slots=True)
class Kernel:
    """Name one step function of the model, and which receptor feeds which of its inputs.

    Parameters
    ----------
    step : callable
        ``step(n, k, x)`` changes the state ``n``, with the constants ``k`` and the inputs ``x``, and returns who has fired.
    feeds : mapping of str to str
        For each receptor the name of the input that sums it. Several may share one, where they act alike.
    """

    step: Step
    feeds: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Complaint:
    """Say what is wrong with a parameter, by its name, and what was expected."""

    parameter: str
    what: str
    expected: str


def reset_below_threshold(p: Values, _: Fraction) -> tuple[Complaint, ...]:
    """Complain of a V_reset that is not below V_th, for models that have both and ask nothing else."""
    if p["V_reset"] < p["V_th"]:
        return ()
    return (Complaint("V_reset", f"V_reset, {float(p['V_reset']):g} mV, is not below V_th, {float(p['V_th']):g} mV",
                      "a reset below the threshold"),)


def _no_complaints(_: Values, __: Fraction) -> tuple[Complaint, ...]:
    return ()


def _first_kernel(_: Values) -> int:
    return 0


def _at_rest(_: Values) -> Mapping[str, float]:
    return {}


def _unknown(_: Values, __: str) -> float | None:
    return None


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """Describe a neuron model.

    Parameters
    ----------
    name : str
        Its name; that of its file.
    about, source : str
        One sentence; author, year, equation.
    parameters : tuple of Parameter
        What a user may set.
    state : tuple of State
        All state variables but ``rest``, the number of steps that a neuron stays refractory. The first is the potential.
    receptors : tuple of Receptor
        The first takes synapses of positive weight, the last those of negative weight, where a projection names none.
    kernels : tuple of Kernel
        At least one; none where spikes are precise.
    constants : callable
        ``constants(parameters, step_ms)`` gives what the step functions read as ``k``, worked out once.
    kernel : callable
        ``kernel(parameters)`` gives the number of the kernel to use.
    initial : callable
        ``initial(parameters)`` gives the value of state variables at instant 0, counted as inside the kernel; 0 where it gives none.
    complaints : callable
        ``complaints(parameters, step_ms)`` gives what is wrong beyond the bounds of single parameters.
    peak : callable
        ``peak(parameters, receptor)`` gives the weight whose single spike moves the potential by 1 mV at its peak, or None.
    charge : callable
        ``charge(parameters, receptor)`` gives the mean current, pA, of spikes of weight 1 at 1 per ms, or None where there is no such
        thing; the down-scaling of networks needs it.
    is_precise : bool
        Whether spikes lie between the instants of the grid; such a model has a kernel of its own, and a network none of any other.
    """

    name: str
    about: str
    source: str
    parameters: tuple[Parameter, ...]
    state: tuple[State, ...]
    receptors: tuple[Receptor, ...]
    kernels: tuple[Kernel, ...]
    constants: Callable[[Values, Fraction], Mapping[str, float]]
    kernel: Callable[[Values], int] = field(default=_first_kernel)
    initial: Callable[[Values], Mapping[str, float]] = field(default=_at_rest)
    complaints: Callable[[Values, Fraction], tuple[Complaint, ...]] = field(default=_no_complaints)
    peak: Callable[[Values, str], float | None] = field(default=_unknown)
    charge: Callable[[Values, str], float | None] = field(default=_unknown)
    is_precise: bool = False

    def receptor_of(self, weight: float) -> Receptor:
        """Return the receptor of a synapse of this weight that names none."""
        return self.receptors[-1] if weight < 0 else self.receptors[0]

    def receptor(self, name: str) -> Receptor:
        """Return a receptor by its name."""
        return next(r for r in self.receptors if r.name == name)
