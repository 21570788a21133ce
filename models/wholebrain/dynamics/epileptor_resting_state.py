"""The Epileptor with a third population that makes the activity of rest.

    x1, y1, z, x2, y2, g: as in the Epileptor
    x_rs' = d_rs tau_rs (-f_rs x_rs^3 + e_rs x_rs^2 + alpha_rs y_rs + gamma_rs (I_rs + K_rs c_x_rs))
    y_rs' = d_rs / tau_rs (b_rs x_rs - beta_rs y_rs + a_rs)

The field potential is p (x2 - x1) + (1 - p) x_rs.
Source: Courtiol et al. 2020, J Neurosci 40:5572; Jirsa et al. 2014, Brain 137:2210, table 1.
"""

from __future__ import annotations

from typing import Any

from cosim.models.language.functions import where
from cosim.models.wholebrain.language.model import Input, Model, Parameter, Received, Sent, Variable


def slope(x: Any, p: Any, c: Any, u: Any) -> Any:
    """Return the derivatives of all state variables."""
    far = x.z - 4.0
    bend = where(x.x1 < 0.0, p.b * x.x1 - p.a * (x.x1 * x.x1), p.slope - x.x2 + 0.6 * (far * far))
    x1 = x.y1 - x.z + p.Iext + p.Kvf * c.x1 + u.x1 + bend * x.x1
    y1 = p.c - p.d * (x.x1 * x.x1) - x.y1
    z2 = x.z * x.z
    lift = where(x.z < 0.0, -0.1 * (z2 * z2 * z2 * x.z), 0.0)
    z = p.r * (p.s * (x.x1 - p.x0) + lift - x.z + p.Ks * c.x1)
    x2 = x.x2 - x.y2 - x.x2 * x.x2 * x.x2 + p.Iext2 + p.bb * x.g - 0.3 * (x.z - 3.5) + p.Kf * c.x2 + u.x2
    y2 = (where(x.x2 < -0.25, 0.0, p.aa * (x.x2 + 0.25)) - x.y2) * (1.0 / p.tau)
    q2 = x.x_rs * x.x_rs
    x_rs = p.alpha_rs * x.y_rs - p.f_rs * (q2 * x.x_rs) + p.e_rs * q2 + p.gamma_rs * (p.I_rs + p.K_rs * c.x_rs) + u.x_rs
    y_rs = p.a_rs + p.b_rs * x.x_rs - p.beta_rs * x.y_rs
    g = -0.01 * (x.g - 0.1 * x.x1)
    return (p.tt * x1, p.tt * y1, p.tt * z, p.tt * x2, p.tt * y2, p.tt * g, (p.d_rs * p.tau_rs) * x_rs, (p.d_rs * (1.0 / p.tau_rs)) * y_rs)


def sent(x: Any, p: Any) -> Any:
    """Return x1, x2, x_rs and the field potential."""
    return x.x1, x.x2, x.x_rs, p.p * (x.x2 - x.x1) + (1.0 - p.p) * x.x_rs


MODEL = Model(
    name="epileptor_resting_state",
    about="Epileptor with a third population that oscillates at rest.",
    source="Courtiol et al. 2020, J Neurosci 40:5572; Jirsa et al. 2014, Brain 137:2210, table 1",
    parameters=(
        Parameter("a", "1", 1.0, "coefficient of the cubic term of x1"),
        Parameter("b", "1", 3.0, "coefficient of the quadratic term of x1"),
        Parameter("c", "1", 1.0, "constant in the slope of y1"),
        Parameter("d", "1", 5.0, "coefficient of x1^2 in the slope of y1"),
        Parameter("r", "1/ms", 0.00035, "rate of the permittivity", above=0.0),
        Parameter("s", "1", 4.0, "effect of x1 on the permittivity"),
        Parameter("x0", "1", -1.6, "epileptogenicity; a region seizes by itself above about -2.06"),
        Parameter("Iext", "1", 3.1, "current into the first population"),
        Parameter("slope", "1", 0.0, "linear coefficient of x1 where x1 is not negative"),
        Parameter("Iext2", "1", 0.45, "current into the second population"),
        Parameter("tau", "1", 10.0, "time constant of y2, in units of the fast time", above=0.0),
        Parameter("aa", "1", 6.0, "effect of x2 on y2"),
        Parameter("bb", "1", 2.0, "effect of g on x2"),
        Parameter("Kvf", "1", 0.0, "weight of what x1 receives, fast"),
        Parameter("Kf", "1", 0.0, "weight of what x2 receives, fast"),
        Parameter("Ks", "1", 0.0, "weight of what the permittivity receives, slow; negative where seizures spread"),
        Parameter("tt", "1", 1.0, "scale of time", above=0.0),
        Parameter("tau_rs", "1", 1.0, "separation of the time scales of the third population", above=0.0),
        Parameter("I_rs", "1", 0.0, "current into the third population"),
        Parameter("a_rs", "1", -2.0, "vertical shift of the nullcline of y_rs"),
        Parameter("b_rs", "1", -10.0, "linear coefficient of the nullcline of y_rs"),
        Parameter("d_rs", "1/ms", 0.02, "temporal scale factor of the third population", above=0.0),
        Parameter("e_rs", "1", 3.0, "coefficient of the quadratic term of x_rs"),
        Parameter("f_rs", "1", 1.0, "coefficient of the cubic term of x_rs"),
        Parameter("alpha_rs", "1", 1.0, "effect of y_rs on x_rs"),
        Parameter("beta_rs", "1", 1.0, "effect of y_rs on itself"),
        Parameter("gamma_rs", "1", 1.0, "strength of current and coupling of the third population"),
        Parameter("K_rs", "1", 1.0, "weight of what x_rs receives"),
        Parameter("p", "1", 0.0, "share of the Epileptor in the field potential"),
    ),
    state=(Variable("x1", "1", "fast variable of the first population", -1.5, (-2.0, 1.0)),
           Variable("y1", "1", "recovery of the first population", -10.0, (-20.0, 2.0)),
           Variable("z", "1", "permittivity, slow", 3.0, (2.0, 5.0)),
           Variable("x2", "1", "fast variable of the second population", -1.0, (-2.0, 0.0)),
           Variable("y2", "1", "recovery of the second population", 0.0, (0.0, 2.0)),
           Variable("g", "1", "x1, low-pass filtered", 0.0, (-1.0, 1.0)),
           Variable("x_rs", "1", "fast variable of the third population", 1.0, (-2.0, 4.0)),
           Variable("y_rs", "1", "slow variable of the third population", -3.0, (-6.0, 6.0))),
    sends=(Sent("x1", "1", "fast variable of the first population"), Sent("x2", "1", "fast variable of the second population"),
           Sent("x_rs", "1", "fast variable of the third population"), Sent("lfp", "1", "field potential, p (x2 - x1) + (1 - p) x_rs")),
    receives=(Received("x1", "1", "times Kvf added to the slope of x1, times r Ks to that of z", "x1", ("Kvf", "Ks")),
              Received("x2", "1", "times Kf added to the slope of x2", "x2", ("Kf",)),
              Received("x_rs", "1", "times K_rs added to I_rs", "x_rs", ("K_rs",))),
    inputs=(Input("x1", "1", "current into the first population"), Input("x2", "1", "current into the second population"),
            Input("x_rs", "1", "added to the slope of x_rs, inside its time scale")),
    slope=slope,
    sent=sent,
)
