"""Transfer functions have the moments of shot noise and the figures of their authors, and the fit finds what was put in."""

import numpy as np
import pytest
from scipy.integrate import quad

from cosim.errors import InputError
from cosim.models.theory.moments import Membrane, Moments, Shape, Synapses, moments, settled_adaptation
from cosim.models.theory.published import CEREBELLAR, CORTICAL, with_outside
from cosim.models.theory.transfer import Form, Transfer, effective_threshold, rate_above, slope
from cosim.models.theory.transfer_fit import errors_of, fit, held_out

RS = CORTICAL["RS"]
GRID = [axis.ravel() for axis in np.meshgrid(np.linspace(2, 12, 9), np.linspace(2, 20, 7))]


def test_cortical_cells_have_the_figures_of_the_virtual_brain():
    rates = 5.001, 10.001, 4.0  # its code adds 1e-6 kHz to the rates of the two populations
    m = with_outside(RS).moments(rates)
    printed = Moments(*map(np.float64, (-42.74136972, 4.42362950, 8.22552032, 62.0055)))
    assert (m.mu, m.sigma, m.tau) == pytest.approx((printed.mu, printed.sigma, printed.tau), abs=5e-9)
    for name, rate in (("RS", 68.45147318), ("FS", 98.30630742)):
        cell = with_outside(CORTICAL[name])
        assert cell.rate(rates) == pytest.approx(rate, abs=5e-9)
        assert cell.threshold(m) == pytest.approx(effective_threshold(rate, printed), abs=2e-8)
    assert with_outside(CORTICAL["FS"]).threshold(m) == pytest.approx(-46.60242031, abs=5e-9)


@pytest.mark.parametrize(("name", "rates", "hz"), [("GrC", (4, 10), 0.04915704528), ("GrC", (40, 20), 14.63860818),
                                                   ("GoC", (4, 1, 10), 6.51237556), ("MLI", (1, 10), 42.41268809),
                                                   ("PC", (1, 15), 55.69851093)])
def test_cerebellar_cells_have_the_figures_of_their_authors(name, rates, hz):
    cell = CEREBELLAR[name]
    m = cell.moments(rates)
    rounding = 0.5e-10 * 1e3 * np.abs(cell.form.terms(m, cell.membrane)).sum()  # mV; the coefficients are known to ten decimals
    assert cell.rate(rates) == pytest.approx(hz, abs=rounding * abs(slope(cell.threshold(m), m, cell.gain)) + 5e-9)


@pytest.mark.parametrize("shape", [Shape.EXPONENTIAL, Shape.ALPHA])
def test_variance_and_correlation_time_are_those_of_campbells_theorem(shape):
    membrane, synapses, hz = Membrane(200.0, 10.0, -65.0), Synapses(400, 1.5, 3.0, 0.0), 6.0
    m = moments(membrane, [synapses], shape, [hz])
    tau_m = membrane.C_m / float(m.conductance)
    gap = 1 / tau_m - 1 / synapses.tau

    def answer(t):
        """Return the potential t ms after a spike: the conductance, filtered by the membrane."""
        if shape is Shape.EXPONENTIAL:
            filtered = (np.exp(-t / synapses.tau) - np.exp(-t / tau_m)) / gap
        else:
            filtered = np.e / synapses.tau * ((t / gap - 1 / gap**2) * np.exp(-t / synapses.tau) + np.exp(-t / tau_m) / gap**2)
        return synapses.weight * (synapses.reversal - float(m.mu)) / membrane.C_m * filtered

    area, square = (quad(lambda t, p=p: answer(t) ** p, 0, 400, epsabs=0, epsrel=1e-11, limit=200)[0] for p in (1, 2))
    per_ms = synapses.number * hz * 1e-3
    assert m.sigma**2 == pytest.approx(per_ms * square, rel=1e-8)
    assert m.tau == pytest.approx(area**2 / (2 * square), rel=1e-8)
    assert (m.mu - membrane.E_L) * membrane.g_L == pytest.approx(per_ms * shape.area * synapses.weight * synapses.tau
                                                                 * (synapses.reversal - m.mu), rel=1e-12)


def test_without_input_the_membrane_rests_without_noise():
    m = RS.moments([0.0, 0.0])
    assert (m.mu, m.sigma, m.tau, m.conductance) == (-65.0, 0.0, 20.0, 10.0)
    assert RS.rate([0.0, 0.0]) == 0


