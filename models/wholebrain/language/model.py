"""Say what a mean-field model of one region is: parameters, state, what it sends and receives, and its equations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cosim.models.language import functions

Array = NDArray[np.float64]
PerRegion = float | tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Parameter:
    """Describe one parameter; users may give one number, or one for each region.

    Parameters
    ----------
    name, unit, about : str
        As in the equations, and as users write it; its unit, ``1`` for a pure number; what it is.
    default : float
        Value that holds where neither the user nor a preset gives one.
    above, least, most : float or None
        The value must be above, at least, or at most this.
    """

    name: str
    unit: str
    default: float
    about: str
    above: float | None = None
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True)
class Variable:
    """Describe one state variable.

    Parameters
    ----------
    name, unit, about : str
        What it is called, its unit, and what it stands for.
    start : float
        Value to start from where nothing else is known.
    low, high : float
        Bounds to which it is clamped after each stage of a step.
    range : tuple of float
        What it usually lies between: for pictures, searches and random starts.
    """

    name: str
    unit: str
    about: str
    start: float
    range: tuple[float, float]
    low: float = -np.inf
    high: float = np.inf


@dataclass(frozen=True, slots=True)
class Sent:
    """Describe one thing that a region sends along its tracts; it is `name`, a state variable, where the model has no function `sends`."""

    name: str
    unit: str
    about: str


@dataclass(frozen=True, slots=True)
class Received:
    """Describe one sum over what other regions send, ``c.NAME`` in the equations.

    Parameters
    ----------
    name, unit, about : str
        What it is called, the unit that the sum times G must have, and what it does.
    takes : str
        Which of the things sent it sums, unless the user names another.
    by : tuple of str
        Parameters that multiply it wherever it stands: where all are 0 in every region, nobody need sum it. Empty where nothing does.
    """

    name: str
    unit: str
    about: str
    takes: str
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Input:
    """Describe one place where stimuli and drives can be added, ``u.NAME`` in the equations."""

    name: str
    unit: str
    about: str


@dataclass(frozen=True, slots=True)
class Model:
    """Describe one mean-field model; tests, documentation and pictures read these facts.

    Equations are functions of holders whose attributes are arrays over regions: ``x`` the state, ``p`` the parameters and what `derived`
    adds, ``c`` what is received, ``u`` the inputs. They are written in the language of `cosim.models.language`, so that NumPy runs them
    and the kernel gets C of them.

    Parameters
    ----------
    name, about, source : str
        Its name in an experiment, one sentence, and the publication of the equations.
    parameters : tuple of Parameter
        In any order.
    state : tuple of Variable
        In the order of `slope`.
    sends : tuple of Sent
        What regions may send.
    receives : tuple of Received
        What enters from other regions.
    inputs : tuple of Input
        Where stimuli and drives may be added; the first one is meant where a user names none.
    slope : callable
        ``slope(x, p, c, u)``: tuple of the derivatives of the state variables, 1/ms.
    sent : callable or None
        ``sent(x, p)``: tuple of what is sent, in the order of `sends`; None where all are state variables.
    rate : callable or None
        ``rate(x, p, c, u)``: firing rate, Hz, that the rate port gives; None where the model has none.
    rate_about : str
        What that is the rate of.
    follow : callable or None
        ``follow(h, r, p)``: derivative, 1/ms, of the first thing sent where the rate of the region is given from outside, r in Hz.
    from_rate : callable or None
        ``from_rate(r, p)``: the first thing sent as a function of the rate, Hz, where it follows at once.
    derived : callable or None
        Adds what is worked out once from the parameters: mapping of name to (n,) arrays, from such a mapping.
    presets : mapping of str to mapping of str to float
        Named sets of parameters; the first one is the default.
    preset_word : str
        By which word a user names a preset among the parameters; 'preset' always does.
    words : mapping of str to tuple of str
        Words that some parameters may hold instead of a number.
    resolve : callable or None
        ``resolve(parameter, word, values, gain, weights)``: the numbers, (n,), that a word stands for.
    valid : callable or None
        ``valid(x, p)``: where the state lies inside the range that the model was made for; outside it users are told.
    valid_about : str
        What that range is.
    """

    name: str
    about: str
    source: str
    parameters: tuple[Parameter, ...]
    state: tuple[Variable, ...]
    sends: tuple[Sent, ...]
    receives: tuple[Received, ...]
    inputs: tuple[Input, ...]
    slope: Callable[[Any, Any, Any, Any], tuple[Any, ...]]
    sent: Callable[[Any, Any], tuple[Any, ...]] | None = None
    rate: Callable[[Any, Any, Any, Any], Any] | None = None
    rate_about: str = ""
    follow: Callable[[Any, Any, Any], Any] | None = None
    from_rate: Callable[[Any, Any], Any] | None = None
    derived: Callable[[Mapping[str, Array]], Mapping[str, Array]] | None = None
    presets: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    preset_word: str = "preset"
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    resolve: Callable[[str, str, Mapping[str, Array], float, Array], Array] | None = None
    valid: Callable[[Any, Any], Any] | None = None
    valid_about: str = ""

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of the state variables, in order."""
        return tuple(v.name for v in self.state)

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """Names of the parameters."""
        return tuple(p.name for p in self.parameters)


