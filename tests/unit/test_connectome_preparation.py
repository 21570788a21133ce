"""What is done to a connectome before it is simulated keeps to its laws."""

from dataclasses import fields, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from support import connectomes as written
from support.connectomes import small, table

from cosim.errors import InputError
from cosim.models.wholebrain.component import WholeBrain
from cosim.models.wholebrain.connectome import Connectome, connectome_digest, prepared
from cosim.models.wholebrain.connectome.preparation import logarithmic, strongest, subset, symmetric, taken, transposed, without_weak
from cosim.models.wholebrain.parameters import WholeBrainParameters
from cosim.models.wholebrain.synthetic import SyntheticConnectome
from cosim.timegrid import Clock

C = small(12)
CLOCK = Clock(Fraction("0.1"), 1)
BETWEEN = ~np.eye(len(C), dtype=bool)


def same(one: Connectome, other: Connectome) -> None:
    for field in fields(Connectome):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name), err_msg=field.name)


def drawn(density: float = 1.0, seed: int = 1) -> Connectome:
    """All weights different, so that no order among equal ones matters; some of regions with themselves."""
    draw = np.random.default_rng(seed)
    weights = draw.permutation(np.arange(1.0, 145.0)).reshape(12, 12)
    return replace(C, weights=weights * (draw.random((12, 12)) < density))


def test_the_subset_of_all_regions_is_the_connectome() -> None:
    same(subset(C, ["*"]), C)
    same(subset(C, list(C.labels)[::-1]), C)
    same(prepared(C), C)


def test_subsets_are_the_rows_and_columns_of_their_regions() -> None:
    found = subset(C, ["r*"])
    assert found.labels == tuple(x for x in C.labels if x.startswith("r"))
    assert (found.weights == C.weights[:6, :6]).all() and (found.tract_lengths == C.tract_lengths[:6, :6]).all()
    assert (found.orientations == C.orientations[:6]).all() and (found.right == C.right[:6]).all()
    assert set(subset(C, ["cortical"]).labels) | set(subset(C, ["subcortical"]).labels) == set(C.labels)
    assert subset(C, ["cortical"]).cortical.all() and not subset(C, ["subcortical"]).cortical.any()


def test_not_takes_away_from_what_is_chosen() -> None:
    first, second = C.labels[:2]
    assert subset(C, [f"not {first}"]).labels == C.labels[1:]
    assert subset(C, ["r*", f"not {second}"]).labels == tuple(x for x in C.labels[:6] if x != second)
    assert subset(C, [f"not {second}", second]).labels == C.labels


def test_a_subset_of_a_subset_is_that_of_both() -> None:
    same(subset(subset(C, ["r*"]), ["cortical"]), taken(C, [k for k in range(6) if C.cortical[k]]))


@pytest.mark.parametrize(
    ("regions", "words"),
    [
        (["rA11"], "there is no region 'rA11'.*did you mean 'rA1'"),
        (["q*"], "no region fits 'q\\*'"),
        (["rA1"], "1 of 12 regions are chosen"),
        ([], "0 of 12 regions are chosen"),
    ],
)
def test_words_that_choose_nothing_are_told(regions: list[str], words: str) -> None:
    with pytest.raises(InputError) as error:
        subset(C, regions)
    import re

    assert re.search(words, str(error.value), re.DOTALL)


def test_where_nobody_says_what_is_cortical_it_cannot_be_chosen() -> None:
    with pytest.raises(InputError, match="does not say which regions are cortical"):
        subset(replace(C, cortical=None), ["cortical"])


@pytest.mark.parametrize("density", [0.0, 0.1, 0.37, 0.5, 1.0])
def test_a_density_leaves_as_many_links_as_it_says(density: float) -> None:
    c = drawn()
    found = strongest(c, density)
    kept = (found.weights > 0) & BETWEEN
    assert kept.sum() == round(density * 12 * 11)
    assert (found.weights[kept] == c.weights[kept]).all()
    assert (np.diag(found.weights) == np.diag(c.weights)).all()
    if 0 < density < 1:
        assert found.weights[kept].min() > c.weights[BETWEEN & ~kept].max()


def test_a_density_above_that_of_the_connectome_changes_nothing() -> None:
    c = drawn(0.3)
    same(strongest(c, 0.6), c)


def test_a_symmetric_connectome_stays_so_when_pairs_are_kept() -> None:
    found = strongest(symmetric(drawn(), "mean"), 20 / (12 * 11))
    assert (found.weights == found.weights.T).all()
    assert ((found.weights > 0) & BETWEEN).sum() == 20


def test_a_threshold_keeps_what_is_not_below_it() -> None:
    c = drawn()
    limit = 70.0
    found = without_weak(c, limit)
    assert (found.weights[BETWEEN] == np.where(c.weights >= limit, c.weights, 0)[BETWEEN]).all()
    assert (np.diag(found.weights) == np.diag(c.weights)).all()
    same(without_weak(found, limit), found)
    same(without_weak(c, 0.0), c)


def test_the_threshold_at_the_weakest_link_kept_is_that_density() -> None:
    c = drawn()
    found = strongest(c, 0.25)
    same(without_weak(c, found.weights[(found.weights > 0) & BETWEEN].min()), found)


