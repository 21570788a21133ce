"""Read the populations of a network file: their neuron models, parameters, initial state and external input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from cosim.models.microcircuit.language.model import Model, Parameter
from cosim.models.microcircuit.network.data import MOST_NEURONS, Background, Population
from cosim.models.microcircuit.network.distribution import Distribution, constant
from cosim.models.microcircuit.network.section import Section
from cosim.models.microcircuit.network.spread import spread
from cosim.models.microcircuit.neurons import model as neuron_model
from cosim.models.microcircuit.neurons import names as neuron_names

WEIGHT_UNITS = ("mV", "pA", "nS")
_DEFAULT_MODEL = "iaf_psc_exp"
_LARGEST = 10**15


@dataclass(frozen=True, slots=True)
class Cell:
    """Hold a neuron model and values of its parameters."""

    model: Model
    values: Mapping[str, Fraction]


def populations_of(section: Section, neuron: Section, neurons: Section, background: Section) -> dict[str, Population | None]:
    """Return the populations of a network by name; None for one that something is wrong with."""
    parts = neurons.sections()
    types = {name: _cell(part, None) for name, part in parts.items()}
    default = _cell(neuron, None)
    for part in (neuron, *parts.values()):
        part.finish()
    rate, weight = background.optional("rate", "Hz"), background.either("weight", *WEIGHT_UNITS)
    receptor = background.text("receptor", "") or None
    background.finish()
    return {name: _population(name, part, default, types, rate, weight, receptor) for name, part in section.sections().items()}


def weight_in(part: Section, key: str, weight: tuple[Fraction, str], receptor: str | None, cell: Cell,
              target: str) -> tuple[str, float] | None:
    """Return the receptor that a weight acts on and its value in that receptor's unit; None, and a problem noted, where it has none."""
    found = weights_in(part, key, (constant(weight[0]), weight[1]), receptor, cell, target)
    return None if found is None else (found[0], found[1].mean)


def weights_in(part: Section, key: str, weights: tuple[Distribution, str], receptor: str | None, cell: Cell,
               target: str) -> tuple[str, Distribution] | None:
    """Return what `weight_in` returns, for weights that spread."""
    known = [r.name for r in cell.model.receptors]
    if receptor is not None and receptor not in known:
        part.blame(key, f"'{target}' is {cell.model.name}, which has no receptor '{receptor}'", f"one of {', '.join(known)}")
        return None
    spread, unit = weights
    acts = cell.model.receptor(receptor) if receptor else cell.model.receptor_of(spread.mean)
    factor: float | None = 1.0
    if unit != acts.unit:
        factor = cell.model.peak(cell.values, acts.name) if unit == "mV" else None
    if factor is None:
        part.blame(key, f"the weight is {spread.mean:g} {unit}, and a synapse of {cell.model.name} ('{target}', receptor '{acts.name}') "
                   f"has a weight in {acts.unit}", f"a weight in {acts.unit}")
        return None
    values = spread.values()
    if not acts.keeps_sign and values[0] < 0 < values[-1]:
        part.blame(key, f"the weights lie between {values[0]:g} and {values[-1]:g} {unit}, and the size alone of a weight counts for the "
                   f"receptor '{acts.name}' of '{target}'", "weights of one sign", "set bounds, such as redraw: [0 nS, inf]")
        return None
    return acts.name, spread.times(factor if acts.keeps_sign or values[-1] > 0 else -abs(factor))


def _cell(part: Section, base: Cell | None) -> Cell | None:
    """Return model and parameters that a section gives, on top of a base of the same model; None where something is wrong."""
    before = len(part.problems)
    name = part.choice("model", list(neuron_names()), base.model.name if base else _DEFAULT_MODEL)
    if len(part.problems) > before:
        _leave_out(part)
        return None
    model = neuron_model(name)
    given = base.values if base and base.model.name == name else {p.name: Fraction(p.default) for p in model.parameters}
    values = {p.name: _value(part, p, given[p.name]) for p in model.parameters}
    both = [p for p in model.parameters if p.name in ("tau_syn_ex", "tau_syn_in")]
    if both and part.has("tau_syn"):
        tau = part.quantity("tau_syn", "ms")
        values.update({p.name: tau for p in both if not part.has(p.name)})
        if tau <= 0 and len(part.problems) == before:
            part.blame("tau_syn", f"tau_syn is {float(tau):g} ms", "a value above 0")
    return Cell(model, values) if len(part.problems) == before else None


def _leave_out(part: Section) -> None:
    """Count every key that some neuron model knows as asked for: which model is meant cannot be told."""
    for model in map(neuron_model, neuron_names()):
        part.take("model", "tau_syn", *(p.name for p in model.parameters))
        part.take("V_init", "V_init_sd", *(f"{s.name}_init{more}" for s in model.state for more in ("", "_sd")))


