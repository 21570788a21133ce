"""What every translator promises. A new one joins with a recipe: its parameters, its ports, and input for it."""

from collections.abc import Callable
from dataclasses import dataclass, field, is_dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosim.blocks import Block, Kind, Samples, Spikes
from cosim.interfaces import Port, Translator
from cosim.registry import TRANSLATORS, known, translator
from cosim.timegrid import Clock

STEPS = 120
SPIKES = Port("spikes", Kind.SPIKES, "1", 70, lead=2, populations=(("E", 0), ("I", 55)))
RATES = Port("rates", Kind.RATE, "Hz", 2, lead=2, labels=("E", "I"), at_rest=5.0)


@dataclass(frozen=True)
class Recipe:
    """Say how a translator is tried: its source and target, and what it is told."""

    name: str
    source: Port
    target: Port
    parameters: dict[str, Any] = field(default_factory=dict)
    step: int = 1

    def made(self, key: int = 7) -> Translator:
        plugin = translator(self.name)
        made = plugin(plugin.parameters(**self.parameters), Clock(Fraction(1, 10), self.step))
        made.prepare(self.source, self.target, key)
        return made

    def input(self) -> Block:
        """Return random input for all steps from 0."""
        rng = np.random.default_rng(5)
        if self.source.kind is Kind.SPIKES:
            ticks = self.step * rng.integers(1, STEPS + 1, 400)
            return Spikes.sort(ticks, rng.integers(0, self.source.size, 400))
        return Samples(self.step, self.step, 40 * rng.random((STEPS, self.source.size)))

    @property
    def stop(self) -> int:
        return self.step * STEPS


RECIPES = [
    Recipe("spikes_to_rate", SPIKES, RATES, {"width": 2.0}),
    Recipe("spikes_to_rate", SPIKES, RATES, {"width": 9.0, "populations": ("I", "E"), "pooled": False}, step=3),
    Recipe("rate_to_spikes", RATES, SPIKES, {"synapses": 300.0}),
    Recipe("rate_to_spikes", RATES, SPIKES, {"synapses": 20.0}, step=5),
    Recipe("share_of_background", RATES, RATES, {"share": 0.3}),
]
every_recipe = pytest.mark.parametrize("recipe", [r for r in RECIPES if r.name in known(TRANSLATORS)],
                                       ids=lambda r: f"{r.name}-step{r.step}")
cuts = st.sets(st.integers(1, STEPS - 1), max_size=12)


def between(block: Block, start: int, stop: int) -> Block:
    """Return what is stamped in (start, stop]."""
    inside = (block.ticks > start) & (block.ticks <= stop)
    if isinstance(block, Spikes):
        return Spikes(block.ticks[inside], block.ids[inside])
    values = block.values[inside]
    return Samples(int(block.ticks[inside][0]), block.step, values) if len(values) else Samples(start + block.step, block.step, values)


def joined(blocks: list[Block]) -> tuple[np.ndarray, np.ndarray]:
    """Return all instants, and all ids or values."""
    return (np.concatenate([b.ticks for b in blocks]),
            np.concatenate([b.ids if isinstance(b, Spikes) else b.values for b in blocks]))


def run(recipe: Recipe, at: set[int], source: Block, between_blocks: Callable[[Translator], Translator] = lambda t: t) -> list[Block]:
    """Translate in the blocks that end at the given steps."""
    made, blocks, start = recipe.made(), [], 0
    for stop in [*(recipe.step * cut for cut in sorted(at)), recipe.stop]:
        blocks.append(made.translate(between(source, start, stop), start, stop))
        made, start = between_blocks(made), stop
    return blocks


def test_every_translator_of_ours_has_a_recipe() -> None:
    ours = {name for name, entry in known(TRANSLATORS).items() if entry.value.startswith("cosim.")}
    assert ours == {recipe.name for recipe in RECIPES}


@every_recipe
def test_parameters_are_a_frozen_dataclass(recipe: Recipe) -> None:
    parameters = translator(recipe.name).parameters
    assert is_dataclass(parameters)
    assert parameters.__dataclass_params__.frozen  # type: ignore[attr-defined]


