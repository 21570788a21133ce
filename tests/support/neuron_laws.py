"""Laws that hold for every neuron model, as functions of the model: for the contract suite, and for models that are not ours."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from cosim.models.microcircuit.language.model import Model
from cosim.models.microcircuit.language.translate import translate
from cosim.models.microcircuit.network.quantities import quantity
from support.neuron import Neurons, values

CURRENTS = 2.0 ** np.arange(-2, 14)  # pA; somewhere among them every neuron begins to fire


def is_described(model: Model) -> None:
    """Everything a user can name has a unit that can be read, a default within its bounds, and a sentence."""
    assert model.about and model.source
    for p in model.parameters:
        assert p.about, p.name
        default = Fraction(p.default)
        assert p.unit == "1" or quantity(f"{p.default} {p.unit}", p.unit) == (default, p.unit)
        assert p.above is None or default > Fraction(p.above)
        assert p.least is None or default >= Fraction(p.least)
        assert not p.on_grid or p.unit == "ms"
    names = [p.name for p in model.parameters]
    assert len(set(names)) == len(names) and "I_e" not in names, "I_e is the direct current of a population"
    for s in model.state:
        assert s.about and (s.unit == "1" or quantity(f"1 {s.unit}", s.unit))
        assert s.above is None or s.above in names
    assert model.state[0].unit == "mV"
    assert not model.complaints(values(model), Fraction(1, 10))


def kernels_are_complete(model: Model, path: Path) -> None:
    """What the steps read is there: state, constants, inputs that receptors feed."""
    steps = {t.name.removeprefix(f"{path.stem}_"): t for t in translate(path)}
    receptors = {r.name for r in model.receptors}
    for kernel in model.kernels:
        assert set(kernel.feeds) == receptors
        step = steps[kernel.step.__name__]
        assert step.states[0] == model.state[0].name
        assert set(step.states) <= {s.name for s in model.state} | {"rest"}
        assert set(step.inputs) == set(kernel.feeds.values())
    chosen = steps[model.kernels[model.kernel(values(model))].step.__name__]
    constants = model.constants(values(model), Fraction(1, 10))
    assert set(chosen.constants) <= set(constants)
    assert all(np.isfinite(v) for v in constants.values())


def rest_stays(model: Model, steps: int = 200) -> None:
    """A neuron that is left alone is silent and stays at its initial state, to 1e-6 mV and parts of a million.

    One with an exponential starts at E_L, as in NEST, where that is small but not 0: to 1e-4 mV.
    """
    one = Neurons(model)
    good = 1e-4 if one.values.get("Delta_T") else 1e-6
    before = {s.name: one.get(s.name) for s in model.state}
    spikes, _ = one.run(steps)
    assert not len(spikes[0])
    for name, value in before.items():
        assert np.abs(one.get(name) - value) < good * max(1.0, abs(value[0]) if name != model.state[0].name else 1.0), name


def no_spike_within_the_refractory_time(model: Model, steps: int = 300) -> int:
    """Return how many spikes were looked at; none comes sooner after another than t_ref."""
    given: dict[str, Any] = {"t_ref": "1.5"} if any(p.name == "t_ref" for p in model.parameters) else {}
    spikes, _ = Neurons(model, given, size=len(CURRENTS)).run(steps, CURRENTS, rng=np.random.default_rng(1))
    if given:
        assert min((np.diff(s).min(initial=np.inf) for s in spikes), default=np.inf) > 1.5
    return sum(map(len, spikes))


def order_does_not_matter(model: Model, steps: int = 100) -> None:
    """Neurons in another order do the same, bit for bit."""
    order, rng = np.random.default_rng(2).permutation(len(CURRENTS)), np.random.default_rng(3)
    uniform = rng.random((steps, len(CURRENTS)))
    one, other = (Neurons(model, size=len(CURRENTS)) for _ in range(2))
    for i in range(steps):
        fired, moved = one.step(CURRENTS, uniform[i]), other.step(CURRENTS[order], uniform[i][order])
        assert np.array_equal(fired[order], moved)
    for s in model.state:
        assert np.array_equal(one.get(s.name)[order], other.get(s.name)), s.name


def weight_zero_is_no_synapse(model: Model, steps: int = 50) -> None:
    """Arrivals of weight 0 change nothing; others do."""
    one, same, other = (Neurons(model) for _ in range(3))
    receptor = model.receptors[0]
    small = {"pA": 1.0, "mV": 0.01, "nS": 0.01}[receptor.unit]
    for _ in range(steps):
        one.step(1.0)
        same.step(1.0, **{"inh" if r.name == "in" else r.name: 0.0 for r in model.receptors})
        other.step(1.0, **{receptor.name: small})
    for s in model.state:
        assert np.array_equal(one.get(s.name), same.get(s.name))
    assert other.get(model.state[0].name) > one.get(model.state[0].name)


LAWS = (rest_stays, order_does_not_matter, weight_zero_is_no_synapse)
