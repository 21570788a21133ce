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


def sin(x: Real) -> Real:
    """Return the sine; double precision, for arguments below 10^5."""
    return _turned(np.asarray(x, np.float64), 0)


def cos(x: Real) -> Real:
    """Return the cosine; double precision, for arguments below 10^5."""
    return _turned(np.asarray(x, np.float64), 1)


def tanh(x: Real) -> Real:
    """Return the hyperbolic tangent; double precision."""
    x = np.asarray(x, np.float64)
    e = expm1(2.0 * x)
    return np.where(x > 22.0, 1.0, np.where(x < -22.0, -1.0, e / (e + 2.0)))


def erfc(x: Real) -> Real:
    """Return the complementary error function; double precision."""
    x = np.asarray(x, np.float64)
    a, z = np.abs(x), x * x
    y = x * (_polynomial(z, _NEAR) / _polynomial(z, _NEAR_BELOW))
    near = np.where(x < 0.25, 1.0 - (x + y), 0.5 - ((x - 0.5) + y))
    s = a - 1.0
    p = _polynomial(s, _MIDDLE) / _polynomial(s, _MIDDLE_BELOW)
    middle = np.where(x < 0.0, 1.0 + (_AT_ONE + p), (1.0 - _AT_ONE) - p)
    b = np.where(a < 1.25, 1.25, np.where(a > 27.0, 27.0, a))
    q = 1.0 / (b * b)
    is_far = b > 1.0 / 0.35
    above: Real = np.where(is_far, _polynomial(q, _FAR), _polynomial(q, _MIDWAY))
    r = above / np.where(is_far, _polynomial(q, _FAR_BELOW), _polynomial(q, _MIDWAY_BELOW))
    cut = (np.atleast_1d(b).view(np.int64) & -0x100000000).view(np.float64).reshape(b.shape)
    tail = exp(-cut * cut - 0.5625) * exp((cut - b) * (cut + b) + r) / b
    far = np.where(x < 0.0, 2.0 - tail, tail)
    return np.where(a < 0.84375, near, np.where(a < 1.25, middle, np.where(x > 27.0, 0.0, np.where(np.isnan(x), x, far))))


# Coefficients of fdlibm (Sun Microsystems 1993), from the lowest power.
_SINE = (-1.66666666666666324348e-01, 8.33333333332248946124e-03, -1.98412698298579493134e-04, 2.75573137070700676789e-06,
         -2.50507602534068634195e-08, 1.58969099521155010221e-10)
_COSINE = (4.16666666666666019037e-02, -1.38888888888741095749e-03, 2.48015872894767294178e-05, -2.75573143513906633035e-07,
           2.08757232129817482790e-09, -1.13596475577881948265e-11)
_AT_ONE = 8.45062911510467529297e-01
_NEAR = (1.28379167095512558561e-01, -3.25042107247001499370e-01, -2.84817495755985104766e-02, -5.77027029648944159157e-03,
         -2.37630166566501626084e-05)
_NEAR_BELOW = (1.0, 3.97917223959155352819e-01, 6.50222499887672944485e-02, 5.08130628187576562776e-03, 1.32494738004321644526e-04,
               -3.96022827877536812320e-06)
_MIDDLE = (-2.36211856075265944077e-03, 4.14856118683748331666e-01, -3.72207876035701323847e-01, 3.18346619901161753674e-01,
           -1.10894694282396677476e-01, 3.54783043256182359371e-02, -2.16637559486879084300e-03)
_MIDDLE_BELOW = (1.0, 1.06420880400844228286e-01, 5.40397917702171048937e-01, 7.18286544141962662868e-02, 1.26171219808761642112e-01,
                 1.36370839120290507362e-02, 1.19844998467991074170e-02)
_MIDWAY = (-9.86494403484714822705e-03, -6.93858572707181764372e-01, -1.05586262253232909814e01, -6.23753324503260060396e01,
           -1.62396669462573470355e02, -1.84605092906711035994e02, -8.12874355063065934246e01, -9.81432934416914548592e00)
_MIDWAY_BELOW = (1.0, 1.96512716674392571292e01, 1.37657754143519042600e02, 4.34565877475229228821e02, 6.45387271733267880336e02,
                 4.29008140027567833386e02, 1.08635005541779435134e02, 6.57024977031928170135e00, -6.04244152148580987438e-02)
_FAR = (-9.86494292470009928597e-03, -7.99283237680523006574e-01, -1.77579549177547519889e01, -1.60636384855821916062e02,
        -6.37566443368389627722e02, -1.02509513161107724954e03, -4.83519191608651397019e02)
_FAR_BELOW = (1.0, 3.03380607434824582924e01, 3.25792512996573918826e02, 1.53672958608443695994e03, 3.19985821950859553908e03,
              2.55305040643316442583e03, 4.74528541206955367215e02, -2.24409524465858183362e01)


def _polynomial(x: Real, coefficients: tuple[float, ...]) -> Real:
    total = np.full_like(x, coefficients[-1])
    for c in coefficients[-2::-1]:
        total = c + x * total
    return total


def _turned(x: Real, quarter: int) -> Real:
    n = np.rint(x * 0.63661977236758134308)
    r = ((x - n * 1.57079632673412561417e00) - n * 6.07710050630396597660e-11) - n * 2.02226624879595063154e-21
    z = r * r
    s = r + r * z * _polynomial(z, _SINE)
    c = (1.0 - 0.5 * z) + z * z * _polynomial(z, _COSINE)
    turn = np.where(np.isnan(n), 0.0, n).astype(np.int64) + quarter
    y = np.where(turn & 1, c, s)
    return np.where(turn & 2, -y, y)


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
    c = _EXP_DOUBLE[::-1]
    r2 = r * r
    r4 = r2 * r2
    low = (c[2] + c[3] * r) + (c[4] + c[5] * r) * r2
    middle = (c[6] + c[7] * r) + (c[8] + c[9] * r) * r2
    high = (c[10] + c[11] * r) + (c[12] + c[13] * r) * r2
    return (1.0 + (r + r2 * (low + (middle + high * r4) * r4))) * ((whole + 1023) << 52).view(np.float64)


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
