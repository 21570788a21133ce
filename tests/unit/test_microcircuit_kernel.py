"""The kernels give the bits of their plain twin, whatever the processor, the ranks and the windows."""

import re
import shlex
import shutil
import subprocess
import sysconfig
from pathlib import Path

import numpy as np
import pytest
from support.microcircuit import MIXED, NEURON, digest, make, run
from support.ranks import run_on_ranks

import cosim
from cosim.blocks import Samples, Spikes
from cosim.errors import InputError, RunError
from cosim.interfaces import Context
from cosim.models.microcircuit import kernel
from cosim.models.microcircuit.kernel import build, twin
from cosim.models.microcircuit.kernel._engine import CHUNK, levels
from cosim.models.microcircuit.kernel._projection import outdegrees
from cosim.random import stream_key

STOP = 1500
TRACE = (0, 149, 150, 219, 220, 289)


@pytest.fixture(scope="module")
def drive():
    rng = np.random.default_rng(3)
    ticks = np.sort(rng.integers(1, STOP + 1, 4000))
    return {"background": Samples(0, 1, rng.uniform(4, 12, (STOP + 1, 1))), "current": Samples(0, 1, rng.normal(0, 50, (STOP + 1, 3))),
            "spikes_in": Spikes(ticks, rng.integers(0, 290, 4000))}


@pytest.fixture(scope="module")
def expected(tmp_path_factory, drive):
    return digest(run(lambda: make(MIXED, tmp_path_factory.mktemp("net"), trace=TRACE), STOP, inputs=drive))


@pytest.mark.parametrize("precision", ["single", "double"])
def test_the_kernel_gives_the_bits_of_its_numpy_twin(tmp_path, precision):
    steps, made = 300, []
    rng = np.random.default_rng(1)
    rates, currents = rng.uniform(0, 20, (steps + 1, 1)), rng.normal(0, 100, (steps + 1, 3))
    ticks, ids = np.sort(rng.integers(1, steps + 1, 500)), rng.integers(0, 290, 500)

    def one():
        made.append(make(MIXED, tmp_path, precision=precision, trace=tuple(range(290)), input_weight=55.5))
        return made[-1]
    given = run(one, steps, inputs={"background": Samples(0, 1, rates), "current": Samples(0, 1, currents),
                                    "spikes_in": Spikes(ticks, ids)})
    plan = made[0]._plan
    arrivals = np.zeros((steps, 290), np.int64)
    np.add.at(arrivals, (ticks - 1, ids), 1)
    rate = np.repeat(rates[:-1], 3, axis=1)
    direct = plan.scaled.direct_pa + plan.scaled.direct_pa_per_hz * rate + currents[:-1]
    spikes, states = twin.run(plan, 7, "column", rate, direct, arrivals)
    assert spikes.sum() > 50
    assert np.array_equal(np.argwhere(spikes) + np.array([1, 0]), np.stack([given["spikes"].ticks, given["spikes"].ids], axis=1))
    assert np.array_equal(states["V_m"] + -65.0, given["potential"].values)
    assert np.array_equal(states["I_syn_ex"], given["synaptic_current"].values)


@pytest.mark.parametrize("level", levels())
@pytest.mark.parametrize("precision", ["single", "double"])
def test_every_instruction_set_gives_the_same_bits(tmp_path, drive, monkeypatch, level, precision):
    monkeypatch.setenv("COSIM_ISA", level)
    forced = digest(run(lambda: make(MIXED, tmp_path, precision=precision, trace=TRACE), STOP, inputs=drive))
    monkeypatch.delenv("COSIM_ISA")
    assert forced == digest(run(lambda: make(MIXED, tmp_path, precision=precision, trace=TRACE), STOP, inputs=drive))


@pytest.mark.parametrize("share_memory", [True, False])
@pytest.mark.parametrize("ranks", [2, 3, 4, 8])
def test_any_number_of_ranks_gives_the_same_bits(tmp_path, drive, expected, ranks, share_memory):
    assert digest(run(lambda: make(MIXED, tmp_path, trace=TRACE), STOP, 100, drive, ranks, share_memory)) == expected


@pytest.mark.parametrize("window", [1, 7, 64, 1500])
def test_any_window_length_gives_the_same_bits(tmp_path, drive, expected, window):
    assert digest(run(lambda: make(MIXED, tmp_path, trace=TRACE), STOP, window, drive)) == expected


def test_a_network_smaller_than_a_chunk_runs_on_as_many_ranks_as_neurons(tmp_path):
    text = MIXED.split("populations:")[0] + """
populations: {E: {size: 5, external: 1000, V_init: -52 mV}}
synapses: {exc: {weight: 1 mV, delay: 0.3 ms}}
projections: [{source: E, target: E, rule: all_to_all, synapse: exc}]
"""
    alone = run(lambda: make(text, tmp_path), 1000)
    assert len(alone["spikes"].ids) > 20
    assert digest(run(lambda: make(text, tmp_path), 1000, 13, ranks=5)) == digest(alone)
    assert make(text, tmp_path).describe().max_ranks == 5


def test_the_network_is_the_same_on_every_number_of_ranks(tmp_path):
    def synapses(ranks):
        def work(mine):
            one = make(MIXED, tmp_path)
            one.prepare(Context("column", 7, 0, mine, Path()))
            engine, part = one._built.engine, one._built.part
            shift = np.zeros(part.local, np.int64)
            for _, first, chunks, id_shift in part.runs:
                shift[first:first + chunks * CHUNK] = id_shift
            rows = [engine.row(s) for s in range(290)]
            return [(s, *r) for s in range(290) for r in np.column_stack([rows[s][:, 0] + shift[rows[s][:, 0]], rows[s][:, 1:]]).tolist()]
        return sorted(row for part in run_on_ranks(ranks, work) for row in part)
    one = synapses(1)
    assert one == synapses(3) == synapses(4)
    expected = twin.synapses(make(MIXED, tmp_path)._plan, 7, "column")
    arrays = (expected.source, expected.target, expected.delay, expected.weight, expected.input)
    assert one == sorted(zip(*(a.tolist() for a in arrays), strict=True))


