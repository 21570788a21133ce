"""Counter-based random numbers: a number depends on (seed, stream, entity, draw, tick) and on nothing else.

The kernels draw the same numbers in C (`philox.h`, `elementary.h`); these are their slow twins and serve everything that is not hot.
"""

from __future__ import annotations

from hashlib import sha256

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cosim._random import exp, log

_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


def stream_key(seed: int, *names: str) -> int:
    """Return the 64-bit key of a named random stream.

    Parameters
    ----------
    seed : int
        Seed of the experiment.
    *names : str
        What tells this stream from every other, such as the group and the purpose.
    """
    text = "\x1f".join((str(int(seed)), *names)).encode()
    return int.from_bytes(sha256(text).digest()[:8], "little")


def philox(key: int, entity: ArrayLike, draw: ArrayLike, tick: ArrayLike) -> NDArray[np.uint32]:
    """Return four random 32-bit words for each counter.

    Parameters
    ----------
    key : int
        A stream, from `stream_key`.
    entity, draw, tick : array_like of int
        Who draws, which draw, and when; they are broadcast against each other. Entity and draw are below 2**32.

    Returns
    -------
    (..., 4) uint32

    Notes
    -----
    Philox4x32 with ten rounds. Source: Salmon et al. 2011, SC'11, section 3.3 and table 2.
    """
    entities, draws, ticks = np.broadcast_arrays(*(np.asarray(a).astype(np.uint64) for a in (entity, draw, tick)))
    c0, c1, c2, c3 = entities & _LOW, draws & _LOW, ticks & _LOW, ticks >> _HALF
    k0, k1 = key & 0xFFFFFFFF, key >> 32
    for _ in range(10):
        a, b = np.uint64(0xD2511F53) * c0, np.uint64(0xCD9E8D57) * c2
        c0, c2 = (b >> _HALF) ^ c1 ^ np.uint64(k0), (a >> _HALF) ^ c3 ^ np.uint64(k1)
        c1, c3 = b & _LOW, a & _LOW
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return np.stack((c0, c1, c2, c3), axis=-1).astype(np.uint32)


def uniforms(key: int, entity: ArrayLike, draw: ArrayLike, tick: ArrayLike) -> NDArray[np.float64]:
    """Return two uniform numbers in (0, 1) with 53 bits for each counter, (..., 2) float64; arguments as for `philox`."""
    words = philox(key, entity, draw, tick).astype(np.uint64)
    bits = words[..., 0::2] | words[..., 1::2] << _HALF
    return ((bits >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53


def normals(key: int, entity: ArrayLike, draw: ArrayLike, tick: ArrayLike) -> NDArray[np.float64]:
    """Return two standard normal numbers for each counter, (..., 2) float64; arguments as for `philox`.

    Notes
    -----
    By inversion. Source: Wichura 1988, algorithm AS 241 (PPND16), Applied Statistics 37:477.
    """
    u = uniforms(key, entity, draw, tick)
    q = u - 0.5
    central = np.abs(q) < 0.425
    r = 0.180625 - q * q
    x = q * np.polyval(_A, r) / np.polyval(_B, r)
    tail = np.sqrt(-log(np.where(q < 0, u, 1.0 - u).ravel()).reshape(u.shape))  # not NumPy's, whose bits depend on the processor
    near, far = tail - 1.6, tail - 5.0
    outer = np.where(tail <= 5.0, np.polyval(_C, near) / np.polyval(_D, near), np.polyval(_E, far) / np.polyval(_F, far))
    return np.where(central, x, np.where(q < 0, -outer, outer))


def poisson_words(key: int, neurons: NDArray[np.int64], tick: int) -> tuple[NDArray[np.uint16], NDArray[np.uint64]]:
    """Return the random words that `poisson_counts` takes for some neurons at one tick, and their guards, each (n,)."""
    entity, word, half = neurons // 128 * 16 + neurons % 16, neurons % 128 // 32, neurons % 32 // 16
    drawn = philox(key, entity, 0, tick)[np.arange(len(neurons)), word]
    guards = philox(key, entity, 1 + 2 * word + half, tick).astype(np.uint64)
    return (drawn >> (16 * half).astype(np.uint32)).astype(np.uint16), guards[:, 0] | guards[:, 1] << _HALF


def poisson_counts(mean: float, words: NDArray[np.uint16], guards: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return the Poisson counts that random words mean, by inversion; the slow twin of ``poisson.h``, which says how.

    Parameters
    ----------
    mean : float
        Expected count, at most 64.
    words : (n,) uint16
        One word for each count.
    guards : (n,) uint64
        One more, which matters where the word is no count's own.

    Returns
    -------
    (n,) int64
    """
    if not mean > 0:
        return np.zeros(len(words), np.int64)
    mass = [float(exp(np.array([-mean]))[0])]
    while len(mass) <= _LARGEST and (len(mass) - 1 <= mean or mass[-1] >= 2.0**-130):
        mass.append(mass[-1] * mean / len(mass))
    share = [int(m * 65536) for m in mass]
    share[share.index(max(share))] -= max(sum(share) - 65535, 0)
    above, rest = 0.0, []
    for m, own in zip(mass[:0:-1], share[:0:-1], strict=True):
        above += m * 65536 - own
        rest.append(2**64 - 1 - min(int(above / (65536 - sum(share)) * 2.0**64), 2**64 - 1))
    in_rest = np.searchsorted(np.array(rest[::-1], np.uint64), guards, side="left")
    return np.where(words >= sum(share), in_rest, np.searchsorted(np.cumsum(share), words, side="right"))


_LARGEST = 168
_A = (2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
      13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608)
_B = (5226.495278852854561, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
      5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1.0)
_C = (7.7454501427834140764e-4, .0227238449892691845833, .24178072517745061177, 1.27045825245236838258,
      3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734)
_D = (1.05075007164441684324e-9, 5.475938084995344946e-4, .0151986665636164571966, .14810397642748007459,
      .68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1.0)
_E = (2.01033439929228813265e-7, 2.71155556874348757815e-5, .0012426609473880784386, .026532189526576123093,
      .29656057182850489123, 1.7848265399172913358, 5.4637849111641143699, 6.6579046435011037772)
_F = (2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5, 7.868691311456132591e-4,
      .0148753612908506148525, .13692988092273580531, .59983220655588793769, 1.0)
