"""Ranks get neurons by what these burden them with, and never none."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.microcircuit import CLOCK

from cosim.models.microcircuit.component import Microcircuit
from cosim.models.microcircuit.kernel.partition import first_ids
from cosim.models.microcircuit.parameters import MicrocircuitParameters

POPULATIONS = st.lists(st.tuples(st.integers(1, 400), st.floats(0.1, 1000)), min_size=1, max_size=6)


@given(POPULATIONS, st.integers(1, 9))
def test_every_rank_has_neurons_and_each_neuron_a_rank(populations, ranks):
    sizes, loads = [size for size, _ in populations], [load for _, load in populations]
    if ranks > sum(sizes):
        return
    cut = first_ids(loads, sizes, ranks).astype(int)
    assert cut[0] == 0 and cut[-1] == sum(sizes) and (np.diff(cut) > 0).all()


@given(POPULATIONS, st.integers(2, 6))
def test_no_rank_has_more_than_its_share_but_for_a_neuron(populations, ranks):
    sizes, loads = [size * ranks for size, _ in populations], [load for _, load in populations]
    each = np.repeat(loads, sizes)
    cut = first_ids(loads, sizes, ranks).astype(int)
    held = [each[a:b].sum() for a, b in pairwise(cut)]
    assert max(held) <= each.sum() / ranks + ranks * each.max() * 1.001


@pytest.mark.parametrize("ranks", [2, 3, 4])
def test_like_neurons_are_shared_out_alike(ranks):
    assert first_ids((1.0,), [1000], ranks).tolist() == [1000 * r // ranks for r in range(ranks + 1)]


def test_ranks_of_the_column_share_its_load_evenly():
    """By neurons alike, one of two ranks would hold 28 % more synapses than the other."""
    for balance in Microcircuit(MicrocircuitParameters(), CLOCK).balance(2):
        assert max(balance.load) <= 1.01 * min(balance.load), balance
