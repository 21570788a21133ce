"""Each connection rule connects as its theory says, is refused where it cannot, and is a function of the seed alone."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from scipy.stats import binom, chisquare, hypergeom
from support.microcircuit import NEURON, digest, make, run
from support.ranks import run_on_ranks

from cosim.errors import InputError
from cosim.interfaces import Context
from cosim.models.microcircuit.kernel import twin
from cosim.models.microcircuit.kernel.chance import masses

BASE = NEURON.replace("{", "{{").replace("}", "}}") + """
populations: {{A: {{size: {a}}}, B: {{size: {b}}}}}
synapses: {{s: {{weight: 100 pA, weight_rel_sd: 0.3, delay: 1.5 ms, delay_sd: 0.5 ms}}}}
projections: [{{source: A, target: {target}, synapse: s, {rule}}}]
"""
RULES = ["rule: fixed_indegree, indegree: 7", "rule: fixed_outdegree, outdegree: 7", "number: 300",
         "rule: pairwise_bernoulli, probability: 0.2",
         "rule: all_to_all", "rule: fixed_indegree, indegree: 29", "rule: fixed_outdegree, outdegree: 29", "number: 800"]
# Every rule with every choice, onto populations that fill no chunk and more than one.
EVERY = NEURON + """
populations:
  A: {size: 70, V_init: {uniform: [-65 mV, -50 mV]}, I_e: 380 pA}
  B: {size: 150, V_init: {normal: [-58 mV, 9 mV], redraw: [-64 mV, -51 mV]}, I_e: 380 pA}
synapses:
  exc: {weight: {lognormal: [60 pA, 60 pA], clip: [10 pA, 200 pA]}, delay: {uniform: [0.5 ms, 3 ms]}}
  inh: {weight: {uniform: [-300 pA, -100 pA]}, delay: {lognormal: [1 ms, 0.5 ms], redraw: [0.3 ms, 4 ms]}}
projections:
  - {source: A, target: B, rule: fixed_outdegree, outdegree: 11, multapses: false, synapse: exc}
  - {source: A, target: A, rule: fixed_outdegree, outdegree: 69, multapses: false, autapses: false, synapse: inh}
  - {source: B, target: B, rule: fixed_indegree, indegree: 20, multapses: false, autapses: false, synapse: exc}
  - {source: B, target: B, rule: fixed_indegree, indegree: 9, autapses: false, synapse: inh}
  - {source: B, target: A, number: 400, multapses: false, synapse: exc}
  - {source: A, target: A, number: 4000, multapses: false, autapses: false, synapse: exc}
  - {source: B, target: B, number: 500, autapses: false, synapse: exc}
  - {source: B, target: A, rule: pairwise_bernoulli, probability: 0.1, synapse: inh}
  - {source: B, target: B, rule: pairwise_bernoulli, probability: 1, autapses: false, synapse: exc}
  - {source: A, target: A, rule: all_to_all, autapses: false, synapse: inh}