def test_another_seed_or_group_is_another_network_and_a_named_stream_is_not(tmp_path):
    base = digest(run(lambda: make(MIXED, tmp_path), 500))
    assert digest(run(lambda: make(MIXED, tmp_path), 500, seed=8)) != base
    assert digest(run(lambda: make(MIXED, tmp_path), 500, group="other")) != base
    assert digest(run(lambda: make(MIXED, tmp_path, stream="column"), 500, group="other")) == base


@pytest.mark.parametrize("mean", [1e-9, 0.01, 1.28, 2.32, 10.0, 50.0, 64.0])
def test_poisson_counts_follow_their_distribution(mean):
    from scipy.stats import chisquare, poisson
    counts = np.concatenate([twin.background_counts(stream_key(1, "p"), mean, 0, 4096, step) for step in range(25)])
    low, high = int(poisson.ppf(1e-4, mean)), int(poisson.ppf(1 - 1e-4, mean))
    observed = np.bincount(np.clip(counts, low, high) - low, minlength=high - low + 1)
    cdf = poisson.cdf(np.arange(low, high), mean)
    chance = np.diff(np.r_[0.0, cdf, 1.0])
    assert counts.mean() == pytest.approx(mean, abs=5 * np.sqrt(mean / counts.size) + 1e-4)
    if high > low:
        assert chisquare(observed, chance * counts.size).pvalue > 1e-3


LONG_ROWS = NEURON + """
populations: {A: {size: 1, V_init: -49 mV}, B: {size: 200}, C: {size: 20000}}
synapses: {s: {weight: 1 pA, delay: 1 ms}}
projections:
  - {source: A, target: B, rule: fixed_indegree, indegree: %d, synapse: s}
  - {source: A, target: C, rule: fixed_indegree, indegree: 4, synapse: s}
  - {source: A, target: C, number: 70000, synapse: s}
"""


def prepared(text, folder):
    one = make(text, folder)
    run_on_ranks(1, lambda mine: one.prepare(Context("column", 7, 0, mine, Path())))
    return one


def test_a_source_may_have_more_synapses_than_sixteen_bits_can_count(tmp_path):
    one = prepared(LONG_ROWS % 500, tmp_path)
    row, first = one._built.engine.row(0), one._built.part.to_local
    onto = [np.bincount(row[:, 0], minlength=first[2] + 20000)[at:at + size] for at, size in zip(first[1:], (200, 20000), strict=True)]
    assert (onto[0] == 500).all() and (onto[1] >= 4).all() and onto[1].sum() == 150_000
    alone = run(lambda: make(LONG_ROWS % 500, tmp_path, trace=(1, 20200)), 100)
    assert alone["synaptic_current"].values.max() > 400
    assert digest(run(lambda: make(LONG_ROWS % 500, tmp_path, trace=(1, 20200)), 100, 7, ranks=3)) == digest(alone)


def test_synapses_that_cannot_be_counted_or_find_no_room_are_told_apart(tmp_path, monkeypatch):
    with pytest.raises(InputError, match="a neuron of A has more than 65535 synapses onto 64 neighbouring neurons"):
        prepared(LONG_ROWS % 1100, tmp_path)
    monkeypatch.setattr(build, "most_synapses", lambda mean: 0.0)
    with pytest.raises(RunError, match="the synapses of S are more than the room"):
        prepared(NEURON + """
populations: {S: {size: 10}}
synapses: {s: {weight: 1 pA, delay: 1 ms}}
projections: [{source: S, target: S, number: 1000, synapse: s}]
""", tmp_path)


@pytest.mark.parametrize("other", [(), ("-U__GNUC__", "-D__GNUC__=11"), ("-D__clang__=1",), ("-DCOSIM_PLAIN_ONLY",)])
def test_a_compiler_that_cannot_choose_the_instruction_set_is_given_the_plain_kernel_alone(other):
    compiler = shlex.split(sysconfig.get_config_var("CC") or "cc")
    if shutil.which(compiler[0]) is None:
        pytest.skip("there is no C compiler")
    headers = [f"-I{Path(sources.__file__).parent}" for sources in (cosim, kernel)]
    given = subprocess.run([*compiler, "-E", "-P", "-xc", *headers, *other, "-"], input='#include "levels.h"\n', text=True, check=True,
                           capture_output=True).stdout
    names = re.findall(r'mc_level mc_level_\w+ = \{"([^"]+)"', given)
    assert tuple(names)[:1] == ("baseline",)
    if other:
        assert names == ["baseline"] and "x86-64" not in given
    else:
        assert set(levels()) <= set(names), "built by another compiler than the tests use"


def test_sources_share_out_all_synapses_at_random():
    degrees = outdegrees(0, 99, 100_003, 500)
    assert degrees.sum() == 100_003
    assert 0.8 < degrees.var() / (100_003 / 500) < 1.2


@pytest.mark.parametrize("real", [np.float32, np.float64])
def test_random_numbers_of_neurons_lie_between_0_and_1(real):
    """The kernels draw what this says: the contract of all neuron models holds them to the twin."""
    words = np.array([0, 1, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1], np.uint32)
    drawn = twin.between_0_and_1(words, real)
    assert drawn.dtype == real and (drawn > 0).all() and (drawn < 1).all()
    assert np.array_equal(drawn, 1 - drawn[::-1])
