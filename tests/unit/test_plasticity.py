"""Synapses change as a replay of all their spikes says, as NEST's do, and the same way on any number of ranks."""

import gc
import json
from itertools import product
from math import exp
from pathlib import Path

import numpy as np
import pytest
from support.microcircuit import NEURON, digest, make, run
from support.ranks import run_on_ranks

from cosim.blocks import Spikes
from cosim.errors import InputError
from cosim.interfaces import Context
from cosim.levels import LEVELS
from cosim.models.microcircuit.kernel import twin
from cosim.models.microcircuit.kernel._engine import Engine, levels
from cosim.models.microcircuit.kernel._plastic import Plasticity
from cosim.timegrid import windows

DATA = Path(__file__).parents[1] / "validation" / "data"
STDP = json.loads((DATA / "nest_stdp.json").read_text())["cases"]
NEST = json.loads((DATA / "nest_plasticity.json").read_text())["cases"]

# A spike on the input port makes its neuron fire one step later, whatever came before; the synapse itself moves nothing.
PAIR = """
neuron: {C_m: 250 pF, tau_m: 10 ms, tau_syn: 0.005 ms, t_ref: 0 ms, V_th: -50 mV, V_reset: -65 mV, E_L: -65 mV}
populations: {A: {size: 1}, B: {size: 1}}
synapses: {s: {weight: %s pA, delay: %s ms, plasticity: {%s}}}
projections: [{source: A, target: B, rule: one_to_one, synapse: s}]
"""
FIRE = 2e6


def stdp(w_max=10.0, tau_plus=20.0, tau_minus=20.0, rate=0.05, alpha=1.1, mu_plus=1.0, mu_minus=1.0, pairing="all_to_all"):
    return (f"stdp: {{w_max: {w_max} pA, tau_plus: {tau_plus} ms, tau_minus: {tau_minus} ms, lambda: {rate}, alpha: {alpha}, "
            f"mu_plus: {mu_plus}, mu_minus: {mu_minus}, pairing: {pairing}}}")


def of_nest(p):
    return (f"stdp: {{w_max: {p['Wmax']} pA, tau_plus: {p['tau_plus']} ms, lambda: {p['lambda']}, alpha: {p['alpha']}, "
            f"mu_plus: {p['mu_plus']}, mu_minus: {p['mu_minus']}, ")


def carried(text, folder, pre_ms, post_ms, delay_ms, window=10_000):
    """Return the weights that presynaptic spikes carry, pA: read when each reaches the soma."""
    steps = [sorted(round(10 * t) for t in times) for times in (pre_ms, post_ms)]
    ticks, ids = np.concatenate(steps) - 1, np.repeat([0, 1], [len(steps[0]), len(steps[1])])
    order = np.argsort(ticks, kind="stable")
    stop = max(map(max, filter(None, steps))) + round(10 * delay_ms) + 1
    given = run(lambda: make(text, folder, input_weight=FIRE, weights_every=0.1, weights_sample=1), stop, window,
                {"spikes_in": Spikes(ticks[order], ids[order])})
    for neuron, expected in enumerate(steps):
        assert given["spikes"].ticks[given["spikes"].ids == neuron].tolist() == expected
    return given["weights"].values[np.array(steps[0]) + round(10 * delay_ms) - 1, 0]


def replayed(w, pre, post, delay, w_max, tau_plus, tau_minus, rate, alpha, mu_plus, mu_minus, pairing):
    """Replay all pairs, written apart from the engine: events in the order in which they reach the synapse, a sum over all pairs each."""
    events = sorted([(t, 1) for t in pre] + [(round(t + delay, 6), 0) for t in post])
    given = []
    for t, is_pre in events:
        others = [s for s, kind in events if kind != is_pre and s < t - 1e-9]
        if pairing == "nearest":
            others = others[-1:]
        x = w / w_max
        if is_pre:
            w -= w_max * rate * alpha * x**mu_minus * sum(exp((s - t) / tau_minus) for s in others)
            w = w_max * max(w / w_max, 0.0)
            given.append(w)
        else:
            w += w_max * rate * (1 - x) ** mu_plus * sum(exp((s - t) / tau_plus) for s in others)
            w = w_max * min(w / w_max, 1.0)
    return given


