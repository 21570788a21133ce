"""Leaky integrate-and-fire with exponentially decaying synaptic currents, spikes between the instants of the grid.

    tau_m dV/dt = -(V - E_L) + tau_m / C_m (I_syn_ex + I_syn_in + I_e)
    tau_syn dI_syn/dt = -I_syn + tau_syn sum_k w_k delta(t - t_k)

The equations of `iaf_psc_exp`. Spikes arrive when they arrive and leave when the threshold is crossed, and a neuron rests for exactly t_ref
from there; so the time step has no part in the error. No crossing is missed, also none after which the potential is below the threshold
again at the end of the step. The kernel is ``kernel/precise.h``, in double precision. Sources: Rotter & Diesmann 1999, Biol Cybern 81:381;
Hanuschkin et al. 2010, Front Neuroinform 4:113; Krishnan et al. 2018, Front Neuroinform 11:75.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from cosim.models.microcircuit.language.model import Complaint, Values
from cosim.models.microcircuit.neurons.iaf_psc_exp import MODEL as ON_GRID


def constants(p: Values, step_ms: Fraction) -> Mapping[str, float]:
    """Return rates per step, threshold and reset above E_L, and the refractory time in whole steps and what is left; each rounded once."""
    leak, decay = step_ms / p["tau_m"], {x: step_ms / p[f"tau_syn_{x}"] for x in ("ex", "in")}
    whole = p["t_ref"] // step_ms
    exact = {"leak": leak, "jump": step_ms / p["C_m"], "resistance": p["tau_m"] / p["C_m"], "threshold": p["V_th"] - p["E_L"],
             "reset": p["V_reset"] - p["E_L"], "decay_ex": decay["ex"], "decay_in": decay["in"], "gap_ex": abs(decay["ex"] - leak),
             "gap_in": abs(decay["in"] - leak), "rest_whole": Fraction(whole), "rest_part": p["t_ref"] / step_ms - whole}
    return {name: float(value) for name, value in exact.items()}


def complaints(p: Values, step_ms: Fraction) -> tuple[Complaint, ...]:
    """Return what is wrong with the parameters taken together."""
    if p["t_ref"] >= step_ms:
        return ON_GRID.complaints(p, step_ms)
    return (*ON_GRID.complaints(p, step_ms), Complaint(
        "t_ref", f"t_ref, {float(p['t_ref']):g} ms, is shorter than the step, {float(step_ms):g} ms",
        "at least one step for iaf_psc_exp_ps, so that a neuron fires at most once in it"))


MODEL = replace(
    ON_GRID, name="iaf_psc_exp_ps", about="Leaky integrate-and-fire with exponential synaptic currents and precise spike times.",
    source="Hanuschkin et al. 2010, Front Neuroinform 4:113; Krishnan et al. 2018, Front Neuroinform 11:75",
    parameters=tuple(replace(q, on_grid=False, above="0", least=None) if q.name == "t_ref" else q for q in ON_GRID.parameters),
    state=tuple(replace(s, about=about) for s, about in
                zip(ON_GRID.state, ("membrane potential", "excitatory current", "inhibitory current"), strict=True)),
    kernels=(), constants=constants, complaints=complaints, is_precise=True)
