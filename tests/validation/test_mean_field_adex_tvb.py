"""The mean field of adaptive exponential neurons against The Virtual Brain's derivatives."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from cosim.models.wholebrain.dynamics import model
from cosim.models.wholebrain.dynamics.adex_second_order import moments
from cosim.models.wholebrain.language.model import Array, Held, everything, slope_of

DATA = json.loads((Path(__file__).parent / "data" / "tvb_dfun_adex.json").read_text())["models"]


def states(name: str) -> tuple[Array, Array, Array]:
    """Return states, sums received and derivatives."""
    r = DATA[name]
    return np.array(r["state"])[..., 0], np.array(r["coupling"])[..., 0], np.array(r["dfun"])[..., 0]


def test_parameters_of_the_default_are_those_of_the_virtual_brain():
    for name, theirs in (("adex_first_order", "ZerlautAdaptationFirstOrder"), ("adex_second_order", "ZerlautAdaptationSecondOrder")):
        values = everything(model(name), {}, 1)
        for key, given in DATA[theirs]["parameters"].items():
            if key == "S_i" and name == "adex_first_order":
                continue  # it has no effect there
            ours = [values[key]] if key in values else [values[f"{key}_{k}"] for k in range(len(given))]
            assert np.concatenate(ours).tolist() == given, key


def test_derivatives_of_first_order_are_those_of_the_virtual_brain():
    x, c, expected = states("ZerlautAdaptationFirstOrder")
    found = slope_of(model("adex_first_order"), everything(model("adex_first_order"), {}, x.shape[1]), x, c)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def rounding(values: dict[str, Array], cell: str, x: Array, c: Array, w: Array) -> Array:
    """Return by how much The Virtual Brain's F may be off, kHz.

    About eight operations each round mean and threshold, which are below 80 mV, and F moves by |dF/dV| <= 1 / (sqrt(2 pi) sigma_V T_V);
    four round what stands before erfc and below it, and F is below 1 / T_V.
    """
    e, i = (x[0] + 1e-6) * values["w_e"] + values["k_e"] * c[0], (x[1] + 1e-6) * values["w_i"]
    found = moments(Held(**values), e, i, w, values[f"E_L_{cell}"])
    mu, sigma, tau = found[0], found[6], found[12]
    assert np.abs(mu).max() < 80.0
    return np.asarray(2.0**-53 * (2 * 8 * 80.0 / (np.sqrt(2 * np.pi) * sigma * tau) + 4.0 / tau))


def test_derivatives_of_second_order_are_those_of_the_virtual_brain_up_to_the_noise_of_its_differences():
    """Its first derivatives come from two values of F 2e-4 Hz apart, its second ones from sums of four over (1e-4 Hz)^2.

    With F off by d at most that is d / 1e-4 and 4 d / 1e-8; what the mixed one takes, four values over 4e-8, enters twice by halves. What
    the differences leave out, 1e-14 of a fourth derivative, is below a thousandth of that. Time constants T divide all.
    """
    x, c, expected = states("ZerlautAdaptationSecondOrder")
    values = everything(model("adex_second_order"), {}, x.shape[1])
    found = slope_of(model("adex_second_order"), values, x, c)
    d_e, d_i = rounding(values, "e", x, c, x[5]), rounding(values, "i", x, c, x[6])
    ee, ei, ii = np.abs(x[2:5])
    second = (2.0 * ee + ei + 2.0 * ii) / 1e-8
    both = d_e + d_i
    noise = np.array([d_e * second, d_i * second, 2 * (ee + ei) * d_e / 1e-4, (ee + 2 * ei + ii) * both / 1e-4, 2 * (ii + ei) * d_i / 1e-4])
    off = np.abs(found - expected)
    assert (off[:5] <= noise / values["T"] + 1e-12 * np.abs(expected[:5])).all()
    assert (noise[:5] / values["T"]).max() < 1e-6 * np.abs(expected[:5]).max(), "a bound that says something"
    np.testing.assert_allclose(found[5:], expected[5:], rtol=1e-12)


def test_equations_in_one_unit_move_otherwise_than_the_virtual_brain():
    """So the difference that the documentation tells of is there, and large where the covariance is."""
    x, c, expected = states("ZerlautAdaptationSecondOrder")
    found = slope_of(model("adex_second_order"), everything(model("adex_second_order"), {"consistent": 1.0}, x.shape[1]), x, c)
    assert np.abs(found - expected)[0].max() > 0.1 * np.abs(expected[0]).max()
    np.testing.assert_allclose(found[5:], expected[5:], rtol=1e-12)