def test_settled_adaptation_answers_to_the_mean_potential_that_it_makes():
    w = settled_adaptation(RS.membrane, RS.synapses, RS.shape, GRID, np.linspace(0, 30, len(GRID[0])), 4.0, 60.0 * 500)
    m = RS.moments(GRID, w)
    assert w == pytest.approx(4.0 * (m.mu + 65.0) + 60.0 * 0.5 * np.linspace(0, 30, len(GRID[0])), rel=1e-12)


def test_the_effective_threshold_gives_its_rate_back():
    m = RS.moments(GRID)
    rate = np.linspace(0.01, 100, len(GRID[0]))
    assert rate_above(effective_threshold(rate, m), m) == pytest.approx(rate, rel=1e-10)
    assert np.isnan(effective_threshold([0.0, 1e6], Moments(m.mu[:2], m.sigma[:2], m.tau[:2], m.conductance[:2]))).all()


def test_the_slope_is_that_of_a_difference():
    m = RS.moments(GRID)
    at = RS.threshold(m)
    assert slope(at, m) == pytest.approx((rate_above(at + 1e-4, m) - rate_above(at - 1e-4, m)) / 2e-4, rel=1e-6)


@pytest.mark.parametrize(("cell", "rates"), [(RS, GRID), (CORTICAL["FS"], GRID),
                                             (CEREBELLAR["GrC"], [g * 6 for g in GRID]), (CEREBELLAR["PC"], [GRID[0] / 4, GRID[1]])])
def test_the_fit_finds_known_coefficients_in_rates_without_noise(cell, rates):
    found = fit(cell.with_coefficients([0.0] * len(cell.coefficients)), rates, cell.rate(rates))
    assert found.transfer.coefficients == pytest.approx(cell.coefficients, abs=1e-6)
    assert found.rms < 1e-8


def test_the_error_under_count_noise_is_as_the_statistics_predict():
    seconds, truth = 400.0, RS.rate(GRID)
    fired = truth > 0.05
    rates, truth = [g[fired] for g in GRID], truth[fired]
    errors, m = np.sqrt(truth / seconds), RS.moments(rates)
    chi, off = [], []
    for seed in range(40):
        counts = np.random.default_rng(seed).poisson(truth * seconds)
        found = fit(RS, rates, counts / seconds, errors=errors)
        chi.append(found.chi_square)
        off.append((found.fitted - truth) / errors_of(found.transfer, m, found.covariance))
    free = len(truth) - 10
    assert np.mean(chi) == pytest.approx(free, abs=4 * np.sqrt(2 * free / 40))
    # 40 fits, each with about ten independent directions: the mean square is 1 to within four standard errors
    assert np.mean(np.square(off)) == pytest.approx(1, abs=4 * np.sqrt(2 / 400))


def test_points_held_out_are_predicted_where_the_form_is_right():
    left = held_out(RS, GRID, RS.rate(GRID))
    assert left is not None
    assert np.abs(left).max() < 1e-6
    assert held_out(RS, [g[:11] for g in GRID], RS.rate(GRID)[:11]) is None


@pytest.mark.parametrize(("many", "rate", "said"), [
    (0, 5.0, "the grid is empty"), (9, 5.0, "9 points cannot tell 10 coefficients"), (63, -1.0, "the measured rate -1 Hz is no rate"),
    (63, 0.0, "silent at all 63 points"), (63, 1e4, "only 0 of 63 points have a rate between 0 and saturation")])
def test_what_cannot_be_fitted_is_refused_in_a_sentence(many, rate, said):
    with pytest.raises(InputError, match=said):
        fit(RS, [g[:many] for g in GRID], np.full(many, rate))


def test_a_grid_that_cannot_tell_the_terms_apart_is_refused():
    one = np.full(20, 5.0)
    with pytest.raises(InputError, match="do not tell the 10 terms of the threshold apart"):
        fit(RS, [one, one], np.full(20, 3.0))


def test_an_input_rate_below_zero_is_refused():
    with pytest.raises(InputError, match="the input rate -2 Hz is no rate"):
        RS.rate([-2.0, 3.0])
    with pytest.raises(InputError, match="3 rates are given for 2 kinds of synapses"):
        RS.rate([1.0, 2.0, 3.0])
    with pytest.raises(InputError, match="the threshold has 1 coefficients"):
        Transfer(RS.membrane, RS.synapses, RS.shape, Form.QUADRATIC, (-0.05,)).rate([1.0, 2.0])
