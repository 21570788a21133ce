"""What every neuron model keeps to, whoever wrote it: the suite finds the models by their files."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from support import neuron_laws
from support.microcircuit import digest, make, run
from support.neuron import Neurons

from cosim.blocks import Samples, Spikes
from cosim.models.microcircuit import neurons
from cosim.models.microcircuit.kernel import twin
from cosim.models.microcircuit.kernel._engine import levels

NAMES = [name for name in neurons.names() if not neurons.model(name).is_precise]
FOLDER = Path(neurons.__file__).parent
PACEMAKERS = {"hh_cond_exp_traub"}  # fire without input, with their default parameters
SINGLE = {"iaf_psc_exp": 5e-5, "iaf_psc_alpha": 5e-5, "iaf_psc_delta": 5e-5, "iaf_cond_exp": 1e-4, "aeif_cond_exp": 1e-3,
          "hh_psc_alpha": 2e-3, "hh_cond_exp_traub": 3e-3, "izhikevich": 1e-3, "eglif_cond_alpha": 5e-4}  # mV


@cache
def firing_current(name: str) -> float:
    """Return the least power of 2 of a direct current, pA, with which a neuron fires within 20 ms, and without which it does not."""
    currents = 2.0 ** np.arange(-2, 14)
    text = f"neuron: {{model: {name}}}\npopulations:\n" + "".join(
        f"  P{i}: {{size: 1, I_e: {c} pA}}\n" for i, c in enumerate(currents))
    with TemporaryDirectory() as folder:
        fired = run(lambda: make(text, Path(folder)), 200)["spikes"].ids
    return float(currents[fired.min()])


def network(name: str) -> str:
    """Return a network of the model: two populations, synapses onto every receptor, Poisson input."""
    model, current = neurons.model(name), firing_current(name)
    weight = {"pA": f"{current} pA", "mV": "0.5 mV", "nS": f"{current / 100} nS"}
    kinds = [f"  s{r.name}: {{weight: {'-' if r is model.receptors[-1] and i else ''}{weight[r.unit]}, weight_rel_sd: 0.1, delay: 0.8 ms, "
             f"delay_sd: 0.4 ms, receptor: '{r.name}'}}" for i, r in enumerate(model.receptors)]
    wires = [f"  - {{source: {a}, target: {b}, rule: fixed_indegree, indegree: 3, synapse: s{r.name}}}"
             for r in model.receptors for a, b in ("AB", "BA", "AA")]
    return "\n".join([
        f"neuron: {{model: {name}}}", f"background: {{rate: 8 Hz, weight: {weight[model.receptors[0].unit]}}}", "populations:",
        f"  A: {{size: 70, I_e: {2 * current} pA, external: 30}}", f"  B: {{size: 12, I_e: {3 * current} pA}}", "synapses:", *kinds,
        "projections:", *wires])


@pytest.mark.parametrize("name", NAMES)
def test_it_is_described(name):
    model = neurons.model(name)
    assert model.name == name
    neuron_laws.is_described(model)
    neuron_laws.kernels_are_complete(model, FOLDER / f"{name}.py")


@pytest.mark.parametrize("law", neuron_laws.LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("name", NAMES)
def test_it_keeps_the_law(name, law):
    if name in PACEMAKERS and law is neuron_laws.rest_stays:
        assert len(Neurons(neurons.model(name)).run(400)[0][0])
    else:
        law(neurons.model(name))


@pytest.mark.parametrize("name", NAMES)
def test_it_does_not_fire_within_its_refractory_time(name):
    assert neuron_laws.no_spike_within_the_refractory_time(neurons.model(name)) > 10


@pytest.mark.parametrize("precision", ["single", "double"])
@pytest.mark.parametrize("name", NAMES)
def test_the_kernel_gives_the_bits_of_its_step_function(name, precision, tmp_path):
    steps, made, rng = 120, [], np.random.default_rng(1)
    currents = rng.normal(firing_current(name), firing_current(name) / 4, (steps + 1, 2))
    ticks, ids = np.sort(rng.integers(1, steps + 1, 60)), rng.integers(0, 82, 60)

    def one():
        made.append(make(network(name), tmp_path, precision=precision, trace=tuple(range(82))))
        return made[-1]
    given = run(one, steps, inputs={"current": Samples(0, 1, currents), "spikes_in": Spikes(ticks, ids)})
    plan, arrivals = made[0]._plan, np.zeros((steps, 82), np.int64)
    np.add.at(arrivals, (ticks - 1, ids), 1)
    direct = plan.scaled.direct_pa + plan.scaled.direct_pa_per_hz * 8.0 + currents[:-1]
    spikes, states = twin.run(plan, 7, "column", np.full((steps, 2), 8.0), direct, arrivals)
    assert np.array_equal(np.argwhere(spikes) + np.array([1, 0]), np.stack([given["spikes"].ticks, given["spikes"].ids], axis=1))
    first = neurons.model(name).state[0]
    above = float(plan.scaled.network.populations[0].parameters[first.above]) if first.above else 0.0
    assert np.array_equal(states[first.name] + above, given["potential"].values)
    assert np.ptp(given["potential"].values) > 1


@pytest.mark.parametrize("name", NAMES)
def test_instruction_sets_ranks_and_windows_change_no_bit(name, tmp_path, monkeypatch):
    trace = (0, 63, 64, 69, 70, 81)
    reference = run(lambda: make(network(name), tmp_path, trace=trace), 500)
    assert len(reference["spikes"].ids) > 20
    expected = digest(reference)
    for ranks, window in ((2, 8), (3, 100)):
        assert digest(run(lambda: make(network(name), tmp_path, trace=trace), 500, window, ranks=ranks)) == expected
    for level in levels():
        monkeypatch.setenv("COSIM_ISA", level)
        assert digest(run(lambda: make(network(name), tmp_path, trace=trace), 500)) == expected


@pytest.mark.parametrize("name", NAMES)
def test_single_precision_follows_double_below_threshold_for_a_second(name, tmp_path):
    current = -100 if name in PACEMAKERS else firing_current(name) / 4
    text = f"neuron: {{model: {name}}}\npopulations:\n  A: {{size: 1, I_e: {current} pA}}\n"
    single, double = (run(lambda p=p: make(text, tmp_path, precision=p, trace=(0,)), 10_000)["potential"].values
                      for p in ("single", "double"))
    assert np.ptp(double) > 0.1
    assert np.abs(single - double).max() < SINGLE.get(name, 1e-2)
