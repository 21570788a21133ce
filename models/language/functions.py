"""What a step function may call; each does in NumPy, operation by operation, what its twin in ``cosim/elementary.h`` does in C.

All take arrays (or scalars) of float32 or float64, and give that precision back.
"""

from __future__ import annotations

from math import factorial
from typing import Any

import numpy as np

Real = Any


def where(condition: Any, yes: Real, no: Real) -> Real:
    """Return `yes` where the condition holds, `no` elsewhere."""
    return np.where(condition, yes, no)


def minimum(a: Real, b: Real) -> Real:
    """Return the smaller number; `b` where they cannot be compared."""
    return np.where(a < b, a, b)


def maximum(a: Real, b: Real) -> Real:
    """Return the larger number; `b` where they cannot be compared."""
    return np.where(a > b, a, b)


def absolute(a: Real) -> Real:
    """Return the number without its sign."""
    return np.abs(a)


def sqrt(a: Real) -> Real:
    """Return the square root."""
    return np.sqrt(a)


def exp(x: Real) -> Real:
    """Return the exponential; arguments are clamped to [-708, 709] in double and to [-87, 88] in single precision."""
    x = np.asarray(x)
    return _exp_single(x) if x.dtype == np.float32 else _exp_double(x)


def expm1(x: Real) -> Real:
    """Return the exponential less 1, accurate near 0."""
    x = np.asarray(x)
    one = x.dtype.type(1)
    small = x * _horner(x, _EXPM1_SINGLE if x.dtype == np.float32 else _EXPM1_DOUBLE)
    return np.where(np.abs(x) < x.dtype.type(0.35), small, exp(x) - one)


def log(x: Real) -> Real:
    """Return the natural logarithm of a positive, normal number."""
    x = np.asarray(x)
    return _log_single(x) if x.dtype == np.float32 else _log_double(x)


_EXP_DOUBLE = [1 / factorial(n) for n in range(13, -1, -1)]
_EXP_SINGLE = [1 / factorial(n) for n in range(7, -1, -1)]
_EXPM1_DOUBLE = _EXP_DOUBLE[:-1]
_EXPM1_SINGLE = _EXP_SINGLE[:-1]


def _horner(x: Real, coefficients: list[float]) -> Real:
    real = x.dtype.type
    total = np.full_like(x, real(coefficients[0]))
    for c in coefficients[1:]:
        total = total * x + real(c)
    return total


def _exp_double(x: Real) -> Real:
    y = np.where(x < -708.0, -708.0, np.where(x > 709.0, 709.0, x))
    k = np.rint(y * 1.4426950408889634)
    r = (y - k * 6.93147180369123816490e-01) - k * 1.90821492927058770002e-10
    whole = np.where(np.isnan(k), 0.0, k).astype(np.int64)
    return _horner(r, _EXP_DOUBLE) * ((whole + 1023) << 52).view(np.float64)


def _exp_single(x: Real) -> Real:
    f = np.float32
    y = np.where(x < f(-87), f(-87), np.where(x > f(88), f(88), x))
    k = np.rint(y * f(1.44269504))
    r = (y - k * f(0.693359375)) - k * f(-2.12194440e-4)
    whole = np.where(np.isnan(k), f(0), k).astype(np.int32)
    return _horner(r, _EXP_SINGLE) * ((whole + 127) << 23).view(np.float32)


def _log_double(x: Real) -> Real:
    bits = x.view(np.int64)
    m = (bits & 0x000FFFFFFFFFFFFF | 0x3FF0000000000000).view(np.float64)
    high = m > 1.4142135623730951
    k = (bits >> 52 & 0x7FF).astype(np.float64) - 1023.0 + np.where(high, 1.0, 0.0)
    f = np.where(high, m * 0.5, m) - 1.0
    s, half = f / (2.0 + f), 0.5 * f * f
    z = s * s
    w = z * z
    r = (z * (6.666666666666735130e-01 + w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01)))
         + w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01)))
    return k * 6.93147180369123816490e-01 - ((half - (s * (half + r) + k * 1.90821492927058770002e-10)) - f)


def _log_single(x: Real) -> Real:
    real, bits = np.float32, x.view(np.int32)
    m = (bits & 0x007FFFFF | 0x3F800000).view(np.float32)
    high = m > real(1.41421354)
    k = (bits >> 23 & 0xFF).astype(np.float32) - real(127) + np.where(high, real(1), real(0))
    f = np.where(high, m * real(0.5), m) - real(1)
    s, half = f / (real(2) + f), real(0.5) * f * f
    z = s * s
    w = z * z
    r = z * (real(0.66666662693) + w * real(0.28498786688)) + w * (real(0.40000972152) + w * real(0.24279078841))
    return k * real(6.9313812256e-01) - ((half - (s * (half + r) + k * real(9.0580006145e-06))) - f)
