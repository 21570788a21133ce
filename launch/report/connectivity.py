"""Draw functional connectivity, and say how far it can be trusted."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter, StrMethodFormatter
from numpy.typing import NDArray

from cosim.launch.report.connectome import mark_matrix
from cosim.launch.report.drawing import FAINT, GREY, INK, MUTED, VERMILION, Picture, new_figure, number, picture
from cosim.launch.report.recorded import Sampled
from cosim.launch.report.regions import Regions, settled

FEWEST_SAMPLES = 30
FEWEST_INDEPENDENT = 5.0


def independent_samples(values: NDArray[np.float64]) -> float:
    """Return how many independent samples the series are worth when two of them are correlated.

    Parameters
    ----------
    values : (n_samples, n_series) float64
        Series without constant ones.

    Returns
    -------
    float
        ``n / (1 + 2 sum_k (1 - k/n) rho(k)^2)`` with the autocorrelation averaged over the series and the sum cut where it first
        reaches zero.

    Notes
    -----
    Source: Bartlett 1935, J. Roy. Stat. Soc. 98:536 (variance of the correlation of two independent autocorrelated series).
    """
    n = len(values)
    centred = values - values.mean(axis=0)
    power = np.abs(np.fft.rfft(centred, 2 * n, axis=0)) ** 2
    covariance = np.fft.irfft(power, axis=0)[:n]
    rho = (covariance / covariance[0]).mean(axis=1)
    below = np.flatnonzero(rho <= 0)
    lags = np.arange(1, below[0] if len(below) else n)
    return float(n / (1 + 2 * np.sum((1 - lags / n) * rho[lags] ** 2)))


def draw_connectivity(port: Sampled, regions: Regions, weights: NDArray[np.float64] | None) -> Picture | str:
    """Draw the correlations of all pairs of regions; return a sentence instead where there is too little to correlate."""
    kept = settled(port.times_ms)
    values = port.values[kept]
    n, size = values.shape
    if n < FEWEST_SAMPLES:
        return (f"Too short for functional connectivity: {n} samples a region behind the start of the run, "
                f"and at least {FEWEST_SAMPLES} are wanted.")
    spread = values.std(axis=0)
    varying = np.isfinite(spread) & (spread > 1e-12 * (1.0 + np.abs(np.nan_to_num(values.mean(axis=0)))))
    if np.count_nonzero(varying) < 2:
        return "No functional connectivity: fewer than two regions vary, so there is nothing to correlate."
    matrix = np.full((size, size), np.nan)
    matrix[np.ix_(varying, varying)] = np.corrcoef(values[:, varying].T)
    worth = independent_samples(values[:, varying])
    if worth < FEWEST_INDEPENDENT:
        return (f"Too short for functional connectivity: the rates change so slowly that the {number(n)} samples a region "
                f"are worth only about {number(worth, 2)} independent ones.")
    pairs = np.triu_indices(size, 1)
    coefficients = matrix[pairs]
    figure = new_figure(4.6)
    share = 4.6 / 11.0
    axes = figure.add_axes((0.05, 0.105, 0.82 * share, 0.82))
    image = axes.imshow(matrix, interpolation="nearest", cmap="RdBu_r", vmin=-1, vmax=1)
    axes.set_xlabel("region (number)")
    axes.set_ylabel("region (number)")
    mark_matrix(axes, regions)
    bar = figure.add_axes((0.05 + 0.82 * share + 0.014, 0.105, 0.011, 0.82))
    figure.colorbar(image, cax=bar).outline.set_visible(False)
    bar.set_title("r", fontsize=8.5, fontweight="normal", loc="center")
    band = min(1.96 / np.sqrt(worth), 1.0)
    known = np.isfinite(coefficients)
    linked = weights is not None and weights.shape == matrix.shape and bool(np.any(np.maximum(weights, weights.T)[pairs] > 0))
    counts = figure.add_axes((0.53, 0.62, 0.45, 0.305) if linked else (0.53, 0.105, 0.45, 0.82))
    counts.axvspan(-band, band, color=FAINT, alpha=0.6, linewidth=0, zorder=0)
    counts.hist(coefficients[known], bins=np.linspace(-1, 1, 81).tolist(), color=GREY)
    counts.set_xlim(-1, 1)
    counts.set_ylabel("pairs")
    counts.set_xlabel("correlation r")
    counts.text(0, 1.02, "within the grey: not to be told from chance", transform=counts.get_xaxis_transform(), color=MUTED, fontsize=8,
                ha="center")
    by_chance = 100 * np.count_nonzero(np.abs(coefficients[known]) <= band) / max(int(np.count_nonzero(known)), 1)
    if linked and weights is not None:
        below = figure.add_axes((0.53, 0.105, 0.45, 0.33))
        _draw_against_weights(below, coefficients, np.maximum(weights, weights.T)[pairs], pairs, regions)
    start, stop = float(port.times_ms[kept][0]), float(port.times_ms[-1])
    caption = (f"Pearson correlation of the rates of every pair of regions over {number(start)}–{number(stop)} ms: {number(n)} samples a "
               "region, but samples that follow each other are alike, so they are worth about "
               f"{number(worth, 2)} independent ones; |r| below {band:.2f} is within chance for a pair ({by_chance:.0f} % of pairs here). "
               + ("This is short: resting-state studies take minutes. " if stop - start < 60_000 else "")
               + "A stimulus counts as part of the rates."
               + (" Below: the same against the weight of the link (larger of both directions)." if linked else "")
               + _constant(size - int(np.count_nonzero(varying)))
               + regions.marks())
    return picture(figure, f"Functional connectivity of {size} regions as a matrix of correlations", caption)


def _constant(regions: int) -> str:
    if not regions:
        return ""
    said = "region does not vary, or is" if regions == 1 else "regions do not vary, or are"
    return f" {regions} {said} not known, and left blank."


def _draw_against_weights(axes: Axes, coefficients: NDArray[np.float64], weights: NDArray[np.float64], pairs: tuple[NDArray[np.intp], ...],
                          regions: Regions) -> None:
    linked = (weights > 0) & np.isfinite(coefficients)
    mine = linked & (np.isin(pairs[0], regions.replaced) | np.isin(pairs[1], regions.replaced))
    axes.axhline(0, color=FAINT, linewidth=0.8)
    axes.plot(weights[linked & ~mine], coefficients[linked & ~mine], ".", markersize=2.4, color=MUTED, alpha=0.5, rasterized=True)
    axes.plot(weights[mine], coefficients[mine], "o", markersize=3.2, color=VERMILION)
    if linked.any() and weights[linked].max() / np.percentile(weights[linked], 5) > 30:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("weight of the link")
    axes.set_ylabel("r")
    if mine.any():
        axes.text(1, 1.02, "pairs with the replaced region", transform=axes.transAxes, color=VERMILION, fontsize=8, ha="right")
    axes.text(0, 1.02, f"{np.count_nonzero(linked):,} pairs that are linked", transform=axes.transAxes, color=INK, fontsize=8)
