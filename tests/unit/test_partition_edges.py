"""Synapses that are shared out by edge give the bits of those that stay with their targets, and share hubs evenly."""

from pathlib import Path

import numpy as np
import pytest
from support.microcircuit import MIXED, NEURON, digest, make, run
from support.ranks import ThreadRanks, run_on_ranks

from cosim.blocks import Samples, Spikes
from cosim.interfaces import Context
from cosim.models.microcircuit.kernel import build, twin
from cosim.models.microcircuit.kernel._engine import levels
from cosim.models.microcircuit.kernel.partition import shares

STOP = 600
TRACE = (0, 149, 150, 219, 220, 289)

STAR = NEURON + """
populations:
  hub: {size: 1, V_init: -50.5 mV, I_e: 900 pA, mean_rate: 40 Hz}
  leaf: {size: 300, V_init: -58 mV, V_init_sd: 5 mV, I_e: 420 pA, mean_rate: 20 Hz}
synapses: {out: {weight: 30 pA, weight_rel_sd: 0.2, delay: 1 ms, delay_sd: 0.4 ms}, back: {weight: -2 pA, delay: 0.5 ms}}
projections:
  - {source: hub, target: leaf, rule: all_to_all, synapse: out}
  - {source: leaf, target: hub, rule: all_to_all, synapse: back}
"""


def power_law(classes: int = 7) -> str:
    """Return a network in which each class of neurons is half as large as the one before and has twice the in- and out-degree."""
    names = [f"c{i}" for i in range(classes)]
    sizes = [2 ** (classes - i) for i in range(classes)]
    populations = "\n".join(f"  {n}: {{size: {size}, V_init: -55 mV, V_init_sd: 5 mV, I_e: 380 pA}}" for n, size in zip(names, sizes,
                                                                                                                    strict=True))
    projections = "\n".join(f"  - {{source: {a}, target: {b}, number: {40 * 2 ** (i // 2)}, synapse: s}}"
                            for i, a in enumerate(names) for b in names)
    return f"{NEURON}populations:\n{populations}\nsynapses: {{s: {{weight: 20 pA, delay: 0.7 ms}}}}\nprojections:\n{projections}\n"


RULES = NEURON + """
populations: {A: {size: 90, V_init: -51 mV, I_e: 420 pA}, B: {size: 70, V_init: -52 mV, I_e: 400 pA}}
synapses: {s: {weight: 20 pA, weight_rel_sd: 0.1, delay: 0.7 ms, delay_sd: 0.3 ms}}
projections:
  - {source: A, target: A, rule: pairwise_bernoulli, probability: 0.3, autapses: false, synapse: s}
  - {source: A, target: B, rule: fixed_outdegree, outdegree: 17, synapse: s}
  - {source: B, target: A, rule: fixed_outdegree, outdegree: 80, multapses: false, synapse: s}
  - {source: B, target: B, rule: fixed_indegree, indegree: 33, multapses: false, autapses: false, synapse: s}
  - {source: B, target: B, rule: all_to_all, autapses: false, synapse: s}
  - {source: A, target: B, number: 5000, multapses: false, synapse: s}
  - {source: A, target: A, rule: one_to_one, synapse: s}
"""

DENSE = NEURON + """
populations: {A: {size: 256, V_init: -52 mV, V_init_sd: 0.2 mV, I_e: 420 pA}}
synapses: {s: {weight: 2 pA, delay: 0.1 ms}}
projections: [{source: A, target: A, number: 60000, synapse: s}]
"""

NETWORKS = {"mixed": MIXED, "star": STAR, "power law": power_law(), "rules": RULES}


@pytest.fixture(scope="module")
def drive():
    rng = np.random.default_rng(3)
    ticks = np.sort(rng.integers(1, STOP + 1, 2000))
    return {"background": Samples(0, 1, rng.uniform(4, 12, (STOP + 1, 1))), "current": Samples(0, 1, rng.normal(0, 50, (STOP + 1, 3))),
            "spikes_in": Spikes(ticks, rng.integers(0, 290, 2000))}


@pytest.fixture(scope="module")
def expected(tmp_path_factory, drive):
    return digest(run(lambda: make(MIXED, tmp_path_factory.mktemp("net"), trace=TRACE), STOP, inputs=drive))


@pytest.mark.parametrize("share_memory", [True, False])
@pytest.mark.parametrize("ranks", [1, 2, 3, 4])
def test_by_edge_any_number_of_ranks_gives_the_same_bits(tmp_path, drive, expected, ranks, share_memory):
    assert digest(run(lambda: make(MIXED, tmp_path, trace=TRACE), STOP, 100, drive, ranks, share_memory, partition="edges")) == expected


@pytest.mark.parametrize("share_memory", [True, False])
@pytest.mark.parametrize("window", [1, 7, 64, 600])
def test_by_edge_any_window_length_gives_the_same_bits(tmp_path, drive, expected, window, share_memory):
    assert digest(run(lambda: make(MIXED, tmp_path, trace=TRACE), STOP, window, drive, 2, share_memory, partition="edges")) == expected


