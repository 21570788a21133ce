from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from cosim import _random, random


@pytest.mark.parametrize(("key", "counter", "words"), [  # Salmon et al. 2011, known answers shipped with Random123
    (0, (0, 0, 0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    (0xFFFFFFFFFFFFFFFF, (0xFFFFFFFF,) * 4, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (0x299F31D0A4093822, (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)),
])
def test_philox_gives_the_published_words(key: int, counter: tuple[int, ...], words: tuple[int, ...]) -> None:
    tick = counter[2] | counter[3] << 32
    assert tuple(random.philox(key, counter[0], counter[1], tick)) == words
    assert tuple(_random.philox(key, counter[0], counter[1], tick)) == words


def test_kernel_and_twin_draw_the_same_normals() -> None:
    key = random.stream_key(3, "test")
    assert np.allclose(_random.normals(key, 5000, 2, 9), random.normals(key, np.arange(5000), 2, 9), rtol=0, atol=4e-15)


def test_normals_are_normal_and_uncorrelated_between_entities_and_ticks() -> None:
    key = random.stream_key(1, "noise")
    draws = np.array([_random.normals(key, 2000, 0, t)[:, 0] for t in range(50)])
    assert stats.kstest(draws.ravel(), "norm").pvalue > 1e-3
    assert abs(np.mean(draws[1:] * draws[:-1])) < 5 / np.sqrt(draws.size)
    assert abs(np.mean(draws[:, 1:] * draws[:, :-1])) < 5 / np.sqrt(draws.size)


def test_streams_differ_by_every_part_of_their_name() -> None:
    names = [(1, "a", "b"), (2, "a", "b"), (1, "ab"), (1, "a", "c"), (1, "b", "a"), (1, "a"), (12, "a", "b")]
    assert len({random.stream_key(*n) for n in names}) == len(names)


def test_exp_and_log_are_right_to_two_ulp() -> None:
    x = np.linspace(-700, 700, 200_001)
    assert np.abs(_random.exp(x) / np.exp(x) - 1).max() < 2 * np.finfo(float).eps
    y = np.exp(np.linspace(-600, 600, 200_001))
    assert np.abs(_random.log(y) - np.log(y)).max() <= 2 * np.spacing(700.0)


def test_expm1_is_right_to_three_ulp_also_where_it_is_small() -> None:
    x = np.concatenate((np.linspace(-80, 700, 200_001), np.linspace(-2, 2, 100_001), np.geomspace(1e-300, 1, 10_001)))
    x = np.concatenate((x, -x[-10_001:]))
    known = np.expm1(x)
    assert (np.abs(_random.expm1(x) - known) <= 3 * np.finfo(float).eps * np.abs(known)).all()
    low, nan, zero = _random.expm1(np.array([-1e9, np.nan, 0.0]))
    assert low == -1 and np.isnan(nan) and zero == 0


def test_exp_saturates_and_keeps_nan() -> None:
    low, high, nan = _random.exp(np.array([-1e9, 1e9, np.nan]))
    assert 0 < low < 1e-300
    assert high > 1e300
    assert np.isnan(nan)


def nobodys(mean: float, guard: int) -> int:
    """Return the count that the word 65535, which is nobody's, and a guard mean."""
    return int(random.poisson_counts(mean, np.array([65535], np.uint16), np.array([guard], np.uint64))[0])


def guards_up_to(mean: float, k: int) -> int:
    """Return how many of the 2**64 guards mean at most k."""
    low, high = 0, 2**64
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if nobodys(mean, middle) <= k else (low, middle)
    return low


@pytest.mark.parametrize("mean", [1e-12, 1e-6, 0.0016, 1.6, 64.0])
def test_words_and_guards_mean_counts_by_the_poisson_distribution(mean: float) -> None:
    words = np.arange(65536, dtype=np.uint16)
    low, high = (random.poisson_counts(mean, words, np.full(65536, guard, np.uint64)) for guard in (0, 2**64 - 1))
    nobody = int((low != high).sum())
    assert 1 <= nobody < 64
    for k in range(int(stats.poisson.isf(1e-12, mean)) + 1):
        chance = 1 - Fraction(stats.poisson.sf(k, mean))
        given = Fraction(int((high <= k).sum()) * 2**64 + nobody * guards_up_to(mean, k), 2**80)
        assert abs(float(given - chance)) < 2.0**-50
        assert float(1 - given) == pytest.approx(float(1 - chance), rel=1e-3, abs=1e-25)