def family(name: str, unit: str, defaults: tuple[float, ...], about: str) -> tuple[Parameter, ...]:
    """Return parameters ``NAME_0, NAME_1, ...``; a user may give them all at once as the list NAME."""
    return tuple(Parameter(f"{name}_{i}", unit, value, f"{about}, number {i}") for i, value in enumerate(defaults))


class Held:
    """Hold arrays by name, as the equations read them."""

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)


def everything(model: Model, given: Mapping[str, Array | float], n: int) -> dict[str, Array]:
    """Return all parameters and what is derived from them, (n,) each; defaults where nothing is given.

    Parameters
    ----------
    model : Model
        Whose parameters they are.
    given : mapping of str to (n,) float64 or float
        Checked values.
    n : int
        Number of regions.
    """
    preset = next(iter(model.presets.values()), {})
    values = {p.name: np.array(np.broadcast_to(np.asarray(given.get(p.name, preset.get(p.name, p.default)), np.float64), (n,)))
              for p in model.parameters}
    if model.derived is not None:
        values |= {k: np.array(np.broadcast_to(np.asarray(v, np.float64), (n,))) for k, v in model.derived(values).items()}
    return values


def parameter_row(name: str, values: Mapping[str, Array], n: int) -> Array:
    """Return what the kernel reads as a row of parameters, (n,): a parameter, or an expression of parameters (see ``translate.py``)."""
    if name in values:
        return values[name]
    known = {key: getattr(functions, key) for key in functions.__dict__ if not key.startswith("_")}
    found = eval(name, {"__builtins__": {}} | known, {"p": Held(**values)})
    return np.array(np.broadcast_to(np.asarray(found, np.float64), (n,)))


def slope_of(model: Model, values: Mapping[str, Array], x: Array, c: Array | None = None, u: Array | None = None) -> Array:
    """Return the derivatives of all state variables by NumPy: the slow twin of the kernel.

    Parameters
    ----------
    values : mapping of str to (n,) float64
        From `everything`.
    x : (variables, n) float64
        State.
    c : (received, n) float64 or None
        G times the sums over what other regions send; zeros where None.
    u : (inputs, n) float64 or None
        What stimuli and drives add; zeros where None.

    Returns
    -------
    (variables, n) float64, 1/ms
    """
    n = x.shape[1]
    slopes = model.slope(*_holders(model, values, x, c, u))
    return np.array([np.broadcast_to(np.asarray(s, np.float64), (n,)) for s in slopes])


def rate_of(model: Model, values: Mapping[str, Array], x: Array, c: Array | None = None, u: Array | None = None) -> Array:
    """Return the rate, (n,) Hz, of a model that has one; arguments as in `slope_of`."""
    if model.rate is None:
        raise ValueError(f"{model.name} has no rate")
    return np.array(np.broadcast_to(np.asarray(model.rate(*_holders(model, values, x, c, u)), np.float64), (x.shape[1],)))


def valid_of(model: Model, values: Mapping[str, Array], x: Array) -> NDArray[np.bool_]:
    """Return where a state lies inside the range that the model was made for, (n,); everywhere where it names none."""
    if model.valid is None:
        return np.ones(x.shape[1], np.bool_)
    inside = model.valid(Held(**dict(zip(model.variables, x, strict=True))), Held(**values))
    return np.array(np.broadcast_to(np.asarray(inside, np.bool_), (x.shape[1],)))


def sent_of(model: Model, values: Mapping[str, Array], x: Array) -> Array:
    """Return what regions send in a state, (sent, n)."""
    if model.sent is None:
        return np.array([x[model.variables.index(s.name)] for s in model.sends])
    state = Held(**dict(zip(model.variables, x, strict=True)))
    return np.array([np.broadcast_to(np.asarray(s, np.float64), (x.shape[1],)) for s in model.sent(state, Held(**values))])


def _holders(model: Model, values: Mapping[str, Array], x: Array, c: Array | None, u: Array | None) -> tuple[Held, Held, Held, Held]:
    n = x.shape[1]
    received = np.zeros((len(model.receives), n)) if c is None else c
    inputs = np.zeros((len(model.inputs), n)) if u is None else u
    return (Held(**dict(zip(model.variables, x, strict=True))), Held(**values),
            Held(**dict(zip([r.name for r in model.receives], received, strict=True))),
            Held(**dict(zip([i.name for i in model.inputs], inputs, strict=True))))
