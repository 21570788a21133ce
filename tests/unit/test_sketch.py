"""A network of a few lines of Python is the network of its file: the same bits, the same sentences."""

from __future__ import annotations

import numpy as np
import pytest
from support.microcircuit import run

from cosim.errors import InputError
from cosim.models.microcircuit import sketch
from cosim.models.microcircuit.component import Microcircuit
from cosim.models.microcircuit.network.file import read_network
from cosim.models.microcircuit.parameters import MicrocircuitParameters
from cosim.timegrid import Clock


def small() -> sketch.Network:
    net = sketch.Network("small", neuron={"tau_syn": "0.5 ms", "V_th": "-50 mV", "V_reset": "-65 mV", "E_L": "-65 mV"})
    net.population("E", 80, V_init={"uniform": ["-65 mV", "-50 mV"]})
    net.population("I", 20, V_init="-60 mV", tau_m="8 ms")
    net.synapse("inh", weight="-1.2 mV", delay={"uniform": ["0.5 ms", "2 ms"]})
    net.connect("E", "E", rule="pairwise_bernoulli", probability=0.1, weight={"lognormal": ["0.3 mV", "0.1 mV"]}, delay="1.5 ms")
    net.connect("E", "I", rule="fixed_indegree", indegree=np.int64(20), multapses=False, weight="0.3 mV", delay="1 ms")
    net.connect("I", "E", "inh", number=400)
    net.device("noise", "poisson", ["E", "I"], rate="9 kHz", weight="0.3 mV")
    net.device("pulse", "current", "E", neurons="0:10", amplitude="200 pA", from_="20 ms", until="60 ms")
    net.device("v", "multimeter", "E", neurons=[3, 7])
    net.device("few", "recorder", "I", neurons="0:5")
    return net


def test_a_sketch_runs_as_its_file_does(tmp_path):
    net = small()
    found = net.run("120 ms", step="0.1 ms", seed=7)
    net.write(tmp_path / "small.yaml")
    given = run(lambda: Microcircuit(MicrocircuitParameters(network="small.yaml", folder=str(tmp_path)), Clock(sketch.Fraction(1, 10), 1)),
                1200, group="sketch")
    assert len(found.ids) > 20 and np.array_equal(found.ids, given["spikes"].ids)
    assert np.allclose(found.times_ms, given["spikes"].ticks * 0.1, rtol=1e-12)
    assert np.array_equal(found.traces["v.V_m"].values, given["v.V_m"].values) and found.traces["v.V_m"].ids.tolist() == [3, 7]
    assert found.traces["v.V_m"].unit == "mV" and found.traces["v.V_m"].times_ms[-1] == pytest.approx(120)
    assert np.array_equal(found.recorders["few"][1], given["few"].ids) and found.populations == {"E": (0, 80), "I": (80, 20)}
    assert found.rate_hz("I") == np.count_nonzero(found.ids >= 80) / 20 / 0.12


def test_the_seed_alone_decides():
    one, again, other = (small().run("60 ms", seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one.times_ms, again.times_ms) and np.array_equal(one.ids, again.ids)
    assert one.ids.tolist() != other.ids.tolist()


def test_what_is_written_is_read_again(tmp_path):
    net = small()
    network = read_network(net.write(tmp_path / "small.yaml"))
    assert network.name == "small" and network.neurons == 100 and len(network.projections) == 3 and len(network.devices) == 4


def test_files_are_found_from_the_folder(tmp_path):
    (tmp_path / "edges.csv").write_text("source,target\n0,1\n")
    net = sketch.Network()
    net.population("A", 2, I_e="1 nA")
    net.connect("A", "A", edges="edges.csv", weight="5 nA", delay="1 ms")
    assert {0, 1} <= set(net.run("50 ms", folder=tmp_path).ids.tolist())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["edges.csv"]
    with pytest.raises(InputError, match="there is no folder"):
        net.run("50 ms", folder=tmp_path / "none")


@pytest.mark.parametrize(("change", "says"), [
    (lambda net: net.population("X", 0), "a whole number of at least 1"),
    (lambda net: net.connect("E", "J", number=3, weight="1 pA", delay="1 ms"), "there is no 'J'"),
    (lambda net: net.connect("E", "I", number=3, weight="1", delay="1 ms"), "has no unit"),
    (lambda net: net.connect("E", "I", number=3, delay="1 ms"), "a synapse needs a 'weight'"),
    (lambda net: net.connect("E", "I", "inh", number=3, delay="1 ms"), "of its own"),
    (lambda net: net.population("E", 3), "there are two 'E'"),
    (lambda net: net.device("d", "poison", "E"), "did you mean 'poisson'"),
    (lambda net: net.run("1"), "'1' has no unit"), (lambda net: net.run("0.25 ms"), "0.25 ms"), (lambda net: net.run("0 ms"), "above 0"),
    (lambda net: net.run("1 ms", precison="double"), "did you mean 'precision'"),
    (lambda net: net.run("1 ms", seed=1.5), "the seed is 1.5"),
    (lambda net: net.run("1 ms", seed=-1), "the seed is -1"), (lambda net: net.run("1 ms", weights_every="10 mV"), "the unit 'mV'"),
    (lambda net: net.run("1 ms", trace="all"), "ids of neurons"), (lambda net: net.run("1 ms", scale="half"), "scale is 'half'"),
    (lambda net: net.run("1 ms").rate_hz("J"), "there is no population 'J'"),
])
def test_what_is_wrong_is_told_in_the_sentences_of_the_file(change, says):
    net = small()
    with pytest.raises(InputError, match=says.replace("(", r"\(")):
        change(net)
        net.run("1 ms")


def test_a_sketch_learns_and_gives_its_weights():
    net = sketch.Network(neuron={"tau_syn": "0.5 ms"})
    net.population("E", 20, V_init="-56 mV", I_e="400 pA")
    net.connect("E", "E", number=60, weight="20 pA", delay="1 ms", plasticity={"stdp": {"w_max": "40 pA"}})
    found = net.run("100 ms", weights_every="10 ms", weights_sample=5)
    weights, mean = found.traces["weights"], found.traces["mean_weight"]
    assert weights.values.shape == (1000, 5) and weights.unit == "pA" and weights.labels[4].endswith(": 4")
    assert mean.values[0, 0] == 20 and mean.values[-1, 0] != 20 and mean.ids.tolist() == [0]