@pytest.mark.parametrize("how", ["mean", "max"])
def test_symmetry_is_the_same_from_both_sides_and_comes_once(how: str) -> None:
    c = drawn(0.5)
    found = symmetric(c, how)
    assert (found.weights == found.weights.T).all() and (found.tract_lengths == found.tract_lengths.T).all()
    same(symmetric(found, how), found)
    same(symmetric(transposed(c), how), found)
    assert found.weights.sum() == pytest.approx(c.weights.sum()) if how == "mean" else (found.weights >= c.weights).all()


def test_a_one_way_link_keeps_its_length_when_it_is_made_symmetric() -> None:
    weights, lengths = np.array([[0.0, 2.0], [0.0, 0.0]]), np.array([[0.0, 30.0], [0.0, 0.0]])
    found = symmetric(Connectome("", ("a", "b"), weights, lengths, np.zeros((2, 3))), "mean")
    assert found.weights.tolist() == [[0, 1], [1, 0]] and found.tract_lengths.tolist() == [[0, 30], [30, 0]]


def test_transposing_twice_is_nothing() -> None:
    same(transposed(transposed(C)), C)
    assert (transposed(C).weights == C.weights.T).all() and (transposed(C).tract_lengths == C.tract_lengths.T).all()


def test_the_logarithm_is_that_of_one_more_for_small_and_large_weights() -> None:
    x = np.random.default_rng(1).lognormal(sigma=10.0, size=(12, 12))
    x[0] = [0.0, 1e-300, 1e-17, 3e-16, 1e-8, 1.0, 2.0, 1e5, 1e16, 1e150, 1e300, np.e - 1]
    np.testing.assert_allclose(logarithmic(replace(C, weights=x)).weights, np.log1p(x), rtol=1e-15)


@pytest.mark.parametrize(
    "step",
    [
        lambda c: strongest(c, 0.3),
        lambda c: without_weak(c, 50.0),
        lambda c: symmetric(c, "mean"),
        lambda c: symmetric(c, "max"),
        logarithmic,
        transposed,
    ],
)
def test_every_step_commutes_with_another_order_of_regions(step) -> None:
    order = np.random.default_rng(2).permutation(12)
    c = drawn()
    same(step(taken(c, order)), taken(step(c), order))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"threshold": -1.0}, "the threshold is -1"),
        ({"threshold": float("nan")}, "the threshold is nan"),
        ({"density": 1.5}, "the density is 1.5"),
        ({"density": float("nan")}, "the density is nan"),
        ({"symmetric": "mena"}, "did you mean 'mean'"),
        ({"regions": ("rV11", "lV1")}, "did you mean 'rV1'"),
    ],
)
def test_wrong_wishes_are_told_before_a_run(given: dict, words: str) -> None:
    with pytest.raises(InputError, match=words):
        WholeBrain(WholeBrainParameters(connectome="synthetic", model="linear", **given), CLOCK)


def test_an_experiment_chooses_the_steps_in_their_order(tmp_path: Path) -> None:
    (tmp_path / "w.csv").write_text(table(C.weights, ","))
    (tmp_path / "l.csv").write_text(table(C.tract_lengths, ","))
    (tmp_path / "names.txt").write_text(written.regions(C))
    given = WholeBrainParameters(
        connectome="w.csv", tract_lengths="l.csv", labels="names.txt", transpose=True, regions=("r*",), symmetric="max", density=0.4,
        logarithm=True, normalise="max", model="linear", folder=tmp_path,
    )  # fmt: skip
    setting = WholeBrain(given, CLOCK)._setting
    bare = replace(C, origin="w.csv", orientations=None, areas=None, cortical=None, right=None)
    wanted = logarithmic(strongest(symmetric(subset(transposed(bare), ["r*"]), "max"), 0.4))
    same(setting.connectome, wanted)
    assert setting.net.weights.max() == 1.0


def test_rows_are_targets_unless_they_are_said_to_be_sources(tmp_path: Path) -> None:
    one_way = np.array([[0.0, 1.0], [0.0, 0.0]])
    np.save(tmp_path / "w.npy", one_way)
    np.save(tmp_path / "l.npy", 10 * np.ones((2, 2)))
    for transpose, target in ((False, 0), (True, 1)):
        given = WholeBrainParameters(connectome="w.npy", tract_lengths="l.npy", transpose=transpose, model="linear", folder=tmp_path)
        between = WholeBrain(given, CLOCK)._setting.net.between
        assert np.argwhere(between).tolist() == [[target, 1 - target]]


def test_the_digest_tells_connectomes_apart_by_what_they_hold_not_by_their_file() -> None:
    digest = connectome_digest(C)
    assert connectome_digest(replace(C, origin="elsewhere")) == digest
    for name in ("weights", "tract_lengths", "centres", "orientations", "areas"):
        changed = getattr(C, name).copy()
        changed.flat[1] = np.nextafter(changed.flat[1], np.inf)
        assert connectome_digest(replace(C, **{name: changed})) != digest, name
    assert connectome_digest(replace(C, labels=("other", *C.labels[1:]))) != digest
    assert connectome_digest(replace(C, cortical=~C.cortical)) != digest != connectome_digest(replace(C, areas=None))


def test_a_component_tells_the_digest_of_what_it_simulates() -> None:
    def files(seed: int, density: float | None = None) -> str:
        made = SyntheticConnectome(regions=8, seed=seed)
        given = WholeBrainParameters(connectome="synthetic", synthetic=made, density=density, model="linear")
        return WholeBrain(given, CLOCK).describe().files

    assert files(1) == files(1) != ""
    assert len({files(1), files(2), files(1, 0.1)}) == 3