def _value(part: Section, p: Parameter, default: Fraction) -> Fraction:
    before = len(part.problems)
    value = part.number(p.name, default, -_LARGEST, _LARGEST) if p.unit == "1" else part.quantity(p.name, p.unit, default)
    if len(part.problems) > before:
        return value
    unit = "" if p.unit == "1" else f" {p.unit}"
    if p.above is not None and value <= Fraction(p.above):
        part.blame(p.name, f"{p.name} is {float(value):g}{unit}", f"a value above {p.above}")
    if p.least is not None and value < Fraction(p.least):
        part.blame(p.name, f"{p.name} is {float(value):g}{unit}", f"a value of at least {p.least}")
    return value


def _population(name: str, part: Section, default: Cell | None, types: dict[str, Cell | None], rate: Fraction | None,
                weight: tuple[Fraction, str] | None, receptor: str | None) -> Population | None:
    """Return a population; what rests on a cell that is not sound is not looked at, as that would only follow from it."""
    before = len(part.problems)
    named = part.choice("neuron", list(types)) if part.has("neuron") else None
    base = default if named is None else types.get(named)
    if base is None:
        _leave_out(part)
    cell = _cell(part, base) if base else None
    size = part.integer("size", least=1, most=MOST_NEURONS)
    external = part.integer("external", 0, least=0)
    own_rate = part.quantity("external_rate", "Hz", rate if external else rate or Fraction(0))
    own_weight = part.either("external_weight", *WEIGHT_UNITS) or (weight if external or _suits(part, weight, receptor, cell) else None)
    direct = part.quantity("I_e", "pA", Fraction(0))
    mean_rate = part.optional("mean_rate", "Hz")
    initial = _initial(part, cell) if cell else {}
    part.finish()
    if external and own_weight is None:
        part.blame("external", "the weight of the external synapses is not given", "'weight' in 'background', or 'external_weight' here")
    for key, value in (("external_rate", own_rate), ("mean_rate", mean_rate or Fraction(0))):
        if value < 0:
            part.blame(key, f"{key} is {float(value):g} Hz", "a value of at least 0")
    if cell is None or base is None or len(part.problems) > before:
        return None
    found = weight_in(part, "external_weight", own_weight, receptor, cell, name) if own_weight else (cell.model.receptors[0].name, 0.0)
    if found is None:
        return None
    return Population(name, size, cell.model, cell.values, initial, float(direct), None if mean_rate is None else float(mean_rate),
                      Background(external, float(own_rate), found[1], found[0]))


def _suits(part: Section, weight: tuple[Fraction, str] | None, receptor: str | None, cell: Cell | None) -> bool:
    """Say whether the weight that all populations share suits neurons of this kind; it need not, if they hear no external ones."""
    aside = Section(None, part.path, "", [])
    return weight is not None and cell is not None and weight_in(aside, "", weight, receptor, cell, "") is not None


def _initial(part: Section, cell: Cell) -> dict[str, Distribution]:
    """Return the distributions of state variables at instant 0, counted as the kernel counts them."""
    potential = cell.model.state[0]
    found = {}
    for state in cell.model.state:
        key, sd_key = ("V_init", "V_init_sd") if state is potential else (f"{state.name}_init", f"{state.name}_init_sd")
        if not part.has(key) and not part.has(sd_key):
            part.take(key, sd_key)
            continue
        base = cell.values[state.above] if state.above else Fraction(0)
        sd = part.quantity(sd_key, state.unit, Fraction(0)) if state.unit != "1" else part.number(sd_key, Fraction(0), -_LARGEST, _LARGEST)
        if sd < 0:
            part.blame(sd_key, f"{sd_key} is {float(sd):g} {state.unit}", "a value of at least 0")
            sd = Fraction(0)
        if state.unit == "1":
            given: tuple[Distribution, str] | None = (constant(part.number(key, base, -_LARGEST, _LARGEST)), "1")
        else:
            given = spread(part, key, Fraction(0), state.unit) if part.has(key) else (constant(base), state.unit)
        if given is None:
            part.take(sd_key)
            continue
        drawn = given[0]
        if sd and drawn.kind != "constant":
            part.blame(key, f"a distribution and {sd_key} beside it are both given", "one of them")
        elif sd:
            drawn = replace(drawn, kind="normal", second=sd)
        if drawn.kind == "lognormal" and base:
            part.blame(key, f"{key} is lognormal, and {state.name} is counted from {state.above}, {float(base):g} {state.unit}",
                       "normal, uniform or a single value")
            continue
        found[state.name] = drawn.plus(-base)
    return found