"""


def drawn(rule: str, folder: Path, target: str = "A", a: int = 30, b: int = 40, seed: int = 7) -> tuple[np.ndarray, np.ndarray]:
    """Return source and target of each synapse, as the twin draws them; another test holds the kernel against it."""
    found = twin.synapses(make(BASE.format(a=a, b=b, target=target, rule=rule), folder)._plan, seed, "column")
    return found.source, found.target - (a if target == "B" else 0)


def problem(rule: str, folder: Path, target: str = "A", a: int = 30, b: int = 40) -> str:
    with pytest.raises(InputError) as caught:
        make(BASE.format(a=a, b=b, target=target, rule=rule), folder)
    return str(caught.value)


@pytest.mark.parametrize("autapses", [True, False])
@pytest.mark.parametrize("rule", RULES)
def test_forbidden_autapses_and_multapses_do_not_occur(tmp_path, rule, autapses):
    distinct = "" if "bernoulli" in rule or "all_to_all" in rule else ", multapses: false"
    source, target = drawn(f"{rule}{distinct}, autapses: {str(autapses).lower()}", tmp_path)
    assert len(np.unique(source * 30 + target)) == len(source)
    assert autapses or not (source == target).any()


@pytest.mark.parametrize("multapses", [True, False])
@pytest.mark.parametrize("autapses", [True, False])
def test_degrees_and_totals_are_exact(tmp_path, autapses, multapses):
    flags = f", autapses: {str(autapses).lower()}, multapses: {str(multapses).lower()}"
    source, target = drawn("rule: fixed_indegree, indegree: 12" + flags, tmp_path)
    assert (np.bincount(target, minlength=30) == 12).all()
    source, target = drawn("rule: fixed_outdegree, outdegree: 12" + flags, tmp_path)
    assert (np.bincount(source, minlength=30) == 12).all()
    for number in (0, 1, 333, 869):
        assert len(drawn(f"number: {number}" + flags, tmp_path)[0]) == number


def test_as_many_synapses_as_there_are_pairs_connect_all_pairs(tmp_path):
    for rule in ("number: 870", "rule: fixed_indegree, indegree: 29", "rule: fixed_outdegree, outdegree: 29"):
        source, target = drawn(rule + ", autapses: false, multapses: false", tmp_path)
        assert len(np.unique(source * 30 + target)) == 870 and not (source == target).any()
    assert len(drawn("rule: pairwise_bernoulli, probability: 1", tmp_path)[0]) == 900
    assert len(drawn("rule: pairwise_bernoulli, probability: 0", tmp_path)[0]) == 0


def test_pairwise_bernoulli_has_binomial_degrees_on_both_sides(tmp_path):
    source, target = drawn("rule: pairwise_bernoulli, probability: 0.15", tmp_path, "B", 1500, 400)
    for ids, many, partners in ((source, 1500, 400), (target, 400, 1500)):
        degrees = np.bincount(ids, minlength=many)
        edges = binom.ppf(np.linspace(0, 1, 9)[1:-1], partners, 0.15)
        seen = np.bincount(np.searchsorted(edges, degrees), minlength=8)
        expected = np.diff(np.concatenate([[0], binom.cdf(edges, partners, 0.15), [1]])) * many
        assert chisquare(seen, expected).pvalue > 1e-3
    assert len(source) == pytest.approx(90_000, abs=4 * np.sqrt(90_000 * 0.85))


def test_total_number_without_multapses_has_hypergeometric_degrees(tmp_path):
    """Each set of so many pairs is equally likely, so the degrees of both sides are those of balls drawn and not put back."""
    for number in (20_000, 45_000):  # fewer, and more, than half of all pairs
        source, target = drawn(f"number: {number}, multapses: false", tmp_path, "B", 600, 100)
        for ids, many, partners in ((source, 600, 100), (target, 100, 600)):
            law = hypergeom(60_000, partners, number)
            degrees = np.bincount(ids, minlength=many)
            assert degrees.mean() == pytest.approx(law.mean())
            assert degrees.var() == pytest.approx(law.var(), rel=4 * np.sqrt(2 / many))
            assert degrees.var() < 0.85 * number / many  # with multapses it would be nearly the mean


def test_every_set_of_partners_is_equally_likely(tmp_path):
    """Two of five without replacement: ten sets, each a tenth."""
    for rule, own in (("rule: fixed_indegree, indegree: 2", 1), ("rule: fixed_outdegree, outdegree: 2", 0)):
        sizes = (5, 8000) if own else (8000, 5)
        pairs = drawn(rule + ", multapses: false", tmp_path, "B", *sizes)
        partner = pairs[1 - own][np.argsort(pairs[own], kind="stable")].reshape(-1, 2)
        low, high = partner.min(1), partner.max(1)
        seen = np.bincount(low * 5 + high, minlength=25)
        assert chisquare(seen[seen > 0]).pvalue > 1e-3 and np.count_nonzero(seen) == 10


def test_without_autapses_every_other_neuron_is_equally_likely(tmp_path):
    for rule in ("rule: fixed_indegree, indegree: 300", "rule: fixed_outdegree, outdegree: 300", "number: 9000"):
        source, target = drawn(rule + ", autapses: false", tmp_path)
        seen = np.bincount(source * 30 + target, minlength=900).reshape(30, 30)
        assert (np.diag(seen) == 0).all() and chisquare(seen[~np.eye(30, dtype=bool)]).pvalue > 1e-3


def test_the_masses_of_the_binomial_distribution_are_right():
    for trials, p in ((1, 0.5), (10, 0.999), (77169, 0.1), (3, 1e-9), (10**6, 1e-3), (500, 0.4)):
        first, mass = masses(trials, p)
        expected = binom.pmf(np.arange(first, first + len(mass)), trials, p)
        assert mass / mass.sum() == pytest.approx(expected, rel=1e-8, abs=1e-25)
        assert expected.sum() == pytest.approx(1, abs=1e-12)


def table(found: twin.Synapses) -> np.ndarray:
    rows = np.stack([found.source, found.target, found.delay, found.weight, found.input], 1)
    return rows[np.lexsort(rows.T)]


def built(text: str, folder: Path, ranks: int = 1) -> np.ndarray:
    """Return what `table` does, of the rows that the kernel built on some ranks."""
    def work(mine):
        one = make(text, folder)
        one.prepare(Context("column", 7, 1, mine, folder))
        engine, own, found = one._built.engine, one._built.part, []
        for source in range(one._plan.scaled.network.neurons):
            row = engine.row(source)
            shift = own.runs[np.searchsorted(own.runs[:, 1], row[:, 0], side="right") - 1, 3]
            found.append(np.column_stack([np.full(len(row), source), row[:, 0] + shift, row[:, 1:]]))
        return np.concatenate(found)
    rows = np.concatenate(run_on_ranks(ranks, work, True))
    return rows[np.lexsort(rows.T)]


@pytest.mark.parametrize("ranks", [1, 3])
def test_the_kernel_draws_the_synapses_of_its_twin(tmp_path, ranks):
    expected = table(twin.synapses(make(EVERY, tmp_path)._plan, 7, "column"))
    assert len(expected) > 30_000 and np.array_equal(built(EVERY, tmp_path, ranks), expected)


def test_the_bits_do_not_depend_on_ranks_or_windows(tmp_path):
    def one():
        return make(EVERY, tmp_path, trace=(0, 69, 70, 219))
    alone = run(one, 2000)
    assert len(alone["spikes"].ids) > 300
    for ranks, window, share in ((1, 130, True), (2, 10_000, True), (3, 70, True), (2, 300, False)):
        assert digest(run(one, 2000, window, ranks=ranks, share_memory=share)) == digest(alone)


def test_another_seed_makes_another_network(tmp_path):
    for rule in [r for r in RULES if "all_to_all" not in r]:
        assert any((x != y).any() if len(x) == len(y) else True for x, y in zip(
            drawn(rule, tmp_path, seed=1), drawn(rule, tmp_path, seed=2), strict=True))


@pytest.mark.parametrize(("rule", "target", "says"), [
    ("rule: fixed_indegree, indegree: 31, multapses: false", "A", "asks for 31 synapses, and without multapses each neuron of A has 30"),
    ("rule: fixed_indegree, indegree: 30, multapses: false, autapses: false", "A", "and autapses each neuron of A has 29"),
    ("rule: fixed_outdegree, outdegree: 41, multapses: false", "B", "each neuron of A has 40 neurons of B to reach"),
    ("number: 1201, multapses: false", "B", "A and B have 1,200 pairs of neurons"),
    ("rule: one_to_one", "B", "'one_to_one' between 30 neurons of A and 40 of B"),
    ("rule: one_to_one, autapses: false", "A", "without autapses, 'one_to_one' leaves no synapse"),
    ("rule: pairwise_bernoulli, probability: 0.1, multapses: true", "A", "connects two neurons at most once"),
    ("rule: pairwise_bernoulli, number: 10", "A", "the rule 'pairwise_bernoulli' is given number"),
    ("rule: pairwise_bernoulli, probability: 1.1", "A", "a number between 0 and 1"),
    ("rule: fixed_outdegree, indegree: 10", "A", "one of outdegree"),
    ("rule: fixed_outdegree", "A", "is given no number of synapses"),
    ("number: 3, autapses: perhaps", "A", "true or false"),
    ("rule: pairwise_bernouli, probability: 0.1", "A", "did you mean 'pairwise_bernoulli'"),
    ("edges: none.csv", "A", "there is no edge file"),
    ("edges: none.xls", "A", "one of .csv, .txt, .npz, .h5"),
])
def test_what_no_rule_can_do_is_a_sentence(tmp_path, rule, target, says):
    assert says in problem(rule, tmp_path, target)


def write(path: Path, columns: dict[str, np.ndarray]) -> None:
    if path.suffix == ".npz":
        np.savez(path, **columns)
    elif path.suffix == ".h5":
        with h5py.File(path, "w") as file:
            for name, values in columns.items():
                file[name] = values
    else:
        comma = "," if path.suffix == ".csv" else " "
        rows = [comma.join(columns), *(comma.join(repr(v.item()) for v in row) for row in zip(*columns.values(), strict=True))]
        path.write_text("\n".join(["# made by a test", *rows]))


@pytest.mark.parametrize("kind", ["csv", "txt", "npz", "h5"])
def test_edges_of_a_file_are_taken_as_they_are(tmp_path, kind):
    rng = np.random.default_rng(1)
    columns = {"source": rng.integers(0, 30, 200), "target": rng.integers(0, 40, 200), "weight": rng.integers(1, 9, 200) * 50.0,
               "delay": rng.integers(1, 30, 200) / 10}
    write(tmp_path / f"edges.{kind}", columns)
    plan = make(BASE.format(a=30, b=40, target="B", rule=f"edges: edges.{kind}"), tmp_path)._plan
    found = twin.synapses(plan, 7, "column")
    got = np.stack([found.source, found.target - 30, found.weight * plan.wiring.units[1], found.delay / 10])
    want = np.stack(list(columns.values()))
    assert got[:, np.lexsort(got)] == pytest.approx(want[:, np.lexsort(want)], rel=1e-12)
    write(tmp_path / f"edges.{kind}", {name: values[::-1] for name, values in columns.items()})
    again = twin.synapses(make(BASE.format(a=30, b=40, target="B", rule=f"edges: edges.{kind}"), tmp_path)._plan, 7, "column")
    assert (again.weight == found.weight).all() and (again.target == found.target).all()


def test_edges_without_weights_take_those_of_their_synapse(tmp_path):
    (tmp_path / "edges.txt").write_text("".join(f"{i} {i + 10}\n" for i in range(30) for _ in range(50)))
    text = BASE.format(a=30, b=40, target="B", rule="edges: edges.txt")
    plan = make(text, tmp_path)._plan
    found = twin.synapses(plan, 7, "column")
    pa = found.weight * plan.wiring.units[1]
    assert pa.mean() == pytest.approx(100, rel=0.03) and pa.std() == pytest.approx(30, rel=0.06)
    assert np.array_equal(built(text, tmp_path, 2), table(found))


@pytest.mark.parametrize(("content", "says"), [
    ("source,target\n0,40\n", "edge 0 has the target 40"),
    ("source,target\n-1,4\n", "edge 0 has the source -1"),
    ("source,target\n0.5,4\n", "a whole number from 0 to 29"),
    ("source,targt\n0,4\n", "did you mean 'target'"),
    ("source,weight\n0,4\n", "the column 'target' is missing"),
    ("source,target\n0,x\n", "edges.csv:2: '0 x' is no edge"),
    ("source,target,delay\n0,1,0.01\n", "from 0 to 1 has a delay of 0.01 ms"),
    ("source,target,weight\n0,1,nan\n", "the weight nan"),
    ("0,1,2,3,4\n", "2 to 4: source target"),
    ("source,target,source\n0,1,5\n", "two columns 'source'"),
])
def test_a_wrong_edge_file_is_a_sentence(tmp_path, content, says):
    (tmp_path / "edges.csv").write_text(content)
    assert says in problem("edges: edges.csv", tmp_path, "B")


def test_a_damaged_edge_file_is_a_sentence(tmp_path):
    path = tmp_path / "edges.npz"
    np.savez(path, source=np.arange(9), target=np.arange(9))
    whole = path.read_bytes()
    for damaged in (whole[:100], whole[:len(whole) // 2], whole[:90] + bytes(60) + whole[150:], b"PK"):
        path.write_bytes(damaged)
        assert "the edge file cannot be read" in problem("edges: edges.npz", tmp_path, "B")
    np.savez(path, source=np.zeros((2, 2)), target=np.zeros((2, 2)))
    assert "the column 'source' has the shape (2, 2)" in problem("edges: edges.npz", tmp_path, "B")


LISTED = """
populations: {A: {size: 3}, B: {size: 3}, C: {size: 3, model: iaf_cond_exp}}
projections: [{source: A, target: %s, edges: edges.csv, synapse: {weight: %s, delay: 1 ms}}]
"""


def listed(folder: Path, target: str, weight: str, weights: tuple[float, ...]) -> np.ndarray:
    (folder / "edges.csv").write_text("source,target,weight\n" + "".join(f"0,{i},{w}\n" for i, w in enumerate(weights)))
    return make(LISTED % (target, weight), folder)._plan.scaled.network.projections[0].edges.weights


def test_conductances_of_an_edge_file_have_one_sign_which_does_not_count(tmp_path):
    for weight in ("2 nS", "-2 nS"):
        assert listed(tmp_path, "C", weight, (1, 2, 0)).tolist() == listed(tmp_path, "C", weight, (-1, -2, 0)).tolist() == [1, 2, 0]
        with pytest.raises(InputError, match="the size alone of a weight counts for the receptor"):
            listed(tmp_path, "C", weight, (1, -2, 0))
    assert listed(tmp_path, "B", "2 pA", (1, -2, 0)).tolist() == [1, -2, 0]


def test_listed_weights_have_the_unit_of_their_synapse_whatever_its_value(tmp_path):
    for sign in ("", "-"):
        assert (listed(tmp_path, "B", f"{sign}0 mV", (1, -2, 0)) == listed(tmp_path, "B", "1 mV", (1, -2, 0))).all()
    assert listed(tmp_path, "B", "1 mV", (1, -2, 0))[0] > 10
