"""Refuse a step at which an explicit scheme amplifies what decays in truth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cosim.errors import InputError, Problem
from cosim.models.wholebrain.analysis.stiffness import GROWTH, largest_stable_step
from cosim.models.wholebrain.network import Array
from cosim.models.wholebrain.rest import own_derivatives
from cosim.models.wholebrain.setting import SCHEMES, Setting

_LEFT_AT_ONCE = 2.0
"""How many times the stable step is allowed in a state that the brain does not rest in: less than that and most leave it unharmed."""


def check_step(s: Setting, states: Sequence[Array], step_ms: float, at_rest: bool) -> str:
    """Return what a user should know of the step; '' where nothing.

    The Jacobian of each region by itself, with what it receives held, tells its modes. A step is refused where a mode grows that would
    decay by its real part alone, however slowly it turns; in a state that the brain leaves at once, only where it grows much. A mode that
    grows only because it turns, as all weakly damped ones do under Euler's scheme in long steps, is told.

    Parameters
    ----------
    states : sequence of (variables, n_regions) float64
        The state to look at, by patch.
    at_rest : bool
        Whether the brain rests there; else it begins there.

    Raises
    ------
    InputError
        Naming region, model, eigenvalue and the largest stable step.
    """
    scheme = next(name for name, number in SCHEMES.items() if number == s.scheme)
    if scheme not in GROWTH:
        return ""
    simulated = set(s.simulated)
    told, where = "", "at rest" if at_rest else "at the start"
    problems = []
    for p, own in zip(s.patches.all, own_derivatives(s, states), strict=True):
        here = [i for i, region in enumerate(p.regions) if region in simulated]
        jacobians = np.moveaxis(own[:, :, here], 2, 0)
        if not here or not np.isfinite(jacobians).all():
            continue
        modes = np.linalg.eigvals(jacobians)
        damped = largest_stable_step(np.where(modes.real < 0, modes.real, 0.0), scheme)
        labels = [s.connectome.labels[p.regions[i]] for i in here]
        if step_ms > damped.step_ms:
            row = modes[damped.region]
            eigenvalue = complex(row[int(np.argmin(np.abs(row.real - damped.eigenvalue.real)))])
            limit = largest_stable_step([eigenvalue], scheme).step_ms
            if not at_rest and step_ms <= _LEFT_AT_ONCE * limit:
                told = told or (f"'{p.model.name}' in region '{labels[damped.region]}' has a mode of {_told(eigenvalue)} /ms {where}, for "
                                f"which steps of at most {limit:.4g} ms are right with '{scheme}'; look whether the run leaves that state "
                                f"at once")
                continue
            problems.append(
                Problem(
                    f"a step of {step_ms:g} ms is too long for '{scheme}': in region '{labels[damped.region]}' '{p.model.name}' has a mode "
                    f"of {_told(eigenvalue)} /ms {where}, which would grow where it should decay",
                    "scheme",
                    f"steps of at most {limit:.4g} ms",
                    "take a shorter step, or 'scheme: tr_bdf2' or 'backward_euler', which are implicit",
                )
            )
            continue
        turning = largest_stable_step(modes, scheme)
        if step_ms > turning.step_ms and not told:
            told = (f"'{scheme}' lets a damped oscillation of '{p.model.name}' in region '{labels[turning.region]}' grow: its eigenvalue "
                    f"{where} is {_told(turning.eigenvalue)} /ms, for which steps of at most {turning.step_ms:.4g} ms are right; "
                    f"a scheme of higher order allows longer ones")
    if problems:
        raise InputError(*problems)
    return told


def _told(e: complex) -> str:
    return f"{e.real:.4g}" + (f" +- {abs(e.imag):.4g}i" if e.imag else "")