@every_recipe
@settings(max_examples=25, deadline=None)
@given(at=cuts)
def test_output_does_not_depend_on_how_time_is_cut(recipe: Recipe, at: set[int]) -> None:
    source = recipe.input()
    whole, parts = joined(run(recipe, set(), source)), joined(run(recipe, at, source))
    assert np.array_equal(whole[0], parts[0])
    assert whole[1].tobytes() == parts[1].tobytes()


@every_recipe
def test_one_step_at_a_time_gives_the_same_as_everything_at_once(recipe: Recipe) -> None:
    source = recipe.input()
    whole, parts = joined(run(recipe, set(), source)), joined(run(recipe, set(range(1, STEPS)), source))
    assert np.array_equal(whole[0], parts[0])
    assert whole[1].tobytes() == parts[1].tobytes()


@every_recipe
@settings(max_examples=25, deadline=None)
@given(at=cuts)
def test_every_instant_comes_once_and_in_its_own_block(recipe: Recipe, at: set[int]) -> None:
    blocks = run(recipe, at, recipe.input())
    start = 0
    for block, stop in zip(blocks, [*(recipe.step * cut for cut in sorted(at)), recipe.stop], strict=True):
        if isinstance(block, Spikes):
            assert ((block.ticks > start) & (block.ticks <= stop)).all()
            assert np.array_equal(np.lexsort((block.ids, block.ticks)), np.arange(len(block.ticks)))
        else:
            assert np.array_equal(block.ticks, np.arange(start + recipe.step, stop + 1, recipe.step))
        start = stop


@every_recipe
@settings(max_examples=25, deadline=None)
@given(cut=st.integers(1, STEPS - 1))
def test_no_input_after_an_instant_changes_output_up_to_it(recipe: Recipe, cut: int) -> None:
    source, last = recipe.input(), recipe.step * cut
    other: Block
    if isinstance(source, Spikes):
        later = source.ticks > last
        other = Spikes.sort(np.where(later, recipe.stop, source.ticks), np.where(later, 0, source.ids))
    else:
        other = source.with_values(np.where(source.ticks[:, None] > last, 3.0, source.values))
    before, after = (joined([between(b, 0, last) for b in run(recipe, set(), given_)]) for given_ in (source, other))
    assert np.array_equal(before[0], after[0])
    assert before[1].tobytes() == after[1].tobytes()


@every_recipe
def test_what_is_restored_goes_on_as_if_it_had_never_stopped(recipe: Recipe, tmp_path: Path) -> None:
    def reborn(old: Translator) -> Translator:
        new = recipe.made()
        with h5py.File(tmp_path / "state.h5", "w") as file:
            old.save(file.create_group("state"))
            new.restore(file["state"])
        return new

    source = recipe.input()
    straight, resumed = joined(run(recipe, {5, 17, 60}, source)), joined(run(recipe, {5, 17, 60}, source, reborn))
    assert np.array_equal(straight[0], resumed[0])
    assert straight[1].tobytes() == resumed[1].tobytes()


@every_recipe
def test_blocks_fit_the_port_that_was_described(recipe: Recipe) -> None:
    made = recipe.made()
    port = made.describe(recipe.source, recipe.target)
    block = made.translate(recipe.input(), 0, recipe.stop)
    assert port == recipe.made().describe(recipe.source, recipe.target)
    assert port.lead == recipe.source.lead
    assert isinstance(block, Spikes) == (port.kind is Kind.SPIKES)
    if isinstance(block, Spikes):
        assert 0 <= block.ids.min() <= block.ids.max() < port.size
    else:
        assert block.values.shape == (STEPS, port.size)
        assert block.values.dtype == np.float64


@every_recipe
def test_input_is_left_as_it_was(recipe: Recipe) -> None:
    source = recipe.input()
    for array in (source.ticks, source.ids) if isinstance(source, Spikes) else (source.values,):
        array.flags.writeable = False
    recipe.made().translate(source, 0, recipe.stop)
    assert joined([source])[1].tobytes() == joined([recipe.input()])[1].tobytes()


@every_recipe
def test_a_step_without_input_is_a_step_like_every_other(recipe: Recipe) -> None:
    silent = Samples(recipe.step, recipe.step, np.zeros((1, recipe.source.size)))
    block = recipe.made().translate(Spikes.none() if recipe.source.kind is Kind.SPIKES else silent, 0, recipe.step)
    assert block.ticks.tolist() == ([] if isinstance(block, Spikes) else [recipe.step])