@pytest.mark.parametrize("level", levels())
def test_by_edge_every_instruction_set_gives_the_same_bits(tmp_path, drive, expected, monkeypatch, level):
    monkeypatch.setenv("COSIM_ISA", level)
    assert digest(run(lambda: make(MIXED, tmp_path, trace=TRACE), STOP, 100, drive, 3, partition="edges")) == expected


@pytest.mark.parametrize("name", ["star", "power law", "rules"])
def test_networks_give_the_same_bits_in_both_partitions(tmp_path, name):
    alone = run(lambda: make(NETWORKS[name], tmp_path), 1000)
    assert len(np.unique(alone["spikes"].ids)) > 50
    for partition in ("neurons", "edges"):
        for ranks, share_memory in ((2, True), (3, False), (4, True)):
            given = run(lambda: make(NETWORKS[name], tmp_path), 1000, 37, ranks=ranks, share_memory=share_memory, partition=partition)
            assert digest(given) == digest(alone), (partition, ranks, share_memory)


def test_sums_are_exchanged_one_step_at_a_time_where_more_would_not_fit(tmp_path, drive, expected, monkeypatch):
    monkeypatch.setattr(build, "_PARTIAL_BYTES", 0)
    for share_memory in (True, False):
        assert digest(run(lambda: make(MIXED, tmp_path, trace=TRACE), STOP, 100, drive, 2, share_memory, partition="edges")) == expected


def test_messages_hold_all_sums_or_those_that_are_not_zero(tmp_path, monkeypatch):
    alone, told, gather = digest(run(lambda: make(DENSE, tmp_path), 300)), set(), ThreadRanks.gather

    def listen(self, part):
        if part.dtype == np.uint32 and part[0]:  # what is told of spikes begins with 0
            told.add("all" if part[0] == 0xFFFFFFFF else "some")
        return gather(self, part)

    monkeypatch.setattr(ThreadRanks, "gather", listen)
    assert digest(run(lambda: make(DENSE, tmp_path), 300, ranks=3, share_memory=False, partition="edges")) == alone
    assert told == {"all", "some"}


def built(text, folder, ranks, partition):
    """Return the synapses that each rank holds: rows of source, target, delay, weight and input."""
    def work(mine):
        one = make(text, folder)
        one.prepare(Context("column", 7, 0, mine, Path(), partition=partition))
        engine, own, sizes = one._built.engine, one._built.part, [p.size for p in one._plan.scaled.network.populations]
        firsts = np.cumsum([0, *sizes])
        found = []
        for s in range(firsts[-1]):
            row = engine.row(s)
            p = np.searchsorted(own.to_local, row[:, 0], side="right") - 1
            found.append(np.column_stack([np.full(len(row), s), row[:, 0] - own.to_local[p] + firsts[p], row[:, 1:]]))
        return np.concatenate(found)
    return run_on_ranks(ranks, work)


@pytest.mark.parametrize("ranks", [2, 3])
@pytest.mark.parametrize("name", list(NETWORKS))
def test_every_synapse_is_held_by_exactly_one_rank(tmp_path, name, ranks):
    drawn = twin.synapses(make(NETWORKS[name], tmp_path)._plan, 7, "column")
    expected = sorted(zip(*(a.tolist() for a in (drawn.source, drawn.target, drawn.delay, drawn.weight, drawn.input)), strict=True))
    held = built(NETWORKS[name], tmp_path, ranks, "edges")
    assert sorted(map(tuple, np.concatenate(held).tolist())) == expected
    assert max(len(h) for h in held) <= 1.01 * len(expected) / ranks


def test_blocks_are_as_large_as_long_rows_allow_on_every_rank(tmp_path, monkeypatch):
    """A rank is not made to count in tiny blocks for long rows that end on other ranks."""
    text = NEURON + """
populations: {A: {size: 64}, B: {size: 640}, C: {size: 640}}
synapses: {s: {weight: 1 pA, delay: 1 ms}}
projections: [{source: A, target: B, rule: fixed_outdegree, outdegree: 600, multapses: false, synapse: s}]
"""
    monkeypatch.setattr(build, "_LONGEST_ROW", 500)
    monkeypatch.setattr(build, "loads", lambda network, *_: (1.0,) * len(network.populations))
    chosen, block_of = {}, build._block
    monkeypatch.setattr(build, "_block", lambda own, *a: chosen.setdefault(own.first_id, block_of(own, *a)))
    assert sum(len(h) for h in built(text, tmp_path, 3, "neurons")) == 64 * 600
    assert chosen == {0: 192, 448: 448, 896: 448}


INWARD = STAR.replace("  - {source: hub, target: leaf, rule: all_to_all, synapse: out}\n", "").replace("size: 300", "size: 840")
OUTWARD = STAR.replace("  - {source: leaf, target: hub, rule: all_to_all, synapse: back}\n", "").replace("size: 300", "size: 839")


