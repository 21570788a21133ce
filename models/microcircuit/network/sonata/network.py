"""Turn a SONATA circuit into a network that the engine runs."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from cosim.errors import InputError, Problem, raise_all
from cosim.models.microcircuit.language.model import Model, Parameter, Receptor
from cosim.models.microcircuit.network.data import Background, Edges, Network, Population, Projection, Replay, edges
from cosim.models.microcircuit.network.distribution import Distribution, constant
from cosim.models.microcircuit.network.sonata.data import SonataCells, SonataCircuit, SonataProjection
from cosim.models.microcircuit.neurons import model as neuron_model
from cosim.models.microcircuit.neurons import names as neuron_names
from cosim.registry import did_you_mean

_WITHOUT_EFFECT = {"tau_minus", "tau_minus_triplet", "tau_Ca", "beta_Ca", "Ca", "rho"}  # of plasticity and of escape noise, in NEST
_OFF_AT_ZERO = {"delta"}  # switch escape noise on in NEST


def network_of(circuit: SonataCircuit) -> Network:
    """Return the network of a circuit.

    Parameters that the files do not set have the defaults of the neuron model, which are NEST's. A neuron begins at its ``V_m``, or where
    the model begins. Positive weights act on the first receptor of a model, negative ones on the last, as in NEST.

    Raises
    ------
    InputError
        When a neuron model is not known, or cannot have a parameter, a value, or a receptor.
    """
    problems: list[Problem] = []
    neurons = [number for number, cells in enumerate(circuit.cells) if cells.model is not None]
    populations = {number: _population(circuit.cells[number], problems) for number in neurons}
    raise_all(problems)
    projections, replays = [], []
    for given in circuit.projections:
        model = populations[given.target].model
        for receptor, listed in _by_receptor(given, model):
            name = f"{given.name} ({receptor.name})"
            if given.source in populations:
                projections.append(Projection(
                    neurons.index(given.source), neurons.index(given.target), "arrays", len(listed), receptor.name,
                    constant(float(given.weights.mean())), constant(float(given.delays_ms.min())), name, given.where, listed))
            elif (spikes := circuit.cells[given.source].spikes) is not None:
                replays.append(Replay(spikes.times_ms, spikes.ids, neurons.index(given.target), receptor.name, listed, name, given.where))
    return Network(circuit.path.resolve().parent.name, tuple(populations.values()), tuple(projections), tuple(replays))


def _population(cells: SonataCells, problems: list[Problem]) -> Population:
    name = cells.model or ""
    if name not in neuron_names():
        raise InputError(Problem(f"there is no neuron model '{name}'", where=cells.where, remedy=did_you_mean(name, list(neuron_names()))))
    model, given = neuron_model(name), dict(cells.parameters)
    direct = given.pop("I_e", 0.0)
    values = {p.name: _value(p, given.pop(p.name, None), cells.where, problems) for p in model.parameters}
    initial: dict[str, Distribution] = {}
    for state in model.state:
        if state.name in given:
            initial[state.name] = constant(given.pop(state.name) - float(values[state.above] if state.above else 0))
    _refuse(given, model, cells.where, problems)
    return Population(cells.name, cells.size, model, values, initial, direct, None, Background(receptor=model.receptors[0].name))


def _value(p: Parameter, given: float | None, where: str, problems: list[Problem]) -> Fraction:
    value = Fraction(p.default if given is None else repr(given))
    unit = "" if p.unit == "1" else f" {p.unit}"
    if p.above is not None and value <= Fraction(p.above):
        problems.append(Problem(f"{p.name} is {float(value):g}{unit}", where=where, expected=f"a value above {p.above}"))
    if p.least is not None and value < Fraction(p.least):
        problems.append(Problem(f"{p.name} is {float(value):g}{unit}", where=where, expected=f"a value of at least {p.least}"))
    return value


def _refuse(left: Mapping[str, float], model: Model, where: str, problems: list[Problem]) -> None:
    """Note the parameters that nothing has been made of, but for those that change nothing."""
    known = ["I_e", *(p.name for p in model.parameters), *(s.name for s in model.state)]
    for name, value in left.items():
        if name not in _WITHOUT_EFFECT and not (name in _OFF_AT_ZERO and value == 0):
            problems.append(Problem(f"{model.name} has no parameter '{name}'", where=where, remedy=did_you_mean(name, known)))


def _by_receptor(given: SonataProjection, model: Model) -> list[tuple[Receptor, Edges]]:
    if given.receptor:
        raise InputError(Problem(f"the synapses of {given.name} act on receptor {given.receptor} of {model.name}", where=given.where,
                                 expected="receptor_type 0: the sign of the weight chooses the receptor"))
    sides: dict[str, tuple[Receptor, NDArray[np.bool_]]] = {}
    for receptor, here in ((model.receptor_of(1.0), given.weights >= 0), (model.receptor_of(-1.0), given.weights < 0)):
        sides[receptor.name] = (receptor, sides[receptor.name][1] | here if receptor.name in sides else here)
    return [(receptor, edges(given.sources[here], given.targets[here],
                             given.weights[here] if receptor.keeps_sign else np.abs(given.weights[here]), given.delays_ms[here]))
            for receptor, here in sides.values() if here.any()]
