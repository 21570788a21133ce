"""Derivatives of all mean-field models against those of The Virtual Brain."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from cosim.models.wholebrain.dynamics import model
from cosim.models.wholebrain.language.model import everything, slope_of

REFERENCE = json.loads((Path(__file__).parent / "data" / "tvb_dfun_wholebrain.json").read_text())["models"]
THEIRS = {
    "generic_2d_oscillator": "Generic2dOscillator", "wilson_cowan": "WilsonCowan", "wong_wang_2013": "ReducedWongWang",
    "reduced_wong_wang": "ReducedWongWangExcInh", "jansen_rit": "JansenRit", "montbrio_pazo_roxin": "MontbrioPazoRoxin",
    "epileptor": "Epileptor", "epileptor_2d": "Epileptor2D", "sup_hopf": "SupHopf", "kuramoto": "Kuramoto", "linear": "Linear",
    "larter_breakspear": "LarterBreakspear", "epileptor_codim3": "EpileptorCodim3", "epileptor_resting_state": "EpileptorRestingState",
    "zetterberg_jansen": "ZetterbergJansen", "coombes_byrne": "CoombesByrne", "gast_schmidt_knosche_sd": "GastSchmidtKnosche_SD",
    "gast_schmidt_knosche_sf": "GastSchmidtKnosche_SF", "dumont_gutkin": "DumontGutkin",
}
# Parameters that do not enter the derivatives there; G is 2 in the reference and the gain of the brain here.
IDLE = {"JansenRit": {"p_min", "p_max"}, "ReducedWongWang": {"sigma_noise"}, "ReducedWongWangExcInh": {"G"}}
OTHER_NAMES = {"ReducedWongWangExcInh": {n + "_" + s: n + "_" + s.upper() for s in "ei" for n in ("a", "b", "d", "gamma", "tau", "W")}}


def given(name: str) -> dict[str, float]:
    """Return their parameters by our names; all but the idle ones must exist."""
    theirs = THEIRS[name]
    found = {OTHER_NAMES.get(theirs, {}).get(k, k): v[0] for k, v in REFERENCE[theirs]["parameters"].items()
             if k not in IDLE.get(theirs, set())}
    assert set(found) <= set(model(name).parameter_names), set(found) - set(model(name).parameter_names)
    return dict(model(name).presets.get("tvb", {})) | found


@pytest.mark.parametrize("name", list(THEIRS))
def test_derivatives_are_those_of_the_virtual_brain(name):
    m, r = model(name), REFERENCE[THEIRS[name]]
    x, coupling, expected = (np.array(r[k])[..., 0] for k in ("state", "coupling", "dfun"))
    gain = r["parameters"].get("G", [1.0])[0]
    c, u = gain * coupling[:len(m.receives)], np.zeros((len(m.inputs), x.shape[1]))
    if name == "kuramoto":  # there the sine of the difference is taken before the sum, so that it enters like an input
        c, u = np.zeros((2, x.shape[1])), coupling
    got = slope_of(m, everything(m, given(name), x.shape[1]), x, c, u)
    if name == "zetterberg_jansen":  # there v5 decays with the rate of excitatory synapses
        ke, ki = (r["parameters"][k][0] for k in ("ke", "ki"))
        expected[m.variables.index("y5")] += (ke * ke - ki * ki) * x[m.variables.index("v5")]
    assert np.abs(expected).max() > 0
    np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-12 * np.abs(expected).max(axis=1).min())