@pytest.mark.parametrize("name", STDP)
def test_every_protocol_of_nest_gives_its_weights(tmp_path, name):
    case = STDP[name]
    p = case["synapse_parameters"]
    text = PAIR % (p["weight"], case["dendritic_delay_ms"], of_nest(p) + f"tau_minus: {case['tau_minus_ms']} ms}}")
    found = carried(text, tmp_path, case["pre_spike_times_ms"], case["post_spike_times_ms"], case["dendritic_delay_ms"])
    assert found == pytest.approx([w for _, w in case["weight_events_(t_pre_spike,weight)"]], rel=1e-12, abs=0)


@pytest.mark.parametrize("name", ["all_power_law", "all_additive", "nearest", "nearest_negative"])
def test_power_law_additive_and_nearest_neighbour_rules_agree_with_nest(tmp_path, name):
    case = NEST[name]
    p = case["parameters"]
    pairing = "nearest" if "nn" in case["model"] else "all_to_all"
    text = PAIR % (p["weight"], case["delay"], of_nest(p) + f"tau_minus: {p['tau_minus']} ms, pairing: {pairing}}}")
    found = carried(text, tmp_path, case["pre"], case["post"], case["delay"])
    assert found == pytest.approx(case["weights"], rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("name", ["depressing", "facilitating", "both"])
def test_short_term_plasticity_agrees_with_nest(tmp_path, name):
    case = NEST[name]
    plan, rule = [], f"tsodyks_markram: {{U: {case['U']}, tau_rec: {case['tau_rec']} ms, tau_fac: {case['tau_fac']} ms}}"
    delivered = delivered_currents(PAIR % (case["weight"], 1.0, rule), tmp_path, case["times"], 1.0, plan)
    unit = plan[0]._plan.wiring.units[1]
    assert delivered == pytest.approx(case["weights"], abs=0.5001 * unit)
    assert unit < 250 / 16_000


def delivered_currents(text, folder, pre_ms, delay_ms, made):
    """Return by how much each presynaptic spike of A raises the synaptic current of B, pA."""
    steps = np.array([round(10 * t) for t in pre_ms])

    def one():
        made.append(make(text, folder, input_weight=FIRE, trace=(1,), precision="double"))
        return made[-1]
    given = run(one, int(steps.max() + 10 * delay_ms + 1), inputs={"spikes_in": Spikes(steps - 1, np.zeros(len(steps), np.int64))})
    current = np.concatenate([[0.0], given["synaptic_current"].values[:, 0]])
    at = steps + round(10 * delay_ms)
    return current[at] - current[at - 1] * exp(-0.1 / 0.005)


def test_one_pair_changes_the_weight_by_the_window_of_learning(tmp_path):
    rule = {"w_max": 15.0, "tau_plus": 16.8, "tau_minus": 33.7, "rate": 0.01, "alpha": 0.85, "mu_plus": 0.0, "mu_minus": 0.0}
    up = carried(PAIR % (5.0, 1.0, stdp(**rule)), tmp_path, [20.0, 200.0], [29.0], 1.0)
    assert up[0] == pytest.approx(5.0, rel=1e-14)
    # The post spike reaches the synapse 10 ms after the first pre spike; the second pre spike meets it 170 ms later.
    assert up[1] - 5.0 == pytest.approx(0.0827146886 - 15 * 0.01 * 0.85 * exp(-170 / 33.7), abs=1e-10)
    down = carried(PAIR % (5.0, 1.0, stdp(**rule)), tmp_path, [40.0], [29.0], 1.0)
    assert down[0] - 5.0 == pytest.approx(-15 * 0.01 * 0.85 * exp(-10 / 33.7), rel=1e-10)


def test_simultaneous_pairs_are_left_out(tmp_path):
    rule = {"w_max": 15.0, "mu_plus": 0.0, "mu_minus": 0.0}
    found = carried(PAIR % (5.0, 1.5, stdp(**rule)), tmp_path, [20.0], [18.5], 1.5)
    assert found[0] == pytest.approx(5.0, rel=1e-14)


EDGES = [([10.0, 20.0, 20.2], [9.0, 19.0, 19.2]), ([10.0, 10.1, 10.2, 10.3], [9.0, 9.1, 9.2, 9.3]), ([5.0, 60.0], [50.0, 50.2, 50.4, 59.0]),
         ([30.0], [1.0, 29.0, 30.0]), ([1.0, 2.0, 3.0, 300.0], [2.5])]


@pytest.mark.parametrize("trains", range(len(EDGES) + 6))
@pytest.mark.parametrize(("mu", "pairing"), list(product([(0.0, 0.0), (1.0, 1.0), (0.4, 0.7)], ["all_to_all", "nearest"])))
def test_weights_are_those_of_a_replay_of_all_pairs(tmp_path, trains, mu, pairing):
    rng = np.random.default_rng(trains)
    if trains < len(EDGES):
        pre, post = EDGES[trains]
    else:
        pre, post = ([round(0.1 * int(t), 1) for t in np.unique(rng.integers(5, 3000, 60))] for _ in range(2))
    delay = float(rng.choice([0.1, 1.0, 3.7]))
    rule = {"w_max": 15.0, "tau_plus": 16.8, "tau_minus": 33.7, "rate": 0.03, "alpha": 0.85, "mu_plus": mu[0], "mu_minus": mu[1],
            "pairing": pairing}
    found = carried(PAIR % (5.0, delay, stdp(**rule)), tmp_path, pre, post, delay)
    assert found == pytest.approx(replayed(5.0, pre, post, delay, **rule), rel=1e-11, abs=1e-11)


def test_many_post_spikes_without_a_pre_spike_are_all_counted(tmp_path):
    rule = {"w_max": 15.0, "tau_plus": 400.0, "tau_minus": 300.0, "rate": 0.002, "alpha": 0.85, "mu_plus": 1.0, "mu_minus": 1.0,
            "pairing": "all_to_all"}
    pre, post, delay = [1.0, 1.3, 499.0], [round(5 + 0.5 * i, 1) for i in range(900)], 2.0
    found = carried(PAIR % (5.0, delay, stdp(**rule)), tmp_path, pre, post, delay)
    assert found == pytest.approx(replayed(5.0, pre, post, delay, **rule), rel=1e-11)
    # A delay longer than sixteen spikes last: the ring of postsynaptic spikes has to grow.
    delay = 40.0
    found = carried(PAIR % (5.0, delay, stdp(**rule)), tmp_path, pre, post, delay)
    assert found == pytest.approx(replayed(5.0, pre, post, delay, **rule), rel=1e-11)


def test_a_regular_train_depresses_and_facilitates_to_its_closed_form(tmp_path):
    gap, use = 20.0, 0.2
    for tau_rec, tau_fac in ((100.0, 0.0), (50.0, 200.0)):
        rule = f"tsodyks_markram: {{U: {use}, tau_rec: {tau_rec} ms, tau_fac: {tau_fac} ms}}"
        made = []
        found = delivered_currents(PAIR % (1000.0, 1.0, rule), tmp_path, [gap * (i + 1) for i in range(150)], 1.0, made)
        fac, rec = exp(-gap / tau_fac) if tau_fac else 0.0, exp(-gap / tau_rec)
        u = use / (1 - (1 - use) * fac)
        x = (1 - rec) / (1 - (1 - u) * rec)
        unit = made[0]._plan.wiring.units[1]
        assert found[0] == pytest.approx(1000 * use, abs=unit)
        assert found[-1] == pytest.approx(1000 * u * x, abs=unit)


def test_spikes_in_close_succession_share_what_the_first_has_left(tmp_path):
    made = []
    found = delivered_currents(PAIR % (1000.0, 1.0, "tsodyks_markram: {U: 0.4, tau_rec: 100 s, tau_fac: 0 ms}"), tmp_path,
                               [10.0, 10.2, 10.4, 10.6], 1.0, made)
    assert found == pytest.approx([1000 * 0.4 * 0.6**i for i in range(4)], abs=made[0]._plan.wiring.units[1])


BALANCED = NEURON + """
background: {rate: 8 Hz, weight: 0.3 mV}
populations:
  E: {size: 100, external: 1000, V_init: -58 mV, V_init_sd: 5 mV}
  I: {size: 30, external: 900, external_rate: 9 Hz, V_init: -60 mV, V_init_sd: 5 mV}
synapses:
  power: {weight: 0.3 mV, weight_rel_sd: 0.1, delay: 1.5 ms, delay_sd: 0.75 ms,
          plasticity: {stdp: {w_max: 0.6 mV, lambda: 0.1, alpha: 1.1, mu_plus: 0.4, mu_minus: 0.7, tau_plus: 16.8 ms, tau_minus: 33.7 ms}}}
  near: {weight: 0.3 mV, weight_rel_sd: 0.1, delay: 1.5 ms, delay_sd: 0.75 ms, plasticity: {stdp: {w_max: 0.6 mV, pairing: nearest}}}
  tired: {weight: 0.3 mV, weight_rel_sd: 0.1, delay: 1.5 ms, delay_sd: 0.75 ms,
          plasticity: {tsodyks_markram: {U: 0.3, tau_rec: 100 ms, tau_fac: 50 ms}}}
  inh: {weight: -1.2 mV, weight_rel_sd: 0.1, delay: 0.8 ms, delay_sd: 0.4 ms}
  tuned: {weight: -1.2 mV, delay: 0.8 ms, plasticity: {stdp: {w_max: -2.4 mV, lambda: 0.05, mu_plus: 0, mu_minus: 0}}}
projections:
  - {source: E, target: E, probability: 0.1, synapse: power}
  - {source: E, target: I, indegree: 20, rule: fixed_indegree, synapse: tired}
  - {source: I, target: E, number: 600, synapse: inh}
  - {source: E, target: I, number: 500, synapse: near}
  - {source: I, target: I, rule: one_to_one, synapse: tuned}
"""
READ = {"weights_every": 3.7, "weights_sample": 50, "trace": (0, 99, 100, 129)}


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    return run(lambda: make(BALANCED, tmp_path_factory.mktemp("net"), **READ), 2000)


@pytest.mark.parametrize("share_memory", [True, False])
@pytest.mark.parametrize(("ranks", "window", "partition"), [(1, 2000, "neurons"), (2, 2000, "neurons"), (3, 7, "neurons"),
                                                            (4, 100, "neurons"), (2, 100, "edges"), (3, 2000, "edges")])
def test_any_ranks_windows_and_partition_give_the_same_bits(tmp_path, expected, ranks, window, partition, share_memory):
    assert len(expected["spikes"].ids) > 1000
    found = run(lambda: make(BALANCED, tmp_path, **READ), 2000, window, ranks=ranks, share_memory=share_memory, partition=partition)
    assert digest(found) == digest(expected)


@pytest.mark.parametrize("level", levels())
def test_every_instruction_set_gives_the_same_bits(tmp_path, monkeypatch, expected, level):
    assert level in LEVELS
    monkeypatch.setenv("COSIM_ISA", level)
    assert digest(run(lambda: make(BALANCED, tmp_path, **READ), 2000)) == digest(expected)


@pytest.mark.parametrize("precision", ["single", "double"])
def test_the_kernel_gives_the_bits_of_its_plain_twin(tmp_path, precision):
    steps, made = 400, []

    def one():
        made.append(make(BALANCED, tmp_path, precision=precision, trace=tuple(range(130))))
        return made[-1]
    given = run(one, steps)
    plan = made[0]._plan
    rates = np.tile(made[0]._rates, (steps, 1))
    spikes, states = twin.run(plan, 7, "column", rates, np.tile(plan.scaled.direct_pa, (steps, 1)), np.zeros((steps, 130), np.int64))
    assert spikes.sum() > 200
    assert np.array_equal(np.argwhere(spikes) + np.array([1, 0]), np.stack([given["spikes"].ticks, given["spikes"].ids], axis=1))
    assert np.array_equal(states["V_m"] - 65.0, given["potential"].values)


def test_reading_the_weights_changes_nothing(tmp_path, expected):
    alone = run(lambda: make(BALANCED, tmp_path, trace=READ["trace"]), 2000)
    assert digest(alone) == digest({port: expected[port] for port in alone})


def test_postsynaptic_spikes_are_forgotten_without_a_trace(tmp_path):
    found = []
    for window in (6000, 50):
        def work(mine, window=window):
            one = make(BALANCED, tmp_path)
            one.prepare(Context("column", 7, 6000, mine, Path()))
            for w in windows(6000, window):
                one.advance(w, {})
                if window == 50:
                    one._built.plastic.relative_weights(0, w.stop)
            return one._built.plastic.sweeps, one._built.plastic.relative_weights(0, 6000).tobytes()
        found.append(run_on_ranks(1, work)[0])
    assert found[0][0] > 0
    assert found[0][1] == found[1][1]


def test_weights_stay_within_their_bounds_and_reach_them(tmp_path):
    text = BALANCED.replace("lambda: 0.1, alpha: 1.1, mu_plus: 0.4, mu_minus: 0.7", "lambda: 0.9, alpha: 1.1, mu_plus: 0, mu_minus: 0")
    weights = run(lambda: make(text, tmp_path, weights_every=1.0, weights_sample=2000), 3000)["weights"].values
    w_max = 0.6 * 585.389956861
    assert weights[:, :1000].min() == 0 and weights[:, :1000].max() == pytest.approx(w_max, rel=1e-9)
    assert weights.max() <= w_max * (1 + 1e-12) and weights.min() >= -4 * w_max * (1 + 1e-12)


def test_the_mean_weight_is_the_mean_of_all_weights(expected, tmp_path):
    found = run(lambda: make(BALANCED, tmp_path, weights_every=3.7, weights_sample=10_000), 2000)
    total = np.split(found["weights"].values, np.cumsum([1054, 500]), axis=1)
    assert [t.shape[1] for t in total] == [1054, 500, 30]
    for i, part in enumerate(total):
        assert found["mean_weight"].values[:, i] == pytest.approx(part.mean(axis=1), rel=1e-8)
        assert np.array_equal(part[:, :50], expected["weights"].values[:, 50 * i:50 * i + 50][:, :part.shape[1]])
    assert np.ptp(found["mean_weight"].values[:, 0]) > 1


def test_without_learning_the_network_is_the_static_one(tmp_path):
    still = BALANCED.replace("lambda: 0.1,", "lambda: 0,").replace("lambda: 0.05,", "lambda: 0,").replace("-2.4 mV", "-1.2 mV")
    still = still.replace("{w_max: 0.6 mV, pairing", "{w_max: 0.6 mV, lambda: 0, pairing")
    still = "\n".join(line.replace("tired", "near") if "indegree" in line else line for line in still.splitlines())
    static = still
    for start in ("plasticity: {stdp: {w_max: 0.6 mV, lambda: 0, alpha", "plasticity: {stdp: {w_max: 0.6 mV, lambda: 0, pairing",
                  "plasticity: {stdp: {w_max: -1.2 mV"):
        at = static.index(start)
        static = static[:at].rstrip().rstrip(",") + static[static.index("}}", at) + 2:]
    assert static.count("stdp") == 0
    alone, changing = (run(lambda text=text: make(text, tmp_path, trace=READ["trace"]), 2000) for text in (static, still))
    assert len(alone["spikes"].ids) > 1000
    assert digest(alone) == digest(changing)


def test_a_network_without_plasticity_has_no_store(tmp_path):
    one = make(NEURON + "populations: {A: {size: 5}}\nsynapses: {}\nprojections: []", tmp_path)
    run_on_ranks(1, lambda mine: one.prepare(Context("column", 7, 0, mine, Path())))
    assert one._built.plastic is None
    assert "synapses that change" not in one.describe().facts


def test_neurons_and_synapses_are_let_go_without_a_garbage_collection(tmp_path):
    """In a cycle of references they would stay in memory, and what one of them frees might be gone already."""
    gc.collect()
    gc.disable()
    try:
        run(lambda: make(PAIR % (5, 1, stdp()), tmp_path), 20)
        engines = [o for o in gc.get_objects() if isinstance(o, Engine | Plasticity)]
    finally:
        gc.enable()
    assert not engines


def test_down_scaling_moves_the_bound_with_the_weight(tmp_path):
    text = (PAIR % (5.0, 1.0, stdp())).replace("{size: 1}", "{size: 80, mean_rate: 1 Hz}")
    p = make(text.replace("one_to_one", "fixed_indegree, indegree: 40"), tmp_path, scale=0.25)._plan.scaled.network.projections[0]
    assert p.plasticity.w_max / p.weight == pytest.approx(2.0)
    assert p.weight == pytest.approx(10.0)


@pytest.mark.parametrize(("rule", "told"), [
    ("stdp: {lambda: 0.1}", "'w_max' is missing"),
    ("stdp: {w_max: 0 pA}", "w_max is 0"),
    ("stdp: {w_max: 2 pA}", "the weight, 5, is not between 0 and its bound w_max, 2"),
    ("stdp: {w_max: -20 pA}", "is not between 0 and its bound w_max, -20"),
    ("stdp: {w_max: 20 nS}", "the weight is 20 nS"),
    ("stdp: {w_max: 20 pA, tau_plus: 0 ms}", "tau_plus is 0 ms"),
    ("stdp: {w_max: 20 pA, lamda: 0.1}", "unknown key 'lamda'"),
    ("stdp: {w_max: 20 pA, pairing: nearst}", "there is no 'nearst'"),
    ("stdp: {w_max: 20 pA}, tsodyks_markram: {}", "two rules of plasticity"),
    ("tsodyks_markram: {U: 1.5}", "U is 1.5"),
    ("tsodyks_markram: {tau_fac: -1 ms}", "tau_fac is -1 ms"),
    ("", "no rule of plasticity"),
])
def test_what_is_wrong_with_a_rule_is_told(tmp_path, rule, told):
    with pytest.raises(InputError, match=told):
        make(PAIR % (5.0, 1.0, rule), tmp_path)


def test_neurons_with_precise_spike_times_take_no_plastic_synapses(tmp_path):
    text = (PAIR % (5.0, 1.0, stdp())).replace("neuron: {", "neuron: {model: iaf_psc_exp_ps, ").replace("t_ref: 0 ms", "t_ref: 2 ms")
    with pytest.raises(InputError, match="the synapses of A -> B change, and iaf_psc_exp_ps has precise spike times"):
        make(text.replace("tau_syn: 0.005 ms", "tau_syn: 1 ms"), tmp_path)


def test_listed_synapses_learn_as_drawn_ones_do(tmp_path):
    (tmp_path / "pairs.csv").write_text("source,target,weight,delay\n0,0,5,1.0\n")
    listed = (PAIR % (5.0, 1.0, stdp())).replace("rule: one_to_one", "edges: pairs.csv")
    pre, post = [10.0, 20.0, 33.0, 50.0], [12.0, 18.0, 31.0, 32.0, 45.0]
    assert carried(listed, tmp_path, pre, post, 1.0).tolist() == carried(PAIR % (5.0, 1.0, stdp()), tmp_path, pre, post, 1.0).tolist()


def test_ports_of_weights_need_weights_that_change(tmp_path):
    with pytest.raises(InputError, match="no weights of this network change"):
        make(PAIR % (5.0, 1.0, "tsodyks_markram: {U: 0.5}"), tmp_path, weights_every=1.0)
    with pytest.raises(InputError, match="weights_every is -1 ms"):
        make(PAIR % (5.0, 1.0, stdp()), tmp_path, weights_every=-1.0)
