"""A burster in the unfolding of a degenerate Takens-Bogdanov point, which makes most classes of seizure onset and offset.

    x' = -y,    y' = x^3 - mu2 x - mu1 - y (nu + b x + x^2)
    z' = -c (sqrt((x - x_s)^2 + y^2) - dstar + 0.1 (z - 0.5)^7 modification + Ks c_x)
    (mu2, -mu1, nu) = R (E cos z + F sin z)

E is the direction of the start, F the one at a right angle to it in the plane of start and stop: z moves along a great circle from offset
to onset. x_s is the resting branch, a root of x^3 = mu2 x + mu1: the largest (branch 1), the smallest (2) or the middle one (3); where two
of them are complex, the real part of what they have become. Time is in units of the model, taken for ms.
Source: Saggio et al. 2017, J Math Neurosci 7:7, equations 4 and 7 and table 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cosim.models.language.functions import absolute, cos, exp, log, maximum, minimum, sin, sqrt, where
from cosim.models.wholebrain.language.model import Array, Input, Model, Parameter, Received, Sent, Variable


def cube_root(a: Any) -> Any:
    """Return the cube root of the absolute value."""
    size = absolute(a)
    return where(size > 1e-300, exp(log(maximum(size, 1e-300)) / 3.0), 0.0)


def nearer(d: Any, s: Any) -> Any:
    """Return d after one of Newton's steps towards d sqrt(1 + 2 d / 3) = s."""
    root = sqrt(1.0 + d * 0.6666666666666666)
    return d - (d * root - s) * root / (1.0 + d)


def thirds(k: Any) -> Any:
    """Return cos and sin of a third of the angle in [0, pi] whose cosine is k.

    With cos = 1/2 + d, 4 cos^3 - 3 cos = k is 6 d^2 + 4 d^3 = 1 + k, of which the root is taken so that it stays simple at k = -1.
    """
    s = sqrt(maximum(1.0 + k, 0.0) * 0.16666666666666666)
    d = nearer(nearer(nearer(nearer(nearer(s - s * s * 0.3333333333333333, s), s), s), s), s)
    return 0.5 + d, sqrt(maximum((0.5 - d) * (1.5 + d), 0.0))


def resting(mu1: Any, mu2: Any, branch: Any) -> Any:
    """Return x_s."""
    half = 0.5 * mu1
    third = mu2 * 0.3333333333333333
    beyond = half * half - third * third * third
    size = sqrt(maximum(third * third * third, 1e-300))
    cosine, sine = thirds(maximum(minimum(half / size, 1.0), -1.0))
    turned = 1.7320508075688772 * sine
    three = where(branch == 1.0, 2.0 * cosine, where(branch == 2.0, -cosine - turned, turned - cosine))
    root = sqrt(maximum(beyond, 0.0))
    a = cube_root(half + root)
    b = cube_root(half - root)
    first = where(branch == 1.0, 1.0, -0.5)
    one = where(half + root < 0.0, where(branch == 1.0, 0.5, where(branch == 2.0, -1.0, 0.5)), first) * a
    one = one + where(half - root < 0.0, where(branch == 1.0, 0.5, where(branch == 2.0, 0.5, -1.0)), first) * b
    return where(beyond < 0.0, sqrt(maximum(third, 0.0)) * three, one)


def slope(x: Any, p: Any, c: Any, u: Any) -> Any:
    """Return the derivatives of x, y and z."""
    cosine = cos(x.z)
    sine = sin(x.z)
    mu2 = p.R * (p.E_0 * cosine + p.F_0 * sine)
    mu1 = -p.R * (p.E_1 * cosine + p.F_1 * sine)
    nu = p.R * (p.E_2 * cosine + p.F_2 * sine)
    away = x.x - resting(mu1, mu2, p.N)
    fast = x.x * x.x * x.x - mu2 * x.x - mu1 - x.y * (nu + p.b * x.x + x.x * x.x) + u.y
    far = x.z - 0.5
    f2 = far * far
    slow = sqrt(away * away + x.y * x.y) - p.dstar + p.modification * 0.1 * (f2 * f2 * f2 * far) + p.Ks * c.x
    return -x.y, fast, -p.c * slow


def derived(p: Mapping[str, Array]) -> Mapping[str, Array]:
    """Return the unit vectors E and F of the great circle."""
    start = np.array([p["mu2_start"], -p["mu1_start"], p["nu_start"]])
    stop = np.array([p["mu2_stop"], -p["mu1_stop"], p["nu_stop"]])
    e = start / np.sqrt(_dot(start, start))
    f = _cross(_cross(start, stop), start)
    size = np.sqrt(_dot(f, f))
    f = np.where(size > 0, f / np.where(size > 0, size, 1.0), 0.0)
    return {f"{name}_{i}": vector[i] for name, vector in (("E", e), ("F", f)) for i in range(3)}


def _dot(a: Array, b: Array) -> Array:
    found: Array = a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
    return found


def _cross(a: Array, b: Array) -> Array:
    return np.array([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])


MODEL = Model(
    name="epileptor_codim3",
    about="Burster on a great circle in the unfolding of a codimension-3 point: classes of seizures.",
    source="Saggio et al. 2017, J Math Neurosci 7:7, eq. 4 and 7",
    parameters=(
        Parameter("mu1_start", "1", -0.02285, "mu1 where bursts end"),
        Parameter("mu2_start", "1", 0.3448, "mu2 where bursts end"),
        Parameter("nu_start", "1", 0.2014, "nu where bursts end"),
        Parameter("mu1_stop", "1", -0.07465, "mu1 where bursts begin"),
        Parameter("mu2_stop", "1", 0.3351, "mu2 where bursts begin"),
        Parameter("nu_stop", "1", 0.2053, "nu where bursts begin"),
        Parameter("b", "1", 1.0, "type of the unfolding; 1 is of the focus type"),
        Parameter("R", "1", 0.4, "radius of the sphere", above=0.0),
        Parameter("c", "1/ms", 0.001, "speed of the slow variable", above=0.0),
        Parameter("dstar", "1", 0.3, "distance from rest at which the slow variable turns back"),
        Parameter("Ks", "1", 0.0, "weight of what the slow variable receives"),
        Parameter("N", "1", 1.0, "branch of the resting state: 1, 2 or 3", least=1.0, most=3.0),
        Parameter("modification", "1", 1.0, "1 where a restoring term keeps z bounded for negative dstar, 0 without it",
                  least=0.0, most=1.0),
    ),
    state=(Variable("x", "1", "fast variable", 0.5, (0.4, 0.6)), Variable("y", "1", "second fast variable", 0.0, (-0.1, 0.1)),
           Variable("z", "1", "slow variable, the place on the great circle", 0.0, (0.0, 0.15))),
    sends=(Sent("x", "1", "fast variable"), Sent("z", "1", "slow variable")),
    receives=(Received("x", "1", "times Ks into the slow variable", "x", ("Ks",)),),
    inputs=(Input("y", "1/ms", "added to the slope of y"),),
    slope=slope,
    derived=derived,
)