@pytest.mark.parametrize("ranks", [2, 3, 4])
def test_a_star_is_uneven_by_neuron_and_even_by_edge(tmp_path, ranks):
    expected = {b.partition: b for b in make(INWARD, tmp_path).balance(ranks)}
    for partition, uneven in (("neurons", ranks), ("edges", 1)):
        held = [len(h) for h in built(INWARD, tmp_path, ranks, partition)]
        assert tuple(held) == expected[partition].held
        assert max(held) / np.mean(held) == uneven


@pytest.mark.parametrize("ranks", [2, 3, 4])
def test_every_spike_of_a_hub_is_told_to_every_other_rank_and_sums_come_back(tmp_path, ranks):
    one = make(OUTWARD, tmp_path)
    found = {b.partition: b for b in one.balance(ranks)}
    spikes = 40 + 839 * 20
    assert found["neurons"].traffic == 4 * spikes * (ranks - 1)
    assert found["edges"].traffic - found["neurons"].traffic == 4 * 840 * (ranks - 1) * 10_000
    assert found["edges"].exchanges == 2 * found["neurons"].exchanges
    assert max(found["edges"].held) <= np.mean(found["edges"].held) + 1


def power_law_file(folder):
    """Write a network whose in- and out-degrees follow power laws, the few largest holding most of the synapses."""
    rng = np.random.default_rng(5)
    ranked = np.arange(1, 401.0)
    chance = ranked**-1.2 / (ranked**-1.2).sum()
    sources, targets = rng.choice(400, 20_000, p=chance), 399 - rng.choice(400, 20_000, p=chance)
    np.savez(folder / "edges.npz", source=sources, target=targets, weight=rng.normal(10, 2, 20_000), delay=rng.integers(5, 25, 20_000) / 10)
    return NEURON + """
populations: {A: {size: 400, V_init: -55 mV, V_init_sd: 5 mV, I_e: 380 pA}}
projections: [{source: A, target: A, edges: edges.npz, synapse: {weight: 10 pA, delay: 1 ms}}]
"""


@pytest.mark.parametrize("share_memory", [True, False])
def test_hubs_of_a_power_law_are_shared_and_change_no_bit(tmp_path, share_memory):
    text = power_law_file(tmp_path)
    alone = run(lambda: make(text, tmp_path), 600)
    assert len(alone["spikes"].ids) > 500
    for partition in ("neurons", "edges"):
        for ranks in (2, 4):
            given = run(lambda: make(text, tmp_path), 600, 50, ranks=ranks, share_memory=share_memory, partition=partition)
            assert digest(given) == digest(alone)
    expected = {b.partition: b for b in make(text, tmp_path).balance(4)}
    for partition in ("neurons", "edges"):
        assert tuple(len(h) for h in built(text, tmp_path, 4, partition)) == expected[partition].held
    assert max(expected["neurons"].held) > 2 * 5000
    assert max(expected["edges"].held) < 1.01 * 5000


@pytest.mark.parametrize("partition", ["neurons", "edges"])
@pytest.mark.parametrize("name", list(NETWORKS))
def test_the_expected_balance_is_that_of_the_network_as_built(tmp_path, name, partition):
    expected = next(b for b in make(NETWORKS[name], tmp_path).balance(3) if b.partition == partition)
    held = np.array([len(h) for h in built(NETWORKS[name], tmp_path, 3, partition)])
    assert sum(expected.held) == pytest.approx(held.sum(), rel=0.02)
    assert (abs(np.array(expected.held) - held) <= 5 * np.sqrt(held)).all()
    assert len(expected.load) == 3
    assert sum(expected.load) > make(NETWORKS[name], tmp_path).describe().work


@pytest.mark.parametrize("parts", [1, 2, 3, 7])
def test_shares_of_rows_are_even_and_leave_nothing_out(parts):
    for rows in (np.ones(100, np.int64), np.full(5, 10_001), np.arange(50)):
        all_of_them = np.array([shares(rows, part, parts) for part in range(parts)])
        assert (all_of_them.sum(axis=0) == rows).all()
        assert np.ptp(all_of_them, axis=0).max() <= 1
    each = [int(shares(np.ones(100, np.int64), part, parts).sum()) for part in range(parts)]
    assert max(each) - min(each) <= 1


def test_memory_counts_the_sums_of_a_partition_by_edge_and_what_is_listed(tmp_path):
    one = make(STAR, tmp_path)
    alone = one.describe().memory_bytes
    by_neuron, by_edge = (b.memory_bytes for b in one.balance(4))
    assert by_neuron == alone and by_edge - by_neuron == 4 * 4 * (64 + 320)
    many = 100_000
    np.savez(tmp_path / "edges.npz", source=np.zeros(many, int), target=np.arange(many) % 300, weight=np.ones(many))
    text = STAR.replace("rule: all_to_all, synapse: out", "edges: edges.npz, synapse: out")
    listed = make(text, tmp_path)
    assert listed.describe().memory_bytes - alone > 2 * 28 * many
    assert listed.balance(4)[0].memory_bytes - listed.describe().memory_bytes == 3 * 28 * many
